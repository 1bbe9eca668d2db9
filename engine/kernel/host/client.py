"""The host's end of a worker: runs its cells, answers their calls, keeps their limits, starts it anew when it died."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import CallRefused, KernelError
from engine.kernel.cell import Answered, Call, CellResult, WorkerLimits
from engine.kernel.channel import ChannelClosed, ChannelError
from engine.kernel.host import vetting
from engine.kernel.host.process import Process
from engine.types import Json

if TYPE_CHECKING:
    from engine.kernel.host.host import KernelHost

READY_SECONDS = 30.0
SEND_SECONDS = 10.0
TICK_SECONDS = 0.02  # how soon a stop or a time limit is noticed
STEP_SECONDS = 0.4  # between the steps of the ladder: interrupts, then the end
# Python drops an interrupt that reaches it while a file closes itself (iobase_finalize), so one is not enough.
INTERRUPTS = 5
MAX_FRAMES = 40_000  # outputs of one cell
MAX_OUTPUT_BYTES = 64 << 20
MAX_CALLS = 10_000

OnCall = Callable[[Call], Any]
OnOutput = Callable[[dict[str, Json]], None]


class Worker:
    """A sandboxed process that runs the cells of one node; also a context manager.

    Made by `KernelHost.worker`. One cell runs at a time; `interrupt` and `close` may be called from any thread.
    """

    def __init__(
        self,
        host: KernelHost,
        corpus: Path | None,
        ref: dict[str, Json],
        limits: WorkerLimits,
        question: str,
        earlier: Sequence[tuple[str, str]],
        notes: str | None,
    ):
        self._host = host
        self._corpus = corpus
        self._ref = ref
        self._limits = limits
        self.question = question  # of the cells to come
        self.piece_chars = limits.piece_chars  # to which they cut texts
        self._earlier = earlier
        self._notes = notes
        self._busy = threading.Lock()
        self._interrupted = threading.Event()
        self._closed = False
        self._cells = 0
        self._process = self._spawn()

    @property
    def pid(self) -> int:
        """Process id of the present worker process."""
        return self._process.pid

    def _spawn(self) -> Process:
        process = self._host.fork(self._corpus, self._limits)
        start: dict[str, Json] = {
            "corpus": None if self._corpus is None else str(self._corpus),
            "ref": self._ref,
            "output_chars": self._limits.output_chars,
            "piece_chars": self.piece_chars,
            "question": self.question,
            "earlier": [list(exchange) for exchange in self._earlier],
            "notes": self._notes,
        }
        try:
            process.greet(start, READY_SECONDS, self._meter)
        except ChannelError as error:
            cause = self._host.cause_of_death(process)
            process.close()
            raise KernelError(f"a worker ended before it was ready: {cause} ({error})") from None
        except BaseException:
            process.close()
            raise
        self._host.watch(process, self._limits)
        return process

    def _meter(self, process: Process, listener: int | None) -> None:
        self._host.meter(process, listener, self._limits)

    def execute(
        self,
        code: str,
        *,
        on_call: OnCall,
        on_output: OnOutput,
        timeout: float,
        cancel: threading.Event | None = None,
        clock: float | None = None,
        readings: Json = None,
    ) -> CellResult:
        """Run one cell and return how it ended; never raises for what the cell does.

        `timeout` is in seconds and stands still during calls. `on_output` gets nbformat outputs as they come,
        `on_call` answers sub-calls (one string for each prompt); both run in this thread. CallRefused from
        `on_call` becomes a RuntimeError in the cell; any other exception stops the cell and is raised here.
        `clock`: the time (Unix seconds) that a recorded cell finds, for one that is executed again, `readings` what it read
        of clocks and chance (`CellResult.readings`).
        """
        if not self._busy.acquire(blocking=False):
            raise KernelError("this worker runs a cell already; wait for it, or use another worker")
        try:
            if self._closed:
                raise KernelError("this worker is closed; make a new one")
            notes: tuple[str, ...] = ()
            restarted = bool(self._process.doom) or not self._process.alive
            if restarted:
                notes = (self._process.doom or self._host.cause_of_death(self._process),)
                self._process.close()
                self._process = self._spawn()
            self._cells += 1
            self._interrupted.clear()
            stops = [event for event in (cancel, self._interrupted) if event is not None]
            run = _CellRun(self._process, self._cells, timeout, stops, on_call, on_output)
            told = {"question": self.question, "piece_chars": self.piece_chars}
            result = run.run(
                {"code": code, "clock": clock, "readings": readings or {}, **told}, self._host.cause_of_death
            )
            refusal = self._process.meter.take_refusal() if self._process.meter is not None else ""
            notes += result.notes + ((refusal,) if refusal else ())
            return replace(result, restarted=restarted, notes=notes)
        except BaseException:
            if self._process.busy:  # a handler of the app failed in the middle of the cell
                self._process.kill("an error of the app ended the session")
            raise
        finally:
            self._process.busy = False
            self._busy.release()

    def interrupt(self) -> None:
        """Stop the running cell, as Ctrl-C would; no effect between cells."""
        self._interrupted.set()

    def lose(self) -> None:
        """Let the session end as one that died: the next cell runs in a fresh one."""
        self._process.kill("the session ended here in the record")

    def close(self) -> None:
        """End the worker and remove its scratch folder."""
        self._closed = True
        self._host.forget(self._process)
        self._process.kill("it was closed")
        with self._busy:  # execute() sees the death and returns
            self._process.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _CellRun:
    """One cell from its first frame to its last, with its clock and the ladder that stops it."""

    def __init__(
        self,
        process: Process,
        number: int,
        timeout: float,
        stops: list[threading.Event],
        on_call: OnCall,
        on_output: OnOutput,
    ):
        self._process = process
        self._number = number
        self._timeout = timeout
        self._stops = stops
        self._on_call = on_call
        self._on_output = on_output
        self._began = time.monotonic()
        self._waited = 0.0  # seconds spent in calls
        self._reason = ""  # why the cell is being stopped: "timeout" or "interrupted"
        self._steps = 0
        self._next_step = 0.0
        self._raised: BaseException | None = None
        self._frames = self._bytes = self._calls = 0

    def run(self, cell: dict[str, Json], cause_of_death: Callable[[Process], str]) -> CellResult:
        """Send the cell, follow it to its end, and say how it ended. Raises what `on_call` raised."""
        process = self._process
        if any(event.is_set() for event in self._stops):
            error = {"ename": "KeyboardInterrupt", "evalue": "the run was stopped before this cell began"}
            return CellResult("interrupted", 0.0, error=error)
        process.begin_cell()
        try:
            process.channel.send({"op": "cell", "number": self._number, **cell}, SEND_SECONDS)
            result = self._finished(self._follow())
        except ChannelClosed:
            result = self._died(process.doom or cause_of_death(process))
        except ChannelError as error:
            result = self._died(f"it broke the protocol: {error}")
        process.busy = False
        if self._raised is not None:
            raise self._raised
        return result

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began - self._waited

    def _follow(self) -> dict[str, Any]:
        """Handle frames until the cell is done."""
        while True:
            self._climb()
            self._raw()
            frame: Any = self._process.channel.receive(0)
            if frame is None:
                self._process.wait_input(TICK_SECONDS)
                continue
            if not isinstance(frame, dict):
                raise ChannelError("a frame is not an object")
            op = frame.get("op")
            if op == "output":
                self._output(frame)
            elif op == "call":
                self._call(frame)
            elif op == "done" and frame.get("number") == self._number:
                self._raw()
                return vetting.done(frame)
            else:
                raise ChannelError("a frame of an unknown kind arrived")

    # --- outputs ----------------------------------------------------------------------------------------

    def _output(self, frame: dict[str, Any]) -> None:
        output = vetting.output(frame.get("output"))
        if output is None:
            return
        if self._reason and output.get("ename") == "KeyboardInterrupt":
            output["evalue"] = self._stopped_because()
            output["traceback"][-1:] = [f"KeyboardInterrupt: {output['evalue']}"]
        self._emit(output)

    def _raw(self) -> None:
        text = self._process.raw_output()
        if text:
            self._emit({"output_type": "stream", "name": "stderr", "text": vetting.text(text)})

    def _emit(self, output: dict[str, Json]) -> None:
        self._frames += 1
        self._bytes += _size(output)
        if self._frames > MAX_FRAMES or self._bytes > MAX_OUTPUT_BYTES:
            raise ChannelError("it sent more output than a cell may")
        self._on_output(output)

    # --- calls ------------------------------------------------------------------------------------------

    def _call(self, frame: dict[str, Any]) -> None:
        call = vetting.call(frame)
        self._calls += 1
        began = time.monotonic()
        try:
            if self._calls > MAX_CALLS:
                raise CallRefused(f"this cell made more than {MAX_CALLS:,} calls; batch them")
            if self._reason:
                answer: dict[str, Json] = {"stop": True}
            else:
                answers = list(self._on_call(call))
                expected = len(call.arguments["prompts" if call.name == "llm" else "questions"])
                if len(answers) != expected:
                    raise KernelError(f"{expected} answers were expected of on_call, not {len(answers)}")
                answer = {"answers": [str(text) for text in answers], "known": [_known(a) for a in answers]}
        except CallRefused as refused:
            answer = {"refused": str(refused)}
        except BaseException as error:
            self._raised = error
            self._stop("interrupted", interrupt=False)
            answer = {"stop": True}
        self._waited += time.monotonic() - began
        self._process.channel.send({"op": "answer", **answer}, SEND_SECONDS)

    # --- stopping ---------------------------------------------------------------------------------------

    def _climb(self) -> None:
        """Take the next step of the ladder when it is due."""
        now = time.monotonic()
        if not self._reason:
            if any(event.is_set() for event in self._stops):
                self._stop("interrupted")
            elif self._seconds > self._timeout:
                self._stop("timeout")
        elif now >= self._next_step:
            self._steps += 1
            self._next_step = now + STEP_SECONDS
            if self._steps >= INTERRUPTS:
                self._process.kill(f"{self._stopped_because()}; it did not react and its session was ended")
            else:
                self._process.signal(signal.SIGINT)

    def _stop(self, reason: str, *, interrupt: bool = True) -> None:
        self._reason = self._reason or reason
        self._next_step = time.monotonic() + STEP_SECONDS
        if interrupt:
            self._process.signal(signal.SIGINT)

    def _stopped_because(self) -> str:
        if self._reason == "timeout":
            return f"the cell ran longer than {self._timeout:g} s"
        return "the cell was stopped"

    # --- results ----------------------------------------------------------------------------------------

    def _finished(self, fields: dict[str, Any]) -> CellResult:
        error = fields["error"]
        if self._reason and error is not None and error["ename"] == "KeyboardInterrupt":
            error["evalue"] = self._stopped_because()
        status = "ok" if error is None else self._reason or "error"
        return CellResult(
            status=status,
            seconds=self._seconds,
            final=fields["final"],
            variables=fields["variables"],
            changes=fields["changes"],
            readings=fields["readings"],
            error=error,
            spans=fields["spans"],
            searched=fields["searched"],
            dropped_chars=fields["dropped"],
            notes=fields["notes"],
        )

    def _died(self, why: str) -> CellResult:
        self._process.kill(why)
        error = {"ename": "SessionEnded", "evalue": f"{why}; the variables of this session are lost"}
        line = f"{error['ename']}: {error['evalue']}"
        self._on_output({"output_type": "error", **error, "traceback": [line]})
        return CellResult(status="died", seconds=self._seconds, error=error)


def _known(answer: str) -> Json:
    """What a worker is told of an answer besides its text: its confidence and whether it was to be a quote."""
    return [answer.confidence, answer.quoted] if isinstance(answer, Answered) else [None, False]


def _size(value: Json) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value))
    return 8
