"""Settings below names of sections (INI and its kin): what tells them from other text. They are stored as they stand."""

from __future__ import annotations

import re

from engine.text.passages import SECTION

SUFFIXES = (".ini", ".cfg", ".conf", ".cnf", ".inf", ".toml", ".reg")
HEAD = 30_000  # characters at the beginning that are looked at
SETTING = re.compile(r"[^\s\[\]=#;][^=]*=")
NEITHER = re.compile(r"\s|[#;]|\Z")  # begins a line that goes on, a comment, an empty line
FEW = 0.1  # largest share of lines of other kinds


def is_ini(text: str, suffix: str) -> bool:
    """Whether a text has lines that name a section (`[mail]`), among settings (`port = 25`) or by its name."""
    head = text[:HEAD]
    if "[" not in head or SECTION.search(head) is None:
        return False
    if suffix in SUFFIXES:
        return True
    sections = settings = others = 0
    for line in head.split("\n"):
        if SECTION.match(line):
            sections += 1
        elif SETTING.match(line):
            settings += 1
        elif not NEITHER.match(line):
            others += 1
    return settings > 0 and others <= FEW * (sections + settings)
