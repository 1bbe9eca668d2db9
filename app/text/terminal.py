"""Text of a terminal as elements: its colours kept, lines that were written over shown as they ended. Pure."""

from __future__ import annotations

import re

from app.text.elements import Tree, el

# One escape sequence that sets colours; all others stay visible.
_COLOURS = re.compile("\x1b\\[([0-9;:]{0,80})m")
_WAYS = ("bold", "dim", "italic", "underline")
_SWITCHES: dict[int, tuple[str, int | None]] = {
    **{1: ("bold", 1), 2: ("dim", 1), 3: ("italic", 1), 4: ("underline", 1), 7: ("inverse", 1)},
    **{
        23: ("italic", None),
        24: ("underline", None),
        27: ("inverse", None),
        39: ("ink", None),
        49: ("paper", None),
    },
    **{code: ("ink", code - 30) for code in range(30, 38)},
    **{code: ("ink", code - 82) for code in range(90, 98)},
    **{code: ("paper", code - 40) for code in range(40, 48)},
    **{code: ("paper", code - 92) for code in range(100, 108)},
}
_LEVELS = (0, 95, 135, 175, 215, 255)

Style = dict[
    str, int | str
]  # "ink" and "paper" are one of 16 colours of the page or "rgb(...)", the others are set or not


def overwritten(text: str) -> str:
    """What a terminal shows of a stream: a carriage return begins the line again."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def coloured(text: str, style: Style) -> list[Tree]:
    """A text with colours as elements. `style` is what holds at its beginning, and is left as it is at its end."""
    made: list[Tree] = []
    at = 0
    for found in _COLOURS.finditer(text):
        made += _dressed(text[at : found.start()], style)
        _change(style, [int(code or 0) for code in re.split("[;:]", found[1])])
        at = found.end()
    return [*made, *_dressed(text[at:], style)]


def uncut(text: str, end: int) -> int:
    """The same place in a text, or behind the sequence for colours that it is within."""
    start = text.rfind("\x1b", max(0, end - 90), end)
    found = _COLOURS.match(text, start) if start >= 0 else None
    return max(end, found.end()) if found else end


def _dressed(text: str, style: Style) -> list[Tree]:
    if not text or not style:
        return [text] if text else []
    ink, paper = style.get("ink"), style.get("paper")
    if "inverse" in style:
        ink, paper = (other if other is not None else "inverse" for other in (paper, ink))
    names = [name for name in _WAYS if name in style]
    exact: dict[str, str] = {}
    for name, attribute, colour in (("ink", "color", ink), ("paper", "background-color", paper)):
        if isinstance(colour, str) and colour.startswith("rgb"):
            exact[attribute] = colour
        elif colour is not None:
            names.append(f"{name}-{colour}")
    return [el("span", {"class": " ".join(names), "style": exact}, text)]


def _change(style: Style, codes: list[int]) -> None:
    """Take the codes of one sequence; those that are not known are passed over."""
    while codes:
        code = codes.pop(0)
        if code == 0:
            style.clear()
        elif code == 22:
            style.pop("bold", None)
            style.pop("dim", None)
        elif code in (38, 48):
            _set(style, "ink" if code == 38 else "paper", _extended(codes))
        elif code in _SWITCHES:
            _set(style, *_SWITCHES[code])


def _set(style: Style, name: str, value: int | str | None) -> None:
    if value is None:
        style.pop(name, None)
    else:
        style[name] = value


def _extended(codes: list[int]) -> int | str | None:
    """The colour after 38 or 48: 5;n of a palette of 256, or 2;r;g;b. Takes its codes away."""

    def byte() -> int:
        return min(255, codes.pop(0)) if codes else 0

    way = codes.pop(0) if codes else None
    if way == 2:
        return f"rgb({byte()}, {byte()}, {byte()})"
    if way != 5:
        return None
    index = byte()
    if index < 16:
        return index
    if index > 231:
        return f"rgb({', '.join([str(8 + 10 * (index - 232))] * 3)})"
    parts = (_LEVELS[(index - 16) // weight % 6] for weight in (36, 6, 1))
    return f"rgb({', '.join(map(str, parts))})"
