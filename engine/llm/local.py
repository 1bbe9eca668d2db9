"""A GGUF model in a process of its own, which has no network and reads only the model."""

from __future__ import annotations

import json
import signal
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from engine.errors import InputError, ModelError, TaprootError
from engine.llm.adapters import Adapter, check_adapters
from engine.llm.base import Request
from engine.llm.fit import Fit, Wish, choose
from engine.llm.forms import grammar_of
from engine.llm.gguf_facts import read_facts
from engine.llm.hardware import room_now
from engine.llm.saves import below
from engine.llm.stream import LiveStream
from engine.llm.supervised import HANG_SECONDS, Supervised
from engine.stop import Stop
from engine.types import Json, Message, to_json

MAX_DAYS = 4096  # conversations whose first day is remembered


class LocalModel(Supervised):
    """The Model protocol over a GGUF file.

    `adapters`: LoRA adapters put on the model. `wish`: what is not to be chosen by the free memory of the machine; `fit`: all of it, chosen before.
    `strict`: one reply at a time, each the same whatever else was asked (see `engine.llm.strict`); slower.

    Returns once the model is loaded. Raises InputError when the file is not a usable model or does not fit,
    ModelError when it cannot be loaded, Cancelled when `stop` is requested before that. When the process stops, requests at temperature 0 are done once more and
    their replies say so; other open streams raise ModelError.
    """

    module = "engine.llm.process"
    prefixes = ("CUDA_", "NVIDIA_", "GGML_", "OMP_", "HIP_", "ROCR_", "VK_", "DYLD_")
    settings = {  # noqa: RUF012
        "GGML_NO_BACKTRACE": "1",  # ggml would start a debugger when it aborts
        "OPENBLAS_NUM_THREADS": "1",  # numpy's threads would start before the sandbox
    }

    def __init__(
        self,
        path: Path | str,
        *,
        wish: Wish | None = None,
        fit: Fit | None = None,
        adapters: Sequence[Adapter] = (),
        strict: bool = False,
        hang_seconds: float = HANG_SECONDS,
        on_progress: Callable[[float], None] | None = None,
        stop: Stop | None = None,
    ):
        self._path = Path(path).expanduser().absolute()
        self._days: OrderedDict[str, str] = OrderedDict()
        facts = read_facts(self._path)
        described, size = check_adapters(adapters, facts)
        if fit is None:
            wish = replace(wish or Wish(), slots=1) if strict else wish
            fit = choose(facts, room_now(), wish, extra=size)
            if not fit.ok:
                raise InputError(fit.problem)
        order = {
            "path": str(self._path),
            "fit": to_json(fit),
            "strict": strict,
            "adapters": [
                {"path": str(adapter.path), "info": to_json(info)}
                for adapter, info in zip(adapters, described, strict=True)
            ],
        }
        super().__init__(order, hang_seconds=hang_seconds, on_progress=on_progress, stop=stop)

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
            for key in [key for key in self._days if below(key, conversation)]:
                del self._days[key]
        if self._writer is not None:
            with suppress(ModelError):  # closed meanwhile
                self._send({"forget": conversation}, retryable=False)

    def _ask(self, frame: Json) -> int:
        return int(self._send(frame, retryable=True).result().usage.prompt_tokens)

    def _first_day(self, conversation: str) -> str:
        """Return the day a conversation began: templates that show the date must not change at midnight."""
        today = date.today().isoformat()
        with self._changed:
            day = self._days.setdefault(conversation, today)
            self._days.move_to_end(conversation)
            while len(self._days) > MAX_DAYS:
                self._days.popitem(last=False)
        return day

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
            adapted = " with its adapters" if self._order["adapters"] else ""
            return InputError(
                f"llama.cpp stopped while it loaded the model {self._path}{adapted} ({detail}). The file is damaged, "
                "or of a kind that this llama.cpp does not know. Choose another one."
            )
        hint = "; the machine may be out of memory" if code == -9 and not self._hung else ""
        return ModelError(
            f"The model process stopped ({detail}{hint}). Ask again: the next request starts it anew."
        )
