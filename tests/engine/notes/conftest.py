"""A folder of two papers, and a scripted model that answers the questions of the notes."""

from __future__ import annotations

import pytest

from engine.engine import Engine
from engine.llm.scripted import ScriptedModel
from engine.notes.making import make_notes

LEASE = "# Lease\n\nThe lease of the shop was signed on 3 May 2024 by Anna Brisk.\n\n## Rent\n\nThe rent is 450 crowns.\n"
LETTER = "Dear Tom,\nHalden can wait until noon.\nAnna Brisk\n"
ANSWERS = {
    "subject": "a paper\nof somebody",
    "Who is": "Anna Brisk",
    "company": "Northwind",
    "When did": "3 May 2024",
    "How much": "450 crowns",
}


def answer(request):
    asked = request.messages[-1].content.rpartition("Question:")[2]
    return next(said for words, said in ANSWERS.items() if words in asked)


class Desk:
    """An engine over a folder of papers; `make` makes the notes of its corpus, `model` is the last that did."""

    def __init__(self, engine, folder):
        self.engine, self.store, self.folder = engine, engine.store, folder
        self.corpus = engine.add([folder])
        self.model = None

    def make(self, replies=answer, budget=None, stop=None, progress=lambda progress: None, **options):
        self.model = ScriptedModel(replies, **options)
        return make_notes(self.store, self.model, self.corpus.id, budget, stop=stop, progress=progress)

    def notes(self, corpus=None):
        return [
            (row["document"], row["kind"], row["words"])
            for row in self.store.notes_on(corpus or self.corpus.id)
        ]

    def asked(self):
        """How many questions the last model got."""
        return len(self.model.requests)


@pytest.fixture
def papers(tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "lease.md").write_text(LEASE)
    (folder / "letter.txt").write_text(LETTER)
    return folder


@pytest.fixture
def desk(data_dir, papers, kernels):
    with Engine(data_dir, host=kernels) as engine:
        yield Desk(engine, papers)
