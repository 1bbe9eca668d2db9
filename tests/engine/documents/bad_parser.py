"""A parser process that fails on request: documents holding CRASH, SLEEP, LIE, EXIT or HUNGER break it.

CRASH_INSIDE breaks it while a file within a file is read, SLEEP also where a page is to be drawn.
"""

import os
import sys
import time

from engine.documents import parser, unpack

_answer, _drawn, _parse = parser.answer, parser.drawn, unpack.parse


def parse(data, name):
    if b"CRASH_INSIDE" in data:
        os.abort()
    return _parse(data, name)


def answer(name, data, *rest):
    if b"CRASH" in data:
        os.abort()
    if b"EXIT" in data:
        sys.exit(0)
    if b"SLEEP" in data:
        time.sleep(3600)  # it is killed long before
    if b"HUNGER" in data:
        data = b"x" * (8 << 30)
    for header, payload in _answer(name, data, *rest):
        if b"LIE" in data and payload:
            header["passages"] += 1
            payload[1] += (1 << 40).to_bytes(8, "little")
        yield header, payload


def drawn(wanted, data, within=None):
    if b"SLEEP" in data:
        time.sleep(3600)
    return _drawn(wanted, data, within)


if __name__ == "__main__":
    parser.answer, parser.drawn, unpack.parse = answer, drawn, parse
    parser.main()
