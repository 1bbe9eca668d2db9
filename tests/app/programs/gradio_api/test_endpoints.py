"""The Gradio API by the official client: ask, add, list, stop; what is refused, in which words, and who is let in."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from app.paths import ROOT
from app.programs.gradio_api.endpoints import plain
from app.safekeeping import imports
from engine.documents.ingest import ingest
from engine.engine import Answer
from tests.app.desk import TOKEN, Desk, until

pytestmark = pytest.mark.sandbox

FERRY = "When does the ferry leave?"
SECONDS = 60.0  # nothing is measured by it
Connect = Callable[..., Client]


def ask(client: Client, question: str = FERRY, corpus: str = "letters", **more: Any) -> Any:
    return client.predict(question, corpus, **more, api_name="/ask")


def add(client: Client, *paths: Path, **more: Any) -> Any:
    return client.predict([*map(str, paths)], **more, api_name="/add")


def refused(client: Client, api_name: str, **arguments: Any) -> str:
    with pytest.raises(AppError) as caught:
        client.predict(**arguments, api_name=api_name)
    return str(caught.value)


def running(desk: Desk, count: int) -> list[str]:
    """Wait until so many runs go on; their ids."""
    until(lambda: len(desk.workbench.runs.live()) == count)
    return desk.workbench.runs.live()


# --- asked and added --------------------------------------------------------------------------------------


def test_there_are_four_endpoints_which_say_what_they_take_and_no_other_can_be_called(client: Client) -> None:
    told = client.view_api(return_format="dict", print_info=False)
    assert told["unnamed_endpoints"] == {}
    assert {name: [p["parameter_name"] for p in one["parameters"]] for name, one in told["named_endpoints"].items()} == {
        "/ask": ["question", "corpus", "model", "follows", "limits"],
        "/add": ["paths", "files", "name"],
        "/runs": ["limit", "corpus"],
        "/corpora": [],
    }  # fmt: skip
    assert all(one["description"] for one in told["named_endpoints"].values())
    for index, dependency in enumerate(client.config["dependencies"]):
        if dependency["api_visibility"] != "public":
            with pytest.raises(ValueError, match=r"not a valid|Invalid"):
                client.predict(fn_index=index)


def test_an_answer_comes_after_its_progress_as_the_command_prints_it(desk: Desk, client: Client) -> None:
    *lines, answer = list(client.submit(FERRY, "Letters", api_name="/ask"))
    assert lines == [
        "cell 1: `hits = context.search('ferry', 2)`",
        "cell 2: `FINAL('At **noon**.', hits[0])`",
    ]
    row = desk.workbench.engine.store.run(answer["run"])
    assert answer == plain({field.name: row[field.name] for field in fields(Answer)})
    assert (answer["status"], answer["answer"]) == ("answered", "At **noon**.")
    assert (answer["sources"][0]["name"], answer["sources"][0]["line"]) == ("ferry.txt", 3)
    assert ask(client)["answer"] == "At **noon**."


def test_a_follow_up_belongs_to_the_session_and_limits_reach_the_run(desk: Desk, client: Client) -> None:
    first = ask(client)
    second = ask(client, "And where to?", follows=first["run"], limits={"max_seconds": 90, "seed": 7})
    row = desk.workbench.engine.store.run(second["run"])
    assert (row["session"], row["follows"], row["answer"]) == (first["run"], first["run"], "To Halden.")
    assert (row["settings"]["max_seconds"], row["settings"]["sampling"]["seed"]) == (90, 7)


def test_a_path_is_added_with_what_cannot_be_read_and_may_be_asked_at_once(
    client: Client, tmp_path: Path
) -> None:
    (tmp_path / "log.txt").write_text("The ferry left late.\n")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    added = add(client, tmp_path, name="Harbour")
    assert (added["name"], added["documents"], added["message"]) == (
        "Harbour",
        1,
        "1 document read, 1 file left out.",
    )
    assert [skip["file"] for skip in added["skipped"]] == ["broken.pdf"] and added["notices"] is not None
    assert ask(client, corpus=added["corpus"])["sources"][0]["name"] == "log.txt"
    asked = ask(client, corpus=str(tmp_path))
    assert asked["sources"][0]["name"] == "log.txt"
    [run, other] = client.predict(corpus=added["card"], api_name="/runs")
    assert run["run"] == asked["run"] and run["question"] == other["question"] == FERRY
    names = [one["corpus"] for one in client.predict(api_name="/corpora")]
    assert names == ["harbour", "letters"]


def test_files_are_sent_into_the_library_and_nothing_else_of_this_machine_is(
    desk: Desk, client: Client, tmp_path: Path
) -> None:
    for name in ("may.md", "june.md"):
        (tmp_path / name).write_text(f"The board met in {name[:-3]}.")
    files = [handle_file(str(tmp_path / name)) for name in ("may.md", "june.md")]
    added = client.predict(files=files, name="Minutes", api_name="/add")
    assert (added["name"], added["documents"]) == ("Minutes", 2)
    listed = desk.workbench.library.documents.list(added["corpus"])["documents"]
    assert sorted(one["name"] for one in listed) == ["june.md", "may.md"]
    assert [file for file in Path(os.environ["GRADIO_TEMP_DIR"]).rglob("*") if file.is_file()] == []
    twice = [handle_file(str(tmp_path / "may.md"))] * 2  # the client sends both to one place
    assert client.predict(files=twice, name="Twice", api_name="/add")["documents"] >= 1
    assert "not both at once" in refused(client, "/add", paths=[str(tmp_path)], files=files)
    assert [file for file in Path(os.environ["GRADIO_TEMP_DIR"]).rglob("*") if file.is_file()] == []
    secret = tmp_path / "secret.txt"
    secret.write_text("mine")
    joined = send(desk, client, "/add", [None, [{"path": str(secret)}], ""])
    assert "was not sent" in joined and secret.exists()


def send(desk: Desk, client: Client, api_name: str, data: list[Any]) -> str:
    """Call an endpoint with any data whatever, past the client's own checks; all that is told."""
    index = next(one["id"] for one in client.config["dependencies"] if f"/{one['api_name']}" == api_name)
    body = {"data": data, "fn_index": index, "session_hash": "raw", "event_data": None, "trigger_id": None}
    with httpx.Client(base_url=client.src, headers=client.headers, timeout=SECONDS) as http:
        assert http.post("/gradio_api/queue/join", json=body).status_code == 200
        return http.get("/gradio_api/queue/data", params={"session_hash": "raw"}).text


def test_what_cannot_be_done_is_said_in_words(desk: Desk, client: Client, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    for words, arguments in {
        "the question is empty; write what you want to know": {"question": " ", "corpus": "letters"},
        f"There is no file or folder {gone}. Check the spelling.": {"question": FERRY, "corpus": gone},
        "There is no model 'none.gguf' here; there are ": {"question": FERRY, "corpus": "letters", "model": "none.gguf"},
        "There is no run 'x'": {"question": FERRY, "corpus": "letters", "follows": "x"},
        "depth has to be a whole number from 0 to 8": {"question": FERRY, "corpus": "letters", "limits": {"depth": 99}},
        "There is no corpus 'nowhere'; there are taproot/": {"question": FERRY, "corpus": "nowhere"},
    }.items():  # fmt: skip
        assert refused(client, "/ask", **arguments).startswith(words)
    assert refused(client, "/add").startswith("No path was given.")
    assert "not a whole path" in refused(client, "/add", paths=["papers"])
    assert "Taproot's own data folder" in refused(client, "/add", paths=[str(desk.data)])
    assert refused(client, "/runs", corpus="nowhere").startswith("There is no corpus 'nowhere'")
    for data, words in {
        (5, "letters", "", "", None): "question has to be text",
        (FERRY, "letters", "", "", "x"): "limits has to be an object",
    }.items():
        assert words in send(desk, client, "/ask", [*data])
    assert "path 1 has to be text" in send(desk, client, "/add", [[7], None, ""])
    assert "paths has to be a list" in send(desk, client, "/add", ["x", None, ""])
    assert desk.workbench.runs.live() == []


def test_what_looks_like_a_file_in_an_answer_is_not_fetched() -> None:
    told = {"path": "/etc/passwd", "parts": [{"path": "x", "url": 1}], "name": "path"}
    assert plain(told) == {"file": "/etc/passwd", "parts": [{"file": "x", "url": 1}], "name": "path"}


def test_runs_whose_words_hold_half_a_character_are_listed(desk: Desk, client: Client) -> None:
    logs = ROOT / "tests" / "engine" / "exchange" / "incoming" / "logs"
    lines = (logs / "rlms_child.jsonl").read_text().replace('"final_answer": "', '"final_answer": "\\ud800')
    (desk.data.parent / "log.jsonl").write_text(lines)
    log = imports.take(desk.workbench, desk.data.parent / "log.jsonl", "log", again=False)
    found = client.predict(api_name="/runs")
    (one,) = [row for row in found if row["run"] == log["runs"][0]["run"]]
    assert one["answer"].startswith("?")


# --- several at once, and stopped -------------------------------------------------------------------------


def test_two_clients_are_answered_at_once_and_a_fifth_run_is_refused(desk: Desk, connect: Connect) -> None:
    one, two = connect(), connect()
    jobs = [client.submit("Look for ever", "letters", api_name="/ask") for client in (one, two)]
    running(desk, 2)
    assert ask(two)["answer"] == "At **noon**."
    running(desk, 2)
    more = [client.submit("Look for ever", "letters", api_name="/ask") for client in (one, two)]
    running(desk, 4)
    assert refused(one, "/ask", question=FERRY, corpus="letters").startswith("4 runs are going on already.")
    desk.model.go.set()
    assert [job.result(SECONDS)["answer"] for job in (*jobs, *more)] == ["let go"] * 4


def test_a_job_that_is_cancelled_stops_its_run_and_no_other_of_the_same_client(
    desk: Desk, client: Client
) -> None:
    first = client.submit("Look for ever", "letters", api_name="/ask")
    [run] = running(desk, 1)
    second = client.submit("Look for ever", "letters", api_name="/ask")
    [other] = {*running(desk, 2)} - {run}
    first.cancel()
    row = desk.ended(run)
    assert (row["status"], row["reason"]) == ("interrupted", "stopped by the user")
    assert running(desk, 1) == [other]
    desk.model.go.set()
    assert second.result(SECONDS)["run"] == other


def test_a_client_that_goes_away_stops_its_run(desk: Desk, client: Client) -> None:
    index = next(one["id"] for one in client.config["dependencies"] if one["api_name"] == "ask")
    body = {"data": ["Look for ever", "letters", "", "", None], "fn_index": index, "session_hash": "gone"}
    with httpx.Client(base_url=client.src, headers=client.headers, timeout=SECONDS) as http:
        http.post("/gradio_api/queue/join", json=body).raise_for_status()
        with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": "gone"}):
            [run] = running(desk, 1)
    assert desk.ended(run)["status"] == "interrupted"


def test_an_adding_that_is_cancelled_ends_the_reading(desk: Desk, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    stopped = []
    stop = desk.workbench.library.jobs.stop
    monkeypatch.setattr(desk.workbench.library.jobs, "stop", lambda job: (stopped.append(job), stop(job))[1])

    def held(*given: Any, progress: Any, cancel: Any, **named: Any) -> Any:
        def wait(now: Any) -> None:
            progress(now)
            until(cancel)

        return ingest(*given, progress=wait, cancel=cancel, **named)

    monkeypatch.setattr("app.library.service.ingest", held)  # it reads on until it is stopped
    for number in range(9):
        (tmp_path / f"{number}.txt").write_text(f"letter {number}")
    job = client.submit([str(tmp_path)], api_name="/add")
    until(lambda: [one for one in desk.workbench.library.jobs.list() if one["state"] == "reading"])
    job.cancel()
    until(lambda: stopped)
    assert desk.workbench.library.jobs.wait(stopped[0]).state == "stopped"


# --- who is let in ----------------------------------------------------------------------------------------


def test_the_token_of_the_start_lets_in_by_cookie_or_header_and_nothing_else_does(
    desk: Desk, connect: Connect
) -> None:
    for headers in ({"cookie": f"taproot-{desk.port}={TOKEN}"}, {"authorization": f"Bearer {TOKEN}"}):
        assert ask(connect(**headers))["status"] == "answered"
    for headers in (
        {"x-none": "1"},
        {"authorization": "Bearer wrong"},
        {"cookie": f"taproot-{desk.port}=wrong"},
    ):
        with pytest.raises(Exception, match=r"401|Could not"):
            connect(**headers)


def test_every_address_of_the_client_asks_for_the_key_the_host_and_no_other_site(
    desk: Desk, client: Client
) -> None:
    good = {**client.headers}
    for method, path in (
        ("GET", "/config"),
        ("GET", "/gradio_api/info"),
        ("POST", "/gradio_api/queue/join"),
        ("GET", "/gradio_api/queue/data?session_hash=x"),
        ("POST", "/gradio_api/cancel"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/call/ask"),
        ("POST", "/gradio_api/run/ask"),
    ):
        with httpx.Client(base_url=client.src, timeout=SECONDS) as http:
            none = http.request(method, path)
            assert none.status_code == 401 and none.json()["error"].startswith(
                "Open the address that Taproot"
            )
            assert http.request(method, path, headers={**good, "host": "evil.example"}).status_code == 421
            assert (
                http.request(method, path, headers={**good, "origin": "https://evil.example"}).status_code
                == 403
            )
    with httpx.Client(base_url=client.src, headers=good, timeout=SECONDS) as http:
        assert http.get("/api/corpora").status_code == http.get("/").status_code == 401


def test_the_key_opens_no_handler_of_the_pages(desk: Desk, client: Client, tmp_path: Path) -> None:
    target = tmp_path / "mine.txt"
    target.write_text("mine")
    forms = [one for one in client.config["dependencies"] if one["api_visibility"] != "public"]
    assert forms
    with httpx.Client(base_url=client.src, headers=client.headers, timeout=SECONDS) as http:
        for form in forms:
            body = {"data": [str(target), True], "fn_index": form["id"], "session_hash": "key"}
            for path in ("run/predict", "run/predict/", "api/predict"):
                assert http.post(f"/gradio_api/{path}", json=body).status_code == 401
            for path in ("queue/join", f"call/{form['api_name']}"):
                assert http.post(f"/gradio_api/{path}", json=body).status_code == 400
    assert desk.workbench.backups.overview()["running"] is None and target.read_text() == "mine"


# --- as the README says -----------------------------------------------------------------------------------


def test_the_example_of_the_readme_works(
    desk: Desk, client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [example] = re.findall(
        r"^```\n(from gradio_client.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S
    )
    (tmp_path / "log.txt").write_text("The ferry left late.\n")
    key = client.headers["authorization"].removeprefix("Bearer ")
    for written, here in {
        "7517": str(desk.port),
        "/home/me/letters": str(tmp_path),
        "Who signed?": FERRY,
    }.items():
        assert example.count(written) == 1
        example = example.replace(written, here)
    exec(compile(example, "README.md", "exec"), {"KEY": key})
    printed = capsys.readouterr().out
    assert "cell 1: `hits = context.search('ferry', 2)`" in printed and "At **noon**." in printed
    assert json.dumps(client.predict(limit=1, api_name="/runs")[0]["sources"]).count("log.txt") == 1
