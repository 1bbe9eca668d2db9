"""The loop: reply, cell, output, and again, until executed code sets a final answer or a limit is reached.

Source: Zhang, Kraska, Khattab, "Recursive Language Models", arXiv 2512.24601, Algorithm 1. The state is the
kernel; the history is the conversation, which only ever sees short text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine import prompt
from engine.llm.forms import Cell, FinalCell
from engine.reply import Final, ParsedReply, parse, without_loop
from engine.run.draws import draw_again, form_of, settle
from engine.run.generate import record_turn, request_turn
from engine.run.node import Outcome
from engine.run.session import NodeSession, Step


def drive(session: NodeSession, restore: Callable[[NodeSession], Step] | None = None) -> Outcome:
    """Run a node to its end. Raises Cancelled on a stop, ModelError when the model cannot go on.

    `restore` brings a session whose worker is fresh to where a recorded one was, and says what its last step led to.
    """
    ledger, child = session.run.ledger, session.node.depth > 0
    if child and (exhausted := ledger.exhausted()):
        return Outcome(None, reason=exhausted)
    with session.at_work():
        if restore is not None and (step := restore(session)).outcome is not None:
            return step.outcome
        while not (reason := session.limit()):
            step = take_turn(session)
            if step.outcome is not None:
                return step.outcome
            session.count(step)
        if child and ledger.exhausted():  # what little time is left belongs to the root
            return Outcome(None, reason=reason)
        return _best_answer(session, reason)


def take_turn(session: NodeSession) -> Step:
    """Ask for one reply, run what it holds, and append the feedback unless it ended the node."""
    session.turn += 1
    form = form_of(session) or (Cell() if session.failures else None)
    reply = request_turn(session, form=form)
    said = without_loop(reply.text)
    parsed = parse(said)
    record_turn(session.run, session.node.id, session.turn, reply, parsed)
    return act_on(session, said, parsed, reply.finish)


def act_on(
    session: NodeSession, said: str, parsed: ParsedReply, finish: str, ran: Step | None = None
) -> Step:
    """Run what a reply holds, and append the feedback unless it ended the node; `ran` is what its cell led to already."""
    cut = prompt.CUTS.get(finish, ())
    if finish == "cancelled" or (cut and parsed.open):  # half a cell must not run
        step = Step()
    elif parsed.code:
        seen = parsed.code in session.redraws.codes
        step = Step(ok=False) if seen and ran is None else ran or session.run_cell(parsed.code)
        if step.outcome is None and parsed.final is not None and step.ok:
            step = _after(step, _finish_by_text(session, parsed.final))
    elif parsed.final is not None:
        step = _finish_by_text(session, parsed.final)
    else:
        step = Step(notes=(prompt.NO_CODE,))
    if draw_again(session, said, step, parsed.code):
        return Step(again=True)
    said, step = settle(session, said, step, session.run_cell)
    if step.outcome is None:
        session.tell(said, step.shown, (*parsed.notes, *cut, *step.notes))
    return step


def _after(first: Step, second: Step) -> Step:
    """Join the feedback of a cell with that of the final marker after it."""
    if second.outcome is not None:
        return second
    return replace(second, shown=f"{first.shown}\n{second.shown}", notes=first.notes + second.notes)


def _finish_by_text(session: NodeSession, final: Final) -> Step:
    """Honour a final marker that stands in the text: a literal as it is, a name by looking it up."""
    if final.kind == "name":
        return session.run_cell(f"FINAL_VAR({final.value!r})")
    if flaw := session.flaw_of(final.value):
        return Step(notes=(session.refuse(flaw),), flaw=flaw)
    return Step(Outcome(final.value))


def _best_answer(session: NodeSession, reason: str) -> Outcome:
    """Ask once for the best answer at a limit. Never raises for lack of one: the outcome then has none.

    The reply is held to one short cell, so that a model that would never come to an end does so in time. The root has
    the reserve of the time limit for it, a child only what is left for work.
    """
    session.note(f"the best answer so far was asked for: {reason}", "warning")
    session.node.told.append(prompt.forced(reason))
    session.conversation.amend(prompt.forced(reason))
    session.turn += 1
    session.failures = 0  # it is drawn as a first reply is
    session.redraws.trusting = True
    if not session.node.depth:
        session.until = session.run.deadline.limit
    reply = request_turn(session, form=FinalCell())
    parsed = parse(reply.text)
    record_turn(session.run, session.node.id, session.turn, reply, parsed)
    cut = reply.finish != "stop"
    step = Step()
    if parsed.code and reply.finish != "cancelled":
        step = session.run_cell(parsed.code)
    if step.outcome is None and parsed.final is not None:
        step = _finish_by_text(session, parsed.final)
        if step.outcome is None and parsed.final.kind == "name":  # it may be a word, not a variable
            step = _taken(session, parsed.final.value)
    elif step.outcome is None and not parsed.code and not cut and parsed.prose.strip():
        step = _taken(session, parsed.prose.strip())
    if step.outcome is not None:
        return replace(step.outcome, reason=reason, forced=True)
    if step.flaw:
        return Outcome(None, reason=f"{reason}; the answer asked for then {step.flaw}")
    ended = "was not finished" if cut else "held none"
    return Outcome(None, reason=f"{reason}; the reply asked for then {ended}")


def _taken(session: NodeSession, text: str) -> Step:
    """Take the words of a last reply as its answer, unless they are none."""
    if flaw := session.flaw_of(text):
        session.refuse(flaw)
        return Step(flaw=flaw)
    return Step(Outcome(text))
