"""`models`: list what is there, download a model, look into a file."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from dataclasses import asdict

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from app.command_line.terminal import console, printable, safe
from app.models import catalogue
from app.models import serializers as described
from app.models.download.downloads import Fetches
from app.models.download.downloads import Progress as Download
from app.models.model_files import Shelf
from app.paths import ROOT
from app.preferences import Preferences
from engine.errors import InputError
from engine.llm.gguf.facts import GgufFacts, read_facts
from engine.llm.gguf.fit import Fit, Room, choose
from engine.llm.gguf.memory import gib
from engine.llm.local.load.probe_records import ProbeRecords
from engine.llm.machine import hardware
from engine.paths import expanded
from engine.store.location import data_folder
from engine.types import Json
from models import default


def models(options: argparse.Namespace) -> int:
    """Run one of list, get, inspect. Returns 0, or 1 when a download did not end well. Raises InputError."""
    match options.action:
        case "get":
            return get(options)
        case "inspect":
            return inspect(options)
    return listing(options)


def listing(options: argparse.Namespace) -> int:
    """Print the files that are there with their fit, and the catalogue."""
    data = data_folder(options.data)
    shelf = Shelf([ROOT / "models", data / "models"], Preferences(data), default.model_file)
    room, missing = room_here(), default.problem()
    books = shelf.books()
    files = [
        described.book(book, choose(book.facts, room) if book.facts else None, in_use=False) for book in books
    ]
    entries = [described.entry(entry, room, books, None, None) for entry in catalogue.load()]
    published = catalogue.adapters()
    if options.json:
        ours = {"name": default.NAME, "path": str(default.model_file()), "problem": missing}
        adapters = [one.to_json() for one in published]
        found = {"default": ours, "files": files, "catalogue": entries, "adapters": adapters}
        print(json.dumps(found, ensure_ascii=False))
        return 0
    out = console()
    if missing:
        out.print(safe(missing), highlight=False)
    elif not default.model_file().exists():
        out.print(safe(f"{default.NAME} is made at the first question."), highlight=False)
    for file in files:
        out.print(safe(f"{file['path']}"), style="bold", highlight=False)
        out.print(
            safe(f"    {file['problem'] if file['state'] != 'ready' else summary(file)}"), highlight=False
        )
    if not files:
        out.print(f"No GGUF files in {data / 'models'} or {ROOT / 'models'}.")
    out.print("\nCatalogue (download with: python3 launch.py models get NAME)", style="bold")
    for entry in entries:
        size = (
            f"about {entry['about_bytes'] / 1e9:.1f} GB" if entry["about_bytes"] else "size asked at download"
        )
        there = " · there" if entry["there"] else ""
        out.print(safe(f"  {entry['id']:<16} {entry['size']:<7} {size}{there}"), highlight=False)
        out.print(safe(f"    {entry['good_for']}"), highlight=False)
    out.print("\nAdapters for writing cells, none of them published as GGUF", style="bold")
    for one in published:
        place = one.repo or "repository not known"
        out.print(safe(f"  {one.title}: {place}, on {one.base}, {one.license}"), highlight=False)
        out.print(safe(f"    {one.facts}. Base as GGUF: {one.model}. {one.conversion}"), highlight=False)
    if published:
        out.print("  Then load its base with --lora ADAPTER.gguf@root; sub-calls are answered without it.")
    return 0


def inspect(options: argparse.Namespace) -> int:
    """Print facts of a file, without one of the default model, and how it would be loaded here."""
    file = options.name or default.provide(lambda line: print(f"taproot: {line}", file=sys.stderr))
    facts = read_facts(expanded(file).absolute())
    fit, records = choose(facts, room_here()), ProbeRecords(data_folder(options.data))
    if options.forget:
        records.forget(facts)
    found = described.inspected(facts, fit, records.of(facts))
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    print_facts(facts, fit, found)
    return 0


def print_facts(facts: GgufFacts, fit: Fit, found: Json) -> None:
    """The facts, one to a line."""
    parts = f" in {len(facts.parts)} parts" if len(facts.parts) > 1 else ""
    rows = {
        "name": facts.name,
        "architecture": facts.architecture + (", recurrent layers" if found["recurrent"] else ""),
        "parameters": f"{count(facts.parameters)}, {facts.quantization or 'unknown quantization'}",
        "file": gib(facts.size) + parts,
        "license": facts.license or "not said in the file",
        "window": f"trained for {facts.n_ctx_train:,} tokens",
        "template": "its own" if facts.template else "none; the generic one is used",
        "draws": found["sampling"],
        "memory": ", ".join(f"{int(w):,} tokens {gib(n)}" for w, n in found["memory_by_window"].items()),
        "here": fit.problem
        or f"fits with a window of {fit.window:,} tokens: {gib(fit.need.ram)} of memory"
        + (f", {gib(fit.need.gpu)} and {fit.gpu_layers} layers on the GPU" if fit.gpu_layers else ""),
    }
    for name, text in rows.items():
        print(printable(f"{name:<13} {text}"))
    for notice in (*fit.notices, *found["switched_off"]):
        print(printable(f"{'':<13} {notice}"))
    if found["switched_off"]:
        print(printable(f"{'':<13} `models inspect FILE --forget` lets the next load try all of it again."))


def get(options: argparse.Namespace) -> int:
    """Download a model into the data folder, with progress on stderr; Ctrl+C keeps what there is."""
    entries = catalogue.load()
    if not options.name:
        raise InputError(
            f"name the model: models get NAME. The catalogue holds: {', '.join(e.id for e in entries)}"
        )
    wanted = catalogue.find(options.name, entries)
    folder = data_folder(options.data) / "models"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    over = threading.Event()
    latest: list[Download] = []
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console(error=True),
        disable=not sys.stderr.isatty(),
    )
    task = bar.add_task(wanted.title, total=None)

    def changed(now: Download) -> None:
        latest[:] = [now]
        bar.update(
            task,
            description=printable(f"{now.title} {now.state}"),
            completed=now.done,
            total=now.total or None,
        )
        if now.over:
            over.set()

    fetches = Fetches(folder, changed)
    with bar:
        fetches.start(wanted)
        try:
            while not over.wait(0.2):
                pass
        finally:
            fetches.close()
    end = latest[0]
    if options.json:
        print(json.dumps(asdict(end), ensure_ascii=False))
    elif end.state == "finished":
        print(printable(end.path))
    if end.state != "finished":
        print(
            safe(f"taproot: {end.message or 'the download was stopped; start it again to go on'}"),
            file=sys.stderr,
        )
        return 1
    return 0


def count(parameters: int) -> str:
    """A number of parameters as people say it."""
    return f"{parameters / 1e9:.1f} billion" if parameters >= 1e9 else f"{parameters / 1e6:.0f} million"


def summary(file: Json) -> str:
    """One line about a usable file."""
    fit = file["fit"]
    words = [
        file["name"],
        file["quantization"],
        gib(file["size"]),
        f"{file['window_trained']:,} tokens",
        f"needs {gib(fit['memory'])} with {fit['window']:,} tokens"
        if fit["ok"]
        else "does not fit the free memory",
    ]
    return " · ".join(word for word in words if word)


def room_here() -> Room:
    """The free memory of this machine, for the llama.cpp installed."""
    return hardware.room(hardware.machine(), hardware.build())
