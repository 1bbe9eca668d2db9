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
from engine.conversation import Conversation
from engine.generate import FORCED_SECONDS, record_turn, request_turn
from engine.kernel.host import Call, CellResult, Worker, WorkerLimits
from engine.node import Node, Outcome, Run, facts
from engine.reply import Final, parse, without_loop
from engine.types import Json

MAX_SILENT_TURNS = 3  # replies in a row without a cell or a final before the best answer is asked for
NO_OUTPUT = "(no output)"
FREE_SYNTAX_ERRORS = 3  # per node: a cell that does not compile costs no turn, up to this often

CallHandler = Callable[[Run, Node, int, Call], Json]


@dataclass(frozen=True, slots=True)
class Step:
    """What one reply led to: an outcome, or the feedback to go on with; `give_up` is a reason to stop.

    `repeated`: its cell and its output were there before.
    """

    outcome: Outcome | None = None
    shown: str = ""
    notes: tuple[str, ...] = ()
    give_up: str = ""
    compiled: bool = True
    ok: bool = True
    repeated: bool = False


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
            silent = 0 if step.shown else silent + 1
            failures = failures + 1 if silent or step.repeated or not step.compiled else 0
            free += not step.compiled and free < FREE_SYNTAX_ERRORS
            if silent >= MAX_SILENT_TURNS or step.give_up:
                reason = step.give_up or f"{silent} replies in a row held no cell that could be run"
                break
        if node.depth and run.ledger.exhausted():  # what little time is left belongs to the root
            return Outcome(None, reason=reason)
        return _best_answer(run, node, worker, conversation, turn + 1, reason, calls)


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
    reply = request_turn(run, node, conversation, turn, failures=failures)
    said = without_loop(reply.text)
    parsed = parse(said)
    record_turn(run, node.id, turn, reply, parsed)
    cut = prompt.CUTS.get(reply.finish, ())
    if reply.finish == "cancelled" or (cut and parsed.open):  # half a cell must not run
        step = Step()
    elif parsed.code:
        step = _run_cell(run, node, worker, turn, parsed.code, calls)
        if step.outcome is None and parsed.final is not None and step.ok:
            step = _after(step, _finish_by_text(run, node, worker, turn, parsed.final, calls))
    elif parsed.final is not None:
        step = _finish_by_text(run, node, worker, turn, parsed.final, calls) or Step()
    else:
        step = Step(notes=(prompt.NO_CODE,))
    if step.outcome is None:
        notes = (*parsed.notes, *cut, *step.notes)
        status = prompt.status_line(facts(run, node), counted)
        conversation.append(said, prompt.feedback(step.shown, notes, status=status))
    return step


def _after(first: Step, second: Step | None) -> Step:
    """Join the feedback of a cell with that of the final marker after it."""
    if second is None or second.outcome is not None:
        return second or first
    return replace(second, shown=f"{first.shown}\n{second.shown}", notes=first.notes + second.notes)


def _run_cell(run: Run, node: Node, worker: Worker, turn: int, code: str, calls: CallHandler) -> Step:
    """Run one cell with its events, and judge its output."""
    node.cells += 1
    cell = node.cells
    outputs: list[Json] = []

    def on_output(output: dict) -> None:
        outputs.append(output)
        run.record(node.id, "output", cell=cell, output=output)

    run.record(node.id, "cell_started", cell=cell, turn=turn, code=code)
    result = worker.execute(
        code,
        on_call=lambda call: calls(run, node, cell, call),
        on_output=on_output,
        timeout=(seconds := min(run.settings.cell_seconds, max(1.0, run.ledger.remaining().seconds))),
        cancel=node.stop.event,
    )
    run.record(
        node.id,
        "cell_finished",
        cell=cell,
        status=result.status,
        seconds=round(result.seconds, 4),
        final=result.final,
        variables=result.variables,
        dropped_chars=result.dropped_chars,
    )
    run.evidence.searched(result.searched)
    node.stop.check()
    node.variables = tuple(name for name, _ in result.variables)
    if outcome := _outcome(result):
        return Step(outcome)
    shown = prompt.clip(prompt.output_text(outputs), prompt.output_chars(run.model.info))
    run.evidence.shown(shown, result.spans)
    notes, give_up = _judge(run, node, code, shown, result, seconds)
    compiled = result.error is None or result.error["ename"] not in ("SyntaxError", "IndentationError")
    repeated = prompt.REPEAT in notes or prompt.REPEAT_AGAIN in notes
    return Step(None, shown or NO_OUTPUT, notes, give_up, compiled, result.status == "ok", repeated)


def _judge(
    run: Run, node: Node, code: str, shown: str, result: CellResult, seconds: float
) -> tuple[tuple[str, ...], str]:
    """Name what went wrong with a cell, and detect a loop by (code, output)."""
    notes = list(result.notes)
    if result.status == "died":
        notes.append(prompt.RESTARTED)
        run.note(node.id, "the worker was restarted; variables of earlier cells are lost", "warning")
    if result.status == "timeout":
        notes.append(f"The cell was stopped after {seconds:g} seconds; do less at a time.")
    told = re.sub(rf"\bcell {node.cells}\b", "cell", shown)  # a traceback names the cell by its number
    key = hashlib.sha256(f"{code.strip()}\0{told}".encode()).hexdigest()
    node.repeats[key] = count = node.repeats.get(key, 0) + 1
    if count == 1:
        return tuple(notes), ""
    notes.append(prompt.REPEAT if count == 2 else prompt.REPEAT_AGAIN)
    run.note(node.id, f"the same cell gave the same output {count} times", "warning")
    failed = f", and failed: {result.error['evalue']}" if result.error else ""
    return tuple(notes), f"the same cell was repeated{failed}" if count > 3 else ""


def _finish_by_text(
    run: Run, node: Node, worker: Worker, turn: int, final: Final, calls: CallHandler
) -> Step | None:
    """Honour a final marker that stands in the text: a literal as it is, a name by looking it up."""
    if final.kind == "literal":
        return Step(Outcome(final.value)) if final.value.strip() else None
    return _run_cell(run, node, worker, turn, f"FINAL_VAR({final.value!r})", calls)


def _outcome(result: CellResult) -> Outcome | None:
    if result.final is None:
        return None
    sources = tuple((document, start, end) for document, start, end in result.final["sources"])
    return Outcome(result.final["content"], sources, quotes=tuple(result.final["quotes"]))


def _best_answer(
    run: Run,
    node: Node,
    worker: Worker,
    conversation: Conversation,
    turn: int,
    reason: str,
    calls: CallHandler,
) -> Outcome:
    """Ask once for the best answer at a limit. Never raises for lack of one: the outcome then has none."""
    run.note(node.id, f"the best answer so far was asked for: {reason}", "warning")
    conversation.amend(prompt.forced(reason))
    reply = request_turn(run, node, conversation, turn, grace=FORCED_SECONDS)
    parsed = parse(reply.text)
    record_turn(run, node.id, turn, reply, parsed)
    step: Step | None = None
    if parsed.code and reply.finish != "cancelled":
        step = _run_cell(run, node, worker, turn, parsed.code, calls)
    if (step is None or step.outcome is None) and parsed.final is not None:
        step = _finish_by_text(run, node, worker, turn, parsed.final, calls)
    if step is not None and step.outcome is not None:
        return replace(step.outcome, reason=reason)
    if parsed.final is not None:  # a bare word that names no variable is the answer itself
        return Outcome(parsed.final.value, (), reason)
    if not parsed.code and (prose := parsed.prose.strip()):
        return Outcome(prose, (), reason)
    return Outcome(None, (), reason)
