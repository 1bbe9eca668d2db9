"""`ask --questions` and `lists`: a list of questions asked row by row, gone on with after a stop, shown and saved."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.command_line.progress import Reporter
    from engine.store import Store

SUFFIXES = (".csv", ".xlsx")


def add_options(ask: argparse.ArgumentParser) -> None:
    """The options that make a list of an `ask`."""
    group = ask.add_argument_group(
        "a list of questions (the same command goes on with a list that was stopped)"
    )
    group.add_argument(
        "--questions", metavar="FILE", help="ask every question of a CSV or text file, in place of one"
    )
    group.add_argument("--column", metavar="NAME", help="the column of the questions (default: question)")
    group.add_argument("--each", action="store_true", help="ask about every document by itself, a row each")
    group.add_argument("-o", "--output", metavar="FILE", help="save the table as FILE.csv or FILE.xlsx")


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """The command `lists`."""
    parser = commands.add_parser(
        "lists", parents=[common], help="show the lists of questions, or one of them"
    )
    parser.add_argument("list", nargs="?", metavar="LIST", help="a list's id, or enough of its beginning")
    parser.add_argument("-o", "--output", metavar="FILE", help="save its table as FILE.csv or FILE.xlsx")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Show all lists, or one. Raises InputError for an unknown one."""
    from engine.store import Store
    from engine.store.location import data_folder

    check_output(options.output)
    with Store(data_folder(options.data)) as store:
        if options.list is not None:
            name = store.question_list(options.list)["list"]
            show(store, name, options)
            return 0
        rows = store.question_lists()
    if options.output:
        from engine.errors import InputError

        raise InputError("name the list whose table is to be saved, as in: lists LIST -o answers.csv")
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    from rich.table import Table

    from app.command_line.commands.records import show_table
    from app.command_line.terminal import brief, safe

    table = Table("list", "title", "corpus", "rows", "answered", "left", box=None, header_style="bold")
    for row in rows:
        counts = (row["rows"], row["counts"].get("answered", 0), left_of(row))
        names = (safe(brief(row[key] or "")) for key in ("title", "corpus_name"))
        table.add_row(row["list"], *names, *(f"{count:,}" for count in counts))
    show_table(table, "no lists yet")
    return 0


def ask(options: argparse.Namespace) -> int:
    """Exit status 0 every row answered, 1 some not, 130 stopped. Raises TaprootError for bad input (2)."""
    from app.command_line.commands.ask import existing, settings_of, split_words
    from app.command_line.engine import opened
    from app.command_line.folders.unlock import passwords_of
    from app.command_line.progress import reporter_for
    from engine.bench.router import route
    from engine.errors import Cancelled, InputError
    from engine.questions import lists, reading

    check_output(options.output)
    if options.follow or (options.column and not options.questions):
        raise InputError(
            "A list follows no run, and --column names one of --questions. Leave out --follow or --column."
        )
    if options.questions:
        paths, read = existing(options.words), reading.read(Path(options.questions), options.column)
        title = Path(options.questions).name
    else:
        paths, question = split_words(options.words)
        title = " ".join(question.split())
        read = reading.typed(title)
    passwords = passwords_of(options)
    with (
        reporter_for(options) as reporter,
        opened(options, reporter.say, reporter.loading) as (engine, stop),
    ):
        for notice in read.notices:
            reporter.say(notice)
        corpus = engine.add(paths, progress=reporter.reading, stop=stop, passwords=passwords)
        reporter.corpus(corpus)
        name = lists.unfinished(engine, lists.key_of(corpus.id, read.questions, each=options.each))
        if name is None:
            settings = settings_of(options)
            name = lists.begin(
                engine, corpus, read.questions, each=options.each, settings=settings, title=title
            )
        summary = engine.store.question_list(name)
        done = summary["rows"] - lists.left(summary)
        going = f"going on with list {name}, {done:,} of {summary['rows']:,} rows are done"
        reporter.say(going if done else f"list {name}, {summary['rows']:,} rows")
        stopped = False
        try:
            lists.go_on(
                engine,
                name,
                corpus,
                stop=stop,
                strategy=lambda info: route(engine, info),
                hooks=reporter.hooks() if options.events else None,
                progress=lambda row: tell(reporter, row, summary["rows"]),
            )
        except Cancelled:
            stopped = True
        found = engine.store.question_list(name)
        show(engine.store, name, options)
    if stopped:
        print(
            f"taproot: stopped; the same command goes on with the {lists.left(found):,} rows left",
            file=sys.stderr,
        )
        return 130
    return 0 if found["counts"].get("answered", 0) == found["rows"] else 1


def tell(reporter: Reporter, row: dict[str, Any], rows: int) -> None:
    """One line when a row ends; the moving status while it runs."""
    from app.command_line.terminal import brief

    at = f"{row['number']:,} of {rows:,}: {brief(row['question'])}"
    if row["status"] == "running":
        reporter.phase(at)
    else:
        reporter.say(f"{at}: {row['status']}{': ' + row['problem'] if row['problem'] else ''}")


def left_of(row: dict[str, Any]) -> int:
    """How many rows of a list have no end yet."""
    from engine.questions.lists import left

    return left(row)


def check_output(output: str | None) -> None:
    """Raises InputError for a file that cannot be written, before anything is asked."""
    from engine.errors import InputError
    from engine.paths import expanded

    if output is None:
        return
    path = expanded(output)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path.name} is neither .csv nor .xlsx; name the file answers.csv or answers.xlsx")
    if not path.parent.is_dir() or path.is_dir():
        raise InputError(f"There is no folder {path.parent} to write {path.name} into. Make it first.")


def show(store: Store, name: str, options: argparse.Namespace) -> None:
    """Save the table of a list where a file was named; print it, or the whole object as JSON."""
    from rich.table import Table

    from app.command_line.terminal import brief, console, safe
    from engine.answer.agreement import sentence
    from engine.paths import expanded
    from engine.questions.lists import rows_with_answers
    from engine.questions.table import save

    rows = rows_with_answers(store, name)
    if options.output:
        save(expanded(options.output), rows)
    if options.json:
        print(json.dumps({**store.question_list(name), "table": rows}, ensure_ascii=False))
        return
    if options.output:
        print(f"{len(rows):,} rows written to {options.output}")
        return
    table = Table("row", "document", "question", "answer", "sources", "run", box=None, header_style="bold")
    for row in rows:
        answer = row["answer"] if row["answer"] is not None else f"({row['status']})"
        said = sentence(row["agreement"])
        sources = f"{len(row['sources'])}{f', {said[0].lower()}{said[1:]}' if said else ''}"
        texts = (safe(brief(text)) for text in (row["name"], row["question"], answer, sources))
        table.add_row(str(row["number"]), *texts, row["run"] or "")
    console(wrap=True).print(table)
