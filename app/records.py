"""`runs`, `corpora`, `show`, `delete`: what is stored, and how it goes away."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from app.ask import printable
from engine.errors import InputError
from engine.prompt import output_text
from engine.store import Store
from engine.store.location import data_folder
from engine.types import Json, to_json

WIDTH = 100
REPLY_CHARS = 1000  # of a reply without a cell
OUTPUT_CHARS = 2000  # of a cell's output


def runs(options: argparse.Namespace) -> int:
    """List past runs, newest first."""
    with Store(data_folder(options.data)) as store:
        rows = store.runs()
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    table = Table("run", "status", "question", "answer", "seconds", box=None, header_style="bold")
    for row in rows:
        seconds = f"{row['seconds']:.1f}" if row.get("seconds") is not None else ""
        table.add_row(
            row["run"], row["status"], brief(row["question"]), brief(row.get("answer") or ""), seconds
        )
    show_table(table, "no runs yet")
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
        table.add_row(row["corpus"], brief(row["name"]), *counts, str(len(row["skipped"])))
    show_table(table, "no corpora yet")
    return 0


def show(options: argparse.Namespace) -> int:
    """Show one run as a tree: nodes, cells, outputs, answer. Raises InputError for an unknown run."""
    with Store(data_folder(options.data)) as store:
        row = store.run(options.run)
        events = store.events(row["run"])
    if options.json:
        print(json.dumps([to_json(e) for e in events], ensure_ascii=False))
        return 0
    console = Console(highlight=False)
    when = datetime.fromtimestamp(events[0].ts).strftime("%Y-%m-%d %H:%M")
    console.print(f"[bold]{escape(row['run'])}[/bold]  {row['status']}  {when}")
    console.print(run_tree(events))
    if row.get("answer") is not None:
        console.print(f"[bold]Answer[/bold] {escape(printable(row['answer']))}")
    return 0


def run_tree(events: list) -> Tree:
    """Nodes under their parents, each with its cells, outputs and notes in the order they happened."""
    branches: dict[str, Tree] = {}
    outputs: dict[tuple[str, int], list[Json]] = {}
    top = Tree("run", hide_root=True)
    for event in events:
        node, payload = event.node, event.payload
        match event.kind:
            case "node_started":
                parent = branches.get(payload["parent"] or "", top)
                label = f"[bold]{node}[/bold] {payload['kind']}: {escape(brief(payload['question']))}"
                branches[node] = parent.add(label)
            case "turn_finished" if not payload["code"]:
                branches[node].add(f"[dim]{escape(printable(payload['text'][:REPLY_CHARS]))}[/dim]")
            case "cell_started":
                outputs[node, payload["cell"]] = []
                branches[node].add(
                    f"[cyan]cell {payload['cell']}[/cyan]\n{escape(printable(payload['code']))}"
                )
            case "output":
                outputs[node, payload["cell"]].append(payload["output"])
            case "cell_finished":
                text = output_text(outputs.pop((node, payload["cell"]), []))
                if text:
                    branches[node].add(escape(printable(text[:OUTPUT_CHARS])))
            case "note":
                branches[node].add(f"[yellow]{escape(payload['text'])}[/yellow]")
            case "node_finished" if node != "0":
                branches[node].add(f"[green]= {escape(brief(payload['answer'] or 'no answer'))}[/green]")
    return top


def delete(options: argparse.Namespace) -> int:
    """Delete a run, or a corpus with its runs after naming them. Asks only on a terminal."""
    with Store(data_folder(options.data)) as store:
        row, is_run = find(store, options.id)
        what = "run" if is_run else "corpus"
        name = row[what]
        affected = [] if is_run else [r["run"] for r in store.runs() if r["corpus"] == name]
        if affected:
            print(f"Corpus {name} has {len(affected)} run(s): {', '.join(affected)}", file=sys.stderr)
        if not options.yes:
            if not sys.stdin.isatty():
                raise InputError(f"deleting {what} {name} needs --yes here, because nobody can be asked")
            if input(f"Delete {what} {name} for good? [y/N] ").strip().lower() not in ("y", "yes"):
                print("nothing was deleted")
                return 1
        receipt = store.delete_run(name) if is_run else store.delete_corpus(name)
    print(json.dumps(receipt, ensure_ascii=False))
    return 0


def find(store: Store, id: str) -> tuple[Json, bool]:
    """The run or corpus with this id or beginning, and whether it is a run. Raises InputError."""
    for row in store.corpora():
        if row["corpus"] == id:
            return row, False
    matching = [row for row in store.corpora() if row["corpus"].startswith(id)]
    try:
        return store.run(id), True
    except InputError:
        if len(matching) == 1:
            return matching[0], False
        raise


def brief(text: str) -> str:
    """One line of at most 100 characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."


def show_table(table: Table, empty: str) -> None:
    """Print a table, or a word when there is nothing in it. Piped, a row stays one line."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 400)
    if table.row_count:
        console.print(table)
    else:
        console.print(empty)
