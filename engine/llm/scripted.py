"""A model that answers from a script: a list, a function or a JSONL file. For tests and rehearsals."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ContextOverflow, InputError, ModelError
from engine.llm.base import Finish, Reply, Request
from engine.llm.broadcast import LiveStream
from engine.reply import find_ending
from engine.types import Json, Message, ModelInfo, Usage

CHARS_PER_TOKEN = 4
MESSAGE_TOKENS = 4  # what a template adds around one message


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """One line of a script.

    `match`: answer every request whose last message contains this text, as often as asked; without it the
    replies are used up in order. `delay`: seconds before the first text. `error`: raise ModelError instead.
    `confidence` and `quote` as in `Reply`.
    """

    text: str = ""
    match: str | None = None
    delay: float = 0.0
    error: str | None = None
    confidence: float | None = None
    quote: str | None = None


Script = Iterable[str | ScriptedReply] | Callable[[Request], str | ScriptedReply]


class ScriptedModel:
    """The Model protocol over a script. `requests` keeps every request in the order of submission.

    `delay`: seconds before each reply, added to the reply's own; `delta_chars`: characters per delta;
    `delta_seconds`: pause after each delta. Tokens are counted as one per four characters.
    """

    def __init__(
        self,
        replies: Script,
        *,
        n_ctx: int = 8192,
        delay: float = 0.0,
        delta_chars: int = 8,
        delta_seconds: float = 0.0,
        name: str = "scripted",
    ):
        self.info = ModelInfo(
            name=name, path=f"scripted:{name}", fingerprint="scripted", n_ctx=n_ctx, chars_per_token=4.0
        )
        self.requests: list[Request] = []
        self._function = replies if callable(replies) else None
        lines = [] if callable(replies) else [_as_reply(r) for r in replies]
        self._matched = [r for r in lines if r.match is not None]
        self._ordered = [r for r in lines if r.match is None]
        self._used = 0
        self._delay, self._delta_chars, self._delta_seconds = delay, delta_chars, delta_seconds
        self._logs: dict[str, tuple[Message, ...]] = {}
        self._open: set[LiveStream] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._counts = dict.fromkeys(("read_tokens", "read_seconds", "alone_tokens", "alone_seconds"), 0.0)

    @classmethod
    def from_file(cls, path: Path | str, **options: Any) -> ScriptedModel:
        """Read a script of JSON lines with the keys of ScriptedReply. Raises InputError naming the bad line."""
        path = Path(path)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise InputError(f"The script {path} cannot be read: {error.strerror}.") from error
        replies = []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                replies.append(value if isinstance(value, str) else ScriptedReply(**value))
            except (ValueError, TypeError) as error:
                raise InputError(f"Line {number} of the script {path} is not a reply: {error}.") from error
        return cls(replies, name=path.stem, **options)

    def count(self, text: str) -> int:
        """Return a rough number of tokens: one per four characters, rounded up."""
        return -(-len(text) // CHARS_PER_TOKEN)

    def fits(self, messages: Sequence[Message]) -> int:
        """Return the rough number of tokens of a prompt."""
        return sum(self.count(m.content) + MESSAGE_TOKENS for m in messages)

    def submit(self, request: Request) -> LiveStream:
        """Take the next reply of the script and stream it from a thread of its own."""
        cancelled = threading.Event()
        stream = LiveStream(cancelled.set)
        needed = self.fits(request.messages)
        with self._lock:
            if self._closed.is_set():
                raise ModelError("The scripted model is closed.")
            self.requests.append(request)
            reply = None if needed >= self.info.n_ctx else self._next(request)
            earlier = self._logs.get(request.conversation, ())
            extended = bool(earlier) and request.messages[: len(earlier)] == earlier
            reused = self.fits(earlier) if extended else 0
            self._logs[request.conversation] = request.messages
            self._open.add(stream)
        if needed >= self.info.n_ctx:
            stream.fail(_overflow(needed, self.info.n_ctx))
        elif reply is None:
            stream.fail(ModelError(f"The script has no reply left for request {len(self.requests)}."))
        else:
            usage = Usage(1, needed, reused)
            work = (stream, request, reply, usage, extended, cancelled)
            threading.Thread(target=self._work, args=work, daemon=True).start()
        return stream

    def counts(self) -> Json:
        """Return the tokens and seconds of all replies so far."""
        with self._lock:
            return dict(self._counts)

    def close(self) -> None:
        """End all streams that are still open."""
        with self._lock:
            self._closed.set()
            streams = list(self._open)
        for stream in streams:
            stream.fail(ModelError("The model was closed."))

    def _next(self, request: Request) -> ScriptedReply | None:
        if self._function is not None:
            return _as_reply(self._function(request))
        last = request.messages[-1].content if request.messages else ""
        for reply in self._matched:
            if reply.match is not None and reply.match in last:
                return reply
        if self._used == len(self._ordered):
            return None
        self._used += 1
        return self._ordered[self._used - 1]

    def _work(self, stream: LiveStream, *work: Any) -> None:
        """Write a reply; a defect of ours must not leave one who waits for ever."""
        try:
            self._write(stream, *work)
        except Exception as problem:
            stream.fail(
                ModelError(f"The scripted model made a mistake ({type(problem).__name__}: {problem}).")
            )

    def _write(
        self,
        stream: LiveStream,
        request: Request,
        reply: ScriptedReply,
        usage: Usage,
        extended: bool,
        cancelled: threading.Event,
    ) -> None:
        started = time.monotonic()
        _sleep(self._delay + reply.delay, cancelled)
        text, finish = self._cut(request, reply.text, usage.prompt_tokens)
        written = ""
        if reply.error is not None:
            stream.fail(ModelError(reply.error))
        begun = time.monotonic()
        for start in range(0, len(text), self._delta_chars):
            if cancelled.is_set() or stream.done:
                break
            delta = text[start : start + self._delta_chars]
            written += delta
            stream.push(delta)
            _sleep(self._delta_seconds, cancelled)
        if cancelled.is_set():
            finish = "cancelled"
        now = time.monotonic()
        seconds = now - started
        with self._lock:
            self._counts["read_tokens"] += usage.prompt_tokens - usage.reused_tokens
            self._counts["read_seconds"] += begun - started
            self._counts["alone_tokens"] += self.count(written)
            self._counts["alone_seconds"] += now - begun
        usage += Usage(completion_tokens=self.count(written), seconds=seconds)
        stream.finish(Reply(written, finish, usage, extended, confidence=reply.confidence, quote=reply.quote))
        with self._lock:
            self._open.discard(stream)

    def _cut(self, request: Request, text: str, prompt_tokens: int) -> tuple[str, Finish]:
        """End a scripted text where a real model would have been stopped."""
        finish: Finish = "stop"
        room = min(request.max_tokens, self.info.n_ctx - prompt_tokens) * CHARS_PER_TOKEN
        if len(text) > room:
            text, finish = text[:room], "length"
        # As with a real model, the text is looked at after every token.
        for end in (*range(CHARS_PER_TOKEN, len(text), CHARS_PER_TOKEN), len(text)):
            seen = max(0, end - CHARS_PER_TOKEN)
            ending = find_ending(text[:end], cells=request.stop_at_cell, seen=seen)
            if ending is not None:
                return text[: ending.at], ending.finish
        return text, finish


def _as_reply(value: str | ScriptedReply) -> ScriptedReply:
    return ScriptedReply(value) if isinstance(value, str) else value


def _overflow(needed: int, window: int) -> ContextOverflow:
    return ContextOverflow(
        f"The prompt holds {needed:,} tokens and the window of this model {window:,}.", needed, window
    )


def _sleep(seconds: float, cancelled: threading.Event) -> None:
    if seconds > 0:
        cancelled.wait(seconds)
