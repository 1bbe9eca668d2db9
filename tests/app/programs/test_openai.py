"""The endpoint /v1 by the official client of OpenAI: list, ask, stream, follow up, stop; and what is refused, in its form."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.app.desk import TOKEN, Desk, until

pytestmark = pytest.mark.sandbox

FERRY = "When does the ferry leave?"
NAME = "taproot/letters"


def said(*texts: str) -> list[Any]:
    """A conversation of questions and answers in turn."""
    return [
        {"role": "assistant" if number % 2 else "user", "content": text} for number, text in enumerate(texts)
    ]


def ask(client: OpenAI, *texts: str, **more: Any) -> Any:
    return client.chat.completions.create(model=NAME, messages=said(*texts), **more)


def last(desk: Desk) -> dict[str, Any]:
    return desk.workbench.engine.store.runs()[0]


def over(desk: Desk) -> str:
    """Wait until no run goes on; the status of the last."""
    until(lambda: not desk.workbench.runs.live())
    return str(last(desk)["status"])


# --- asked ------------------------------------------------------------------------------------------------


def test_corpora_are_listed_as_models_and_one_is_found_by_name_or_id(desk: Desk, client: OpenAI) -> None:
    [listed] = client.models.list().data
    card = desk.workbench.library.card(desk.corpus)
    assert (listed.id, listed.owned_by, listed.created) == (NAME, "taproot", int(card["updated"]))
    assert listed.taproot["documents"] == 3 and listed.name == "Letters"
    for name in (NAME, "letters", "Letters", "taproot/LETTERS", desk.corpus, f"taproot/{card['card']}"):
        assert client.models.retrieve(name).id == NAME


def test_an_answer_carries_its_sources_as_text_and_in_parts(desk: Desk, client: OpenAI) -> None:
    answer = ask(client, FERRY)
    content, parts = answer.choices[0].message.content, answer.taproot
    assert content.startswith("At **noon**.\n\n**Sources** (`stated there")
    assert "1. `ferry.txt`, line 3: `the ferry to Halden leaves at noon.`" in content
    assert (answer.choices[0].finish_reason, answer.model) == ("stop", NAME)
    assert (parts["status"], parts["answer"], parts["model"]) == ("answered", "At **noon**.", "scripted")
    [source] = parts["sources"]
    assert (source["name"], source["line"], source["status"]) == ("ferry.txt", 3, "exact")
    assert parts["agreement"]["status"] == "stated" and parts["coverage"]["documents_searched"] == 3
    row = desk.workbench.engine.store.run(parts["run"])
    assert answer.id == f"chatcmpl-{row['run']}" and row["question"] == FERRY
    assert answer.usage.prompt_tokens == row["usage"]["prompt_tokens"] > 0
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + row["usage"]["completion_tokens"]


def test_a_streamed_answer_tells_its_progress_first_and_its_parts_at_last(client: OpenAI) -> None:
    chunks = list(ask(client, FERRY, stream=True, stream_options={"include_usage": True}))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    thought = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
    assert (
        thought
        == "cell 1: `hits = context.search('ferry', 2)`\n\ncell 2: `FINAL('At **noon**.', hits[0])`\n\n"
    )
    content = "".join(delta.content or "" for delta in deltas)
    assert content.startswith("At **noon**.\n\n**Sources**") and deltas[0].role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-2].taproot["sources"][0]["line"] == 3
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_conversation_goes_on_from_the_run_it_came_from(client: OpenAI) -> None:
    first = ask(client, FERRY)
    told = first.choices[0].message.content
    second = ask(client, FERRY, told, "And where to?")
    assert second.taproot["follows"] == first.taproot["run"] and second.taproot["notes"] == []
    assert second.taproot["session"] == first.taproot["session"]
    third = ask(client, FERRY, told, "And where to?", second.choices[0].message.content, "Draw the crowns")
    assert third.taproot["follows"] == second.taproot["run"]
    cut = ask(client, "And where to?", second.choices[0].message.content, "Draw the crowns")
    assert cut.taproot["follows"] == second.taproot["run"]  # a program that leaves out what is old


@pytest.mark.parametrize(
    "before",
    [("Asked nowhere", "At noon."), (FERRY, "At midnight."), ("Other", "words", FERRY, "At **noon**.")],
)
def test_a_conversation_that_is_not_known_is_answered_and_it_is_said(client: OpenAI, before: Any) -> None:
    ask(client, FERRY)
    answer = ask(client, *before, "And where to?")
    assert answer.choices[0].message.content.startswith("To Halden.")
    assert answer.taproot["follows"] is None
    assert "the model was not told" in answer.taproot["notes"][0]


def test_a_run_to_follow_may_be_named(desk: Desk, client: OpenAI) -> None:
    first = ask(client, FERRY)
    own = {"taproot": {"follows": first.taproot["run"], "max_seconds": 60}}
    second = ask(client, "And where to?", extra_body=own)
    row = desk.workbench.engine.store.run(second.taproot["run"])
    assert row["follows"] == first.taproot["run"] and row["settings"]["max_seconds"] == 60


def test_settings_are_used_and_what_changes_nothing_is_named(desk: Desk, client: OpenAI) -> None:
    messages = [{"role": "system", "content": "Be brief."}, *said(FERRY)]
    answer = client.chat.completions.create(
        model=NAME, messages=messages, temperature=0.5, seed=-7, max_tokens=9, top_p=0.9, user="me", n=1
    )
    settings = last(desk)["settings"]
    assert (settings["temperature"], settings["seed"]) == (0.5, 999_999_993)
    assert answer.taproot["ignored"] == ["max_tokens", "top_p", "user", "system messages"]


# --- stopped ----------------------------------------------------------------------------------------------


def test_a_program_that_leaves_a_stream_stops_its_run(desk: Desk, client: OpenAI) -> None:
    stream = ask(client, "Look for ever", stream=True)
    next(iter(stream))
    assert len(desk.workbench.runs.live()) == 1
    stream.close()
    assert over(desk) == "interrupted"


@pytest.mark.usefixtures("client")
def test_a_program_that_waits_no_longer_stops_its_run(desk: Desk) -> None:
    """As the client does after its time; here once the run has begun, however long that takes."""
    body = json.dumps({"model": NAME, "messages": said("Look for ever")})
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    with closing(http.client.HTTPConnection("127.0.0.1", desk.port)) as waiting:
        waiting.request("POST", "/v1/chat/completions", body, headers)
        until(desk.workbench.runs.live)
    assert over(desk) == "interrupted" and last(desk)["question"] == "Look for ever"


def test_a_run_that_a_person_stops_is_said_to_have_no_answer(desk: Desk, client: OpenAI) -> None:
    stream = iter(ask(client, "Look for ever", stream=True))
    next(stream)
    desk.workbench.runs.stop(last(desk)["run"])
    *_, content, end = list(stream)
    assert content.choices[0].delta.content == "No answer: stopped by the user."
    assert end.taproot["status"] == "interrupted"


def test_a_run_that_is_deleted_meanwhile_ends_its_stream_with_an_error(
    desk: Desk, client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, looked = desk.workbench.runs.row, []

    def once(run: str) -> Any:
        looked.append(run)
        return row(run if len(looked) == 1 else "gone")

    monkeypatch.setattr(desk.workbench.runs, "row", once)
    with pytest.raises(openai.APIError, match="There is no run 'gone'; it may have been deleted"):
        list(ask(client, FERRY, stream=True))


# --- refused ----------------------------------------------------------------------------------------------


def test_more_runs_than_go_at_once_are_refused_until_there_is_room(desk: Desk, client: OpenAI) -> None:
    until(lambda: desk.workbench.runs._free == 4)
    streams = [ask(client, "Look for ever", stream=True) for _ in range(4)]
    with pytest.raises(openai.RateLimitError, match="4 runs are going on already") as refused:
        ask(client, FERRY)
    assert refused.value.response.headers["retry-after"] == "5"
    for stream in streams:
        stream.close()
    over(desk)
    until(lambda: desk.workbench.runs._free == 4)
    assert ask(client, FERRY).taproot["status"] == "answered"


def test_without_a_model_it_is_said_and_nothing_is_stored(desk: Desk, client: OpenAI) -> None:
    engine = desk.workbench.engine
    before = len(engine.store.runs())
    with engine._models._lock:  # the model is put aside, not closed
        model, engine._models._current = engine._models._current, None
    try:
        with pytest.raises(openai.InternalServerError, match="no model is loaded yet") as refused:
            ask(client, FERRY)
    finally:
        engine.use(model)
    assert refused.value.status_code == 503 and len(engine.store.runs()) == before


def test_a_run_that_fails_is_an_error_which_is_not_asked_again(
    desk: Desk, client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.errors import ModelError

    def fail(request: Any) -> Any:
        raise ModelError("The model process ended.")

    monkeypatch.setattr(desk.model, "submit", fail)
    before = len(desk.workbench.engine.store.runs())
    with pytest.raises(openai.InternalServerError, match="failed: The model process ended") as refused:
        ask(client.with_options(max_retries=2), FERRY)
    assert refused.value.code == "run_failed"
    assert len(desk.workbench.engine.store.runs()) == before + 1
    with pytest.raises(openai.APIError, match="failed: The model process ended"):
        list(ask(client, FERRY, stream=True))


@pytest.mark.parametrize(
    ("more", "param", "said_of_it"),
    [
        ({"n": 2}, "n", "one answer"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", "Leave tools out"),
        ({"logprobs": True}, "logprobs", "log probabilities"),
        ({"response_format": {"type": "json_object"}}, "response_format", "answers in text"),
        ({"temperature": 9}, None, "temperature has to be a number from 0.0 to 5.0"),
        ({"extra_body": {"taproot": {"depht": 1}}}, None, "'depht' is not a setting"),
        ({"extra_body": {"taproot": {"follows": 3}}}, "taproot.follows", "the id of a run"),
    ],
)
def test_what_cannot_be_done_is_refused(
    client: OpenAI, more: Any, param: str | None, said_of_it: str
) -> None:
    with pytest.raises(openai.BadRequestError, match=said_of_it) as refused:
        ask(client, FERRY, **more)
    assert refused.value.param == param and refused.value.type == "invalid_request_error"


def test_a_corpus_that_is_not_there_is_refused_with_those_that_are(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="no corpus 'nowhere'; there are taproot/letters"):
        client.chat.completions.create(model="taproot/nowhere", messages=said(FERRY))


def test_pictures_are_refused(client: OpenAI) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    with pytest.raises(openai.BadRequestError, match="text alone"):
        client.chat.completions.create(model=NAME, messages=[{"role": "user", "content": [picture]}])


def test_a_wrong_key_is_refused_as_the_client_expects(desk: Desk) -> None:
    with (
        OpenAI(base_url=f"http://127.0.0.1:{desk.port}/v1", api_key=TOKEN + "x", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError, match=r"`python3 launch\.py key` prints"),
    ):
        stranger.models.list()
