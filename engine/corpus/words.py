"""Words as they are compared: English inflection put aside, so that "pays", "paid" and "pay" are one. Pure string work."""

from __future__ import annotations

import re

STEM = 5  # letters by which two words are the same
WORD = re.compile(r"[^\W_]+")
VOWEL = re.compile("[aeiouy]")
ENDING = re.compile(r"(?:ies|ied|ing|ed|es|(?<!s)s|ly)$")
ISO_DATE = re.compile(r"\b\d{4}-(0[1-9]|1[0-2])-(\d\d)\b")
MONTHS = "january february march april may june july august september october november december".split()
LEAST = 3  # letters that must be left when an ending is cut off

# Verbs whose past has another beginning, the plain form first.
_IRREGULAR = """begin began begun|break broke broken|bring brought|build built|buy bought|catch caught|choose chose chosen
come came|do did done|draw drew drawn|drive drove driven|eat ate eaten|fall fell fallen|feel felt|find found|fly flew flown
get got gotten|give gave given|go went gone|grow grew grown|hear heard|hold held|keep kept|know knew known|lay laid
lead led|leave left|lend lent|lose lost|make made|meet met|pay paid|ring rang rung|rise rose risen|run ran|say said
see saw seen|sell sold|send sent|show showed shown|sing sang sung|sit sat|speak spoke spoken|spend spent|stand stood
steal stole stolen|strike struck|swim swam swum|take took taken|teach taught|tell told|think thought|throw threw thrown
use used uses using|wear wore worn|win won|write wrote written|child children|man men|woman women|foot feet"""
_KIN = [row.split() for row in re.split(r"[|\n]", _IRREGULAR)]
_PLAIN = {form: row[0] for row in _KIN for form in row}
_FORMS = {row[0]: row for row in _KIN}


def stem(word: str) -> str:
    """The beginning by which a word is known, in lower case and without its ending; numbers and codes are kept whole."""
    word = word.lower()
    if any(c.isdigit() for c in word):
        return word
    word = _PLAIN.get(word, word)
    found = ENDING.search(word)
    if found:
        rest = word[: found.start()]
        enough = len(rest) >= LEAST + (found[0] == "ly") and VOWEL.search(rest) and not rest.endswith("e")
        if enough and found[0] in ("ies", "ied"):
            word = rest + "y"
        elif enough:
            doubled = found[0] in ("ing", "ed") and rest[-1] == rest[-2] and rest[-1] not in "ls"
            word = rest[:-1] if doubled else rest
            word = _PLAIN.get(word, word)
        elif len(word) > LEAST and (found[0] in ("es", "s") or rest[-1:] == "e"):
            word = word[:-1]  # leases, agreed
    if len(word) > LEAST and word.endswith("e"):
        word = word[:-1]
    return word[:STEM]


def stems(text: str) -> set[str]:
    """The stems of all words of a text; of 2031-05-03 also those of "3 May"."""
    found = {stem(w) for w in WORD.findall(text)}
    for month, day in ISO_DATE.findall(text):
        found |= {stem(MONTHS[int(month) - 1]), str(int(day))}
    return found


def other_forms(text: str) -> list[str]:
    """The other forms of the irregular words of a text: of "who bought it", "buy"."""
    found = (_PLAIN.get(w) for w in dict.fromkeys(map(str.lower, WORD.findall(text))))
    held = set(text.lower().split())
    return [form for plain in found if plain for form in _FORMS[plain] if form not in held]
