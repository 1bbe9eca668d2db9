"""Sessions over HTTP: listed, searched with excerpts, renamed, deleted; nothing of a deleted one stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.library.jobs import OVER
from tests.app.runs_fixture import api, opened, until
from tests.app.script import HOLD, cell

pytestmark = pytest.mark.sandbox
SECRET = "quarzitzerlegung"


@pytest.fixture
def bench(data_dir, tmp_path, kernels):
    with opened(data_dir, tmp_path / "papers", kernels) as made:
        yield made


@pytest.fixture
def http(bench):
    return TestClient(api(bench.workbench))


def answering(text, code="1 + 1"):
    return lambda request: cell(code) if len(request.messages) == 2 else cell(f"FINAL({text!r})")


def test_sessions_are_listed_newest_first_with_their_runs(bench, http):
    bench.say = answering("450 crowns")
    first = bench.ask("What is the deposit?")["run"]
    other = bench.ask("Who wrote to Tom?")["run"]
    bench.say = answering("the tenant")
    follow = bench.ask("Who pays it?", follows=first)["run"]
    one, two = http.get("/api/sessions").json()
    assert (one["id"], one["runs"], two["id"], two["runs"]) == (first, [first, follow], other, [other])
    assert one["question"] == "What is the deposit?" and one["answer"] == "the tenant"
    assert (one["status"], one["corpus_name"], one["model"], one["hits"]) == (
        "answered",
        "papers",
        "scripted",
        [],
    )
    assert one["title"] == "" and one["started"] > 1e9 and one["seconds"] > 0
    assert [s["id"] for s in http.get("/api/sessions?limit=1").json()] == [first]


def test_questions_answers_code_outputs_and_titles_are_searched(bench, http):
    bench.say = answering("450 crowns", code="print('zeppelin'); deposit = 450")
    run = bench.ask("What is the deposit for the depot?")["run"]
    bench.say = answering("nobody")
    named = bench.ask("Who else?")["run"]
    http.patch(f"/api/sessions/{named}", json={"title": "  The Harbour\n case "})

    def kinds(query):
        return [
            (s["id"], sorted({h["kind"] for h in s["hits"]}))
            for s in http.get("/api/sessions", params={"query": query}).json()
        ]

    assert kinds("depot") == [(run, ["question"])]
    assert kinds("crowns 450") == [(run, ["answer", "code"])]
    assert kinds("zeppelin") == [(run, ["code", "output"])]
    assert kinds("harbour") == [(named, ["title"])]
    assert kinds("nothing like it") == []
    (session,) = http.get("/api/sessions", params={"query": "crown"}).json()
    hit = next(h for h in session["hits"] if h["kind"] == "answer")
    assert (hit["run"], hit["node"]) == (run, "0") and hit["seq"] > 1
    assert [hit["excerpt"][a:b] for a, b in hit["marks"]] == ["crowns"]


def test_search_keeps_to_a_corpus(bench, http, tmp_path):
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "a.txt").write_text("something else")
    first = bench.ask("Halden one?")["run"]
    bench.corpus = bench.workbench.engine.add([tmp_path / "others"]).id
    second = bench.ask("Halden two?")
    assert len(http.get("/api/sessions?query=halden").json()) == 2
    found = http.get("/api/sessions", params={"query": "halden", "corpus": second["corpus"]}).json()
    assert [s["id"] for s in found] == [second["run"]] != [first]
    assert [s["id"] for s in http.get("/api/sessions", params={"corpus": second["corpus"]}).json()] == [
        second["run"]
    ]


def test_sessions_about_an_older_version_of_a_corpus_belong_to_it(bench, http, tmp_path):
    library = bench.workbench.library
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("a first letter")
    add = library.add([str(folder)])
    until(lambda: add.state in OVER)
    old = next(card["id"] for card in library.cards() if card["name"] == "files")
    bench.corpus = old
    run = bench.ask("Which letters?")["run"]
    (folder / "b.txt").write_text("one more letter")
    again = library.rescan(old)
    until(lambda: again.state in OVER)
    new = next(card["id"] for card in library.cards() if card["name"] == "files")
    assert new != old
    for corpus in (old, new):
        assert [s["id"] for s in http.get("/api/sessions", params={"corpus": corpus}).json()] == [run]


def test_a_session_is_renamed_and_named_by_its_question_again(bench, http):
    run = bench.ask()["run"]
    assert http.patch(f"/api/sessions/{run}", json={"title": "  My\n case "}).json() == {
        "id": run,
        "title": "My case",
    }
    assert http.get("/api/sessions").json()[0]["title"] == "My case"
    assert http.get(f"/api/runs/{run}/log").json()["run"]["title"] == "My case"
    http.patch(f"/api/sessions/{run}", json={"title": ""})
    assert http.get("/api/sessions").json()[0]["title"] == ""
    assert http.patch("/api/sessions/none", json={"title": "x"}).status_code == 404


def holding(folder: Path, text: str) -> list[str]:
    files = [Path(root) / name for root, _, names in os.walk(folder) for name in names]
    return [file.name for file in files if text.encode() in file.read_bytes()]


def test_no_byte_of_a_deleted_session_is_left(data_dir, tmp_path):
    with opened(data_dir, tmp_path / "papers") as bench:
        http = TestClient(api(bench.workbench))
        bench.say = answering("450")
        kept = bench.ask("What is the deposit?")["run"]
        bench.say = answering(f"it is {SECRET}", code=f"print('{SECRET}')")
        first = bench.ask(f"What is {SECRET}?")["run"]
        bench.ask("Sure?", follows=first)
        http.patch(f"/api/sessions/{first}", json={"title": SECRET})
        bench.say = lambda request: HOLD
        running = bench.start("Still?", session=first)
        assert http.delete(f"/api/sessions/{first}").status_code == 409
        bench.runs.stop(running)
        bench.ended(running)
        assert holding(data_dir, SECRET[-8:])
        receipt = http.delete(f"/api/sessions/{first}").json()
        assert len(receipt["runs"]) == 3 and receipt["erased"] is True
        assert holding(data_dir, SECRET) == [] and holding(data_dir, SECRET[-8:]) == []
        assert [s["id"] for s in http.get("/api/sessions").json()] == [kept]
        assert http.delete(f"/api/sessions/{first}").status_code == 404
        assert bench.store.check() == []


def test_the_detail_of_a_node_holds_what_the_log_leaves_out(bench, http):
    def say(request):
        if request.messages[-1].content.startswith("Who?"):
            return "Anna"
        return cells.pop(0)

    cells = [
        "<think>Let me see.</think>\nI look first.\n"
        + cell(
            "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()\nprint('seen')\nllm_query('Who? ' + context[0])"
        ),
        cell("1 / 0"),
        cell("FINAL('Anna')"),
    ]
    bench.say = say
    run = bench.ask()["run"]
    detail = http.get(f"/api/runs/{run}/nodes/0").json()
    assert detail["node"]["kind"] == "root" and detail["node"]["answer"] == "Anna"
    one, two, three = detail["turns"]
    assert [m["role"] for m in one["messages"]] == ["system", "user"] and [
        m["role"] for m in two["messages"]
    ] == ["user"]
    assert one["thinking"] == "Let me see." and "I look first." in one["prose"] and "```" in one["text"]
    assert three["usage"]["completion_tokens"] > 0 and three["seconds"] >= 0
    first, second, third = detail["cells"]
    assert [c["status"] for c in detail["cells"]] == ["ok", "error", "ok"] and third["final"][
        "content"
    ] == "Anna"
    assert first["calls"][0] | {"call": 1, "name": "llm", "nodes": ["0.1"]} == first["calls"][0]
    image = next(o["data"]["image/png"] for o in first["outputs"] if "image/png" in o.get("data", {}))
    picture = http.get(image)
    assert picture.headers["content-type"] == "image/png" and picture.content.startswith(b"\x89PNG")
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert second["outputs"][-1]["ename"] == "ZeroDivisionError"
    leaf = http.get(f"/api/runs/{run}/nodes/0.1").json()
    assert leaf["node"]["kind"] == "leaf" and leaf["turns"][0]["text"] == "Anna" and leaf["cells"] == []
    events = http.get(f"/api/runs/{run}/log").json()["events"]
    at = next(e["s"] for e in events if e["k"] == "cell" and e["i"] == 2)
    then = http.get(f"/api/runs/{run}/nodes/0?upto={at}").json()
    assert [c["status"] for c in then["cells"]] == ["ok", "running"] and then["node"]["status"] == "running"
    assert len(then["turns"]) == 2 and "answer" not in then["node"]
    assert http.get(f"/api/runs/{run}/nodes/0.1?upto=2").status_code == 404


def test_what_is_no_picture_is_only_ever_an_attachment(bench, http):
    bench.say = lambda request: cell("FINAL('<html><script>alert(1)</script>' * 4000)")
    bench.ask()
    with bench.store._snapshot() as db:
        names = [row[0] for row in db.execute("SELECT sha256 FROM blob").fetchall()]
    assert names
    for name in names:
        answer = http.get(f"/api/blobs/{name}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
    for bad in ("0" * 64, "x", "..%2Fruns"):
        assert http.get(f"/api/blobs/{bad}").status_code == 404


def test_an_image_that_a_cell_made_up_is_not_an_address(bench, http):
    code = (
        "from IPython.display import display\n"
        "display({'image/png': 'https://evil.example/x.png', 'text/html': '<img src=x onerror=alert(1)>'}, raw=True)\n"
        "display({'image/png': '/api/sessions'}, raw=True)"
    )
    bench.say = answering("x", code=code)
    run = bench.ask()["run"]
    cells = http.get(f"/api/runs/{run}/nodes/0").json()["cells"]
    addresses = [o["data"].get("image/png") for o in cells[0]["outputs"] if "data" in o]
    assert addresses and all(a is None or a.startswith("/api/blobs/") for a in addresses)
