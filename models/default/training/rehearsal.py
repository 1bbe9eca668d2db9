"""The engine without processes: the same loop, prompts, corpus and helpers, with cells run in this process.

Only for data made by our own oracle: nothing here is sandboxed. tests/models compares its messages with those
of the real kernel, byte for byte.
"""

from __future__ import annotations

import ast
import builtins
import io
import linecache
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.lib.pretty import pretty

from engine import corpus as corpora
from engine import prompt
from engine.corpus.archive import SEARCH, ArchiveWriter
from engine.corpus.search import forms
from engine.documents.discover import natural
from engine.errors import Cancelled, ModelError
from engine.events import Event
from engine.kernel.cell import Call, CellResult, WorkerLimits
from engine.kernel.toolbox.final import CellDone
from engine.kernel.toolbox.toolbox import Toolbox
from engine.kernel.worker.faults import cell_name, report
from engine.llm.base import Reply, Request
from engine.run.budget import Ledger
from engine.run.calls import answer_call, make_node
from engine.run.loop import drive
from engine.run.node import Run
from engine.run.session import NodeSession
from engine.text import passages
from engine.types import Json, Message, ModelInfo, Settings, Usage

PARSER = CachingCompiler()  # words its complaints as the kernel does
WINDOW = 4096  # tokens
CHARS_PER_TOKEN = 3.5  # of the vocabulary, on English text


class Rehearsed:
    """A kernel host whose workers run cells here."""

    def worker(
        self,
        corpus: Path | None,
        ref: Json,
        limits: WorkerLimits,
        question: str = "",
        earlier: Sequence[tuple[str, str]] = (),
        notes: str | None = None,
    ) -> RehearsedWorker:
        return RehearsedWorker(corpus, ref, limits, question, earlier)


class RehearsedWorker:
    """One namespace and its toolbox."""

    def __init__(
        self,
        corpus: Path | None,
        ref: Json,
        limits: WorkerLimits,
        question: str,
        earlier: Sequence[tuple[str, str]],
    ):
        opened = corpora.Corpus.open(corpus) if corpus else None
        self._space: dict[str, Any] = {"__name__": "__main__"}
        self._on_call: Callable[[Call], Json] = lambda call: []
        self._calls = self._cells = 0
        context = corpora.resolve(ref, opened)
        self._toolbox = Toolbox(
            ask=self._ask,
            namespace=self._space,
            context=context,
            reference=corpora.reference,
            claims=lambda text: [],
            piece_chars=limits.piece_chars,
            question=question,
            earlier=earlier,
        )

    def __enter__(self) -> RehearsedWorker:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def _ask(self, name: str, arguments: dict[str, Json]) -> list[str]:
        self._calls += 1
        kept = builtins.print
        answers = self._on_call(Call(self._calls, name, arguments))
        builtins.print = kept
        return answers

    def interrupt(self) -> None:
        """Nothing to stop: cells of a rehearsal run in the calling thread."""

    def execute(
        self, code: str, *, on_call, on_output, timeout: float, cancel=None, **recorded: Any
    ) -> CellResult:
        """Run one cell as the kernel would; clock and chance are always the real ones, not those `recorded`."""
        self._on_call, self._calls, self._cells = on_call, 0, self._cells + 1
        name = cell_name(self._cells)
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        plain, printed = builtins.print, io.StringIO()
        self._toolbox.begin()
        value: Any = None
        failed: dict[str, Any] | None = None
        try:
            tree = PARSER.ast_parse(code, filename=name)
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            with redirect_stdout(printed):
                exec(compile(tree, name, "exec"), self._space)
                if last is not None:
                    value = eval(compile(ast.Expression(last.value), name, "eval"), self._space)
        except CellDone:
            pass
        except (Cancelled, ModelError):
            raise
        except Exception as error:
            failed = report(error, self._space)
        finally:
            builtins.print = plain
        self._toolbox.end(ok=failed is None)
        if printed.getvalue():
            on_output({"output_type": "stream", "name": "stdout", "text": printed.getvalue()})
        if value is not None and self._toolbox.final is None:
            on_output({"output_type": "execute_result", "data": {"text/plain": pretty(value)}})
        if failed is None:
            return CellResult("ok", 0.0, final=self._toolbox.final, variables=self._toolbox.variables())
        on_output({"output_type": "error", **failed})
        told = {"ename": failed["ename"], "evalue": failed["evalue"]}
        return CellResult("error", 0.0, variables=self._toolbox.variables(), error=told)


class OracleModel:
    """The Model protocol over a function of node and messages; keeps every conversation."""

    def __init__(
        self,
        reply: Callable[[str, Sequence[Message]], str],
        window: int = WINDOW,
        chars: float = CHARS_PER_TOKEN,
    ):
        self.info = ModelInfo(
            name="rehearsal",
            path="oracle",
            fingerprint="oracle",
            n_ctx=window,
            chars_per_token=chars,
            parameters=135_000_000,
        )
        self._reply = reply
        self.conversations: dict[str, list[Message]] = {}

    def count(self, text: str) -> int:
        return int(len(text) / self.info.chars_per_token) + 1

    def fits(self, messages: Sequence[Message]) -> int:
        return sum(self.count(m.content) for m in messages)

    def submit(self, request: Request) -> OracleStream:
        text = self._reply(request.conversation.rsplit("/", 1)[-1], request.messages)
        self.conversations[request.conversation] = [*request.messages, Message("assistant", text)]
        return OracleStream(text)

    def close(self) -> None:
        pass


class OracleStream:
    """A reply that is there at once."""

    def __init__(self, text: str):
        self._text = text

    def __iter__(self):
        yield self._text

    def result(self) -> Reply:
        return Reply(self._text, "stop", Usage(calls=1))

    def cancel(self) -> None:
        pass


class _Silent:
    """Takes the place of the record of evidence."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


def store(documents: dict[str, str], folder: Path) -> Path:
    """Write texts as a stored corpus, in the order and with the index that the app's ingest would give them."""
    folder.mkdir(parents=True)
    writer = ArchiveWriter(folder)
    index = sqlite3.connect(folder / SEARCH)
    index.executescript(forms.schema())
    for name in sorted(documents, key=natural):
        text = documents[name]
        starts, changes = passages.split(text)
        at = [len(text[:start].encode()) for start in starts]
        first = writer.add(name, text.encode(), len(text), passages=at, headings=changes)
        headings, about = dict(changes), forms.indexed(name)
        for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True)):
            about = forms.indexed(f"{name} {headings[number]}") if number in headings else about
            index.execute(
                "insert into passages(rowid, text, about) values (?, ?, ?)",
                (first + number + 1, forms.indexed(text[start:end]), about),
            )
    index.commit()
    index.close()
    writer.close()
    return folder


def rehearse(
    model: Any,
    corpus: Path,
    question: str,
    settings: Settings | None = None,
    earlier: tuple[prompt.Exchange, ...] = (),
) -> str | None:
    """Drive one question over a stored corpus and return the answer; the model keeps the conversations."""
    settings = settings or Settings(parallel=1)
    run = Run(
        id="rehearsal",
        model=model,
        kernels=Rehearsed(),  # type: ignore[arg-type]
        corpus=corpora.Corpus.open(corpus),
        corpus_path=corpus,
        settings=settings,
        ledger=Ledger(settings),
        evidence=_Silent(),  # type: ignore[arg-type]
        append=lambda node, fact: Event("rehearsal", 0, 0.0, node, fact),
    )
    root = make_node(run, "0", question, {"kind": "corpus", "documents": None}, run.stop, depth=0)
    root.earlier = prompt.recent(earlier, model.count, WINDOW // 4)
    return drive(NodeSession(run, root, answer_call)).answer
