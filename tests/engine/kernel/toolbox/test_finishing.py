"""Finishing a node: every dialect, every kind of value, and what is no answer."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize(
    ("code", "content", "via"),
    [
        ("FINAL('six months')", "six months", "FINAL"),
        ("FINAL(answer='six months')", "six months", "FINAL"),
        ("result = 'six'\nFINAL_VAR('result')", "six", "FINAL_VAR"),
        ("result = 'six'\nFINAL_VAR(\"'result'\")", "six", "FINAL_VAR"),
        ("result = 'six months'\nFINAL_VAR(result)", "six months", "FINAL_VAR"),
        ("result = 'Paris'\nFINAL_VAR(result)", "Paris", "FINAL_VAR"),
        ("SUBMIT('six')", "six", "SUBMIT"),
        ("SUBMIT(answer='six')", "six", "SUBMIT"),
        ("SUBMIT(months=6, unit='month')", "months: 6\nunit: month", "SUBMIT"),
        ("answer['content'] = 'six'\nanswer['ready'] = True", "six", "answer"),
        ("answer = {'content': 'six', 'ready': True}", "six", "answer"),
        ("answer['content'] = 'six'\nFINAL(answer)", "six", "FINAL"),
        ("answer['content'] = 'six'\nFINAL_VAR('answer')", "six", "FINAL_VAR"),
    ],
)
def test_each_dialect_finishes(session, code, content, via):
    ran = session.run(code)
    assert ran.status == "ok"
    parts = ran.result.final.pop("parts", None)
    assert ran.result.final == {"content": content, "sources": [], "quotes": [], "via": via}
    assert parts == ([["months", "6"], ["unit", "month"]] if "unit" in content else None)


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("42", "42"),
        ("2.5", "2.5"),
        ("True", "True"),
        ("['a', 'b']", "a, b"),
        ("(1, 2, 3)", "1, 2, 3"),
        ("{'b', 'a'}", "a, b"),
        ("{'rent': 450, 'who': ['Ann', 'Tom']}", "rent: 450\nwho: Ann, Tom"),
        ("[['a', 1], ['b', 2]]", "a, 1\nb, 2"),
        ("(x for x in 'ab')", "a, b"),
        ("'a\\ud800b'", "a?b"),
        ("__import__('numpy').float64(1.5)", "1.5"),
        ("__import__('collections').Counter('aab')", "a: 2\nb: 1"),
        ("__import__('datetime').date(2026, 5, 1)", "2026-05-01"),
    ],
)
def test_any_value_becomes_text(session, value, content):
    assert session.run(f"FINAL({value})").final == content


@pytest.mark.parametrize("value", ["None", "''", "'  '", "[]", "{}", "{'content': '', 'ready': True}"])
def test_nothing_is_no_answer_and_the_message_says_what_to_do(session, value):
    ran = session.run(f"FINAL({value})")
    assert (ran.status, ran.final) == ("error", None)
    assert "give the answer as text" in ran.error


def test_a_whole_book_is_no_answer(session):
    ran = session.run("FINAL('x' * 9_000_000)")
    assert (ran.status, ran.final) == ("error", None)
    assert "more than an answer can be" in ran.error


@pytest.mark.usefixtures("patient")
def test_content_that_never_ends_is_stopped(session):
    code = "import itertools\nanswer['content'] = (len('') for _ in iter(int, 1))\nanswer['ready'] = True"
    assert session.run(code, timeout=0.5).status in ("timeout", "error")
    assert session.run("1").result.restarted is False


def test_a_function_is_no_answer(session):
    assert session.run("FINAL(llm_query)").result.error["ename"] == "TypeError"


def test_an_unknown_variable_is_named_with_those_that_exist(session):
    ran = session.run("months = 6\nFINAL_VAR('monhts')")
    assert ran.final is None
    assert "Your variables: months" in ran.error


def test_final_stops_the_cell_like_a_return(session):
    ran = session.run("print('before')\nfor i in range(3):\n    FINAL(i)\n    print('after')")
    assert (ran.status, ran.printed, ran.final) == ("ok", "before\n", "0")


def test_final_is_not_caught_by_except_exception_and_the_first_one_counts(session):
    code = "try:\n    FINAL('first')\nexcept Exception:\n    FINAL('second')\nexcept BaseException:\n    FINAL('third')"
    assert session.run(code).final == "first"


def test_final_works_under_await_and_in_threads(session):
    assert session.run("import asyncio\nasync def f():\n    FINAL('x')\nawait f()").final == "x"
    assert session.run("import asyncio\nasync def f():\n    FINAL('y')\nasyncio.run(f())").final == "y"
    ran = session.run("import threading\nt = threading.Thread(target=FINAL, args=['z'])\nt.start()\nt.join()")
    assert (ran.final, ran.printed) == ("z", "")


def test_printing_the_words_finishes_nothing(session):
    assert session.run("print('FINAL(42)')\n'FINAL(42)'").final is None


def test_ready_without_content_is_not_finished_and_is_told(session):
    ran = session.run("answer['ready'] = True")
    assert ran.final is None
    assert any("content" in note for note in ran.result.notes)


def test_ready_in_a_cell_that_failed_does_not_finish(session):
    ran = session.run("answer['content'] = 'x'\nanswer['ready'] = True\n1/0")
    assert (ran.status, ran.final) == ("error", None)
    assert session.run("answer").echoed == "{'content': 'x', 'ready': False, 'sources': []}"


def test_a_text_called_answer_is_kept_as_content(session):
    ran = session.run("answer = 'six months'")
    assert ran.final is None
    assert session.run("answer['content']").echoed == "'six months'"
    assert session.run("FINAL_VAR('answer')").final == "six months"


def test_content_grows_over_cells(session):
    session.run("answer['content'] = 'one'")
    session.run("answer['content'] += ', two'")
    assert session.run("answer['ready'] = True").final == "one, two"


def test_sources_may_be_given_as_spans(session):
    ran = session.run("answer['sources'] = [[0, 5, 9]]\nFINAL('x', [[1, 2, 3], (0, 5, 9)])")
    assert ran.result.final["sources"] == [[1, 2, 3], [0, 5, 9]]


def test_three_numbers_are_an_answer_not_a_source(session):
    assert session.run("FINAL([1, 2, 3])").result.final == {
        "content": "1, 2, 3",
        "sources": [],
        "quotes": [],
        "via": "FINAL",
        "parts": [["1"], ["2"], ["3"]],
    }


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("'a, b'", None),
        ("42", None),
        ("['a', 'b']", [["a"], ["b"]]),
        ("{'b', 'a'}", [["a"], ["b"]]),
        ("('a', 450)", [["a", "450"]]),
        ("('a', 'b', 'c')", [["a"], ["b"], ["c"]]),
        ("[['a', 1], ('b', 2)]", [["a", "1"], ["b", "2"]]),
        ("{'rent': 450, 'who': ['Ann', 'Tom']}", [["rent", "450"], ["who", "Ann", "Tom"]]),
        ("[[['a', 1], 2]]", None),
        ("list(range(2000))", None),
        ("(x for x in 'ab')", None),
        ("{'content': ['a', 'b'], 'ready': True}", [["a"], ["b"]]),
    ],
)
def test_a_value_of_several_items_says_where_they_are_parted(session, value, parts):
    assert session.run(f"FINAL({value})").result.final.get("parts") == parts


def test_texts_given_as_sources_are_passed_on_as_quotations_unless_they_name_a_document(session):
    final = session.run("FINAL('x', 'so it stands there')").result.final
    assert final["quotes"] == ["so it stands there"] and final["sources"] == []
