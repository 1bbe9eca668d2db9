"""A session over its cells: what is there, what is put back, what does no harm."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.sandbox


def test_the_text_is_there_as_context(session):
    assert session.run("context.splitlines()[1]").echoed == "'The notice period is six months.'"


@pytest.mark.parametrize(
    "code",
    [
        "context = 'gone'",
        "del context",
        "llm_query = FINAL = None",
        "import os\nos.chdir('/')",
        "%cd /",
        "%reset -f",
        "globals().clear()",
        "import sys\nsys.stdout = sys.stderr = None",
        "import builtins\nbuiltins.input = None",
        "import builtins\nbuiltins.len = builtins.callable = builtins.print = None",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)",
    ],
)
def test_names_folder_and_streams_are_back_before_the_next_cell(session, code):
    session.run(code)
    ran = session.run(
        "import os\nprint(len(context), callable(llm_query), callable(FINAL), os.getcwd() == os.environ['HOME'])"
    )
    assert ran.printed == "85 True True True\n"


def test_a_changed_context_is_mentioned(session):
    ran = session.run("context = context.lower()")
    assert any("`context`" in note for note in ran.result.notes)


def test_a_list_called_chunks_stays_the_models_own(session):
    session.run("chunks = ['a', 'b']")
    assert session.run("[c for c in chunks]").echoed == "['a', 'b']"


@pytest.mark.parametrize("code", ["import sys\nsys.exit(1)", "exit()", "quit()", "raise SystemExit"])
def test_leaving_only_ends_the_cell(session, code):
    session.run("x = 5")
    assert session.run(code).status == "ok"
    assert session.run("x").echoed == "5"


@pytest.mark.parametrize(
    "code", ["!ls", "x = !ls", "%%bash\nls", "%pip install x", "%%script sh\nls", "%system ls"]
)
def test_there_is_no_shell_and_the_answer_says_so(session, code):
    ran = session.run(code, timeout=60)
    assert ran.status == "error"
    assert "no shell here" in ran.error


@pytest.mark.parametrize("code", ["input('Name? ')", "import getpass\ngetpass.getpass()"])
def test_asking_a_person_fails_at_once(session, code):
    ran = session.run(code, timeout=60)
    assert ran.status == "error"
    assert "Nobody is there" in ran.error


def test_reading_stdin_gives_nothing(session):
    assert session.run("import sys\nsys.stdin.read()", timeout=60).echoed == "''"


def test_a_syntax_error_points_to_its_place(session):
    ran = session.run("x = 1\ny = (2,, 3)")
    assert ran.outputs[0]["traceback"] == [
        "cell 1, line 2",
        "    y = (2,, 3)",
        "           ^",
        "SyntaxError: invalid syntax",
    ]


def test_a_misspelt_name_gets_the_nearest_ones(session):
    session.run("notice_period = 6")
    assert "did you mean notice_period?" in session.run("notice_perod").error
    assert "llm_query" in session.run("lm_query('x')").error


def test_missing_packages_are_explained(session):
    assert "nothing can be installed" in session.run("import pandas_that_is_not_there").error


def test_a_regular_expression_without_raw_string_gives_no_warning(session):
    ran = session.run("import re\nre.findall('\\d+', context)")
    assert (ran.echoed, ran.printed) == ("['450']", "")


def test_help_is_printed(session):
    assert "first characters" in session.run("def f():\n    'Return the first characters.'\nf?").printed
    assert "Ask the model one question" in session.run("help(llm_query)").printed


@pytest.mark.parametrize("code", ["breakpoint()", "%debug", "import pdb\npdb.set_trace()"])
def test_a_debugger_does_not_wait_for_a_person(session, code):
    assert session.run(code, timeout=60).status in ("ok", "error")
    assert session.run("1").echoed == "1"


def test_long_recursion_is_an_error_with_a_short_traceback(session):
    ran = session.run("def f():\n    return f()\nf()")
    assert ran.result.error["ename"] == "RecursionError"
    assert len(ran.outputs[-1]["traceback"]) < 20


def test_variables_are_listed_without_running_their_code(session):
    code = "import re\nn = 3\nword = 'abc'\nitems = [1, 2]\nclass A:\n    def __repr__(self):\n        raise RuntimeError\na = A()"
    variables = dict(session.run(code).result.variables)
    assert variables["n"] == "int 3"
    assert variables["items"] == "list of 2"
    assert variables["word"].startswith("str, 3 characters")
    assert variables["a"] == "A"
    assert not {"re", "context", "answer", "FINAL", "In", "Out", "exit"} & set(variables)


def test_show_vars_lists_them_in_the_cell(session):
    assert session.run("n = 3\nSHOW_VARS()").echoed == "{'n': 'int 3'}"


def test_the_same_cells_give_the_same_results_in_another_worker(open_session):
    code = "import random, numpy\nprint(random.random(), numpy.random.rand())"
    assert open_session().run(code).printed == open_session().run(code).printed


def test_hashes_are_those_of_a_fixed_seed(session):
    python = [sys.executable, "-c", "print(hash('a'))"]
    fixed = subprocess.run(python, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True)
    assert session.run("print(hash('a'))").printed == fixed.stdout


def test_sessions_do_not_see_each_other(open_session):
    one, two = open_session(), open_session()
    one.run("secret = 1\nopen('note.txt', 'w').write('x')")
    assert two.run("'secret' in globals()").echoed == "False"
    assert two.run("import os\nos.listdir()").echoed == "[]"


def test_threads_and_scratch_files_work(session):
    code = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
with ThreadPoolExecutor() as pool:
    print(sum(pool.map(int, '123')))
Path('a.txt').write_text('hello')
Path('a.txt').read_text()
"""
    ran = session.run(code)
    assert (ran.printed, ran.echoed) == ("6\n", "'hello'")


def test_ten_megabytes_of_text_arrive_whole(open_session):
    assert open_session("é" * 10_000_000).run("len(context), context[-1]").echoed == "(10000000, 'é')"
