"""A chat completion: the corpus that its model names, the run that it goes on from, and the answer when that has come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.errors import status_of
from app.programs import following, names
from app.programs.openai import conversation, errors, responses
from app.programs.openai.requests import Asked, Refusal
from engine.errors import InputError, ModelError, TaprootError
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

UNKNOWN_BEFORE = "What was asked before in this conversation is not among the runs over this corpus, so the model was not told of it."


@dataclass(frozen=True, slots=True)
class Chat:
    """A run that has begun for a request. `notes` are told beside its answer."""

    asked: Asked
    run: str
    notes: Json


async def begin(workbench: Workbench, asked: Asked) -> Chat:
    """Begin the run of a request. Raises Refusal or another TaprootError, and leaves nothing then."""
    corpus, follows = await asyncio.to_thread(_places, workbench, asked)
    run = await following.begin(workbench, asked.question, corpus, asked.settings, follows)
    unknown = [UNKNOWN_BEFORE] if asked.earlier and follows is None else []
    return Chat(asked, run, {"ignored": [*asked.ignored], "notes": unknown})


async def answer(workbench: Workbench, chat: Chat) -> Json:
    """Wait for the answer and return the completion. Raises Refusal when the run failed."""
    async with aclosing(following.steps(workbench, chat.run)) as steps:
        async for _ in steps:
            pass
    row = await asyncio.to_thread(workbench.runs.row, chat.run)
    if problem := _problem(row):
        raise problem
    return responses.completion(chat.asked.model, row, chat.notes)


async def stream(workbench: Workbench, chat: Chat) -> AsyncIterator[str]:
    """The same as server-sent events: progress as reasoning, then the answer."""
    row = await asyncio.to_thread(workbench.runs.row, chat.run)

    def chunk(delta: Json, finish: str | None = None, **more: Any) -> str:
        return responses.chunk(chat.asked.model, chat.run, row["started"], delta, finish, **more)

    yield chunk({"role": "assistant", "content": ""})
    for note in chat.notes["notes"]:
        yield chunk({"reasoning_content": f"{note}\n\n"})
    async with aclosing(following.steps(workbench, chat.run)) as steps:
        async for line in steps:
            yield chunk({"reasoning_content": f"{line}\n\n"}) if line else responses.SIGN
    try:
        row = await asyncio.to_thread(workbench.runs.row, chat.run)
        problem = _problem(row)
    except TaprootError as error:  # it was deleted, or cannot be read
        problem = Refusal(str(error), status=status_of(error), code="run_failed")
    if problem is not None:
        yield responses.event(errors.error(problem.status, str(problem), code=problem.code))
    else:
        whole = responses.completion(chat.asked.model, row, chat.notes)
        yield chunk({"content": whole["choices"][0]["message"]["content"]})
        yield chunk({}, responses.finish(row), taproot=whole["taproot"])
        if chat.asked.usage:
            yield chunk({}, usage=whole["usage"])
    yield responses.DONE


def _places(workbench: Workbench, asked: Asked) -> tuple[str, str | None]:
    """The corpus that is asked, and the run that the question follows."""
    card = names.find(workbench.library.cards(), asked.model)
    if workbench.models.loading():
        raise ModelError("The model is still being loaded; ask again in some seconds.")
    follows = asked.follows
    if follows is None:
        return card["id"], conversation.followed(workbench.engine.store, card["versions"], asked.earlier)
    try:
        names.check_follows(workbench.runs.row(follows), card)
    except InputError as error:
        raise Refusal(str(error), "taproot.follows", status=status_of(error)) from error
    return card["id"], follows


def _problem(row: Json) -> Refusal | None:
    """What to say of a run that failed; None of any other."""
    if row["status"] != "failed":
        return None
    return Refusal(f"The run {row['run']} failed: {row['reason']}", status=503, code="run_failed")
