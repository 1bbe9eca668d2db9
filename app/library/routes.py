"""Routes of the library: cards, jobs, uploads, documents.

GET    /api/library                              {"frame": what stands around the cards, as trees}
GET    /api/corpora                              {"corpora": [card], "jobs": [job], "sample_deleted": bool, "shown": the same as trees}
POST   /api/corpora {paths: [..] | path, name?}  -> job; {sample: true} brings the sample back
GET    /api/corpora/ID                           card; ID is that of a card or of any of its versions
PATCH  /api/corpora/ID {name}                    -> card
POST   /api/corpora/ID/rescan                    -> job
POST   /api/corpora/ID/unlock {passwords: [..]}  read it again with passwords, kept in memory only -> job
PUT    /api/corpora/ID/watching {on}             read it again by itself whenever it changes -> card
GET    /api/corpora/ID/deletion                  what deleting would take
DELETE /api/corpora/ID                           -> receipt
GET    /api/corpora/ID/documents?first&count&query&problems&sort&descending
GET    /api/corpora/ID/documents/N/text?row | from_line | page | start&end | to, lines
GET    /api/corpora/ID/documents/N/rows?row&lines&q&start&end   rows as the page shows them, with what is found marked
GET    /api/corpora/ID/documents/N/search?q&row | char
GET    /api/corpora/ID/documents/N/pages/P?start&end&width   a page of a PDF as PNG, with characters highlighted
GET    /api/corpora/ID/search?q&limit
POST   /api/passwords {passwords: [..]}          keep them in memory for locked files that are opened from now on
POST   /api/jobs/JOB/unlock {passwords: [..]}    read again what failed because all of it is locked -> job
GET    /api/jobs, GET /api/jobs/JOB, DELETE /api/jobs/JOB   (stop it, or forget one that is over)
POST   /api/uploads                              -> {"upload", "largest"}
PUT    /api/uploads/UPLOAD/files?rel&n&size      the bytes of one file as the body
POST   /api/uploads/UPLOAD/done {name?}          -> job
DELETE /api/uploads/UPLOAD                       give it up
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.library.documents import MOST_ROWS
from app.library.jobs import Job
from app.library.shown import cards, deletion, frame, reading, results, table
from app.library.shown import text as texts
from app.library.uploads import Receiver
from engine.errors import InputError
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

BUFFER = 1 << 20  # bytes that are collected before a thread writes them
Text = Annotated[str, Query(max_length=4000)]


def router(workbench: Workbench) -> APIRouter:
    """The routes of the library, below /api."""
    routes = APIRouter(prefix="/api")
    library = workbench.library
    documents = library.documents

    @routes.get("/library")
    def around() -> Json:
        return {"frame": frame.library()}

    @routes.get("/corpora")
    def overview() -> Json:
        found, gone = library.cards(), library.sample_deleted()
        shown = cards.shown(found, library.jobs.busy, workbench.notes.overview()["cards"], gone)
        jobs = [reading.told(job) for job in library.jobs.list()]
        return {"corpora": found, "jobs": jobs, "sample_deleted": gone, "shown": shown}

    @routes.post("/corpora")
    def add(
        paths: Annotated[list[str] | None, Body()] = None,
        path: Annotated[str, Body()] = "",
        name: Annotated[str, Body()] = "",
        sample: Annotated[bool, Body()] = False,
    ) -> Json:
        return _job(library.restore_sample() if sample else library.add(paths or [path], name))

    @routes.get("/corpora/{name}")
    def card(name: str) -> Json:
        return library.card(name)

    @routes.patch("/corpora/{name}")
    def rename(name: str, title: Annotated[str, Body(embed=True, alias="name")]) -> Json:
        return library.rename(name, title)

    @routes.post("/corpora/{name}/rescan")
    def rescan(name: str) -> Json:
        return _job(library.rescan(name))

    @routes.post("/corpora/{name}/unlock")
    def unlock(name: str, passwords: Annotated[list[str], Body(embed=True)]) -> Json:
        return _job(library.unlock(name, passwords))

    @routes.put("/corpora/{name}/watching")
    def watch(name: str, on: Annotated[bool, Body(embed=True)]) -> Json:
        return library.watch(name, on)

    @routes.get("/corpora/{name}/deletion")
    def before_delete(name: str) -> Json:
        taken = library.before_delete(name)
        return {**taken, "shown": deletion.before(taken, library.card(name)["documents"])}

    @routes.delete("/corpora/{name}")
    def delete(name: str) -> Json:
        receipt = library.delete(name)
        return {**receipt, "shown": deletion.after(receipt)}

    @routes.get("/corpora/{name}/documents")
    def list_documents(
        name: str,
        first: int = 0,
        count: int = 200,
        query: Text = "",
        problems: bool = False,
        sort: str = "",
        descending: bool = False,
    ) -> Json:
        found = documents.list(
            library.corpus(name),
            first=first,
            count=count,
            query=query,
            problems=problems,
            sort=sort,
            descending=descending,
        )
        return {**found, "shown": table.shown(found, sort, descending, problems, query)}

    @routes.get("/corpora/{name}/documents/{number}/text")
    def text(
        name: str,
        number: int,
        row: int = 0,
        from_line: int | None = None,
        page: int | None = None,
        start: int | None = None,
        end: int | None = None,
        to: Annotated[str | None, Query(max_length=4000)] = None,
        lines: int = 200,
    ) -> Json:
        corpus = library.corpus(name)
        found = documents.text(
            corpus, number, row=row, line=from_line, page=page, start=start, end=end, to=to, count=lines
        )
        return {"corpus": corpus, **found, "shown": texts.head(found)}

    @routes.get("/corpora/{name}/documents/{number}/rows")
    def rows(
        name: str,
        number: int,
        row: int = 0,
        lines: Annotated[int, Query(le=MOST_ROWS)] = 100,
        q: Text = "",
        start: int | None = None,
        end: int | None = None,
    ) -> Json:
        span = None if start is None else (start, start if end is None else end)
        return {"rows": texts.rows(documents, library.corpus(name), number, row, lines, q, span)}

    @routes.get("/corpora/{name}/documents/{number}/search")
    def find(name: str, number: int, q: Text, row: int = 0, char: int | None = None) -> Json:
        hits = documents.find(library.corpus(name), number, q, row=row, char=char)
        return {**hits, "shown": texts.how_many(hits, q)}

    @routes.get("/corpora/{name}/documents/{number}/pages/{page}")
    def picture(
        name: str, number: int, page: int, start: int | None = None, end: int | None = None, width: int = 1200
    ) -> Response:
        drawn = library.pictures.draw(library.corpus(name), number, page, start, end, width)
        marked = "yes" if drawn.marked else "no"
        return Response(
            drawn.png, media_type="image/png", headers={"x-marked": marked, "cache-control": "no-store"}
        )

    @routes.get("/corpora/{name}/search")
    def search(name: str, q: Text, limit: int = 50) -> Json:
        found = documents.search(library.corpus(name), q, limit)
        return {**found, "told": results.told(found["hits"]), "shown": results.lines(found["hits"], q)}

    @routes.get("/jobs")
    def jobs() -> Json:
        return {"jobs": library.jobs.list()}

    @routes.get("/jobs/{job}")
    def job(job: str) -> Json:
        return asdict(library.jobs.get(job))

    @routes.post("/passwords")
    def remember(passwords: Annotated[list[str], Body(embed=True)]) -> Json:
        library.remember(passwords)
        return {"kept": "in memory"}

    @routes.post("/jobs/{job}/unlock")
    def unlock_job(job: str, passwords: Annotated[list[str], Body(embed=True)]) -> Json:
        library.remember(passwords)
        return _job(library.jobs.again(job))

    @routes.delete("/jobs/{job}")
    def stop(job: str) -> Json:
        return _job(library.jobs.stop(job))

    @routes.post("/uploads")
    def begin() -> Json:
        return library.begin_upload()

    @routes.put("/uploads/{upload}/files", response_model=None)
    async def receive(
        upload: str, request: Request, rel: str, n: int, size: int | None = None
    ) -> Json | JSONResponse:
        try:
            return await _receive(workbench, upload, rel, n, size, request)
        except ClientDisconnect:
            return JSONResponse({"error": "The browser stopped sending; this file was not kept."}, 400)

    @routes.post("/uploads/{upload}/done")
    def done(upload: str, name: Annotated[str, Body(embed=True)] = "") -> Json:
        return _job(library.finish_upload(upload, name))

    @routes.delete("/uploads/{upload}")
    def drop(upload: str) -> Json:
        library.drop_upload(upload)
        return {"dropped": upload}

    return routes


async def _receive(
    workbench: Workbench, upload: str, rel: str, n: int, size: int | None, request: Request
) -> Json:
    """Stream one file to disk. What is waiting in memory never exceeds BUFFER and one chunk."""
    if size is not None and size < 0:
        raise InputError("A file cannot have fewer than 0 bytes.")
    receiving = workbench.library.uploads.receive(upload, rel, n, size)
    receiver: Receiver = await run_in_threadpool(receiving.__enter__)
    try:
        waiting = bytearray()
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= BUFFER:
                await run_in_threadpool(receiver.write, bytes(waiting))
                waiting.clear()
        if waiting:
            await run_in_threadpool(receiver.write, bytes(waiting))
    except BaseException as problem:
        if not receiving.__exit__(type(problem), problem, problem.__traceback__):
            raise
    else:
        # Not in the loop: it may wait until another upload is removed.
        await run_in_threadpool(receiving.__exit__, None, None, None)
    return {"bytes": receiver.size}


def _job(job: Job) -> Json:
    return reading.told(asdict(job))
