"""What is said to a model that went wrong: each names the mistake and the way out. Pure."""

from __future__ import annotations

from engine.prompt.system import NOT_THERE

NO_CODE = "No cell was found in your reply. Write one between ```repl and ```, or finish with FINAL(...)."
CUT = "Your reply was cut at its token limit. Write a shorter cell."
CIRCLES = (
    "Your reply repeated itself and was cut. Write one short cell between ```repl and ```, nothing else."
)
CUTS = {"length": (CUT,), "cancelled": (CUT,), "loop": (CIRCLES,)}  # by how the reply ended
REPEAT = "This cell and its output are the same as before. Try another way, or finish with FINAL(...)."
REPEAT_AGAIN = "Same cell and output again. Finish now with FINAL(...), giving the best answer you have."
GO_ON = "The limits were raised: go on."
RESTARTED = (
    "The Python session had to be restarted: earlier variables are gone; `context` and helpers are back."
)


NO_ANSWER = (
    "That was not taken: an answer that {flaw} is none. Look at the documents and give what they say; if they do not "
    f'say it, FINAL("{NOT_THERE}").'
)


def no_answer(flaw: str) -> str:
    """Tell a model why its answer was not taken; `flaw` completes "the answer ..."."""
    return NO_ANSWER.format(flaw=flaw)


def forced(reason: str) -> str:
    """Ask for the best answer at a limit; `reason` completes the sentence "Stop here: ..."."""
    return f"Stop here: {reason}. Reply now with one cell that calls FINAL(...) with your best answer."
