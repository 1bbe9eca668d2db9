"""Bad input through the real command: one clear sentence, the right exit status, and nothing half-written."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.command_line import main as cli
from engine.store import Store
from engine.store.database.database import FILE_NAME
from tests.engine.llm.gguf.make_gguf import random_model
from tests.engine.sandbox.as_user import become_user

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).resolve().parents[3]
FILL = """
try:
    open("large", "wb", buffering=0).write(bytes(8 << 20))
except OSError as problem:
    FINAL(f"stopped with {problem.strerror}")
"""
SCRIPT = [
    {"match": "Question: How many", "text": "```repl\nFINAL(f'{len(context)} letters')\n```"},
    {"match": "Question: Wait", "text": "```repl\nimport time\nprint('waiting')\ntime.sleep(600)\n```"},
    {"match": "Question: Fill", "text": f"```repl\n{FILL}\n```"},
]


class Command:
    """The real `ask` with a data folder, documents and a scripted model of its own."""

    def __init__(self, folder: Path):
        self.folder, self.data, self.letters = folder, folder / "data", folder / "letters"
        self.letters.mkdir()
        for number in range(3):
            (self.letters / f"{number}.txt").write_text("The ferry leaves at noon.\n")
        (folder / "script.jsonl").write_text("\n".join(map(json.dumps, SCRIPT)))
        self.model = f"scripted:{folder / 'script.jsonl'}"

    def words(self, *words: str, model: str | None = None) -> list[str]:
        options = ["--model", model or self.model, "--data", str(self.data)]
        return [sys.executable, str(ROOT / "launch.py"), "ask", *words, *options]

    def ask(self, *words: str, model: str | None = None, **how: Any) -> subprocess.CompletedProcess[str]:
        """Run `ask ... --json` to its end."""
        command = [*self.words(*words, model=model), "--json"]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=self.folder, **how)

    def refuses(self, *words: str, model: str | None = None, **how: Any) -> str:
        """Ask for what cannot be done; return the sentence that says so."""
        done = self.ask(*words, model=model, **how)
        sentence = the_sentence(done.stderr)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        self.nothing_is_half_written()
        return sentence

    def nothing_is_half_written(self, runs: int = 0) -> None:
        assert not list((self.data / "corpora").glob(".new-*"))
        assert not list((self.data / "scratch").glob("[0-9]*"))
        if (self.data / FILE_NAME).exists():
            with Store(self.data) as store:
                assert len(store.runs()) == runs
                assert store.check() == []


def the_sentence(errors: str) -> str:
    """The one line on stderr in which the command says what is wrong, and no traceback."""
    assert "Traceback" not in errors
    told = [line for line in errors.splitlines() if line.startswith("taproot: ")]
    assert len(told) == 1 and errors.endswith(told[0] + "\n"), errors
    return told[0].removeprefix("taproot: ")


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


# --- paths ----------------------------------------------------------------------------------------------


def test_a_path_that_does_not_exist(command: Command) -> None:
    assert "There is no file or folder nowhere." in command.refuses("nowhere", "How many?")
    assert not command.data.exists()


def test_an_empty_folder(command: Command) -> None:
    (command.folder / "empty").mkdir()
    assert "empty holds no files" in command.refuses("empty", "How many?")


def test_only_files_that_cannot_be_read(command: Command) -> None:
    bad = command.folder / "bad"
    bad.mkdir()
    (bad / "noise.docx").write_bytes(bytes(range(256)) * 20)
    (bad / "nothing.txt").touch()
    told = command.refuses("bad", "How many?")
    assert "no file that can be read" in told and "noise.docx" in told and "nothing.txt" in told


def test_files_that_lie_about_their_type_are_told_apart_from_those_that_are_read(command: Command) -> None:
    (command.letters / "text.pdf").write_text("The ferry is late.\n")
    (command.letters / "image.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (command.letters / "broken.pdf").write_bytes(b"%PDF-1.7\n" + b"\xff\x00 no pages" * 50)
    done = command.ask("letters", "How many letters?")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["answer"], answer["coverage"]["skipped"]) == ("4 letters", 2)
    assert "image.txt" in done.stderr and "broken.pdf" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="permissions of Unix")
def test_what_this_user_may_not_read() -> None:
    """As root, the command runs as a user without rights, in a folder that everybody may enter."""
    who = [sys.executable, "-c", "import os; print(os.geteuid())"]
    if subprocess.run(who, capture_output=True, text=True, **as_user()).stdout == "0\n":
        pytest.skip("root cannot become an ordinary user here, and root may read everything")
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        command = Command(Path(name))
        command.letters.chmod(0)
        try:
            told = command.refuses("letters", "How many?", **as_user())
        finally:
            command.letters.chmod(0o700)
    assert "letters cannot be opened: permission denied" in told


def as_user() -> dict[str, Any]:
    """How to start a program with the rights of an ordinary user."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    return {"env": environment, "preexec_fn": become_user if os.geteuid() == 0 else None}


# --- question -------------------------------------------------------------------------------------------


def test_an_empty_question(command: Command) -> None:
    assert "the question is empty" in command.refuses("letters", "  ")


def test_a_question_that_is_forgotten(command: Command) -> None:
    assert "no question" in command.refuses("letters")


def test_a_question_longer_than_the_window(command: Command) -> None:
    assert "ask a shorter question" in command.refuses("letters", "How many? " * 5000)


# --- model ----------------------------------------------------------------------------------------------


def truncated(path: Path) -> None:
    random_model(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: None, id="missing"),
        pytest.param(Path.touch, id="0 bytes"),
        pytest.param(lambda path: path.write_text("This is a letter.\n" * 100), id="text"),
        pytest.param(truncated, id="truncated"),
        pytest.param(Path.mkdir, id="folder"),
    ],
)
def test_a_file_that_is_no_model(command: Command, make: Callable[[Path], object]) -> None:
    path = command.folder / "model.gguf"
    make(path)
    assert str(path) in command.refuses("letters", "How many?", model=str(path))


# --- database -------------------------------------------------------------------------------------------


def test_a_database_that_another_program_holds(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, because the command itself waits for 15 seconds."""
    Store(command.data).close()
    monkeypatch.setitem(Store.__init__.__kwdefaults__, "busy_seconds", 0.2)
    blocker = sqlite3.connect(command.data / FILE_NAME, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        status = cli.run([*command.words(str(command.letters), "How many?")[2:], "--json"])
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert "is locked by another program" in the_sentence(said.err)
    command.nothing_is_half_written()


def test_a_file_that_is_no_database(command: Command) -> None:
    command.data.mkdir()
    (command.data / FILE_NAME).write_bytes(b"not a database " * 1000)
    done = command.ask("letters", "How many?")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is damaged or is not a database" in the_sentence(done.stderr)
    assert (command.data / FILE_NAME).read_bytes() == b"not a database " * 1000


def test_a_database_from_a_newer_version(command: Command) -> None:
    Store(command.data).close()
    with contextlib.closing(sqlite3.connect(command.data / FILE_NAME)) as db, db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('taproot', 'm999', 'x')"
        )
    done = command.ask("letters", "How many?")
    assert (done.returncode, done.stdout) == (2, "")
    assert "newer version of Taproot (step m999)" in the_sentence(done.stderr)


# --- disk -----------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(command: Command) -> Iterator[Command]:
    """The data folder is a disk of 3 MB."""
    command.data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "none", str(command.data)]
    done = subprocess.run(mount, capture_output=True, text=True) if shutil.which("mount") else None
    if done is None or done.returncode:
        pytest.skip(f"a small disk cannot be mounted here (root can): {done and done.stderr.strip()}")
    yield command
    subprocess.run(["umount", str(command.data)], check=True)


def test_a_full_disk(small_disk: Command) -> None:
    filler = small_disk.data / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    done = small_disk.ask("letters", "How many?")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is full. Free some space" in the_sentence(done.stderr)
    filler.unlink()
    assert small_disk.ask("letters", "How many?").returncode == 0


def test_a_disk_that_fills_up_while_documents_are_read(small_disk: Command) -> None:
    (small_disk.letters / "long.txt").write_text("The ferry leaves at noon, as ever.\n" * 90_000)
    told = small_disk.refuses("letters", "How many?")
    assert "long.txt cannot be stored" in told and "is nearly full" in told and "Free some space" in told
    (small_disk.letters / "long.txt").unlink()
    assert small_disk.ask("letters", "How many?").returncode == 0


def test_a_cell_that_would_fill_the_disk_is_stopped_and_its_run_goes_on(small_disk: Command) -> None:
    done = small_disk.ask("letters", "Fill the disk.")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["answer"].startswith("stopped with")
    small_disk.nothing_is_half_written(runs=1)
    with Store(small_disk.data) as store:
        assert [row["status"] for row in store.runs()] == ["answered"]
    assert small_disk.ask("letters", "How many?").returncode == 0


# --- Ctrl+C ---------------------------------------------------------------------------------------------


def interrupted(command: Command, sign: str, *words: str, model: str | None = None) -> tuple[int, str, str]:
    """Press Ctrl+C, which reaches every process of the group, when `sign` shows. Returns status, stdout, stderr."""
    options = ["--json", "--events"]
    process = subprocess.Popen(
        [*command.words(*words, model=model), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=command.folder,
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if sign in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    out, rest = process.communicate(timeout=300)
    assert sign in lines[-1], "".join(lines)
    return process.returncode, out, "".join(lines) + rest


def large_model(folder: Path) -> str:
    """A real model that takes a moment to load and seconds to read a prompt."""
    return str(random_model(folder / "model.gguf", layers=10, width=512, n_ctx=8192))


@pytest.mark.skipif(os.name == "nt", reason="process groups of Unix")
@pytest.mark.parametrize("phase", ["reading", "loading"])
def test_ctrl_c_before_a_run_leaves_nothing(command: Command, phase: str) -> None:
    for number in range(2000):
        (command.letters / f"letter {number}.txt").write_text(f"Letter {number}.\n" * 20)
    model = large_model(command.folder) if phase == "loading" else None
    status, out, errors = interrupted(command, f'"phase": "{phase}"', "letters", "How many?", model=model)
    assert (status, out) == (130, ""), errors
    assert "stopped" in the_sentence(errors)
    command.nothing_is_half_written()
    assert not list((command.data / "corpora").glob("[0-9a-f]*"))


@pytest.mark.skipif(os.name == "nt", reason="process groups of Unix")
@pytest.mark.parametrize("phase", ["prefill", "cell"])
def test_ctrl_c_in_a_run_keeps_it_as_interrupted(command: Command, phase: str) -> None:
    sign = {"prefill": "turn_started", "cell": "cell_started"}[phase]
    model = large_model(command.folder) if phase == "prefill" else None
    status, out, errors = interrupted(command, f'"{sign}"', "letters", "Wait.", model=model)
    assert status == 130, errors
    answer = json.loads(out)
    assert answer["status"] == "interrupted"
    assert f"kept as run {answer['run']}" in the_sentence(errors)
    command.nothing_is_half_written(runs=1)
    with Store(command.data) as store:
        assert store.run(answer["run"])["status"] == "interrupted"
        kinds = [event.kind for event in store.events(answer["run"])]
    assert sign in kinds
    assert kinds[-2:] == ["node_finished", "run_finished"]


# --- options ----------------------------------------------------------------------------------------------


def test_without_a_command_the_app_is_opened_with_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    monkeypatch.setattr("app.server.serve.serve", lambda options: opened.append(options) or 0)
    assert cli.run(["--port", "8080", "--no-browser", "--model", "m.gguf", "--data", "d"]) == 0
    assert cli.run([]) == 0
    full, bare = map(vars, opened)
    assert (full["port"], full["no_browser"], full["model"], full["data"]) == (8080, True, "m.gguf", "d")
    assert (bare["port"], bare["no_browser"], bare["window"], bare["model"], bare["data"]) == (
        None,
        False,
        False,
        None,
        None,
    )


@pytest.mark.parametrize("words", [["--data", "there", "runs"], ["runs", "--data", "there"]])
def test_options_may_stand_before_or_after_the_command(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    monkeypatch.setattr(
        "app.command_line.commands.records.runs", lambda options: seen.append(options.data) or 0
    )
    assert cli.run(words) == 0
    assert seen == ["there"]


@pytest.mark.parametrize(
    ("words", "spread"),
    [
        ([], True),
        (["-x", "--durations=9"], True),
        (["tests/engine"], False),
        (["-k", "quote"], False),
        (["--pdb"], False),
        (["-x", "--trace"], False),
        (["-s"], False),
    ],
)
def test_the_whole_suite_and_no_part_of_it_is_run_in_two_processes(
    words: list[str], spread: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", lambda command, cwd: started.append(command) or 0)
    assert cli.run(["test", *words]) == 0
    ((_, *given),) = started
    assert given == ["-m", "pytest", *(cli.spread([]) if spread else []), *words]


def test_what_is_run_in_two_processes_keeps_files_together_and_ends_with_the_summary(tmp_path: Path) -> None:
    code = "import os\nimport pytest\n\n@pytest.mark.parametrize('n', range(3))\ndef test(n): "
    for name in ("a", "b"):
        (tmp_path / f"test_{name}.py").write_text(f"{code}open('{name}-' + str(os.getpid()), 'a').close()\n")
    command = [sys.executable, "-m", "pytest", *cli.spread([]), "-q", "--rootdir", "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1].startswith("6 passed in"), done.stdout + done.stderr
    (a,), (b,) = ([file.name[2:] for file in tmp_path.glob(f"{name}-*")] for name in "ab")
    assert a != b
