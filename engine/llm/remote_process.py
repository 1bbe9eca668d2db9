"""The process of a remote model: `python -m engine.llm.remote_process`. JSON lines like those of `engine.llm.process`.

It reaches the one server it was given and no other machine. Requests run side by side, as many as were allowed; a
connection that fails is tried again, a greedy reply that was cut off is asked for anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

from engine.errors import InputError, ModelError, TaprootError
from engine.llm.child import die_with_parent, take_channel
from engine.llm.endpoint import KEY_VARIABLE, Endpoint
from engine.llm.outside import only
from engine.llm.sampling import advise_by_name
from engine.llm.wire import Writer, lines_of
from engine.reply import find_ending
from engine.types import Json, ModelInfo, to_json

WINDOW = 8192  # tokens, where neither the server nor a person says
CHARS_PER_TOKEN = 3.0
CONNECT_SECONDS, SILENCE_SECONDS = 15.0, 300.0
RETRIES = 4  # of a request that failed before its first text, each after a longer pause
CUTS = 2  # how often a greedy reply that was cut off is asked for anew
BEAT_SECONDS = 5.0
SHOWN_CHARS = 300  # of what a server says


def main() -> None:
    """Serve one parent until it closes our input."""
    incoming, outgoing = take_channel()
    die_with_parent()
    frames, writer = lines_of(incoming), Writer(outgoing)
    order = next(frames, None)
    if order is None:
        return
    endpoint = Endpoint(**order["endpoint"])
    only(endpoint.host, endpoint.port)
    asyncio.run(_serve(order, endpoint, frames, writer))


async def _serve(order: Json, endpoint: Endpoint, frames: Any, writer: Writer) -> None:
    client = Client(endpoint, writer, order["at_once"])
    try:
        info = await client.open(order["window"])
    except TaprootError as error:
        writer.send({"failed": {"kind": type(error).__name__, "message": str(error)}})
        return
    writer.send({"ready": to_json(info)})
    loop = asyncio.get_running_loop()

    def read() -> None:
        for frame in frames:
            loop.call_soon_threadsafe(client.handle, frame)
        os._exit(0)  # the parent is gone, and nobody waits for what is under way

    reading = loop.run_in_executor(None, read)
    while not reading.done():
        await asyncio.sleep(BEAT_SECONDS)
        writer.send({"beat": 0})


def _penalty(penalty: float) -> Json:
    """The repeat penalty as the OpenAI interface has it; it has neither top-k nor min-p."""
    return {} if penalty == 1 else {"frequency_penalty": round(min(2.0, max(-2.0, 2 * (penalty - 1))), 4)}


class Cut(ModelError):
    """A reply ended in the middle."""


class Overflow(ModelError):
    """The server says that a prompt is too long. `needed` tokens as far as it tells."""

    def __init__(self, needed: int, window: int):
        super().__init__("too long")
        self.needed, self.window = needed, window


@dataclass(slots=True)
class Answer:
    """A reply as it comes. `thinking`: an opened thought is not closed yet; `ended`: before the server ended it."""

    text: str = ""
    sent: int = 0
    seen: int = 0
    finish: str = ""
    ended: bool = False
    chunks: int = 0
    thinking: bool = False
    usage: Any = None
    started: float = field(default_factory=time.monotonic)
    first: float = 0.0


class Client:
    """The requests to one server, at most `at_once` of them."""

    def __init__(self, endpoint: Endpoint, writer: Writer, at_once: int):
        import openai

        self._openai = openai
        self._endpoint = endpoint
        self._send = writer.send
        self._key = os.environ.get(KEY_VARIABLE, "")
        self._places = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._partial: dict[int, Answer] = {}  # replies under way
        self._length = "max_tokens"  # newer models of OpenAI want another name
        verify = ssl.create_default_context() if endpoint.url.startswith("https:") else False
        self._client = openai.AsyncOpenAI(
            api_key=self._key or "none",
            base_url=endpoint.url,
            max_retries=RETRIES,
            http_client=openai.DefaultAsyncHttpxClient(
                verify=verify, trust_env=False, follow_redirects=False, timeout=SILENCE_SECONDS
            ),
        )

    async def open(self, window: int | None) -> ModelInfo:
        """Ask the server for its models. Raises InputError when it has not the one asked for."""
        notices = [self._endpoint.warning]
        try:
            listed = [
                one
                async for one in self._client.with_options(
                    timeout=CONNECT_SECONDS, max_retries=1
                ).models.list()
            ]
        except self._openai.NotFoundError:
            listed = []  # not all servers list them
        except self._openai.OpenAIError as error:
            raise self._explained(error) from None
        name = self._endpoint.name
        if not name and len(listed) == 1:
            name = listed[0].id
        chosen = next((one for one in listed if one.id == name), None)
        if not name or (listed and chosen is None):
            names = ", ".join(sorted(one.id for one in listed)[:12]) or "none that it lists"
            raise InputError(
                f"The server at {self._endpoint.url} has no model {name!r}. It has: {names}. "
                f"Write openai:NAME@{self._endpoint.url}."
            )
        stated = getattr(chosen, "max_model_len", None)  # vLLM
        if window is None and not isinstance(stated, int):
            notices.append(
                f"The server does not say how many tokens its window holds; {WINDOW:,} are assumed. "
                "Say it with --window."
            )
        self._endpoint = Endpoint(name, self._endpoint.url)
        self.window = window or (stated if isinstance(stated, int) else WINDOW)
        spec = f"openai:{name}@{self._endpoint.url}"
        advice = advise_by_name(name)
        return ModelInfo(
            name=name,
            path=spec,
            fingerprint="remote-" + hashlib.sha256(spec.encode()).hexdigest()[:24],
            n_ctx=self.window,
            chars_per_token=CHARS_PER_TOKEN,
            template="remote",
            notices=tuple(notices),
            slots=self._at_once,
            remote=self._endpoint.url,
            sampling=advice.sampling,
            sampling_source=advice.source,
            thinks=advice.thinks or not advice.source,  # nobody knows
        )

    def handle(self, frame: Json) -> None:
        """Take one frame of the parent."""
        if "cancel" in frame:
            if (task := self._tasks.get(frame["cancel"])) is not None:
                task.cancel()
        elif "submit" in frame:
            number, work = frame["id"], frame["submit"]
            task = asyncio.get_running_loop().create_task(self._answer(number, work))
            self._tasks[number] = task

            def done(task: asyncio.Task[None]) -> None:
                self._tasks.pop(number, None)
                if task.cancelled():  # before it had begun
                    self._finish(number, work, Answer(finish="cancelled"), time.monotonic())

            task.add_done_callback(done)

    async def _answer(self, number: int, work: Json) -> None:
        arrived = time.monotonic() - work["waited"]
        answer = Answer()
        try:
            async with self._places:
                answer = await self._whole(number, work)
        except asyncio.CancelledError:
            answer = self._partial.pop(number, answer)
            answer.finish = "cancelled"
        except Overflow as error:
            needed = error.needed or work["estimate"]
            self._send({"id": number, "overflow": {"needed": needed, "window": error.window or self.window}})
            return
        except TaprootError as error:
            self._send({"id": number, "error": str(error)})
            return
        finally:
            self._partial.pop(number, None)
        self._finish(number, work, answer, arrived)

    async def _whole(self, number: int, work: Json) -> Answer:
        """Get a reply, once more when a greedy one was cut off."""
        for again in range(CUTS + 1):
            answer = self._partial[number] = Answer()
            try:
                await self._stream(number, work, answer)
                return answer
            except Cut as cut:
                if again == CUTS or work["sampling"]["temperature"] > 0:
                    raise
                words = f"{str(cut).rstrip('.')}; it was asked for anew"
                self._send({"id": number, "again": words})
        raise AssertionError

    async def _stream(self, number: int, work: Json, answer: Answer) -> None:
        try:
            stream = await self._request(work)
        except self._openai.OpenAIError as error:
            raise self._explained(error) from None
        try:
            async for chunk in stream:
                answer.usage = getattr(chunk, "usage", None) or answer.usage
                if answer.finish:
                    continue  # only the usage is still to come
                for choice in chunk.choices[:1]:
                    self._take(choice, answer, cells=work["stop_at_cell"])
                if len(answer.text) > answer.sent:
                    self._send({"id": number, "delta": answer.text[answer.sent :]})
                    answer.sent = len(answer.text)
                if answer.ended:
                    return
        except asyncio.CancelledError:
            raise
        except self._openai.APIError as error:
            raise self._cut(str(error)) from None
        except Exception as error:  # those of the HTTP library, whichever the client uses
            raise self._cut(f"{type(error).__name__} {error}") from None
        finally:
            await stream.close()  # also tells the server that nobody reads on
        if not answer.finish:
            raise self._cut(
                "it ended without a reason; a llama_cpp.server needs --interrupt_requests False, or --slots 1 here"
            )

    async def _request(self, work: Json) -> Any:
        sampling = work["sampling"]
        for _ in range(2):
            try:
                return await self._client.chat.completions.create(
                    model=self._endpoint.name,
                    messages=[{"role": role, "content": content} for role, content in work["messages"]],
                    temperature=sampling["temperature"],
                    top_p=sampling["top_p"] if sampling["temperature"] > 0 else 1.0,
                    seed=sampling["seed"],
                    **_penalty(sampling["penalty"]),
                    stream=True,
                    stream_options={"include_usage": True},
                    **{self._length: work["max_tokens"]},
                )
            except self._openai.BadRequestError as error:
                if "max_completion_tokens" not in str(error) or self._length == "max_completion_tokens":
                    raise
                self._length = "max_completion_tokens"
        raise AssertionError

    @staticmethod
    def _take(choice: Any, answer: Answer, *, cells: bool) -> None:
        """Add one piece of text; stop where the reply has to end, so that the server need not write on."""
        delta = choice.delta
        thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None) or ""
        text = delta.content or ""
        if thought or text:
            answer.first = answer.first or time.monotonic()
            answer.chunks += 1
        if thought:
            answer.text += thought if answer.thinking else f"<think>{thought}"
            answer.thinking = True
        if text:
            answer.text += f"</think>{text}" if answer.thinking else text
            answer.thinking = False
        ending = find_ending(answer.text, cells=cells, seen=answer.seen)
        answer.seen = len(answer.text)
        if ending is not None:
            answer.text, answer.ended = answer.text[: max(ending.at, answer.sent)], True
            answer.finish = ending.finish
        elif choice.finish_reason:
            answer.finish = "length" if choice.finish_reason == "length" else "stop"

    def _finish(self, number: int, work: Json, answer: Answer, arrived: float) -> None:
        """Tell the parent of a reply: what the server counted, else an estimate from bytes and pieces."""
        now, usage = time.monotonic(), answer.usage
        read = getattr(usage, "prompt_tokens", 0) or 0
        details = getattr(usage, "prompt_tokens_details", None)
        reused = getattr(details, "cached_tokens", 0) or 0
        written = getattr(usage, "completion_tokens", 0) or 0
        prompt = read or work["estimate"]
        first = answer.first or now
        reply = {
            "text": answer.text,
            "finish": answer.finish,
            "prompt_tokens": prompt,
            "reused_tokens": reused,
            "completion_tokens": written or answer.chunks,
            "evaluated_tokens": prompt - reused,
            "seconds": now - answer.started,
            "queue_seconds": max(0.0, answer.started - arrived),
            "prefill_seconds": first - answer.started,
            "decode_seconds": now - first if answer.first else 0.0,
            "log_extended": False,
            "counted": bool(read),
            "prompt_bytes": sum(len(content.encode("utf-8", "replace")) for _, content in work["messages"]),
            "content_tokens": read - 8 * len(work["messages"]),
        }
        self._send({"id": number, "reply": reply})

    # --- what went wrong --------------------------------------------------------------------------------

    def _cut(self, why: str) -> Cut:
        return Cut(f"The reply from {self._endpoint.url} was cut off ({self._clean(why)}).")

    def _explained(self, error: Exception) -> TaprootError:
        """An error of the client as a sentence that says what to do."""
        openai, url = self._openai, self._endpoint.url
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return InputError(
                f"The server at {url} refused the API key. Put a valid one into {KEY_VARIABLE}."
            )
        if isinstance(error, openai.NotFoundError):
            return InputError(f"The server at {url} does not know the model {self._endpoint.name!r}.")
        if isinstance(error, openai.APITimeoutError):
            return ModelError(
                f"The server at {url} did not answer in time. Look whether it is busy; ask again."
            )
        if isinstance(error, openai.APIConnectionError):
            why = self._clean(str(error.__cause__ or error))
            return ModelError(
                f"The server at {url} cannot be reached ({why}). Check its address and that it runs."
            )
        if isinstance(error, openai.RateLimitError):
            return ModelError(f"The server at {url} takes no more requests now. Wait, or lower --slots.")
        words = str(error)
        if isinstance(error, openai.BadRequestError) and re.search(
            r"context|n_ctx|too long|exceeds?\b.*tokens", words, re.IGNORECASE
        ):
            window, needed = _numbers(words)
            return Overflow(needed, window)
        return ModelError(f"The server at {url} refused the request: {self._clean(words)}")

    def _clean(self, words: str) -> str:
        """What a server says, short, and without the key that some servers repeat."""
        words = words.replace(self._key, "(key)") if self._key else words
        return " ".join(words.split())[:SHOWN_CHARS]


def _numbers(words: str) -> tuple[int, int]:
    """The window and the tokens asked for, as far as a server's refusal names them; 0 otherwise."""
    found = [int(n) for n in re.findall(r"\b(\d{2,8})\s*tokens", words)]
    if not found:
        return 0, 0
    return min(found), max(found) if max(found) > min(found) else 0


if __name__ == "__main__":
    main()
