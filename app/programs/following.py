"""A run that another program waits for: begun, told step by step, and stopped when that program goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from app.live.broadcast import Message
from app.programs.markdown import code, harmless
from engine.errors import TaprootError
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

T = TypeVar("T")
SIGN_SECONDS = 10.0  # a sign of life at least this often


async def begin(
    workbench: Workbench, question: str, corpus: str, settings: dict[str, Json], follows: str | None
) -> str:
    """Begin a run and return its id. Who is cancelled meanwhile leaves none behind. Raises what `Runs.start` raises."""
    start = partial(workbench.runs.start, question, corpus, settings, follows=follows)
    return (await begun(start, lambda started: stop(workbench, started.run))).run


async def begun(work: Callable[[], T], undo: Callable[[T], None]) -> T:
    """What `work` gives, which begins something in a thread; who is cancelled meanwhile has it undone. Raises what it raises."""
    beginning = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        beginning.add_done_callback(lambda done: None if done.exception() else undo(done.result()))
        raise


async def steps(workbench: Workbench, run: str) -> AsyncGenerator[str, None]:
    """What happens in a run, a line each, until it has ended; "" is a sign of life. Who leaves earlier stops it.

    Close it (`contextlib.aclosing`), or the run goes on until Python does.
    """
    loop, came = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(came.set)

    over, after = False, 0
    try:
        while not over:
            subscription = workbench.hub.subscribe(run, after, wake)
            try:
                stored = await asyncio.to_thread(subscription.catch_up)
                while not over:
                    came.clear()
                    messages = stored + await asyncio.to_thread(subscription.take)
                    stored = []
                    for message in messages:
                        after, over = max(after, message.seq), over or _ends(message, run)
                        if message.name == "run" and (line := told(message.data)):
                            yield line
                    if over or subscription.closed:
                        break
                    try:
                        await asyncio.wait_for(came.wait(), SIGN_SECONDS)
                    except TimeoutError:
                        yield ""
            finally:
                subscription.close()
            over = over or await asyncio.to_thread(_ended, workbench, run)
            if not over:  # it fell behind, or the app ends
                await asyncio.sleep(0.1)
    finally:
        if not over:
            stop(workbench, run)


def stop(workbench: Workbench, run: str) -> None:
    """Stop a run that nobody waits for any more; one that has ended is left as it is."""
    with contextlib.suppress(TaprootError):
        workbench.runs.stop(run)


def told(event: Json) -> str:
    """One compact event as a line of Markdown; "" for what nobody wants to read."""
    at = "" if event["n"] == "0" else f"{event['n']}: "
    match event["k"]:
        case "node" if event["n"] != "0" and event["kind"] == "child":
            return f"{at}asks itself {code(event['q'])}"
        case "cell":
            return f"{at}cell {event['i']}: {code(event['h'])}"
        case "call":
            count = event["m"]
            return f"{at}{event['name']}_query: {count} sub-call{'s' * (count != 1)}"
        case "note":
            return f"{at}{harmless(event['h'])}"
    return ""


def _ends(message: Message, run: str) -> bool:
    match message.name:
        case "run":
            return bool(message.data["k"] == "fin")
        case "app":
            news = message.data
            return news["kind"] == "runs" and news.get("run") == run and news.get("status") != "running"
    return False


def _ended(workbench: Workbench, run: str) -> bool:
    try:
        return workbench.runs.row(run)["status"] != "running"
    except TaprootError:  # it was deleted
        return True
