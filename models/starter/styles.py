"""How a list of sentences becomes a document: contract, minutes, mail, letter, report, log and so on."""

from __future__ import annotations

import random
import textwrap

from models.starter.lexicon import WORDS, date, email, organisation, person

PROSE = ("letter", "report", "note", "memo", "diary", "article")
ALL = (*PROSE, "contract", "minutes", "mail", "log", "form", "manual", "chat", "faq")
WRAPPED = 0.15
HEADINGS = (
    "Background", "Scope", "General", "Details", "Costs", "Dates", "Next steps", "Open points", "Other",
    "Summary", "Decisions", "Terms", "Duties", "People", "Remarks", "Status", "History", "Technical data",
)  # fmt: skip


def paragraphs(rng: random.Random, items: list[str], most: int = 3) -> list[str]:
    """Join sentences to paragraphs of one to `most`; label lines stay alone."""
    out: list[str] = []
    room = 0
    for item in items:
        if room > 0 and item.endswith((".", "?", "!")) and out[-1].endswith((".", "!", "?")):
            out[-1] += " " + item
            room -= 1
        else:
            out.append(item)
            room = rng.randint(0, most - 1)
    return out


def title(text: str) -> str:
    bare = text.removeprefix("the ").removeprefix("our ")
    return bare[:1].upper() + bare[1:]


def render(rng: random.Random, style: str, about: str, items: list[str]) -> str:
    """The text of one document about `about`; now and then its lines are broken at a width, as in PDFs."""
    lines = RENDERERS.get(style, _report)(rng, title(about), items)
    if rng.random() < WRAPPED:
        width = rng.randint(60, 100)
        lines = [
            part for line in lines for part in (textwrap.wrap(line, width, break_on_hyphens=False) or [""])
        ]
    return "\n".join(lines) + "\n"


def _report(rng, about: str, items: list[str]) -> list[str]:
    mark = rng.choice(("# ", "", "= "))
    out = [f"{mark}{about}", ""]
    for i, paragraph in enumerate(paragraphs(rng, items, rng.choice((1, 2, 3, 4)))):
        if mark == "# " and i % 4 == 0 and rng.random() < 0.6:
            out += [f"## {rng.choice(HEADINGS)}", ""]
        out += [paragraph, ""]
    return out


def _contract(rng, about: str, items: list[str]) -> list[str]:
    out = [rng.choice((about.upper(), f"# {about}", f"Agreement: {about}")), ""]
    out += [f"between {organisation(rng)} and {person(rng)}", ""] if rng.random() < 0.4 else []
    form = rng.choice(("{}. {}", "{}) {}", "§ {} {}", "Article {}: {}", "{}.1 {}"))
    out += [form.format(i + 1, text) for i, text in enumerate(paragraphs(rng, items, 2))]
    return out


def _minutes(rng, about: str, items: list[str]) -> list[str]:
    out = [f"Minutes: {about}", f"Date: {date(rng)}"]
    out += [f"Present: {', '.join(person(rng) for _ in range(rng.randint(2, 4)))}", ""]
    form = rng.choice(("- {1}", "{0}. {1}", "TOP {0}: {1}", "* {1}", "Item {0}. {1}"))
    return out + [form.format(i + 1, text) for i, text in enumerate(paragraphs(rng, items, 2))]


def _mail(rng, about: str, items: list[str]) -> list[str]:
    sender, reader = person(rng), person(rng)
    out = [f"From: {sender}", f"To: {reader} <{email(rng)}>", f"Date: {date(rng)}", f"Subject: {about}", ""]
    out += [rng.choice((f"Dear {reader},", "Hello,", f"Hi {reader.split()[0]},", "Good morning,")), ""]
    for paragraph in paragraphs(rng, items):
        out += [paragraph, ""]
    return [*out, rng.choice(("Best regards", "Kind regards,", "Yours", "Thanks,", "Cheers")), sender]


def _letter(rng, about: str, items: list[str]) -> list[str]:
    out = [f"{rng.choice(WORDS['towns'])}, {date(rng)}", "", f"Re: {about}", ""]
    out += [rng.choice(("Dear Sir or Madam,", f"Dear {person(rng)},", "Dear all,")), ""]
    return [*out, *paragraphs(rng, items, 4), "", "Yours sincerely", person(rng)]


def _note(rng, about: str, items: list[str]) -> list[str]:
    mark = rng.choice(("- ", "* ", "", "> ", "+ "))
    return [about, "", *(mark + text for text in items)]


def _log(rng, about: str, items: list[str]) -> list[str]:
    day = f"{rng.randint(2012, 2027)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    hour = rng.randint(0, 4)
    out = []
    for i, text in enumerate(items):
        level = rng.choice(("INFO", "INFO", "WARN", "NOTE"))
        out.append(f"{day} {min(23, hour + i // 4):02d}:{rng.randint(0, 59):02d} {level} {text}")
    return [f"Log: {about}", *out]


def _form(rng, about: str, items: list[str]) -> list[str]:
    labels = [item for item in items if ": " in item[:40] and not item.endswith(".")]
    rest = [item for item in items if item not in labels]
    out = [f"{rng.choice(('Name', 'Subject', 'Record', 'Title', 'Concerns'))}: {about}", *labels, ""]
    return [*out, *(f"Remarks: {text}" if i == 0 else text for i, text in enumerate(paragraphs(rng, rest)))]


def _manual(rng, about: str, items: list[str]) -> list[str]:
    out = [f"{about}: instructions" if rng.random() < 0.5 else f"# {about}", ""]
    return out + [
        f"{i + 1}. {text}" if rng.random() < 0.8 else f"Note: {text}" for i, text in enumerate(items)
    ]


def _chat(rng, about: str, items: list[str]) -> list[str]:
    people = [person(rng).split()[0] for _ in range(3)]
    return [f"[{about}]", *(f"{rng.choice(people)}: {text}" for text in items)]


def _faq(rng, about: str, items: list[str]) -> list[str]:
    out = [about, ""]
    for i, text in enumerate(paragraphs(rng, items, 2)):
        out += [f"{i + 1}. {rng.choice(HEADINGS)}", text, ""]
    return out


def _diary(rng, about: str, items: list[str]) -> list[str]:
    out = [about]
    for text in paragraphs(rng, items, 3):
        out += ["", f"{date(rng)}:", text] if rng.random() < 0.4 else [text]
    return out


RENDERERS = {
    "contract": _contract, "minutes": _minutes, "mail": _mail, "letter": _letter, "note": _note, "log": _log,
    "form": _form, "manual": _manual, "chat": _chat, "faq": _faq, "diary": _diary,
}  # fmt: skip
