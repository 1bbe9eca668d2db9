"""Everything that a prompt says of itself, to tell it from what documents say. Pure."""

from __future__ import annotations

from dataclasses import replace

from engine.prompt.facts import Facts
from engine.prompt.nudges import CUT, NO_CODE, REPEAT, REPEAT_AGAIN, RESTARTED, forced, no_answer
from engine.prompt.outputs import feedback
from engine.prompt.sub_calls import LEAF_SYSTEM, PIECE_PROMPT
from engine.prompt.system import COMPACT_SYSTEM, SYSTEM


def own_texts() -> tuple[str, ...]:
    """Everything that a prompt says of itself: all of it but the question, the documents and the numbers of a run."""
    bare = Facts("", "", "open", 0, 0, 0, 0, 0, 1)
    sections = [section.text(replace(bare, strength=s)) for section in SYSTEM for s in ("guided", "open")]
    told = (
        NO_CODE,
        CUT,
        REPEAT,
        REPEAT_AGAIN,
        RESTARTED,
        no_answer(""),
        forced(""),
        feedback("", ()).content,
    )
    return (COMPACT_SYSTEM, *sections, LEAF_SYSTEM, PIECE_PROMPT.format(piece="", question=""), *told)
