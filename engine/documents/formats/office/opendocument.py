"""Text of OpenDocument files (.odt, .odp): paragraphs, rows, notes, comments; a slide is a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from engine.documents.formats.office.package import Package, attribute, local
from engine.documents.formats.properties import property_line

LEFT_OUT = (
    "tracked-changes",
    "forms",
    "hidden-text",
    "hidden-paragraph",
    "desc",
    "title",
    "bibliography-configuration",
)
REPEATED = 64  # times that one cell stands in a row, at most
WHITE = re.compile(r"[ \t\r\n]+")
SPACES = 64  # one after the other, at most


@dataclass(slots=True)
class _Found:
    """What follows the paragraph that is being read, and what was left out."""

    waiting: list[str] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    deleted: int = 0


def parse_opendocument(package: Package) -> tuple[list[str], list[str], bool]:
    """Return texts, notices, and whether the texts are slides. Raises what `package.DAMAGE` names."""
    root = package.xml("content.xml")
    if root is None:
        raise ValueError("no content")
    found = _Found()
    body = next((e for e in root.iter() if local(e) == "body"), root)
    found.deleted = sum(local(e) == "deletion" for e in body.iter())
    slides = [e for e in body.iter() if local(e) == "page"]
    if slides:
        pages = ["\n".join(_slide(slide, package, found)) for slide in slides]
    else:
        pages = ["\n".join([*_edges(package, found), *_blocks(body, package, found)]).strip()]
    if found.deleted:
        notices = [f"{found.deleted} deleted stretches of its tracked changes were left out"]
    else:
        notices = []
    if line := properties(package):
        pages[-1] = f"{pages[-1]}\n\n{line}".lstrip()
    return pages, notices, bool(slides)


def _slide(slide: Element, package: Package, found: _Found) -> Iterator[str]:
    for child in slide:
        lines = [*_blocks([child], package, found)]
        if local(child) == "notes":
            yield from (f"[speaker notes] {line}" for line in lines if line.strip())
        elif attribute(child, "class") == "title":
            yield from (f"# {line}" for line in lines)
        else:
            yield from lines


def _edges(package: Package, found: _Found) -> list[str]:
    """Headers and footers, each once, before the text."""
    styles, lines = package.xml("styles.xml"), []
    for item in styles.iter() if styles is not None else ():
        kind = local(item).removesuffix("-left").removesuffix("-first")
        if kind in ("header", "footer") and "style" in item.tag:
            lines += [f"[{kind}] {line}" for line in _blocks(item, package, found) if line.strip()]
    return [*dict.fromkeys(lines)]


def _blocks(element: Element | list[Element], package: Package, found: _Found) -> Iterator[str]:
    """The lines of what holds paragraphs, lists and tables."""
    for child in element:
        name = local(child)
        if name in ("h", "p"):
            text = "".join(_inline(child, package, found))
            text = text.strip() if (child.text or "")[:1].isspace() else text
            level = attribute(child, "outline-level") if name == "h" else ""
            yield f"{'#' * min(6, int(level))} {text}" if level.isdecimal() and text.strip() else text
            waiting, found.waiting = found.waiting, []
            yield from waiting
        elif name == "list-item":
            lines = [*_blocks(child, package, found)]
            yield from [f"- {line}" if not line.startswith("- ") else f"  {line}" for line in lines]
        elif name == "table-row":
            yield _row(child, package, found)
            waiting, found.waiting = found.waiting, []
            yield from waiting
        elif name == "object":
            yield from (f"[formula] {text}" for text in _formula(child, package))
        elif name == "annotation":
            yield _comment(child, package, found)
        elif name not in LEFT_OUT:
            yield from _blocks(child, package, found)


def _row(row: Element, package: Package, found: _Found) -> str:
    cells: list[str] = []
    for cell in row:
        if local(cell) not in ("table-cell", "covered-table-cell"):
            continue
        text = _apart(cell, package, found)
        times = attribute(cell, "number-columns-repeated")
        cells += [text] * (min(int(times), REPEATED) if times.isdecimal() else 1)
    while cells and not cells[-1]:
        cells.pop()
    return " | ".join(cells)


def _inline(element: Element, package: Package, found: _Found) -> Iterator[str]:
    """The text of a paragraph. Notes, comments and text boxes wait to follow it."""
    yield _collapsed(element.text)
    for child in element:
        name = local(child)
        if name == "s":
            count = attribute(child, "c")
            yield " " * (min(int(count), SPACES) if count.isdecimal() else 1)
        elif name == "tab":
            yield "\t"
        elif name == "line-break":
            yield "\n"
        elif name == "note":
            found.waiting.append(_note(child, package, found))
        elif name == "annotation":
            found.waiting.append(_comment(child, package, found))
        elif name == "object":
            yield " ".join(_formula(child, package))
        elif name in ("text-box", "table"):
            kept, found.waiting = found.waiting, []
            found.waiting = kept + [line for line in _blocks(child, package, found) if line.strip()]
        elif name not in LEFT_OUT:
            yield from _inline(child, package, found)
        yield _collapsed(child.tail)


def _collapsed(text: str | None) -> str:
    """Text of a paragraph as the format means it: white space is one space, whatever it is in the file."""
    return WHITE.sub(" ", text or "")


def _note(note: Element, package: Package, found: _Found) -> str:
    kind = attribute(note, "note-class") or "footnote"
    found.counted[kind] = found.counted.get(kind, 0) + 1
    label = f"{kind} {found.counted[kind]}"
    body = next((child for child in note if local(child) == "note-body"), None)
    return f"[{label}] {_apart(body, package, found) if body is not None else ''}"


def _comment(item: Element, package: Package, found: _Found) -> str:
    said = {local(child): child.text or "" for child in item if local(child) in ("creator", "date")}
    by, when = said.get("creator", ""), said.get("date", "")[:10]
    label = f"comment{f' by {by}' if by else ''}{f', {when}' if when else ''}"
    return f"[{label}] {_apart([child for child in item if local(child) not in said], package, found)}"


def _apart(element: Element | list[Element], package: Package, found: _Found) -> str:
    """What stands below an element on one line, whatever waits elsewhere."""
    kept, found.waiting = found.waiting, []
    text = " ".join(line.strip() for line in _blocks(element, package, found) if line.strip())
    found.waiting = kept
    return text


def _formula(item: Element, package: Package) -> Iterator[str]:
    """The formula that an object holds, as it was typed."""
    name = attribute(item, "href").removeprefix("./").strip("/") + "/content.xml"
    root = package.xml(name)
    if root is not None and local(root) == "math":
        typed = next((e.text for e in root.iter() if local(e) == "annotation" and e.text), "")
        yield " ".join((typed or "".join(root.itertext())).split())


def parse_tables(package: Package) -> str:
    """The rows of all sheets of an OpenDocument workbook, several under headings. Raises what `package.DAMAGE` names."""
    root = package.xml("content.xml")
    tables = [e for e in root.iter() if local(e) == "table"] if root is not None else []
    parts = []
    for table in tables:
        rows = [line for line in _blocks(table, package, _Found()) if line.strip(" |")]
        if rows:
            head = [f"# {attribute(table, 'name')}", ""] if len(tables) > 1 else []
            parts.append("\n".join([*head, *rows]))
    return "\n\n".join(parts) + "\n" if parts else ""


def properties(package: Package) -> str:
    """The line of what an OpenDocument file says of itself."""
    root = package.xml("meta.xml")
    said: dict[str, str] = {}
    for item in root.iter() if root is not None else ():
        said.setdefault(local(item), item.text or "")
    return property_line(
        {
            "title": said.get("title", ""),
            "author": said.get("initial-creator", ""),
            "subject": said.get("subject", ""),
            "keywords": said.get("keyword", ""),
            "description": said.get("description", ""),
            "last changed by": said.get("creator", ""),
        },
        {"created": said.get("creation-date", ""), "changed": said.get("date", "")},
    )
