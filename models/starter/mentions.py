"""Questions that count, list or confirm: mentions in all documents or in one kind of them, values of a form."""

from __future__ import annotations

import random
import re

from models.starter.episode import NOT_THERE, Episode
from models.starter.facts import fill
from models.starter.lexicon import WORDS, organisation, person
from models.starter.wording import kind_stem, pattern, reword, singular
from models.starter.worlds import World


def any_topic(rng: random.Random, world: World) -> str:
    names = [t.core for t in world.things if t.core]
    draw = rng.random()
    if draw < 0.6:
        return rng.choice(world.topics)
    if draw < 0.8 and names:
        return rng.choice(names)
    return rng.choice(
        (rng.choice(WORDS["plurals"]), person(rng), organisation(rng), rng.choice(WORDS["things"]))
    )


COUNT_DOCUMENTS = (
    "How many documents mention {s}?", "How many files talk about {s}?", "In how many documents does {s} appear?",
    "How many of the documents mention {s}?", "Count the documents that mention {s}.",
    "In how many files is {s} named?", "How many texts contain {s}?", "Number of documents with {s}?",
    "How many papers refer to {s}?", "How many documents are there about {s}?", "How many letters mention {s}?",
    "How many documents contain the words {s}?", "How many reports speak of {s}?", "How many mails mention {s}?",
    "How many documents say something about {s}?", "How many files have {s} in them?", "In how many papers do I find {s}?",
    "How many of my documents talk about {s}?", "How many notes bring up {s}?", "How many documents deal with {s}?",
    "How many files include {s}?", "In how many of the documents is {s} mentioned?",
)  # fmt: skip
COUNT_TIMES = (
    "How many times is {s} mentioned?", "How often is {s} mentioned?", "How often does {s} appear in the documents?",
    "Count how often {s} occurs.", "How many times does {s} occur?", "How many mentions of {s} are there?",
    "What is the number of mentions of {s}?", "How often do we speak of {s}?", "How many times do they name {s}?",
    "How often does the word {s} come up?", "How many times does {s} come up?", "How often do we read of {s}?",
    "How many times is the word {s} used?", "How often is {s} written?",
)  # fmt: skip
LIST_DOCUMENTS = (
    "Which documents mention {s}?", "Which files talk about {s}?", "List the documents that mention {s}.",
    "In which documents does {s} appear?", "List all files with {s}.", "Name the documents that contain {s}.",
    "What documents mention {s}?", "Show me every document about {s}.", "Where is {s} mentioned?",
    "Which of the papers refer to {s}?", "Give me a list of the files that mention {s}.",
    "In which files do we find {s}?", "Which letters mention {s}?", "Find all documents that name {s}.",
    "Which documents say something about {s}?", "Which files have {s} in them?", "Where does {s} come up?", "Where do I find {s}?",
    "Which of my documents talk about {s}?", "Which notes bring up {s}?", "Which documents deal with {s}?", "Which files include {s}?",
    "What papers do we have about {s}?", "In which papers is there something about {s}?",
)  # fmt: skip
WHETHER = (
    "Is {s} mentioned anywhere?", "Do the documents mention {s}?", "Does any document mention {s}?",
    "Is there anything about {s}?", "Do any of the files talk about {s}?", "Is {s} named in these papers?",
    "Does {s} appear in the documents?", "Can you find {s} anywhere?", "Are there documents about {s}?",
    "Does anybody mention {s}?", "Is there a document about {s}?", "Do we have anything on {s}?", "Did anyone write about {s}?",
    "Is there any mention of {s}?", "Does {s} come up anywhere?",
)  # fmt: skip


def mention(rng: random.Random, world: World) -> Episode | None:
    """Count or list what mentions a phrase, or say whether anything does."""
    act, forms = rng.choice(
        (("count documents", COUNT_DOCUMENTS), ("count times", COUNT_TIMES), ("list documents", LIST_DOCUMENTS),
         ("whether", WHETHER))
    )  # fmt: skip
    topic = any_topic(rng, world)
    quote = rng.random() < 0.12
    question = reword(rng, fill(rng, rng.choice(forms), {"s": f'"{topic}"' if quote else topic}))
    at = question.lower().find(topic.lower())
    name = singular(question[at : at + len(topic)])
    regex = re.compile(pattern(name))
    matching = [n for n, text in world.documents.items() if regex.search(text)]
    plan = {"act": act, "name": name}
    if act == "count documents":
        return Episode("count", question, len(matching), "number", plan)
    if act == "count times":
        count = sum(len(regex.findall(text)) for text in world.documents.values())
        return Episode("count", question, count, "number", plan)
    if act == "whether":
        return Episode("yes or no", question, "yes" if matching else "no", "text", plan)
    if not matching:
        return Episode("not there", question, NOT_THERE, "none", plan)
    return Episode("list", question, matching, "set", plan)


STYLE_NOUNS = {
    "minutes": ("minutes", "meeting minutes"), "mail": ("mails", "e-mails"), "log": ("log", "logs", "log files"),
    "letter": ("letters",), "report": ("reports",), "note": ("notes",), "memo": ("memos",), "chat": ("chats",),
    "contract": ("contracts",), "manual": ("manuals", "manual"), "diary": ("diary",), "form": ("forms",),
    "faq": ("faq",), "article": ("articles",),
}  # fmt: skip
COUNT_LINES = (
    "How many lines of the {d} mention {s}?", "How many lines in the {d} contain {s}?",
    "In how many lines of the {d} does {s} appear?", "Count the lines of the {d} that mention {s}.",
    "How many entries of the {d} mention {s}?", "How many lines of the {d} are about {s}?",
)  # fmt: skip
COUNT_IN_KIND = (
    "How many times does the {d} mention {s}?", "How often is {s} mentioned in the {d}?",
    "How often does {s} come up in the {d}?", "How many times is {s} named in the {d}?",
)  # fmt: skip
KIND_DOCUMENTS = (
    "How many of the {d} mention {s}?",
    "How many {d} talk about {s}?",
    "In how many {d} does {s} appear?",
)
KIND_LIST = ("Which {d} mention {s}?", "Which of the {d} talk about {s}?", "List the {d} that mention {s}.")


def mention_in_kind(rng: random.Random, world: World) -> Episode | None:
    """The same within one kind of documents, told by their names or first lines."""
    style = rng.choice(sorted(STYLE_NOUNS))
    noun = rng.choice(STYLE_NOUNS[style])
    where = kind_stem(noun)
    inside = {
        n: t for n, t in world.documents.items() if all(w in (n + t[:200]).lower() for w in where.split())
    }
    if not inside:
        return None
    topic = any_topic(rng, world)
    if rng.random() < 0.5:
        held = [
            t
            for t in (*world.topics, *(x.core for x in world.things if x.core))
            if t in "".join(inside.values())
        ]
        topic = rng.choice(held or [topic])
    acts = [("kind lines", COUNT_LINES), ("kind times", COUNT_IN_KIND)]
    if noun.endswith("s") and noun not in ("minutes",):
        acts += [("kind documents", KIND_DOCUMENTS), ("kind list", KIND_LIST)]
    act, forms = rng.choice(acts)
    question = reword(rng, fill(rng, rng.choice(forms), {"s": topic, "d": noun}))
    at = question.lower().find(topic.lower())
    name = singular(question[at : at + len(topic)])
    regex = re.compile(pattern(name))
    plan = {"act": act, "name": name, "kind": where}
    matching = [n for n, text in inside.items() if regex.search(text)]
    if act == "kind lines":
        lines = [line for text in inside.values() for line in text.split("\n") if regex.search(line)]
        return Episode("count", question, len(lines), "number", plan)
    if act == "kind times":
        return Episode("count", question, sum(len(regex.findall(t)) for t in inside.values()), "number", plan)
    if act == "kind documents":
        return Episode("count", question, len(matching), "number", plan)
    if not matching:
        return Episode("not there", question, NOT_THERE, "none", plan)
    return Episode("list", question, matching, "set", plan)


MAILS_ABOUT = (
    "List the {k} in the document about {s}.", "Which {k} stand in the text on {s}?",
    "Give me all {k} from the files that mention {s}.", "What {k} are in the documents about {s}?",
    "List the {k} in the mail about {s}.", "Collect the {k} from the papers on {s}.",
)  # fmt: skip


def values_about(rng: random.Random, world: World) -> Episode | None:
    """List everything of a form in the documents that mention a topic."""
    topic = any_topic(rng, world)
    kind = rng.choice(sorted(VALUE_KINDS))
    regex, names = VALUE_KINDS[kind]
    question = reword(rng, fill(rng, rng.choice(MAILS_ABOUT), {"k": rng.choice(names), "s": topic}))
    at = question.lower().find(topic.lower())
    name = singular(question[at : at + len(topic)])
    texts = [t for _, t in sorted(world.documents.items()) if re.search(pattern(name), t)]
    found = list(dict.fromkeys(v for t in texts for v in re.findall(regex, t)))
    plan = {"act": "values about", "regex": regex, "name": name}
    if not found:
        return Episode("not there", question, NOT_THERE, "none", plan)
    return Episode("list", question, found, "set", plan) if len(found) <= 40 else None


VALUE_KINDS = {
    "email addresses": (
        r"[\w.+-]+@[\w-]+\.[\w.-]*\w",
        ("email addresses", "e-mail addresses", "mail addresses", "emails"),
    ),
    "percentages": (r"\d[\d.,]*\s?(?:%|percent|per cent)", ("percentages", "percent values")),
    "IP addresses": (r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", ("IP addresses", "addresses of servers")),
}
LIST_VALUES = (
    "List all {k}.", "Which {k} are in the documents?", "What {k} appear in the files?", "Collect all {k}.",
    "Give me all {k}.", "Find every one of the {k}.", "Show me all the {k} you can find.", "Which {k} occur?",
)  # fmt: skip


def values(rng: random.Random, world: World) -> Episode | None:
    """List everything of a form: e-mail addresses, percentages."""
    text = "\n".join(world.documents.values())
    kind = rng.choice(sorted(VALUE_KINDS))
    regex, names = VALUE_KINDS[kind]
    found = list(dict.fromkeys(re.findall(regex, text)))
    if not 1 <= len(found) <= 40:
        return None
    question = reword(rng, fill(rng, rng.choice(LIST_VALUES), {"k": rng.choice(names)}))
    return Episode("list", question, found, "set", {"act": "values", "regex": regex})
