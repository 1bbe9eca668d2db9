"""A run as a report in Markdown: question, answer, sources, what was read, and how the answer was found. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from engine.answer.agreement import sentence
from engine.events.record import CellRecord, NodeRecord, RunRecord
from engine.exchange.text import escaped, fenced, line, place, shown, when
from engine.prompt import output_text
from engine.types import Json

SHOWN_PROMPTS = 20  # of one call
PROMPT_CHARS = 2_000
OUTPUT_CHARS = 4_000  # of a cell; the page and the notebook hold all
STATUS = {
    "answered": "answered",
    "unanswered": "no answer",
    "interrupted": "interrupted",
    "failed": "failed",
    "running": "still going on, or broken off",
}


def report(record: RunRecord) -> str:
    """The report as Markdown text."""
    parts = [
        *_head(record),
        *answer_parts(record),
        *source_parts(record),
        *_coverage(record),
        *_found(record),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(record: RunRecord) -> Iterator[str]:
    started = record.started
    yield f"# {escaped(line(started.question))}"
    facts = [
        f"Run `{line(record.id)}`, {when(record.began)}, {STATUS.get(record.status, record.status)}",
        f"Documents: {escaped(line(started.corpus_name)) or 'none named'}",
        f"Model: {escaped(line(record.model_name))}, strategy: {escaped(line(started.strategy))}",
    ]
    if "imported" in started.settings:
        facts.append(
            "Imported from the log of another program: what it says was not observed by Taproot and cannot be verified."
        )
    yield "\n".join(f"- {fact}" for fact in facts)
    yield from (escaped(problem) for problem in record.problems)


def answer_parts(record: RunRecord) -> Iterator[str]:
    """Paragraphs about the answer, or about why there is none."""
    yield "## Answer"
    ended = record.ended
    if ended is None or ended.answer is None:
        yield f"There is none: {escaped(ended.reason) if ended and ended.reason else 'the model gave none'}."
    else:
        yield escaped(ended.answer)
    if ended and ended.forced:
        yield f"Asked for at a limit, before the model was done: {escaped(ended.reason)}."
    if ended and (said := sentence(ended.agreement)):
        yield f"{escaped(said)}."
    if ended and ended.passages:
        yield "Found by search, not by the model:"
        for passage in ended.passages:
            yield f"{escaped(place(passage))}\n\n{fenced(str(passage.get('text', '')))}"


def source_parts(record: RunRecord) -> Iterator[str]:
    """Paragraphs about the sources: place and quotation of each."""
    sources = record.ended.sources if record.ended else ()
    yield "## Sources"
    if not sources:
        yield "None is named."
    for number, source in enumerate(sources, 1):
        text = str(source.get("text", ""))
        if source.get("status") == "missing":
            yield f"{number}\\. **Not found in the documents:**\n\n{fenced(text)}"
            if source.get("nearest"):
                yield f"The nearest passage, {escaped(place(source))}:\n\n{fenced(str(source['nearest']))}"
            continue
        note = ", white space or quotes differ" if source.get("status") == "folded" else ""
        yield f"{number}\\. {escaped(place(source))}{note}\n\n{fenced(text)}"


def _coverage(record: RunRecord) -> Iterator[str]:
    yield "## What was searched and read"
    coverage: Json = record.ended.coverage if record.ended else None
    if not isinstance(coverage, dict) or "documents" not in coverage:
        yield "It is not recorded."
        return
    yield (
        f"{coverage.get('documents_searched', 0)} of {coverage['documents']} documents searched, "
        f"{coverage.get('lines_read', 0)} lines read by the model, {coverage.get('skipped', 0)} files not read."
    )
    rows = [
        f"- {escaped(line(str(file.get('name', ''))))}: {file.get('lines_read', 0)} lines, "
        f"{file.get('characters_read', 0):,} of {file.get('characters_total', 0):,} characters"
        for file in coverage.get("files") or ()
    ]
    yield "\n".join(rows)


def _found(record: RunRecord) -> Iterator[str]:
    ended = record.ended
    yield "## How it was found"
    usage: Json = (ended.usage if ended else None) or {}
    yield (
        f"{len(record.nodes)} nodes, {usage.get('calls', 0)} model calls, {usage.get('prompt_tokens', 0):,} tokens read, "
        f"{usage.get('completion_tokens', 0):,} written, {ended.seconds if ended else 0:.1f} seconds."
    )
    yield from node_parts(record, record.root, 3)


def node_parts(record: RunRecord, node: NodeRecord, level: int) -> Iterator[str]:
    """Paragraphs about one node with its cells; those below it that run cells of their own follow."""
    if node.id != "0":
        yield f"{'#' * min(level, 6)} Node {node.id}: {escaped(line(node.started.question))}"
        yield f"Its data: {escaped(line(node.started.context)) or 'none'}."
    for turn in node.turns.values():
        if not turn.cells and turn.text:
            yield f"Turn {turn.number}, without a cell:\n\n{fenced(turn.text)}"
        for cell in turn.cells:
            yield from _cell(cell)
    yield from (f"Note: {escaped(note.text)}" for note in node.notes)
    if node.id != "0":
        yield (
            f"Node {node.id} answered: {escaped(node.answer)}"
            if node.answer
            else f"Node {node.id}: no answer."
        )
    for child in record.children(node.id):
        if child.started.kind == "rlm":
            yield from node_parts(record, child, level + 1)


def _cell(cell: CellRecord) -> Iterator[str]:
    how = "broken off, and run anew below" if cell.void else cell.status
    yield f"Cell {cell.number}, {how}:\n\n{fenced(cell.started.code, 'python')}"
    yield from call_parts(cell)
    outputs = [made for output in cell.outputs if (made := shown(output))]
    if text := output_text(outputs):
        yield f"Output:\n\n{fenced(_cut(text, OUTPUT_CHARS))}"


def call_parts(cell: CellRecord) -> Iterator[str]:
    """Paragraphs about the calls of a cell: what was asked, what came back."""
    for call in cell.calls.values():
        answers = call.answered.answers if call.answered else ()
        kind = "sub-calls" if call.made.kind == "llm" else "children"
        yield f"Call {call.made.call} of it: {len(call.made.prompts)} {kind}."
        for index, prompt in enumerate(call.made.prompts[:SHOWN_PROMPTS]):
            answer = answers[index] if index < len(answers) else "(no answer)"
            yield f"{fenced(_cut(prompt, PROMPT_CHARS))}\n\nAnswer: {escaped(answer)}"
        if (more := len(call.made.prompts) - SHOWN_PROMPTS) > 0:
            yield f"and {more:,} more, which the page (`--to html`) holds."


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n[... {len(text) - most:,} more characters]"
