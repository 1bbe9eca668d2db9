import sqlite3
import threading
from collections.abc import Callable, Iterator

import pytest

from engine.errors import StoreError
from engine.store.database.writer import Writer


@pytest.fixture
def commits() -> list[str]:
    return []


@pytest.fixture
def writer(commits: list[str], tmp_path) -> Iterator[Writer]:
    def connect() -> sqlite3.Connection:
        db = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        db.execute("CREATE TABLE IF NOT EXISTS t (x)")
        db.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)
        return db

    made = Writer(connect, tick=lambda db: None, tick_seconds=3600, group_seconds=0.2)
    yield made
    made.close()


def insert(value: object):
    return lambda db: db.execute("INSERT INTO t VALUES (?)", (value,)).lastrowid


def rows(db: sqlite3.Connection) -> list:
    return [row[0] for row in db.execute("SELECT x FROM t ORDER BY rowid")]


def refuse(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO t VALUES ('half')")
    raise ValueError("wrong by itself")


def end_thread(db: sqlite3.Connection) -> None:
    raise SystemExit("gone")


@pytest.fixture
def hold(writer: Writer) -> Callable[[], None]:
    """Keep the thread busy, so that work piles up; calling the result lets it go on."""
    go_on = threading.Event()
    writer.submit(lambda db: go_on.wait(300), "alone")
    return go_on.set


def test_work_that_may_wait_shares_one_commit(writer: Writer, commits: list[str], hold: Callable) -> None:
    waiting = [writer.submit(insert(number), "soon") for number in range(20)]
    hold()
    assert [future.result() for future in waiting] == list(range(1, 21))
    assert len(commits) == 1


def test_work_wanted_now_shares_a_commit_with_what_waits(
    writer: Writer, commits: list[str], hold: Callable
) -> None:
    waiting = [
        writer.submit(insert(number), when) for number, when in enumerate(["soon", "now", "soon", "now"])
    ]
    hold()
    assert [future.result() for future in waiting] == [1, 2, 3, 4]
    assert len(commits) == 1


def test_wrong_work_leaves_nothing_behind_and_takes_nobody_with_it(writer: Writer) -> None:
    first, wrong, last = (writer.submit(work, "soon") for work in (insert(1), refuse, insert(2)))
    assert (first.result(), last.result()) == (1, 2)
    with pytest.raises(ValueError, match="wrong by itself"):
        wrong.result()
    assert writer.submit(rows).result() == [1, 2]


def test_work_alone_runs_outside_a_transaction_and_in_its_place(writer: Writer) -> None:
    before = writer.submit(insert("before"), "soon")
    alone = writer.submit(lambda db: (db.in_transaction, rows(db)), "alone")
    after = writer.submit(insert("after"))
    assert alone.result() == (False, ["before"])
    assert before.done() and after.result() == 2


def test_a_thread_that_ends_fails_what_waits_and_what_comes(writer: Writer, hold: Callable) -> None:
    dying = writer.submit(end_thread)
    behind = [
        writer.submit(insert(1), "soon"),
        writer.submit(lambda db: None, "alone"),
        writer.submit(insert(2)),
    ]
    hold()
    for future in (dying, *behind):
        with pytest.raises(StoreError, match=r"cannot write any more \(gone\)"):
            future.result(timeout=60)
    with pytest.raises(StoreError, match="cannot write any more"):
        writer.submit(insert(3))


def test_a_connection_that_cannot_be_opened_fails_all_work() -> None:
    def connect() -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    broken = Writer(connect, tick=lambda db: None)
    with pytest.raises(StoreError, match="unable to open"):
        broken.submit(insert(1)).result(timeout=60)
    broken.close()


def test_the_tick_runs_while_work_never_stops(tmp_path) -> None:
    ticked = threading.Event()
    writer = Writer(
        lambda: sqlite3.connect(tmp_path / "x.db", isolation_level=None),
        tick=lambda db: ticked.set(),
        tick_seconds=0.05,
    )
    for _ in range(100_000):
        writer.submit(lambda db: None).result()
        if ticked.is_set():
            break
    writer.close()
    assert ticked.is_set()
