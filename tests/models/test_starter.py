"""The starter's makers: seeded worlds, an oracle that is right, a rehearsal that equals the engine, a strict grader."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.llm import open_model
from engine.types import Message, Settings
from models.starter.cells import CELLS
from models.starter.families import episodes
from models.starter.grade import right
from models.starter.lessons import SOURCES, of_world
from models.starter.oracle import Oracle
from models.starter.rehearsal import OracleModel, rehearse, store
from models.starter.tokenizer import Tokenizer, pieces, train
from models.starter.worlds import World, make_world
from tests.proof.sample import QUESTIONS, SAMPLE, grade

WEIGHTS = Path(__file__).parents[2] / "models" / "starter" / "taproot-starter.gguf"
SETTINGS = Settings(parallel=1)


def write(world: World, folder: Path) -> Path:
    for name, text in world.documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def without_run(conversations: dict[str, list[Message]]) -> dict[str, list[Message]]:
    """Conversations by node, without what the starter never sees: the system message."""
    return {
        key.rsplit("/", 1)[-1]: [m for m in talk if m.role != "system"] for key, talk in conversations.items()
    }


def test_the_same_seed_makes_the_same_world_and_questions() -> None:
    made = []
    for _ in range(2):
        rng = random.Random(41)
        world = make_world(rng)
        made.append((world.documents, [(e.question, e.answer) for e in episodes(rng, world, 10)]))
    assert made[0] == made[1]
    assert made[0][0] != make_world(random.Random(42)).documents


@pytest.mark.sandbox
def test_a_rehearsal_gives_the_messages_of_the_real_engine(tmp_path: Path) -> None:
    rng = random.Random(4)
    world = make_world(rng, documents=8)
    drawn = [e for e in episodes(rng, world, 150) if not e.earlier]
    chosen = {(e.plan["act"], bool(e.first)): e for e in drawn}
    assert len(chosen) >= 8 and any(e.first for e in chosen.values())
    corpus = store(world.documents, tmp_path / "corpus")
    current: list[Oracle] = []

    def reply(node: str, messages: Sequence[Message]) -> str:
        """The oracle's cell; that with a mistake first where the episode has one."""
        first = current[0].episode.first
        stumbles = first and node == "0" and not any(m.role == "assistant" for m in messages)
        return f"```repl\n{first}\n```" if stumbles else current[0](node, messages)

    real = OracleModel(reply)
    with Engine(tmp_path / "data", real) as engine:
        info = engine.add([write(world, tmp_path / "documents")])
        for episode in chosen.values():
            current[:] = [Oracle(episode)]
            real.conversations.clear()
            answer = engine.ask(episode.question, info, SETTINGS)
            rehearsed = OracleModel(reply)
            assert rehearse(rehearsed, corpus, episode.question, SETTINGS) == answer.answer
            assert without_run(rehearsed.conversations) == without_run(real.conversations)


def test_the_oracle_answers_almost_every_question_of_every_family(tmp_path: Path) -> None:
    marks: dict[str, list[bool]] = defaultdict(list)
    for seed in range(30):
        rng = random.Random(seed)
        world = make_world(rng, documents=8)
        drawn = episodes(rng, world, 14)  # some put lines into documents
        corpus = store(world.documents, tmp_path / str(seed))
        for episode in drawn:
            answer = rehearse(
                OracleModel(Oracle(episode)), corpus, episode.question, SETTINGS, episode.earlier
            )
            marks[episode.family].append(right(answer, episode.answer, episode.kind, episode.others))
    assert len(marks) >= 17
    rates = {family: sum(given) / len(given) for family, given in marks.items()}
    assert sum(map(sum, marks.values())) / sum(map(len, marks.values())) >= 0.85
    assert min(rates.values()) >= 0.6, rates  # of some there are a dozen only
    assert min(rate for family, rate in rates.items() if len(marks[family]) >= 15) >= 0.7, rates


@pytest.mark.parametrize(
    ("answer", "reference", "kind", "others", "good"),
    [
        ("six months", "six months", "text", (), True),
        ("Six months.", "six months", "text", (), True),
        ("The notice is six months", "six months", "text", (), True),
        ("six months or three months", "six months", "text", ("three months",), False),
        ("There are many clauses, and one of them says six months", "six months", "text", (), False),
        ("sixty months", "six", "text", (), False),
        ("1,200 EUR", "1200 EUR", "text", (), True),
        ("not in these documents", "six months", "text", (), False),
        ("", "six months", "text", (), False),
        (None, "six months", "text", (), False),
        ("4", 4, "number", (), True),
        ("4 of 7", 4, "number", (), False),
        ("1,810.50", 1810.5, "number", (), True),
        ("b.txt, a.txt", ["a.txt", "b.txt"], "set", (), True),
        ("a.txt, b.txt, c.txt", ["a.txt", "b.txt"], "set", (), False),
        ("a.txt: 3 days\nb.txt: 4 days", {"a.txt": "3 days", "b.txt": "4 days"}, "pairs", (), True),
        ("a.txt: 3 days", {"a.txt": "3 days", "b.txt": "4 days"}, "pairs", (), False),
        ("not in these documents", "not in these documents", "none", (), True),
        ("six months", "not in these documents", "none", (), False),
    ],
)
def test_the_grader(
    answer: str | None, reference: object, kind: str, others: tuple[str, ...], good: bool
) -> None:
    assert right(answer, reference, kind, others) is good


def test_a_vocabulary_gives_back_any_text_and_never_joins_digits() -> None:
    tokenizer = train(["The lease of 12 Mill Lane ends on 3 May 2031. "] * 5, 320)
    for text in ("Zoë paid €1,204.50  on\n\t2031-05-03 😀", "```repl\nhits[12]\n```", "<|end|> stays text"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert tokenizer.decode(tokenizer.encode(text, 0.3, random.Random(1))) == text
    assert all(len(piece) == 1 for piece in pieces("90678") if piece.isdigit())
    assert not any(len(token) > 1 and any(c.isdigit() for c in token) for token in tokenizer.tokens[4:])


def test_specials_come_first_in_the_vocabulary() -> None:
    assert Tokenizer([]).tokens[:4] == ["<|end|>", "<|user|>", "<|assistant|>", "<|pad|>"]


def test_every_lesson_is_a_cell_that_compiles() -> None:
    rng = random.Random(3)
    taught = {cell for _ in range(60) for _, source in SOURCES for _, cell, _ in source(rng)}
    taught |= {cell for seed in range(20) for _, cell, _ in of_world(rng, make_world(random.Random(seed)))}
    for code in taught | set(CELLS.values()):
        compile(code, "cell", "exec")
    assert len(taught) > 100
    assert {first.split("(")[0] for first in taught} >= {
        "found = context.nearest",
        "docs = context.kind",
        "name = context.phrase",
        "pick, pair = max, context.pair",
        "hits = context.kind",
        "who = context.nearest",
    }


@pytest.mark.sandbox
def test_the_weights_answer_questions_of_every_kind_through_the_engine(tmp_path: Path) -> None:
    """A slice of tests/proof/sample.py: real llama.cpp, real cells, one child session per document."""
    chosen = [QUESTIONS[n] for n in (0, 1, 2, 3, 7, 8, 11, 12, 14, 16)]
    with Engine(tmp_path / "data", lambda: open_model(str(WEIGHTS))) as engine:
        info = engine.add([SAMPLE / "documents"])
        answers = [engine.ask(q["question"], info) for q in chosen]
    right_ones = [grade(q, a.answer) for q, a in zip(chosen, answers, strict=True)]
    assert sum(right_ones) >= 7, [(q["question"], a.answer) for q, a in zip(chosen, answers, strict=True)]
    assert answers[-1].nodes == 4  # the root and one child for each of three contracts
    assert answers[0].sources[0].status == "exact"
