"""The pane of one node: turn by turn what the model was shown, thought, wrote, ran and got, notes, and the answer.

Every piece holds the number of the event that brought it, so that the page follows a playhead by hiding and showing.
"""

from __future__ import annotations

from typing import Any

from app.live.trace import head
from app.runs.detail.cell import cell_parts
from app.runs.detail.head import Way, node_head
from app.runs.detail.outputs import as_text
from app.runs.detail.parts import button, fold, long, note, when
from app.runs.node_detail import Detail
from app.text.elements import Tree, el
from app.text.words import duration, many, sure
from engine.types import Json

Section = tuple[str, Tree]  # its name, by which it is known when it is fetched again


def node_pane(detail: Detail, way: Way = ()) -> Json:
    """{"sections": [[name, elements], ...] from top to bottom, "text": all of it for the clipboard, "draft": what is being
    written}. `way` are the nodes above it.
    """
    node = detail.node or {}
    cells: dict[int, list[Json]] = {}
    for cell in detail.cells.values():
        cells.setdefault(cell["turn"], []).append(cell)
    sections: list[Section] = [("head", node_head(node, way))]
    for turn in detail.turns.values():
        sections.append((f"turn {turn['index']}", _turn(detail, turn, cells.pop(turn["index"], []))))
    for number, some in cells.items():  # their turn is not known
        parts = [part for cell in some for part in cell_parts(detail, cell)]
        sections.append((f"cells {number}", _section(*parts)))
    if detail.notes:
        notes = (when(note(one["level"] or "info", one["text"]), one["seq"]) for one in detail.notes)
        sections.append(("notes", _section(*notes)))
    if node.get("answer") is not None or node.get("reason"):
        sections.append(("answer", _section(_answer(detail))))
    return {"sections": sections, "draft": detail.draft, "text": _copied(detail)}


def _section(*parts: Tree) -> list[Any]:
    return el("div", {"class": "section"}, *parts)


def _turn(detail: Detail, turn: Json, cells: list[Json]) -> Tree:
    number = turn["index"]
    replied = detail.seqs.get(("reply", number))
    switches: list[Tree] = []
    panels: list[Tree] = []

    def add(name: str, words: str, title: str, content: list[Tree], since: int | None = None) -> None:
        opened = name == "shown" and detail.is_leaf
        switch, panel = fold(f"{name} {number}", words, title, content, opened=opened)
        switches.append(when(switch, since))
        panels.append(when(panel, since))

    text, thinking, prose = (turn.get(name) or "" for name in ("text", "thinking", "prose"))
    if shown := turn["messages"]:
        size = sum(len(message["content"]) for message in shown)
        title = f"What the model was shown: {many(len(shown), 'message')}, {many(size, 'character')}"
        add("shown", "Prompt", title, [*map(_message, shown)])
    if thinking:
        title = f"What the model thought: {many(len(thinking), 'character')}"
        add("thinking", "Thinking", title, [el("div", {"class": "thinking"}, long(thinking))], replied)
    if text and (thinking or cells):
        add("raw", "Raw", "The reply as it was written", [long(text)], replied)
    name = "Reply" if detail.is_leaf else f"Turn {number}"
    figures = None
    if replied is not None:
        figures = when(el("span", {"class": "figures"}, " · ".join(_figures(turn))), replied)
    line = el(
        "h3", {"class": "turn"}, el("span", {}, name), figures, el("span", {"class": "grow"}), *switches
    )
    said = el("div", {"class": "prose", "dir": "auto"}, long(prose.strip())) if prose.strip() else None
    made = [line, *panels, *([when(said, replied)] if said else [])]
    parts = [part for cell in cells for part in cell_parts(detail, cell)]
    return when(_section(*made, *parts), detail.seqs.get(("turn", number)))


def _figures(turn: Json) -> list[str]:
    """What a reply took: ["23 tokens", "12 tokens/s", "412 of 1,312 read", "waited 0.40 s", "8.1 s", "87 % sure"]."""
    usage = turn["usage"]
    written, prompt, fresh = (usage[f"{name}_tokens"] for name in ("completion", "prompt", "evaluated"))
    reading = _rate(fresh, usage["prefill_seconds"])
    read = f"{fresh or prompt - usage['reused_tokens']:,} of {prompt:,} read"
    found = [
        many(written, "token") if written else "",
        _rate(written - 1, usage["decode_seconds"]),
        f"{read} at {reading}" if reading else read if prompt else "",
        f"waited {duration(usage['queue_seconds'])}" if usage["queue_seconds"] >= 0.005 else "",
        duration(turn["seconds"]) if turn["seconds"] else "",
        sure(turn["confidence"]),
    ]
    return [words for words in found if words]


def _rate(tokens: int, seconds: float) -> str:
    return f"{tokens / seconds:,.0f} tokens/s" if tokens > 0 and seconds > 0 else ""


def _message(message: Json) -> Tree:
    role = el("p", {"class": "role"}, message["role"])
    return el("div", {"class": "message", "dir": "auto"}, role, long(message["content"]))


def _answer(detail: Detail) -> Tree:
    """The answer, and why there is none or only the best one so far."""
    node = detail.node or {}
    answer, reason = node.get("answer"), node.get("reason")
    parts: list[Any] = []
    if answer is not None:
        copy = button("copy", "Copy the answer", {"copy": answer, "what": "The answer"})
        parts.append(el("h3", {"class": "turn"}, el("span", {}, "Answer"), copy))
        parts.append(el("div", {"class": "prose", "dir": "auto"}, long(answer)))
    if reason:
        parts.append(note("warning", reason))
    box = el("div", {"class": "" if answer is None else "answer-box"}, *parts)
    return when(box, detail.seqs.get(("end",)))


def _copied(detail: Detail) -> str:
    """The node as text for the clipboard."""
    node = detail.node or {}
    parts = [f"# {node['id']}  {head(node['question'])}"]
    for turn in detail.turns.values():
        surely = sure(turn.get("confidence"))
        parts += [f"## Turn {turn['index']}{f' ({surely})' if surely else ''}", turn.get("text") or ""]
        for cell in detail.cells.values():
            if cell["turn"] == turn["index"]:
                texts = map(as_text, cell["outputs"])
                parts += [f"[{cell['index']}] {text}".rstrip() for text in texts if text]
    if node.get("answer"):
        parts += ["## Answer", node["answer"]]
    return "\n\n".join(part for part in parts if part)
