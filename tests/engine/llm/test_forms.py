"""Answers of a wanted form: what a schema allows, what is refused, and what real models then write."""

from __future__ import annotations

import json

import pytest

from engine.errors import InputError
from engine.llm.base import Request
from engine.llm.forms import Cell, Choices, FinalCell, Form, Schema, grammar_of
from engine.reply import parse
from engine.types import Message, Sampling
from tests.engine.llm.conftest import template_named
from tests.engine.llm.gguf.make_gguf import chain_model, random_model
from tests.engine.llm.gguf.shapes import dense_model, hybrid_model

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": ["integer", "null"]},
        "tags": {"type": "array", "items": {"enum": ["a", 'quoted "b"', None]}, "maxItems": 2},
        "home": {"$ref": "#/$defs/place"},
    },
    "required": ["name", "tags"],
    "$defs": {
        "place": {"type": "object", "properties": {"x": {"type": "number"}, "ok": {"type": "boolean"}}}
    },
}


def deep(levels: int) -> dict:
    schema: dict = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"x": schema}}
    return schema


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (Choices(()), "at least one"),
        (Choices(("yes", " ")), "empty"),
        (Choices(tuple(str(n) for n in range(501))), "at most 500"),
        (Schema(None), "must be a JSON Schema"),
        (Schema([]), "must be a JSON Schema"),
        (Schema({}), "must be a JSON Schema"),
        (Schema({"type": "text"}), "type 'text'"),
        (Schema({"type": {"a": 1}}), "type"),
        (Schema({"kind": "object"}), "type ''"),
        (Schema({"type": "object", "properties": {"a": "string"}}), "schema= a must be a dict"),
        (Schema({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]}), "'b'"),
        (Schema({"type": "string", "pattern": "^a+$"}), "'pattern'"),
        (Schema({"type": "integer", "minimum": 3}), "'minimum'"),
        (Schema({"type": "array", "minItems": 5, "maxItems": 2}), "smaller"),
        (Schema({"type": "string", "maxLength": 10**9}), "whole numbers"),
        (Schema({"type": "string", "maxLength": True}), "whole numbers"),
        (Schema({"$ref": "https://example.org/x.json"}), "not in the schema"),
        (Schema({"$ref": "#/$defs/none"}), "not in the schema"),
        (Schema({"enum": []}), "enum"),
        (Schema({"anyOf": []}), "alternatives"),
        (Schema({"anyOf": [{"type": "string"}], "pattern": "x"}), "'pattern'"),
        (Schema(deep(40)), "levels deep"),
        (Schema({"enum": ["x" * 40_000]}), "larger than"),
        (Schema({"type": "string", "x": object()}), "JSON values"),
    ],
)
def test_a_form_that_cannot_be_promised_is_refused_by_name(form: Form, words: str):
    with pytest.raises(InputError, match=words):
        grammar_of(form)


@pytest.fixture(scope="module")
def random_models(tmp_path_factory):
    from engine.llm.local.model import LocalModel

    folder = tmp_path_factory.mktemp("forms")
    with (
        LocalModel(random_model(folder / "r.gguf", seed=4)) as plain,
        LocalModel(dense_model(folder / "d.gguf", kind="q8_0")) as dense,
        LocalModel(hybrid_model(folder / "h.gguf")) as hybrid,
    ):
        yield {"plain": plain, "dense": dense, "hybrid": hybrid}


def write(model, form: Form, number: int = 0, tokens: int = 400, temperature: float = 1.0):
    sampling = Sampling(temperature=temperature, seed=number)
    message = Message("user", f"Question {number}")
    return model.submit(Request((message,), tokens, sampling=sampling, form=form))


@pytest.mark.parametrize("name", ["plain", "dense", "hybrid"])
def test_even_random_weights_choose_one_of_the_choices(random_models, name):
    choices = ("yes", "no", "not in the text", 'a "quoted" one', "ja, sicher ✓")
    streams = [write(random_models[name], Choices(choices), n) for n in range(12)]
    texts = [stream.result().text for stream in streams]
    assert set(texts) <= set(choices)
    assert len(set(texts)) > 1


@pytest.mark.parametrize("name", ["plain", "dense", "hybrid"])
def test_even_random_weights_write_json_of_the_schema(random_models, name):
    streams = [write(random_models[name], Schema(PERSON), n) for n in range(8)]
    replies = [stream.result() for stream in streams]
    whole = [json.loads(reply.text) for reply in replies if reply.finish == "stop"]
    assert whole
    for value in whole:
        assert set(value) <= set(PERSON["properties"]) and {"name", "tags"} <= set(value)
        assert isinstance(value["name"], str) and len(value["name"].replace("\ufffd", "")) <= 12
        assert value.get("age") is None or isinstance(value["age"], int)
        assert len(value["tags"]) <= 2 and set(value["tags"]) <= {"a", 'quoted "b"', None}
        assert set(value.get("home", {})) in (set(), {"x", "ok"})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "boolean"},
        {"const": {"a": [1, None]}},
        {"oneOf": [{"const": 1}, {"const": "two"}]},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "maxItems": 3},
        {"type": "array", "maxItems": 0},
        {"type": ["array", "null"], "items": {"const": 1}, "maxItems": 2},
        {"type": "array", "items": {"type": "null"}, "maxItems": 1},
        {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}}, "required": []},
        {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}}, "required": ["b"]},
        {"$defs": {"n": {"anyOf": [{"const": 0}, {"const": 1}]}}, "$ref": "#/$defs/n"},
    ],
)
def test_every_kind_of_schema_is_accepted_by_llama_cpp(random_models, schema):
    value = json.loads(write(random_models["dense"], Schema(schema), 1).result().text)
    if isinstance(value, list):
        assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 9)
    if schema.get("type") == "object":
        assert set(value) >= set(schema["required"])


def test_a_schema_that_calls_itself_ends_or_is_cut(random_models):
    tree = {"type": "object", "properties": {"next": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}}
    reply = write(random_models["dense"], Schema(tree), 3, tokens=200).result()
    assert reply.finish in ("stop", "length")
    with pytest.raises(Exception, match="grammar"):
        write(random_models["dense"], Schema({"$ref": "#"})).result()
    assert write(random_models["dense"], Choices(("yes",))).result().text == "yes"


def test_a_cell_is_written_where_one_was_missing(random_models):
    for number in range(3):
        text = write(random_models["plain"], Cell(), number, tokens=300).result().text
        lines = text.splitlines()
        assert all(not line.startswith("`") or line.startswith("```") for line in lines)


def test_a_last_cell_is_one_line_that_finishes_and_comes_to_an_end(random_models):
    for number in range(3):
        reply = write(random_models["plain"], FinalCell(), number, tokens=1800).result()
        assert reply.finish == "stop"
        opened, line, closed = reply.text.split("\n")
        assert (opened, closed) == ("```repl", "```") and line.startswith("FINAL(") and line.endswith(")")


def test_a_cell_that_the_model_knows_is_read_as_one(open_local, tmp_path):
    path = chain_model(tmp_path / "cell.gguf", ["```repl\n", "print(1)\n", "```", "\nOutput: 1"])
    reply = write(open_local(path), Cell(), temperature=0).result()
    assert parse(reply.text).code.strip() == "print(1)"
    assert "Output" not in reply.text


def test_a_thought_comes_before_the_form(open_local, tmp_path):
    pieces = ["hm ", "</think>", "Six."]
    model = open_local(
        chain_model(tmp_path / "think.gguf", pieces, template=template_named("qwen3_thinking"))
    )
    assert write(model, Choices(("yes", "no")), temperature=0).result().text in (
        "<think>\nhm </think>yes",
        "<think>\nhm </think>no",
    )


def test_a_form_leaves_other_replies_alone(random_models):
    model = random_models["plain"]  # that of eight bits rounds otherwise in a batch
    free = Request((Message("user", "Tell me"),), 12)
    before = model.submit(free).result().text
    streams = [write(model, Choices(("yes", "no")), n) for n in range(6)]
    assert model.submit(free).result().text == before
    assert {stream.result().text for stream in streams} <= {"yes", "no"}
