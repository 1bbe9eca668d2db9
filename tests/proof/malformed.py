"""Malformed requests to the endpoint of other programs: `python -m tests.proof.malformed [--requests 1000] [--seed 0] [--json]`.

Raw bytes over real sockets to the real app (gate, uvicorn, routes, engine, kernel, database; the model is scripted):
broken and cut JSON, values of wrong types and sizes, text that is none, headers that lie, addresses that are not there,
wrong keys. Each has to get a status that fits its kind, never 500 and never none, and a refusal in OpenAI's form; after
every hundred, and at the end, the app must answer a question. Prints a line for each kind; exit status 1 if one did not hold.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openai import OpenAI

from tests.app.desk import TOKEN, Desk

QUESTION = "When does the ferry leave?"
NAME = "taproot/letters"
SECONDS = 60.0  # for one answer, on a machine that does other things
CHAT = "/v1/chat/completions"
UGLY = (
    "\0",
    "\ud800",
    "\u202e",
    "\x1b[2J",
    "\ufeff",
    "a\u0301" * 50,
    "\U0001f600",
    "</script>",
    "' OR 1=1 --",
    "%00",
    "../..",
)


@dataclass
class Sent:
    """One request as it goes over the wire, and the statuses that would be right."""

    right: frozenset[int]
    body: bytes = b""
    method: str = "POST"
    path: str = CHAT
    headers: dict[str, str] = field(default_factory=dict)
    key: str | None = TOKEN
    length: str | None = None  # what Content-Length says, where that is not so

    def wire(self, port: int) -> bytes:
        given = {"Host": f"127.0.0.1:{port}", "Content-Type": "application/json", "Connection": "close"}
        if self.key is not None:
            given["Authorization"] = f"Bearer {self.key}"
        if self.body or self.method == "POST":
            given["Content-Length"] = self.length or str(len(self.body))
        given |= self.headers
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            *(f"{k}: {v}" for k, v in given.items() if v is not None),
        ]
        return "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + self.body


def whole(rng: random.Random) -> dict[str, Any]:
    """A request that would be answered, but for the corpus, which is not there: what passes all checks is a 404."""
    return {
        "model": "taproot/nowhere",
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": rng.random() < 0.5,
        "temperature": rng.random(),
        "seed": rng.randint(-(2**70), 2**70),
        "max_tokens": rng.randint(1, 99),
    }


def value(rng: random.Random, depth: int = 3) -> Any:
    """Any value of JSON, rather an ugly one."""
    kind = rng.randrange(9 if depth else 6)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.choice([0, -1, 2**63, -(2**200), 10**300])
    if kind == 2:
        return rng.choice([0.5, -1e308, 1e-320])
    if kind == 3:
        return "".join(rng.choices(UGLY, k=rng.randint(0, 4)))
    if kind == 4:
        return rng.choice(["user", "assistant", QUESTION, NAME, "auto", "text"])
    if kind == 5:
        return "x" * rng.choice([0, 1, 1000, 100_000])
    if kind == 6:
        return [value(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    if kind == 7:
        return [{"role": rng.choice(["user", "tool", "x"]), "content": value(rng, depth - 1)}] * rng.choice(
            [1, 2, 2100]
        )
    return {rng.choice(["role", "content", "type", "text", *UGLY]): value(rng, depth - 1) for _ in range(3)}


BAD = frozenset({400})
WRONG = frozenset({400, 404})  # the wrong value may be one that is right, and then the corpus is not there


def wrong_values(rng: random.Random) -> Sent:
    asked = whole(rng)
    names = [
        *asked,
        "n",
        "tools",
        "tool_choice",
        "stream_options",
        "response_format",
        "taproot",
        "logprobs",
        "stop",
    ]
    for name in rng.sample(names, rng.randint(1, 3)):
        asked[name] = value(rng)
    if rng.random() < 0.2:
        del asked[rng.choice(["model", "messages"])]
    if asked.get("model") in (NAME, "letters"):
        asked["model"] = "taproot/nowhere"
    return Sent(WRONG, json.dumps(asked).encode())


def other_than_an_object(rng: random.Random) -> Sent:
    found = value(rng)
    return Sent(BAD, json.dumps([found] if isinstance(found, dict) else found).encode())


def cut(rng: random.Random) -> Sent:
    body = json.dumps(whole(rng)).encode()
    return Sent(BAD, body[: rng.randrange(len(body))])


def broken(rng: random.Random) -> Sent:
    body = bytearray(json.dumps(whole(rng)).encode())
    for _ in range(rng.randint(1, 5)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    return Sent(WRONG, bytes(body))


def noise(rng: random.Random) -> Sent:
    return Sent(BAD, b"\xff" + rng.randbytes(rng.choice([0, 1, 100, 100_000])))


def other_encoding(rng: random.Random) -> Sent:
    return Sent(BAD, json.dumps(whole(rng)).encode(rng.choice(["utf-16", "utf-32", "utf-16-le", "cp037"])))


def deep(rng: random.Random) -> Sent:
    count = rng.choice([2_000, 20_000, 200_000])
    return Sent(BAD, rng.choice([b"[", b'{"a":', b'{"messages":['])[:20] * count)


def numbers(rng: random.Random) -> Sent:
    number = rng.choice([b"NaN", b"-Infinity", b"9" * 10_000, b"1e", b"0x10", b"01"])
    return Sent(BAD, b'{"model": "m", "temperature": ' + number + b"}")


def too_large(rng: random.Random) -> Sent:
    size = rng.choice([(4 << 20) + 1, 6 << 20, 15 << 20])
    return Sent(frozenset({413}), b'{"model": "' + b"x" * size + b'"}')


def other_kind(rng: random.Random) -> Sent:
    kind = rng.choice(
        [
            "text/plain",
            "",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "\u00e4/;;",
        ]
    )
    return Sent(frozenset({415}), json.dumps(whole(rng)).encode(), headers={"Content-Type": kind})


def packed(rng: random.Random) -> Sent:
    how = rng.choice(["gzip", "br", "deflate", "x"])
    return Sent(frozenset({415}), rng.randbytes(50), headers={"Content-Encoding": how})


def wrong_key(rng: random.Random) -> Sent:
    key = rng.choice([None, "", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\u00ff" * 9, "x" * 20_000])
    path = rng.choice([CHAT, "/v1/models", "/v1/nothing"])
    return Sent(frozenset({401}), json.dumps(whole(rng)).encode(), path=path, key=key)


def another_place(rng: random.Random) -> Sent:
    name, what, status = rng.choice(
        [
            ("Host", "evil.example", 421),
            ("Host", "", 421),
            ("Origin", "https://evil.example", 403),
            ("Origin", "null", 403),
        ]
    )
    return Sent(frozenset({status}), json.dumps(whole(rng)).encode(), headers={name: what})


def no_address(rng: random.Random) -> Sent:
    rest = rng.choice(
        [
            "",
            "/",
            "/x",
            "/models/",
            "/chat",
            "/chat/completions/",
            "/embeddings",
            "//models",
            "/%00",
            "/%ff%fe",
        ]
    )
    rest = rest if rng.random() < 0.7 else "/models/" + "%F0%9F%98%80" * rng.randint(1, 400)
    return Sent(frozenset({404}), method="GET", path="/v1" + rest)


def other_method(rng: random.Random) -> Sent:
    method = rng.choice(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
    return Sent(frozenset({405}), method=method)


def no_http(rng: random.Random) -> Sent:
    """What the server itself refuses, before the app sees it."""
    lie = rng.choice(["length", "method", "header", "large"])
    if lie == "length":
        return Sent(BAD, b"{}", length=rng.choice(["x", "-1", "9" * 40]))
    if lie == "method":
        return Sent(BAD, method="PO ST\x01")
    if lie == "header":
        return Sent(BAD, headers={"X\x00": "y"})
    return Sent(BAD, headers={"X-Large": "y" * 200_000})


KINDS: list[Callable[[random.Random], Sent]] = [
    *(
        wrong_values,
        other_than_an_object,
        cut,
        broken,
        noise,
        other_encoding,
        deep,
        numbers,
        too_large,
        other_kind,
    ),
    *(packed, wrong_key, another_place, no_address, other_method, no_http),
]


def send(port: int, data: bytes) -> tuple[int, bytes]:
    """Send bytes and read all that comes back; the status (0 for no answer) and the body."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        try:
            connection.sendall(data)
        except OSError:  # it was refused before it was read
            pass
        parts = []
        try:
            while part := connection.recv(65536):
                parts.append(part)
        except OSError:
            pass
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    return (int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0), body


def fault(sent: Sent, status: int, body: bytes) -> str:
    """What is wrong with an answer, or ""."""
    if status not in sent.right:
        return f"status {status}, not {sorted(sent.right)}"
    if status == 400 and body == b"Invalid HTTP request received.":
        return ""
    try:
        error = json.loads(body)["error"]
        return "" if error["message"] and error["type"] else "an empty refusal"
    except (ValueError, KeyError, TypeError):
        return "a refusal in another form"


def answers(desk: Desk) -> bool:
    """Whether the app answers a question."""
    with OpenAI(base_url=f"http://127.0.0.1:{desk.port}/v1", api_key=TOKEN, timeout=SECONDS) as client:
        found = client.chat.completions.create(model=NAME, messages=[{"role": "user", "content": QUESTION}])
    return str(found.choices[0].message.content).startswith("At **noon**.")


def attempt(desk: Desk, requests: int, seed: int) -> dict[str, Any]:
    """Send them; returns counts by kind and status, what did not hold, and how often the app answered in between."""
    rng = random.Random(seed)
    counts: dict[str, Counter[int]] = {kind.__name__: Counter() for kind in KINDS}
    faults, answered, before = [], 0, len(desk.workbench.engine.store.runs())
    for number in range(requests):
        kind = KINDS[number % len(KINDS)]
        sent = kind(rng)
        status, body = send(desk.port, sent.wire(desk.port))
        counts[kind.__name__][status] += 1
        if wrong := fault(sent, status, body):
            faults.append({"number": number, "kind": kind.__name__, "fault": wrong, "body": repr(body[:200])})
        if number % 100 == 99 or number == requests - 1:
            answered += answers(desk)
    asked = -(-requests // 100)
    runs = len(desk.workbench.engine.store.runs()) - before
    if (answered, runs) != (asked, asked):
        faults.append(
            {"number": requests, "fault": f"{answered} of {asked} questions answered, {runs} runs stored"}
        )
    return {"requests": requests, "seed": seed, "answered": answered, "counts": counts, "faults": faults}


def main() -> int:
    """Run the demonstration."""
    parser = argparse.ArgumentParser(description="Malformed requests to the endpoint of other programs.")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="taproot-malformed-") as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        desk = Desk(data)
        try:
            report = attempt(desk, options.requests, options.seed)
        finally:
            desk.close()
    if options.json:
        print(json.dumps(report))
    else:
        for kind, found in report["counts"].items():
            print(f"{kind:22} {', '.join(f'{count} x {status}' for status, count in sorted(found.items()))}")
        for one in report["faults"]:
            print(f"DID NOT HOLD: {one}")
        print(
            f"{options.requests} requests, {len(report['faults'])} faults; the app answered {report['answered']} times between"
        )
    return 1 if report["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
