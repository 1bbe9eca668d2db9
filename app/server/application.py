"""The web app: FastAPI with our routes under /api, our files under /ui, Gradio at /, all of it behind the gate."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.bench import routes as bench
from app.errors import status_of, words_of
from app.forms import routes as forms
from app.library import routes as library
from app.models import routes as models
from app.notes import routes as notes
from app.programs.keys import KeyFile
from app.programs.openai import routes as programs
from app.questions import routes as questions
from app.runs import compare_routes as compare
from app.runs import export_routes as exports
from app.runs import routes as runs
from app.runs import session_routes as sessions
from app.safekeeping import routes as safekeeping
from app.server import static
from app.server.gate import Application, Gate
from app.shell.page import page
from app.shell.theme import theme
from app.workbench import Workbench
from engine.errors import TaprootError


class Answer(JSONResponse):
    """JSON in which bytes of paths that are no text become question marks."""

    def render(self, content: Any) -> bytes:
        """The body."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def build(workbench: Workbench, token: str, port: int) -> Application:
    """The whole app for one launch: whoever has `token` and comes from this machine's `port` is let in."""
    return Gate(routes(workbench), token, port, KeyFile(workbench.data_dir).read)


def routes(workbench: Workbench) -> FastAPI:
    """All routes, without the gate. Gradio comes last: what is registered first wins."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, default_response_class=Answer)
    app.add_exception_handler(TaprootError, explain)
    app.add_exception_handler(OSError, explain)
    app.add_exception_handler(HTTPException, explain_http)
    app.add_exception_handler(RequestValidationError, explain_request)
    app.add_exception_handler(Exception, confess)
    for part in (
        forms,
        runs,
        exports,
        sessions,
        compare,
        safekeeping,
        library,
        models,
        notes,
        bench,
        questions,
    ):
        app.include_router(part.router(workbench))

    @app.get("/api/ready")
    def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.api_route("/api/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def unknown(rest: str) -> JSONResponse:
        return JSONResponse({"error": f"Taproot has no address /api/{rest[:80]}."}, 404)

    programs.mount(app, workbench)
    static.mount(app)
    return gr.mount_gradio_app(
        app,
        page(workbench),
        path="/",
        theme=theme(),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        ssr_mode=False,
        show_error=False,
        max_file_size=workbench.library.uploads.largest,  # of forms and other programs; documents take our own route
        allowed_paths=[],
    )


def explain(request: Request, error: Exception) -> JSONResponse:
    """An expected error as a sentence."""
    text = words_of(error).encode("utf-8", "replace").decode()  # it may quote half a character
    return JSONResponse({"error": text}, status_of(error))


def explain_http(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself, as a sentence."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": str(error.detail)}, error.status_code, headers=error.headers)


def explain_request(request: Request, error: Exception) -> JSONResponse:
    """A request whose fields are missing or of the wrong type."""
    assert isinstance(error, RequestValidationError)
    wrong = error.errors()[0]
    where = ".".join(str(part) for part in wrong["loc"][1:]) or "the request"
    return JSONResponse({"error": f"{where}: {wrong['msg']}"}, 400)


def confess(request: Request, error: Exception) -> JSONResponse:
    """A defect of ours: named without its message, which might hold text of a document."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
    return JSONResponse({"error": f"Taproot made a mistake ({place}). Nothing that was shown is lost."}, 500)
