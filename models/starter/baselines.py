"""Two answers without learning, to compare the starter with: one fixed cell, and rules on keywords.

Both are functions of a node and its messages, and run through the same engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from engine.types import Message
from models.starter.wording import terms

DATE = r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{4}\b|\b\d{1,2} [A-Z][a-z]+(?: \d{4})?|\b[A-Z][a-z]+ \d{1,2}(?:, \d{4})?"
MONEY = r"(?:EUR|CHF|[€£$]) ?\d[\d,.]*(?: million)?|\d[\d,.]*(?: million)? (?:EUR|euros|dollars|pounds)"
SPAN = r"\b(?:\d+|[a-z]+) (?:working )?(?:day|week|month|year|hour|minute)s?\b"
NAME = r"(?:[A-Z][\w.&-]*\s?){2,4}"
NUMBER = r"\b\d[\d,.]*\b"
KINDS = (
    (r"\bwhen\b|\bdate\b|\bday\b|until", DATE),
    (r"how much|cost|price|paid|fee|rent|worth", MONEY),
    (r"how long|how often|period|duration", SPAN),
    (r"how many", NUMBER),
    (r"\bwho\b|whom|whose", NAME),
    (r"e-?mail", r"[\w.+-]+@[\w-]+\.[\w.]*\w"),
)


def quoted(text: str) -> str:
    """A Python literal in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def cell(*lines: str) -> str:
    return "```repl\n" + "\n".join(lines) + "\n```"


def question_of(messages: Sequence[Message]) -> str:
    """The question in a node's first message."""
    opening = next(m.content for m in messages if m.role == "user")
    return opening.rsplit("Question: ", 1)[-1].strip()


def constant(node: str, messages: Sequence[Message]) -> str:
    """Search for the whole question and give the best line, whatever was asked."""
    if not messages[-1].content.startswith("Context: "):
        return "NONE"
    return cell(
        f"hits = context.search({quoted(question_of(messages))}, 1)",
        'FINAL(hits[0].text if hits else "not in these documents", hits)',
    )


def keywords(node: str, messages: Sequence[Message]) -> str:
    """Count and list by a phrase; for look-ups take the first value of the asked type in the best line."""
    if not messages[-1].content.startswith("Context: "):
        return "NONE"
    question = question_of(messages)
    phrase = _phrase(question)
    low = question.lower()
    regex = r"(?i)\b" + r"\s+".join(map(re.escape, phrase.split()))
    if re.search(r"how many (?:\w+ ){0,3}(?:documents|files|papers|texts)|in how many", low):
        return cell(f"docs = context.matching({quoted(regex)})", "FINAL(len(docs), docs)")
    if re.search(r"how often|how many times|mentions of", low):
        return cell(f"FINAL(context.count({quoted(regex)}))")
    if re.search(r"(?:which|what|list|name|all) (?:\w+ ){0,4}(?:documents|files|papers)", low):
        return cell(
            f"docs = context.matching({quoted(regex)})", 'FINAL(docs.names or "not in these documents", docs)'
        )
    if re.match(r"(?:is|are|do|does) ", low):
        return cell(f'FINAL("yes" if context.count({quoted(regex)}) else "no")')
    kind = next((value for test, value in KINDS if re.search(test, low)), "")
    lines = [
        "import re",
        f"hits = context.search({quoted(terms(question))}, 1)",
        'line = hits[0].text if hits else ""',
    ]
    if phrase:
        lines.append(f'if not context.count({quoted(regex)}): FINAL("not in these documents")')
    lines.append(f"found = re.findall({quoted(kind)}, line)" if kind else "found = []")
    lines.append('FINAL(found[0] if found else line or "not in these documents", hits)')
    return cell(*lines)


def _phrase(question: str) -> str:
    """What is in quotes, else the longest run of capitalised words after the first, else the last words."""
    quotes = re.search(r'"([^"]+)"', question)
    if quotes:
        return quotes[1]
    runs = re.findall(r"(?<!^)\b(?:[A-Z\d][\w&.-]*)(?: (?:&|[A-Z\d][\w&.-]*))*", question)
    if runs:
        return max(runs, key=len).rstrip(".")
    return " ".join(terms(question).split()[-2:])
