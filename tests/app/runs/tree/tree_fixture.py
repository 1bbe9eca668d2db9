"""Runs for the tests of the tree, made up by chance from a seed: what the engine records, of any size.

`grow(seed, nodes, cells)` returns facts (time, node, kind, payload) in order; `hostile()` a run whose every text tries
to be more than text. `plot()` is a small real PNG.
"""

from __future__ import annotations

import base64
import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from engine.types import EventKind, Usage, to_json

BEGAN = 1_795_000_000.0
PARALLEL = 4
DEPTH = 3

QUESTION = "Which supply contracts end before the new braiding machine is paid off, and what does each say about notice?"
PARTS = (
    "Which of these letters mention the harbour warehouse?",
    "What is the notice period in this contract?",
    "When does the contract with Tollen Packaging end?",
    "List the amounts of the invoices marked disputed.",
    "Does this piece say anything about a deposit? Answer yes or no.",
    "Who signed the lease for the shop in Mill Lane, and when?",
    "Sum the hours in the shift log of March.",
)
CODE = (
    "hits = context.search('notice period', k=8)\nfor hit in hits:\n    print(hit.name, hit.line, hit.text[:80])",
    "contracts = [d for d in context if 'contract' in d.name.lower()]\nprint(len(contracts), 'contracts')",
    "import re\n\n# Amounts as the ledger writes them\namounts = [float(a.replace(',', '')) for a in re.findall(r'([\\d,]+\\.\\d\\d) euros', context[3])]\nprint(f'{len(amounts)} amounts, {sum(amounts):,.2f} in total')\nsorted(amounts)[-3:]",
    "verdicts = llm_query_batched([f'When does this contract end?\\n{d[:2000]}' for d in contracts])\nfor d, verdict in zip(contracts, verdicts):\n    print(d.name, '->', verdict)",
    'def months(text: str) -> int:\n    """Months of notice, 0 for none."""\n    found = re.search(r\'(\\d+)\\s+months?\', text)\n    return int(found.group(1)) if found else 0\n\nnotice = {d.name: months(d) for d in contracts}\nnotice',
)
LINES = (
    "supply-keelby-dyes.md 41 Either party may end this contract with a notice period of six weeks",
    "supply-tollen-packaging.md 12 ends on 30 September 2025 unless it is renewed in writing",
    "supply-dunmarrow-fibres.md 7 a notice period of three months to the end of a quarter",
    "3 contracts, 465 documents looked at",
    "17 amounts, 48,211.50 in total",
)
PROSE = (
    "I look at what there is before I read any of it in full.",
    "The search found the clauses; I now read each contract around its hit and ask for the end date.",
    "Two of the three dates agree with the ledger. The third needs a second look.",
)
TABLE = (
    '<table border="1" class="dataframe"><thead><tr><th></th><th>contract</th><th>ends</th><th>notice</th></tr></thead>'
    "<tbody><tr><th>0</th><td>Dunmarrow Fibres</td><td>2026-03-31</td><td>three months</td></tr>"
    "<tr><th>1</th><td>Keelby Dyes</td><td>2025-12-31</td><td>six weeks</td></tr>"
    "<tr><th>2</th><td>Tollen Packaging</td><td>2025-09-30</td><td>60 days</td></tr></tbody></table>"
)
TRACEBACK = (
    "\x1b[31m---------------------------------------------------------------------------\x1b[39m",
    "\x1b[31mKeyError\x1b[39m                                  Traceback (most recent call last)",
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[4]\x1b[39m\x1b[32m, line 2\x1b[39m\n\x1b[32m      1\x1b[39m ends = {}",
    "\x1b[32m----> 2\x1b[39m ends[\x1b[33m'Tollen Packaging'\x1b[39m]\n",
    "\x1b[31mKeyError\x1b[39m: 'Tollen Packaging'",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One event before it has a number."""

    ts: float
    node: str
    kind: EventKind
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

    def put(self, ts: float, node: str, kind: EventKind, /, **payload: Any) -> None:
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


@cache
def plot() -> str:
    """A small plot as base64 PNG."""
    import io

    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.2), dpi=100)
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug"]
    axes.bar(months, [12, 9, 14, 22, 18, 7, 11, 16], color="#1d6b50")
    axes.set_ylabel("letters that mention the warehouse")
    axes.spines[["top", "right"]].set_visible(False)
    data = io.BytesIO()
    figure.savefig(data, format="png", bbox_inches="tight")
    pyplot.close(figure)
    return base64.b64encode(data.getvalue()).decode()


HOSTILE = (
    '<img src="https://evil.example/x.png" onerror="window.pwned=1">',
    "<script>window.pwned=1</script>",
    "<svg onload=window.pwned=1><a href=javascript:window.pwned=1>x</a></svg>",
    "${window.pwned=1} {{constructor.constructor('window.pwned=1')()}} `${alert(1)}`",
    "![x](https://evil.example/y.png) <iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "user\u202egnp.exe\u202c \u2066isolated\u2069 \u200bzero\u200fwidth \u0000nul",
    "</style><style>*{display:none}</style><base href=https://evil.example>",
)


def hostile() -> list[Fact]:
    """A run whose questions, prompts, code, outputs, notes and answers all try to be more than text."""
    grower = Grower(7, 2, 1)
    all_of_it = "\n".join(HOSTILE)
    start = grow(1, 1, 1)[0]
    grower.put(BEGAN, "0", "run_started", **{**start.payload, "question": all_of_it})
    grower.start(BEGAN + 0.01, "0", None, "root", all_of_it, 0, (None, None, None))
    grower.put(BEGAN + 0.02, "0", "turn_started", turn=1, messages=[{"role": "user", "content": all_of_it}])
    usage = to_json(Usage(1, 10, 0, 10, 0.1))
    grower.put(
        BEGAN + 0.1,
        "0",
        "turn_finished",
        turn=1,
        text=all_of_it,
        thinking=all_of_it,
        code=all_of_it,
        finish="stop",
        usage=usage,
        notes=[],
    )
    grower.put(BEGAN + 0.11, "0", "cell_started", cell=1, turn=1, code=f"x = '''{all_of_it}'''")
    grower.put(
        BEGAN + 0.12,
        "0",
        "call_started",
        cell=1,
        call=1,
        kind="llm",
        prompts=[all_of_it],
        hashes=[""],
        children=["0.1"],
        spans=None,
        refs=None,
    )
    grower.start(BEGAN + 0.13, "0.1", "0", "llm", all_of_it, 1, (1, 1, 0))
    grower.put(BEGAN + 0.14, "0.1", "turn_started", turn=1, messages=[{"role": "user", "content": all_of_it}])
    grower.put(
        BEGAN + 0.15,
        "0.1",
        "turn_finished",
        turn=1,
        text=all_of_it,
        thinking="",
        code="",
        finish="stop",
        usage=usage,
        notes=[],
    )
    grower.put(
        BEGAN + 0.16, "0.1", "node_finished", status="answered", answer=all_of_it, usage=usage, seconds=0.1
    )
    grower.put(
        BEGAN + 0.17, "0", "call_finished", cell=1, call=1, answers=[all_of_it], seconds=0.1, error=None
    )
    html = (
        f"<table><tr><th onclick='window.pwned=1'>{all_of_it}</th></tr><tr><td>{all_of_it}</td></tr></table>"
    )
    for at, output in enumerate(
        (
            {"output_type": "stream", "name": "stdout", "text": all_of_it},
            {
                "output_type": "execute_result",
                "data": {"text/html": html, "text/plain": all_of_it},
                "metadata": {},
            },
            {
                "output_type": "display_data",
                "data": {"text/html": all_of_it, "text/plain": all_of_it},
                "metadata": {},
            },
            {
                "output_type": "display_data",
                "data": {"image/png": "https://evil.example/z.png"},
                "metadata": {},
            },
            {"output_type": "display_data", "data": {"image/svg+xml": HOSTILE[2]}, "metadata": {}},
            {"output_type": "error", "ename": HOSTILE[0], "evalue": HOSTILE[1], "traceback": list(HOSTILE)},
        )
    ):
        grower.output("0", 1, BEGAN + 0.18 + at / 100, output)
    final = {"content": all_of_it, "sources": [], "quotes": [], "via": "FINAL"}
    grower.put(
        BEGAN + 0.3,
        "0",
        "cell_finished",
        cell=1,
        status="ok",
        seconds=0.1,
        final=final,
        variables=[],
        dropped_chars=0,
    )
    grower.put(BEGAN + 0.31, "0", "note", text=all_of_it, level="warning")
    grower.put(
        BEGAN + 0.32,
        "0",
        "node_finished",
        status="answered",
        answer=all_of_it,
        reason=all_of_it,
        usage=usage,
        seconds=0.3,
    )
    end = grow(1, 1, 1)[-1]
    grower.put(BEGAN + 0.33, "0", "run_finished", **{**end.payload, "answer": all_of_it, "nodes": 2})
    return grower.facts


def drafts(text: str, size: int = 12) -> Iterator[tuple[int, str]]:
    """A reply in the pieces it is streamed in: (characters before, text)."""
    for at in range(0, len(text), size):
        yield at, text[at : at + size]
