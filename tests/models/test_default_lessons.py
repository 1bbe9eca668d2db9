"""Lessons become conversations in the engine's own words, and only right ones."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from engine import corpus as corpora
from engine.prompt import PIECE_PROMPT
from models.default.training import calibrate, cells, firsts, propose, reading
from models.default.training.reading import Asked, answer_in
from models.default.training.rehearsal import OracleModel, store

LETTER = (
    "Dear Ada,\n\nthe boiler was serviced on 3 May by Tom Reeve.\nHe asks 85 pounds for it.\n\nYours, Ben"
)
PHONES = "name,room,phone\nAda Roe,4,551\nTom Reeve,7,552\nPia Lund,4,553\n"
QUESTIONS = [
    {
        "q": "Who looked after the heating?",
        "a": "Tom Reeve",
        "from": "the boiler was serviced on 3 May by Tom Reeve.",
    },
    {"q": "How many pounds for the boiler?", "a": "85 pounds", "from": "He asks 85 pounds for it."},
    {
        "q": "Was the boiler seen to in May?",
        "a": "yes",
        "from": "the boiler was serviced on 3 May by Tom Reeve.",
    },
    {"q": "What is Tom's address?", "a": "NONE", "from": ""},
]


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    home = tmp_path / "lessons"
    home.mkdir()
    rows = [
        {"kind": "letter", "name": "letter.txt", "text": LETTER, "questions": QUESTIONS},
        {"kind": "list", "name": "phones.csv", "text": PHONES, "questions": []},
    ]
    (home / "home.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return home


@pytest.fixture
def corpus(tmp_path: Path) -> corpora.Corpus:
    return corpora.Corpus.open(store({"letter.txt": LETTER, "phones.csv": PHONES}, tmp_path / "corpus"))


def test_every_tenth_document_is_kept_out(tmp_path):
    rows = [{"name": f"{n}.txt", "text": "x", "questions": []} for n in range(1, 21)]
    path = tmp_path / "many.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    seen, kept = reading.read_folder([path]), reading.read_folder([path], kept_out=True)
    assert list(kept.documents) == ["10.txt", "20.txt"]
    assert len(seen.documents) == 18 and not seen.documents.keys() & kept.documents.keys()


def test_a_page_asks_all_questions_of_one_text(lessons):
    folder = reading.read_folder([lessons / "home.jsonl"])
    (turns,) = reading.pages(folder, random.Random(1))
    assert [t["role"] for t in turns] == ["user", "assistant"] * 4
    assert {t["content"] for t in turns[1::2]} == {"Tom Reeve", "85 pounds", "yes", "NONE"}
    assert turns[0]["content"].endswith(PIECE_PROMPT.split("{question}")[1])
    assert turns[2]["content"].startswith("Question: ") and LETTER not in turns[2]["content"]


def test_a_reader_says_only_what_stands_in_its_part():
    asked = Asked("letter.txt", "What does he want?", "85 pounds", "He asks 85 pounds for it.")
    assert answer_in(asked, "letter.txt", LETTER) == "85 pounds"
    assert answer_in(asked, "letter.txt", "Dear Ada,") == "NONE"
    assert answer_in(asked, "other.txt", "They paid 85 pounds.") is None  # perhaps it answers, perhaps not
    assert answer_in(Asked("letter.txt", "?", "NONE", ""), "letter.txt", LETTER) == "NONE"


def test_a_root_has_lines_and_passages_read_looks_and_finishes(lessons, corpus):
    folder = reading.read_folder([lessons / "home.jsonl"])
    told = {}
    for turns in reading.looks(folder, corpus, random.Random(1)):
        question = turns[0]["content"].rsplit("Question: ")[1]
        assert turns[1]["content"] == reading.LOOK
        told[question] = turns[2]["content"], turns[3]["content"]
    assert told["How many pounds for the boiler?"] == ("Output:\n'85 pounds'", reading.TAKE)
    assert told["What is Tom's address?"] == ("Output:\n'not in these documents'", reading.TAKE)


CELLS = [
    ({"family": "count", "q": "How many mention Tom?", "a": "2",
      "cells": ['docs = context.matching(r"(?i)tom")\nFINAL(len(docs), docs)']}, True),
    ({"family": "count", "q": "How many mention Tom?", "a": "3",
      "cells": ['docs = context.matching(r"(?i)tom")\nFINAL(len(docs), docs)']}, False),
    ({"family": "distinct", "q": "How many rooms?", "a": "2",
      "cells": ['cells = context.document("phones.csv").column("room")\nFINAL(len({c.match for c in cells}), cells)']}, True),
    ({"family": "two-steps", "q": "The phone of who serviced the boiler?", "a": "552",
      "cells": ['first = rlm_query("Who serviced the boiler?", context)\nfirst',
                'second = rlm_query(f"What is the phone of {first}?", context)\nFINAL(second)'],
      "told": {"Who serviced the boiler?": "Tom Reeve", "What is the phone of Tom Reeve?": "552"}}, True),
    ({"family": "each", "q": "What does each say?", "a": {"letter.txt": "85 pounds"},
      "cells": ['docs = context.matching(r"(?i)tom")\nfound = map_query("What does it cost?", docs)\n'
                'FINAL({d.name: a for d, a in zip(docs, found) if a != "NONE"})'],
      "told": {"What does it cost?": {"letter.txt": "85 pounds"}}}, True),
    ({"family": "list", "q": "Which files?", "a": ["letter.txt"], "cells": ["nonsense("]}, False),
]  # fmt: skip


@pytest.mark.parametrize(("lesson", "good"), CELLS)
def test_only_cells_that_come_out_right_are_kept(lesson, good, lessons, tmp_path):
    written = tmp_path / "written.jsonl"
    written.write_text(json.dumps({"field": "home", **lesson}), "utf-8")
    out = tmp_path / "out.jsonl"
    cells.main(["--lessons", str(lessons), "--cells", str(written), "--out", str(out)])
    kept = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(kept) == good
    if good:
        (turns,) = kept
        assert turns[0]["content"].startswith("Context: Corpus of 2 documents, ")
        assert [t["content"] for t in turns[1::2]] == [f"```repl\n{c}\n```" for c in lesson["cells"]]


def test_cells_of_a_shape_that_few_share_are_left_out():
    def says(code):
        return [reading.user("Who?"), reading.says(f"```repl\n{code}\n```")]

    shared = [says('FINAL(len(context.matching(r"ham")))'), says('FINAL(len(context.matching(r"egg")))')]
    odd = says('FINAL(context.matching(r"ham").names[3])')
    assert cells.common([shared[0], odd, shared[1]], 2) == shared
    assert cells.common([*shared, odd], 1) == [*shared, odd]


def test_a_sub_question_that_nothing_is_told_of_drops_the_lesson(corpus, lessons, tmp_path):
    lesson = {
        "q": "Who?",
        "a": "x",
        "family": "two-steps",
        "cells": ['FINAL(rlm_query("Who is it?", context))'],
    }
    _answer, _, missed = cells.play(lesson, store(cells.documents_of(lessons, "home"), tmp_path / "c"))
    assert missed == ["Who is it?"]


def test_cells_are_proposed_from_given_words(corpus):
    question = {"family": "both", "q": "Tom and not Ada", "words": ["room", "Dear"], "files": ["phones.csv"]}
    (cell,) = next(propose.proposals(question, corpus))
    assert "context.matching" in cell and " - " in cell


def test_folders_are_asked_in_the_engines_words():
    text = reading.head("Who?", 3, 1234, random.Random(2))
    first, limits, question = text.split("\n")
    assert first == "Context: Corpus of 3 documents, 1,234 characters"
    assert limits.startswith("Limits: ") and question == "Question: Who?"


def test_first_cells_are_questions_with_the_cell_that_begins(tmp_path):
    written = tmp_path / "written"
    written.mkdir()
    lines = [
        {"q": "how long is the lease", "family": "look-up", "cell": "LOOK"},
        {"q": "Which pump is oldest?", "family": "extreme", "cell": "PEEK"},
        {"q": "Rent here or there?", "family": "compare", "cell": 'a = rlm_query("Rent?", context)\na'},
    ]
    (written / "one.jsonl").write_text("\n".join(map(json.dumps, lines)))
    firsts.main(["--written", str(written), "--out", str(tmp_path / "out.jsonl")])
    made = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    cells = {turns[0]["content"].rsplit("Question: ")[1]: turns[1]["content"] for turns in made}
    assert cells == {
        "how long is the lease": reading.LOOK,
        "Which pump is oldest?": reading.PEEK,
        "Rent here or there?": '```repl\na = rlm_query("Rent?", context)\na\n```',
    }
    assert all("depth 0" not in turns[0]["content"] for turns in made if "rlm_query" in turns[1]["content"])


def test_a_bound_trades_answers_for_honesty():
    def told(answer, *said):
        return calibrate.Told(
            Asked("a.txt", "Who?", answer, "Tom came." if answer != "NONE" else ""), [*said]
        )

    sure, unsure = told("Tom", ("Tom", -0.2, 0), ("Ann", -0.15, 3)), told("Tom", ("Tom", -0.8, 0))
    nothing = told("NONE", ("Ann", -0.4, 0), ("NONE", -0.01, 1))
    assert [one.good(-0.3) for one in (sure, unsure, nothing)] == [True, False, True]
    assert [one.good(-1) for one in (sure, unsure, nothing)] == [True, True, False]
    assert not sure.good(-0.3, per_rank=0)  # Ann was surer, further down
    assert "look-up  50%   not there 100%" in calibrate.table([sure, unsure, nothing])


def test_readings_for_a_calibration_are_the_models_own(lessons):
    """The root writes the one cell; what its pieces say comes from the model."""
    model = OracleModel(lambda node, messages: "Tom Reeve" if "by Tom" in messages[-1].content else "NONE")
    folder = reading.read_folder([lessons / "home.jsonl"])
    (told,) = calibrate.read(model, [(folder, [folder.asked[0]])], "lines")
    assert told.best(-0.3) == "Tom Reeve" and told.good(-0.3)
    assert told.said[0] == ("Tom Reeve", 0.0, 0)
    assert calibrate.described(told).startswith("Who looked after the heating?\n    wanted 'Tom Reeve'")
