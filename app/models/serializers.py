"""What the page and the command say of models, as JSON: files, the loaded one, the catalogue, the machine."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from app.models.catalogue import Entry
from app.models.download.downloads import Progress, endpoint
from app.models.model_files import Book
from engine.llm.gguf.facts import GgufFacts
from engine.llm.gguf.fit import Fit, Room, largest
from engine.llm.gguf.memory import estimate, gib, pool_of
from engine.llm.local.load.probe_records import Known
from engine.llm.machine import hardware
from engine.llm.remote.endpoint import is_remote, read_endpoint
from engine.llm.sampling import choose_sampling, describe
from engine.types import Json, ModelInfo
from models import default


def facts_json(facts: GgufFacts) -> Json:
    """Facts of a file. Sizes in bytes, windows in tokens."""
    return {
        "path": str(facts.path),
        "name": facts.name,
        "architecture": facts.architecture,
        "parameters": facts.parameters,
        "quantization": facts.quantization,
        "license": facts.license,
        "size": facts.size,
        "parts": len(facts.parts),
        "layers": facts.layers,
        "window_trained": facts.n_ctx_train,
        "cache_per_token": facts.kv_bytes,
        "recurrent": facts.weights.recurrent > 0,
        "template": facts.template is not None,
        "sampling": f"{describe(facts.advice.sampling)}{_by(facts.advice.source)}",
        "thinks": facts.advice.thinks,
        "default": facts.path == default.model_file(),
    }


def _by(source: str) -> str:
    return f" (recommended: {source})" if source else ""


def fit_json(fit: Fit) -> Json:
    """How a model would be loaded. Bytes and tokens; `level`: good, tight or none."""
    return {
        "ok": fit.ok,
        "level": "none" if not fit.ok else "tight" if fit.notices else "good",
        "window": fit.window,
        "memory": fit.need.ram,
        "gpu_memory": fit.need.gpu,
        "gpu_layers": fit.gpu_layers,
        "cache_type": fit.cache_type,
        "threads": fit.threads,
        "batch": fit.batch,
        "slots": fit.slots,
        "cache": fit.need.cache,
        "weights": fit.need.mapped,
        "buffers": fit.need.buffers,
        "problem": fit.problem,
        "notices": list(fit.notices),
    }


def inspected(facts: GgufFacts, fit: Fit, known: Known) -> Json:
    """Facts and fit of one file, with what larger windows would need, and what loading it before has taught."""
    windows = sorted(
        {fit.window, *(w for w in (4096, 8192, 16384, 32768, 65536, 131072) if w <= facts.n_ctx_train)}
    )
    return {
        **facts_json(facts),
        "fit": fit_json(fit),
        "switched_off": list(known.reasons),
        "restarts": known.retreats,
        "memory_by_window": {str(w): estimate(facts, w, pool=pool_of(facts, w)).ram for w in windows},
    }


def book(found: Book, fit: Fit | None, *, in_use: bool) -> Json:
    """A file of the shelf. `state`: ready, growing (being copied) or bad."""
    base = {
        "path": str(found.path),
        "file": found.path.name,
        "folder": str(found.path.parent),
        "size": found.size,
    }
    if found.facts is None or fit is None:
        return {
            **base,
            "state": "growing" if found.growing else "bad",
            "name": found.path.stem,
            "problem": without_path(found.problem, found.path),
            "loaded": False,
            "fit": None,
        }
    return {**base, **facts_json(found.facts), "state": "ready", "loaded": in_use, "fit": fit_json(fit)}


def file_of(path: str) -> str:
    """How a model is called where there is no room for its path: its file, or the server it is on."""
    return read_endpoint(path).label if is_remote(path) else Path(path).name


def loaded(info: ModelInfo, path: str, facts: GgufFacts | None, fit: Fit | None, memory: int) -> Json:
    """The model that answers new questions. `memory`: bytes its process holds now."""
    return {
        **(facts_json(facts) if facts else {}),
        "path": path,
        "file": file_of(path),
        "remote": info.remote,
        "outside": is_remote(path) and not read_endpoint(path).here,
        "name": info.name,
        "window": info.n_ctx,
        "chars_per_token": info.chars_per_token,
        "own_template": info.template == "own",
        "notices": list(dict.fromkeys([*info.notices, *(fit.notices if fit else ())])),
        "memory": memory,
        "pool": info.pool,
        "gpu_layers": info.gpu_layers,
        "cache_type": info.cache_type,
        "threads": info.threads,
        "burst_threads": info.burst_threads,
        "read_rate": info.read_rate,
        "write_rate": info.write_rate,
        "burst_rate": info.burst_rate,
        "batch": info.batch,
        "slots": info.slots,
        "sampling": f"{describe(choose_sampling(info, None, 0))}"
        + _by("" if any(one.serves("root") for one in info.adapters) else info.sampling_source),
        "adapters": [asdict(adapter) for adapter in info.adapters],
        "default": bool(facts and facts.path == default.model_file()),
    }


def entry(wanted: Entry, room: Room, books: Sequence[Book], progress: Progress | None, asked: Json) -> Json:
    """An entry of the catalogue: whether it is there, how large, whether it should fit, how its download stands."""
    there = next((b for b in books if b.facts and fnmatch.fnmatch(b.path.name, _first_part(wanted))), None)
    size = sum(file["size"] for file in (asked or {}).get("files", ()))
    known = size or (there.facts.size if there and there.facts else 0)
    about = known or (int(wanted.about_gb * 1e9) if wanted.about_gb else 0)
    most = largest(room)
    level = None if not about else "none" if about > most else "tight" if about > most * 0.8 else "good"
    return {
        **wanted.to_json(),
        "license": (asked or {}).get("license") or wanted.license,
        "bytes": known,
        "about_bytes": about,
        "asked": bool(size),
        "problem": (asked or {}).get("problem", ""),
        "level": level,
        "fits_up_to": most,
        "there": str(there.path) if there else None,
        "download": asdict(progress) if progress and not (there and progress.state == "finished") else None,
    }


def hardware_panel(machine: hardware.Machine, build: hardware.Build | None) -> Json:
    """The machine and what llama.cpp can use of it; `build` None while it is being asked."""
    better = hardware.rebuild(machine.gpus, build) if build else None
    return {
        "processor": machine.processor,
        "cores": machine.cores,
        "memory": machine.memory,
        "free": machine.free,
        "gpus": [asdict(gpu) for gpu in machine.gpus],
        "build": asdict(build) if build else None,
        "rebuild": asdict(better) if better else None,
        "hub": endpoint(),
    }


def label(facts: GgufFacts) -> str:
    """A model in a list: name, quantization, size."""
    rest = [part for part in (facts.quantization, gib(facts.size)) if part]
    return " · ".join([facts.name, *rest])


def without_path(sentence: str, path: Path) -> str:
    """A problem without the long path, which stands beside it."""
    return re.sub(rf"\s*{re.escape(str(path))}", " " + path.name, sentence).strip()


def _first_part(wanted: Entry) -> str:
    return Path(wanted.file).name
