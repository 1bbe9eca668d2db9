"""The routes of the library over HTTP: what a browser sends and gets, refusals included."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.errors import status_of
from app.library import routes
from app.library.service import Library
from app.server.application import explain, explain_request
from app.text.elements import elements
from engine.store import Store
from tests.app.library.opened import Hub
from tests.engine.conftest import fill
from tests.engine.documents.packed.test_containers import zipped
from tests.engine.documents.test_formats import pdf

LINES = "".join(f"line {n} of the naïve 🌳 text\n" for n in range(1, 1001))


def web(library: Library) -> FastAPI:
    app = FastAPI()
    from fastapi.exceptions import RequestValidationError

    from engine.errors import TaprootError

    app.add_exception_handler(TaprootError, explain)
    app.add_exception_handler(RequestValidationError, explain_request)
    notes = SimpleNamespace(overview=lambda: {"cards": {}})
    app.include_router(routes.router(SimpleNamespace(library=library, notes=notes)))  # type: ignore[arg-type]
    return app


@pytest.fixture
def library(data_dir: Path) -> Iterator[Library]:
    with Store(data_dir) as store:
        bench = SimpleNamespace(engine=SimpleNamespace(store=store), hub=Hub(), data_dir=data_dir)
        library = Library(bench)  # type: ignore[arg-type]
        yield library
        library.close()


@pytest.fixture
def client(library: Library) -> TestClient:
    return TestClient(web(library))


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    fill(folder, {"long.txt": LINES, "short.md": "# Title\n\nThe notice period is six months.\n"})
    fill(folder, {f"many/{n}.txt": f"number {n}" for n in range(30)})
    fill(folder, {"bad.bin": bytes(range(200))})
    return folder


def added(client: TestClient, folder: Path) -> str:
    job = client.post("/api/corpora", json={"path": str(folder)}).json()
    return finished(client, job)["result"]["id"]


def finished(client: TestClient, job) -> dict:
    while job["state"] not in ("done", "failed", "stopped"):
        time.sleep(0.02)
        job = client.get(f"/api/jobs/{job['job']}").json()
    return job


def test_add_list_rename_rescan_delete(client: TestClient, papers: Path) -> None:
    corpus = added(client, papers)
    listed = client.get("/api/corpora").json()
    assert [card["id"] for card in listed["corpora"]] == [corpus]
    assert [job["state"] for job in listed["jobs"]] == ["done"] and not listed["sample_deleted"]
    assert client.patch(f"/api/corpora/{corpus}", json={"name": "Case"}).json()["name"] == "Case"
    assert client.get(f"/api/corpora/{corpus}").json()["name"] == "Case"
    (papers / "short.md").write_text("changed")
    job = finished(client, client.post(f"/api/corpora/{corpus}/rescan").json())
    assert job["result"]["changes"]["changed"]["names"] == ["short.md"]
    assert client.get(f"/api/corpora/{corpus}/deletion").json()["runs"] == []
    receipt = client.delete(f"/api/corpora/{corpus}").json()
    assert receipt["erased"] and receipt["kept_sources"] == [str(papers)]
    gone = client.get(f"/api/corpora/{corpus}")
    assert gone.status_code == 404 and "may have been deleted" in gone.json()["error"]


def test_refusals_are_sentences_with_their_status(client: TestClient, papers: Path) -> None:
    corpus = added(client, papers)
    shutil.rmtree(papers)
    for response, status, words in (
        (client.post("/api/corpora", json={"path": "/no/where"}), 400, "Check the spelling"),
        (client.post("/api/corpora", json={}), 400, "No path was given"),
        (client.post("/api/corpora", json={"paths": "x"}), 400, "paths"),
        (client.post(f"/api/corpora/{corpus}/rescan"), 400, "stays as it was read last"),
        (client.patch(f"/api/corpora/{corpus}", json={"name": " "}), 400, "name is empty"),
        (client.patch(f"/api/corpora/{corpus}", json={}), 400, "name"),
        (client.get(f"/api/corpora/{corpus}/documents/99/text"), 404, "no document 99"),
        (client.get(f"/api/corpora/{corpus}/documents/-1/text"), 404, "no document -1"),
        (client.get(f"/api/corpora/{corpus}/documents?sort=colour"), 400, "cannot be sorted"),
        (client.get("/api/corpora/x/search?q=a"), 404, "not in the library"),
        (client.get("/api/jobs/x"), 404, "over and forgotten"),
        (client.put("/api/uploads/x/files?rel=a&n=1", content=b"x"), 404, "given up"),
        (client.put("/api/uploads/..%2F..%2Fx/files?rel=a&n=1", content=b"x"), 404, ""),
        (client.delete("/api/uploads/c12345678"), 404, "given up"),
    ):
        assert response.status_code == status, response.text
        assert words in response.text


def test_documents_are_listed_in_stretches_sorted_and_filtered(client: TestClient, papers: Path) -> None:
    corpus = added(client, papers)

    def names(**options) -> tuple[int, list[str]]:
        found = client.get(f"/api/corpora/{corpus}/documents", params=options).json()
        return found["total"], [d["name"] for d in found["documents"]]

    assert names(first=2, count=2) == (33, ["many/1.txt", "many/2.txt"])
    assert names(first=40)[1] == [] and len(names(count=10_000)[1]) == 33
    assert names(query="SHORT") == (1, ["short.md"])
    assert names(problems=True) == (1, ["bad.bin"])
    assert names(sort="size", descending=True, count=2)[1] == ["long.txt", "bad.bin"]
    assert names(sort="status", count=1)[1] == ["bad.bin"]
    assert names(sort="name", descending=True, count=1)[1] == ["short.md"]
    row = client.get(f"/api/corpora/{corpus}/documents?query=long").json()["documents"][0]
    assert row == {
        "document": 0, "name": "long.txt", "status": "ok", "bytes": len(LINES.encode()), "chars": len(LINES),
        "pages": None, "problems": [],
    }  # fmt: skip


def number(client: TestClient, corpus: str, name: str) -> int:
    found = client.get(f"/api/corpora/{corpus}/documents", params={"query": name}).json()
    return found["documents"][0]["document"]


def test_text_by_row_line_and_span(client: TestClient, papers: Path) -> None:
    corpus = added(client, papers)
    address = f"/api/corpora/{corpus}/documents/{number(client, corpus, 'long')}/text"
    found = client.get(address, params={"from_line": 500, "lines": 2}).json()
    assert (found["rows"], found["lines"], found["first"], found["at"]) == (1000, 1000, 499, 499)
    start = LINES.index("line 500 ")
    assert found["text"][0] == [500, start, "line 500 of the naïve 🌳 text", True]
    span = client.get(address, params={"start": start + 5, "end": start + 40, "lines": 30}).json()
    assert (span["at"], span["until"], span["first"]) == (499, 500, 489)
    assert client.get(address, params={"row": 10**9, "lines": 5}).json()["first"] == 999
    far = client.get(address, params={"start": 10**12, "end": 10**12 + 5}).json()
    assert far["at"] == 999 and far["corpus"] == corpus


def test_searches_give_places_in_characters(client: TestClient, papers: Path) -> None:
    corpus = added(client, papers)
    document = number(client, corpus, "long")
    found = client.get(f"/api/corpora/{corpus}/documents/{document}/search", params={"q": "TREE"}).json()
    assert found == {"hits": [], "more": False, "nearest": 0, "shown": "not found"}
    found = client.get(
        f"/api/corpora/{corpus}/documents/{document}/search", params={"q": "Nai\u0308ve  🌳 TEXT line 9"}
    ).json()
    assert next(LINES[start:end] for start, end, _ in found["hits"]) == "naïve 🌳 text\nline 9"
    assert [row for _, _, row in found["hits"]][:3] == [7, 88, 89] and len(found["hits"]) == 111
    assert client.get(f"/api/corpora/{corpus}/documents/{document}/search?q=%20").json()["hits"] == []
    every = client.get(f"/api/corpora/{corpus}/documents/{document}/search?q=i").json()
    assert len(every["hits"]) == 2000 and not every["more"]  # of "line" and of "naïve"
    hit = client.get(f"/api/corpora/{corpus}/search?q=notice period").json()["hits"][0]
    assert (hit["name"], hit["line"], hit["page"]) == ("short.md", 3, None)
    assert [hit["text"][a:b] for a, b in hit["marks"]] == ["notice", "period"]
    assert client.get(f"/api/corpora/{corpus}/search?q=").json()["hits"] == []


def test_rows_come_with_what_is_found_and_cited_marked(client: TestClient, papers: Path) -> None:
    corpus = added(client, papers)
    address = f"/api/corpora/{corpus}/documents/{number(client, corpus, 'long')}"
    start = LINES.index("🌳")
    asked = {"row": 0, "lines": 3, "q": "TEXT", "start": start, "end": start + 3}
    rows = client.get(f"{address}/rows", params=asked).json()["rows"]
    marks = [[one[1]["class"], *one[2:]] for one in elements(rows) if one[0] == "mark"]
    assert marks == [["span", "🌳 "], ["hit span", "t"], ["hit", "ext"], ["hit", "text"], ["hit", "text"]]
    assert client.get(f"{address}/rows", params={"lines": 1001}).status_code == 400
    place = client.get(f"{address}/text", params={"to": "500", "lines": 1}).json()
    assert place["at"] == 499 and place["shown"]["facts"] == f"1,000 lines · {len(LINES):,} characters"
    refused = client.get(f"{address}/text", params={"to": "<b>"})
    assert (refused.status_code, refused.json()["error"]) == (400, "“<b>” is no line. Write a number.")


def test_a_hit_is_found_again_in_its_document_however_it_is_written(
    client: TestClient, tmp_path: Path
) -> None:
    text = "The naïve ﬁnder lost the settle-\nment of the Straße. A naïve one.\n"
    fill(tmp_path / "letters", {"a.txt": text})
    corpus = added(client, tmp_path / "letters")
    for query, stood in (
        ("naive", "naïve"),
        ("finder", "ﬁnder"),
        ("settlement", "settle-\nment"),
        ("STRASSE", "Straße"),
    ):
        (hit, *_) = client.get(f"/api/corpora/{corpus}/search", params={"q": query}).json()["hits"]
        marked = [hit["text"][start:end] for start, end in hit["marks"]]
        assert marked and all(mark in stood or mark == stood for mark in marked), (query, hit)
        found = client.get(f"/api/corpora/{corpus}/documents/0/search", params={"q": query}).json()["hits"]
        assert {text[start:end] for start, end, _ in found} == {stood}


def test_a_hit_says_its_place_in_the_words_of_its_format(client: TestClient, tmp_path: Path) -> None:
    fill(tmp_path / "ships", {"a.json": '{"ships": [{"name": "Halcyon"}, {"name": "Zeemeeuw"}]}'})
    corpus = added(client, tmp_path / "ships")
    (hit,) = client.get(f"/api/corpora/{corpus}/search?q=Zeemeeuw").json()["hits"]
    assert hit["place"] == "line 1, $.ships[1].name"


def test_an_upload_over_http(client: TestClient, library: Library) -> None:
    library.uploads.largest = 3_000_000
    begun = client.post("/api/uploads").json()
    address = f"/api/uploads/{begun['upload']}/files"
    big = b"word " * 500_000
    for n, (rel, data) in enumerate({"d/a/x.txt": big, "d/b/x.txt": b"two"}.items(), 1):
        sent = client.put(address, params={"rel": rel, "n": n, "size": len(data)}, content=data)
        assert sent.json() == {"bytes": len(data)}
    for params, status, words in (
        ({"rel": "../x", "n": 3}, 400, "leads out of its folder"),
        ({"rel": "d/big", "n": 4, "size": 10**10}, 413, "it is larger than 2.9 MB (9.3 GB)"),
        ({"rel": "d/c", "n": 5, "size": 7}, 400, "did not arrive whole"),
        ({"rel": "d/c", "n": 5, "size": -1}, 400, "fewer than 0"),
        ({"rel": "d/c", "n": 0}, 400, "at once"),
        ({"n": 5}, 400, "rel"),
    ):
        refused = client.put(address, params=params, content=b"x")
        assert (refused.status_code, words in refused.text) == (status, True), refused.text
    too_long = client.put(address, params={"rel": "d/unsaid", "n": 6}, content=iter([b"x" * 2_000_000] * 2))
    assert too_long.status_code == 413
    job = finished(client, client.post(f"/api/uploads/{begun['upload']}/done", json={}).json())
    assert job["message"] == "2 documents read, 2 files left out."
    again = client.post(f"/api/uploads/{begun['upload']}/done", json={})  # by a page that heard of no answer
    assert (again.status_code, again.json()["job"]) == (200, job["job"])
    assert client.delete(f"/api/uploads/{begun['upload']}").status_code == 404


def test_the_end_of_an_upload_that_is_told_twice_at_once_is_taken_once(
    client: TestClient, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = client.post("/api/uploads").json()["upload"]
    client.put(f"/api/uploads/{upload}/files?rel=a.txt&n=1&size=1", content=b"x")
    finish, go = library.uploads.finish, threading.Event()
    monkeypatch.setattr(library.uploads, "finish", lambda one: go.wait(300) and finish(one))
    answers: list[httpx.Response] = []

    def tell() -> None:
        answers.append(client.post(f"/api/uploads/{upload}/done", json={}))

    threads = [threading.Thread(target=tell) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)  # for what the second one does that is not to do it
    go.set()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.json()["job"] for answer in answers}) == 1 == len(library.jobs.list())


def test_a_full_disk_is_507(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = client.post("/api/uploads").json()["upload"]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10**12, free=1000))
    refused = client.put(f"/api/uploads/{upload}/files?rel=a&n=1&size=1", content=b"x")
    assert refused.status_code == 507 and "Free some space" in refused.json()["error"]
    assert status_of(OSError(28, "no space")) == 507


def test_a_connection_that_breaks_leaves_no_part(library: Library, data_dir: Path) -> None:
    """Over a real socket: the client goes away in the middle of a file."""
    server = uvicorn.Server(uvicorn.Config(web(library), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    upload = library.begin_upload()["upload"]
    folder = data_dir / "uploads" / upload
    came = threading.Event()

    def body() -> Iterator[bytes]:
        for _ in range(3):
            yield b"x" * (2 << 20)
        while not any(part.stat().st_size for part in folder.glob("000001.*.part")):
            time.sleep(0.01)
        came.set()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError), httpx.Client(timeout=60) as http:
        http.put(
            f"http://127.0.0.1:{port}/api/uploads/{upload}/files?rel=a.txt&n=1&size=99999999", content=body()
        )
    assert came.is_set()
    while [f.name for f in folder.iterdir()] != ["owner.json"]:
        time.sleep(0.01)
    server.should_exit = True
    thread.join(60)


def test_a_page_of_a_pdf_comes_as_an_image(client: TestClient, library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    paper = pdf("The first page.", "The deposit is 1,250 EUR.")
    fill(folder, {"lease.pdf": paper, "note.txt": "text", "all.zip": zipped({"inner.pdf": pdf("Inside.")})})
    card = library.card(library.jobs.wait(library.add([str(folder)]).job).result["card"])
    names = [one["name"] for one in library.documents.list(card["id"])["documents"]]
    at = f"/api/corpora/{card['card']}/documents"
    lease, inner = names.index("lease.pdf"), names.index("all.zip/inner.pdf")
    facts = client.get(f"{at}/{lease}/text").json()
    assert (facts["pictured"], facts["page"], facts["page_count"]) == (True, 1, 2)
    text = "\n".join(row[2] for row in facts["text"])
    start = text.index("1,250")
    assert client.get(f"{at}/{lease}/text", params={"start": start, "end": start + 5}).json()["page"] == 2
    drawn = client.get(f"{at}/{lease}/pages/2", params={"start": start, "end": start + 5, "width": 400})
    assert (drawn.status_code, drawn.headers["content-type"], drawn.headers["x-marked"]) == (
        200,
        "image/png",
        "yes",
    )
    assert drawn.content.startswith(b"\x89PNG")
    assert (
        client.get(f"{at}/{lease}/pages/1", params={"start": start, "end": start + 5}).headers["x-marked"]
        == "no"
    )

    assert client.get(f"{at}/{lease}/pages/3").status_code == 404
    assert client.get(f"{at}/{inner}/text").json()["pictured"]
    assert client.get(f"{at}/{inner}/pages/1", params={"start": 0, "end": 6}).headers["x-marked"] == "yes"
    assert not client.get(f"{at}/{names.index('note.txt')}/text").json()["pictured"]
    fill(folder, {"lease.pdf": pdf("Another.")})
    assert "has changed since it was read" in client.get(f"{at}/{lease}/pages/1").json()["error"]
    (folder / "lease.pdf").unlink()
    assert "not where it was read from" in client.get(f"{at}/{lease}/pages/1").json()["error"]
    fill(folder, {"all.zip": zipped({"inner.pdf": pdf("Other.")})})
    assert client.get(f"{at}/{inner}/pages/1").json()["error"] == (
        "all.zip has changed since it was read, so the pages of all.zip/inner.pdf cannot be shown. Read its folder again."
    )
    (folder / "all.zip").unlink()
    assert client.get(f"{at}/{inner}/pages/1").json()["error"] == (
        "all.zip is not where it was read from, so the pages of all.zip/inner.pdf cannot be shown; "
        "its text is as it was read."
    )
