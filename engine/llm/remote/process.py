"""The process of a remote model: `python -m engine.llm.remote.process`. Frames like those of `engine.llm.local.process`.

It reaches the one server it was given and no other machine. Requests run side by side, as many as were allowed; a
connection that fails is tried again, a greedy reply that was cut off is asked for anew. Before a prompt is longer than
any that is known to have arrived whole, `engine.llm.remote.truncation` sees to it; a window that turns out smaller is told by "ready" again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import InputError, ModelError, TaprootError
from engine.llm.remote.answer import LITTLE, Answer
from engine.llm.remote.endpoint import KEY_VARIABLE, Endpoint
from engine.llm.remote.refusal import Overflow, overflow_of
from engine.llm.remote.truncation import Arrival
from engine.llm.sampling import advise_by_name
from engine.sandbox.child import begin
from engine.sandbox.egress import only
from engine.sandbox.frames import Writer, received
from engine.types import Json, ModelInfo, Sampling, to_json

WINDOW = 8192  # tokens, where neither the server nor a person says
CHARS_PER_TOKEN = 3.0
CONNECT_SECONDS, SILENCE_SECONDS = 15.0, 300.0
RETRIES = 4  # of a request that failed before its first text, each after a longer pause
CUTS = 2  # how often a greedy reply that was cut off is asked for anew
BEAT_SECONDS = 5.0
SHOWN_CHARS = 300  # of what a server says
FULL = 0.95  # of the window of a server that cuts: a prompt that is counted as more was cut, most likely


def main() -> None:
    """Serve one parent until it closes our input."""
    incoming, outgoing = begin()
    frames, writer = received(incoming), Writer(outgoing)
    order = next(frames, None)
    if order is None:
        return
    endpoint = Endpoint(**order["endpoint"])
    only(endpoint.host, endpoint.port)
    asyncio.run(_serve(order, endpoint, frames, writer))


async def _serve(order: Json, endpoint: Endpoint, frames: Any, writer: Writer) -> None:
    client = Client(endpoint, writer, order["at_once"])
    try:
        await client.open(order["window"], order["notices"])
    except TaprootError as error:
        writer.send({"failed": {"kind": type(error).__name__, "message": str(error)}})
        return
    client.tell()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for frame in frames:
            loop.call_soon_threadsafe(client.handle, frame)
        os._exit(0)  # the parent is gone, and nobody waits for what is under way

    reading = loop.run_in_executor(None, read)
    while not reading.done():
        await client.busy.wait()
        await asyncio.sleep(BEAT_SECONDS)
        writer.send({"beat": 0})


def _penalty(penalty: float) -> Json:
    """The repeat penalty as the OpenAI interface has it; it has neither top-k nor min-p."""
    return {} if penalty == 1 else {"frequency_penalty": round(min(2.0, max(-2.0, 2 * (penalty - 1))), 4)}


class Cut(ModelError):
    """A reply ended in the middle."""


class Client:
    """The requests to one server, at most `at_once` of them. `busy` is set while there are some."""

    info: ModelInfo
    arrival: Arrival

    def __init__(self, endpoint: Endpoint, writer: Writer, at_once: int):
        import openai

        self._openai = openai
        self._endpoint = endpoint
        self._send = writer.send
        self._key = os.environ.get(KEY_VARIABLE, "")
        self._places = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self.busy = asyncio.Event()
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

    async def open(self, window: int | None, known: Sequence[str]) -> None:
        """Ask the server for its models. `known`: notices of an earlier process. Raises InputError when it has not
        the one asked for.
        """
        notices = [self._endpoint.warning, *known]
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
        found = window or (stated if isinstance(stated, int) else WINDOW)
        self.arrival = Arrival(self._ask, found)
        spec = f"openai:{name}@{self._endpoint.url}"
        advice = advise_by_name(name)
        self.info = ModelInfo(
            name=name,
            path=spec,
            fingerprint="remote-" + hashlib.sha256(spec.encode()).hexdigest()[:24],
            n_ctx=found,
            chars_per_token=CHARS_PER_TOKEN,
            template="remote",
            notices=tuple(notices),
            slots=self._at_once,
            remote=self._endpoint.url,
            sampling=advice.sampling,
            sampling_source=advice.source,
            thinks=advice.thinks or not advice.source,  # nobody knows
        )

    def tell(self) -> None:
        """Say what is known of the model now."""
        notices = (*self.info.notices, *self.arrival.news)
        self._send({"ready": to_json(replace(self.info, n_ctx=self.arrival.window, notices=notices))})

    def handle(self, frame: Json) -> None:
        """Take one frame of the parent."""
        if "cancel" in frame:
            if (task := self._tasks.get(frame["cancel"])) is not None:
                task.cancel()
            return
        number, work = frame["id"], frame.get("submit")
        doing = self._answer(number, work) if work else self._prove_all(number)
        task = self._tasks[number] = asyncio.get_running_loop().create_task(doing)
        self.busy.set()

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.pop(number, None)
            if not self._tasks:
                self.busy.clear()
            if task.cancelled() and work:  # before it had begun
                self._finish(number, work, Answer(finish="cancelled"), time.monotonic())

        task.add_done_callback(done)

    async def _answer(self, number: int, work: Json) -> None:
        arrived = time.monotonic() - work["waited"]
        answer = Answer()
        try:
            async with self._places:
                await self._prove(number, work["estimate"], work["estimate"])
                answer = await self._whole(number, work)
                await self._doubt(number, work["estimate"], answer)
        except asyncio.CancelledError:
            answer = self._partial.pop(number, answer)
            answer.finish = "cancelled"
        except Overflow as error:
            needed, window = error.needed or work["estimate"], error.window or self.arrival.window
            self._send({"id": number, "overflow": {"needed": needed, "window": window}})
            return
        except TaprootError as error:
            self._send({"id": number, "error": str(error)})
            return
        finally:
            self._partial.pop(number, None)
        self._finish(number, work, answer, arrived)

    # --- whether prompts arrive whole -------------------------------------------------------------------

    async def _prove(self, number: int, estimate: int, tokens: int) -> None:
        """See to it that prompts of `tokens` arrive whole. Raises Overflow when one of `estimate` would not."""
        arrival, known = self.arrival, len(self.arrival.news)
        if await arrival.prove(tokens):
            self.tell()
            if len(arrival.news) > known:
                self._send({"id": number, "again": arrival.news[-1]})
        if estimate > arrival.window and estimate > arrival.proven:
            raise Overflow(estimate, arrival.window)

    async def _doubt(self, number: int, estimate: int, answer: Answer) -> None:
        """Compare what the server counted with our estimate. Raises Overflow when the prompt was cut after all."""
        read, arrival = answer.read, self.arrival
        if arrival.cuts and read > FULL * arrival.window:
            raise Overflow(max(estimate, arrival.window + 1), arrival.window)
        if read > arrival.proven or 0 < read < LITTLE * estimate:
            before = arrival.window
            await self._prove(number, estimate, max(read, round(estimate / LITTLE)))
            if arrival.cuts and arrival.window < before:
                raise Overflow(max(estimate, arrival.window + 1), arrival.window)

    async def _prove_all(self, number: int) -> None:
        """Find out for the whole window, because a person asks."""
        async with self._places:
            await self.arrival.prove(self.arrival.window)
        self.tell()
        self._send({"id": number, "value": self.arrival.window})

    async def _ask(self, text: str, max_tokens: int) -> tuple[str, int]:
        """Send one message, for `Arrival`."""
        answer = Answer()
        work = {"messages": [["user", text]], "max_tokens": max_tokens, "sampling": to_json(Sampling())}
        await self._stream(work, answer, lambda text: None)
        return answer.text, answer.read

    # --- one reply --------------------------------------------------------------------------------------

    async def _whole(self, number: int, work: Json) -> Answer:
        """Get a reply, once more when a greedy one was cut off."""
        for again in range(CUTS + 1):
            answer = self._partial[number] = Answer()
            try:
                await self._stream(work, answer, lambda text: self._send({"id": number, "delta": text}))
                return answer
            except Overflow as refusal:
                if self.arrival.refused(refusal):
                    self.tell()
                raise
            except Cut as cut:
                if again == CUTS or work["sampling"]["temperature"] > 0:
                    raise
                words = f"{str(cut).rstrip('.')}; it was asked for anew"
                self._send({"id": number, "again": words})
        raise AssertionError

    async def _stream(self, work: Json, answer: Answer, told: Callable[[str], None]) -> None:
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
                    answer.take(choice, cells=work.get("stop_at_cell", False))
                if len(answer.text) > answer.sent:
                    told(answer.text[answer.sent :])
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

    def _finish(self, number: int, work: Json, answer: Answer, arrived: float) -> None:
        self._send({"id": number, "reply": answer.report(work["messages"], work["estimate"], arrived)})

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
        if isinstance(error, openai.BadRequestError) and (overflow := overflow_of(words)):
            return overflow
        return ModelError(f"The server at {url} refused the request: {self._clean(words)}")

    def _clean(self, words: str) -> str:
        """What a server says, short, and without the key that some servers repeat."""
        words = words.replace(self._key, "(key)") if self._key else words
        return " ".join(words.split())[:SHOWN_CHARS]


if __name__ == "__main__":
    main()
