"""Facts for tests: `fact(kind, {...})` fills in what a test does not care about."""

from __future__ import annotations

from typing import Any

from engine.events import Fact, RunStarted, Unreadable, read

BLANK: dict[str, dict[str, Any]] = {
    "run_started": {
        **dict.fromkeys(("session", "follows", "owner")),
        **dict.fromkeys(("question", "corpus", "corpus_name", "strategy"), ""),
        **{"model": {}, "settings": {}},
    },
    "run_finished": {
        **dict.fromkeys(("answer", "coverage", "usage", "agreement")),
        **{"status": "answered", "sources": [], "passages": [], "reason": "", "forced": False},
        **{"seconds": 0.5, "nodes": 1},
    },
    "run_resumed": {"model": {}, "settings": {}, "nodes": [], "owner": None},
    "node_started": {
        **dict.fromkeys(("parent", "cell", "call", "index")),
        **{"kind": "root", "question": "", "context": "", "depth": 0},
    },
    "node_finished": {"status": "answered", "answer": None, "usage": {}, "seconds": 0.5},
    "turn_started": {"turn": 1, "messages": []},
    "draft": {"turn": 1, "at": 0, "text": ""},
    "turn_finished": {
        **{"turn": 1, "text": "", "thinking": "", "code": "", "finish": "stop", "confidence": None},
        **{"usage": {}, "notes": []},
    },
    "cell_started": {"cell": 1, "turn": 1, "code": ""},
    "output": {"cell": 1, "output": {}},
    "cell_finished": {
        **{"cell": 1, "status": "ok", "seconds": 0.5, "final": None, "variables": [], "dropped_chars": 0}
    },
    "call_started": {
        **dict.fromkeys(("spans", "refs", "quotes")),
        **{"cell": 1, "call": 1, "kind": "llm", "prompts": [], "hashes": [], "children": []},
    },
    "call_finished": {
        **{"cell": 1, "call": 1, "answers": [], "confidences": [], "seconds": 0.5, "error": None}
    },
    "note": {"text": "", "level": "info"},
}


def fact(kind: str, given: dict[str, Any]) -> Fact:
    """A fact of this kind; raises ValueError when what is given does not fit it."""
    made = read(kind, {**BLANK.get(kind, {}), **given})
    if isinstance(made, Unreadable):
        raise ValueError(made.sentence)
    return made


def started(**given: Any) -> RunStarted:
    """The beginning of a run."""
    made = fact("run_started", given)
    assert isinstance(made, RunStarted)
    return made
