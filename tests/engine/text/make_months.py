"""Write `engine/text/months.json` from the names of months that Unicode CLDR has: `python -m tests.engine.text.make_months`.

Needs babel, which takes too long to read its data for a cell to wait. A name is kept as it is compared: folded, without
the point of an abbreviation. Its month is the one that nine of ten languages with that name mean, else there are
several: "listopada" is November in Polish and October in Croatian.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages
from babel.localedata import exists

from engine.text.folding import fold

MONTHS = Path(__file__).resolve().parents[3] / "engine" / "text" / "months.json"
SHORTEST = 2  # letters of a name
AGREED = 0.9  # of the languages that have a name
REGIONAL = (
    "de_AT",
    "en_AU",
    "en_CA",
    "en_GB",
    "es_MX",
    "fr_CA",
    "fr_CH",
    "it_CH",
    "pt_PT",
    "sr_Latn",
    "uz_Cyrl",
)


def languages() -> list[str]:
    """The languages that are official somewhere and known to CLDR, and a few regions that name months otherwise."""
    official = {
        language.split("_")[0]
        for territory in get_global("territory_languages")
        for language in get_official_languages(territory, de_facto=True)
    }
    return [*sorted(filter(exists, official)), *REGIONAL]


def names(language: str) -> set[tuple[str, int]]:
    """The names of months in a language, long and short, inflected or not: (name as compared, month)."""
    months = Locale.parse(language).months
    found = set()
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for month, name in months[context][width].items():
                plain = fold(name).strip(". ")
                if len(plain) >= SHORTEST and not any(map(str.isdigit, plain)) and " " not in plain:
                    found.add((plain, month))
    return found


def table(of: Iterable[str]) -> dict[str, list[int]]:
    """The months of each name in these languages, mostly one."""
    meant: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for language in of:
        for name, month in names(language):
            meant[name][month] += 1
    return {
        name: [month] if count >= AGREED * counts.total() else sorted(counts)
        for name, counts in sorted(meant.items())
        for month, count in counts.most_common(1)
    }


if __name__ == "__main__":
    lines = (
        f"{json.dumps(name, ensure_ascii=False)}: {months}" for name, months in table(languages()).items()
    )
    MONTHS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
