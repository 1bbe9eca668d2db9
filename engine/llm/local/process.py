"""The model process: `python -m engine.llm.local.process`. Speaks in frames on standard input and output.

Three threads: the first loads and computes, one reads requests, one counts tokens. It has no network and reads
only the model; it ends with its parent.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError, TaprootError
from engine.llm.gguf.adapters import fingerprint_with
from engine.llm.gguf.facts import GgufFacts, read_facts
from engine.llm.gguf.fit import Fit
from engine.llm.local.load.load_options import SafeMode
from engine.llm.local.load.measured import Measured
from engine.llm.local.text.template import GENERIC, NO_SYSTEM, Pieces, TemplateError, cut_template
from engine.sandbox import Policy, confine, default_read_paths, level
from engine.sandbox.child import begin, until_the_end
from engine.sandbox.frames import Writer, received
from engine.types import AdapterInfo, Json, Message, ModelInfo, Sampling, to_json

if TYPE_CHECKING:
    from engine.llm.local.batch.job import Job

CLERK_STACK = 64 << 20  # bytes; tokenizers recurse
EXTRA_DATA = 4 << 30  # bytes beyond the weights: cache, compute buffers, Python
DEVICES = ("/dev/nvidia*", "/dev/nvidia-caps", "/dev/dri", "/dev/kfd")
SYSTEM_FILES = ("/sys", "/proc/meminfo", "/proc/cpuinfo", "/proc/self", "/proc/driver", "/proc/devices")


def main() -> None:
    """Serve one parent until it closes our input."""
    incoming, outgoing = begin()
    frames = received(incoming)
    writer = Writer(outgoing)
    order = next(frames, None)
    if order is None:
        return
    try:
        server = Server(order, writer)
    except TaprootError as error:
        writer.send({"failed": {"kind": type(error).__name__, "message": str(error)}})
        return
    threading.stack_size(CLERK_STACK)
    for work in (partial(_read, frames, server), server.answer):
        threading.Thread(target=until_the_end, args=(work,), daemon=True).start()
    server.compute()


class Server:
    """A loaded model, the compute loop and the clerk. Raises TaprootError when it cannot be loaded."""

    def __init__(self, order: Json, writer: Writer):
        self._send = writer.send
        facts = read_facts(Path(order["path"]))
        if facts.fingerprint != order["fingerprint"]:
            raise InputError(
                f"The file {facts.path} changed after it was looked at. Wait until it is copied or downloaded as a "
                "whole, then load it again."
            )
        fit = Fit.from_json(order["fit"])
        adapters = tuple((Path(one["path"]), AdapterInfo(**one["info"])) for one in order["adapters"])
        notices = [*fit.notices, *_confine(facts, fit, [path for path, _ in adapters])]
        # llama.cpp may start threads when it is imported, and those would escape the confinement.
        from engine.llm.local.batch.compute import Compute
        from engine.llm.local.load.memory_layout import TEXT, Layout
        from engine.llm.local.load.native import Native
        from engine.llm.local.text.token_log import Logs

        begun = time.monotonic()

        native = Native(
            facts,
            gpu_layers=fit.gpu_layers,
            adapters=adapters,
            mode=SafeMode(order["mode"]),
            on_progress=lambda fraction: writer.send({"progress": round(fraction, 3)}),
        )
        self._window = fit.window
        self._vocabulary = native.vocabulary
        self._adapters = native.adapters
        self._templates = Templates(facts.template, native.vocabulary)
        self._templates.on(date.today())
        if self._templates.problem:
            notices.append(self._templates.problem)
        self._logs = Logs(native.vocabulary, self._templates.on, fit.window)
        before = Measured.from_json(order["measured"]) if order["measured"] else None
        loading = time.monotonic() - begun
        layout = Layout(native, fit, strict=order["strict"], before=before, loading=loading)
        self._compute = Compute(self._logs, writer.send, layout.make)
        measured = layout.measured
        assert measured is not None
        self._questions: queue.SimpleQueue[Json | Job] = queue.SimpleQueue()
        info = ModelInfo(
            name=facts.name,
            path=str(facts.path),
            fingerprint=fingerprint_with(facts.fingerprint, [info for _, info in adapters]),
            n_ctx=fit.window,
            chars_per_token=round(len(TEXT) / max(1, len(native.vocabulary.content(TEXT))), 2),
            architecture=facts.architecture,
            parameters=facts.parameters,
            template="generic" if self._templates.problem else "own",
            notices=tuple(notices),
            gpu_layers=fit.gpu_layers if native.offloads else 0,
            cache_type=fit.cache_type,
            slots=1 if order["strict"] else fit.slots,
            adapters=tuple(info for _, info in adapters),
            read_rate=round(measured.read, 2),
            write_rate=round(measured.alone, 2),
            burst_rate=round(measured.together, 2),
            load_seconds=round(loading, 3),
            probe_seconds=round(measured.seconds, 3),
            sampling=facts.advice.sampling,
            sampling_source=facts.advice.source,
            thinks=facts.advice.thinks,
            short_readings=NO_SYSTEM in (facts.template or ""),
            **self._compute.context.facts,
        )
        writer.send({"ready": to_json(info)})

    def compute(self) -> None:
        """Compute for ever, in the calling thread."""
        self._compute.run()

    def handle(self, frame: Json) -> None:
        """Take one request of the parent. Called by the reading thread."""
        from engine.llm.local.batch.job import Job

        if "cancel" in frame:
            self._compute.cancel(frame["cancel"])
        elif "submit" not in frame:
            self._questions.put(frame)
        else:
            work = frame["submit"]
            job = Job(
                id=frame["id"],
                messages=[Message(role, content) for role, content in work["messages"]],
                max_tokens=work["max_tokens"],
                sampling=Sampling(**work["sampling"]),
                key=work["conversation"],
                stop_at_cell=work["stop_at_cell"],
                pinned=work["pinned"],
                adapters=self._adapters.number(work["role"]),
                day=date.fromisoformat(work["day"]),
                grammar=work["grammar"],
                source=work["quote"],
                arrived=time.monotonic() - work["waited"],
            )
            self._compute.expect(job)
            self._questions.put(job)

    def answer(self) -> None:
        """Turn text into tokens for ever, so that a long text never holds up a reply or a cancellation."""
        while True:
            asked = self._questions.get()
            if not isinstance(asked, dict):
                self._prepare(asked)
            elif "count" in asked:
                self._send({"id": asked["id"], "value": len(self._vocabulary.content(asked["count"]))})
            elif "fits" in asked:
                messages = [Message(role, content) for role, content in asked["fits"]]
                value = len(self._logs.fresh(messages, self._templates.on(date.today())).tokens)
                self._send({"id": asked["id"], "value": value})
            elif "forget" in asked:
                self._logs.forget(asked["forget"])
                self._compute.forget(asked["forget"])
                self._send({"id": asked["id"], "value": 0})
            else:
                self._send({"id": asked["id"], "counts": self._compute.counts})

    def _prepare(self, job: Job) -> None:
        """Make the prompt of a job and queue it; refuse it when it does not fit the window."""
        if job.cancelled:
            self._compute.refuse(job, {"id": job.id, "reply": job.report("", "cancelled")})
            return
        job.prompt = self._logs.prompt(job.key, job.messages, job.day, job.max_tokens)
        job.messages = ()
        if job.source is not None:
            from engine.llm.local.sample.holding import held

            job.copier, job.source = held(job.source), None
        needed = len(job.prompt.tokens) + 1
        if needed > self._window:
            self._compute.refuse(job, {"id": job.id, "overflow": {"needed": needed, "window": self._window}})
        else:
            self._compute.submit(job)


class Templates:
    """The chat template of a model, cut into pieces once for each day. `problem` says why it is not its own."""

    def __init__(self, source: str | None, vocabulary: Any):
        self._source = source
        self._bos = vocabulary.text(vocabulary.bos)
        self._eos = vocabulary.text(vocabulary.eos)
        self.problem = ""
        self.on = lru_cache(maxsize=4)(self._on)

    def _on(self, day: date) -> Pieces:
        if self._source is None:
            self.problem = "The file has no chat template; a generic one is used, which may cost quality."
            return GENERIC
        try:
            return cut_template(self._source, bos=self._bos, eos=self._eos, day=day)
        except TemplateError as error:
            self.problem = (
                f"The file's chat template {error}; a generic one is used instead, which may cost quality."
            )
            return GENERIC


def _read(frames: Iterator[Json], server: Server) -> None:
    for frame in frames:
        server.handle(frame)


def _confine(facts: GgufFacts, fit: Fit, adapters: Sequence[Path]) -> list[str]:
    """Give up the network and all files but the model. Returns a notice where that is impossible."""
    found = level()
    if not found.available:
        return [f"The model runs without a sandbox. {found.detail}"]
    devices = tuple(p for pattern in DEVICES for p in Path("/").glob(pattern.lstrip("/")))
    if fit.gpu_layers == 0:
        devices = ()
    cache = facts.kv_bytes * fit.pool + fit.saved
    policy = Policy(
        read=(*default_read_paths(), *facts.parts, *adapters, *(Path(name) for name in SYSTEM_FILES)),
        data_bytes=None if devices else 2 * facts.size + 2 * cache + EXTRA_DATA,
        devices=devices,
    )
    confine(policy)
    return []


if __name__ == "__main__":
    main()
