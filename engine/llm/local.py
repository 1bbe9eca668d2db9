"""A GGUF model in a process of its own: started, watched, and started again when it stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date
from itertools import count
from pathlib import Path
from typing import IO, Any

import engine
from engine.errors import ContextOverflow, InputError, ModelError, TaprootError
from engine.llm.base import Reply, Request
from engine.llm.fit import Fit, Wish, choose
from engine.llm.forms import grammar_of
from engine.llm.gguf_facts import read_facts
from engine.llm.hardware import room_now
from engine.llm.outbox import Outbox, Pending
from engine.llm.stream import LiveStream
from engine.llm.wire import Writer, lines_of
from engine.types import Json, Message, ModelInfo, Usage, to_json

CLOSE_SECONDS = 2.0
HANG_SECONDS = 300.0  # a step on a slow machine takes seconds
MAX_DAYS = 4096  # conversations whose first day is remembered
STDERR_BYTES = 8192
# What llama.cpp, OpenMP and GPU drivers look at. Nothing else of the environment is handed on.
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "SYSTEMROOT", "LD_LIBRARY_PATH")
KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "GGML_", "OMP_", "HIP_", "ROCR_", "VK_", "DYLD_")


class LocalModel:
    """The Model protocol over a GGUF file.

    `wish`: what is not to be chosen by the free memory of the machine; `fit`: all of it, chosen before.
    `on_progress` receives the fraction loaded, from 0 to 1, in another thread.

    Returns once the model is loaded. Raises InputError when the file is not a usable model or does not fit,
    ModelError when it cannot be loaded. When the process stops later, or does not move for `hang_seconds`, it is started again:
    requests at temperature 0 are done once more and their replies say so; other open streams raise ModelError.
    `strict`: one reply at a time, each the same whatever else was asked (see `engine.llm.strict`); slower.
    """

    info: ModelInfo

    def __init__(
        self,
        path: Path | str,
        *,
        wish: Wish | None = None,
        fit: Fit | None = None,
        strict: bool = False,
        hang_seconds: float = HANG_SECONDS,
        on_progress: Callable[[float], None] | None = None,
    ):
        self._path = Path(path).expanduser().absolute()
        facts = read_facts(self._path)
        if fit is None:
            fit = choose(facts, room_now(), wish)
            if not fit.ok:
                raise InputError(fit.problem)
        self._order = {"path": str(self._path), "fit": to_json(fit), "strict": strict}
        self._on_progress = on_progress or (lambda fraction: None)
        self._numbers = count(1)
        self._changed = threading.Condition(threading.RLock())
        self._outbox = Outbox()
        self._hang_seconds = hang_seconds
        self._heard = time.monotonic()
        self._hung = False
        self._days: OrderedDict[str, str] = OrderedDict()
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: Writer | None = None  # there while a loaded process takes requests
        self._wanted = True
        self._closed = False
        self._failure: TaprootError | None = None
        self._loaded = False
        # Linux kills the process when the thread that started it ends, so one thread starts all of them.
        self._supervisor = threading.Thread(target=self._supervise, name="model", daemon=True)
        self._supervisor.start()
        threading.Thread(target=self._watch, name="model watch", daemon=True).start()
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._loaded or self._failure)
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

    def count(self, text: str) -> int:
        """Return the exact number of tokens of `text` as message content."""
        return self._ask({"count": text})

    def fits(self, messages: Sequence[Message]) -> int:
        """Return the exact number of tokens of the prompt that `messages` make when written anew."""
        return self._ask({"fits": [[m.role, m.content] for m in messages]})

    def submit(self, request: Request) -> LiveStream:
        """Queue a request and return at once. Raises ModelError when the model was closed, InputError for a
        form that no grammar can promise.
        """
        work = {
            "messages": [[m.role, m.content] for m in request.messages],
            "max_tokens": request.max_tokens,
            "sampling": to_json(request.sampling),
            "conversation": request.conversation,
            "stop_at_cell": request.stop_at_cell,
            "pinned": request.pinned,
            "day": self._first_day(request.conversation),
            "grammar": grammar_of(request.form) if request.form is not None else "",
        }
        group = "" if request.pinned else request.conversation.partition("/")[0] or "-"
        return self._send({"submit": work}, group, retryable=request.sampling.temperature <= 0)

    def counts(self) -> Json:
        """Return what the model process did since it started: steps, seconds in llama.cpp, tokens; see Compute."""
        stream = self._send({"counts": True}, retryable=True)
        return json.loads(stream.result().text)

    def forget(self, conversation: str) -> None:
        """Give up what is kept for a conversation that has ended, and for those below it; returns at once."""
        with self._changed:
            if self._writer is not None and not self._closed:
                self._send({"forget": conversation}, retryable=False)

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

    def __enter__(self) -> LocalModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, frame: Json) -> int:
        return int(self._send(frame, retryable=True).result().usage.prompt_tokens)

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

    def _first_day(self, conversation: str) -> str:
        """Return the day a conversation began: templates that show the date must not change at midnight."""
        today = date.today().isoformat()
        with self._changed:
            day = self._days.setdefault(conversation, today)
            self._days.move_to_end(conversation)
            while len(self._days) > MAX_DAYS:
                self._days.popitem(last=False)
        return day

    def _supervise(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closed)
                if self._closed:
                    break
                self._wanted = False
            with tempfile.TemporaryFile() as errors:
                process = self._start(errors)
                refusal = self._listen(process)
                code = process.wait()
                for stream in (process.stdin, process.stdout):
                    if stream is not None:
                        stream.close()
                failure = refusal or self._why(code, _last_words(errors))
            self._stopped(ModelError("The model was closed.") if self._closed else failure)
        self._fail_all(ModelError("The model was closed."))

    def _start(self, errors: IO[bytes]) -> subprocess.Popen[bytes]:
        root = Path(engine.__file__).parent.parent
        environment = {
            key: value
            for key, value in os.environ.items()
            if key in KEPT_VARIABLES or key.startswith(KEPT_PREFIXES)
        }
        environment |= {
            "PYTHONPATH": str(root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "GGML_NO_BACKTRACE": "1",  # ggml would start a debugger when it aborts
            "OPENBLAS_NUM_THREADS": "1",  # numpy's threads would start before the sandbox
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.llm.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=root,
            env=environment,
        )
        with self._changed:
            self._process = process
            if self._closed:
                process.kill()
        assert process.stdin is not None
        self._write(Writer(process.stdin), self._order)
        return process

    def _listen(self, process: subprocess.Popen[bytes]) -> TaprootError | None:
        """Pass on what a process says until it stops; returns its own reason when it refused to load."""
        assert process.stdout is not None and process.stdin is not None
        refusal: TaprootError | None = None
        try:
            for frame in lines_of(process.stdout):
                self._heard = time.monotonic()
                if "progress" in frame:
                    self._on_progress(frame["progress"])
                elif "failed" in frame:
                    kind = InputError if frame["failed"]["kind"] == "InputError" else ModelError
                    refusal = kind(frame["failed"]["message"])
                elif "beat" in frame:
                    continue
                elif "ready" in frame:
                    self._ready(frame["ready"], Writer(process.stdin))
                else:
                    self._deliver(frame)
        except ValueError:
            process.kill()  # a line cut off by its death, or not one of ours
        return refusal

    def _ready(self, info: dict[str, Any], writer: Writer) -> None:
        """Take a loaded process into use and give it the requests that wait."""
        info["notices"] = tuple(info["notices"])
        with self._changed:
            self.info = ModelInfo(**info)
            self._loaded, self._failure = True, None
            self._writer = writer
            self._changed.notify_all()
        self._send_on()

    def _deliver(self, frame: Json) -> None:
        number = frame["id"]
        with self._changed:
            pending = self._outbox.get(number) if "delta" in frame else self._outbox.remove(number)
        if pending is None:
            return
        stream = pending.stream
        if "delta" in frame:
            stream.push(frame["delta"])
            return
        self._send_on()
        if "reply" in frame:
            stream.finish(_reply(frame["reply"], pending.again))
        elif "value" in frame:
            stream.finish(Reply("", "stop", Usage(prompt_tokens=frame["value"])))
        elif "counts" in frame:
            stream.finish(Reply(json.dumps(frame["counts"]), "stop", Usage()))
        elif "overflow" in frame:
            stream.fail(_overflow(**frame["overflow"]))
        else:
            stream.fail(ModelError(frame["error"]))

    def _stopped(self, failure: TaprootError) -> None:
        """After a process stopped: ask once more for what gives the same again, fail the rest."""
        with self._changed:
            served = self._writer is not None
            self._process = self._writer = None
            self._hung = False
            if not self._loaded or isinstance(failure, InputError):
                self._failure = failure
                self._changed.notify_all()
                lost = self._outbox.clear()
            elif not served:  # it stopped while it loaded, and would again
                lost = self._outbox.clear()
            else:
                lost = self._outbox.restart(str(failure).partition(". ")[0])
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
                self._changed.wait_for(lambda: self._closed, min(1.0, self._hang_seconds / 4))
                silent = time.monotonic() - self._heard
                if self._writer is None or not self._outbox.waits or silent < self._hang_seconds:
                    continue
                self._hung = True
                process = self._process
            if process is not None:
                process.kill()

    def _why(self, code: int, words: str) -> TaprootError:
        """Say why a process stopped. While it loads, the file is to blame."""
        if code < 0:
            try:
                how = signal.Signals(-code).name
            except ValueError:
                how = f"signal {-code}"
        else:
            how = f"exit code {code}"
        detail = f"{how}: {words}" if words else how
        if self._hung:
            detail = f"it made no progress for {self._hang_seconds:g} seconds"
        if not self._loaded:
            return InputError(
                f"llama.cpp stopped while it loaded the model {self._path} ({detail}). The file is damaged, or "
                "of a kind that this llama.cpp does not know. Choose another one."
            )
        hint = "; the machine may be out of memory" if code == -9 and not self._hung else ""
        return ModelError(
            f"The model process stopped ({detail}{hint}). Ask again: the next request starts it anew."
        )


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
    notice = f"{again}; it was started again and wrote this reply anew" if again else ""
    return Reply(value["text"], value["finish"], usage, value["log_extended"], notice)


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
