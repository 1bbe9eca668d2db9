"""A model that answers by a script: for each question the replies in order. No web framework is needed for it.

A reply that is `HOLD` writes on until it is cancelled or let go, so that a test may look at a run in its middle.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from engine.llm.base import Reply, Request
from engine.llm.scripted import ScriptedModel, ScriptedReply

HOLD = "I am still looking at the letters. "
PAUSE = 0.05  # seconds


def cell(code: str) -> str:
    """A reply that is one cell."""
    return f"```repl\n{code}\n```"


SCRIPT: dict[str, list[str]] = {
    "When does the ferry leave?": [
        "I search first.\n" + cell("hits = context.search('ferry', 2)\nhits"),
        cell("FINAL('At **noon**.', hits[0])"),
    ],
    "And where to?": [cell("FINAL('To Halden.', context.search('ferry', 1)[0])")],
    "Look for ever": [HOLD],
    "Look, then look for ever": [cell("print('seen before the kill')"), HOLD],
    "Ask two children": [
        cell(
            "said = rlm_query_batched(['the quick part', 'the held part'], [context[0], context[1]])\nprint(said)"
        ),
        cell("FINAL('; '.join(said))"),
    ],
    "Ask each letter the same": [
        cell("said = rlm_query_batched('Who wrote it?', [context[0], context[1]])\nprint(said)"),
        cell("FINAL('; '.join(said))"),
    ],
    "Who wrote it?": [cell("FINAL(context.name)")],
    "the quick part": [cell("FINAL('quick done')")],
    "the held part": [HOLD],
    "Draw the crowns": [
        cell(
            "import matplotlib.pyplot as plt\nplt.figure(figsize=(4, 2.4))\n"
            "plt.plot([1, 2, 3], [450, 300, 150])\nplt.title('Crowns')\nplt.show()"
        ),
        cell("FINAL('It falls.')"),
    ],
    "Ask about each letter": [
        cell("said = map_query('Who wrote this?', [str(d) for d in context])\nsaid"),
        cell("FINAL(str(len(said)), *context.search('Dear', 2))"),
    ],
    "Who wrote this?": ["NONE"],
    "Cite what is not there": [cell("FINAL('It is so.', 'The moon is made of green cheese and salt.')")],
    "Be hostile": [
        cell(
            "print('\\x1b[31m<img src=x onerror=window.pwned=1>\\x1b[0m')\n"
            "FINAL('<img src=x onerror=window.pwned=1><script>window.pwned=1</script> ![p](https://evil.example/x.png) "
            "[go](javascript:window.pwned=1) ${window.pwned=1} {{1}} \\u202egnp.exe')"
        )
    ],
}


def held(chars: int) -> str:
    """How a reply that holds begins: at least so many characters of it."""
    written = ""
    while len(written) < chars:
        written += _piece(written)
    return written


def _piece(written: str) -> str:
    return f"{HOLD}{len(written)} characters so far. "  # a reply that only repeats itself is cut


class Holding(ScriptedModel):
    """A reply that is `HOLD` is written on, `PAUSE` after each piece, until it is cancelled or until `go` is set."""

    def __init__(self, say: Callable[[Request], str | ScriptedReply], **options: Any) -> None:
        self.go = threading.Event()
        super().__init__(say, **options)

    def _write(self, stream, request, reply, usage, extended, cancelled) -> None:  # type: ignore[no-untyped-def]
        if reply.text != HOLD:
            return super()._write(stream, request, reply, usage, extended, cancelled)
        written = ""
        while not (self.go.is_set() or stream.done or cancelled.wait(PAUSE)):
            piece = _piece(written)
            written += piece
            stream.push(piece)
        if cancelled.is_set() or stream.done:
            return stream.finish(Reply(written, "cancelled", usage, extended))
        end = "\n" + cell("FINAL('let go')")
        stream.push(end)
        stream.finish(Reply(written + end, "stop", usage, extended))


class Model(Holding):
    """Answers by SCRIPT."""

    def __init__(self) -> None:
        super().__init__(self._say, delta_seconds=0.01, delta_chars=24, name="scripted")

    def _say(self, request: Request) -> str:
        asked = next(m.content for m in request.messages if m.role == "user")
        turn = sum(m.role == "assistant" for m in request.messages)
        question = next((q for q in SCRIPT if f"{q}\n" in f"{asked}\n" or asked.startswith(q)), None)
        return SCRIPT[question][turn] if question else cell("FINAL('not in these documents')")
