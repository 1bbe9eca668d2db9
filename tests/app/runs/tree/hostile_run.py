"""A run whose every text tries to be more than text."""

from __future__ import annotations

from engine.types import Usage, to_json
from tests.app.runs.tree.tree_fixture import BEGAN, Fact, Grower, grow

HOSTILE = (
    '<img src="https://evil.example/x.png" onerror="window.pwned=1">',
    "<script>window.pwned=1</script>",
    "<svg onload=window.pwned=1><a href=javascript:window.pwned=1>x</a></svg>",
    "${window.pwned=1} {{constructor.constructor('window.pwned=1')()}} `${alert(1)}`",
    "![x](https://evil.example/y.png) <iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "user\u202egnp.exe\u202c \u2066isolated\u2069 \u200bzero\u200fwidth \u0000nul",
    "</style><style>*{display:none}</style><base href=https://evil.example>",
)


def hostile() -> list[Fact]:
    """A run whose questions, prompts, code, outputs, notes and answers all try to be more than text."""
    grower = Grower(7, 2, 1)
    all_of_it = "\n".join(HOSTILE)
    start = grow(1, 1, 1)[0]
    grower.put(BEGAN, "0", "run_started", **{**start.payload, "question": all_of_it})
    grower.start(BEGAN + 0.01, "0", None, "root", all_of_it, 0, (None, None, None))
    grower.put(BEGAN + 0.02, "0", "turn_started", turn=1, messages=[{"role": "user", "content": all_of_it}])
    usage = to_json(Usage(1, 10, 0, 10, 0.1))
    grower.put(
        BEGAN + 0.1,
        "0",
        "turn_finished",
        turn=1,
        text=all_of_it,
        thinking=all_of_it,
        code=all_of_it,
        finish="stop",
        usage=usage,
        notes=[],
    )
    grower.put(BEGAN + 0.11, "0", "cell_started", cell=1, turn=1, code=f"x = '''{all_of_it}'''")
    grower.put(
        BEGAN + 0.12,
        "0",
        "call_started",
        cell=1,
        call=1,
        kind="llm",
        prompts=[all_of_it],
        hashes=[""],
        children=["0.1"],
        spans=None,
        refs=None,
    )
    grower.start(BEGAN + 0.13, "0.1", "0", "llm", all_of_it, 1, (1, 1, 0))
    grower.put(BEGAN + 0.14, "0.1", "turn_started", turn=1, messages=[{"role": "user", "content": all_of_it}])
    grower.put(
        BEGAN + 0.15,
        "0.1",
        "turn_finished",
        turn=1,
        text=all_of_it,
        thinking="",
        code="",
        finish="stop",
        usage=usage,
        notes=[],
    )
    grower.put(
        BEGAN + 0.16, "0.1", "node_finished", status="answered", answer=all_of_it, usage=usage, seconds=0.1
    )
    grower.put(
        BEGAN + 0.17, "0", "call_finished", cell=1, call=1, answers=[all_of_it], seconds=0.1, error=None
    )
    html = (
        f"<table><tr><th onclick='window.pwned=1'>{all_of_it}</th></tr><tr><td>{all_of_it}</td></tr></table>"
    )
    for at, output in enumerate(
        (
            {"output_type": "stream", "name": "stdout", "text": all_of_it},
            {
                "output_type": "execute_result",
                "data": {"text/html": html, "text/plain": all_of_it},
                "metadata": {},
            },
            {
                "output_type": "display_data",
                "data": {"text/html": all_of_it, "text/plain": all_of_it},
                "metadata": {},
            },
            {
                "output_type": "display_data",
                "data": {"image/png": "https://evil.example/z.png"},
                "metadata": {},
            },
            {"output_type": "display_data", "data": {"image/svg+xml": HOSTILE[2]}, "metadata": {}},
            {"output_type": "error", "ename": HOSTILE[0], "evalue": HOSTILE[1], "traceback": list(HOSTILE)},
        )
    ):
        grower.output("0", 1, BEGAN + 0.18 + at / 100, output)
    final = {"content": all_of_it, "sources": [], "quotes": [], "via": "FINAL"}
    grower.put(
        BEGAN + 0.3,
        "0",
        "cell_finished",
        cell=1,
        status="ok",
        seconds=0.1,
        final=final,
        variables=[],
        dropped_chars=0,
    )
    grower.put(BEGAN + 0.31, "0", "note", text=all_of_it, level="warning")
    grower.put(
        BEGAN + 0.32,
        "0",
        "node_finished",
        status="answered",
        answer=all_of_it,
        reason=all_of_it,
        usage=usage,
        seconds=0.3,
    )
    end = grow(1, 1, 1)[-1]
    grower.put(BEGAN + 0.33, "0", "run_finished", **{**end.payload, "answer": all_of_it, "nodes": 2})
    return grower.facts
