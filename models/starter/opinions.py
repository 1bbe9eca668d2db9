"""Lines that need a label each: opinions, of which a question asks how many are of a mood or about a topic.

No line holds a word of the question, so that each is read by a sub-call; code counts what the sub-calls said.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from engine.kernel.toolbox import PIECE_PROMPT
from models.starter.episode import Episode
from models.starter.facts import fill
from models.starter.lexicon import GRAMMAR, WORDS, person
from models.starter.wording import reword
from models.starter.worlds import FILLER, World

MOODS = {"-": "negative", "+": "positive"}
FILES = {
    "reviews": ("reviews", "customer reviews"), "guest-comments": ("comments", "guest comments"), "opinions": ("opinions", "opinions"),
    "replies": ("replies",), "ratings": ("ratings",), "remarks": ("remarks",), "survey-answers": ("answers", "survey answers"),
    "statements": ("statements",), "posts": ("posts",), "evaluations": ("evaluations",), "testimonials": ("testimonials",),
}  # fmt: skip
COUNT_MOOD = (
    "How many of the {ns} are {m}?", "How many {ns} are {m}?", "Count the {m} {ns}.", "How many {m} {ns} are there?", "How many of the {ns} sound {m}?",
    "What is the number of {m} {ns}?", "How many of these {ns} are {m}?", "How many {m} {ns} do we have?", "How many {ns} have a {m} tone?",
)  # fmt: skip
COUNT_TOPIC = (
    "How many of the {ns} are about {t}?", "How many {ns} speak about {t}?", "How many of the {ns} are on the subject of {t}?",
    "Count the {ns} that are about {t}.", "How many {ns} concern {t}?", "How many of the {ns} have to do with {t}?",
)  # fmt: skip
COUNT_BOTH = {
    "-": ("How many of the {ns} complain about {t}?", "How many {ns} are complaints about {t}?", "Count the {ns} that complain about {t}.",
          "How many of the {ns} criticise {t}?"),
    "+": ("How many of the {ns} praise {t}?", "How many {ns} say something good about {t}?", "Count the {ns} that praise {t}.",
          "How many of the {ns} are happy with {t}?"),
}  # fmt: skip
LIST_MOOD = ("Which {ns} are {m}?", "List the {m} {ns}.", "Show me the {m} {ns}.", "Give me all {m} {ns}.", "Which of the {ns} are {m}?",
             "What do the {m} {ns} say?")  # fmt: skip
SPLIT = (
    "How many of the {ns} are about {a}, how many about {b} and how many about {c}?", "Count the {ns} about {a}, {b} and {c}.",
    "Sort the {ns} into {a}, {b} and {c}: how many of each?", "How do the {ns} divide into {a}, {b} and {c}?",
    "How many {ns} belong to {a}, to {b} and to {c}?", "Label each of the {ns} as {a}, {b} or {c} and count them.",
    "For {a}, {b} and {c}: how many of the {ns} are about each?",
)  # fmt: skip
SPLIT_MOOD = (
    "How many of the {ns} are {a} and how many are {b}?", "Count the {a} and the {b} {ns}.", "How many {a} and how many {b} {ns} are there?",
    "Label each of the {ns} as {a} or {b} and count them.", "Sort the {ns} into {a} and {b}: how many of each?",
)  # fmt: skip
STYLES = ("{w}: {s}.", "{w} on the {x}: {s}.", "- {s}.", "- {w}: {s}.", "{s}.", "{s}. ({w})", "{i}. {s}.", "{d}, {w}: {s}.", "{w} wrote: {s}.", "{s}, says {w}.")  # fmt: skip

HARDER = 0.5  # how often a sub-call about a mood alone is drawn again: topics are harder to learn


@dataclass(frozen=True, slots=True)
class Opinion:
    """A line with its topic and its mood, "-" or "+"."""

    line: str
    topic: str
    mood: str


@dataclass(frozen=True, slots=True)
class Sorting:
    """What a question wants of each opinion: `labels` to sort into, or the mood or topic to count or list."""

    question: str
    act: str  # count, list or split
    labels: tuple[str, ...] = ()
    mood: str = ""
    topic: str = ""

    def label(self, opinion: Opinion | None) -> str:
        """What a sub-call answers on a line; None for a line that is no opinion."""
        if self.act == "split":
            found = opinion and (opinion.topic if self.topic else MOODS[opinion.mood])
            return found if found in self.labels else "NONE"
        fits = opinion and self.mood in ("", opinion.mood) and self.topic in ("", opinion.topic)
        return "yes" if fits else "no"


@cache
def said() -> dict[tuple[str, str], tuple[str, ...]]:
    """What grammar/opinions.txt holds, by topic and mood."""
    found: dict[tuple[str, str], list[str]] = {}
    here: list[str] = []
    for line in (GRAMMAR / "opinions.txt").read_text("utf-8").splitlines():
        if line.endswith((" -", " +")):
            here = found.setdefault((line[:-2], line[-1]), [])
        elif line and not line.startswith("#"):
            here.append(line)
    return {key: tuple(lines) for key, lines in found.items()}


def topics() -> list[str]:
    """What opinions may be about."""
    return sorted({topic for topic, _ in said()})


def sentence(rng: random.Random, topic: str, mood: str, thing: str) -> str:
    """What one says, now and then with a second sentence on the same, or that it is about the thing."""
    one = rng.choice(said()[topic, mood])
    if rng.random() < 0.15:
        one = f"{one}, {rng.choice(('and', 'really', 'honestly', 'and that is that: '))} {rng.choice(said()[topic, mood])}"
    return one.replace("{x}", thing).replace("{n}", str(rng.randint(2, 12)))


def opinions(rng: random.Random, many: int, among: list[str]) -> list[Opinion]:
    """Opinions on these topics, in one style."""
    style = rng.choice(STYLES)
    found = []
    for number in range(many):
        topic, mood, thing = rng.choice(among), rng.choice("-+"), rng.choice(WORDS["things"])
        text = sentence(rng, topic, mood, thing)
        upper = (
            style[style.index("{s}") - 2 : style.index("{s}")] in ("", "- ", ". ", ": ")
            and rng.random() < 0.7
        )
        words = {
            "s": text[0].upper() + text[1:] if upper else text,
            "w": person(rng),
            "x": thing,
            "i": str(number + 1),
        }
        found.append(Opinion(fill(rng, style.replace("{d}", "{date}"), words | {"v": "x"}), topic, mood))
    return found


def sorting(rng: random.Random, among: list[str], file: str = "") -> Sorting:
    """A question about opinions on these topics, in a file or any."""
    noun, mood, topic = rng.choice(FILES[file or rng.choice([*FILES])]), rng.choice("-+"), rng.choice(among)
    words = {"ns": noun, "m": MOODS[mood], "t": topic}
    draw = rng.random()
    if draw < 0.3:
        return Sorting(_ask(rng, COUNT_MOOD, words), "count", mood=mood)
    if draw < 0.45:
        return Sorting(_ask(rng, COUNT_TOPIC, words), "count", topic=topic)
    if draw < 0.6:
        return Sorting(_ask(rng, COUNT_BOTH[mood], words), "count", mood=mood, topic=topic)
    if draw < 0.75:
        return Sorting(_ask(rng, LIST_MOOD, words), "list", mood=mood)
    if draw < 0.85 or len(among) < 3:
        labels = tuple(rng.sample(sorted(MOODS.values()), 2))
        return Sorting(_ask(rng, SPLIT_MOOD, words | dict(zip("ab", labels, strict=True))), "split", labels)
    labels = tuple(rng.sample(among, 3))
    return Sorting(
        _ask(rng, SPLIT, words | dict(zip("abc", labels, strict=True))), "split", labels, topic=topic
    )


def _ask(rng: random.Random, forms: tuple[str, ...], words: dict[str, str]) -> str:
    return reword(rng, fill(rng, rng.choice(forms), words))


def judged(rng: random.Random) -> tuple[str, str]:
    """A sub-call on one line: (prompt, answer)."""
    among = rng.sample(topics(), rng.choice((3, 3, 4, 5)))
    asked = sorting(rng, among)
    if not asked.topic and rng.random() < HARDER:
        asked = sorting(rng, among)
    opinion = opinions(rng, 1, list(asked.labels) if asked.topic and asked.labels else among)[0]
    if asked.topic and asked.act == "count" and rng.random() < 0.5:
        opinion = opinions(rng, 1, [asked.topic])[0]
    line, answer = opinion.line, asked.label(opinion)
    if rng.random() < 0.06:
        line = rng.choice(
            (
                fill(rng, rng.choice(FILLER), {}),
                "# " + rng.choice([*FILES]).title(),
                rng.choice([*FILES]).upper(),
            )
        )
        answer = asked.label(None)
    return PIECE_PROMPT.format(piece=line, question=asked.question), answer


def labelled(rng: random.Random, world: World) -> Episode | None:
    """Put a file of opinions into the world and ask about them."""
    if any(name.split(".")[0] in FILES for name in world.documents):
        return None
    among, file = rng.sample(topics(), 3), rng.choice([*FILES])
    asked = sorting(rng, among, file)
    found = opinions(rng, rng.randint(5, 12), among)
    name = f"{file}.{rng.choice(('txt', 'md'))}"
    head = [f"# {name.split('.')[0].title()}", ""] if name.endswith("md") else []
    world.documents[name] = "\n".join([*head, *(o.line for o in found)]) + "\n"
    plan = {
        "act": f"labels {asked.act}",
        "labels": {o.line.strip(): asked.label(o) for o in found},
        "else": asked.label(None),
    }
    fitting = [o.line for o in found if asked.label(o) == "yes"]
    if asked.act == "split":
        counts = {label: n for label in asked.labels if (n := sum(asked.label(o) == label for o in found))}
        return Episode("labels", asked.question, {k: str(v) for k, v in counts.items()}, "pairs", plan)
    if asked.act == "list":
        return Episode("labels", asked.question, fitting, "lines", plan) if fitting else None
    return Episode("labels", asked.question, len(fitting), "number", plan)
