"""A parser process that fails on request: documents holding CRASH, SLEEP, LIE, EXIT or HUNGER break it.

CRASH_INSIDE breaks it while a file within a file is read.
"""

import os
import sys
import time

from engine.documents import parser, unpack

_answer, _parse = parser.answer, unpack.parse


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


if __name__ == "__main__":
    parser.answer, unpack.parse = answer, parse
    parser.main()
