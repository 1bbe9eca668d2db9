"""The cells that the starter knows by heart: one per kind of question. Code does the copying and the deciding.

A model this small chooses well and copies badly. So the words of the question come from the variable `question`,
values are cut out of the hits by a pattern for their form, and "not there" is decided by counting how many words
of the question a line lacks.
"""

from __future__ import annotations

NOT_THERE = "not in these documents"

# Forms of values, in the order in which a value is tried.
FORMS: dict[str, str] = {
    "email": r"[\w.+-]+@[\w-]+\.[\w.-]*\w",
    "date": r"\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}-\d\d-\d\d|[A-Z][a-z]+ \d{1,2}, \d{4}|\d\d?[./]\d\d?[./]\d{4}",
    "money": r"[$€£] ?\d[\d.,]*\d|\d[\d.,]* (?:euros?|dollars|pounds|crowns|francs|EUR|USD|GBP)",
    "duration": r"(?:\d+|(?:twenty-|thirty-)?[a-z]+) (?:working )?(?:minutes|hours|days|weeks|months|years)\b",
    "percent": r"\d[\d.,]* ?(?:%|percent|per cent)",
    "time": r"\b\d{1,2}[:.]\d\d(?: [ap]\.?m\.?)?",
    "code": r"\b[A-Z]+[\w/]*-?\d[\w/-]*",
    "phone": r"\+?\d[\d /-]{6,}\d",
    "name": r"(?:[A-Z][\w.'’-]+ )+(?:(?:of|and|de|van|&) )?[A-Z][\w'’-]+|[A-Z][\w'’-]+",
    "number": r"\d[\d.,]*\d|\d",
}

_LINES = r"""import re
hits = context.search(question, 6)
words = {w[:5] for w in re.findall(r"[a-z]{4,}", question.lower())}
words -= {"what", "when", "where", "which", "many", "much", "long", "does", "have", "were", "each", "pleas", "tell"}
def misses(h):
    return sum(w not in (h.text + h.name).lower() for w in words)
hits = sorted((h for h in hits if misses(h) <= len(words) / 3), key=misses)
"""
_NAMED = r"""import re
strong = r"(?i).*\b(?:mention\w*|about|contain\w*|refer\w* to|speak of|marked|from|named?)\s+(?:the |an? )?(.+?)\W*$"
weak = r"(?i).*?\b(?:of|on|with|is|does|by|in)\s+(?:the |an? )?(.+?)(?: mentioned| appear\w*| occurs?| named)?\W*$"
name = (re.search(strong, question) or re.search(weak, question))[1]
name = r"(?i)\b" + re.escape(name)
"""
_KIND = r"""words = {w[:5] for w in re.findall(r"[a-z]{4,}", question.lower())}
def alike(d):
    return sum(w in d.name.lower() for w in words)
most = max(map(alike, context))
docs = context.select([d for d in context if alike(d) == most])
"""


def look_up(form: str) -> str:
    """Finish with the first value of a form in the lines that hold the words of the question.

    The form stands first: it is what the model decides, the rest is the same for all.
    """
    return (
        f'form = r"{FORMS[form]}"\n'
        + _LINES
        + f"""found = [(m, h) for h in hits for m in re.findall(form, h.text) if m.lower() not in question.lower()]
FINAL(*found[0]) if found else FINAL("{NOT_THERE}")"""
    )


CELLS: dict[str, str] = {
    **{form: look_up(form) for form in FORMS},
    "line": "form = None\n" + _LINES + f'FINAL(hits[0].text, hits[0]) if hits else FINAL("{NOT_THERE}")',
    "count documents": _NAMED + "docs = context.matching(name)\nFINAL(len(docs), docs)",
    "count times": _NAMED + "hits = context.grep(name, None)\nFINAL(len(hits), hits[:20])",
    "list documents": _NAMED + f'docs = context.matching(name)\nFINAL(docs.names or "{NOT_THERE}", docs)',
    "whether": _NAMED + 'docs = context.matching(name)\nFINAL("yes" if len(docs) else "no", docs)',
    "count in kind": _NAMED + _KIND + "hits = docs.grep(name, None)\nFINAL(len(hits), hits[:20])",
    "list ids": _NAMED
    + f"""ids = [(re.search(r"{FORMS["code"]}", h.text), h) for h in context.grep(name, None)]
ids = [(m[0], h) for m, h in ids if m]
FINAL([m for m, h in ids] or "{NOT_THERE}", [h for m, h in ids])""",
    "list emails": _NAMED.removesuffix('name = r"(?i)\\b" + re.escape(name)\n')
    + f"""doc = context.document(context.search(name, 1)[0].name)
hits = doc.grep(r"{FORMS["email"]}", None)
FINAL(list(dict.fromkeys(h.match for h in hits)) or "{NOT_THERE}", hits)""",
    "each": "import re\n"
    + _KIND
    + f"""found = rlm_query_batched(question, docs)
pairs = {{d.name: a for d, a in zip(docs, found) if a != "{NOT_THERE}"}}
FINAL(pairs or "{NOT_THERE}")""",
}
