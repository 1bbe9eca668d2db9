"""Quoted answers through whole runs: held to, checked where a model cannot be held to, recorded, and replayed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.llm.forms import Choices, Quote, Schema
from engine.llm.gguf.fit import Wish
from engine.llm.local.model import LocalModel
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.text.quoting import ALTERNATIVES, place
from engine.types import Settings
from tests.engine.llm.gguf.make_gguf import random_model

pytestmark = pytest.mark.sandbox

NOTES = {
    "boat.md": "Loan of a boat\n\nThe notice period is one week.\n",
    "lease.md": "Lease of Mill Lane 4\n\nThe deposit is 1,450.00 crowns..\n",
}
CELL = """found = map_query('How much is the deposit?', context)
print([(a, a.source and a.source.name) for a in found])
FINAL(best(found))"""


@pytest.fixture
def ask(data_dir, tmp_path, kernels):
    folder = tmp_path / "papers"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text)

    def ask(model):
        with Engine(data_dir, model, kernels) as engine:
            corpus = engine.add([folder])
            answer = engine.ask("How much is the deposit?", corpus, Settings())
            return answer, engine.store.events(answer.run)

    return ask


def cell(code: str) -> str:
    return f"```repl\n{code}\n```"


def of_kind(events, kind, leaves=True):
    return [e.payload for e in events if e.kind == kind and (e.node != "0") == leaves]


class CellsByScript:
    """A model that writes the cell it is given and reads with a local model."""

    def __init__(self, local: LocalModel, code: str):
        self._local, self._code = local, code
        self.info, self.count, self.fits, self.forget = local.info, local.count, local.fits, local.forget
        self.close = lambda: None
        self.forms = []

    def submit(self, request):
        if request.pinned:
            return ScriptedModel([cell(self._code)]).submit(request)
        self.forms.append(request.form)
        return self._local.submit(request)


def scripted(*replies: ScriptedReply, code: str = CELL):
    left = iter(replies)
    return ScriptedModel(lambda request: cell(code) if len(request.messages[0].content) > 400 else next(left))


def test_what_a_local_model_quoted_is_the_answer_and_its_exact_source(ask):
    none = ScriptedReply("NONE", confidence=-0.01, quote="NONE")
    deposit = ScriptedReply("1,450.00 crow", confidence=-0.2, quote="1,450.00")
    answer, events = ask(scripted(none, deposit, code=CELL.replace("context)", "context, quote=True)", 1)))
    assert answer.answer == "1,450.00" and answer.forced is False
    assert [(s.name, s.text, s.status) for s in answer.sources] == [("lease.md", "1,450.00", "exact")]
    assert [p["confidence"] for p in of_kind(events, "turn_finished")] == [-0.01, -0.2]
    assert of_kind(events, "call_finished", leaves=False)[0]["confidences"] == [-0.01, -0.2]
    places = [[len(n) + 3, len(n) + 3 + len(t)] for n, t in NOTES.items()]  # after "[name]" and a line end
    assert of_kind(events, "call_started", leaves=False)[0]["quotes"] == places


def test_a_server_is_checked_afterwards(ask):
    replies = [ScriptedReply("No idea."), ScriptedReply("1.450,00 crowns")]
    answer, events = ask(scripted(*replies, code=CELL.replace("context)", "context, quote=True)", 1)))
    assert answer.answer == "No idea.", "unknown confidences are all alike"
    notes = [e.payload["text"] for e in events if e.kind == "note" and e.node != "0"]
    assert len(notes) == 2 and all("word for word" in note for note in notes)


def test_a_servers_yes_counts_however_it_is_written(ask):
    replies = [ScriptedReply("Yes."), ScriptedReply("**none**")]
    answer, _ = ask(scripted(*replies, code=CELL.replace("context)", "context, quote=True)", 1)))
    assert answer.answer == "yes" and [s.name for s in answer.sources] == ["boat.md"]


@pytest.mark.parametrize(
    ("code", "form"),
    [
        ("FINAL(map_query('Is it long?', context, choices=['short', 'long'])[0])", Choices),
        ("FINAL(llm_query('Who?', context.search('notice'), schema={'type': 'object'}))", Schema),
        ("FINAL(llm_query('How long?', context.search('notice')))", Quote),
        ("FINAL(llm_query('How long?'))", type(None)),
    ],
)
def test_a_small_model_is_held_to_the_form_that_was_asked_for(ask, code, form):
    model = scripted(*[ScriptedReply("short")] * 2, code=code)
    model.info = replace(model.info, parameters=135_000_000)
    ask(model)
    assert {type(r.form) for r in model.requests if len(r.messages[0].content) < 400} == {form}


def test_large_and_unknown_models_are_not_held_to_anything_by_default(ask):
    _, events = ask(scripted(ScriptedReply("one"), ScriptedReply("two")))
    assert not [e for e in events if e.kind == "note" and "word for word" in e.payload["text"]]


def replay(events, code: str) -> ScriptedModel:
    """A model that says again what was recorded."""
    texts = [p["text"] for p in of_kind(events, "turn_finished")]
    sure = [p["confidence"] for p in of_kind(events, "turn_finished")]
    quotes = [p["answer"] for p in of_kind(events, "node_finished")]
    return scripted(
        *(ScriptedReply(t, confidence=c, quote=q) for t, c, q in zip(texts, sure, quotes, strict=True)),
        code=code.replace("context)", "context, quote=True)", 1),
    )


def check(ask, model: LocalModel):
    asked = CellsByScript(model, CELL)
    answer, events = ask(asked)
    assert [type(form) for form in asked.forms] == [Quote, Quote], (
        "a small model is held to its pieces by default"
    )
    replies = [p["answer"] for p in of_kind(events, "node_finished")]
    for reply, text in zip(replies, NOTES.values(), strict=True):
        assert reply in ALTERNATIVES or place(reply, text)
    assert all(p["confidence"] < 0 for p in of_kind(events, "turn_finished"))
    again, _ = ask(replay(events, CELL))
    assert (again.answer, again.sources) == (answer.answer, answer.sources)
    return answer


def test_random_weights_quote_and_the_record_says_the_same_again(ask, tmp_path: Path):
    with LocalModel(random_model(tmp_path / "r.gguf"), wish=Wish(window=2048)) as model:
        check(ask, model)


@pytest.mark.realmodel
def test_a_real_model_answers_with_the_words_of_a_document(ask, real_gguf):
    with LocalModel(real_gguf, wish=Wish(window=2048)) as model:
        answer = check(ask, model)
    assert [s.text for s in answer.sources] == [answer.answer] and answer.sources[0].status == "exact"
