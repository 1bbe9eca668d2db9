"""Text to the model, from facts to messages: each module makes one kind. Pure.

Standing instructions are the system message; metadata, limits and the question stand in the first user
message, never the documents themselves. All numbers come from the running model and ledger.
"""

from engine.prompt.conversation import Conversation
from engine.prompt.facts import (
    LARGE_MODEL,
    SMALL_MODEL,
    SMALL_WINDOW,
    Exchange,
    Facts,
    Section,
    Strength,
    is_small,
    join,
    strength,
)
from engine.prompt.first_message import EARLIER_ANSWER_CHARS, EARLIER_QUESTION_CHARS, OPENING, opening, recent
from engine.prompt.nudges import (
    CIRCLES,
    CUT,
    CUTS,
    GO_ON,
    NO_ANSWER,
    NO_CODE,
    REPEAT,
    REPEAT_AGAIN,
    RESTARTED,
    forced,
    no_answer,
)
from engine.prompt.outputs import (
    MAX_OUTPUT_CHARS,
    clip,
    feedback,
    left_out,
    output_chars,
    output_text,
    status_line,
)
from engine.prompt.own_words import own_texts
from engine.prompt.sub_calls import LEAF_SYSTEM, PIECE_PROMPT, leaf, leaf_with_context
from engine.prompt.system import COMPACT_SYSTEM, EXAMPLE_ANSWER, NOT_THERE, SYSTEM

__all__ = [
    "CIRCLES",
    "COMPACT_SYSTEM",
    "CUT",
    "CUTS",
    "EARLIER_ANSWER_CHARS",
    "EARLIER_QUESTION_CHARS",
    "EXAMPLE_ANSWER",
    "GO_ON",
    "LARGE_MODEL",
    "LEAF_SYSTEM",
    "MAX_OUTPUT_CHARS",
    "NOT_THERE",
    "NO_ANSWER",
    "NO_CODE",
    "OPENING",
    "PIECE_PROMPT",
    "REPEAT",
    "REPEAT_AGAIN",
    "RESTARTED",
    "SMALL_MODEL",
    "SMALL_WINDOW",
    "SYSTEM",
    "Conversation",
    "Exchange",
    "Facts",
    "Section",
    "Strength",
    "clip",
    "feedback",
    "forced",
    "is_small",
    "join",
    "leaf",
    "leaf_with_context",
    "left_out",
    "no_answer",
    "opening",
    "output_chars",
    "output_text",
    "own_texts",
    "recent",
    "status_line",
    "strength",
]
