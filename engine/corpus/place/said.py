"""Where a recorded source stands, in words. Pure."""

from __future__ import annotations

from engine.types import Json


def said(source: Json) -> str:
    """ "line 12", with the page of a PDF or the cells of a workbook: "line 12, page 3", "line 12, Fees!C14".

    Records of older versions have no cells.
    """
    page = f", page {source['page']}" if source.get("page") else ""
    cell = f", {source['cell']}" if source.get("cell") else ""
    return f"line {source.get('line', '?')}{page}{cell}"
