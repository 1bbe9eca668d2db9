"""The menu that saves a run as a file: notebook, page, report, log, lessons. Pure."""

from __future__ import annotations

from app.text.elements import Tree, el

FORMS = [  # format, documents, name, what it is
    ("ipynb", "embed", "Notebook with its documents", "Runs in Jupyter without Taproot and without a model"),
    ("ipynb", "none", "Notebook without documents",
     "Cells and recorded outputs; cells that read documents cannot run"),
    ("html", "", "Page", "One file that opens from disk, with the whole tree"),
    ("md", "", "Report", "Question, answer, sources and how it was found, in Markdown"),
    ("jsonl", "", "Log", "In the format of rlms, the reference engine"),
    ("train", "", "Lessons", "Chat messages for training a model"),
]  # fmt: skip


def export_menu() -> Tree:
    """A button with the forms below it, each of which saves the run that is shown."""
    summary = {"class": "button", "title": "Save this run as a file"}
    forms = {"class": "export-forms", "role": "group", "aria-label": "Save this run as"}
    return el(
        "details",
        {"class": "export-menu", "data-key": "export"},
        el("summary", summary, el("icon", {"name": "download"}), el("span", {}, "Export")),
        el("div", forms, *(_form(*form) for form in FORMS)),
    )


def _form(to: str, documents: str, name: str, about: str) -> Tree:
    asked = f"to={to}&documents={documents}" if documents else f"to={to}"
    data = {"does": "save", "asked": asked, "name": name}
    return el(
        "button",
        {"type": "button", "class": "export-form", "dataset": data},
        el("span", {"class": "export-name"}, name),
        el("span", {"class": "export-about"}, about),
    )
