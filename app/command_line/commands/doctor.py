"""`doctor`: what this machine offers and whether the promises hold here: sandbox, offline, model, database."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from app.command_line.terminal import console, safe
from app.models.load_options import adapters_of, wish_of
from app.server import offline as guard
from app.setup import provenance
from engine import sandbox
from engine.errors import TaprootError
from engine.llm.gguf.adapters import Adapter, say
from engine.llm.gguf.fit import Wish
from engine.llm.machine.hardware import build, gpus, machine, rebuild
from engine.sandbox.probes import selftest
from engine.store import Store
from engine.store.database.database import BACKUPS
from engine.store.location import data_folder
from engine.types import Json
from models import default

GIB = 1024**3


def doctor(options: argparse.Namespace) -> int:
    """Print what was found. Exit status 0 when everything needed works, 1 when something is broken."""
    checks: dict[str, Callable[[], Json]] = {
        "python": python,
        "hardware": hardware,
        "sandbox": sandbox_level,
        "llama_cpp": llama_cpp,
        "model": lambda: model(
            str(options.model or default.provide()),
            wish_of(options),
            adapters_of(options),
            data_folder(options.data),
        ),
        "offline": offline,
        "data": lambda: data(data_folder(options.data)),
    }
    report = {name: attempt(check) for name, check in checks.items()}
    healthy = all(part["ok"] for part in report.values())
    if options.json:
        print(json.dumps({"ok": healthy, **report}, ensure_ascii=False))
    else:
        print_report(report)
    return 0 if healthy else 1


def attempt(check: Callable[[], Json]) -> Json:
    """Run one check; an expected error becomes its message, with ok False."""
    try:
        return {"ok": True, **check()}
    except (TaprootError, OSError, subprocess.SubprocessError, psutil.Error) as error:
        return {"ok": False, "problem": str(error)}


def python() -> Json:
    """The interpreter this runs in."""
    return {"version": platform.python_version(), "system": platform.platform(terse=True)}


def hardware() -> Json:
    """Processor, cores, memory in GiB, and the GPUs found."""
    found = machine()
    return {
        "processor": found.processor,
        "cores": found.cores,
        "memory_gib": round(found.memory / GIB, 1),
        "available_gib": round(found.free / GIB, 1),
        "gpu": ", ".join(gpu.name for gpu in found.gpus) or None,
    }


def sandbox_level() -> Json:
    """Which sandbox cells run in, proven by attacking it from a throwaway process."""
    level = sandbox.level()
    if not level.available:
        return {"ok": False, "problem": f"no cell can run: {level.detail}"}
    test = selftest()
    failed = [name for name, blocked in test.probes if not blocked]
    return {
        "ok": test.passed,
        "level": level.name,
        "detail": level.detail,
        "probes": len(test.probes),
        "failed": failed,
    }


def offline() -> Json:
    """Whether this process or a child has a connection to another machine open, now that the model was used."""
    me = psutil.Process()
    outside = [
        f"{connection.raddr.ip}:{connection.raddr.port}"
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.raddr and not connection.raddr.ip.startswith(("127.", "::1"))
    ]
    confined = "cells, parsers and the model cannot open any: the sandbox's probes tried; nor can the app's own process"
    leak = guard.proof()
    return {"ok": not (outside or leak), "connections": outside, "detail": leak or confined}


def llama_cpp() -> Json:
    """The installed llama.cpp binding, whether it can use a GPU, and how to rebuild it for the one found."""
    built = build()
    if built.problem:
        return {"ok": False, "problem": built.problem}
    better = rebuild(gpus(), built)
    return {
        "version": built.version,
        "installed": provenance(),
        "gpu": built.gpu,
        "backends": list(built.backends),
        "features": built.features,
        "rebuild": better.command if better else None,
        "rebuild_needs": better.needs if better else None,
    }


def model(path: str, wish: Wish, adapters: Sequence[Adapter] = (), folder: Path | None = None) -> Json:
    """Facts of the model and how it was loaded, after really loading it and asking it for the length of a word.
    `folder`: where what loading teaches is kept.

    One on a server is asked as well whether prompts as long as its window reach it whole.
    """
    from engine.llm import open_model
    from engine.llm.remote.model import RemoteModel

    loaded = open_model(path, wish=wish, adapters=adapters, data=folder)
    try:
        if isinstance(loaded, RemoteModel):
            loaded.prove()
        info = loaded.info
        return {
            "name": info.name,
            "path": info.path,
            "window": info.n_ctx,
            "kept_in_memory": info.pool,
            "gpu_layers": info.gpu_layers,
            "cache_type": info.cache_type,
            "threads": info.threads,
            "burst_threads": info.burst_threads,
            "tokens_per_second": {
                "read": info.read_rate,
                "written_alone": info.write_rate,
                "written_together": info.burst_rate,
            },
            "load_seconds": info.load_seconds,
            "probe_seconds": info.probe_seconds,
            "batch": info.batch,
            "slots": info.slots,
            "adapters": [say(adapter) for adapter in info.adapters],
            "server": info.remote or None,
            "parameters": info.parameters,
            "architecture": info.architecture,
            "notices": list(info.notices),
            "tokens_of_a_word": loaded.count("lighthouse"),
        }
    finally:
        loaded.close()


def data(folder: Path) -> Json:
    """The data folder, how much is in it, and whether the database is sound."""
    if not folder.exists():
        return {"folder": str(folder), "runs": 0, "corpora": 0, "detail": "created by the first question"}
    with Store(folder) as store:
        problems = store.check()
        return {
            "ok": not problems,
            "folder": str(folder),
            "runs": len(store.runs()),
            "corpora": len(store.corpora()),
            "problems": problems,
            "copies_before_migrations": [str(file) for file in sorted((folder / BACKUPS).glob("*.db"))],
            "free_gib": round(shutil.disk_usage(folder).free / GIB, 1),
        }


def print_report(report: dict[str, Json]) -> None:
    """One block per check, with a mark that needs no colour to be read."""
    out = console()
    for name, part in report.items():
        out.print(
            f"{name:<10} {'ok' if part['ok'] else 'PROBLEM'}", style="green" if part["ok"] else "bold red"
        )
        for key, value in part.items():
            if key != "ok" and value not in (None, [], ""):
                out.print(safe(f"           {key}: {value}"))
