"""Prebuilt wheels of llama-cpp-python: the index that lists them, and taking one.

The index has a folder for each backend: `cpu`, `metal`, `vulkan`, `cu124` ... `TAPROOT_WHEELS` names a mirror.
Wheels of `cpu` and `vulkan` are built without GGML_NATIVE, so on x86-64 they need AVX2, FMA, F16C and BMI2 (Intel
Haswell of 2013, AMD Zen); wheels for CUDA follow the machine that built them, and some need AVX-512. What a wheel
needs is written nowhere in it, so each is tried before it is kept.
"""

import os
import threading
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from app.setup.pip import Pip
from app.setup.report import Problem

INDEX = "https://abetlen.github.io/llama-cpp-python/whl"
ANSWER_SECONDS = 10


class NoIndex(Exception):
    """The index of prebuilt wheels does not answer; the message says how."""


def index() -> str:
    """The address of the index, without a slash at its end. Raises Problem where a set one is not safe."""
    address = (os.environ.get("TAPROOT_WHEELS") or INDEX).rstrip("/")
    if not is_safe(address):
        raise Problem(
            f"TAPROOT_WHEELS is {address}, but wheels are taken over https only (or http from this machine itself). "
            "Set it to an https address, or unset it, and start again."
        )
    return address


def is_safe(address: str) -> bool:
    """Whether nobody between can change what comes from an address."""
    parts = urlsplit(address)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and here))


def has_wheels(page: str) -> bool:
    """Whether a page of the index lists wheels. Raises NoIndex when it does not answer within ANSWER_SECONDS."""
    answer: list[bool | Exception] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(page, timeout=ANSWER_SECONDS) as reply:
                answer.append(is_safe(reply.url) and b".whl" in reply.read())
        except urllib.error.HTTPError as error:
            answer.append(False if error.code in (403, 404, 410) else error)
        except (OSError, ValueError) as error:
            answer.append(error)

    asking = threading.Thread(
        target=ask, daemon=True
    )  # a slow name server or a trickle ends with the process
    asking.start()
    asking.join(ANSWER_SECONDS)
    host = urlsplit(page).netloc
    found = answer[0] if answer else TimeoutError()
    if not isinstance(found, Exception):
        return found
    reason = getattr(found, "reason", found)
    if isinstance(reason, TimeoutError):  # urllib gave up first, or we did
        raise NoIndex(f"{host} did not answer within {ANSWER_SECONDS} seconds")
    raise NoIndex(f"{host} does not answer ({reason})")


def take(pip: Pip, kind: str, requirement: str) -> bool:
    """Install the newest wheel of one kind that this Python and system can take. False where there is none.

    Raises NoIndex when the index does not answer.
    """
    page = f"{index()}/{kind}/llama-cpp-python/"
    if not has_wheels(page):
        return False
    code, _ = pip.run(
        *("install", "--no-index", "--find-links", page, "--only-binary", ":all:", "--no-deps"),
        *("--force-reinstall", "--timeout", str(ANSWER_SECONDS), "--retries", "1", requirement),
    )
    return code == 0
