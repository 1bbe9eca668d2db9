"""Runs for the tests of the tree, made up by chance from a seed: what the engine records, of any size.

`grow(seed, nodes, cells)` returns facts (time, node, kind, payload) in order.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.types import Usage, to_json
from tests.app.runs.tree.texts import CODE, LINES, PARTS, PROSE, QUESTION, TABLE, TRACEBACK, plot

BEGAN = 1_795_000_000.0
PARALLEL = 4
DEPTH = 3


@dataclass(frozen=True, slots=True)
class Fact:
    """One event before it has a number."""

    ts: float
    node: str
    kind: str
    payload: dict[str, Any]


Place = tuple[int | None, int | None, int | None]  # cell, call and index of a child or leaf


@dataclass
class Plan:
    """One node that drives: how many cells it has, and by cell which children and how many leaves they call."""

    depth: int
    cells: int
    children: dict[int, list[Plan]] = field(default_factory=dict)
    leaves: dict[int, int] = field(default_factory=dict)


def plan(chance: random.Random, nodes: int, cells: int) -> Plan:
    """A tree of `nodes`, a third of which drive, and share `cells`."""
    drivers = max(1, nodes // 3)
    share, more = divmod(max(cells, drivers), drivers)
    all_of_them = [Plan(0, share + more)]
    for _ in range(drivers - 1):
        parent = chance.choice([p for p in all_of_them[:60] if p.depth < DEPTH])
        child = Plan(parent.depth + 1, share)
        parent.children.setdefault(chance.randint(1, parent.cells), []).append(child)
        all_of_them.append(child)
    for _ in range(nodes - drivers):
        parent = chance.choice(all_of_them)
        cell = chance.choice((1, max(1, parent.cells // 2), parent.cells))
        parent.leaves[cell] = parent.leaves.get(cell, 0) + 1
    return all_of_them[0]


@dataclass
class Grower:
    """Makes one run."""

    seed: int
    nodes: int
    cells: int
    facts: list[Fact] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def put(self, ts: float, node: str, kind: str, /, **payload: Any) -> None:
        self.facts.append(Fact(round(ts, 4), node, kind, payload))

    def some(self, choices: tuple[str, ...]) -> str:
        return self.random.choice(choices)

    def run(self) -> list[Fact]:
        """The facts of the whole run in the order of time."""
        self.put(
            BEGAN,
            "0",
            "run_started",
            question=QUESTION,
            corpus="c0ffee00",
            corpus_name="harbour",
            model={"name": "small", "n_ctx": 4096, "path": "", "fingerprint": ""},
            settings={},
            strategy="recursive",
        )
        end = self.node(plan(self.random, self.nodes, self.cells), "0", None, QUESTION, BEGAN + 0.01)
        answer = (
            "Tollen Packaging (30 September 2025, 60 days) and Keelby Dyes (31 December 2025, six weeks)."
        )
        self.put(
            end + 0.01,
            "0",
            "run_finished",
            status="answered",
            answer=answer,
            sources=[],
            coverage=None,
            usage=to_json(Usage(12, 4000, 2000, 900, 30.0)),
            seconds=round(end - BEGAN, 3),
            nodes=self.nodes,
            reason="",
        )
        return sorted(self.facts, key=lambda fact: fact.ts)

    def start(
        self,
        ts: float,
        id: str,
        parent: str | None,
        kind: str,
        question: str,
        depth: int,
        place: Place,
    ) -> None:
        self.put(
            ts,
            id,
            "node_started",
            parent=parent,
            kind=kind,
            question=question,
            context="" if kind == "llm" else "a corpus of 465 documents with 2,104,331 characters",
            depth=depth,
            cell=place[0],
            call=place[1],
            index=place[2],
        )

    def node(
        self,
        own: Plan,
        id: str,
        parent: str | None,
        question: str,
        ts: float,
        place: Place = (None, None, None),
    ) -> float:
        """Grow one node that drives, with all below it; return when it ends."""
        self.start(ts, id, parent, "rlm" if parent else "root", question, own.depth, place)
        begun, children, tokens = ts, 0, 0
        for cell in range(1, own.cells + 1):
            written = self.random.randint(60, 420)
            tokens += written
            code = self.some(CODE) if cell > 1 else CODE[0]
            self.put(ts, id, "turn_started", turn=cell, messages=self.messages(question, cell))
            ts += self.random.uniform(0.4, 3.5)
            self.put(ts, id, "turn_finished", turn=cell, **self.reply(code, written))
            ts += 0.004
            self.put(ts, id, "cell_started", cell=cell, turn=cell, code=code)
            ts += self.random.uniform(0.01, 0.6)
            for number, below in enumerate((own.children.get(cell, []), [None] * own.leaves.get(cell, 0)), 1):
                if below:
                    ts = self.call(id, own.depth, cell, number, list(below), children, ts)
                    children += len(below)
            status = self.outputs(id, cell, ts)
            ts += 0.01
            last = cell == own.cells
            final = (
                {"content": self.some(LINES), "sources": [], "quotes": [], "via": "FINAL"} if last else None
            )
            self.put(
                ts,
                id,
                "cell_finished",
                cell=cell,
                status="ok" if last else status,
                seconds=round(self.random.uniform(0.01, 0.6), 4),
                final=final,
                variables=[["hits", "list of 8"], ["contracts", "list of 3"]],
                dropped_chars=0,
            )
            ts += 0.003
            if self.random.random() < 0.03:
                self.put(ts, id, "note", text="the same cell gave the same output 2 times", level="warning")
                ts += 0.001
        ended = "answered" if parent is None or self.random.random() > 0.06 else "failed"
        self.put(
            ts,
            id,
            "node_finished",
            status=ended,
            answer=self.some(LINES) if ended == "answered" else None,
            reason="" if ended == "answered" else "the limit of 12 turns is reached",
            usage=to_json(Usage(own.cells, tokens * 6, tokens * 3, tokens, ts - begun)),
            seconds=round(ts - begun, 4),
        )
        return ts

    def call(
        self, id: str, depth: int, cell: int, number: int, below: list[Plan | None], before: int, ts: float
    ) -> float:
        """One call of a cell for children, or for leaves (None), at most 4 at a time; return when it ends."""
        ids = [f"{id}.{before + i + 1}" for i in range(len(below))]
        questions = [self.some(PARTS) for _ in ids]
        self.put(
            ts,
            id,
            "call_started",
            cell=cell,
            call=number,
            kind="rlm" if below[0] else "llm",
            prompts=questions,
            hashes=["" for _ in ids],
            children=ids,
            spans=None,
            refs=None,
        )
        slots = [ts + 0.002] * PARALLEL
        for index, (child, question, own) in enumerate(zip(ids, questions, below, strict=True)):
            begin = heapq.heappop(slots)
            place = (cell, number, index)
            if own:
                end = self.node(own, child, id, question, begin, place)
            else:
                end = self.leaf(child, id, question, depth + 1, ts + 0.002 + index * 1e-4, begin, place)
            heapq.heappush(slots, end)
        ts = max(slots) + 0.002
        answers = [self.some(LINES) for _ in ids]
        self.put(ts, id, "call_finished", cell=cell, call=number, answers=answers, seconds=1.0, error=None)
        return ts + 0.002

    def leaf(
        self, id: str, parent: str, question: str, depth: int, ts: float, begin: float, place: Place
    ) -> float:
        """A one-shot prompt: put in the queue at `ts`, at work from `begin` on."""
        prompt = f"{question}\n\n" + "\n".join(self.some(LINES) for _ in range(12))
        self.start(ts, id, parent, "llm", prompt, depth, place)
        self.put(ts, id, "turn_started", turn=1, messages=[{"role": "user", "content": prompt}])
        end = begin + self.random.uniform(0.3, 1.8)
        written = self.random.randint(4, 60)
        usage = Usage(
            1,
            400,
            120,
            written,
            end - begin,
            evaluated_tokens=280,
            queue_seconds=begin - ts,
            prefill_seconds=0.1,
            decode_seconds=end - begin - 0.1,
        )
        reply = self.some(LINES)
        self.put(
            end,
            id,
            "turn_finished",
            turn=1,
            text=reply,
            thinking="",
            code="",
            finish="stop",
            usage=to_json(usage),
            notes=[],
        )
        self.put(
            end + 0.001,
            id,
            "node_finished",
            status="answered",
            answer=reply,
            usage=to_json(usage),
            seconds=round(end - begin, 4),
        )
        return end + 0.002

    def messages(self, question: str, turn: int) -> list[dict[str, str]]:
        if turn > 1:
            return [
                {
                    "role": "user",
                    "content": f"Output:\n{self.some(LINES)}\n\n[turn {turn} of 12, 180 calls left]",
                }
            ]
        rules = "You answer a question about documents by writing Python cells.\n" + "\n".join(LINES)
        return [{"role": "system", "content": rules}, {"role": "user", "content": f"Question: {question}"}]

    def reply(self, code: str, written: int) -> dict[str, Any]:
        prose = self.some(PROSE)
        thinking = (
            "The contracts are few. Searching first is cheap, and tells me where to read."
            if written > 250
            else ""
        )
        text = (
            f"<think>{thinking}</think>\n{prose}\n```repl\n{code}\n```"
            if thinking
            else f"{prose}\n```repl\n{code}\n```"
        )
        usage = Usage(1, written * 6, written * 3, written, written / 120)
        return {
            "text": text,
            "thinking": thinking,
            "code": code,
            "finish": "stop",
            "usage": to_json(usage),
            "notes": [],
        }

    def outputs(self, id: str, cell: int, ts: float) -> str:
        """Put one to two outputs of a cell; return the cell's status."""
        chance = self.random.random()
        text = "\n".join(self.some(LINES) for _ in range(self.random.randint(1, 4)))
        self.output(id, cell, ts, {"output_type": "stream", "name": "stdout", "text": text + "\n"})
        if chance < 0.07:
            error = {
                "output_type": "error",
                "ename": "KeyError",
                "evalue": "'Tollen Packaging'",
                "traceback": list(TRACEBACK),
            }
            self.output(id, cell, ts + 0.001, error)
            return "error"
        if chance < 0.15:
            data = {"text/plain": "           contract        ends", "text/html": TABLE}
            self.output(
                id,
                cell,
                ts + 0.001,
                {"output_type": "execute_result", "execution_count": cell, "data": data, "metadata": {}},
            )
        elif chance < 0.2 and self.nodes < 500:
            data = {"image/png": plot(), "text/plain": "<Figure size 640x400 with 1 Axes>"}
            self.output(id, cell, ts + 0.001, {"output_type": "display_data", "data": data, "metadata": {}})
        return "ok"

    def output(self, id: str, cell: int, ts: float, output: dict[str, Any]) -> None:
        self.put(ts, id, "output", cell=cell, output=output)


def grow(seed: int = 1, nodes: int = 30, cells: int = 60) -> list[Fact]:
    """A finished run with that many nodes and about as many cells."""
    return Grower(seed, nodes, cells).run()


def drafts(text: str, size: int = 12) -> Iterator[tuple[int, str]]:
    """A reply in the pieces it is streamed in: (characters before, text)."""
    for at in range(0, len(text), size):
        yield at, text[at : at + size]
