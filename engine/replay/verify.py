"""Does the record of a run hold? Its chain, its documents, every cell executed again, every answer and source.

Needs no model. What is checked is in `Check.what`:

    record      the hash chain, large values, and the tables derived from the events
    documents   the stored text is the one that the run read
    cell        the cell gives what was recorded, or the difference is explained
    prompts     the hash of each prompt of a sub-call is that of its text
    answers     what a cell was told is what the node below it ended with; an answer is the final value of its node
    sources     each source is the stored text of its place, and one that the answer named
    agreement   numbers, quotes and names of the answer agree with its sources as was said
    answer      the answer of the run is that of its root
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from engine.answer.evidence import Evidence
from engine.corpus import Corpus
from engine.corpus.citations import check as check_citation
from engine.errors import InputError, TaprootError
from engine.events.record import CallRecord, CellRecord, NodeRecord, RunRecord
from engine.kernel.host.host import KernelHost
from engine.kernel.toolbox.replies import PieceAnswer, best
from engine.prompt import NOT_THERE
from engine.replay.answers import prompt_hash
from engine.replay.execution import replay_node
from engine.replay.loading import load_record
from engine.replay.origin import corpus_of, text_problem
from engine.replay.places import call_of
from engine.reply import without_loop
from engine.reply.thinking import split_thinking
from engine.run.direct import LEAST_SURE
from engine.run.node import Outcome
from engine.stop import Stop
from engine.store import Store
from engine.text.quoting import NOTHING, UNCLEAR, is_none
from engine.types import Json, to_json

Result = Literal["holds", "explained", "unchecked", "fails"]
WORST: tuple[Result, ...] = ("fails", "unchecked", "explained", "holds")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `text` says what is wrong, why it differs, or why it could not be looked at."""

    what: str
    result: Result
    text: str = ""
    node: str | None = None
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a run when it was verified. `seconds` is wall time."""

    run: str
    checks: tuple[Check, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether nothing fails, and nothing that this version records was left unchecked."""
        return not any(check.result == "fails" for check in self.checks)

    def worst(self, node: str | None = None) -> Result:
        """The worst result of a node; None: of all checks."""
        found = {check.result for check in self.checks if node is None or check.node == node}
        return next((result for result in WORST if result in found), "holds")

    def to_json(self) -> Json:
        """The object that `verify --json` prints."""
        nodes = dict.fromkeys(check.node for check in self.checks if check.node is not None)
        counts = {result: sum(c.result == result for c in self.checks) for result in reversed(WORST)}
        return {
            "run": self.run,
            "holds": self.holds,
            "seconds": self.seconds,
            "counts": counts,
            "nodes": {node: self.worst(node) for node in nodes},
            "checks": [asdict(check) for check in self.checks],
        }


class Cells:
    """Counts the cells that are executed again, with those of earlier runs whose variables the root found."""

    def __init__(self, record: RunRecord, progress: Callable[[int, int], None]):
        self._carried = sum(len(one.root.counted) for one in record.carried if "0" in one.nodes)
        self._of = sum(map(self._cells_of, record.sessions()))
        self._before = self._done = 0
        self._progress = progress
        progress(0, self._of)

    def executed(self) -> None:
        """One more was executed."""
        self._done += 1
        self._progress(self._done, self._of)

    def end(self, node: NodeRecord) -> None:
        """No more of this node are to come, also where it could not be executed to its end."""
        self._before += self._cells_of(node)
        if self._done != self._before:
            self._done = self._before
            self._progress(self._done, self._of)

    def _cells_of(self, node: NodeRecord) -> int:
        return len(node.counted) + (self._carried if node.started.parent is None else 0)


def verify(
    store: Store,
    kernels: KernelHost,
    name: str,
    *,
    stop: Stop | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Verdict:
    """Verify a run by its id or unique beginning; `progress` hears how many cells of how many were executed again.

    Raises InputError for an unknown run or one that still runs, KernelError, SandboxError, Cancelled on a stop.
    """
    began, stop = time.monotonic(), stop or Stop()
    row = store.run(name)
    if row["status"] == "running":
        raise InputError(f"run {row['run']} still runs; verify it when it has ended")
    record = load_record(store, row["run"])
    cells = Cells(record, progress)
    checks = [
        *_checked("record", [*store.verify_chain(record.id), *store.verify_projections(record.id)]),
        *_read("prompts", _prompts(record)),
        *_read("answers", _answers(record)),
        *_read("answers", _leaves(record)),
        *_read("answer", _answer(record)),
    ]
    try:
        path = corpus_of(store, record)
    except InputError as problem:
        checks.append(Check("documents", "fails", str(problem)))
    else:
        stop.check()
        checks += _documents(record, path)
        stop.check()
        checks += _read("sources", _sources(record, path, store))
        for node in record.sessions():
            checks += _read("cell", _cells(kernels, path, record, node, stop, cells.executed), node.id)
            cells.end(node)
    return Verdict(record.id, tuple(checks), round(time.monotonic() - began, 3))


def _checked(what: str, problems: list[str], node: str | None = None) -> list[Check]:
    return [Check(what, "fails", problem, node) for problem in problems] or [Check(what, "holds", "", node)]


def _read(what: str, checks: Iterator[Check], node: str | None = None) -> Iterator[Check]:
    """These checks; one that fails where an altered record does not hold what they look at."""
    try:
        yield from checks
    except InputError as problem:
        yield Check(what, "fails", str(problem), node)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as problem:
        said = f"the record does not hold there what Taproot writes ({type(problem).__name__}: {problem})"
        yield Check(what, "fails", said, node)


def _documents(record: RunRecord, path: Path) -> Iterator[Check]:
    if record.started.seal is None:
        said = "the run was recorded before Taproot kept a hash of the text; only sources and outputs tell"
        yield Check("documents", "unchecked", said)
    elif problem := text_problem(record, path):
        yield Check("documents", "fails", problem)
    else:
        yield Check("documents", "holds")


def _cells(
    kernels: KernelHost,
    path: Path,
    record: RunRecord,
    node: NodeRecord,
    stop: Stop,
    executed: Callable[[], None],
) -> Iterator[Check]:
    found = replay_node(kernels, path, record, node, stop, executed)
    for one in found:
        if one.verdict == "same":
            yield Check("cell", "holds", "", node.id, one.cell)
        elif one.verdict == "explained":
            yield Check("cell", "explained", "; ".join(one.reasons), node.id, one.cell)
        else:
            yield Check("cell", "fails", "; ".join(one.differences), node.id, one.cell)
    for cell in node.counted[len(found) :]:
        said = "a cell before it could not be executed as it was"
        yield Check("cell", "fails", said, node.id, cell.number)


# --- sub-calls ------------------------------------------------------------------------------------------


def _prompts(record: RunRecord) -> Iterator[Check]:
    for node in record.sessions():
        problems = []
        for cell in node.cells:
            for call in cell.calls.values():
                made = call.made
                if tuple(map(prompt_hash, made.prompts)) != made.hashes:
                    problems.append(f"a prompt of call {made.call} of cell {made.cell} is not the hashed one")
        yield from _checked("prompts", problems, node.id)


def _answers(record: RunRecord) -> Iterator[Check]:
    for node in record.sessions():
        problems = [
            p for cell in node.cells for call in cell.calls.values() for p in _told(record, cell, call)
        ]
        if node.started.parent is not None and node.ended is not None and node.ended.answer is not None:
            problems += _final(node, node.ended.answer)
        yield from _checked("answers", problems, node.id)
        for cell in node.cells:
            if cell.started.code not in (*_written_for(node, cell), f"FINAL_VAR({_name(cell)})"):
                said = "its code is not the one that the reply holds"
                yield Check("answers", "fails", said, node.id, cell.number)


def _written_for(node: NodeRecord, cell: CellRecord) -> Iterator[str]:
    """The code of the reply that a cell belongs to, and of those that it was drawn in place of: the first may run again."""
    for turn in range(cell.started.turn, 0, -1):
        if (reply := node.replies.get(turn)) is not None:
            yield reply.code
        if turn not in node.turns or node.turns[turn].messages:
            return


def _name(cell: CellRecord) -> str:
    code = cell.started.code
    return code[len("FINAL_VAR(") : -1] if code.startswith("FINAL_VAR(") else ""


def _told(record: RunRecord, cell: CellRecord, call: CallRecord) -> Iterator[str]:
    """Where a cell was told something else than what the node below it ended with."""
    if call.answered is None or call.answered.error is not None:
        return
    for child, told in zip(call.made.children, call.answered.answers, strict=False):
        node = record.nodes.get(child)
        said = node.ended.answer if node is not None and node.ended is not None else None
        picked = said is not None and (told == UNCLEAR or told.casefold() in said.casefold())
        if told != said and not picked and not (said is None and told.startswith("(no answer: ")):
            yield f"the answer of node {child} in cell {cell.number} is not the one that it ended with"


def _leaves(record: RunRecord) -> Iterator[Check]:
    """Was each one-shot sub-call asked what its call says, and does its answer stand in its reply?"""
    for node in record.nodes.values():
        if node.started.kind != "llm":
            continue
        problems = []
        call, index = call_of(record, node), node.started.index or 0
        if call is not None and call.made.kind == "llm":
            prompts = call.made.prompts
            if index >= len(prompts) or not node.started.question.startswith(prompts[index]):
                problems.append(f"it was asked something else than call {call.made.call} says")
        said = node.ended.answer if node.ended is not None else None
        reply = node.replies.get(1)
        if reply is not None and said not in (None, NOTHING) and not _written(said, reply.text):
            problems.append("its answer does not stand in its reply")
        yield from _checked("answers", problems, node.id)


def _written(answer: str, reply: str) -> bool:
    """Whether an answer stands in a reply; where that says NONE, a run has the answer that it is not there."""
    if answer == NOT_THERE and is_none(split_thinking(without_loop(reply)).visible):
        return True
    return answer.partition(" [cut off here")[0].strip().casefold() in reply.casefold()


def _final(node: NodeRecord, answer: str) -> list[str]:
    """Where an answer is neither the final value of a cell of its node nor stands in its last reply."""
    finals = [c.ended.final["content"] for c in node.cells if c.ended and c.ended.final and not c.ended.flaw]
    if answer in finals[-1:]:
        return []
    last = node.replies[max(node.replies)].text if node.replies else ""
    if not finals and answer.strip() in last:
        return []
    return ["its answer is not the final value of its last cell, and does not stand in its last reply"]


def _answer(record: RunRecord) -> Iterator[Check]:
    root, ended = record.nodes.get("0"), record.ended
    if ended is None or root is None:
        yield Check("answer", "fails", "the record does not say how the run ended", "0")
        return
    problems = []
    if root.ended is not None and root.ended.answer != ended.answer:
        problems.append("the answer of the run is not that of its root")
    if ended.answer is not None and root.cells:
        problems += _final(root, ended.answer)
    elif ended.answer is not None and not _directly(record, root, ended.answer):
        problems.append("the answer of the run does not stand in the reply of the model")
    yield from _checked("answer", problems, "0")


def _directly(record: RunRecord, root: NodeRecord, answer: str) -> bool:
    """Whether one of the replies of a root without cells gives this answer; it is not there where none is sure of one."""
    replies = [reply.text for reply in root.replies.values()]
    return any(_written(answer, text) for text in replies) or (answer == NOT_THERE and _unsure(record, root))


def _unsure(record: RunRecord, root: NodeRecord) -> bool:
    """Whether a root without cells has no reply at all, or short readings of which none is sure (`surest`)."""
    if not record.model.get("short_readings"):
        return not root.replies
    by_rank = record.started.strategy == "retrieval"
    answers = []
    for turn, reply in root.replies.items():
        answers.append(PieceAnswer(split_thinking(without_loop(reply.text)).visible))
        answers[-1].confidence, answers[-1].rank = reply.confidence or 0.0, turn - 1 if by_rank else 0
    return bool(best(answers, LEAST_SURE) == NOT_THERE)


# --- sources --------------------------------------------------------------------------------------------


def _sources(record: RunRecord, path: Path, store: Store) -> Iterator[Check]:
    ended, root = record.ended, record.nodes.get("0")
    if ended is None or root is None:
        return
    try:
        corpus = Corpus.open(path)
    except TaprootError as problem:
        yield Check("sources", "fails", str(problem), "0")
        return
    problems = []
    for kind, cited in (("source", ended.sources), ("passage", ended.passages or ())):
        for number, source in enumerate(cited, 1):
            if wrong := _cited(corpus, source):
                problems.append(f"{kind} {number} {wrong}")
    outcome = _outcome(root, ended.answer)
    named = bool(outcome.sources or outcome.quotes)
    evidence = Evidence(corpus)
    if not named:
        evidence.sourced(tuple((s["document"], s["start"], s["end"]) for s in ended.sources))
    again = evidence.citations(outcome)
    if named and [to_json(source) for source in again] != list(ended.sources):
        problems.append("the sources are not those that the answer names")
    yield from _checked("sources", problems, "0")
    if ended.agreement is not None and root.cells:
        codes = [cell.started.code for cell in root.cells]
        judged = evidence.agreement(outcome, again, codes, root.started.question)
        told = _plain(to_json(judged)) if judged is not None else {}
        older = set(told) - set(ended.agreement)
        same = judged is not None and {**ended.agreement, **{name: told[name] for name in older}} == told
        long = not named and any(s["end"] - s["start"] >= 500 for s in ended.sources)
        if not same and long:
            yield Check("agreement", "unchecked", "the sources are whole documents, kept in part", "0")
        elif same and older:
            said = f"the version of Taproot that recorded it did not look at: {', '.join(sorted(older))}"
            yield Check("agreement", "unchecked", said, "0")
        else:
            said = "judged again, the answer agrees with its sources in another way than was recorded"
            yield Check("agreement", "holds" if same else "fails", "" if same else said, "0")


def _plain(value: Json) -> Json:
    """A value as JSON gives it back."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _cited(corpus: Corpus, source: Json) -> str:
    """What is wrong with a recorded source, or ""."""
    document, start, end, text = (source[name] for name in ("document", "start", "end", "text"))
    if source["status"] == "missing":
        found = check_citation(corpus, document, 0, 0, text)
        return "" if found.status == "missing" else "is said to be missing, and stands in the documents"
    found = check_citation(corpus, document, start, end, text)
    if to_json(found) == _plain(source):
        return ""
    return f"is not the stored text of characters {start:,} to {end:,} of document {document}"


def _outcome(root: NodeRecord, answer: str | None) -> Outcome:
    """What the root ended with, from its last final value."""
    for cell in reversed(root.cells):
        if cell.ended and (final := cell.ended.final) and not cell.ended.flaw and final["content"] == answer:
            spans = tuple((d, start, end) for d, start, end in final["sources"])
            quotes, parts = tuple(final.get("quotes", ())), tuple(map(tuple, final.get("parts", ())))
            return Outcome(answer, spans, quotes=quotes, cell=cell.number, parts=parts)
    return Outcome(answer)
