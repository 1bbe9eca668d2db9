"""A question that asks several things at once, cut into questions of one thing each. Pure string work.

"What are the rent and the deposit of the Mill Row lease?" asks for "What is the rent of the Mill Row lease?" and
"What is the deposit of the Mill Row lease?".
"""

from __future__ import annotations

import re

ASKING = r"(?:what|which|who|whom|whose|when|where|how|by whom|to whom|from whom|on what|at what|in what|until when)\b"
ASKED = re.compile(rf"(?i)\b(?:{ASKING}|tell|give|show|list|name|state|find|look|need|know)")
TELLING = r"(?:i(?: would|['’]d) like to know|do you know|can you|could you|please|tell me|give me|i need|let me know)"
IDLE = re.compile(rf"(?i)(?:(?:please|and|so|hi|hello|quick question|one more thing|{TELLING})[\s,:]*)+")
CLAUSE = re.compile(
    rf"(?i)\?\s+(?:and\s+|also\s+)*(?=\S+\s+\S+\s+\S+)|(?:,?\s+and\s+(?:also\s+)?|[,;]\s+)(?={ASKING}|i would like|i need|tell me)"
)
HEAD = re.compile(
    r"(?i)^(?P<head>.*?\b(?:what(?:'s|’s|\s+(?:is|are|was|were))|(?:give|tell|show)\s+me|list|name|state|find|look\s+up|i\s+need"
    r"|(?:want|like)\s+to\s+know|let\s+me\s+know))\s+(?P<items>(?:(?:both|the|its|their|his|her)\b|[^\W\d_]).*)$"
)
WISH = re.compile(
    r"(?i)\b(?:please\s+)?(?:(?:give|tell|show)\s+me|list|name|state|find|look\s+up|i\s+need|(?:want|like)\s+to\s+know|let\s+me\s+know)$"
)
MANY = (("are", "is"), ("were", "was"))
BETWEEN = re.compile(r",\s+(?:and\s+)?(?:also\s+)?|\s+and\s+(?:also\s+)?|\s+as well as\s+|\s+plus\s+")
JOINS = re.compile(r"\s(?:of|for|in|with|at|under|on|to|by|from)\s")
BELONGS = re.compile(rf"{JOINS.pattern}(?=(?:the|our|my|an?|this)\s|[A-Z\d])")
LEANING = re.compile(r"(?i)\b(?:it|its|they|them|their)\b")
COURTESY = re.compile(r"(?i)[?.!]\s+(?:thanks|thank you|please|a short)\b[^?]*$")
THING = re.compile(
    r"(?:\b(?:of|for|in|with|at|under|on)|(?P<verb>\b(?:does|did|is|was|has|are|were)))\s+"
    r"(?P<thing>(?:the|our|my)\s+[^,?]+|[A-Z][^,?]*)|(?P<last>\b(?:the|our|my)\s+[^,?]+)$"
)
OWNER = re.compile(r"^(.+?['’]s)\s")
BEGUN = re.compile(r"(?:the|its|their|his|her|an?)\s|.*['’]s\s|[A-Z]")
NAMED = re.compile(r"(?<!^)[A-Z\d]")
PLACED = re.compile(r"\s(?:of|for|in|with|at|under|on)\s[^,]*[A-Z\d][^,]*$")
PAST = re.compile(r"(?:ed|en|wn|lt|ught|ung|ade|aid|old|ut|ost|eft|ept)$")  # of most participles
END = " ?.!"


def parts(question: str) -> list[str]:
    """The questions that a question consists of, in order; the question alone where it asks for one thing."""
    clauses = [clause.strip(END) for clause in CLAUSE.split(COURTESY.sub("", question))]
    clauses = [clause for clause in clauses if not IDLE.fullmatch(clause)]
    while len(clauses) > 1 and not ASKED.search(clauses[0]):  # "For the pump, what is ..."
        clauses[:2] = [f"{clauses[0]}, {clauses[1]}"]
    clauses = [clause for clause in clauses if len(clause.split()) > 1]
    found = [part for clause in clauses for part in _listed(_whole(clause, clauses[0]))]
    return [f"{part}?" for part in found] if len(found) > 1 else [question]


def _listed(clause: str) -> list[str]:
    """The clauses of which one stands for several: "what are A and B" is "what is A", "what is B"."""
    head = HEAD.match(clause)
    items = _items(re.sub(r"(?i)^both\s+", "", head["items"])) if head else []
    if head is None or len(items) < 2:
        return [clause]
    asks = WISH.sub("What is", head["head"])
    for many, one in MANY:
        asks = re.sub(rf"(?i)\b{many}$", one, asks)
    return [f"{asks} {item}" for item in items]


def _items(text: str) -> list[str]:
    """What a list names, each with what it shares with its neighbours: the "of ..." of the last, the owner of the first."""
    found = [""]
    at = 0
    for gap in BETWEEN.finditer(text):
        found[-1] += text[at : gap.start()]
        if _one_name(found[-1], gap[0], text[gap.end() :]):
            found[-1] += gap[0]
        else:
            found.append("")
        at = gap.end()
    found[-1] += text[at:]
    if found[0].startswith("the "):
        found = [item if BEGUN.match(item) else f"the {item}" for item in found]
    join = BELONGS.search(found[-1]) or JOINS.search(found[-1])
    owner = OWNER.match(found[0])
    if owner and not join:
        return [found[0], *(item if OWNER.match(item) else f"{owner[1]} {item}" for item in found[1:])]
    if join:
        tail = found[-1][join.start() :]
        found = [item if _placed(item, tail) else item + tail for item in found]
    return found


def _one_name(before: str, gap: str, after: str) -> bool:
    """Whether a gap stands inside a name, as in "Weber and Sons"."""
    last, first = before.split()[-1:], after.split()[:1]
    return "," not in gap and bool(last and first) and last[0][0].isupper() and first[0][0].isupper()


def _placed(item: str, tail: str) -> bool:
    """Whether an item says what it belongs to, or as much of it as the last item does."""
    return bool(JOINS.search(item)) and (bool(NAMED.search(item)) or not NAMED.search(tail))


def _whole(clause: str, first: str) -> str:
    """A clause with the thing of the first one in place of "it" or "their", or after it where it names nothing."""
    found = THING.search(first)
    if clause == first or found is None:
        return clause
    if lean := LEANING.search(clause):
        thing = _without_verb(found["thing"] or found["last"], found["verb"])
        owner = lean[0].lower() in ("its", "their")
        return clause[: lean.start()] + thing + ("'s" if owner else "") + clause[lean.end() :]
    placed = PLACED.search(first)
    return f"{clause}{placed[0]}" if placed and not NAMED.search(clause) else clause


def _without_verb(thing: str, verb: str | None) -> str:
    """A thing without the verb that follows it: "the bridge" of "was the bridge built"."""
    *words, last = thing.split()
    trailing = verb in ("does", "did") or (verb is not None and PAST.search(last))
    return " ".join(words) if words and last.islower() and trailing else thing
