"""A model in a process of its own: started, watched, asked, and started again when it stops."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import IO, Any, Self

from engine.errors import ContextOverflow, InputError, ModelError, TaprootError, Unsound
from engine.llm.base import Reply
from engine.llm.broadcast import LiveStream
from engine.llm.request_queue import Outbox, Pending
from engine.sandbox.frames import Writer, received
from engine.sandbox.spawn import HOMELY, spawn
from engine.stop import Stop
from engine.types import Json, ModelInfo, Usage

CLOSE_SECONDS = 2.0
HANG_SECONDS = 300.0  # a step on a slow machine takes seconds
STDERR_BYTES = 8192
REFUSALS = {kind.__name__: kind for kind in (InputError, Unsound)}  # of a process; others are ModelErrors


class Supervised:
    """What models in processes of their own have in common. A subclass names the module that speaks the frames of
    `engine.llm.local.process`, and says why it stopped.

    `order` is the first frame that a process gets. `on_progress` receives the fraction loaded, from 0 to 1, in
    another thread. Returns once the model is loaded. Raises InputError or ModelError when it cannot be, Cancelled
    when `stop` is requested before that: the process is killed at once. When the process stops later, or does not move for `hang_seconds`, it is started again: what `_send` was told to be
    retryable is asked once more and its reply says so; other open streams raise ModelError.
    """

    info: ModelInfo
    module = ""
    variables: tuple[str, ...] = ()  # of the environment that are handed on besides HOMELY
    prefixes: tuple[str, ...] = ()
    settings: dict[str, str] = {}  # noqa: RUF012  # variables that the process is given

    def __init__(
        self,
        order: Json,
        *,
        outbox: Outbox | None = None,
        hang_seconds: float = HANG_SECONDS,
        on_progress: Callable[[float], None] | None = None,
        stop: Stop | None = None,
    ):
        stop = stop or Stop()
        stop.check()
        self._order = order
        self._on_progress = on_progress or (lambda fraction: None)
        self._numbers = count(1)
        self._changed = threading.Condition(threading.RLock())
        self._outbox = outbox or Outbox()
        self._hang_seconds = hang_seconds
        self._heard = time.monotonic()
        self._hung = False
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: Writer | None = None  # there while a loaded process takes requests
        self._wanted = True
        self._closed = False
        self._failure: TaprootError | None = None
        self._loaded = False
        self._supervisor = threading.Thread(target=self._supervise, name="model", daemon=True)
        self._supervisor.start()
        threading.Thread(target=self._watch, name="model watch", daemon=True).start()
        try:
            with stop.calling(self._call_off), self._changed:
                self._changed.wait_for(lambda: self._loaded or self._failure or self._closed)
                stop.check()
                if self._failure is not None:
                    raise self._failure
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int | None:
        """The process id of the running model process; None while there is none."""
        process = self._process
        return process.pid if process is not None else None

    def close(self) -> None:
        """Stop the model process. Open streams raise ModelError; later requests too."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._supervisor.join(CLOSE_SECONDS)

    def _call_off(self) -> None:
        """Give up loading, from another thread. There is nothing to wait for: the process holds nothing yet."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            if self._process is not None:
                self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _why(self, code: int, words: str) -> TaprootError:
        """Say why a process stopped; `words` is what it said last on standard error, if that tells anything."""
        raise NotImplementedError

    def _retreat(self, refusal: TaprootError | None, code: int) -> str:
        """Make `_order` safer after a process refused to go on or stopped with `code`, so that the next one may do
        better. Returns a sentence about that, "" when there is nothing to change.
        """
        return ""

    def _learn(self, reply: Json) -> None:
        """Take note of a reply that came."""

    def _send(self, frame: Json, group: str = "", *, retryable: bool) -> LiveStream:
        number = next(self._numbers)
        frame["id"] = number
        stream = LiveStream(lambda: self._cancel(number))
        with self._changed:
            if self._closed:
                raise ModelError("The model was closed. Open it again to go on.")
            if not self._outbox.waits:
                self._heard = time.monotonic()
            self._outbox.add(number, Pending(frame, stream, retryable, group))
            self._wanted = True
            self._changed.notify_all()
        self._send_on()
        return stream

    def _send_on(self) -> None:
        """Give the process what it may have now."""
        with self._changed:
            writer = self._writer
            frames = self._outbox.to_send() if writer is not None else []
        for frame in frames:
            assert writer is not None
            self._write(writer, frame)

    def _cancel(self, number: int) -> None:
        with self._changed:
            pending, writer = self._outbox.get(number), self._writer
            if pending is None:
                return
            pending.cancelled = True
            if writer is None or not pending.sent:
                self._outbox.remove(number)
                pending.stream.finish(Reply(pending.stream.text, "cancelled", Usage()))
                return
        self._write(writer, {"cancel": number})

    @staticmethod
    def _write(writer: Writer, frame: Json) -> None:
        try:
            writer.send(frame)
        except OSError:
            pass  # the process stopped; the supervisor sees its output end and deals with every request

    def _supervise(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closed)
                if self._closed:
                    break
                self._wanted = False
            retreat = ""
            with tempfile.TemporaryFile() as errors:
                try:
                    failure, retreat = self._serve(errors)
                except OSError as problem:
                    failure = ModelError(
                        f"No process can be started for the model ({problem}). Free memory, then ask again."
                    )
                except Exception as problem:  # a defect of ours must not leave one who waits for ever
                    failure = ModelError(
                        f"Taproot made a mistake with the process of the model ({type(problem).__name__}). Load the model again."
                    )
            self._stopped(ModelError("The model was closed.") if self._closed else failure, retreat)
        self._fail_all(ModelError("The model was closed."))

    def _serve(self, errors: IO[bytes]) -> tuple[TaprootError, str]:
        """Run one process until it stops; returns why it did, and what `_retreat` says of the next one."""
        process = self._start(errors)
        assert process.stdin is not None and process.stdout is not None
        writer = Writer(process.stdin)
        try:
            self._write(writer, self._order)
            refusal = self._listen(process, process.stdout, writer)
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
            writer.close()
            process.stdout.close()
        failure = refusal or self._why(code, _last_words(errors))
        return failure, "" if self._closed else self._retreat(refusal, code)

    def _start(self, errors: IO[bytes]) -> subprocess.Popen[bytes]:
        process = spawn(
            ["-B", "-m", self.module],
            variables=(*HOMELY, *self.variables),
            prefixes=self.prefixes,
            settings=self.settings,
            stderr=errors,
        )
        with self._changed:
            self._process = process
            if self._closed:
                process.kill()
        return process

    def _listen(
        self, process: subprocess.Popen[bytes], output: IO[bytes], writer: Writer
    ) -> TaprootError | None:
        """Pass on what a process says until it stops; returns its own reason when it refused to load."""
        refusal: TaprootError | None = None
        try:
            for frame in received(output):
                self._heard = time.monotonic()
                if "progress" in frame:
                    self._on_progress(frame["progress"])
                elif "failed" in frame:
                    kind = REFUSALS.get(frame["failed"]["kind"], ModelError)
                    refusal = kind(frame["failed"]["message"])
                elif "beat" in frame:
                    continue
                elif "ready" in frame:
                    self._ready(frame["ready"], writer)
                else:
                    self._deliver(frame)
        except ValueError:
            process.kill()  # what came is no frame of ours
        return refusal

    def _ready(self, info: dict[str, Any], writer: Writer) -> None:
        """Take a loaded process into use and give it the requests that wait."""
        with self._changed:
            self.info = ModelInfo.from_json(info)
            self._loaded, self._failure = True, None
            self._writer = writer
            self._changed.notify_all()
        self._send_on()

    def _deliver(self, frame: Json) -> None:
        number = frame["id"]
        with self._changed:
            goes_on = "delta" in frame or "again" in frame
            pending = self._outbox.get(number) if goes_on else self._outbox.remove(number)
        if pending is None:
            return
        stream = pending.stream
        if "delta" in frame:
            stream.push(frame["delta"])
            return
        if "again" in frame:
            pending.again = frame["again"]
            stream.restart()
            return
        self._send_on()
        if "reply" in frame:
            self._learn(frame["reply"])
            stream.finish(_reply(frame["reply"], pending.again))
        elif "value" in frame:
            stream.finish(Reply("", "stop", Usage(prompt_tokens=frame["value"])))
        elif "counts" in frame:
            stream.finish(Reply(json.dumps(frame["counts"]), "stop", Usage()))
        elif "overflow" in frame:
            stream.fail(_overflow(**frame["overflow"]))
        else:
            stream.fail(ModelError(frame["error"]))

    def _stopped(self, failure: TaprootError, retreat: str) -> None:
        """After a process stopped: ask once more for what gives the same again, fail the rest. After a retreat ask
        for all of it.
        """
        with self._changed:
            served = self._writer is not None
            self._process = self._writer = None
            self._hung = False
            if retreat:
                lost = self._outbox.restart(retreat, every=True)
                self._wanted = True
            elif not self._loaded or isinstance(failure, InputError):
                self._failure = failure
                self._changed.notify_all()
                lost = self._outbox.clear()
            elif not served:  # it stopped while it loaded, and would again
                lost = self._outbox.clear()
            else:
                why = str(failure).partition(". ")[0]
                lost = self._outbox.restart(f"{why}; it was started again and wrote this reply anew")
                self._wanted = self._wanted or len(self._outbox) > 0
        for pending in lost:
            if pending.cancelled:
                pending.stream.finish(Reply(pending.stream.text, "cancelled", Usage()))
            else:
                pending.stream.fail(failure)

    def _fail_all(self, failure: TaprootError) -> None:
        with self._changed:
            lost = self._outbox.clear()
        for one in lost:
            one.stream.fail(failure)

    def _watch(self) -> None:
        """Kill a process that owes an answer and says nothing: it says at least every second that it works."""
        while not self._closed:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or len(self._outbox) > 0)
                self._changed.wait_for(lambda: self._closed, min(1.0, self._hang_seconds / 4))
                silent = time.monotonic() - self._heard
                if self._writer is None or not self._outbox.waits or silent < self._hang_seconds:
                    continue
                self._hung = True
                process = self._process
            if process is not None:
                process.kill()


def _reply(value: dict[str, Any], again: str) -> Reply:
    usage = Usage(
        calls=1,
        prompt_tokens=value["prompt_tokens"],
        reused_tokens=value["reused_tokens"],
        completion_tokens=value["completion_tokens"],
        seconds=value["seconds"],
        evaluated_tokens=value["evaluated_tokens"],
        queue_seconds=value["queue_seconds"],
        prefill_seconds=value["prefill_seconds"],
        decode_seconds=value["decode_seconds"],
    )
    return Reply(
        value["text"],
        value["finish"],
        usage,
        value["log_extended"],
        again,
        value.get("confidence"),
        value.get("quote"),
    )


def _overflow(needed: int, window: int) -> ContextOverflow:
    return ContextOverflow(
        f"The prompt holds {needed - 1:,} tokens and the window of this model is {window:,}. Ask about a smaller "
        "piece, or open the model with a larger window.",
        needed,
        window,
    )


def _last_words(errors: IO[bytes]) -> str:
    """Return the line in which llama.cpp or Python said why it ended, if there is one."""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - STDERR_BYTES))
    lines = errors.read().decode("utf-8", "replace").splitlines()
    telling = ("GGML_ASSERT", "terminate called", "what():", "Error:")
    return next((line.strip()[:200] for line in reversed(lines) if any(word in line for word in telling)), "")
