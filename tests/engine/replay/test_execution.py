"""Recorded cells executed again: the same outputs, answers from the record, explained and unexplained differences."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from engine.events import CellEnded, OutputWritten
from engine.llm.scripted import ScriptedModel
from engine.replay import (
    ReplayError,
    RunRecord,
    corpus_of,
    execute_again,
    open_worker,
    read_record,
    replay_node,
)
from engine.replay import comparison as c

pytestmark = pytest.mark.sandbox


def replayed(desk, record, node="0"):
    desk.engine.use(ScriptedModel([]))  # no model answers anything
    path = corpus_of(desk.engine.store, record)
    return replay_node(desk.engine.kernels, path, record, record.nodes[node])


def verdicts(comparisons):
    return [(one.verdict, one.reasons) for one in comparisons]


def with_output(record: RunRecord, old: str, new: str) -> RunRecord:
    """The record of a run in which an output was altered."""

    def altered(event):
        match event.fact:
            case OutputWritten(cell=cell, output={"text": text} as output) if old in text:
                return replace(event, fact=OutputWritten(cell, {**output, "text": text.replace(old, new)}))
        return event

    assert any(altered(event) is not event for event in record.events)
    return read_record([altered(event) for event in record.events])


def of_an_older_version(record: RunRecord) -> RunRecord:
    """The record as it was written before readings of clocks and chance were kept."""
    return read_record(
        [
            replace(event, fact=replace(event.fact, readings=None))
            if isinstance(event.fact, CellEnded)
            else event
            for event in record.events
        ]
    )


def test_cells_sub_calls_and_children_give_the_same_without_a_model(desk):
    record = desk.ask(
        "hits = context.grep('Halden')\nprint(len(hits))\nhits[0]",
        "names = map_query('Who wrote it? Say: Anna', [d for d in context])\nnames",
        "parts = rlm_query_batched('How long is it?', [context[0], context[1]])\nprint(parts)",
        "1 / 0",
        "FINAL(f'{len(hits)} letters', hits)",
    )
    assert record.ended.answer == "2 letters" and {"0", "0.4", "0.5"} <= {n.id for n in record.sessions()}
    for node in record.sessions():
        assert {one.verdict for one in replayed(desk, record, node.id)} == {"same"}


def test_chunks_are_cut_as_they_were_whatever_model_is_there_now(desk):
    record = desk.ask(
        "text = 'A paragraph of some words.\\n\\n' * 4000\nprint([len(x) for x in chunks(text)])",
        "FINAL('done')",
    )
    assert {one.verdict for one in replayed(desk, record)} == {"same"}


def test_the_clock_is_the_recorded_one(desk):
    record = desk.ask(
        "import datetime, time\nprint(datetime.date.today(), time.strftime('%Y'), datetime.datetime.now().year)",
        "from datetime import datetime\nd = datetime(2024, 1, 2)\nprint(isinstance(d, datetime), repr(d), datetime)",
        "FINAL('done')",
    )
    then = timedelta(days=365 * 7)
    record = of_an_older_version(record)
    past = read_record([replace(event, ts=event.ts - then.total_seconds()) for event in record.events])
    years = [int(line[:4]) for one in replayed(desk, past)[:1] for line in [one.differences[0].split("'")[1]]]
    now = date.fromisoformat(record.nodes["0"].cells[0].outputs[0]["text"][:10])
    assert years == [(now - then).year]
    assert [one.verdict for one in replayed(desk, record)] == ["same"] * 3


READS = [
    ("import time\nprint('took', time.perf_counter(), 's for  37 letters')", c.TIME),
    ("import time\nprint('at', time.time(), time.time_ns(), time.monotonic(), 'with  37')", c.TIME),
    ("import datetime\nprint(datetime.datetime.now().isoformat(), 'with  37')", c.TIME),
    ("import uuid\nprint('id', uuid.uuid4().hex, ' 37 times')", c.RANDOM),
    ("import random\nprint([random.SystemRandom().random() for _ in range(3)], ' 37 of them')", c.RANDOM),
    ("import random\nrandom.seed()\nprint(random.random(), random.Random().random(), ' 37')", c.RANDOM),
    ("import secrets, os\nprint(secrets.token_hex(8), os.urandom(4).hex(), ' 37')", c.RANDOM),
    ("import numpy as np\nprint(float(np.random.default_rng().random()), ' 37')", c.RANDOM),
]


@pytest.mark.parametrize(("code", "reason"), READS)
def test_what_a_cell_read_of_clocks_and_chance_is_given_to_it_again(desk, code, reason):
    record = desk.ask(code, "FINAL('done')")
    assert [one.verdict for one in replayed(desk, record)] == ["same", "same"]
    forged = replayed(desk, with_output(record, " 37", " 38"))[0]
    assert forged.verdict == "differs" and "38" in forged.differences[0]


@pytest.mark.parametrize(
    ("code", "reason"), [("class Thing: pass\nprint('a thing', Thing(), 'of  37')", c.MEMORY), *READS]
)
def test_what_chance_clock_and_memory_do_is_explained_and_nothing_beside_it(desk, code, reason):
    record = of_an_older_version(desk.ask(code, "FINAL('done')"))
    first = replayed(desk, record)[0]
    assert first.verdict == "explained" or (reason == c.MEMORY and first.verdict == "same")
    assert first.reasons in ((reason,), ())
    forged = replayed(desk, with_output(record, " 37", " 38"))[0]
    assert forged.verdict == "differs" and "38" in forged.differences[0]


@pytest.mark.parametrize(
    "read", ["time.time()", "datetime.datetime.now()", "uuid.uuid4()", "time.perf_counter_ns()"]
)
def test_a_prompt_may_hold_what_was_read(desk, read):
    record = desk.ask(
        f"import time, datetime, uuid\nprint(llm_query(f'It is {{{read}}}. Say: ok'))",
        f"print(rlm_query(f'How long at {{{read}}}?', context[0]))",
        "FINAL('done')",
    )
    assert {one.verdict for one in replayed(desk, record)} == {"same"}
    assert replayed(desk, of_an_older_version(record))[0].verdict == "differs"


def test_a_cell_that_waits_by_the_clock_comes_to_its_end_again(desk):
    record = desk.ask(
        "import time\nend = time.time() + 0.2\nfor _ in range(1000):\n    time.time()\n"
        "while time.time() < end:\n    pass\nprint('waited')",
        "import asyncio\nawait asyncio.sleep(0.05)\nprint(time.monotonic() > 0)",
        "FINAL('done')",
    )
    ended = record.nodes["0"].cells[0].ended
    assert len(ended.readings["time"]) == 1000
    assert [one.verdict for one in replayed(desk, record)] == ["same"] * 3


def test_waiting_tasks_wake_up_whatever_a_cell_is_told_of_the_clock_by_which_they_wait(desk):
    code = (
        "import asyncio, time\nasync def wait(seconds):\n    await asyncio.sleep(seconds)\n"
        "    return time.monotonic() > 0\nprint(await asyncio.gather(wait(0.02), wait(0.1)))"
    )
    record = desk.ask(code, "FINAL('done')")
    (cell, _) = record.nodes["0"].cells
    cell.ends[-1] = replace(
        cell.ended, readings={"monotonic": [1_000_000_000, 1_080_000_000]}
    )  # after a start anew
    assert [one.verdict for one in replayed(desk, record)] == ["same"] * 2


def test_dates_are_what_they_are_while_the_clock_is_kept(desk):
    record = desk.ask(
        "import copy, datetime, pickle\nd = datetime.datetime.now()\nt = datetime.date(2024, 1, 2)\n"
        "print(type(d) == datetime.datetime, {datetime.datetime: 1}[type(d)], type(t) == datetime.date, "
        "isinstance(t, datetime.date), pickle.loads(pickle.dumps([d, t])) == [d, t], copy.deepcopy(d) == d, "
        "datetime.datetime(2024, 1, 2).date() == t, issubclass(datetime.datetime, datetime.date))",
        "FINAL('done')",
    )
    assert record.nodes["0"].cells[0].outputs[0]["text"] == "True 1 True True True True True True\n"


def test_the_clock_makes_what_the_real_one_makes(desk):
    record = desk.ask(
        "import copy, datetime, time, _thread\n"
        "class Day(datetime.date): pass\n"
        "class Moment(datetime.datetime): pass\n"
        "made = [Day.today(), Moment.now(), Moment.today(), Moment.utcnow(), Moment.now(datetime.UTC)]\n"
        "print([type(one).__name__ for one in made])\n"
        "late = datetime.datetime(2025, 10, 26, 2, 30, fold=1)\nprint(copy.copy(late).fold)\n"
        "_thread.start_new_thread(time.time, ())\ntime.sleep(0.2)",
        "FINAL('done')",
    )
    written = "".join(output["text"] for output in record.nodes["0"].cells[0].outputs)
    assert written == "['Day', 'Moment', 'Moment', 'Moment', 'Moment']\n1\n"


def test_seeded_chance_and_sets_of_words_come_out_the_same(desk):
    record = desk.ask(
        "import random\nimport numpy as np\nprint(random.random(), np.random.rand(2), set('abcdefgh'), hash('word'))",
        "FINAL('done')",
    )
    assert replayed(desk, record)[0].verdict == "same"


def test_a_set_of_objects_may_stand_in_another_order():
    then, now = "{<A>, <B>, <C>}", "{<C>, <A>, <B>}"
    assert c.explain(then, now, "print({A(), B(), C()})") == (c.ORDER,)
    assert c.explain(then, now, "print('sorted')") is None
    assert c.explain(then, "{<C>, <A>, <D>}", "print({A(), B(), C()})") is None


def test_a_call_that_the_record_does_not_hold_is_named(desk):
    record = desk.ask("print(llm_query('Say: one'))", "FINAL('done')")
    cell = record.nodes["0"].cells[0]
    cell.started = replace(cell.started, code="print(llm_query('Say: two'))")
    found = replayed(desk, record)
    assert [one.verdict for one in found] == ["differs"]
    assert "call 1 of cell 1 of node 0 asks something else than the recorded one" in found[0].differences[0]


def test_a_refused_call_is_recorded_and_refused_again(desk):
    record = desk.ask(
        "try:\n    llm_query_batched(['a', 'b', 'c'])\nexcept RuntimeError as e:\n    print(e)\nprint(llm_query('Say: ok'))",
        "FINAL('done')",
        max_calls=2,
    )
    assert "3 sub-calls asked for, 2 left" in record.nodes["0"].cells[0].outputs[0]["text"]
    assert {one.verdict for one in replayed(desk, record)} == {"same"}


def test_a_session_that_died_or_timed_out_is_followed(desk):
    record = desk.ask(
        "x = 1",
        "import os\nos._exit(3)",
        "print('x' in globals())",
        "y = 2\nwhile True: pass",
        "print(y)",
        "FINAL('done')",
        cell_seconds=3,
    )
    assert [cell.ended.status for cell in record.nodes["0"].cells][:5] == [
        "ok",
        "died",
        "ok",
        "timeout",
        "ok",
    ]
    assert [one.verdict for one in replayed(desk, record)] in (
        ["same"] * 6,
        ["same", "same", "same", "explained", "same", "same"],
    )


def test_the_worker_of_a_node_stands_where_it_was_before_a_cell(desk):
    record = desk.ask("n = 1", "n += 1", "n += 1", "FINAL(n)")
    path = corpus_of(desk.engine.store, record)
    for before, expected in ((2, "1"), (3, "2"), (None, "3")):
        with open_worker(desk.engine.kernels, path, record, record.nodes["0"]) as worker:
            done = execute_again(worker, record, record.nodes["0"], before)
            assert len(done) == (before or 5) - 1
            outputs = []
            worker.execute("print(n)", on_call=None, on_output=outputs.append, timeout=60)
            assert outputs[0]["text"].strip() == expected


def test_deleted_documents_are_said(desk):
    record = desk.ask("FINAL('done')")
    events = desk.engine.store.events(record.id)
    desk.engine.store.delete_corpus(record.started.corpus)
    with pytest.raises(ReplayError, match="were deleted"):
        corpus_of(desk.engine.store, read_record(events))
    desk.corpus = desk.engine.add([desk.folder])
