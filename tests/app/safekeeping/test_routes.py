"""Kept questions, backups and imports by HTTP, behind the gate."""

from __future__ import annotations

import io
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from app.errors import Conflict
from app.safekeeping import imports
from app.safekeeping.backups import PREFIX, sweep
from engine import backup
from engine.errors import InputError
from engine.kernel.host.host import KernelHost
from engine.llm.scripted import ScriptedModel
from engine.store import Store
from engine.types import Json
from tests.app.desk import TOKEN, Desk, until
from tests.app.script import Model, cell

pytestmark = pytest.mark.sandbox
LOG = Path(__file__).parents[2] / "engine" / "exchange" / "incoming" / "logs" / "rlms_child.jsonl"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("safekeeping") / "data"
    data.mkdir(mode=0o700)
    made = Desk(data, kernels)
    for question in ("When does the ferry leave?", "Ask about each letter"):
        made.ended(made.workbench.runs.start(question, made.corpus).run)
    yield made
    made.model.go.set()
    made.close()


@pytest.fixture(scope="module")
def web(desk: Desk) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{desk.port}", trust_env=False, timeout=60) as client:
        client.get("/", params={"t": TOKEN})
        yield client


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A backup waits at its first piece until this is set, or it is stopped."""
    free, real = threading.Event(), backup.write

    def write(*given, progress, stop, **named):
        def wait(done: int, of: int) -> None:
            progress(done, of)
            until(lambda: free.is_set() or stop.event.is_set())

        return real(*given, progress=wait, stop=stop, **named)

    monkeypatch.setattr(backup, "write", write)
    yield free
    free.set()


def state(web: httpx.Client, of: str) -> Json:
    return web.get("/api/safekeeping").json()[of]


def over(web: httpx.Client, of: str) -> Json:
    """Wait until nothing of the kind goes on; the state then."""
    until(lambda: state(web, of)["running"] is None)
    return state(web, of)


def folders() -> list[Path]:
    """What this process has made for a browser to save."""
    return [*Path(tempfile.gettempdir()).glob(f"{PREFIX}{psutil.Process().pid}-*")]


def test_nothing_of_it_is_open_without_the_token(desk: Desk) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{desk.port}", trust_env=False, timeout=60) as stranger:
        for method, path in (
            ("GET", "safekeeping"),
            ("GET", "kept"),
            ("PUT", "kept/x"),
            ("POST", "checks"),
            ("DELETE", "backup"),
            ("GET", "backup/file"),
            ("PUT", "import?name=x"),
        ):
            assert stranger.request(method, f"/api/{path}").status_code == 401, path


# --- kept questions ---------------------------------------------------------------------------------------


def test_kept_questions_are_asked_again_and_tell_what_became_worse(desk: Desk, web: httpx.Client) -> None:
    refused = web.post("/api/checks", json={})
    assert refused.status_code == 400 and "No question is kept yet" in refused.json()["error"]
    ferry, letters = (row["run"] for row in reversed(desk.workbench.engine.store.runs()))
    assert web.put(f"/api/kept/{ferry}", json={}).json()["accepted"] == "At **noon**."
    assert web.put(f"/api/kept/{letters}", json={"answer": "four"}).json()["accepted"] == "four"
    assert web.put("/api/kept/none", json={}).status_code == 400
    assert web.post("/api/checks", json={"run": "none"}).status_code == 404

    assert web.post("/api/checks", json={"run": ferry}).json() == {"asked": 1}
    found = over(web, "checks")
    assert found["message"] == "1 asked, 1 right, 0 worse than before."
    second, first = found["kept"]
    assert (first["run"], first["asked"], second["last"]) == (ferry, 1, None)
    assert first["last"]["right"] and not first["last"]["worse"]
    assert desk.workbench.engine.store.run(first["last"]["run"])["question"] == "When does the ferry leave?"

    desk.workbench.engine.use(ScriptedModel(lambda request: cell("FINAL('At dusk.')"), name="other"))
    web.post("/api/checks", json={})
    found = over(web, "checks")
    assert found["message"] == "2 asked, 0 right, 2 worse than before."
    assert [row["last"]["worse"] for row in found["kept"]] == ["sources: none any more", "answer"]
    desk.workbench.engine.use(Model())
    assert web.delete(f"/api/kept/{letters}").json() == {"removed": letters}
    assert web.delete(f"/api/kept/{letters}").status_code == 400
    assert [row["run"] for row in state(web, "checks")["kept"]] == [ferry]


def test_asking_again_is_followed_and_stopped_and_two_are_refused(desk: Desk, web: httpx.Client) -> None:
    run = web.post("/api/runs", json={"question": "Look for ever", "corpus": desk.corpus}).json()["run"]
    desk.workbench.runs.stop(run)
    desk.ended(run)
    web.put(f"/api/kept/{run}", json={"answer": "at last"})
    web.post("/api/checks", json={"run": run})
    until(lambda: (state(web, "checks")["running"] or {}).get("run"))
    now = state(web, "checks")["running"]
    assert (now["kept"], now["question"], now["done"], now["of"]) == (run, "Look for ever", 0, 1)
    assert web.get(f"/api/runs/{now['run']}/log").json()["run"]["live"]
    assert web.post("/api/checks", json={}).status_code == 409
    assert web.delete("/api/checks").json() == {"stopped": True}
    assert over(web, "checks")["message"] == "Stopped. 0 asked, 0 right, 0 worse than before."
    assert desk.ended(now["run"])["status"] == "interrupted"
    assert web.delete("/api/checks").json() == {"stopped": False}
    assert state(web, "checks")["kept"][0]["last"] is None
    web.delete(f"/api/kept/{run}")


def test_a_question_that_cannot_be_asked_says_why(desk: Desk, web: httpx.Client) -> None:
    corpus = desk.add("Gone", {"a.txt": "the ferry"})
    run = web.post("/api/runs", json={"question": "Who wrote it?", "corpus": corpus}).json()["run"]
    desk.ended(run)
    web.put(f"/api/kept/{run}", json={"answer": "nobody"})
    text = Path(desk.workbench.engine.store.corpus(corpus)["path"]) / "text.utf8"
    away = text.rename(text.with_suffix(".away"))
    web.post("/api/checks", json={"run": run})
    row = over(web, "checks")["kept"][0]
    assert row["run"] == run and row["problem"] and row["last"] is None
    away.rename(text)
    web.post("/api/checks", json={"run": run})
    assert over(web, "checks")["kept"][0]["problem"] == ""
    web.delete(f"/api/kept/{run}")


# --- backup -----------------------------------------------------------------------------------------------


def test_a_backup_is_written_where_it_is_wished_and_restored(
    desk: Desk, web: httpx.Client, tmp_path: Path
) -> None:
    target = tmp_path / "all.zip"
    before = state(web, "backup")
    assert before["size"] > 0 < before["free"] and before["name"].startswith("taproot-")
    backups = desk.workbench.backups
    assert backups.start(f" {target} ") == {"file": str(target)}
    made = over(web, "backup")["made"]
    assert (made["file"], made["save"], made["bytes"]) == (str(target), False, target.stat().st_size)
    assert made["runs"] == len(desk.workbench.engine.store.runs())

    with pytest.raises(InputError) as refused:
        backups.start(str(target))
    assert str(refused.value) == f"{target} exists already. Choose another name, or let it be written over."
    backups.start(str(target), over=True)
    over(web, "backup")
    backup.restore(target, tmp_path / "again")
    with Store(tmp_path / "again") as store:
        assert len(store.runs()) == made["runs"]
    for place, words in ((tmp_path, "is a folder"), (tmp_path / "no" / "x.zip", "There is no folder"),
                         (desk.data / "x.zip", "lies in the data folder itself"), (tmp_path / ("x" * 300), "File name too long"),
                         ("a\0b", "no file can be called so"), ("\ud800", "no file can be called so")):  # fmt: skip
        with pytest.raises(InputError, match=words):
            backups.start(str(place), over=True)


def test_what_is_being_written_is_followed_and_stopped_and_leaves_nothing(
    desk: Desk, web: httpx.Client, tmp_path: Path, held: threading.Event
) -> None:
    desk.workbench.backups.start(str(tmp_path / "all.zip"))
    until(lambda: state(web, "backup")["running"]["done"])
    now = state(web, "backup")["running"]
    assert 0 < now["done"] <= now["of"] and now["free"] > 0
    with pytest.raises(Conflict):
        desk.workbench.backups.start_saving()
    assert folders() == []
    desk.workbench.backups.say("A backup is being made already.")
    assert web.delete("/api/backup").json() == {"stopped": True}
    found = over(web, "backup")
    assert found["message"] == "Stopped; nothing was left of the backup." and found["made"] is None
    assert [*tmp_path.iterdir()] == []


def test_a_backup_is_saved_through_the_browser_and_not_left_on_the_disk(
    desk: Desk, web: httpx.Client
) -> None:
    assert web.get("/api/backup/file").status_code == 404
    for _ in range(2):  # one that was not saved goes when the next is made
        desk.workbench.backups.start_saving()
        made = over(web, "backup")["made"]
        assert made["save"] and folders() == [Path(made["file"]).parent]
    answer = web.get(
        "/api/backup/file", headers={"range": "bytes=0-9"}
    )  # whoever goes on with a part gets it all
    assert f'filename="{Path(made["file"]).name}"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None and "backup.json" in archive.namelist()
    until(lambda: folders() == [])
    assert web.get("/api/backup/file").status_code == 404
    assert state(web, "backup")["message"] == "The backup was handed to the browser."


def test_a_backup_that_the_browser_did_not_get_whole_can_be_saved_again(
    desk: Desk, web: httpx.Client
) -> None:
    desk.workbench.backups.start_saving()
    made = Path(over(web, "backup")["made"]["file"])
    with made.open("ab") as file:
        file.truncate(256 << 20)  # more than the system takes before anybody reads
    with web.stream("GET", "/api/backup/file") as answer:
        next(answer.iter_raw())
    until(lambda: not any(file.path == str(made) for file in psutil.Process().open_files()))
    assert made.exists() and state(web, "backup")["made"]["save"]
    assert web.get("/api/backup/file").status_code == 200
    until(lambda: folders() == [])


def test_a_backup_that_is_made_while_one_is_saved_is_not_removed_with_it(
    desk: Desk, web: httpx.Client, held: threading.Event
) -> None:
    held.set()
    desk.workbench.backups.start_saving()
    over(web, "backup")
    before = desk.workbench.backups.file()
    held.clear()
    desk.workbench.backups.start_saving()
    desk.workbench.backups.saved(before)
    held.set()
    made = over(web, "backup")
    assert made["message"] == "" and made["made"]["save"] and desk.workbench.backups.file().is_file()
    desk.workbench.backups.saved(desk.workbench.backups.file())


def test_what_a_killed_process_left_is_removed_and_that_of_a_living_one_stays() -> None:
    dead = psutil.Process().pid
    while psutil.pid_exists(dead):
        dead += 1
    left = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{dead}-"))
    mine = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{psutil.Process().pid}-"))
    sweep()
    assert not left.exists() and mine.exists()
    mine.rmdir()


# --- import -----------------------------------------------------------------------------------------------


def test_a_log_becomes_runs_once_and_again_only_if_wished(web: httpx.Client) -> None:
    data = LOG.read_bytes()
    taken = web.put("/api/import", params={"name": "two.jsonl"}, content=data).json()
    (one,) = taken["runs"]
    log = web.get(f"/api/runs/{one['run']}/log").json()
    assert log["run"]["question"] == one["question"] and one["cells"] > 0 and taken["program"] == "rlms"
    refused = web.put("/api/import", params={"name": "two.jsonl"}, content=data)
    assert refused.status_code == 409
    assert refused.json()["error"] == f"two.jsonl was imported before, as {one['run']}."
    again = web.put("/api/import", params={"name": "two.jsonl", "again": True}, content=data)
    assert again.json()["runs"][0]["run"] != one["run"]


def test_a_log_is_received_where_the_next_start_removes_what_a_killed_process_left(
    desk: Desk, web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = imports.read_log, list[Path]()
    monkeypatch.setattr(imports, "read_log", lambda file, name: seen.append(file) or real(file, name))
    assert web.put("/api/import", params={"name": "a.jsonl", "again": True}, content=LOG.read_bytes()).json()[
        "runs"
    ]
    uploads = desk.workbench.library.uploads
    assert seen[0].parents[1] == uploads.folder and not seen[0].parent.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "notes.txt: "),
        (b"\xff\xfe\x00", "notes.txt is no text"),
        (b"just words\n", "notes.txt: "),
        (b'{"type": "metadata"}\n{"type": "iter', "notes.txt: "),
        (b"[" * 100_000, "notes.txt"),
    ],
)
def test_what_is_no_log_changes_nothing_and_is_named(
    desk: Desk, web: httpx.Client, data: bytes, words: str
) -> None:
    before = len(desk.workbench.engine.store.runs())
    refused = web.put("/api/import", params={"name": "notes.txt"}, content=data)
    assert refused.status_code == 400 and refused.json()["error"].startswith(words)
    assert tempfile.gettempdir() not in refused.json()["error"]
    assert len(desk.workbench.engine.store.runs()) == before
    assert str(desk.data) not in refused.json()["error"] and [*(desk.data / "uploads").iterdir()] == []
    assert web.put("/api/import", params={"name": ""}, content=data).status_code == 400


def test_a_log_that_is_too_large_is_refused_as_it_comes(
    web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.safekeeping.imports.LARGEST", 1000)
    refused = web.put("/api/import", params={"name": "long.jsonl"}, content=b"x" * 5000)
    assert refused.status_code == 413 and "1,000 bytes" in refused.json()["error"]
