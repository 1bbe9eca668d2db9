"""`runs`, `corpora`, `show`, `delete`: what is stored, and how it goes away."""

from __future__ import annotations

import argparse
import json
import math
import sys
from datetime import datetime

from rich.table import Table
from rich.tree import Tree

from app.command_line.commands.ask import placed, quote_lines, source_line
from app.command_line.keeping.receipt import receipt_words
from app.command_line.terminal import brief, console, printable, safe
from engine.answer.agreement import sentence
from engine.corpus import coverage
from engine.errors import InputError
from engine.events import (
    CellEnded,
    CellStarted,
    Event,
    NodeEnded,
    NodeStarted,
    Note,
    OutputWritten,
    ReplyWritten,
    RunResumed,
    Unreadable,
)
from engine.prompt import output_text
from engine.store import Store
from engine.store.location import data_folder
from engine.types import Json

REPLY_CHARS = 1000  # of a reply without a cell
OUTPUT_CHARS = 2000  # of a cell's output
LISTED = "`runs`, `corpora` and `lists` list what is stored."


def runs(options: argparse.Namespace) -> int:
    """List past runs, newest first."""
    with Store(data_folder(options.data)) as store:
        rows, measured = store.runs(), store.trial_runs()
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    table = Table("run", "status", "question", "answer", "seconds", "follows", box=None, header_style="bold")
    for row in (row for row in rows if row["run"] not in measured):
        seconds = f"{row['seconds']:.1f}" if row.get("seconds") is not None else ""
        question, answer = (safe(brief(row.get(k) or "")) for k in ("question", "answer"))
        table.add_row(row["run"], row["status"], question, answer, seconds, row["follows"] or "")
    show_table(table, "no runs yet")
    if measured:
        print(f"and {len(measured):,} of the bench, which --json lists as well")
    return 0


def corpora(options: argparse.Namespace) -> int:
    """List the corpora that are stored."""
    with Store(data_folder(options.data)) as store:
        rows = store.corpora()
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    table = Table("corpus", "name", "documents", "characters", "not read", box=None, header_style="bold")
    for row in rows:
        counts = (f"{row[k]:,}" for k in ("documents", "chars"))
        table.add_row(row["corpus"], safe(brief(row["name"])), *counts, str(len(row["skipped"])))
    show_table(table, "no corpora yet")
    return 0


def show(options: argparse.Namespace) -> int:
    """Show one run as a tree: nodes, cells, outputs, answer. Raises InputError for an unknown run."""
    with Store(data_folder(options.data)) as store:
        row = store.run(options.run)
        events = store.events(row["run"])
    if options.json:
        print(json.dumps([e.to_json() for e in events], ensure_ascii=False))
        return 0
    out = console(wrap=True)
    when = datetime.fromtimestamp(events[0].ts).strftime("%Y-%m-%d %H:%M")
    out.print(f"{row['run']}  {row['status']}  {when}")
    if row["follows"]:
        out.print(f"follows {row['follows']} in the session {row['session']}")
    if forked := row["forked"]:
        out.print(f"forked from {forked['run']} at cell {forked['cell']} of node {forked['node']}")
    out.print(run_tree(events))
    if row.get("reason"):
        forced = "asked for at a limit: " if row["forced"] else ""
        out.print(safe(f"({forced}{row['reason']})"))
    if row.get("answer") is not None:
        out.print(safe(f"Answer: {row['answer']}", "bold"))
    if row.get("passages"):
        out.print("Found by search, not by the model")
    for passage in row.get("passages") or ():
        out.print(safe(f"  - {placed(passage)}"))
    if agreed := sentence(row.get("agreement")):
        out.print(safe(f"{agreed}."))
    for number, source in enumerate(row.get("sources") or (), 1):
        out.print(safe(source_line(number, source)))
    for told in quote_lines(row.get("agreement"), row.get("answer") or ""):
        out.print(safe(told))
    if row.get("coverage"):
        out.print(safe(f"{coverage.sentence(row['coverage'])}."))
        out.print(files_table(row["coverage"]))
    return 0


def files_table(account: Json) -> Table:
    """What was read and quoted of each file, with a strip that shows where: "." read, "#" quoted."""
    table = Table("file", "searched", "lines", "read", "quoted", "where", box=None, header_style="bold")
    for file in account["files"]:
        if "lines" not in file:  # a record of an older version
            continue
        counts = (f"{file[key]:,}" for key in ("lines", "lines_read", "lines_quoted"))
        searched = "yes" if file["searched"] else "no"
        table.add_row(safe(brief(file["name"])), searched, *counts, f"[{coverage.strip(file)}]")
    return table


def run_tree(events: list[Event]) -> Tree:
    """Nodes under their parents, each with its cells, outputs and notes in the order they happened."""
    branches: dict[str, Tree] = {}
    outputs: dict[tuple[str, int], list[Json]] = {}
    sure: dict[str, str] = {}
    top = Tree("run", hide_root=True)
    for event in events:
        node = event.node
        branch = branches.get(node, top)
        match event.fact:
            case NodeStarted() as fact:
                parent = branches.get(fact.parent or "", top)
                branches[node] = parent.add(safe(f"{node} {fact.kind}: {brief(fact.question)}", "bold"))
            case ReplyWritten() as fact:
                sure[node] = sureness(fact.confidence)
                if not fact.code:
                    branch.add(safe(fact.text[:REPLY_CHARS], "dim"))
            case CellStarted() as fact:
                outputs[node, fact.cell] = []
                branch.add(safe(f"cell {fact.cell}\n{fact.code}", "cyan"))
            case OutputWritten() as fact:
                outputs.setdefault((node, fact.cell), []).append(fact.output)
            case CellEnded() as fact:
                text = output_text(outputs.pop((node, fact.cell), []))
                if text:
                    branch.add(safe(text[:OUTPUT_CHARS]))
            case Note() as fact:
                branch.add(safe(fact.text, "yellow"))
            case NodeEnded(answer=answer) if node != "0":
                said = f"= {brief(answer or 'no answer')}{sure.get(node, '') if answer else ''}"
                branch.add(safe(said, "green"))
            case RunResumed():
                branch.add(safe("the run was resumed here", "yellow"))
            case Unreadable() as fact:
                branch.add(safe(fact.sentence, "yellow"))
    return top


def sureness(confidence: float | None) -> str:
    """How sure a model was of a reply, for a person: ", 87 % sure"; "" where it is not known."""
    return "" if confidence is None else f", {min(99, round(100 * math.exp(confidence)))} % sure"


def delete(options: argparse.Namespace) -> int:
    """Delete a run, or a corpus with its runs after naming them. Asks only on a terminal."""
    with Store(data_folder(options.data)) as store:
        row, what = find(store, options.id)
        name = row[what]
        affected = [] if what != "corpus" else [r["run"] for r in store.runs() if r["corpus"] == name]
        if affected:
            print(f"Corpus {name} has {len(affected)} run(s): {', '.join(affected)}", file=sys.stderr)
        if not options.yes:
            if not sys.stdin.isatty():
                raise InputError(f"deleting {what} {name} needs --yes here, because nobody can be asked")
            if input(f"Delete {what} {name} for good? [y/N] ").strip().lower() not in ("y", "yes"):
                print("nothing was deleted")
                return 1
        take = {"run": store.delete_run, "corpus": store.delete_corpus, "list": store.delete_list}[what]
        receipt = take(name)
    print(json.dumps(receipt, ensure_ascii=False))
    if not options.json:
        print(printable(receipt_words(receipt)), file=sys.stderr)
    return 0


def find(store: Store, id: str) -> tuple[Json, str]:
    """The run, corpus or list with this id or beginning, and which it is. Raises InputError for none or several."""
    if not id:
        raise InputError(f"no id was given. {LISTED}")
    found: list[tuple[Json, str]] = []
    problems: list[str] = []
    for look_up, what in ((store.run, "run"), (store.corpus, "corpus"), (store.question_list, "list")):
        try:
            found.append((look_up(id), what))
        except InputError as error:
            problems.append(str(error))
    exact = [(row, what) for row, what in found if row[what] == id]
    if exact:
        return exact[0]
    if several := next((problem for problem in problems if "More than one" in problem), ""):
        raise InputError(several)
    if len(found) > 1:
        raise InputError(f"{id!r} begins both a {found[0][1]} and a {found[1][1]}; give more of the id")
    if not found:
        raise InputError(f"There is no run, corpus or list {id!r}. {LISTED}")
    return found[0]


def show_table(table: Table, empty: str) -> None:
    """Print a table, or a word when there is nothing in it. Piped, a row stays one line."""
    console(wrap=True).print(table if table.row_count else empty)
