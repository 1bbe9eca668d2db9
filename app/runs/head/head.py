"""The head of a run, as trees: its question, how it stands, and what can be done with it. Pure.

Buttons say in `data-does` what `run_head.js` does when they are pressed.
"""

from __future__ import annotations

from typing import Any

from app.runs.head.exports import export_menu
from app.runs.head.marks import branch, forced_chip, forked_from, status_chip
from app.text.elements import Tree, el
from app.text.words import line
from engine.types import Json

SCOPES = {"root": ", for the root alone", "sub": ", for sub-calls alone"}
GO_ON = "Go on from where this run ended: nothing that was answered is asked again, and its limits count anew"
VERIFY = "Execute every cell again and check every source; needs no model"


def run_head(run: Json) -> list[Tree]:
    """The head of a run, of its row in `app.runs.service.Runs.log`."""
    if run["live"]:
        buttons = [_button("stop", "Stop", "Stop this run (Alt+S)", "button danger", "stop")]
    else:
        buttons = [_button("verify", "Verify", VERIFY, "button verify"), export_menu()]
        if run["resumes"]:
            buttons.append(_button("go_on", "Go on", GO_ON, "button", "play"))
    question = el("h2", {"class": "run-question", "dir": "auto"}, run["question"])
    return [el("div", {"class": "grow"}, question, el("div", {"class": "run-meta"}, *_meta(run))), *buttons]


def _button(does: str, words: str, title: str, kind: str, drawing: str = "") -> Tree:
    look = {"class": kind, "type": "button", "title": title, "data-does": does, "data-key": does}
    if not drawing:
        return el("button", look, words)
    return el("button", look, el("icon", {"name": drawing}), el("span", {}, words))


def _meta(run: Json) -> list[Tree | None]:
    model = run["model"] or {}
    name, facts = (model.get("name"), model) if isinstance(model, dict) else (model, {})
    server = {"class": "chip warn", "title": "Text of this run was sent to this server"}
    remote = facts.get("remote")
    return [
        status_chip(run["status"]),
        forced_chip(run),
        _words(run["corpus_name"], 80),
        _words(name, 60),
        *map(_adapter, facts.get("adapters") or []),
        el("span", server, line(remote, 60)) if remote else None,
        forked_from(run["forked"]) if run["forked"] else None,
        *map(branch, run["forks"]),
        el("moment", {"at": run["started"]}) if run["started"] else None,
    ]


def _words(text: str | None, limit: int) -> Tree | None:
    return el("span", {}, line(text, limit)) if text else None


def _adapter(one: dict[str, Any]) -> Tree:
    """A LoRA adapter: "law at 0.5, for the root alone"."""
    words = f"{one['name']} at {one['scale']:g}{SCOPES.get(one['scope'], '')}"
    title = f"LoRA adapter {line(one.get('file') or '', 60)}"
    return el("span", {"class": "chip", "title": title}, line(words, 80))
