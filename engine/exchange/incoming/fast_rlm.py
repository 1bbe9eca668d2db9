"""Logs of fast-rlm: one line for each step of an agent, with the ids of the agent and of the one that asked it. Pure.

    {"time", "run_id", "parent_run_id"?, "depth", "step"?, "event_type", "code", "output"?, "hasError", "reasoning", "usage"}

`event_type`: agent_start, code_generated (no output was recorded: the last step, or a reply without code),
execution_result, final_result ("result"), agent_end. Which step asked a child is not recorded: it is the step that was
written first after the child began. Source: avbiswas/fast-rlm, src/logging.ts and src/subagents.ts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.errors import InputError
from engine.exchange.incoming.fields import Line
from engine.exchange.incoming.tree import Cell, Imported, Node, Turn
from engine.types import Usage

PROGRAM = "fast-rlm"
KINDS = ("agent_start", "agent_end", "code_generated", "execution_result", "final_result")
CONTEXT = re.compile(
    r"^(?:Context:|First 500 characters of str\(context\):) +(.*?)(?:^---$|\Z)", re.DOTALL | re.MULTILINE
)
NO_FINAL = "the log holds no final result of this agent"
NOTICES = (
    "The log does not hold the prompts; the first cell of each agent is fast-rlm's own look at its context.",
    "Which step asked a child is not in the log; each stands in the step that was written next.",
)


@dataclass
class _Step:
    line: Line
    last: int  # the number of its last line among all


@dataclass
class _Agent:
    id: str
    parent: str | None
    first: int
    steps: dict[int, _Step] = field(default_factory=dict)
    result: Line | None = None
    children: list[_Agent] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


def is_fast_rlm(lines: Sequence[Line]) -> bool:
    """Whether these are lines of such a log."""
    return bool(lines) and lines[0].value.get("event_type") in KINDS and "run_id" in lines[0].value


def read_fast_rlm(lines: Sequence[Line], name: str) -> list[Imported]:
    """The runs of a log, one for each agent that none asked. Raises InputError for what is no such log."""
    agents: dict[str, _Agent] = {}
    for number, line in enumerate(lines):
        _take(agents, number, line)
    roots = []
    for agent in agents.values():
        if agent.parent is None:
            roots.append(agent)
        elif agent.parent not in agents:
            raise InputError(
                f"{lines[agent.first].where}: the agent {agent.parent!r} that asked this one is not in the log; "
                "it is incomplete. Nothing was imported."
            )
        else:
            agents[agent.parent].children.append(agent)
    reached = {id for root in roots for id in _below(root)}
    if len(reached) < len(agents):
        raise InputError("Agents of this log ask each other in a circle. Nothing was imported.")
    return [_run(root, name) for root in roots]


def _below(agent: _Agent) -> list[str]:
    found, left = [], [agent]
    while left:
        one = left.pop()
        found.append(one.id)
        left += one.children
    return found


def _take(agents: dict[str, _Agent], number: int, line: Line) -> None:
    kind, id, parent = line.value.get("event_type"), line.text("run_id"), line.value.get("parent_run_id")
    if kind not in KINDS:
        raise InputError(
            f"{line.where}: 'event_type' is {kind!r}, and a log of fast-rlm knows {', '.join(KINDS)}. "
            "Nothing was imported."
        )
    if not isinstance(parent, str | None):
        raise line.wrong("parent_run_id", "text")
    agent = agents.setdefault(id, _Agent(id, parent, number))
    agent.times.append(_time(line))
    if kind == "final_result":
        agent.result = line
    elif kind in ("code_generated", "execution_result"):
        step = int(line.number("step"))
        before = agent.steps.get(step)
        if before is None or kind == "execution_result" or "output" not in before.line.value:
            agent.steps[step] = _Step(line, number)


def _time(line: Line) -> float:
    value = line.value.get("time")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value / 1000  # milliseconds, as pino writes them by default
    return line.moment("time")


def _run(agent: _Agent, name: str) -> Imported:
    root = _node(agent, "root", name)
    deepest = max((id.count(".") for id in _depths(agent)), default=0)
    return Imported(PROGRAM, root, "unknown", agent.times[0], depth=deepest, notices=NOTICES)


def _depths(agent: _Agent, at: str = "0") -> list[str]:
    return [at, *(one for child in agent.children for one in _depths(child, f"{at}.0"))]


def _node(agent: _Agent, kind: str, name: str) -> Node:
    steps = sorted(agent.steps.items())
    turns: list[Turn] = []
    cells: list[tuple[int, Cell]] = []
    for position, (number, step) in enumerate(steps):
        ended = _time(step.line)
        code = step.line.words("code")
        ran = "output" in step.line.value or (position == len(steps) - 1 and agent.result is not None)
        turn = Turn(
            text=f"```repl\n{code}\n```" if number and code else code if number else "",
            thinking=step.line.words("reasoning"),
            usage=_usage(step.line),
            began=ended,
            ended=ended,
        )
        if ran and code:
            turn.cells.append(_cell(step.line, code))
            cells.append((step.last, turn.cells[0]))
        turns.append(turn)
    answer = agent.result.words("result") if agent.result is not None else None
    if cells and answer is not None:
        cells[-1][1].final = answer
    _give(agent, cells, turns)
    context = _context(steps[0][1].line) if steps else ""
    return Node(
        kind="root" if kind == "root" else "rlm",
        question=context or f"(no question in the log {name})",
        turns=turns,
        status="failed" if answer is None else "answered",
        answer=answer,
        reason=NO_FINAL if answer is None else "",
        seconds=round(max(agent.times) - min(agent.times), 3),
        usage=sum((turn.usage for turn in turns), Usage()),
    )


def _give(agent: _Agent, cells: list[tuple[int, Cell]], turns: list[Turn]) -> None:
    """Put the children of an agent into its cells."""
    if agent.children and not cells:
        cells = [(0, Cell("# the log does not hold the code that asked"))]
        turns.append(Turn(cells=[cells[0][1]], began=agent.times[-1], ended=agent.times[-1]))
    for child in agent.children:
        cell = next((cell for last, cell in cells if last > child.first), cells[-1][1])
        cell.asked.append(_node(child, "rlm", "it"))


def _cell(line: Line, code: str) -> Cell:
    text = line.words("output")
    failed = bool(line.value.get("hasError"))
    outputs = (
        [{"output_type": "stream", "name": "stderr" if failed else "stdout", "text": text}] if text else []
    )
    return Cell(code, outputs, failed)


def _context(line: Line) -> str:
    """What the agent was given, as far as its first look shows it: at most 500 characters."""
    found = CONTEXT.search(line.words("output"))
    return found[1].strip() if found else ""


def _usage(line: Line) -> Usage:
    value = line.value.get("usage")
    if not isinstance(value, dict):
        return Usage()
    usage = Line(value, f"{line.where}, usage")
    read, written = (int(usage.number(name)) for name in ("prompt_tokens", "completion_tokens"))
    cached = int(usage.number("cached_tokens"))
    return Usage(
        calls=int(bool(read or written)), prompt_tokens=read, reused_tokens=cached, completion_tokens=written
    )
