"""Search over all runs, sessions and their titles; nothing of them stays after a deletion."""

import os
import sqlite3
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.store import Store
from tests.engine.events.facts import fact, started
from tests.engine.store.conftest import begin, tell

WORD = "quarzitzerlegung"  # one word, so that the index holds it whole


def say(store: Store, run: str, kind, **payload) -> None:
    store.append(run, "0", fact(kind, payload))


def output(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": text}


def found(store: Store, query: str) -> list[tuple[str, str]]:
    return [(hit.run, hit.kind) for hit in store.find(query, 10)]


def test_questions_answers_code_and_outputs_are_found(store: Store) -> None:
    run = begin(store, question="Who signed the lease?")
    say(store, run, "cell_started", cell=1, turn=1, code="hits = context.search('depot')")
    say(store, run, "output", cell=1, output=output("Nora Fenwick, 4 May"))
    say(store, run, "output", cell=1, output={"output_type": "error", "ename": "KeyError", "evalue": "'zug'"})
    say(store, run, "run_finished", status="answered", answer="Nora Fenwick signed it")
    store.append(
        run,
        "0.1",
        fact("node_started", {"parent": "0", "kind": "rlm", "question": "Which witness?", "depth": 1}),
    )
    store.append(run, "0.1", fact("node_finished", {"status": "answered", "answer": "Ottilie"}))
    store.append(
        run, "0.2", fact("node_started", {"parent": "0", "kind": "llm", "question": "Long text", "depth": 1})
    )
    store.flush()
    assert found(store, "signed lease") == [(run, "question")]
    assert found(store, "depot") == [(run, "code")]
    assert found(store, "fenwick") == [(run, "answer"), (run, "output")]
    assert found(store, "KeyError") == [(run, "output")]
    assert found(store, "witness") == [(run, "question")] and found(store, "ottilie") == [(run, "answer")]
    assert found(store, "Long text") == []
    assert store.check() == []


def test_an_excerpt_says_where_it_matches(store: Store) -> None:
    run = begin(store, question="so many words " * 10 + "WIDGET" + " and others" * 20)
    (hit,) = store.find("widg", 10)
    assert hit.run == run and hit.excerpt.startswith("…") and len(hit.excerpt) < 120
    assert {hit.excerpt[start:end] for start, end in hit.marks} == {"WIDGET"}


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("café", True),
        ("CAFE", True),
        ("caf", True),  # the last word may be a beginning
        ("word_count", True),
        ("ord_cou", True),  # a part of a word
        ("日本", True),
        ("本語", True),
        ('"quoted', True),
        ("100%", True),
        ("%", True),
        ("café missing", False),
        ("NOT", False),
        ("a AND", False),
        ("text:café", False),
        ("*", False),
        ("", False),
        ("\0", False),
    ],
)
def test_any_query_is_taken_as_plain_words(store: Store, query: str, matches: bool) -> None:
    begin(store, question='Der Café-Preis: word_count 日本語 "quoted" 100%')
    assert bool(store.find(query, 10)) == matches


def test_control_characters_and_halves_of_letters_do_no_harm(store: Store) -> None:
    begin(store, question="\x1b[31mred\x1b[0m \x02mark\x03 \x00 \ud800 end")
    (hit,) = store.find("mark", 10)
    assert hit.excerpt[slice(*hit.marks[0])] == "mark" and "\x1b" not in hit.excerpt
    assert store.check() == []


def test_hits_are_grouped_by_session_newest_first(store: Store) -> None:
    first = begin(store, question="alpha")
    second = begin(store, question="alpha beta")
    follow = store.new_run(started(question="alpha again", corpus="c1", session=first, follows=first))
    for _ in range(5):
        say(store, second, "note", text="alpha")  # not searched
        say(store, second, "cell_started", cell=_ + 1, turn=1, code="alpha")
    hits = store.find("alpha", 10)
    assert [hit.session for hit in hits] == [second] * 3 + [first] * 2
    assert [row["run"] for row in store.session(first)] == [first, follow]
    assert [hit.session for hit in store.find("alpha", 1)] == [second] * 3


def test_a_session_is_renamed_and_its_title_goes_with_its_last_run(store: Store) -> None:
    first = begin(store)
    second = store.new_run(started(question="And then?", corpus="c1", session=first, follows=first))
    store.name_session(first, "The lease")
    assert store.titles() == {first: "The lease"}
    with pytest.raises(InputError, match="no session"):
        store.name_session(second, "x")
    for run in (first, second):
        say(store, run, "run_finished", status="answered")
    store.delete_run(first)
    assert store.titles() == {first: "The lease"} and store.run(second)["session"] == first
    store.delete_session(first)
    assert store.titles() == {} and store.runs() == []
    with pytest.raises(InputError, match="no session"):
        store.delete_session(first)


def test_a_session_with_a_running_run_is_not_deleted(store: Store) -> None:
    first = begin(store)
    say(store, first, "run_finished", status="answered")
    store.new_run(started(question="And then?", corpus="c1", session=first, follows=first))
    with pytest.raises(InputError, match="still running"):
        store.delete_session(first)
    assert len(store.runs()) == 2


def holding(folder: Path, text: str) -> list[str]:
    files = [Path(root) / name for root, _, names in os.walk(folder) for name in names]
    return [file.name for file in files if text.encode() in file.read_bytes()]


@pytest.mark.parametrize("noise", [0, 300])
def test_no_word_of_a_deleted_run_stays_in_the_index(store: Store, folder: Path, noise: int) -> None:
    kept = begin(store, question="Which stone?")
    for number in range(noise):
        say(
            store,
            kept,
            "cell_started",
            cell=number + 1,
            turn=1,
            code=f"quarzit {number} and more words {number * 7}",
        )
    gone = begin(store, question=f"What is {WORD}?")
    tell(store, gone, WORD)
    store.name_session(gone, f"On {WORD}")
    say(store, kept, "run_finished", status="answered", answer="quartz")
    assert holding(folder, WORD[-8:])
    store.delete_run(gone)
    assert (
        holding(folder, WORD) == [] and holding(folder, WORD[-8:]) == []
    )  # terms are stored without their beginning
    assert found(store, WORD) == [] and found(store, "stone") == [(kept, "question")]
    with sqlite3.connect(folder / "taproot.db") as db:
        db.execute("INSERT INTO search (search) VALUES ('integrity-check')")
        assert db.execute("SELECT count(*) FROM search").fetchone() == (noise + 2,)
    assert store.check() == []


def test_a_changed_or_missing_text_is_found_out(store: Store, folder: Path) -> None:
    run = begin(store, question="Which stone?")
    with sqlite3.connect(folder / "taproot.db") as db:
        db.execute("UPDATE search SET text = 'another'")
        db.execute("UPDATE trace SET data = '{}'")
    db.close()
    assert store.verify_projections(run) == [
        "search: the words of event 1 differ from the event",
        "trace: the short form of event 1 differs from the event",
    ]


def test_what_is_committed_is_told_in_order_before_the_caller_goes_on(store: Store) -> None:
    heard = []
    store.watch(heard.append)
    store.watch(lambda event: 1 / 0)  # a defect of one watcher harms nobody
    run = begin(store)
    tell(store, run)
    assert [event.seq for event in heard] == list(range(1, 15))
    assert [(e.kind, e.payload.get("text")) for e in heard] == [
        (e.kind, e.payload.get("text")) for e in store.events(run)
    ]


def test_the_events_of_one_node_are_read_alone_with_images_by_name(store: Store) -> None:
    run = begin(store)
    tell(store, run)
    store.append(run, "0.1", fact("note", {"text": "other", "level": "info"}))
    events = store.node_events(run, "0", upto=10, image=lambda sha256: f"image {len(sha256)}")
    assert [e.seq for e in events] == list(range(1, 11))
    assert events[-1].payload["output"]["data"]["image/png"] == "image 64"
    assert [e.kind for e in store.node_events(run, "0.1")] == ["note"] and store.last(run) == 15
