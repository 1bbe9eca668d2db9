"""What stands around a run on the page that asks: earlier questions, those of late, and what a next one follows. Pure.

Buttons say in `data-does` what `ask.js` does when they are pressed.
"""

from __future__ import annotations

from app.runs.head.marks import status_words
from app.text.elements import Tree, el
from app.text.words import line
from engine.types import Json


def earlier(session: Json, shown: str) -> list[Tree]:
    """The other questions of a session (`app.runs.sessions.Sessions.thread`) than the run that is shown."""
    others = [_row(one["run"], one["question"], one) for one in session["runs"] if one["run"] != shown]
    return [el("h2", {"class": "sr"}, "Earlier in this session"), *others] if others else []


def lately(sessions: list[Json]) -> list[Tree]:
    """Sessions (`Sessions.list`), each of which opens at its last question."""
    rows = [_row(one["runs"][-1], one["title"] or one["question"], one) for one in sessions]
    return [el("h2", {}, "Asked lately"), *rows] if rows else []


def _row(run: str, question: str, one: Json) -> Tree:
    answer = line(one["answer"], 240) if one["answer"] else status_words(one["status"])
    data = {"does": "run", "run": run, "key": run}
    return el(
        "button",
        {"class": "earlier", "type": "button", "dataset": data},
        el("span", {"class": "earlier-question", "dir": "auto"}, line(question, 200)),
        el("span", {"class": "earlier-answer", "dir": "auto"}, answer),
        el("icon", {"name": "right"}),
    )


def follow_up(run: Json) -> list[Tree]:
    """The line above the question: what the next one follows."""
    words: list[Tree] = ["Follow-up to ", el("q", {"dir": "auto"}, line(run["question"], 120))]
    if run["live"]:
        words = ["A question asked meanwhile begins a session of its own"]
    fresh = {"class": "plain", "type": "button", "title": "New session (Alt+N)", "data-does": "fresh"}
    return [el("span", {"class": "follow-words"}, *words), el("button", fresh, "New session")]


def said_at_end(run: Json) -> str:
    """What is announced once a run has ended."""
    return f"Answer: {line(run['answer'] or '', 300)}" if run["status"] == "answered" else "The run ended."
