"""Formulas of Office documents (OMML) on one line, as people type them: `(a)/(b)`, `x^2`, `sqrt(x)`."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from engine.documents.formats.office.package import attribute, local


def formula(element: Element) -> str:
    """The formula below an `oMath`, or any part of one, as text."""
    parts = {local(child): child for child in element}
    name = local(element)
    if name == "t":
        return element.text or ""
    if name == "f":
        return f"{_wrapped(parts.get('num'))}/{_wrapped(parts.get('den'))}"
    if name in ("sSup", "sSub", "sSubSup"):
        text = _of(parts.get("e"))
        text += f"_{_wrapped(parts.get('sub'))}" if "sub" in parts else ""
        return text + (f"^{_wrapped(parts.get('sup'))}" if "sup" in parts else "")
    if name == "rad":
        degree = _of(parts.get("deg"))
        return f"{f'root {degree} ' if degree else 'sqrt'}({_of(parts.get('e'))})"
    if name == "nary":
        sign = attribute(next(iter(element.iter(element.tag[: -len("nary")] + "chr")), None), "val") or "∫"
        low, high = _of(parts.get("sub")), _of(parts.get("sup"))
        return f"{sign}{f'_({low})' if low else ''}{f'^({high})' if high else ''} {_of(parts.get('e'))}"
    if name == "d":
        return "(" + ", ".join(_of(child) for child in element if local(child) == "e") + ")"
    if name == "m":
        return "[" + "; ".join(", ".join(map(_of, row)) for row in element if local(row) == "mr") + "]"
    return _of(element)


def _of(element: Element | None) -> str:
    return "".join(formula(child) for child in element) if element is not None else ""


def _wrapped(element: Element | None) -> str:
    text = _of(element)
    return text if len(text) < 2 or text.isalnum() else f"({text})"
