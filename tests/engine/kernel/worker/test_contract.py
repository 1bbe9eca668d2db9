"""What Taproot relies on in ipykernel 7.4: await, display, error, stream, interrupt. Fails when an upgrade breaks it."""

from __future__ import annotations

import ipykernel
import nbformat
import pytest

pytestmark = pytest.mark.sandbox


def test_the_installed_ipykernel_is_the_one_the_subclass_was_written_for():
    assert ipykernel.version_info[:2] == (7, 4)


def test_top_level_await_works(session):
    assert session.run("import asyncio\nawait asyncio.sleep(0)\n'awaited'").echoed == "'awaited'"


def test_asyncio_run_works_within_a_cell(session):
    ran = session.run(
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 7\nasyncio.run(f())"
    )
    assert ran.echoed == "7"


def test_streams_keep_their_names_and_order(session):
    ran = session.run("import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')")
    assert ran.streams == [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\n")]


def test_the_last_expression_is_echoed_and_an_assignment_is_not(session):
    ran = session.run("x = 1\nx + 1")
    assert (ran.echoed, ran.outputs[-1]["execution_count"]) == ("2", 1)
    assert session.run("y = 1").outputs == []
    assert session.run("y;").outputs == []


def test_display_sends_the_formats_that_may_be_shown(session):
    code = """
from IPython.display import display, HTML, SVG, Javascript
display(HTML('<b>bold</b>'))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg"/>'))
display(Javascript('alert(1)'))
"""
    mimes = [set(o["data"]) for o in session.run(code).outputs]
    assert mimes == [{"text/plain", "text/html"}, {"text/plain"}, {"text/plain"}]


def test_html_is_marked_as_untrusted(session):
    ran = session.run("from IPython.display import HTML\nHTML('<b>x</b>')")
    assert ran.outputs[0]["metadata"]["text/html"] == {"untrusted": True}


def test_an_error_shows_the_lines_of_the_cell_only(session):
    ran = session.run("import json\ndef load(t):\n    return json.loads(t)\nload('{')")
    assert ran.status == "error"
    assert ran.result.error["ename"] == "JSONDecodeError"
    lines = ran.outputs[-1]["traceback"]
    assert lines[:4] == [
        "cell 1, line 4",
        "    load('{')",
        "cell 1, line 3, in load",
        "    return json.loads(t)",
    ]
    assert len(lines) == 5


def test_an_error_within_repr_is_an_error_of_the_cell(session):
    ran = session.run("class A:\n    def __repr__(self):\n        raise ValueError('no')\nA()")
    assert (ran.status, ran.result.error["ename"]) == ("error", "ValueError")


def test_a_plot_becomes_a_png(session):
    ran = session.run("import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.show()")
    images = [o["data"]["image/png"] for o in ran.outputs if o["output_type"] == "display_data"]
    assert len(images) == 1 and images[0].startswith("iVBORw0KGgo")


def test_an_unshown_plot_comes_at_the_end_of_the_cell(session):
    ran = session.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert ["image/png" in o.get("data", {}) for o in ran.outputs] == [True]


def test_outputs_are_valid_nbformat(session):
    ran = session.run(
        "import matplotlib.pyplot as plt\nprint('a')\nplt.plot([1])\nplt.show()\nfrom IPython.display import HTML\n"
        "display(HTML('<i>i</i>'))\n1/0"
    )
    cell = nbformat.v4.new_code_cell("x", outputs=[nbformat.from_dict(o) for o in ran.outputs])
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    assert {o["output_type"] for o in ran.outputs} == {"stream", "display_data", "error"}


def test_magics_that_need_no_programs_work(session):
    assert "loop" in session.run("%timeit -n1 -r1 1+1").printed
    assert session.run("%%capture out\nprint('x')").printed == ""


def test_each_cell_has_the_names_of_the_previous_ones(session):
    session.run("def double(x):\n    return 2 * x")
    assert session.run("double(21)").echoed == "42"


def test_classes_of_cells_can_be_pickled(session):
    assert session.run("import pickle\nclass P: a = 1\npickle.loads(pickle.dumps(P())).a").echoed == "1"
