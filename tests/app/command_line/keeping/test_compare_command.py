import json

from tests.app.command_line.keeping.conftest import LOOK


def test_compare_shows_two_runs_side_by_side_and_where_they_part(command, asked, capsys):
    left, right = asked("2"), asked("three [red]\x1b]0;owned\x07")
    assert command("compare", left, right) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert left in out and right in out
    assert "answer (they differ) 2 three [red]" in out and "\x1b" not in out
    assert "They part first in the model" in out and "name says-1" in out
    assert "2 sources of both, 0 only of the first, 0 only of the second" in out


def test_runs_whose_answers_say_the_same_end_with_0(command, asked, capsys):
    left, right = asked("1,200"), asked("1 200")
    assert command("compare", left, right, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["same_answer"], found["left"]["run"], found["right"]["run"]) == (True, left, right)
    assert found["first"]["what"] == "reply" and found["first"]["left"]["turn"] == 2


def test_an_unknown_run_is_bad_input(command, asked, capsys):
    assert command("compare", asked("2"), "nothing") == 2
    assert "There is no run 'nothing'" in capsys.readouterr().err


def test_one_question_for_several_depths_and_models(command, papers, script, capsys):
    end = "```repl\nFINAL('2', hits)\n```"
    other = "```repl\nFINAL('3', hits)\n```"
    models = script(LOOK, end, LOOK, end, name="one"), script(LOOK, end, LOOK, other, name="two")
    words = (
        "ask",
        papers,
        "How many?",
        "--quiet",
        "--depth",
        "0,2",
        "--model",
        models[0],
        "--model",
        models[1],
    )
    assert command(*words) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "model one one two two" in out and "depth 0 2 0 2" in out
    assert "answer (they differ) 2 2 2 3" in out and "launch.py compare " in out
    assert command(*words, "--json") == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["answer"] for run in runs] == ["2", "2", "2", "3"]
    assert command("compare", runs[0]["run"], runs[1]["run"], "--json") == 0
    assert json.loads(capsys.readouterr().out)["first"]["what"] == "settings"


def test_a_depth_that_is_no_number_is_refused(command, papers, capsys):
    try:
        command("ask", papers, "How many?", "--depth", "0,x")
    except SystemExit as end:
        assert end.code == 2
    assert "'x' is not a whole number" in capsys.readouterr().err
