"""Text of notebooks (.ipynb): the cells in order, code in fences, outputs that are text. Runs in the parser process only."""

from __future__ import annotations

import json
import re
from typing import Any

from engine.documents.formats.html import parse_html

COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def parse_notebook(text: str) -> tuple[str, list[str]] | None:
    """Return the text of a notebook, and notices; None where it is none."""
    try:
        book = json.loads(text)
        sheets = book.get("worksheets") or [book]  # before version 4
        cells = [cell for sheet in sheets for cell in sheet["cells"]]
        language = str(book.get("metadata", {}).get("kernelspec", {}).get("language", "python"))
        parts: list[str] = []
        left_out = 0
        for cell in cells:
            source = _joined(cell.get("source", cell.get("input", "")))
            if cell["cell_type"] == "code":
                if source.strip():
                    parts.append(f"```{language}\n{source.rstrip()}\n```")
            elif cell["cell_type"] == "heading":
                parts.append("#" * int(cell.get("level", 1)) + " " + source)
            else:
                parts.append(source)
            left_out += len(cell.get("attachments", {}))
            for output in cell.get("outputs", []):
                shown = _output(output)
                parts.append(shown)
                left_out += not shown.strip()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    told = [f"{left_out:,} of its outputs are images or hold no text"] if left_out else []
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n", told


def _output(output: dict[str, Any]) -> str:
    kind = output.get("output_type")
    if kind in ("error", "pyerr"):
        trace = COLOUR.sub("", "\n".join(map(str, output.get("traceback", []))))
        return trace or f"{output.get('ename')}: {output.get('evalue')}"
    if kind == "stream":
        return COLOUR.sub("", _joined(output.get("text", "")))
    data = output.get("data", {"text/plain": output.get("text", ""), "text/html": output.get("html", "")})
    for form in ("text/markdown", "text/latex", "text/plain", "text/html"):
        shown = _joined(data.get(form, ""))
        picture = form == "text/plain" and re.fullmatch(r"<[\w. ]*(?:\bat 0x\w+)?[^<>\n]*>", shown.strip())
        if shown.strip() and not picture:
            return parse_html(shown) if form == "text/html" else COLOUR.sub("", shown)
    return parse_html(_joined(data.get("text/html", "")))


def _joined(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source)
