"""A node at work: its conversation, its worker, and how it gets on. A run is a tree of sessions."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from engine import prompt
from engine.events import CellEnded, CellStarted, OutputWritten
from engine.events.kinds import Level
from engine.kernel.host.host import Call, CellResult, Worker, WorkerLimits
from engine.llm.base import Reply
from engine.run.draws import Redraws, doubt
from engine.run.node import Node, Outcome, Run, facts
from engine.stop import Stop
from engine.types import Json

MAX_SILENT_TURNS = 3  # replies in a row without a cell or an answer before the best answer is asked for
NO_OUTPUT = "(no output)"
REASON_CHARS = 200  # of an error that is given as the reason for an end
FREE_SYNTAX_ERRORS = 3  # per node: a cell that does not compile costs no turn, up to this often


@dataclass(frozen=True, slots=True)
class Step:
    """What one reply led to: an outcome, or the feedback to go on with; `give_up` is a reason to stop.

    `erred`: its cell raised. `again`: the turn is to be taken anew. `repeated`: its cell and its output were there before. `flaw`: it gave an answer that is none, for this reason.
    """

    outcome: Outcome | None = None
    shown: str = ""
    notes: tuple[str, ...] = ()
    give_up: str = ""
    compiled: bool = True
    ok: bool = True
    repeated: bool = False
    flaw: str = ""
    erred: bool = False
    again: bool = False


Asked = tuple[str, str, str]  # of a sub-call: kind, prompt, and what else it was given


@dataclass(frozen=True, slots=True)
class Begun:
    """One child or leaf. `asked` is its recorded question, `leaf` whether it is a one-shot call.

    `answer`: it was answered so; `stopped`: a person had stopped it alone, and its answer says that. `reply`: the reply of a
    leaf is recorded, its answer is not. Otherwise it goes on: a leaf is asked anew, a child by `restore`, which brings its
    session to where it was (`piece_chars` as there).
    """

    id: str
    asked: str
    leaf: bool
    answer: str | None = None
    confidence: float | None = None
    stopped: bool = False
    reply: Reply | None = None
    restore: Callable[[NodeSession], Step] | None = None
    piece_chars: int | None = None

    @property
    def settled(self) -> bool:
        """Whether the model need not be asked for it any more."""
        return self.answer is not None or self.reply is not None


@dataclass
class BegunCalls:
    """All that a node had begun and no cell was told of. Each is taken once."""

    left: dict[Asked, list[Begun]] = field(default_factory=lambda: defaultdict(list))

    def add(self, asked: Asked, one: Begun) -> None:
        """Keep one until a cell asks the same."""
        self.left[asked].append(one)

    def take(self, call: Call, *, deeper: bool) -> list[Begun | None]:
        """For each prompt of a call what was begun for the very same, or None. `deeper`: it asks children with cells."""
        found: list[Begun | None] = []
        for asked in asked_by(call):
            same = self.left.get(asked, [])
            fitting = (one for one in same if one.settled or one.leaf != deeper)
            one = next(fitting, None)
            if one is not None:
                same.remove(one)
            found.append(one)
        return found

    def rest(self) -> list[Begun]:
        """Those that have no answer yet and were not asked for again."""
        return [one for same in self.left.values() for one in same if one.answer is None]


def asked_by(call: Call) -> list[Asked]:
    """What a call asks, prompt by prompt."""
    llm = call.name == "llm"
    prompts = call.arguments["prompts" if llm else "questions"]
    given = call.arguments.get("quotes" if llm else "contexts")
    return asked_of(call.name, prompts, given)


def asked_of(kind: str, prompts: Sequence[str], given: Iterable[Json] | None) -> list[Asked]:
    """What prompts ask; `given` are the ranges that may be quoted, or the references of the data."""
    more = [None] * len(prompts) if given is None else [*given]
    return [(kind, text, json.dumps(one, sort_keys=True)) for text, one in zip(prompts, more, strict=True)]


@dataclass
class NodeSession:
    """One node from its first turn to its end; `answer_call` answers what its cells ask (session, cell, call).

    `turn` is the number of the last turn, `free` how many of the turns do not count against the limit. `silent` and
    `failures` count the replies just before that held nothing to go on with, and those that led nowhere. `repeats` counts
    each pair of cell and output; `gave_up` is a reason to ask for the best answer. `until` is when its time is up.
    `begun`: sub-calls that need not be asked again, in a run that was resumed. `claimed`: places of documents that are
    said to stand in the next prompt.
    """

    run: Run
    node: Node
    answer_call: Callable[[NodeSession, int, Call], Json]
    conversation: prompt.Conversation = field(init=False)
    worker: Worker = field(init=False)
    until: Stop = field(init=False)
    turn: int = 0
    free: int = 0
    silent: int = 0
    failures: int = 0
    gave_up: str = ""
    repeats: dict[str, int] = field(default_factory=dict)
    begun: BegunCalls = field(default_factory=BegunCalls)
    claimed: list[Sequence[int]] = field(default_factory=list)
    redraws: Redraws = field(default_factory=Redraws)

    def __post_init__(self) -> None:
        self.claimed += self.node.previewed
        self.conversation = prompt.Conversation(prompt.opening(facts(self.run, self.node)))
        self.until = self.run.deadline.work

    def below(self, child: Node) -> NodeSession:
        """The session of a child of this node."""
        return NodeSession(self.run, child, self.answer_call)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have a worker for the length of a block."""
        run, node = self.run, self.node
        limits = WorkerLimits(piece_chars=node.piece_chars)
        notes = run.corpus.noted.frozen
        with run.kernels.worker(
            run.corpus_path, node.ref, limits, node.question, node.earlier, notes
        ) as self.worker:
            yield

    @property
    def counted(self) -> int:
        """The number of the last turn among those that count against the limit."""
        return self.turn - self.free

    def limit(self) -> str:
        """The reason why no further turn may start, or ""."""
        if self.gave_up:
            return self.gave_up
        if self.counted >= self.run.settings.max_turns:
            return f"the limit of {self.run.settings.max_turns} turns is reached"
        return self.run.ledger.exhausted() or ""

    def note(self, text: str, level: Level = "info") -> None:
        """Record one sentence about this node."""
        self.run.note(self.node.id, text, level)

    def tell(self, said: str, shown: str, notes: tuple[str, ...]) -> None:
        """Add a reply to the conversation, with its output and the engine's own sentences as the feedback."""
        status = prompt.status_line(facts(self.run, self.node), self.counted)
        self.node.told += [*notes, status]
        self.conversation.append(said, prompt.feedback(shown, notes, status=status))

    def count(self, step: Step) -> None:
        """Count what a turn that ended nothing led to; see whether the node goes round in circles."""
        if step.again:
            self.free += 1
            return
        self.silent = 0 if step.shown and not step.flaw else self.silent + 1
        self.failures = self.failures + 1 if self.silent or step.repeated or not step.compiled else 0
        self.free += not step.compiled and self.free < FREE_SYNTAX_ERRORS
        self.gave_up = step.give_up
        if not step.give_up and self.silent >= MAX_SILENT_TURNS:
            held = f"no answer; the last one {step.flaw}" if step.flaw else "no cell that could be run"
            self.gave_up = f"{self.silent} replies in a row held {held}"

    def run_cell(self, code: str, clock: float | None = None, readings: Json = None) -> Step:
        """Run one cell with its events, at most `until` its time is up, and judge its output and its answer.

        Where it had begun before, `clock` is the time (Unix seconds) that it finds, `readings` what it read then.
        """
        run, node = self.run, self.node
        node.codes.append(code)
        cell = len(node.codes)
        run.record(node.id, CellStarted(cell, self.turn, code))
        seconds = min(run.settings.cell_seconds, max(1.0, run.ledger.seconds_left))
        result, outputs = self._execute(cell, code, seconds, clock, readings)
        node.variables = tuple(name for name, _ in result.variables)
        outcome = outcome_of(result.final, cell)
        flaw = ""
        if outcome is not None and outcome.answer is not None:
            flaw = self.flaw_of(outcome.answer) or doubt(self, outcome.answer, outcome.sources)
        run.record(
            node.id,
            CellEnded(
                cell=cell,
                status=result.status,
                seconds=round(result.seconds, 4),
                final=result.final,
                variables=tuple((name, summary) for name, summary in result.variables),
                dropped_chars=result.dropped_chars,
                flaw=flaw or None,
                changes=result.changes,
                readings=result.readings,
            ),
        )
        run.evidence.searched(result.searched)
        node.stop.check()
        if outcome is not None and not flaw:
            return Step(outcome)
        shown = prompt.clip(prompt.output_text(outputs), prompt.output_chars(run.model.info))
        self.claimed += result.spans
        notes, give_up = self._judge(cell, code, shown, result, seconds)
        if flaw:
            notes = (*notes, self.refuse(flaw))
        compiled = result.error is None or result.error["ename"] not in ("SyntaxError", "IndentationError")
        repeated = prompt.REPEAT in notes or prompt.REPEAT_AGAIN in notes
        ok = result.status == "ok"
        return Step(
            None, shown or NO_OUTPUT, notes, give_up, compiled, ok, repeated, flaw, result.status == "error"
        )

    def _execute(
        self, cell: int, code: str, seconds: float, clock: float | None, readings: Json
    ) -> tuple[CellResult, list[Json]]:
        """Have the worker execute a cell; its outputs are recorded as they come, its calls answered."""
        outputs: list[Json] = []

        def on_output(output: Json) -> None:
            outputs.append(output)
            self.run.record(self.node.id, OutputWritten(cell, output))

        with self.until.calling(self.worker.interrupt):
            result = self.worker.execute(
                code,
                on_call=lambda call: self.answer_call(self, cell, call),
                on_output=on_output,
                timeout=seconds,
                cancel=self.node.stop.event,
                clock=clock,
                readings=readings,
            )
        return result, outputs

    def flaw_of(self, answer: str) -> str:
        """Why an answer of this node is none, or ""."""
        return self.run.flaw_of(self.node, answer)

    def refuse(self, flaw: str) -> str:
        """Note that an answer was not taken; returns the line that tells the model why."""
        self.note(f"an answer was not taken: it {flaw}", "warning")
        return prompt.no_answer(flaw)

    def count_repeat(self, cell: int, code: str, shown: str) -> int:
        """Count one more cell of this code and output; return how often both were there together."""
        told = re.sub(rf"\bcell {cell}\b", "cell", shown)  # a traceback names the cell by its number
        key = hashlib.sha256(f"{code.strip()}\0{told}".encode()).hexdigest()
        self.repeats[key] = count = self.repeats.get(key, 0) + 1
        return count

    def _judge(
        self, cell: int, code: str, shown: str, result: CellResult, seconds: float
    ) -> tuple[tuple[str, ...], str]:
        """Name what went wrong with a cell, and detect a loop by (code, output)."""
        notes = list(result.notes)
        for note in notes:
            self.note(note)
        if result.status == "died":
            notes.append(prompt.RESTARTED)
            self.note("the worker was restarted; variables of earlier cells are lost", "warning")
        if result.status == "interrupted":  # a person's stop ends the node before this
            notes.append("The cell was stopped: the time of this run is up.")
        if result.status == "timeout":
            notes.append(f"The cell was stopped after {seconds:g} seconds; do less at a time.")
        count = self.count_repeat(cell, code, shown)
        if count == 1:
            return tuple(notes), ""
        notes.append(prompt.REPEAT if count == 2 else prompt.REPEAT_AGAIN)
        self.note(f"the same cell gave the same output {count} times", "warning")
        failed = f", and failed: {result.error['evalue'][:REASON_CHARS]}" if result.error else ""
        return tuple(notes), f"the same cell was repeated{failed}" if count > 3 else ""


def outcome_of(final: Json, cell: int) -> Outcome | None:
    """The outcome that the final value of a cell stands for (see `CellResult`), or None."""
    if final is None:
        return None
    sources = tuple((document, start, end) for document, start, end in final["sources"])
    quotes, parts = tuple(final["quotes"]), tuple(map(tuple, final.get("parts", ())))
    return Outcome(final["content"], sources, quotes=quotes, cell=cell, parts=parts)
