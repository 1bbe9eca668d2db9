"""The scripted model behaves like a model, and answers what the script says."""

from __future__ import annotations

import json

import pytest

from engine.errors import ContextOverflow, InputError, ModelError
from engine.llm import open_model
from engine.llm.base import Model, Request
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.types import Message


def ask(text: str = "Who?", **options) -> Request:
    return Request(messages=(Message("user", text),), max_tokens=100, **options)


def test_replies_come_in_their_order_and_requests_are_kept():
    model = ScriptedModel(["one", "two"])
    assert isinstance(model, Model)
    assert [model.submit(ask(q)).result().text for q in ("a", "b")] == ["one", "two"]
    assert [r.messages[0].content for r in model.requests] == ["a", "b"]


def test_a_script_that_is_used_up_is_an_error():
    model = ScriptedModel(["one"])
    model.submit(ask()).result()
    with pytest.raises(ModelError, match="request 2"):
        model.submit(ask()).result()


def test_a_function_answers_by_what_it_is_asked():
    model = ScriptedModel(lambda request: request.messages[-1].content.upper())
    assert model.submit(ask("who?")).result().text == "WHO?"


def test_a_matching_reply_answers_as_often_as_asked():
    model = ScriptedModel([ScriptedReply("six", match="months"), "other"])
    texts = [model.submit(ask(q)).result().text for q in ("how many months", "else", "months?")]
    assert texts == ["six", "other", "six"]


def test_text_comes_in_small_deltas():
    stream = ScriptedModel(["a text of some length"]).submit(ask())
    deltas = list(stream)
    assert len(deltas) == 3 and "".join(deltas) == stream.result().text


def test_usage_counts_prompt_reuse_and_reply():
    model = ScriptedModel(["one", "two"])
    first = model.submit(ask("x" * 40, conversation="k")).result()
    messages = (Message("user", "x" * 40), Message("assistant", "one"), Message("user", "more"))
    second = model.submit(Request(messages, 100, conversation="k")).result()
    assert first.usage.prompt_tokens == model.fits(messages[:1]) == 14
    assert (first.usage.calls, first.usage.completion_tokens, first.usage.reused_tokens) == (1, 1, 0)
    assert second.log_extended and second.usage.reused_tokens == 14


def test_a_reply_stops_at_the_end_of_its_cell_and_at_its_limit():
    model = ScriptedModel(["```repl\nprint(1)\n```\nOutput: 1", "word " * 1000])
    assert "Output" not in model.submit(ask(stop_at_cell=True)).result().text
    reply = model.submit(ask()).result()
    assert (reply.finish, reply.usage.completion_tokens) == ("length", 100)


def test_a_prompt_beyond_the_window_is_refused():
    with pytest.raises(ContextOverflow):
        ScriptedModel(["one"], n_ctx=100).submit(ask("x" * 1000)).result()


def test_cancel_ends_a_delayed_reply_at_once():
    stream = ScriptedModel([ScriptedReply("one", delay=3600)]).submit(ask())
    stream.cancel()
    assert (stream.result().finish, stream.result().text) == ("cancelled", "")


def test_close_ends_open_streams():
    model = ScriptedModel(["one"], delay=3600)
    stream = model.submit(ask())
    model.close()
    with pytest.raises(ModelError, match="closed"):
        stream.result()
    with pytest.raises(ModelError, match="closed"):
        model.submit(ask())


def test_a_scripted_error_is_raised():
    with pytest.raises(ModelError, match="burnt"):
        ScriptedModel([ScriptedReply(error="burnt")]).submit(ask()).result()


def test_a_mistake_of_ours_ends_the_reply_and_leaves_nobody_waiting(monkeypatch):
    def mistaken(*words, **options):
        raise SystemError("a tree lost its depth")

    monkeypatch.setattr("engine.llm.scripted.find_ending", mistaken)
    with pytest.raises(ModelError, match=r"made a mistake \(SystemError: a tree lost its depth\)"):
        ScriptedModel(["one"]).submit(ask()).result()


def test_a_file_holds_a_script(tmp_path):
    path = tmp_path / "script.jsonl"
    lines = [{"text": "one"}, "two", {"text": "six", "match": "months"}]
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    model = open_model(f"scripted:{path}")
    assert model.info.name == "script"
    assert [model.submit(ask(q)).result().text for q in ("a", "months", "b")] == ["one", "six", "two"]


@pytest.mark.parametrize("line", ["{not json", '{"txt": "one"}', "[1]"])
def test_a_bad_line_is_named(tmp_path, line):
    path = tmp_path / "script.jsonl"
    path.write_text('"fine"\n' + line)
    with pytest.raises(InputError, match="Line 2"):
        open_model(f"scripted:{path}")


def test_a_missing_script_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        open_model(f"scripted:{tmp_path / 'absent'}")
