"""`ask`: read the documents, run the model over them, print the answer with its sources."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from app.ask.estimate import estimate
from app.command_line.engine import opened
from app.command_line.keeping.compare import side_by_side
from app.command_line.progress import reporter_for
from app.command_line.terminal import brief, console, safe
from engine.answer.agreement import sentence
from engine.bench.router import route
from engine.compare import same_answer
from engine.compare.comparison import side_of
from engine.compare.record import Record, record
from engine.engine import Answer
from engine.errors import InputError
from engine.types import Json, Settings, to_json

SHOWN_SOURCES = 12


def ask(options: argparse.Namespace) -> int:
    """Exit status 0 answered, 1 no answer, 130 stopped. Raises TaprootError for bad input (2).

    Raises Cancelled when it was stopped before a run began.
    """
    paths, question = split_words(options.words)
    models = [options.model] if isinstance(options.model, str | None) else options.model
    if len(models) * len(options.depth) > 1:
        return ask_each(options, models, paths, question)
    options.model = models[0]
    settings = settings_of(options, options.depth[0])
    with (
        reporter_for(options) as reporter,
        opened(options, reporter.say, reporter.loading) as (engine, stop),
    ):
        corpus = engine.add(paths, progress=reporter.reading, stop=stop)
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
        strategy, hooks = route(engine, corpus), reporter.hooks()
        answer = engine.ask(question, corpus, settings, hooks=hooks, stop=stop, strategy=strategy)
    if options.json:
        print(json.dumps(answer.to_json(), ensure_ascii=False))
    else:
        print_answer(answer)
    if answer.status == "interrupted":
        print(f"taproot: stopped; what was done is kept as run {answer.run}", file=sys.stderr)
        return 130
    return 0 if answer.status == "answered" else 1


def settings_of(options: argparse.Namespace, depth: int) -> Settings:
    """The settings that the options name, with a depth."""
    return Settings(
        depth=depth,
        max_turns=options.turns,
        max_calls=options.calls,
        max_seconds=float(options.seconds),
        reply_tokens=options.reply_tokens,
        temperature=options.temperature,
        seed=options.seed,
    )


def ask_each(options: argparse.Namespace, models: list[str | None], paths: list[Path], question: str) -> int:
    """Ask every model with every depth, and print what each came to side by side. 0: all answered, 1: one did not."""
    records: list[Record] = []
    answers: list[Answer] = []
    with reporter_for(options) as reporter:
        for options.model in models:
            with opened(options, reporter.say, reporter.loading) as (engine, stop):
                corpus = engine.add(paths, progress=reporter.reading, stop=stop)
                for depth in options.depth:
                    stop.check()
                    reporter.say(f"{engine.model.info.name}, depth {depth}")
                    settings, hooks = settings_of(options, depth), reporter.hooks()
                    answers.append(engine.ask(question, corpus, settings, hooks=hooks, stop=stop))
                    records.append(record(engine.store.events(answers[-1].run)))
    if options.json:
        print(json.dumps({"runs": [answer.to_json() for answer in answers]}, ensure_ascii=False))
    else:
        sides = [side_of(one) for one in records]
        same = all(same_answer(sides[0].answer, side.answer) for side in sides)
        console(wrap=True).print(side_by_side(sides, first="" if same else "they differ"))
        print(f"\nTwo of them in full: launch.py compare {sides[0].run} {sides[-1].run}")
    return 0 if all(answer.status == "answered" for answer in answers) else 1


def split_words(words: list[str]) -> tuple[list[Path], str]:
    """Paths first, the question last. Raises InputError when one of them is missing or swapped."""
    *paths, question = words
    if not paths:
        if Path(question).expanduser().exists():
            raise InputError(
                'no question: put it in quotes after the paths, as in: ask FOLDER "How many ...?"'
            )
        raise InputError(
            'no path: name a file or folder before the question, as in: ask FOLDER "How many ...?"'
        )
    if os.path.lexists(Path(question).expanduser()):
        raise InputError(
            f"no question: the last word, {question}, is a path. Put the question after it, in quotes"
        )
    if not question.strip():
        raise InputError("the question is empty; write what you want to know in quotes after the paths")
    found = [Path(p).expanduser() for p in paths]
    for path in found:
        if not os.path.lexists(path):  # said before a large model is loaded
            raise InputError(f"There is no file or folder {path}. Check the spelling.")
    return found, question


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
    c = answer.coverage
    out.print(
        f"\n{c['documents_searched']} of {c['documents']} documents searched, {c['lines_read']} lines read by the "
        f"model, {c['skipped']} files not read. {answer.strategy.capitalize()}: {answer.nodes} nodes, {answer.usage.calls} model calls, "
        f"{answer.seconds:.1f} s. Run {answer.run}."
    )


def source_line(number: int, source: Json) -> str:
    """One source as `[1] name, line 12, page 3: text`; a source that is not in the text says so."""
    if source["status"] == "missing":
        nearest = f" (nearest: {brief(source['nearest'])})" if source["nearest"] else ""
        return f"  [{number}] NOT FOUND IN THE DOCUMENTS: {brief(source['text'])}{nearest}"
    return f"  [{number}] {placed(source)}"


def placed(source: Json) -> str:
    """A passage with its place: `name, line 12, page 3: text`."""
    page = f", page {source['page']}" if source["page"] else ""
    return f"{source['name']}, line {source['line']}{page}: {brief(source['text'])}"
