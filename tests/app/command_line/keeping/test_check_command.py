import json

import pytest

from tests.app.command_line.keeping.conftest import LOOK


@pytest.fixture
def end():
    return lambda answer: f"```repl\nFINAL({answer!r}, context.grep('Halden'))\n```"


def test_keep_list_check_and_remove(command, asked, script, end, capsys):
    run = asked("2")
    assert command("keep", run) == 0
    assert "accepted answer: 2" in capsys.readouterr().out
    assert command("check", "--model", script(LOOK, end("2"), name="good")) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "1 asked, 1 right, 0 worse than before" in out
    assert command("check", "--json", "--model", script(end("seven \x1b[31m"), name="bad")) == 1
    found = json.loads(capsys.readouterr().out)
    assert (
        found["worse"] == 1 and found["checks"][0]["worse"] == "answer" and found["checks"][0]["kept"] == run
    )
    assert command("keep") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert run in out and "wrong on" in out and "by bad" in out and "\x1b" not in out
    assert command("keep", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert [result["right"] for result in row["results"]] == [True, False]
    assert command("keep", run, "--remove") == 0
    assert command("keep") == 0
    assert "nothing is kept yet" in capsys.readouterr().out


def test_bad_input(command, asked, capsys):
    run = asked("2")
    assert command("check") == 2 and "No question is kept yet" in capsys.readouterr().err
    assert command("keep", "--remove") == 2 and "Name the run" in capsys.readouterr().err
    assert command("keep", run, "--remove") == 2 and "is not kept" in capsys.readouterr().err


def test_delete_prints_a_receipt_and_backup_and_restore_work_from_the_command_line(
    command, asked, tmp_path, capsys
):
    run = asked("2")
    command("keep", run)
    target = tmp_path / "all.zip"
    assert command("backup", target) == 0 and command("backup", target) == 2
    assert "write over it with --force" in capsys.readouterr().err
    assert command("delete", run, "--yes") == 0
    printed = capsys.readouterr()
    receipt = json.loads(printed.out)
    assert f"the last with the hash {receipt['heads'][run]['hash']}" in printed.err
    assert "1 kept questions" in printed.err and "Backups that you made yourself still hold it" in printed.err
    assert command("restore", target) == 2
    assert "holds something already" in capsys.readouterr().err
    from app.command_line.main import run as main

    there = str(tmp_path / "there")
    assert main(["restore", str(target), "--data", there]) == 0
    assert "1 questions and 1 corpora as of" in capsys.readouterr().out
    assert main(["keep", "--json", "--data", there]) == 0
    assert json.loads(capsys.readouterr().out)[0]["run"] == run


def test_doctor_names_the_copy_made_before_a_migration(data_dir):
    from app.command_line.commands.doctor import data
    from engine.store import Store

    Store(data_dir).close()
    copy = data_dir / "backups" / "taproot-20260101-000000.db"
    copy.parent.mkdir()
    copy.write_bytes(b"x")
    assert data(data_dir)["copies_before_migrations"] == [str(copy)]
