"""Text of Word documents (.docx): paragraphs, rows, notes, comments, text boxes, each once and where it belongs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from engine.documents.formats.office.formulas import formula
from engine.documents.formats.office.numbering import Numbering
from engine.documents.formats.office.package import Package, attribute, local

HEADING = re.compile(r"(?:heading|berschrift|titre) ?([1-6])", re.I)
SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "", "ptab": "\t"}
GONE = ("del", "moveFrom", "delText", "instrText", "delInstrText", "rPr", "pPr", "sdtPr", "tblPr", "tcPr")
NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}


@dataclass(slots=True)
class _Style:
    level: int = 0  # of a heading
    number: str = ""
    depth: int = 0


@dataclass(slots=True)
class _Document:
    """What the parts beside the text say, and what was met on the way."""

    styles: dict[str, _Style]
    numbering: Numbering
    notes: dict[tuple[str, str], Element]  # (footnote, endnote or comment; id)
    given: set[tuple[str, str]] = field(default_factory=set)
    deleted: int = 0
    hidden: int = 0
    inserted: list[str] = field(default_factory=list)  # ids of files whose text stands here
    counted: dict[str, int] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)  # lines that follow the paragraph


def parse_word(package: Package, main: str = "word/document.xml") -> tuple[str, list[str]]:
    """Return the text of a .docx and notices. Raises what `package.DAMAGE` names."""
    folder = main.rpartition("/")[0]
    root = package.xml(main)
    if root is None:
        raise ValueError("no document")
    found = _Document(
        _styles(package.xml(f"{folder}/styles.xml")),
        Numbering.read(package.xml(f"{folder}/numbering.xml")),
        {
            (kind, attribute(note, "id")): note
            for kind in ("footnote", "endnote", "comment")
            for note in package.xml(f"{folder}/{kind}s.xml") or ()
            if attribute(note, "type") not in ("separator", "continuationSeparator", "continuationNotice")
        },
    )
    lines = [*_blocks(root, found)]
    for key in found.notes:
        if key not in found.given:
            lines += _note(*key, found)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    head, foot = (_edges(package, folder, kind, found) for kind in ("header", "footer"))
    parts = ["\n".join(head), text, "\n".join(foot), package.properties()]
    notices = []
    if found.deleted:
        notices.append(f"{found.deleted} deleted or moved stretches of its tracked changes were left out")
    if found.hidden:
        notices.append(f"{found.hidden} hidden stretches of text were left out")
    if found.inserted:
        related = package.relations(main)
        names = dict.fromkeys(related.get(number, ("", number))[1] for number in found.inserted)
        notices.append(f"{len(names)} files whose text stands in it were not read: {', '.join(names)}")
    inside = [name for name in package.names if name.startswith(f"{folder}/embeddings/")]
    if inside:
        notices.append(f"{len(inside)} files embedded in it were not read")
    body = "\n".join(part for part in parts[:3] if part)
    return (body + (f"\n\n{parts[3]}" if parts[3] and body else "") + "\n" if body else ""), notices


def _edges(package: Package, folder: str, kind: str, found: _Document) -> list[str]:
    """The lines of all headers or footers, each once."""
    lines = []
    for name in sorted(package.names):
        if re.fullmatch(rf"{re.escape(folder)}/{kind}\d*\.xml", name):
            root = package.xml(name)
            lines += [f"[{kind}] {line}" for line in _blocks(root, found) if line.strip()] if root else []
    return [*dict.fromkeys(lines)]


def _styles(root: Element | None) -> dict[str, _Style]:
    """What paragraphs of each style are, with what the styles it rests on say."""
    own: dict[str, tuple[_Style, str]] = {}
    for item in root if root is not None else ():
        if local(item) != "style":
            continue
        parts = {local(child): child for child in item}
        inside = {local(child): child for child in parts.get("pPr", ())}
        name = HEADING.fullmatch(attribute(parts.get("name"), "val"))
        outline = attribute(inside.get("outlineLvl"), "val")
        level = int(name[1]) if name else int(outline) + 1 if outline in ("0", "1", "2", "3", "4", "5") else 0
        number, depth = _number(inside.get("numPr"))
        own[attribute(item, "styleId")] = (
            _Style(level, number, depth),
            attribute(parts.get("basedOn"), "val"),
        )
    found = {}
    for name_, (style, base) in own.items():
        for _ in range(20):
            if base not in own:
                break
            above, base = own[base]
            style.level = style.level or above.level
            style.number = style.number or above.number
        found[name_] = style
    return found


def _number(item: Element | None) -> tuple[str, int]:
    if item is None:
        return "", 0
    parts = {local(child): attribute(child, "val") for child in item}
    depth = parts.get("ilvl", "0")
    return parts.get("numId", ""), int(depth) if re.fullmatch(r"\d", depth) else 0


def _blocks(element: Element, found: _Document) -> Iterator[str]:
    """The lines of what holds paragraphs and tables."""
    for child in element:
        name = local(child)
        if name == "p":
            yield _paragraph(child, found)
        elif name == "tr":
            if _has(child, "trPr", "del"):
                found.deleted += 1
                continue
            yield " | ".join(_cell(cell, found) for cell in _cells(child))
        elif name == "altChunk":
            found.inserted.append(attribute(child, "id"))
        elif name == "AlternateContent":
            yield from _blocks(_choice(child), found)
        elif name not in GONE:
            yield from _blocks(child, found)
            continue
        waiting, found.waiting = found.waiting, []
        yield from waiting


def _cells(row: Element) -> Iterator[Element]:
    """The cells of a row, also of those that a form or a tracked change wraps."""
    for child in row:
        if local(child) == "tc":
            yield child
        elif local(child) not in GONE:
            yield from _cells(child)


def _cell(cell: Element, found: _Document) -> str:
    waiting, found.waiting = found.waiting, []
    text = " ".join(line.strip() for line in _blocks(cell, found) if line.strip())
    found.waiting = waiting + found.waiting
    return text.replace("\n", " ")


def _has(element: Element, *path: str) -> bool:
    at: Element | None = element
    for name in path:
        at = next((child for child in at if local(child) == name), None) if at is not None else None
    return at is not None


def _choice(element: Element) -> Element:
    """One of the ways in which the same thing is kept for newer and older readers."""
    return next((c for name in ("Choice", "Fallback") for c in element if local(c) == name), element)


def _paragraph(paragraph: Element, found: _Document) -> str:
    text = "".join(_inline(paragraph, found))
    about = next((child for child in paragraph if local(child) == "pPr"), None)
    parts = {local(child): child for child in about} if about is not None else {}
    name = attribute(parts.get("pStyle"), "val")
    style = found.styles.get(name, _Style())
    number, depth = _number(parts.get("numPr"))
    if not number:
        number, depth = style.number, depth or style.depth
    if not text.strip():
        return text
    label = found.numbering.label(number, depth) if number and number != "0" else ""
    text = f"{label} {text}" if label else text
    by_name = HEADING.fullmatch(name)
    level = style.level or (int(by_name[1]) if by_name else 0)
    return f"{'#' * level} {text}" if level else text


def _inline(element: Element, found: _Document) -> Iterator[str]:
    """The text of what stands in a paragraph. Notes, comments and text boxes wait to follow it."""
    for child in element:
        name = local(child)
        if name == "t":
            yield child.text or ""
        elif name in SIGNS:
            yield SIGNS[name]
        elif name == "sym":
            code = attribute(child, "char")
            yield chr(int(code, 16)) if re.fullmatch(r"[0-9a-fA-F]{4}", code) else ""
        elif name in ("oMath", "oMathPara"):
            yield formula(child)
        elif name in NOTES or name == "commentReference":
            found.waiting += _note(NOTES.get(name, "comment"), attribute(child, "id"), found)
        elif name == "txbxContent":
            waiting, found.waiting = found.waiting, []
            lines = [line for line in _blocks(child, found) if line.strip()]
            found.waiting = waiting + lines
        elif name == "AlternateContent":
            yield from _inline(_choice(child), found)
        elif name in ("del", "moveFrom"):
            found.deleted += any(local(e) in ("t", "delText") for e in child.iter())
        elif name == "r" and _vanished(child):
            found.hidden += any(local(e) == "t" for e in child.iter())
        elif name == "docPr" and attribute(child, "descr").strip():
            found.waiting.append(f"[image] {' '.join(attribute(child, 'descr').split())}")
        elif name not in GONE:
            yield from _inline(child, found)


def _vanished(run: Element) -> bool:
    about = next((child for child in run if local(child) == "rPr"), None)
    mark = next((c for c in about if local(c) == "vanish"), None) if about is not None else None
    return mark is not None and attribute(mark, "val") not in ("0", "false", "off")


def _note(kind: str, number: str, found: _Document) -> list[str]:
    """The lines of a note or comment, the first time it is asked for."""
    key = (kind, number)
    note = found.notes.get(key)
    if note is None or key in found.given:
        return []
    found.given.add(key)
    waiting, found.waiting = found.waiting, []
    text = " ".join(line.strip() for line in _blocks(note, found) if line.strip())
    found.waiting = waiting
    if kind == "comment":
        by, when = attribute(note, "author"), attribute(note, "date")[:10]
        label = f"comment{f' by {by}' if by else ''}{f', {when}' if when else ''}"
    else:
        found.counted[kind] = found.counted.get(kind, 0) + 1
        label = f"{kind} {found.counted[kind]}"
    return [f"[{label}] {text}"] if text else []
