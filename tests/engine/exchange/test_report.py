"""The report in Markdown, and the text that all exports make harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.exchange.export import export
from engine.exchange.text import escaped, fenced, plain, shown
from tests.engine.exchange.conftest import HOSTILE
from tests.engine.exchange.markdown import active, headings, tokens


@pytest.mark.sandbox
def test_it_holds_question_answer_sources_coverage_and_the_way(store, made):
    text = export(store, made.run, "md").text
    assert headings(text)[1:5] == ["Answer", "Sources", "What was searched and read", "How it was found"]
    assert "\n2\n" in text and "Computed from them by cell 9: the number of documents cited." in text
    assert "letters/anna.txt, line 2\n\n```text\nthe ferry to Halden leaves at noon.\n```" in text
    assert "4 of 4 documents searched" in text
    assert "Node 0.3 answered: 450 crowns" in text and "ZeroDivisionError" in text


@pytest.mark.sandbox
def test_text_of_documents_and_models_is_no_markup_in_it(store, made):
    text = export(store, made.run, "md").text
    assert "owned" in text and active(text) == []
    assert all(heading != "Not a heading" for heading in headings(text))
    assert not {"\x1b", "\x07"} & set(text)


@given(st.text(st.sampled_from("ab \n`*_[]()<>!#-+=|~&;:/\\.1)@$\"'"), max_size=60))
def test_escaped_text_is_read_as_itself(text):
    found = list(tokens(escaped(text)))
    assert {token.type for token in found} <= {
        *("paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak", "hardbreak")
    }
    read = "\n".join(
        "".join("\n" if t.type.endswith("break") else t.content for t in token.children or ())
        for token in found
        if token.type == "inline"
    )
    lines = [row.strip() for row in text.split("\n") if row.strip()]
    assert [row.strip() for row in read.split("\n") if row.strip()] == lines


@given(st.text(st.sampled_from("a `~\n#"), max_size=40))
def test_fenced_text_is_one_block_of_code(text):
    found = list(tokens(fenced(text)))
    assert [token.type for token in found] == ["fence"]
    assert found[0].content.rstrip("\n") == plain(text).rstrip("\n")


def test_outputs_keep_plain_text_and_pictures_and_nothing_that_runs():
    html = {"text/html": HOSTILE, "image/svg+xml": "<svg onload=alert(1)>", "text/plain": "a\x1b[31mb"}
    assert shown({"output_type": "execute_result", "data": html})["data"] == {"text/plain": "ab"}
    assert shown({"output_type": "display_data", "data": {"image/png": 'x" onerror="'}}) is None
    assert shown({"output_type": "display_data", "data": {"image/png": "aGk="}})["data"] == {
        "image/png": "aGk="
    }
    assert shown({"output_type": "stream", "text": "\x1b]0;x\x07"})["text"] == "�]0;x�"
    assert shown("nothing") is None and shown({"output_type": "strange"}) is None
