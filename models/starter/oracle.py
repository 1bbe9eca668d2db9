"""The oracle: gives the right cell for an episode, in the model's place. What it reaches is what the cells can."""

from __future__ import annotations

from collections.abc import Sequence

from engine.types import Message
from models.starter import cells
from models.starter.cells import AMOUNTS, CELLS, FORM_OF_TYPE, NOT_THERE, ask_lines, list_values, look_up
from models.starter.episode import Episode

UNKNOWN = f'FINAL("{NOT_THERE}")'
BY_ACT = {
    "count documents": "count documents",
    "kind documents": "count kind",
    "count times": "count times",
    "list documents": "list documents",
    "kind list": "list kind",
    "whether": "whether",
    "kind lines": "count entries",
    "kind times": "count in kind",
    "rows status": "count entries",
    "rows count": "count entries",
    "rows list": "list ids",
    "about": "line",
    "read": "read",
    "parts": "parts",
    "labels count": "labels count",
    "labels list": "labels list",
    "labels split": "labels split",
    "deep": "each",
}


def cell_of(episode: Episode) -> str | None:
    """The cell that answers an episode; None for the few kinds of questions that no cell is for."""
    plan = episode.plan
    match plan["act"]:
        case "search":
            return look_up(FORM_OF_TYPE[plan["type"]], plan["about"])
        case "fan":
            return ask_lines(FORM_OF_TYPE[plan["type"]], plan["about"])
        case "values" | "values about" as act:
            form = "email" if "@" in plan["regex"] else "percent" if "%" in plan["regex"] else "address"
            return list_values(form, "about" if act == "values about" else "all")
        case "several values":
            return cells.several_values(plan["form"], plan["about"])
        case "extreme":
            return cells.extreme(plan["form"], plan["about"], plan["upper"], plan["which"])
        case "total":
            return cells.total(plan["form"], plan["about"])
        case "compare":
            return cells.compare(plan["form"], plan["about"], plan["upper"])
        case "two sets":
            return cells.two_sets(plan["without"], plan["count"])
        case "follow up":
            return cells.follow_up(plan["lean"], plan.get("form", ""), plan.get("about", ""))
        case "rows sum":
            return cells.column(AMOUNTS, named=True, end="sum")
        case "row":
            return cells.row(plan["about"], named=False, upper=plan["upper"])
        case "column":
            return cells.column(plan["about"], named=False, end=plan["end"])
        case "distinct":
            return cells.distinct(plan["form"])
        case "two steps":
            return cells.two_steps(plan["near"], plan["form"], plan["far"])
    return CELLS.get(BY_ACT.get(plan["act"], ""))


class Oracle:
    """Replies for one episode. Call it with a node id and the messages of a request."""

    def __init__(self, episode: Episode):
        self.episode = episode

    def __call__(self, node: str, messages: Sequence[Message]) -> str:
        prompt = next(m.content for m in messages if m.role == "user")
        plan = self.episode.plan
        leads = [line for line in prompt.split("\n") if line.startswith("Context: ")]
        if not leads or not prompt.startswith(("Context: ", "Asked before")):
            text = prompt.split("\n\nQuestion: ", 1)[0]
            if plan["act"].startswith("labels"):
                return plan["labels"].get(text.strip(), plan["else"])
            if plan["act"] == "read":
                return plan["answer"] if plan["line"] in text else "NONE"
            return next((value for value in plan.get("values", {}).values() if value in text), "NONE")
        if plan["act"] == "parts" and "." in node:
            form, about = plan["said"][min(int(node.rsplit(".", 1)[1]) - 1, len(plan["said"]) - 1)]
            return f"```repl\n{look_up(form, about)}\n```"
        child = plan["act"] == "deep" and not leads[0].startswith("Context: Corpus")
        cell = look_up(FORM_OF_TYPE[plan["type"]], plan["about"]) if child else cell_of(self.episode)
        return f"```repl\n{cell or UNKNOWN}\n```"
