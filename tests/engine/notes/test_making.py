"""Making notes: what is kept, what is asked, and what ends it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from engine.corpus import Corpus
from engine.errors import Cancelled, ModelError
from engine.llm.forms import Quote
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.notes.making import Budget, make_notes, progress_of
from engine.notes.questions import QUESTIONS, piece_end
from engine.stop import Stop
from tests.engine.notes.conftest import ANSWERS, LEASE, LETTER, answer

pytestmark = pytest.mark.sandbox
PIECE = len(QUESTIONS)


def test_facts_and_headings_stand_where_their_notes_say_and_nothing_else_is_kept(desk):
    done = desk.make()
    assert (done.noted, done.documents, done.over) == (2, 2, "done")
    assert desk.notes() == [
        (0, "about", "a paper"),
        (0, "outline", "Lease"),
        (0, "fact", "3 May 2024"),
        (0, "fact", "Anna Brisk"),
        (0, "outline", "Rent"),
        (0, "fact", "450 crowns"),
        (1, "about", "a paper"),
        (1, "fact", "Anna Brisk"),  # no Northwind, no date, no amount: they do not stand there
    ]
    corpus = Corpus.open(desk.corpus.path)
    for row in desk.store.notes_on(desk.corpus.id):
        if row["kind"] != "about":
            assert corpus.text(row["document"], row["start"], row["end"]) == row["words"]
        assert row["name"] == "scripted" and row["made"] > 0


def test_every_fact_is_asked_for_as_a_quote_of_its_piece(desk):
    desk.make()
    forms = [request.form for request in desk.model.requests]
    assert [form is None for form in forms] == [question.kind == "about" for question in QUESTIONS] * 2
    assert all(isinstance(form, Quote) and form.text in (LEASE, LETTER) for form in forms if form)


def test_words_without_a_digit_are_no_date_and_no_amount(desk):
    desk.make(lambda request: "Anna Brisk")
    facts = [words for document, kind, words in desk.notes() if kind == "fact" and document == 0]
    assert facts == ["Anna Brisk"] * 2  # who is named, and the company


def test_what_was_noted_is_never_asked_again(desk):
    desk.make()
    before = desk.notes()
    assert desk.asked() == 2 * PIECE
    assert desk.make().over == "done" and desk.asked() == 0 and desk.notes() == before


def test_a_model_that_ends_within_a_piece_leaves_what_came_before(desk):
    replies = ["a paper", "Anna Brisk", ScriptedReply(error="The model stopped.")]
    with pytest.raises(ModelError, match="stopped"):
        desk.make([*replies, *[ScriptedReply("NONE", delay=0.2)] * 9])
    assert (0, "fact", "Anna Brisk") in desk.notes() and desk.store.noted(desk.corpus.id, "scripted")[1]
    desk.make()
    assert desk.asked() == 2 * PIECE - 2
    assert (0, "fact", "450 crowns") in desk.notes()


def test_a_stop_is_obeyed_within_a_piece_and_keeps_the_replies_that_came(desk):
    stop = Stop()

    def when_the_others_came():
        others = sum(desk.model.count(said) for words, said in ANSWERS.items() if words != "When did")
        while desk.model.counts()["alone_tokens"] < others:
            time.sleep(0.01)
        stop.request()

    def reply(request):
        if "When" in request.messages[-1].content:
            threading.Thread(target=when_the_others_came, daemon=True).start()
            return ScriptedReply("3 May 2024", delay=300)
        return answer(request)

    with pytest.raises(Cancelled):
        desk.make(reply, stop=stop)
    assert (0, "fact", "Anna Brisk") in desk.notes()
    assert (0, "fact", "3 May 2024") not in desk.notes()
    desk.make()
    asked = [
        request.messages[-1].content
        for request in desk.model.requests
        if LEASE in request.messages[-1].content
    ]
    assert len(asked) == 1 and "When" in asked[0]


def test_a_changed_document_is_noted_again_and_the_others_are_not(desk):
    desk.make()
    (desk.folder / "letter.txt").write_text("Dear Anna,\nthe ferry costs 12 crowns.\nTom\n")
    old, desk.corpus = desk.corpus.id, desk.engine.add([desk.folder])
    assert [document for document, _, _ in desk.notes()] == [0] * 6 and desk.corpus.id != old
    desk.make(lambda request: "12 crowns")
    assert desk.asked() == PIECE and (1, "fact", "12 crowns") in desk.notes()
    assert len(desk.notes(old)) == 8


def test_the_budget_of_a_document_ends_it_and_a_larger_one_goes_on(desk):
    (desk.folder / "long.txt").write_text("Anna Brisk paid 450 crowns.\n" * 400)
    desk.corpus = desk.engine.add([desk.folder])
    done = desk.make(budget=Budget(document=3000))
    states = desk.store.noted(desk.corpus.id, "scripted")[1].values()
    assert done.over == "done" and done.noted == 3 and max(state.tokens for state in states) <= 3000
    first = desk.asked()
    assert desk.make(budget=Budget(document=3000)).noted == 3 and desk.asked() == 0
    assert desk.make(budget=Budget(document=6000)).noted == 3 and 0 < desk.asked() <= 2 * first


def test_the_budget_of_a_corpus_is_never_passed(desk):
    (desk.folder / "long.txt").write_text("Anna Brisk paid 450 crowns.\n" * 400)
    desk.corpus = desk.engine.add([desk.folder])
    done = desk.make(budget=Budget(corpus=4000))
    assert done.over == "budget" and 2000 < done.tokens <= 4000 and done.noted == 2
    assert progress_of(desk.store, desk.corpus.id, "scripted", Budget()) == replace(done, over="")
    assert desk.make().noted == 3


def test_a_server_is_refused_with_a_sentence_and_nothing_is_lost(desk):
    desk.make()
    before, model = desk.notes(), ScriptedModel([])
    model.info = replace(model.info, name="far", remote="http://127.0.0.1:1")
    with pytest.raises(ModelError, match="notes need a model on this machine: far is on a server"):
        make_notes(desk.store, model, desk.corpus.id)
    assert desk.notes() == before and model.requests == []


def test_of_two_models_the_one_that_came_furthest_counts(desk):
    other = ScriptedModel(["from the other"] * 3, name="other")
    other.info = replace(other.info, fingerprint="other")
    with pytest.raises(ModelError):  # it has three replies
        make_notes(desk.store, other, desk.corpus.id)
    assert desk.notes()[0] == (0, "about", "from the other")
    desk.make()
    assert desk.notes()[0] == (0, "about", "a paper")
    assert {row["name"] for row in desk.store.notes_on(desk.corpus.id)} == {"scripted"}


def test_a_document_of_blanks_and_a_narrow_window_are_no_obstacle(desk):
    (desk.folder / "blank.txt").write_text("x\n" + " \n" * 3000)
    (desk.folder / "dense.txt").write_text("7" * 3000)
    desk.corpus = desk.engine.add([desk.folder])
    done = desk.make(lambda request: "NONE", n_ctx=512)
    assert done.over == "done" and done.noted == 4
    assert all(
        desk.model.fits(request.messages) + request.max_tokens <= 512 for request in desk.model.requests
    )


def test_progress_tells_of_each_document_and_counts_those_that_are_over(desk):
    told = []
    desk.make(progress=told.append)
    assert [one.name for one in told] == ["lease.md", "lease.md", "letter.txt", "letter.txt"]
    assert [one.noted for one in told] == [0, 0, 1, 1] and told[-1].tokens > told[0].tokens == 0


def test_pieces_end_at_blank_lines_else_lines_else_spaces():
    assert piece_end("a\n\nbb\ncc dd", 0, 4) == 3
    assert (
        piece_end("aaaa\nbb cc", 0, 8) == 5
        and piece_end("aaaa bb cc", 0, 6) == 5
        and piece_end("aaaaa\nbbbbb", 0, 8) == 6
    )
    assert piece_end("abcdef", 0, 4) == 4 and piece_end("abc", 1, 9) == 3


def test_a_damaged_corpus_keeps_no_other_from_its_notes(desk, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("Halden waits.\n")
    broken = desk.engine.add([other])
    (broken.path / "text.utf8").write_bytes(b"Hal")
    assert desk.make().over == "done"
    assert len(desk.notes()) == 8
