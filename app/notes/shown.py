"""What is shown of notes, as trees: the switch on a card of the library, and the notes of one document."""

from __future__ import annotations

from app.text.elements import Tree, el
from app.text.words import line, many
from engine.types import Json

KINDS = {"outline": "heading", "about": "about", "fact": "fact"}
STATES = {"waiting": ", goes on when nobody asks", "working": " …", "budget": ", budget spent"}
LEAST = 1000  # tokens, and the step from one budget to the next


def switch(card: Json, said: Json) -> Tree:
    """The switch of a card, with its budget and how far it is; `said` is its status of `app.notes.service.Noting.overview`.

    It is a form, so that a page can put back what the app did not take.
    """
    return el("form", {"class": "note-switch small", "data-notes": card["card"]}, *fields(card["name"], said))


def fields(card: str, said: Json) -> list[Tree]:
    """What is in the switch of a card, of its name and its status."""
    name = line(card, 80)
    chosen = {"type": "checkbox", "name": "on", "role": "switch", "defaultChecked": said["on"]}
    budget = {
        "class": "field note-budget",
        "type": "number",
        "name": "budget",
        "min": LEAST,
        "step": LEAST,
        "defaultValue": str(said["budget"]),
        "aria-label": f"Most tokens for notes: {name}",
    }
    return [
        el(
            "label",
            {"class": "row"},
            el("input", {**chosen, "aria-label": f"Notes while idle: {name}"}),
            "Notes while idle",
        ),
        el("label", {"class": "row", "hidden": not said["on"]}, "at most", el("input", budget), "tokens"),
        el("span", {"class": "muted note-words"}, _words(said)),
    ]


def _words(said: Json) -> str:
    if said["problem"]:
        return line(said["problem"], 300)
    noted, documents = said["noted"], said["documents"]
    if not noted and not said["on"]:
        return ""
    goes_on = STATES.get(said["state"], "") if noted < documents else ""
    return f"{noted:,} of {many(documents, 'document')} noted{goes_on}"


def notes_of(notes: list[Json]) -> list[Tree]:
    """The notes of one document (`app.notes.service.Noting.of`), to be unfolded: a summary and a list; empty where there are none.

    A button has the place of its note as `data-start` and `data-end`.
    """
    if not notes:
        return []

    def note(one: Json) -> Tree:
        place = {"title": line(one["place"], 200), "data-start": one["start"], "data-end": one["end"]}
        return el(
            "li",
            None,
            el(
                "button",
                {"class": f"note {one['kind']}", "type": "button", "data-does": "show", **place},
                el("span", {"class": "note-kind"}, KINDS.get(one["kind"], "")),
                el("span", {"dir": "auto"}, line(one["text"], 240)),
            ),
        )

    told = f"{many(len(notes), 'note')} by {line(notes[0]['model'], 80)}"
    return [el("summary", None, told), el("ul", {"aria-label": "Notes"}, *map(note, notes))]
