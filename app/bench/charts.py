"""Charts of the bench as drawings: how many answers are right, and tokens for each question, against length (log)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from app.text.elements import Tree, el
from engine.types import Json

WIDTH, HEIGHT = 420, 190
LEFT, RIGHT, TOP, BOTTOM = 40, 10, 10, 34  # what is left free around the lines
WIDE, TALL = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
# Each way has a shape of its own, so that colour alone tells nothing; what has none here is a dot.
SHAPES: dict[str, list[tuple[float, float]]] = {
    "direct": [(-4, -4), (4, -4), (4, 4), (-4, 4)],
    "retrieval": [(0, -5), (5, 4), (-5, 4)],
    "compaction": [(0, -5.5), (5, 0), (0, 5.5), (-5, 0)],
    "rlm-0": [(0, 5), (5, -4), (-5, -4)],
    "rlm-2": [(-5, -2), (0, -5), (5, -2), (3, 4), (-3, 4)],
}


@dataclass(frozen=True)
class Scale:
    """Of a chart: its highest value and its ticks, as they stand on the axis, and what a row has on it."""

    caption: str
    label: str
    highest: float
    ticks: list[float]
    words: Callable[[float], str]  # of a tick
    value: Callable[[Json], float]
    bars: bool  # the 95 % interval of each value is drawn


def legend(methods: list[str]) -> Tree:
    """What each colour and mark stands for."""
    return el(
        "ul",
        {"class": "bench-legend small"},
        *(
            el(
                "li",
                None,
                el(
                    "svg",
                    {"viewBox": "0 0 22 12", "class": f"m-{name}", "aria-hidden": "true"},
                    el("line", {"class": "bench-line", "x1": 0, "x2": 22, "y1": 6, "y2": 6}),
                    _mark(name, 11, 6),
                ),
                name,
            )
            for name in methods
        ),
    )


def charts(suite: str, about: str, rows: list[Json], methods: list[str]) -> Tree:
    """The two charts of one suite. `rows` are those of `engine.bench.results` that belong to it."""
    decades = math.ceil(math.log10(max(10, *(row["tokens"] for row in rows))))
    scales = [
        Scale(
            "right, %",
            f"{suite}: answers that are right, by length and way; the figures are in the table below",
            1,
            [0, 0.25, 0.5, 0.75, 1],
            lambda share: f"{100 * share:g}",
            lambda row: row["accuracy"],
            bars=True,
        ),
        Scale(
            "tokens for each question",
            f"{suite}: tokens read and written for each question; the figures are in the table below",
            decades,
            [*range(decades + 1)],
            _power,
            lambda row: math.log10(max(1, row["tokens"])),
            bars=False,
        ),
    ]
    return el(
        "div",
        {"class": "bench-suite"},
        el("h3", None, suite, about and el("span", {"class": "muted small"}, f" {about}")),
        el("div", {"class": "bench-charts"}, *(_figure(scale, rows, methods) for scale in scales)),
    )


def _power(exponent: float) -> str:
    """1, 10, 100, 1k ... as the axis of tokens has them."""
    thousands, rest = divmod(round(exponent), 3)
    return f"{10**rest}{('', 'k', 'M', 'G')[thousands]}"


def _figure(scale: Scale, rows: list[Json], methods: list[str]) -> Tree:
    lengths = sorted({row["windows"] for row in rows})
    low, high = math.log(lengths[0]), math.log(lengths[-1])

    def x(windows: float) -> float:
        return round(LEFT + ((math.log(windows) - low) / (high - low) if high > low else 0.5) * WIDE, 2)

    def y(value: float) -> float:
        return round(TOP + (1 - min(scale.highest, value) / scale.highest) * TALL, 2)

    def text(words: str, at: float, down: float, anchor: str = "middle") -> Tree:
        return el("text", {"x": at, "y": down, "text-anchor": anchor}, words)

    def grid(tick: float) -> list[Tree]:
        line = {"class": "bench-grid", "x1": LEFT, "x2": WIDTH - RIGHT, "y1": y(tick), "y2": y(tick)}
        return [el("line", line), text(scale.words(tick), LEFT - 7, y(tick) + 4, "end")]

    def way(name: str, aside: float) -> Tree:
        mine = [row for row in rows if row["method"] == name]
        places = [(x(row["windows"]), y(scale.value(row))) for row in mine]
        bars = [
            el("line", {"class": "bench-bar", "x1": at, "x2": at, "y1": y(row["low"]), "y2": y(row["high"])})
            for row, (at, _) in zip(mine, places, strict=True)
        ]
        return el(
            "g",
            {"class": f"m-{name}", **({"transform": f"translate({aside:g} 0)"} if scale.bars else {})},
            *(bars if scale.bars else []),
            el("polyline", {"class": "bench-line", "points": _points(places)}),
            *(_mark(name, *place) for place in places),
        )

    seen = [name for name in methods if any(row["method"] == name for row in rows)]
    drawing = el(
        "svg",
        {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-label": scale.label},
        *(part for tick in scale.ticks for part in grid(tick)),
        *(text(f"{windows:g}×", x(windows), HEIGHT - BOTTOM + 18) for windows in lengths),
        text("length of the text, in windows", LEFT + WIDE / 2, HEIGHT - BOTTOM + 33),
        *(way(name, (i - (len(seen) - 1) / 2) * 3) for i, name in enumerate(seen)),
    )
    return el("figure", None, el("figcaption", None, scale.caption), drawing)


def _mark(name: str, x: float, y: float) -> Tree:
    if name not in SHAPES:
        return el("circle", {"class": "bench-mark", "cx": x, "cy": y, "r": 4.5})
    return el(
        "polygon", {"class": "bench-mark", "points": _points([(x + a, y + b) for a, b in SHAPES[name]])}
    )


def _points(places: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)
