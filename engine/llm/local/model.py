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

from engine.errors import InputError, ModelError, TaprootError, Unsound
from engine.llm.base import Request
from engine.llm.broadcast import LiveStream
from engine.llm.forms import HeldCell, Quote, grammar_of
from engine.llm.gguf.adapters import Adapter, check_adapters
from engine.llm.gguf.facts import read_facts
from engine.llm.gguf.fit import Fit, Wish, choose
from engine.llm.local.cache.saved_sequences import below
from engine.llm.local.load.load_options import SafeMode, safer
from engine.llm.local.load.measured import Measured
from engine.llm.local.load.probe_records import Known, ProbeRecords
from engine.llm.local.load.threads import Threads
from engine.llm.machine.hardware import room_now
from engine.llm.supervised import HANG_SECONDS, Supervised
from engine.paths import expanded
from engine.sandbox.frames import Writer
from engine.stop import Stop
from engine.types import Json, Message, to_json

KILLED = 9  # by the system when memory is full, or by a person
FILE_CHANGED = int(
    getattr(signal, "SIGBUS", 7)
)  # its number differs by system: what is mapped from a file is not there any more
WINDOWS_FAULT = 0xC0000000  # exit codes from here on are exceptions of the processor
NO_MEMORY = (
    "bad_alloc",
    "failed to allocate",
    "out of memory",
    "Cannot allocate memory",
)  # in its last words
MAX_DAYS = 4096  # conversations whose first day is remembered


class LocalModel(Supervised):
    """The Model protocol over a GGUF file.

    `adapters`: LoRA adapters put on the model. `wish`: what is not to be chosen by the free memory of the machine; `fit`: all of it, chosen before.
    `strict`: one reply at a time, each the same whatever else was asked (see `engine.llm.local.cache.strict`); slower.
    `data`: the data folder, where what loading teaches is kept. `mode`: what of llama.cpp to begin with; None: what
    worked before.

    A model whose process crashes, or that computes what is no number, is started again in a safer mode, at most
    once in each, while it loads and later; requests under way are then asked again.

    Returns once the model is loaded. Raises InputError when the file is not a usable model or does not fit,
    ModelError when it cannot be loaded, Cancelled when `stop` is requested before that. When the process stops, requests at temperature 0 are done once more and
    their replies say so; other open streams raise ModelError.
    """

    module = "engine.llm.local.process"
    prefixes = ("CUDA_", "NVIDIA_", "GGML_", "OMP_", "HIP_", "ROCR_", "VK_", "DYLD_")
    settings = {  # noqa: RUF012
        "GGML_NO_BACKTRACE": "1",  # ggml would start a debugger when it aborts
        "OPENBLAS_NUM_THREADS": "1",  # numpy's threads would start before the sandbox
        # How long a thread of libgomp spins for the others before it sleeps. Its default of 300,000 is no faster on
        # idle cores, and makes a step ten times as slow where another program wants one of them.
        "GOMP_SPINCOUNT": "1000",
    }

    def __init__(
        self,
        path: Path | str,
        *,
        wish: Wish | None = None,
        fit: Fit | None = None,
        adapters: Sequence[Adapter] = (),
        strict: bool = False,
        data: Path | None = None,
        mode: SafeMode | None = None,
        hang_seconds: float = HANG_SECONDS,
        on_progress: Callable[[float], None] | None = None,
        stop: Stop | None = None,
    ):
        self._path = expanded(path).absolute()
        self._days: OrderedDict[str, str] = OrderedDict()
        self._facts = facts = read_facts(self._path)
        described, self._extra = check_adapters(adapters, facts)
        self._wish = replace(wish or Wish(), slots=1) if strict else wish or Wish()
        self._records = ProbeRecords(data)
        self._known = self._records.of(facts)
        if mode is not None or (self._wish.gpu_layers is not None and self._known.mode >= SafeMode.NO_GPU):
            self._known = Known(mode if mode is not None else SafeMode.USUAL)
        if fit is None or self._known.mode >= SafeMode.NO_FLASH:
            fit = self._fit_in(self._known.mode)
            if not fit.ok:
                raise InputError(fit.problem)
        self._fit = fit
        order = {
            "path": str(self._path),
            "fingerprint": facts.fingerprint,
            "strict": strict,
            "adapters": [
                {"path": str(adapter.path), "info": to_json(info)}
                for adapter, info in zip(adapters, described, strict=True)
            ],
            **self._loading(),
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
            "role": request.role,
            "day": self._first_day(request.conversation),
            "grammar": grammar_of(request.form) if request.form is not None else "",
            "quote": to_json(request.form) if isinstance(request.form, Quote | HeldCell) else None,
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

    # --- safer modes ------------------------------------------------------------------------------------

    def _fit_in(self, mode: SafeMode) -> Fit:
        """How to load the model in a mode."""
        wish = self._wish
        if mode >= SafeMode.NO_FLASH:
            wish = replace(wish, cache_type=None if wish.cache_type is None else "f16")
        if mode >= SafeMode.NO_GPU:
            wish = replace(wish, gpu_layers=0)
        fit = choose(self._facts, room_now(), wish, extra=self._extra)
        return replace(fit, cache_type="f16", flash=False) if mode >= SafeMode.NO_FLASH else fit

    def _loading(self) -> Json:
        """The part of the order that says how to load."""
        known, fit = self._known, self._fit
        measured = known.measured.get(self._placed)
        return {
            "fit": to_json(replace(fit, notices=(*fit.notices, *known.reasons))),
            "mode": int(known.mode),
            "measured": to_json(measured) if measured else None,
        }

    @property
    def _placed(self) -> str:
        """How the model is loaded, as far as it decides how fast it is."""
        fit = self._fit
        return f"{fit.gpu_layers} layers on the GPU, {fit.threads} threads{'' if fit.threads_fixed else ' at most'}, {fit.slots} slots, mode {self._known.mode}"

    def _retreat(self, refusal: TaprootError | None, code: int) -> str:
        crashed = refusal is None and not self._hung and _is_crash(code)
        later = safer(self._known.mode, self._facts, self._fit)
        if later is None or not (crashed or isinstance(refusal, Unsound)):
            return ""
        fit = self._fit_in(later) if later >= SafeMode.NO_FLASH else self._fit
        if not fit.ok:
            return ""
        how = "computed no numbers" if refusal else f"stopped ({_how(code)})"
        known = self._known
        reason = later.switched_off and (
            f"This model runs without {later.switched_off}, because llama.cpp {how} otherwise on this processor."
        )
        self._fit = fit
        self._known = replace(
            known,
            mode=later,
            reasons=(*known.reasons, reason) if reason else known.reasons,
            retreats=known.retreats + 1,
        )
        self._order |= self._loading()
        return f"The model process {how}; it was started again more carefully and wrote this reply anew"

    def _ready(self, info: Json, writer: Writer) -> None:
        """Remember what worked before anything is asked."""
        measured = Measured(
            info["read_rate"],
            info["write_rate"],
            info["burst_rate"],
            Threads(info["threads"], info["burst_threads"]),
            info["probe_seconds"],
        )
        self._known = replace(self._known, measured={**self._known.measured, self._placed: measured})
        self._order |= self._loading()
        self._records.note(self._facts, self._known)
        super()._ready(info, writer)

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
        detail = f"{_how(code)}: {words}" if words else _how(code)
        if self._hung:
            detail = f"it made no progress for {self._hang_seconds:g} seconds"
        if not self._loaded:
            adapted = " with its adapters" if self._order["adapters"] else ""
            return InputError(
                f"llama.cpp stopped while it loaded the model {self._path}{adapted} ({detail}). The file is damaged, "
                "or of a kind that this llama.cpp does not know. Choose another one."
            )
        full = code == -KILLED or any(sign in words for sign in NO_MEMORY)
        hint = "; the machine may be out of memory" if full and not self._hung else ""
        if code == -FILE_CHANGED:
            hint = "; its file was changed or cut while it was in use"
        return ModelError(
            f"The model process stopped ({detail}{hint}). Ask again: the next request starts it anew."
        )


def _how(code: int) -> str:
    """How a process ended, as a person may look it up."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}" if code < 0 else f"exit code {code}"


def _is_crash(code: int) -> bool:
    """Whether a process was ended by what it did itself, not by somebody, a full memory or a changed file."""
    if code < 0:
        return code not in (-signal.SIGTERM, -signal.SIGINT, -KILLED, -FILE_CHANGED)
    return code >= WINDOWS_FAULT
