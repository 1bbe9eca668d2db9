"""A parser process that fails on request: documents holding CRASH, SLEEP, LIE, EXIT or HUNGER break it."""

import os
import sys
import time

from engine.documents import parser

_answer = parser.answer


def answer(name, data, *rest):
    if b"CRASH" in data:
        os.abort()
    if b"EXIT" in data:
        sys.exit(0)
    if b"SLEEP" in data:
        time.sleep(60)
    if b"HUNGER" in data:
        data = b"x" * (8 << 30)
    for header, payload in _answer(name, data, *rest):
        if b"LIE" in data and payload:
            header["passages"] += 1
            payload[1] += (1 << 40).to_bytes(8, "little")
        yield header, payload


if __name__ == "__main__":
    parser.answer = answer
    parser.main()
