"""The names of a cell: context, sub-calls, combinators, evidence, and every dialect of finishing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.kernel.channel import encode
from engine.kernel.toolbox import pieces as cutting
from engine.kernel.toolbox.final import CellDone, Spans, parts_of, render, spans_of
from engine.kernel.toolbox.prompts import CALL_BYTES, Prompt, Together, batches, body, first, part_of, shown
from engine.kernel.toolbox.replies import PieceAnswer, are_pieces, best, number, ranked
from engine.kernel.toolbox.sources import texts, unique
from engine.kernel.toolbox.variables import Seen, changes, summary
from engine.prompt import PIECE_PROMPT
from engine.text.quoting import ALTERNATIVES, NOTHING
from engine.types import Json

MAX_VARIABLES = 60
MAX_QUOTES = 50  # texts given as sources
SOFT = (
    "chunks",
    "peek",
    "cite",
    "best",
    "number",
)  # a model may use these as names of its own; then its value stays

Ask = Callable[[str, dict[str, Json]], Sequence[str]]


class Toolbox:
    """The helpers of one worker. `ask(name, arguments)` makes a call and returns its answers.

    `namespace` is that of the cells; `context` its documents; `piece_chars` the default size of pieces;
    `question` the text of the node's question; `earlier` the (question, answer) pairs that it follows, oldest first.
    `reference` turns a context into a reference; `claims` finds the spans that seem to stand in a text.
    """

    def __init__(
        self,
        ask: Ask,
        namespace: dict[str, Any],
        context: Any,
        reference: Callable[[Any], Json],
        claims: Callable[[str], Spans],
        piece_chars: int,
        question: str = "",
        earlier: Sequence[Sequence[str]] = (),
    ):
        self._ask = ask
        self._namespace = namespace
        self._context = context
        self._reference = reference
        self._claims = claims
        self._piece_chars = piece_chars
        self._answer: dict[str, Any] = {"content": "", "ready": False, "sources": []}
        self.final: dict[str, Json] | None = None
        self.notes: list[str] = []
        self._names: dict[str, Any] = {
            "context": context,
            "question": question,
            "earlier": [(asked, answered) for asked, answered in earlier],
            "answer": self._answer,
            "best": best,
            "number": number,
            **{
                name: getattr(self, name)
                for name in (
                    *("llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched", "map_query"),
                    *("chunks", "peek", "cite", "FINAL", "FINAL_VAR", "SUBMIT", "final_answer", "SHOW_VARS"),
                )
            },
        }
        self._hidden: frozenset[str] = frozenset()
        self._seen: Seen = {}

    # --- the life of a cell -----------------------------------------------------------------------------

    def begin(self, question: str | None = None, piece_chars: int | None = None) -> None:
        """Put every name back in its place before a cell; `question` is the node's from now on, `piece_chars` the default
        size of pieces, None: as before.
        """
        self.final, self.notes = None, []
        self._piece_chars = self._piece_chars if piece_chars is None else piece_chars
        if question is not None:
            self._names["question"] = question
        own = self._namespace
        for name, value in self._names.items():
            kept = name in SOFT and name in own and not callable(own[name])
            if not kept:
                own[name] = value
        if not self._hidden:
            self._hidden = frozenset(own)

    def end(self, ok: bool) -> None:
        """Read `answer` after a cell, rebound or not, and note what was put back."""
        now = self._namespace.get("answer")
        if isinstance(now, dict) and now is not self._answer:
            content = now.get("content", now.get("answer", ""))
            self._answer.update(
                content=content, ready=bool(now.get("ready")), sources=now.get("sources") or []
            )
        elif now is not self._answer and now is not None:
            self._answer["content"] = now
            self.notes.append('`answer` is a dict again; your value is in answer["content"].')
        if self._namespace.get("context", self._context) is not self._context:
            self.notes.append("`context` holds the documents again; use another name for your own value.")
        if self._answer.get("ready") and ok and self.final is None:
            try:
                self._finish(self._answer.get("content"), (), "answer")
            except CellDone:
                pass
            except Exception as error:
                self.notes.append(f'answer["ready"] was set, but: {error}')
        self._answer["ready"] = False

    def variables(self) -> list[list[str]]:
        """The model's own variables as [name, summary] pairs."""
        own = deque(self.own_variables(), MAX_VARIABLES)
        return [[name[:80], summary(value)] for name, value in own]

    def changes(self) -> dict[str, Json]:
        """What was done to the model's own variables since the last time; see `variables.changes`."""
        found, self._seen = changes(self._seen, self.own_variables())
        return found

    def own_variables(self) -> Iterable[tuple[str, Any]]:
        """Yield the names and values of the model's own variables, oldest first."""
        for name, value in list(self._namespace.items()):
            if name.startswith("_") or (name in self._hidden and value is self._names.get(name, value)):
                continue
            if type(value).__name__ == "module" or (name in self._names and callable(value)):
                continue
            yield name, value

    # --- sub-calls --------------------------------------------------------------------------------------

    def llm_query(
        self,
        prompt: Any = None,
        choices: Any = None,
        schema: dict[str, Json] | None = None,
        *,
        context: Any = None,
        quote: Any = None,
        **other: Any,
    ) -> PieceAnswer:
        """Ask the model one question; put all it needs into the prompt, or the pieces it is about beside it.

        `llm_query(question, pieces)` shows them together in one prompt, each under the name of its document; the answer of
        a small model stands there word for word, or is NONE, yes or no. `.piece` is the first piece that holds it.
        `quote`: a text, put before the question if it is not in it; the answer stands in it word for word, or is one of
        `choices` (NONE, yes or no if there are none).
        """
        prompt = first(prompt, other, ("query", "question", "text"), "llm_query")
        if isinstance(choices, str) or are_pieces(choices):  # llm_query(question, text)
            choices, context = None, choices
        if isinstance(prompt, list | tuple):
            raise TypeError("llm_query takes one prompt; for several use llm_query_batched(prompts)")
        about = quote
        if quote is not None:
            text = body(quote)
            if not isinstance(text, str) or not text:
                raise TypeError("quote= is the text that the answer is to stand in")
            if text not in prompt:
                context = quote if context is None else context
        if are_pieces(context):
            if not context:
                return PieceAnswer(NOTHING)
            text = Together(context)
            prompt = Prompt(PIECE_PROMPT.format(piece=text, question=prompt), spans_of(context))
            about = text if quote is None else quote
        elif context is not None:
            prompt = Prompt(PIECE_PROMPT.format(piece=shown(context), question=prompt), spans_of(context))
        pieces = None if about is None else [about]
        held = None if quote is None else True
        return self._llm([prompt], choices, schema, batched=False, pieces=pieces, quote=held)[0]

    def llm_query_batched(
        self, prompts: Any = None, choices: Any = None, schema: dict[str, Json] | None = None, **other: Any
    ) -> list[PieceAnswer]:
        """Ask the model several independent questions at once. Returns the answers in order."""
        prompts = first(prompts, other, ("queries", "prompt_list", "questions"), "llm_query_batched")
        if isinstance(prompts, str):
            prompts = [prompts]
        return self._llm(list(prompts), choices, schema, batched=True)

    def _llm(
        self,
        prompts: list[Any],
        choices: Any,
        schema: Any,
        batched: bool,
        pieces: Sequence[Any] | None = None,
        quote: bool | None = False,
    ) -> list[PieceAnswer]:
        """Ask; `pieces`: what each prompt is about; `quote`: to be quoted from (None: if the model is a small one)."""
        if not prompts:
            return []
        for prompt in prompts:
            if not isinstance(prompt, str):
                raise TypeError(
                    f"a prompt must be text, not {type(prompt).__name__}: use str() or an f-string"
                )
        choices = None if choices is None else [str(c) for c in choices]
        arguments = {
            "prompts": [str(p) for p in prompts],
            "choices": choices,
            "schema": schema,
            "spans": [self._standing_in(p) for p in prompts],
            "batched": batched,
        }
        if quote is not False and pieces is not None:
            arguments["quotes"] = [part_of(p, piece) for p, piece in zip(prompts, pieces, strict=True)]
            arguments["asked"] = quote is True
        answers = self._call("llm", arguments)
        others = ALTERNATIVES if choices is None else choices
        about = [None] * len(answers) if pieces is None else pieces
        return [PieceAnswer.of(a, piece, others) for a, piece in zip(answers, about, strict=True)]

    def _standing_in(self, prompt: str) -> Spans:
        """The pieces of documents in a prompt: those it was made of, and those that seem to stand in it."""
        known = prompt.spans if isinstance(prompt, Prompt) else spans_of(prompt)
        return unique([*known, *self._claims(str(prompt))])

    def rlm_query(self, question: Any = None, context: Any = None, **other: Any) -> str:
        """Give a question and its own data to a child that works on it with cells of its own."""
        question = first(question, other, ("query", "prompt", "task"), "rlm_query")
        if not isinstance(question, str):
            raise TypeError(
                "rlm_query takes one question; for several use rlm_query_batched(questions, contexts)"
            )
        return self._rlm([question], [context])[0]

    def rlm_query_batched(self, questions: Any = None, contexts: Any = None, **other: Any) -> list[str]:
        """Give several questions, each with its own data, to children at once. Returns the answers in order.

        One question is asked of every context; one context is given to every question.
        """
        questions = first(questions, other, ("queries", "prompts", "question"), "rlm_query_batched")
        if contexts is None:
            contexts = other.get("context")
        if isinstance(contexts, str) or contexts is None:
            questions = [questions] if isinstance(questions, str) else list(questions)
            contexts = [contexts] * len(questions)
        else:
            contexts = list(contexts)
            questions = [questions] * len(contexts) if isinstance(questions, str) else list(questions)
        if len(questions) != len(contexts):
            raise ValueError(f"{len(questions)} questions and {len(contexts)} contexts: give as many of both")
        return self._rlm(questions, contexts)

    def _rlm(self, questions: list[Any], contexts: list[Any]) -> list[str]:
        if not questions:
            return []
        references = [None if item is None else self._reference(item) for item in contexts]
        return list(self._call("rlm", {"questions": [str(q) for q in questions], "contexts": references}))

    def map_query(
        self, question: str, pieces: Any, quote: bool | None = None, choices: Any = None
    ) -> list[PieceAnswer]:
        """Ask the same question of every piece. Returns the answers in order; each has its `.piece`.

        `quote`: each answer stands in its piece word for word, or is one of `choices` (NONE, yes or no if there are
        none), and has its `.source`; None: with models of less than a billion parameters.
        """
        if not isinstance(question, str) and isinstance(pieces, str):
            question, pieces = pieces, question
        whole = isinstance(pieces, str) or hasattr(pieces, "grep")
        items = cutting.chunks(pieces, self._piece_chars) if whole else list(pieces)
        prompts = [
            Prompt(PIECE_PROMPT.format(piece=shown(item), question=question), spans_of(item))
            for item in items
        ]
        answers: list[PieceAnswer] = []
        for batch in batches(prompts):
            about = items[len(answers) : len(answers) + len(batch)]
            answers += self._llm(batch, choices, None, batched=True, pieces=about, quote=quote)
        return ranked(answers)

    def _call(self, name: str, arguments: dict[str, Json]) -> Sequence[str]:
        size = len(encode(arguments))
        if size > CALL_BYTES:
            raise ValueError(
                f"this call holds {size:,} bytes, over the limit of {CALL_BYTES:,}: send fewer or smaller "
                "prompts, and give data as a document or Corpus view, which goes by reference"
            )
        return self._ask(name, arguments)

    # --- looking and evidence ---------------------------------------------------------------------------

    def chunks(self, x: Any, size: int | None = None) -> list[Any]:
        """Cut a text, document or Corpus into pieces at paragraphs or lines; `size` is in characters."""
        return cutting.chunks(x, self._piece_chars if size is None else int(size))

    def peek(self, x: Any = None, n: int = cutting.PEEK_CHARS) -> cutting.Peek:
        """Show the beginning of anything."""
        return cutting.peek(self._context if x is None else x, int(n))

    def cite(self, hit: Any, text: str | None = None) -> Any:
        """Name a source of the answer: a hit, a document, a piece; `text` narrows it to those exact words."""
        spans = spans_of(hit, triples=True)
        if not spans:
            raise ValueError(
                "cite needs a hit, a document or a piece of one: try context.grep(words), then cite(hits[0])"
            )
        if text:
            body = hit if isinstance(hit, str) else getattr(hit, "text", "")
            at = str.find(body, text)
            if at < 0:
                raise ValueError(f"these words are not in the source, copy them exactly: {text[:80]!r}")
            document, start, _ = spans[0]
            spans = [[document, start + at, start + at + len(text)]]
        sources = self._answer.get("sources")
        self._answer["sources"] = [*(sources if isinstance(sources, list) else []), *spans]
        return hit

    # --- finishing --------------------------------------------------------------------------------------

    def FINAL(self, x: Any = None, *sources: Any, **other: Any) -> None:
        """Finish with `x` as the answer; `sources` are hits, documents or pieces it rests on."""
        if x is None and len(other) == 1:
            x = next(iter(other.values()))
        self._finish(x, sources, "FINAL")

    def FINAL_VAR(self, name: Any = None, *sources: Any) -> None:
        """Finish with the value of the variable called `name`."""
        self._finish(self._value(name), sources, "FINAL_VAR")

    def SUBMIT(self, *values: Any, **fields: Any) -> None:
        """Finish with a value, or with named fields."""
        if fields:
            value = next(iter(fields.values())) if len(fields) == 1 and not values else fields
            self._finish(value, values, "SUBMIT")
        else:
            self._finish(values[0] if values else None, values[1:], "SUBMIT")

    def final_answer(self, answer: Any = None, *sources: Any) -> None:
        """FINAL under the name that code agents in the `<code>` dialect were trained on."""
        self._finish(answer, sources, "final_answer")

    def SHOW_VARS(self) -> dict[str, str]:
        """The variables that exist now and what they are."""
        return {name: summary for name, summary in self.variables()}

    def _value(self, name: Any) -> Any:
        if not isinstance(name, str):
            return name
        wanted = name.strip().strip("\"'`")
        if wanted in self._namespace:
            return self._namespace[wanted]
        if not wanted.isidentifier() or any(value is name for value in self._namespace.values()):
            return name  # FINAL_VAR(text) instead of FINAL_VAR("text")
        known = ", ".join(n for n, _ in self.variables()) or "none"
        raise NameError(f"FINAL_VAR: there is no variable {wanted!r}. Your variables: {known}", name=wanted)

    def _finish(self, value: Any, sources: tuple[Any, ...], via: str) -> None:
        content = render(value, 'answer["content"]' if via == "answer" else via)
        if self.final is None:
            named = value.get("sources") if isinstance(value, dict) else None
            told = [self._named(item) for item in (*sources, named, self._answer.get("sources"))]
            spans = spans_of(told, triples=True) + (spans_of(value) if not isinstance(value, Mapping) else [])
            quotes = [text for item in (*sources, named, self._answer.get("sources")) for text in texts(item)]
            unknown = [q for q in quotes if not hasattr(self._named(q), "span")]
            self.final = {
                "content": content,
                "sources": unique(spans),
                "quotes": unknown[:MAX_QUOTES],
                "via": via,
            }
            if parts := parts_of(value):
                self.final["parts"] = parts
        raise CellDone

    def _named(self, source: Any) -> Any:
        """Turn names of documents among the sources into the documents."""
        if isinstance(source, list | tuple | set):
            return [self._named(item) for item in source]
        if type(source) is str and hasattr(self._context, "document"):
            try:
                return self._context.document(source)
            except (KeyError, LookupError, ValueError):
                return None
        return source
