"""Deleting a card in words: what it would take, and the receipt of what went."""

from __future__ import annotations

from app.text.elements import Tree, el
from app.text.words import amount, line, many
from engine.types import Json

SHOWN_RUNS = 8
SHOWN_SOURCES = 5


def before(taken: Json, documents: int) -> list[Tree]:
    """What deleting a card of so many documents would take (`app.library.service.Library.before_delete`)."""
    runs, sources, others = taken["runs"], taken["sources"], taken["shared_with"]
    versions = f" in {taken['versions']:,} versions" if taken["versions"] > 1 else ""
    gone = f"the text of {many(documents, 'document')}{versions}"
    if taken["uploaded_bytes"]:
        gone += " and the uploaded files"
    stays = " The folder itself stays as it is:" if sources else ""
    trees = [el("p", None, f"This removes {gone} from Taproot: {amount(taken['bytes'])}.{stays}")]
    if sources:
        paths = [el("li", None, line(one, 300)) for one in sources[:SHOWN_SOURCES]]
        trees.append(el("ul", {"class": "paths mono"}, *paths))
    if others:
        names = ", ".join(f"“{line(name, 60)}”" for name in others)
        trees.append(
            el("p", None, f"{names} has the same documents, so their text and questions stay there.")
        )
    if runs:
        goes = f"{many(len(runs), 'question')} asked about it {'goes' if len(runs) == 1 else 'go'}"
        asked = [el("li", {"dir": "auto"}, line(run["question"], 160)) for run in runs[:SHOWN_RUNS]]
        if len(runs) > SHOWN_RUNS:
            asked.append(el("li", {"class": "muted"}, f"and {len(runs) - SHOWN_RUNS:,} more"))
        trees += [
            el("p", None, f"{goes} with everything that was recorded:"),
            el("ul", {"class": "gone-runs"}, *asked),
        ]
    return [*trees, el("p", {"class": "muted"}, "This cannot be undone.")]


def after(receipt: Json) -> list[Tree]:
    """The receipt of a deletion (`app.library.service.Library.delete`)."""
    corpora, uploaded = receipt["corpora"], receipt["uploaded_bytes"]
    kept = "kept, because another collection has the same documents"
    rows = {
        "Text and search index": many(len(corpora), "version") if corpora else kept,
        "Uploaded files": amount(uploaded) if uploaded else "",
        "Questions with their answers": f"{len(receipt['runs']):,}",
        "Recorded events": f"{receipt['events']:,}",
        "Stored images and long texts": _some(receipt["blobs"]),
        "Questions kept as checks": _some(receipt.get("checks")),
        "Backups of the database": _some(receipt.get("backups")),
        "Space freed": amount(receipt["bytes"]),
    }
    listed = [
        el("div", None, el("dt", None, name), el("dd", None, value)) for name, value in rows.items() if value
    ]
    erased = "No byte of it is left in Taproot’s files: freed space in the database was overwritten and its log emptied."
    if not receipt["erased"]:
        notices = " ".join(receipt["notices"])
        erased = f"Not everything could be erased now; it is tried again at the next start. {notices}"
    trees: list[Tree] = [
        el("p", {"dir": "auto"}, f"“{line(receipt['name'], 80)}” is gone."),
        el("dl", {"class": "receipt"}, *listed),
        el("p", {"class": "muted" if receipt["erased"] else ""}, erased),
    ]
    if receipt["kept_sources"]:
        paths = ", ".join(line(one, 300) for one in receipt["kept_sources"][:3])
        trees.append(
            el("p", {"class": "muted"}, "Untouched on your disk: ", el("span", {"class": "mono"}, paths))
        )
    return trees


def _some(number: int | None) -> str:
    return f"{number:,}" if number else ""
