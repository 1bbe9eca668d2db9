"""The receipt of a deletion in words."""

from __future__ import annotations

from datetime import datetime

from engine.types import Json


def receipt_words(receipt: Json) -> str:
    """What went, when, and what is left of it; one sentence a line."""
    counts = [
        (len(receipt["corpora"]), "corpora"),
        (len(receipt["runs"]), "questions"),
        (receipt["events"], "recorded events"),
        (receipt["blobs"], "images and long texts"),
        (receipt["checks"], "kept questions"),
        (receipt["folders"], "folders"),
        (receipt["backups"], "copies of the database"),
    ]
    what = ", ".join(f"{count:,} {name}" for count, name in counts if count) or "nothing that was recorded"
    when = datetime.fromtimestamp(receipt["deleted"]).strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"Deleted on {when}: {what}; {receipt['bytes']:,} bytes."]
    lines += [
        f"{run}: {head['events']:,} events, the last with the hash {head['hash']}"
        for run, head in receipt["heads"].items()
    ]
    if receipt["quoted_by"]:
        lines.append(
            f"Its question and answer were told to the model in what follows it, and stand there still: {', '.join(receipt['quoted_by'])}."
        )
    if receipt["asked_in"]:
        lines.append(
            f"Its question stands still in these, and goes when they go: {', '.join(receipt['asked_in'])}."
        )
    lines.append(
        "No byte of it is left in the data folder otherwise."
        if receipt["erased"]
        else " ".join(receipt["notices"])
    )
    lines.append("Backups that you made yourself still hold it; delete them by hand.")
    return "\n".join(lines)
