"""Logs of `rlms`, the reference engine: one line of metadata, then one for each turn; see `engine.exchange.rlms_log`.

A logger that served several questions writes one metadata line and begins to count again: each is a run of its own. The
schema holds no question but in the first message; children stand whole in the calls of their cells. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from engine.errors import InputError
from engine.exchange.incoming.fields import Line
from engine.exchange.incoming.tree import Cell, Imported, Node, Turn
from engine.types import Json, Message, Role, Usage

PROGRAM = "rlms"
ASKED = re.compile(r"Answer the following: (.*?)(?:\n\nYour context is |\Z)", re.DOTALL)
ROLES: dict[str, Role] = {"system": "system", "assistant": "assistant"}
NO_FINAL = "the log ends without a final answer"
NO_USAGE = "The log says nothing of the tokens of its own turns, only of those of its sub-calls."
DEEPEST = 50  # levels of children


def is_rlms(lines: Sequence[Line]) -> bool:
    """Whether these are lines of such a log."""
    return bool(lines) and lines[0].value.get("type") in ("metadata", "iteration")


def read_rlms(lines: Sequence[Line], name: str) -> list[Imported]:
    """The runs of a log. `name` stands for a question that it does not hold. Raises InputError for what is no such log."""
    metadata = Line({}, "line 1")
    runs: list[tuple[Line, list[Line]]] = []
    for line in lines:
        match line.value.get("type"):
            case "metadata":
                metadata = line
            case "iteration":
                if not runs or runs[-1][0] is not metadata or line.number("iteration") <= 1:
                    runs.append((metadata, []))
                runs[-1][1].append(line)
            case other:
                raise InputError(
                    f"{line.where}: 'type' is {other!r}, and a log of rlms knows only metadata and iteration. "
                    "Nothing was imported."
                )
    if not runs:
        raise InputError("The log holds no turn, only metadata. Nothing was imported.")
    return [_run(about, turns, name) for about, turns in runs]


def _run(about: Line, lines: list[Line], name: str) -> Imported:
    root = _node("root", about, lines, "", 0)
    root.question = root.question or f"(no question in the log {name})"
    return Imported(
        program=PROGRAM,
        root=root,
        model=about.words("root_model") or "unknown",
        began=root.turns[0].began,
        depth=max(0, int(about.number("max_depth"))),
        max_turns=max(0, int(about.number("max_iterations"))),
        notices=(NO_USAGE,),
    )


def _node(kind: str, about: Line, lines: list[Line], prompt: str, depth: int) -> Node:
    if depth > DEEPEST:
        raise InputError(
            f"{about.where}: children stand more than {DEEPEST} levels deep. Nothing was imported."
        )
    turns = [*_turns(lines, depth)]
    final = next(
        (line.value["final_answer"] for line in lines if line.value.get("final_answer") is not None), None
    )
    told = about.value.get("environment_kwargs")
    told = told if isinstance(told, dict) else {}
    question = told.get("question") if isinstance(told.get("question"), str) else None
    return Node(
        kind="root" if kind == "root" else "rlm",
        question=question or prompt or _question(turns),
        context=told["context"] if isinstance(told.get("context"), str) else _context(turns),
        turns=turns,
        status="failed" if final is None else "answered",
        answer=None if final is None else final if isinstance(final, str) else json.dumps(final),
        reason=NO_FINAL if final is None else "",
        seconds=sum(line.number("iteration_time") for line in lines),
    )


def _question(turns: list[Turn]) -> str:
    """The question that the first message holds: rlms begins it so where it was given one."""
    for message in turns[0].messages if turns else ():
        if message.role != "system" and (found := ASKED.match(message.content)):
            return found[1].strip()
    return ""


def _context(turns: list[Turn]) -> str:
    for message in turns[0].messages if turns else ():
        if found := re.search(r"Your context is an? ([^.]*)\.", message.content):
            return found[1]
    return ""


def _turns(lines: list[Line], depth: int) -> Iterator[Turn]:
    told: list[Message] = []
    for line in lines:
        prompt, response = _messages(line), line.text("response")
        new = _new(told, prompt, response)
        told = [*(told if new is not prompt else []), *new, Message("assistant", response)]
        ended = line.moment("timestamp")
        cells = [_cell(block, depth) for block in line.objects("code_blocks", "code block")]
        yield Turn(
            messages=tuple(new),
            text=response,
            began=max(0.0, ended - line.number("iteration_time")),
            ended=ended,
            cells=cells,
        )


def _new(told: list[Message], prompt: list[Message], response: str) -> list[Message]:
    """The messages of a prompt that were not told before: all of them where it was made anew, shorter.

    Prompts of children hold what came later too, for rlms keeps one growing list of them: all ends before the reply.
    """
    if prompt[: len(told)] != told:
        return prompt
    rest = prompt[len(told) :]
    own = Message("assistant", response)
    return rest[: rest.index(own)] if own in rest else rest


def _messages(line: Line) -> list[Message]:
    prompt = line.value.get("prompt")
    if isinstance(prompt, list) and all(isinstance(one, dict) for one in prompt):
        objects = [Line(one, line.where) for one in prompt]
        return [Message(ROLES.get(one.words("role"), "user"), one.words("content")) for one in objects]
    return [Message("user", line.words("prompt"))]


def _cell(block: Line, depth: int) -> Cell:
    result = block.object("result")
    out, err = result.words("stdout"), result.words("stderr")
    outputs: list[Json] = []
    for name, text in (("stdout", out), ("stderr", err)):
        if text:
            outputs.append({"output_type": "stream", "name": name, "text": text})
    shown = result.value.get("locals")
    variables = (
        tuple((str(key), str(value)[:200]) for key, value in shown.items()) if isinstance(shown, dict) else ()
    )
    final = result.value.get("final_answer")
    return Cell(
        code=block.text("code"),
        outputs=outputs,
        failed=bool(err),
        seconds=result.number("execution_time"),
        final=None if final is None else result.words("final_answer"),
        variables=variables,
        asked=[_call(call, depth) for call in result.objects("rlm_calls", "call")],
    )


def _call(call: Line, depth: int) -> Node:
    prompt, error = call.words("prompt"), call.words("error")
    usage = _usage(call)
    answer = None if error and not call.value.get("response") else call.words("response")
    if isinstance(call.value.get("metadata"), dict):
        trajectory = call.object("metadata")
        about = trajectory.object("run_metadata")
        node = _node("rlm", about, [*trajectory.objects("iterations", "iteration")], prompt, depth + 1)
    else:
        node = Node("llm", prompt)
        node.turns = (
            [Turn((Message("user", prompt),), answer or "", usage=usage)] if answer is not None else []
        )
    node.answer, node.status = answer, "failed" if answer is None else "answered"
    node.reason = error or ("" if answer is not None else NO_FINAL)
    node.usage, node.seconds = usage, call.number("execution_time")
    return node


def _usage(call: Line) -> Usage:
    summary = call.value.get("usage_summary")
    models = summary.get("model_usage_summaries") if isinstance(summary, dict) else None
    total = Usage()
    for name, one in models.items() if isinstance(models, dict) else ():
        line = Line(one if isinstance(one, dict) else {}, f"{call.where}, usage of {name}")
        names = ("total_calls", "total_input_tokens", "total_output_tokens")
        calls, read, written = (int(line.number(field)) for field in names)
        total += Usage(calls=calls, prompt_tokens=read, completion_tokens=written)
    return total
