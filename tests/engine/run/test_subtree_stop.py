"""Stop of one subtree: a child, a leaf, a batch; the parent is told and goes on, siblings are untouched."""

from __future__ import annotations

import threading
from copy import copy

import pytest

from engine.engine import Engine
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.run.node import Hooks
from engine.types import Settings

pytestmark = pytest.mark.sandbox
LONG = " ".join(f"thought {number}" for number in range(2000))


class Writer(ScriptedModel):
    """Writes LONG for minutes, and all else at once."""

    def _write(self, stream, request, reply, *rest):
        pen = copy(self)
        pen._delta_seconds = 0.3 if reply.text == LONG else 0.0
        ScriptedModel._write(pen, stream, request, reply, *rest)


def cell(code):
    return f"```repl\n{code}\n```"


@pytest.fixture
def ask(data_dir, tmp_path, kernels):
    """ask(reply, when, stop): run; when `when(event or (node, text))` is true once, stop these nodes."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "notes.md").write_text("The deposit is 450 crowns.\n")

    def run(reply, when, stop, **settings):
        model = Writer(reply)
        with Engine(data_dir, model, kernels) as engine:
            corpus = engine.add([folder])
            begun: list[str] = []
            once = threading.Lock()
            result: list[bool] = []
            person = threading.Thread(
                target=lambda: result.extend(engine.stop(begun[0], node) for node in stop)
            )

            def consider(thing):
                if when(thing) and once.acquire(blocking=False):
                    person.start()

            def event(e):
                begun.append(e.run)
                consider(e)

            hooks = Hooks(event=event, token=lambda node, text: consider((node, text)))
            answer = engine.ask("Who pays?", corpus, Settings(**settings), hooks=hooks)
            events = engine.store.events(answer.run)
            assert engine.store.check() == []
            assert once.locked()
            person.join()
            assert engine.stop(answer.run) is False
            return answer, events, result

    return run


def ends(events):
    return {e.node: e.payload["status"] for e in events if e.kind == "node_finished"}


def is_child(request, text):
    return any(f"Question: {text}" in m.content for m in request.messages)


def parent_and(children):
    """A root that asks two children, 'slow' and 'quick', and ends with what they said."""

    def reply(request):
        for name, say in children.items():
            if is_child(request, name):
                return say(request) if callable(say) else say
        if len(request.messages) == 2:
            return cell("got = rlm_query_batched(['slow', 'quick'], [context, context])\ngot")
        return cell("FINAL(' | '.join(got))")

    return reply


def test_a_child_that_writes_is_stopped_and_its_parent_goes_on(ask):
    reply = parent_and({"slow": LONG, "quick": cell("FINAL('fast')")})
    answer, events, result = ask(reply, lambda t: isinstance(t, tuple) and t[0] == "0.1", ["0.1"])
    assert result == [True] and answer.status == "answered"
    assert answer.answer == "(no answer: it was stopped before it had one; go on without it) | fast"
    assert ends(events) == {"0.1": "stopped", "0.2": "answered", "0": "answered"}
    notes = [(e.node, e.payload["text"], e.payload["level"]) for e in events if e.kind == "note"]
    assert ("0.1", "stopped by the user", "stop") in notes
    drafts = [e.payload for e in events if e.kind == "draft" and e.node == "0.1"]
    written = "".join(draft["text"] for draft in drafts)  # what it had written is kept, each part of it once
    assert written and LONG.startswith(written) and drafts[-1]["at"] == len(written) - len(drafts[-1]["text"])


def test_a_child_is_stopped_while_its_cell_runs(ask):
    slow = cell("print('before')\nimport time\nwhile True: time.sleep(0.01)")
    reply = parent_and({"slow": slow, "quick": cell("FINAL('fast')")})
    answer, events, _ = ask(
        reply, lambda t: getattr(t, "kind", "") == "cell_started" and t.node == "0.1", ["0.1"]
    )
    assert answer.answer.endswith("| fast") and ends(events)["0.1"] == "stopped"
    outputs = [e.payload["output"].get("text") for e in events if e.kind == "output" and e.node == "0.1"]
    assert "before\n" in outputs or any("KeyboardInterrupt" in str(e.payload) for e in events)
    done = next(e.payload for e in events if e.kind == "cell_finished" and e.node == "0.1")
    assert done["status"] == "interrupted"


def test_all_below_a_stopped_child_winds_down(ask):
    def slow(request):
        if is_child(request, "deep"):
            return LONG
        return cell("rlm_query_batched(['deep', 'deep', 'deep', 'deep', 'deep', 'deep'], [context] * 6)")

    def reply(request):
        if is_child(request, "deep"):
            return LONG
        return parent_and({"slow": slow, "quick": cell("FINAL('fast')")})(request)

    answer, events, _ = ask(
        reply, lambda t: isinstance(t, tuple) and t[0] == "0.1.2", ["0.1"], depth=2, parallel=2
    )
    assert answer.answer.endswith("| fast")
    below = {node: status for node, status in ends(events).items() if node.startswith("0.1")}
    assert below == dict.fromkeys(["0.1", *(f"0.1.{n}" for n in range(1, 7))], "stopped")
    assert ends(events)["0.2"] == "answered"


def leaves(count):
    def reply(request):
        last = request.messages[-1].content
        if last.startswith("piece"):
            return LONG if last.startswith("piece 1") else f"said {last}"
        if len(request.messages) == 2:
            return cell(f"got = llm_query_batched([f'piece {{i}}' for i in range({count})])\nlen(got)")
        return cell("FINAL(' | '.join(got))")

    return reply


def test_one_leaf_of_a_batch_is_stopped_and_the_others_are_kept(ask):
    answer, events, _ = ask(
        leaves(4), lambda t: getattr(t, "kind", "") == "node_finished" and t.node == "0.1", ["0.2"]
    )
    assert answer.answer == (
        "said piece 0 | (no answer: it was stopped before it had one; go on without it) | said piece 2 | said piece 3"
    )
    assert ends(events) == {
        "0.1": "answered",
        "0.2": "stopped",
        "0.3": "answered",
        "0.4": "answered",
        "0": "answered",
    }


def test_a_whole_batch_is_stopped_leaf_by_leaf(ask):
    def slow(request):
        return LONG if request.messages[-1].content.startswith("piece") else leaves(3)(request)

    answer, events, result = ask(
        slow, lambda t: isinstance(t, tuple) and t[0] == "0.1", ["0.1", "0.2", "0.3"]
    )
    (call,) = [e.payload for e in events if e.kind == "call_finished"]
    assert result == [True] * 3
    assert [said.startswith("(no answer: it was stopped") for said in call["answers"]] == [True] * 3
    assert answer.answer is None and "only says that a part of the work gave none" in answer.reason
    assert [ends(events)[f"0.{n}"] for n in (1, 2, 3)] == ["stopped"] * 3


def test_stopping_the_root_is_stopping_the_run(ask):
    answer, events, result = ask(lambda request: LONG, lambda t: isinstance(t, tuple), ["0"])
    assert (answer.status, result) == ("interrupted", [True])
    assert events[-1].kind == "run_finished"


def test_a_node_that_is_not_at_work_cannot_be_stopped(ask):
    reply = parent_and({"slow": ScriptedReply(cell("FINAL('s')"), delay=0.2), "quick": cell("FINAL('fast')")})
    answer, events, result = ask(
        reply, lambda t: getattr(t, "kind", "") == "node_finished" and t.node == "0.2", ["0.2", "0.9", "x"]
    )
    assert result == [False] * 3 and answer.answer == "s | fast"
    assert not [e for e in events if e.kind == "note" and e.payload["level"] == "stop"]
