"""The endpoints that a Gradio client sees, with the types that it is told. All else of the page is private."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from app.errors import EXPECTED, words_of
from app.programs.gradio_api.calls import Calls, News
from app.workbench import Workbench

WORDS = {str: "text", int: "a whole number", list: "a list", dict: "an object"}


def add(workbench: Workbench) -> None:
    """Give the page that is being built its endpoints."""
    calls = Calls(workbench, Path(get_upload_folder()))

    async def ask(
        question: str, corpus: str, model: str = "", follows: str = "", limits: dict[str, float] | None = None
    ) -> Any:
        """Ask about a corpus (an id or a name of `/corpora`) or a path of this machine.

        What happens comes a line at a time, and at last an object as `ask --json` prints it. `model` is loaded first,
        `follows` is the run that the question follows up, `limits` may hold depth, max_turns, max_calls, max_tokens,
        max_seconds, reply_tokens, temperature and seed. A job that is cancelled stops its run.
        """
        require(str, question=question, corpus=corpus, model=model, follows=follows)
        require(dict, limits=limits or {})
        async with aclosing(told(calls.ask(question, corpus, model, follows, limits or {}))) as news:
            async for one in news:
                yield one

    async def add(paths: list[str] | None = None, files: list[dict] | None = None, name: str = "") -> Any:
        """Add folders and files of this machine by their paths, or files that are sent (`handle_file`).

        How far it is comes a line at a time, and at last an object: corpus (its id), card, name, documents, characters,
        notices, skipped (files that could not be read, with the reason) and message.
        """
        require(list, paths=paths or [], files=files or [])
        require(str, name=name, **{f"path {i}": path for i, path in enumerate(paths or [], 1)})
        async with aclosing(told(calls.add(paths or [], files or [], name))) as news:
            async for one in news:
                yield one

    def runs(limit: int = 100, corpus: str = "") -> list[dict]:
        """List runs, newest first, an object each as `runs --json` prints them: of one corpus or of all."""
        require(int, limit=limit)
        require(str, corpus=corpus)
        return said(lambda: calls.runs(limit, corpus))

    def corpora() -> list[dict]:
        """List the corpora that can be asked: corpus (a name), name, documents, characters, not_read."""
        return said(calls.corpora)

    for endpoint in (ask, add, runs, corpora):
        gr.api(endpoint, api_name=endpoint.__name__, concurrency_limit=None)


def require(kind: type, **given: Any) -> None:
    """Refuse arguments that are not of this type: Gradio tells clients the types, and holds nobody to them."""
    for name, value in given.items():
        if not isinstance(value, kind):
            raise gr.Error(f"{name} has to be {WORDS[kind]}", print_exception=False)


def said(work: Callable[[], Any]) -> Any:
    """The result of work; what it refuses reaches the client in its words."""
    try:
        return plain(work())
    except EXPECTED as error:
        raise refusal(error) from error


async def told(news: News) -> AsyncGenerator[Any, None]:
    """The news of a call; what it refuses reaches the client in its words. Close it (`contextlib.aclosing`)."""
    try:
        async with aclosing(news):
            async for one in news:
                yield plain(one)
    except EXPECTED as error:
        raise refusal(error) from error


def plain(value: Any) -> Any:
    """The same value as a Gradio client can take it: an object with a `path`, there `file`, would be a file to fetch.

    Halves of characters, which no JSON of Gradio's holds, are replaced.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {"file" if key == "path" else key: plain(part) for key, part in value.items()}
    return [*map(plain, value)] if isinstance(value, list | tuple) else value


def refusal(error: BaseException) -> gr.Error:
    """An error that Gradio passes on with its sentence."""
    return gr.Error(plain(words_of(error)), print_exception=False)
