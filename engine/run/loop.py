"""The loop: reply, cell, output, and again, until executed code sets a final answer or a limit is reached.

Source: Zhang, Kraska, Khattab, "Recursive Language Models", arXiv 2512.24601, Algorithm 1. The state is the
kernel; the history is the conversation, which only ever sees short text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine import prompt
from engine.events import CellEnded, CellStarted, OutputWritten
from engine.kernel.host.host import Call, CellResult, Worker, WorkerLimits
from engine.llm.forms import Cell, FinalCell
from engine.reply import Final, parse, without_loop
from engine.run.conversation import Conversation
from engine.run.generate import record_turn, request_turn
from engine.run.node import Node, Outcome, Run, facts
from engine.stop import Stop
from engine.types import Json

MAX_SILENT_TURNS = 3  # replies in a row without a cell or an answer before the best answer is asked for
NO_OUTPUT = "(no output)"
REASON_CHARS = 200  # of an error that is given as the reason for an end
FREE_SYNTAX_ERRORS = 3  # per node: a cell that does not compile costs no turn, up to this often

CallHandler = Callable[[Run, Node, int, Call], Json]


@dataclass(frozen=True, slots=True)
class Step:
    """What one reply led to: an outcome, or the feedback to go on with; `give_up` is a reason to stop.

    `repeated`: its cell and its output were there before. `flaw`: it gave an answer that is none, for this reason.
    """

    outcome: Outcome | None = None
    shown: str = ""
    notes: tuple[str, ...] = ()
    give_up: str = ""
    compiled: bool = True
    ok: bool = True
    repeated: bool = False
    flaw: str = ""


def drive(run: Run, node: Node, calls: CallHandler) -> Outcome:
    """Run a node to its end. Raises Cancelled on a stop, ModelError when the model cannot go on."""
    conversation = Conversation(prompt.opening(facts(run, node)))
    turn, silent, free, failures = 0, 0, 0, 0
    reason = f"the limit of {run.settings.max_turns} turns is reached"
    if node.depth and (exhausted := run.ledger.exhausted()):
        return Outcome(None, reason=exhausted)
    limits = WorkerLimits(piece_chars=max(400, run.sub_chars - len(node.question)))
    with run.kernels.worker(run.corpus_path, node.ref, limits, node.question, node.earlier) as worker:
        while turn - free < run.settings.max_turns:
            if exhausted := run.ledger.exhausted():
                reason = exhausted
                break
            turn += 1
            step = take_turn(
                run, node, worker, conversation, turn, calls, counted=turn - free, failures=failures
            )
            if step.outcome is not None:
                return step.outcome
            silent = 0 if step.shown and not step.flaw else silent + 1
            failures = failures + 1 if silent or step.repeated or not step.compiled else 0
            free += not step.compiled and free < FREE_SYNTAX_ERRORS
            if silent >= MAX_SILENT_TURNS or step.give_up:
                reason = step.give_up or _silence(silent, step.flaw)
                break
        if node.depth and run.ledger.exhausted():  # what little time is left belongs to the root
            return Outcome(None, reason=reason)
        return _best_answer(run, node, worker, conversation, turn + 1, reason, calls)


def _silence(turns: int, flaw: str) -> str:
    if flaw:
        return f"{turns} replies in a row held no answer; the last one {flaw}"
    return f"{turns} replies in a row held no cell that could be run"


def take_turn(
    run: Run,
    node: Node,
    worker: Worker,
    conversation: Conversation,
    turn: int,
    calls: CallHandler,
    *,
    counted: int,
    failures: int = 0,
) -> Step:
    """Ask for one reply, run what it holds, and append the feedback unless it ended the node.

    `counted` is the turn's number among those that count against the limit; `failures`: see `request_turn`.
    """
    work = run.deadline.work
    form = Cell() if failures else None
    reply = request_turn(run, node, conversation, turn, until=work, failures=failures, form=form)
    said = without_loop(reply.text)
    parsed = parse(said)
    record_turn(run, node.id, turn, reply, parsed)
    cut = prompt.CUTS.get(reply.finish, ())
    if reply.finish == "cancelled" or (cut and parsed.open):  # half a cell must not run
        step = Step()
    elif parsed.code:
        step = _run_cell(run, node, worker, turn, parsed.code, calls, work)
        if step.outcome is None and parsed.final is not None and step.ok:
            step = _after(step, _finish_by_text(run, node, worker, turn, parsed.final, calls, work))
    elif parsed.final is not None:
        step = _finish_by_text(run, node, worker, turn, parsed.final, calls, work)
    else:
        step = Step(notes=(prompt.NO_CODE,))
    if step.outcome is None:
        notes = (*parsed.notes, *cut, *step.notes)
        status = prompt.status_line(facts(run, node), counted)
        node.told += [*notes, status]
        conversation.append(said, prompt.feedback(step.shown, notes, status=status))
    return step


def _after(first: Step, second: Step) -> Step:
    """Join the feedback of a cell with that of the final marker after it."""
    if second.outcome is not None:
        return second
    return replace(second, shown=f"{first.shown}\n{second.shown}", notes=first.notes + second.notes)


def _run_cell(
    run: Run, node: Node, worker: Worker, turn: int, code: str, calls: CallHandler, until: Stop
) -> Step:
    """Run one cell with its events, at most `until` its time is up, and judge its output and its answer."""
    node.cells += 1
    node.codes.append(code)
    cell = node.cells
    outputs: list[Json] = []

    def on_output(output: dict) -> None:
        outputs.append(output)
        run.record(node.id, OutputWritten(cell, output))

    run.record(node.id, CellStarted(cell, turn, code))
    with until.calling(worker.interrupt):
        result = worker.execute(
            code,
            on_call=lambda call: calls(run, node, cell, call),
            on_output=on_output,
            timeout=(seconds := min(run.settings.cell_seconds, max(1.0, run.ledger.seconds_left))),
            cancel=node.stop.event,
        )
    node.variables = tuple(name for name, _ in result.variables)
    outcome = _outcome(result, cell)
    flaw = run.flaw_of(node, outcome.answer) if outcome is not None and outcome.answer is not None else ""
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
        ),
    )
    run.evidence.searched(result.searched)
    node.stop.check()
    if outcome is not None and not flaw:
        return Step(outcome)
    shown = prompt.clip(prompt.output_text(outputs), prompt.output_chars(run.model.info))
    run.evidence.shown(shown, result.spans)
    notes, give_up = _judge(run, node, code, shown, result, seconds)
    if flaw:
        notes = (*notes, _refuse(run, node, flaw))
    compiled = result.error is None or result.error["ename"] not in ("SyntaxError", "IndentationError")
    repeated = prompt.REPEAT in notes or prompt.REPEAT_AGAIN in notes
    ok = result.status == "ok"
    return Step(None, shown or NO_OUTPUT, notes, give_up, compiled, ok, repeated, flaw)


def _refuse(run: Run, node: Node, flaw: str) -> str:
    """Note that an answer was not taken; returns the line that tells the model why."""
    node.flaw = flaw
    run.note(node.id, f"an answer was not taken: it {flaw}", "warning")
    return prompt.no_answer(flaw)


def _judge(
    run: Run, node: Node, code: str, shown: str, result: CellResult, seconds: float
) -> tuple[tuple[str, ...], str]:
    """Name what went wrong with a cell, and detect a loop by (code, output)."""
    notes = list(result.notes)
    for note in notes:
        run.note(node.id, note)
    if result.status == "died":
        notes.append(prompt.RESTARTED)
        run.note(node.id, "the worker was restarted; variables of earlier cells are lost", "warning")
    if result.status == "interrupted":  # a person's stop ends the node before this
        notes.append("The cell was stopped: the time of this run is up.")
    if result.status == "timeout":
        notes.append(f"The cell was stopped after {seconds:g} seconds; do less at a time.")
    told = re.sub(rf"\bcell {node.cells}\b", "cell", shown)  # a traceback names the cell by its number
    key = hashlib.sha256(f"{code.strip()}\0{told}".encode()).hexdigest()
    node.repeats[key] = count = node.repeats.get(key, 0) + 1
    if count == 1:
        return tuple(notes), ""
    notes.append(prompt.REPEAT if count == 2 else prompt.REPEAT_AGAIN)
    run.note(node.id, f"the same cell gave the same output {count} times", "warning")
    failed = f", and failed: {result.error['evalue'][:REASON_CHARS]}" if result.error else ""
    return tuple(notes), f"the same cell was repeated{failed}" if count > 3 else ""


def _finish_by_text(
    run: Run, node: Node, worker: Worker, turn: int, final: Final, calls: CallHandler, until: Stop
) -> Step:
    """Honour a final marker that stands in the text: a literal as it is, a name by looking it up."""
    if final.kind == "name":
        return _run_cell(run, node, worker, turn, f"FINAL_VAR({final.value!r})", calls, until)
    if flaw := run.flaw_of(node, final.value):
        return Step(notes=(_refuse(run, node, flaw),), flaw=flaw)
    return Step(Outcome(final.value))


def _outcome(result: CellResult, cell: int) -> Outcome | None:
    if result.final is None:
        return None
    sources = tuple((document, start, end) for document, start, end in result.final["sources"])
    quotes, parts = tuple(result.final["quotes"]), tuple(map(tuple, result.final.get("parts", ())))
    return Outcome(result.final["content"], sources, quotes=quotes, cell=cell, parts=parts)


def _best_answer(
    run: Run,
    node: Node,
    worker: Worker,
    conversation: Conversation,
    turn: int,
    reason: str,
    calls: CallHandler,
) -> Outcome:
    """Ask once for the best answer at a limit. Never raises for lack of one: the outcome then has none.

    The reply is held to one short cell, so that a model that would never come to an end does so in time. The root has
    the reserve of the time limit for it, a child only what is left for work.
    """
    run.note(node.id, f"the best answer so far was asked for: {reason}", "warning")
    node.told.append(prompt.forced(reason))
    conversation.amend(prompt.forced(reason))
    until = run.deadline.work if node.depth else run.deadline.limit
    reply = request_turn(run, node, conversation, turn, until=until, form=FinalCell())
    parsed = parse(reply.text)
    record_turn(run, node.id, turn, reply, parsed)
    cut = reply.finish != "stop"
    step = Step()
    if parsed.code and reply.finish != "cancelled":
        step = _run_cell(run, node, worker, turn, parsed.code, calls, until)
    if step.outcome is None and parsed.final is not None:
        step = _finish_by_text(run, node, worker, turn, parsed.final, calls, until)
        if step.outcome is None and parsed.final.kind == "name":  # it may be a word, not a variable
            step = _taken(run, node, parsed.final.value)
    elif step.outcome is None and not parsed.code and not cut and parsed.prose.strip():
        step = _taken(run, node, parsed.prose.strip())
    if step.outcome is not None:
        return replace(step.outcome, reason=reason, forced=True)
    if step.flaw:
        return Outcome(None, reason=f"{reason}; the answer asked for then {step.flaw}")
    ended = "was not finished" if cut else "held none"
    return Outcome(None, reason=f"{reason}; the reply asked for then {ended}")


def _taken(run: Run, node: Node, text: str) -> Step:
    """Take the words of a last reply as its answer, unless they are none."""
    if flaw := run.flaw_of(node, text):
        _refuse(run, node, flaw)
        return Step(flaw=flaw)
    return Step(Outcome(text))
