"""The cells that the starter knows by heart: one per kind of question. Code does the copying and the deciding.

A model this small chooses well and copies badly. So what it writes is a choice: which form the value has, and what a
line that states it may say. The words of the question come from the variable `question`.
"""

from __future__ import annotations

AMOUNTS = "amount|total|price|cost|sum|paid|value"  # what a column of money is called
DAYS = "date|day|year|when|since"
PIECES = "quantity|number of pieces|pieces|count|stock|number"
NOT_THERE = "not in these documents"

# The form of a value by its type in the lexicon; types that are missing are phrases without a form.
FORM_OF_TYPE = {
    "person": "name", "org": "name", "town": "name", "pet": "name", "email": "email", "date": "date", "money": "money",
    "duration": "duration", "leave": "duration", "percent": "percent", "time": "time", "phone": "phone", "code": "code", "ip": "address",
    "measure": "measure", "temp": "measure", "pressure": "measure", "distance": "measure", "area": "measure",
    "consumption": "measure", "depth": "measure", "year": "year", "number": "number", "platform": "number",
    "version": "version", "weekday": "weekday", "address": "street",
}  # fmt: skip

_NAMED = "name = context.phrase(question)\n"
_KIND = "docs = context.kind(question)\n"
_LABELS = r"""lines = context.kind(question).grep(r"\S.*", None)
found = map_query(question, lines)
"""


def look_up(form: str, about: str) -> str:
    """Finish with the value of a form that is nearest to the question. The choices of the model stand first."""
    return f'''found = context.nearest("{form}", question, "{about}")
FINAL(found[0].match, found[0]) if found else FINAL("{NOT_THERE}")'''


CELLS: dict[str, str] = {
    "line": f'hits = context.search(question, 1)\nFINAL(hits[0].text, hits) if hits else FINAL("{NOT_THERE}")',
    "count documents": _NAMED + "docs = context.matching(name)\nFINAL(len(docs), docs)",
    "count times": _NAMED + "hits = context.grep(name, None)\nFINAL(len(hits), hits[:20])",
    "list documents": _NAMED + f'docs = context.matching(name)\nFINAL(docs.names or "{NOT_THERE}", docs)',
    "whether": _NAMED + 'docs = context.matching(name)\nFINAL("yes" if len(docs) else "no", docs)',
    "count in kind": _NAMED + _KIND + "hits = docs.grep(name, None)\nFINAL(len(hits), hits[:20])",
    "count lines in kind": _NAMED
    + _KIND
    + "hits = {(h.id, h.line): h for h in docs.grep(name, None)}\nFINAL(len(hits), [*hits.values()][:20])",
    "count kind": _NAMED + _KIND + "docs = docs.matching(name)\nFINAL(len(docs), docs)",
    "list kind": _NAMED + _KIND + f'docs = docs.matching(name)\nFINAL(docs.names or "{NOT_THERE}", docs)',
    "list ids": f"""hits = [h for line in context.entries(question) for h in line.text.values("code")[:1]]
FINAL([h.match for h in hits] or "{NOT_THERE}", hits)""",
    "count lines": _NAMED
    + "hits = {(h.id, h.line): h for h in context.grep(name, None)}\nFINAL(len(hits), [*hits.values()][:20])",
    "read": f"""hits = context.search(question, 4)
found = map_query(question, hits)
told = [(a, h) for a, h in zip(found, hits) if a != "NONE"]
FINAL(*told[0]) if told else FINAL("{NOT_THERE}")""",
    "count entries": "hits = context.entries(question)\nFINAL(len(hits), hits[:20])",
    "parts": """parts = context.parts(question)
found = rlm_query_batched(parts, [context] * len(parts))
FINAL({p[:-1]: a for p, a in zip(parts, found)})""",
    "labels count": _LABELS
    + """hits = [h for h, a in zip(lines, found) if a == "yes"]
FINAL(len(hits), hits[:20])""",
    "labels list": _LABELS
    + f"""hits = [h for h, a in zip(lines, found) if a == "yes"]
FINAL("\\n".join(h.text for h in hits) or "{NOT_THERE}", hits)""",
    "labels split": _LABELS
    + f"""counts = {{a: found.count(a) for a in found if a != "NONE"}}
FINAL(counts or "{NOT_THERE}", lines[:20])""",
    "each": _KIND
    + f"""found = rlm_query_batched(question, docs)
pairs = {{d.name: a for d, a in zip(docs, found) if a != "{NOT_THERE}"}}
FINAL(pairs or "{NOT_THERE}")""",
}


PLACES = {
    "all": "context",
    "about": "context.matching(context.phrase(question))",
    "kind": "context.kind(question)",
}


def list_values(form: str, place: str) -> str:
    """List every value of a form: in "all" documents, in those that speak of a phrase, or in those of a "kind"."""
    return f'''form, docs = "{form}", {PLACES[place]}
hits = docs.values(form)
FINAL(list(dict.fromkeys(h.match for h in hits)) or "{NOT_THERE}", hits)'''


def several_values(form: str, about: str) -> str:
    """Finish with all values of a form in the line that is nearest to the question."""
    return f'''hits = context.nearest_all("{form}", question, "{about}")
FINAL([h.match for h in hits] or "{NOT_THERE}", hits)'''


def ask_lines(form: str, about: str) -> str:
    """Ask a sub-call whether the best line of each document of a kind says it; the value itself is cut out by code."""
    return f'''docs = context.kind(question)
hits = [h for d in docs for h in d.nearest("{form}", question, "{about}", 1)]
found = map_query(question, hits)
pairs = {{h.name: h.match for h, a in zip(hits, found) if a != "NONE"}}
FINAL(pairs or "{NOT_THERE}", hits)'''


def extreme(form: str, about: str, upper: bool, which: bool) -> str:
    """Finish with the largest or smallest value over the documents of a kind, or with the document that has it."""
    return f'''at, docs = {-1 if upper else 0}, context.kind(question)
hits = docs.nearest_each("{form}", question, "{about}").ranked()
FINAL(hits[at].{"name" if which else "match"}, hits[at]) if hits else FINAL("{NOT_THERE}")'''


def total(form: str, about: str) -> str:
    """Finish with the sum of a value over the documents of a kind."""
    return f'''hits = context.kind(question).nearest_each("{form}", question, "{about}").ranked()
FINAL(round(sum(h.number for h in hits), 2), hits) if hits else FINAL("{NOT_THERE}")'''


def compare(form: str, about: str, upper: bool) -> str:
    """Finish with the one of two things that has more, or less. The choice stands first, next to the question."""
    return f'''pick, pair = {"max" if upper else "min"}, context.pair(question)
hits = [h for name in pair for h in context.nearest("{form}", name, "{about}", 1)]
FINAL(pair[hits.index(pick(hits, key=lambda h: h.number or 0))], hits) if len(hits) == 2 else FINAL("{NOT_THERE}")'''


def two_sets(without: bool, count: bool) -> str:
    """Finish with the documents that hold one phrase and the other, or not the other."""
    docs = f"""a, b = map(context.phrase, context.pair(question))
docs = context.matching(a) {"-" if without else "&"} context.matching(b)
"""
    return docs + ("FINAL(len(docs), docs)" if count else f'FINAL(docs.names or "{NOT_THERE}", docs)')


def distinct(form: str, place: str = "all") -> str:
    """Finish with how many different values of a form there are, in all documents or in those of a "kind"."""
    return f'''form, docs = "{form}", {PLACES[place]}
hits = docs.values(form)
FINAL(len({{h.match for h in hits}}), hits[:20])'''


def two_steps(near: str, form: str, far: str) -> str:
    """Look up who it is, then a property of that person."""
    return f'''who = context.nearest("name", question, "{near}")
found = context.nearest("{form}", who[0].match, "{far}") if who else []
FINAL(found[0].match, found[0]) if found else FINAL("{NOT_THERE}")'''


def follow_up(lean: str, form: str, about: str) -> str:
    """Answer with what the exchange before it names: its thing, its answer, its phrase; or, for "other", like it."""
    if lean == "which":
        return f"""name = context.phrase(earlier[-1][0])
docs = context.matching(name)
FINAL(docs.names or "{NOT_THERE}", docs)"""
    if lean == "other":
        return look_up(form, about)
    known = "earlier[-1][1]" if lean == "person" else 'f"{earlier[-1][0]} {question}"'
    return f'''found = context.nearest("{form}", {known}, "{about}")
FINAL(found[0].match, found[0]) if found else FINAL("{NOT_THERE}")'''


def row(about: str, named: bool, upper: bool) -> str:
    """Finish with what the question asks of the row that has most, or least, in a column: its name, its number."""
    rows = "context.entries(question)" if named else '""'
    return f'''which, rows = {-1 if upper else 0}, {rows}
hits = context.kind(question).column("{about}", rows).ranked()
FINAL(hits[which].field(question), hits[which]) if hits else FINAL("{NOT_THERE}")'''


def column(about: str, named: bool, end: str) -> str:
    """Reckon over a column of CSV rows, those that hold the phrase in question or all: "sum", "max" or "min"."""
    rows = "context.entries(question)" if named else '""'
    last = "round(sum(h.number for h in hits), 2), hits[:20]" if end == "sum" else "hits[at].match, hits[at]"
    at = {"sum": "None", "max": "-1", "min": "0"}[end]
    return f'''at, rows = {at}, {rows}
hits = context.kind(question).column("{about}", rows).ranked()
FINAL({last}) if hits else FINAL("{NOT_THERE}")'''
