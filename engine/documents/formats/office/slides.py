"""Text of PowerPoint files (.pptx), a slide a page: shapes, tables, charts, speaker notes and comments."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from engine.documents.formats.office.formulas import formula
from engine.documents.formats.office.package import Package, attribute, local

TITLES = ("title", "ctrTitle")
LEFT_OUT = ("sldNum", "sldImg")  # placeholders without words of their own


def parse_slides(package: Package) -> tuple[list[str], list[str]]:
    """Return the text of each slide, in the order they are shown, and notices. Raises what `package.DAMAGE` names."""
    main = "ppt/presentation.xml"
    root = package.xml(main)
    if root is None:
        raise ValueError("no presentation")
    related = package.relations(main)
    ids = [item for item in root.iter() if local(item) == "sldId"]
    names = [related.get(_related(item), ("", ""))[1] for item in ids]
    pages, hidden = [], []
    authors = _authors(package)
    for number, name in enumerate(names, 1):
        slide = package.xml(name)
        if slide is None:
            pages.append("")
            continue
        lines = [*_shapes(slide, package, package.relations(name))]
        if attribute(slide, "show") in ("0", "false"):
            hidden.append(number)
            lines.insert(0, "[hidden slide]")
        for kind, target in sorted(package.relations(name).values()):
            if kind == "notesSlide" and (notes := package.xml(target)) is not None:
                lines += [f"[speaker notes] {line}" for line in _shapes(notes, package, {}) if line.strip()]
            elif kind == "comments" and (comments := package.xml(target)) is not None:
                lines += _comments(comments, authors)
        pages.append("\n".join(lines))
    notices = [f"slides that are hidden: {', '.join(map(str, hidden[:30]))}"] if hidden else []
    if pages and (properties := package.properties()):
        pages[-1] = f"{pages[-1]}\n\n{properties}".lstrip()
    return pages, notices


def _related(item: Element) -> str:
    return next((value for key, value in item.attrib.items() if key.endswith("}id")), "")


def _shapes(element: Element, package: Package, related: dict[str, tuple[str, str]]) -> Iterator[str]:
    """The lines of the shapes below an element, in the order in which they are read aloud."""
    for child in element:
        name = local(child)
        if name == "sp":
            place = next((e for e in child.iter() if local(e) == "ph"), None)
            kind = attribute(place, "type")
            if kind in LEFT_OUT:
                continue
            lines = [line for e in child.iter() if local(e) == "p" and (line := _text(e)).strip()]
            yield from (f"# {line}" for line in lines) if kind in TITLES else lines
        elif name == "tr":
            cells = [cell for cell in child if local(cell) == "tc"]
            yield " | ".join(
                " ".join(_text(e).strip() for e in cell.iter() if local(e) == "p").strip() for cell in cells
            )
        elif name == "AlternateContent":
            chosen = next((c for kind in ("Choice", "Fallback") for c in child if local(c) == kind), child)
            yield from _shapes(chosen, package, related)
        elif name == "chart":
            yield from _chart(package.xml(related.get(_related(child), ("", ""))[1]))
        elif name == "relIds":
            drawn = package.xml(related.get(attribute(child, "dm"), ("", ""))[1])
            yield from (line for e in _all(drawn) if local(e) == "p" and (line := _text(e)).strip())
        elif name == "cNvPr" and attribute(child, "descr").strip() and local(element) == "nvPicPr":
            yield f"[image] {' '.join(attribute(child, 'descr').split())}"
        else:
            yield from _shapes(child, package, related)


def _all(element: Element | None) -> Iterator[Element]:
    return element.iter() if element is not None else iter(())


def _text(paragraph: Element) -> str:
    """The text of one paragraph, formulas on their line."""
    parts: list[str] = []
    for child in paragraph:
        name = local(child)
        if name == "t":
            parts.append(child.text or "")
        elif name == "br":
            parts.append("\n")
        elif name == "oMath":
            parts.append(formula(child))
        elif name == "AlternateContent":
            parts.append(
                _text(next((c for kind in ("Choice", "Fallback") for c in child if local(c) == kind), child))
            )
        else:
            parts.append(_text(child))
    return "".join(parts)


def _chart(root: Element | None) -> Iterator[str]:
    """A line for each series of a chart: its name, then its values by category."""
    for series in (e for e in _all(root) if local(e) == "ser"):
        parts = {local(child): child for child in series}
        title = "".join(e.text or "" for e in _all(parts.get("tx")) if local(e) in ("v", "t"))
        names, values = (
            [e.text or "" for e in _all(parts.get(first, parts.get(second))) if local(e) == "v"]
            for first, second in (("cat", "xVal"), ("val", "yVal"))
        )
        pairs = [f"{a}: {b}" for a, b in zip(names, values, strict=False)] if names else values
        yield f"[chart] {f'{title}: ' if title else ''}{', '.join(pairs)}"


def _authors(package: Package) -> dict[str, str]:
    found = {}
    for name in ("ppt/commentAuthors.xml", "ppt/authors.xml"):
        for item in _all(package.xml(name)):
            found[attribute(item, "id")] = attribute(item, "name")
    return found


def _comments(root: Element, authors: dict[str, str]) -> Iterator[str]:
    for item in root:
        if local(item) == "cm":
            text = "".join(e.text or "" for e in item.iter() if local(e) in ("text", "t"))
            by = authors.get(attribute(item, "authorId"), "")
            yield f"[comment{f' by {by}' if by else ''}] {' '.join(text.split())}"
