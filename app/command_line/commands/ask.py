"""`ask`: read the documents, run the model over them, print the answer with its sources."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from app.ask.estimate import estimate
from app.command_line.engine import opened
from app.command_line.folders.unlock import passwords_of
from app.command_line.progress import reporter_for
from app.command_line.terminal import brief, console, safe
from engine.answer.agreement import sentence
from engine.bench.router import route
from engine.corpus import coverage
from engine.corpus.place.said import said
from engine.engine import Answer
from engine.errors import InputError
from engine.paths import expanded
from engine.store import Store
from engine.types import Json, Settings, to_json

SHOWN_SOURCES = 12


def ask(options: argparse.Namespace) -> int:
    """Exit status 0 answered, 1 no answer, 130 stopped. Raises TaprootError for bad input (2).

    Raises Cancelled when it was stopped before a run began.
    """
    if options.output or options.column:
        raise InputError("--output and --column are for lists of questions. Add --questions FILE or --each.")
    paths, question = split_words(options.words)
    passwords = passwords_of(options)
    settings = settings_of(options)
    with (
        reporter_for(options) as reporter,
        opened(options, reporter.say, reporter.loading) as (engine, stop),
    ):
        corpus = engine.add(paths, progress=reporter.reading, stop=stop, passwords=passwords)
        reporter.corpus(corpus)
        info = engine.model.info
        reporter.expected(
            estimate(
                chars=corpus.chars,
                n_ctx=info.n_ctx,
                chars_per_token=info.chars_per_token,
                settings=settings,
                speed=engine.speeds.of(info),
            ),
            settings.max_seconds,
        )
        follows = followed(engine.store, options.follow)
        strategy, hooks = route(engine, corpus, follows, stop), reporter.hooks()
        answer = engine.ask(
            question, corpus, settings, hooks=hooks, stop=stop, follows=follows, strategy=strategy
        )
    return tell(answer, json_wanted=options.json)


def followed(store: Store, name: str | None) -> str | None:
    """The id of the run that a question follows. Raises InputError for one that is not there or goes on still."""
    if name is None:
        return None
    row = store.run(name)
    if row["status"] == "running":
        raise InputError(f"The run {row['run']} is still going on. Wait for its answer, or stop it.")
    return str(row["run"])


def tell(answer: Answer, *, json_wanted: bool) -> int:
    """Print what became of a run; returns the exit status."""
    if json_wanted:
        print(json.dumps(answer.to_json(), ensure_ascii=False))
    else:
        print_answer(answer)
    if answer.status == "interrupted":
        kept = (
            f"stopped; what was done is kept as run {answer.run}, and resume {answer.run} goes on from there"
        )
        print(f"taproot: {kept}", file=sys.stderr)
        return 130
    return 0 if answer.status == "answered" else 1


def split_words(words: list[str]) -> tuple[list[Path], str]:
    """Paths first, the question last. Raises InputError when one of them is missing or swapped."""
    *paths, question = words
    if not paths:
        if os.path.lexists(expanded(question)):  # a long question is no error to it
            raise InputError(
                'no question: put it in quotes after the paths, as in: ask FOLDER "How many ...?"'
            )
        raise InputError(
            'no path: name a file or folder before the question, as in: ask FOLDER "How many ...?"'
        )
    if os.path.lexists(expanded(question)):
        raise InputError(
            f"no question: the last word, {question}, is a path. Put the question after it, in quotes"
        )
    if not question.strip():
        raise InputError("the question is empty; write what you want to know in quotes after the paths")
    return existing(paths), question


def existing(words: list[str]) -> list[Path]:
    """Paths of files and folders that are there. Raises InputError for one that is not."""
    found = [expanded(word) for word in words]
    for path in found:
        if not os.path.lexists(path):  # said before a large model is loaded
            raise InputError(f"There is no file or folder {path}. Check the spelling.")
    return found


def settings_of(options: argparse.Namespace) -> Settings:
    """The limits and choices of a run that the options name."""
    return Settings(
        depth=options.depth,
        max_turns=options.turns,
        max_calls=options.calls,
        max_seconds=float(options.seconds),
        reply_tokens=options.reply_tokens,
        temperature=options.temperature,
        seed=options.seed,
    )


def print_answer(answer: Answer) -> None:
    """The answer on stdout, its sources and what was read below it; without one, what plain search finds."""
    out = console()
    if answer.answer is not None:
        out.print(safe(answer.answer, "bold" if out.is_terminal else ""))
    else:
        out.print(safe(f"No answer: {answer.reason or 'the model gave none'}."))
    if answer.forced:
        out.print(safe(f"(asked for at a limit, before the model was done: {answer.reason})"))
    if answer.passages:
        out.print("\nFound by search, not by the model")
    for passage in answer.passages:
        out.print(safe(f"  - {placed(to_json(passage))}"))
    agreed = sentence(to_json(answer.agreement)) if answer.agreement else ""
    if answer.sources:
        out.print(safe(f"\nSources ({agreed[0].lower()}{agreed[1:]})" if agreed else "\nSources"))
    elif agreed:
        out.print(safe(f"\n{agreed}."))
    for number, source in enumerate(answer.sources[:SHOWN_SOURCES], 1):
        out.print(safe(source_line(number, to_json(source))))
    if (more := len(answer.sources) - SHOWN_SOURCES) > 0:
        out.print(f"  and {more} more (launch.py show {answer.run})")
    for told in quote_lines(to_json(answer.agreement) if answer.agreement else None, answer.answer or ""):
        out.print(safe(told))
    out.print(
        safe(
            f"\n{coverage.sentence(answer.coverage)}. {answer.strategy.capitalize()}: {answer.nodes} nodes, "
            f"{answer.usage.calls} model calls, {answer.seconds:.1f} s. Run {answer.run}."
        )
    )


def source_line(number: int, source: Json) -> str:
    """One source as `[1] name, line 12, page 3: text`; a source that is not in the text says so."""
    if source["status"] == "missing":
        nearest = f" (nearest: {brief(source['nearest'])})" if source["nearest"] else ""
        return f"  [{number}] NOT FOUND IN THE DOCUMENTS: {brief(source['text'])}{nearest}"
    return f"  [{number}] {placed(source)}"


def quote_lines(agreement: Json, answer: str) -> list[str]:
    """A line for each quote of an answer that is not as the documents have it, with the nearest passage."""
    lines = []
    for quote in (agreement or {}).get("quotations", ()):
        if quote["status"] not in ("missing", "elsewhere"):
            continue
        said = brief(answer[quote["start"] : quote["end"]])
        where = f"not in {quote['given']}" if quote["given"] else "not word for word in the documents"
        near = {**quote, "text": quote["nearest"]}
        lines.append(
            f"  NOT SO QUOTED ({where}): {said}" + (f" (nearest: {placed(near)})" if quote["name"] else "")
        )
    return lines


def placed(source: Json) -> str:
    """A passage with its place: `name, line 12, page 3: text`."""
    return f"{source['name']}, {said(source)}: {brief(source['text'])}"
