"""What marks a run in its head and in lists: how it ended, and where it branched off. Pure."""

from __future__ import annotations

from app.text.elements import Tree, el
from app.text.words import line
from engine.types import Json

STATUS = {  # (kind of the chip, its words)
    "answered": ("ok", "Answered"),
    "unanswered": ("warn", "No answer"),
    "interrupted": ("warn", "Interrupted"),
    "failed": ("bad", "Failed"),
    "running": ("info", "Working"),
}


def status_words(status: str) -> str:
    """How a run stands, in words."""
    return STATUS.get(status, STATUS["running"])[1]


def status_chip(status: str) -> Tree:
    """The chip that says how a run stands."""
    kind, words = STATUS.get(status, STATUS["running"])
    return el("span", {"class": f"chip {kind}"}, words)


def forced_chip(run: Json) -> Tree | None:
    """The mark of an answer that was asked for at a limit; None for any other."""
    if not is_forced(run):
        return None
    title = "The model was not done and was asked for its best answer"
    return el("span", {"class": "chip warn", "title": title}, "At a limit")


def is_forced(run: Json) -> bool:
    """Whether an answer was asked for at a limit. Records of older versions know it by the reason alone."""
    return bool(run.get("forced") or (run.get("reason") and run["answer"]))


def forked_from(forked: Json) -> Tree:
    """The button that opens the run of which another is a branch, at {"run", "cell", "node"}."""
    words = f"forked from {forked['run']} at cell {forked['cell']}{below(forked['node'])}"
    return run_button(words, "Open the run that this one branched off", forked["run"], forked["node"])


def branch(fork: Json) -> Tree:
    """The button that opens a branch of a run: {"run", "cell", "node"}."""
    words = f"branch at cell {fork['cell']}{below(fork['node'])}"
    return run_button(words, f"Run {fork['run']} goes on from here", fork["run"])


def below(node: str) -> str:
    """The words for a node that is not the root."""
    return "" if node == "0" else f" of node {node}"


def run_button(words: str, title: str, run: str, node: str | None = None) -> Tree:
    """A button that opens a run, at a node where there is one."""
    at = {} if node is None else {"node": node}
    data = {"does": "run", "run": run, **at}
    return el(
        "button", {"class": "forked", "type": "button", "title": title, "dataset": data}, line(words, 120)
    )
