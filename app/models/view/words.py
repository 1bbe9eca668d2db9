"""What the Models view shows, in words, from `app.models.service.Models.overview`: `models.js` only lays it out. Pure.

A row is one model of a list. Its chips are (tone, words, title), its facts (name, words), its action what a press does
with it; what is not there is "" or None. Text of files and of the Hub stays as it is: the page shows it as text.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from app.text.words import left, many
from engine.llm.gguf.memory import gib
from engine.types import Json

GROUPS = {
    "small": ("Small", "for any laptop"),
    "medium": ("Medium", "for 16 GB of memory or a graphics card"),
    "large": ("Large", "for 32 GB and more"),
    "own": ("Named by you", "downloads that are in no catalogue"),
}
GUESSES = {"good": ("ok", "should fit"), "tight": ("warn", "tight"), "none": ("bad", "too large here")}
ALONE = {"root": ", for the root alone", "sub": ", for sub-calls alone"}
LIMITS = (
    "This small model looks up, counts and lists in plain English documents. It does not summarise or reason: "
    "choose a larger one for that."
)


def page(found: Json) -> Json:
    """All that the view shows of an overview."""
    loading = found["loading"]
    return {
        "now": now(found["loaded"], loading, found["problem"]),
        "loading": loading and load(loading),
        "problem": trouble(found["problem"]),
        "folder": f"A GGUF dropped into {found['folders'][0]} appears here by itself.",
        "files": [file_row(file, loading) for file in found["files"] if file["state"] != "gone"],
        "note": f"Weights are downloaded only when you click, by a process of its own that reaches "
        f"{urlsplit(found['hardware']['hub']).netloc} and nothing else. Text of your documents leaves this machine only for "
        "a server that you choose here.",
        "groups": groups(found),
        "machine": machine(found["hardware"]),
    }


def now(loaded: Json, loading: Json, problem: Json) -> Json:
    """The model in use: title, chips, facts, notices, and the sentence when another could not be loaded."""
    title = loaded["name"] if loaded else loading["name"] if loading else "No model is loaded"
    stays = f" {loaded['name']} stays in use." if loaded else ""
    return {
        "title": title,
        "chips": _chips(loaded) if loaded else [],
        "facts": _facts(loaded) if loaded else [],
        "limits": LIMITS if loaded and loaded["default"] else "",
        "notices": loaded["notices"] if loaded else [],
        "problem": f"{trouble(problem)}{stays}" if problem and not loading else "",
    }


def trouble(problem: Json) -> str:
    """Why the last model did not come, "" where nothing stood in its way."""
    return f"{problem['file']} could not be loaded. {problem['message']}" if problem else ""


def _chips(loaded: Json) -> list[tuple[str, str, str]]:
    found = [("ok", "in use", "")]
    if loaded["remote"]:
        where = "text leaves this machine" if loaded["outside"] else "on a server of this machine"
        found.append(("warn", where, loaded["remote"]))
    if loaded["default"]:
        found.append(("", "comes with Taproot", ""))
    return found


def _facts(of: Json) -> list[tuple[str, str]]:
    remote, burst = of["remote"], of["burst_threads"]
    threads = many(of["threads"], "thread")
    if burst != of["threads"]:
        threads += f" ({burst} for sub-calls together)"
    on_gpu = f"the GPU with {of['gpu_layers']} of {of.get('layers')} layers" if of["gpu_layers"] > 0 else ""
    together = f"{many(of['slots'], 'reply', 'replies')}, {of['pool']:,} tokens kept"
    quantization, architecture = of.get("quantization"), of.get("architecture")
    return _known(
        ("Window", f"{of['window']:,} tokens"),
        ("Parameters", of.get("parameters") and count(of["parameters"])),
        ("Weights", quantization and dots(quantization, gb(of["size"]))),
        ("Memory now", of["memory"] > 0 and gib(of["memory"])),
        ("Architecture", architecture and dots(architecture, of.get("recurrent") and "hybrid")),
        ("At once", remote and many(of["slots"], "request")),
        ("Runs on", of["threads"] > 0 and dots(on_gpu, threads, of["cache_type"] != "f16" and "8-bit cache")),
        ("Speed here", of["write_rate"] > 0 and f"reads {of['read_rate']:,.0f}, writes {of['write_rate']:,.0f} tokens a second"),
        ("At once", not remote and of["slots"] > 0 and together),
        ("Server", remote),
        ("Template", not remote and ("its own" if of["own_template"] else "generic")),
        ("Draws", of["sampling"]),
        *(("LoRA adapter", f"{one['name']} at {one['scale']:g}{ALONE.get(one['scope'], '')}") for one in of["adapters"]),
        ("Licence", of.get("license")),
    )  # fmt: skip


def file_row(file: Json, loading: Json) -> Json:
    """A file on this machine; what is unfolded below it is in `details`."""
    row = {"key": file["path"], "file": file["file"], "state": file["state"], "name": file["name"]}
    if file["state"] != "ready":
        growing = file["state"] == "growing"
        about = "Still changing. It is read again as soon as it is whole." if growing else file["problem"]
        chip = ("", "being copied" if growing else "not usable", "")
        return {**row, "lines": [("muted small" if growing else "models-bad small", about)], "chips": [chip],
                "details": {"path": file["path"], "facts": [], "notices": []}}  # fmt: skip
    fit, busy = file["fit"], bool(loading) and loading["path"] == file["path"]
    about = dots(
        file["parameters"] and count(file["parameters"]),
        gb(file["size"]),
        f"{file['window_trained']:,} tokens",
        file["architecture"],
        file["license"],
        file["parts"] > 1 and many(file["parts"], "part"),
    )
    return {
        **row,
        "tag": file["quantization"],
        "lines": [("muted small", about)],
        "chips": [badge(fit)],
        "used": file["loaded"],
        "action": {"do": "load", "what": file["path"], "words": "Loading" if busy else "Load",
                   "label": f"Load {file['name']}", "off": bool(loading), "title": fit["problem"]},
        "details": {"path": file["path"], "settings": True, "facts": needs(file), "problem": fit["problem"],
                    "notices": fit["notices"]},
    }  # fmt: skip


def needs(file: Json) -> list[tuple[str, str]]:
    """What a file takes to be loaded."""
    fit = file["fit"]
    on_gpu = f"{gib(fit['gpu_memory'])}, {fit['gpu_layers']} of {file['layers']} layers"
    return _known(
        ("Memory it needs" if fit["ok"] else "Memory it would need", gib(fit["memory"])),
        ("Weights", fit["ok"] and gib(fit["weights"])),
        ("Cache of conversations", fit["ok"] and gib(fit["cache"])),
        ("Largest step", fit["ok"] and gib(fit["buffers"])),
        ("On the GPU", fit["ok"] and fit["gpu_memory"] > 0 and on_gpu),
        ("Cache per 1,000 tokens", gib(file["cache_per_token"] * 1000)),
        ("Chat template", "its own" if file["template"] else "none; the generic one"),
    )


def badge(fit: Json) -> tuple[str, ...]:
    """Whether a file fits the memory, with what it needs as the last part."""
    if not fit["ok"]:
        return ("bad", "too large", fit["problem"])
    tight = fit["level"] == "tight"
    title = f"Needs {gib(fit['memory'])} of memory with a window of {fit['window']:,} tokens"
    words = f"fits, {fit['window']:,} tokens" if tight else "fits"
    return ("warn" if tight else "ok", words, dots(title, *fit["notices"]), gib(fit["memory"]))


def groups(found: Json) -> list[Json]:
    """The catalogue by sizes, and downloads of what is in no catalogue."""
    own = [
        {
            "id": one["id"],
            "title": one["title"],
            "size": "own",
            "download": one,
            "repo": "",
            "about_bytes": one["total"],
        }
        for one in found["downloads"]
        if one["state"] != "finished"
    ]
    entries = [*found["catalogue"], *own]
    used = found["loaded"]["path"] if found["loaded"] else None
    sorted_in = {size: [one for one in entries if one["size"] == size] for size in GROUPS}
    return [
        {"key": size, "title": GROUPS[size][0], "about": GROUPS[size][1],
         "rows": [entry_row(one, used, bool(found["loading"])) for one in some]}
        for size, some in sorted_in.items()
        if some
    ]  # fmt: skip


def entry_row(entry: Json, used: str | None, busy: bool) -> Json:
    """An entry of the catalogue."""
    there, going = entry.get("there"), entry["download"]
    going = going if going and going["state"] != "finished" else None
    size = f"about {gb(entry['about_bytes'])}" if entry["about_bytes"] else "size asked at download"
    if entry.get("asked") or there:
        size = gb(entry["bytes"])
    chips = []
    if (guess := entry.get("level")) in GUESSES:
        chips.append((*GUESSES[guess], f"Files of up to {gb(entry['fits_up_to'])} fit the free memory"))
    action = None
    if there:
        action = {"do": "load", "what": there, "words": "In use" if used == there else "Load",
                  "label": f"Load {entry['title']}", "off": busy or used == there}  # fmt: skip
    elif not going:
        action = {
            "do": "download",
            "what": entry["id"],
            "words": "Download",
            "label": f"Download {entry['title']}",
        }
    row = {"key": entry["id"], "state": "", "name": entry["title"], "lines": [], "chips": chips, "action": action,
           "there": "downloaded" if there else "", "download": going and download(going)}  # fmt: skip
    if not entry["repo"]:
        return row
    row["lines"] = [
        ("muted small", dots(entry["parameters"], size, entry["license"] or "licence on its page"))
    ]
    if entry["good_for"]:
        row["lines"].append(("small", entry["good_for"]))
    read_in = f"Names read in: {entry['read_in']}. Size and checksum come from the Hub when it is downloaded."
    row["source"] = [f"{entry['repo']} / {entry['file']}", read_in, *filter(None, [entry["notes"]])]
    return {**row, "problem": entry["problem"]}


def load(of: Json) -> Json:
    """How a load stands, as `download` says it; its id is the path."""
    percent = round(100 * of["fraction"])
    words = f"{'Cancelling' if of['stopping'] else 'Loading'} {of['name']}"
    room = "; the model before was unloaded to make room" if of["unloaded"] and not of["stopping"] else ""
    return {
        "id": of["path"],
        "title": of["name"],
        "state": "stopping" if of["stopping"] else "loading",
        "tone": "",
        "words": f"{words}{room} · {percent} %",
        "label": words,
        "percent": percent,
        "buttons": [("Cancel", "cancel", f"Cancel loading {of['name']}")],
        "path": of["path"],
    }


def download(of: Json) -> Json:
    """How a download stands: words, percent (None without a meter), and buttons as (words, what they do, name)."""
    state, title = of["state"], of["title"]
    percent = 100 * of["done"] // of["total"] if of["total"] else 0
    so_far = f"{gb(of['done'])} of {gb(of['total'])}"
    words = {
        "connecting": "Asking the Hub",
        "downloading": dots(so_far, of["speed"] and f"{gb(of['speed'])}/s", left(of["left"])),
        "verifying": f"Checking the SHA-256 · {percent} %",
        "paused": f"Stopped at {so_far}" if of["total"] else "Stopped",
        "failed": of["message"],
    }
    failed, over, begun = state == "failed", state in ("failed", "paused"), of["done"] > 0
    again = "Try again" if failed and not begun else "Resume"
    rest = "Discard" if begun else "Dismiss"
    buttons = [(again, "go"), (rest, "discard")] if over else [("Cancel", "pause")]
    return {
        "id": of["id"],
        "title": title,
        "state": state,
        "tone": "models-bad" if failed else "muted",
        "words": words.get(state, ""),
        "label": f"Download of {title}",
        "percent": None if over and not begun else percent,
        "buttons": [(word, does, f"{word}: {title}") for word, does in buttons],
        "path": of["path"],
    }


def machine(of: Json) -> Json:
    """What this machine offers: facts, the percentage of memory in use, and what llama.cpp makes of it."""
    build, better = of["build"], of["rebuild"]
    gpus = "; ".join(
        dots(gpu["name"], gpu["memory"] and gib(gpu["memory"]), gpu["shared"] and "shares the memory")
        for gpu in of["gpus"]
    )
    built = build and (
        build["problem"] or dots(build["version"], f"built for {', '.join(build['backends'])}")
    )
    return {
        "facts": _known(
            ("Processor", dots(of["processor"], f"{of['cores']} cores")),
            ("Memory", f"{gib(of['free'])} free of {gib(of['memory'])}"),
            ("Graphics", gpus or "none found"),
            ("llama-cpp-python", built),
        ),
        "used": round(100 * (of["memory"] - of["free"]) / of["memory"]),
        "good": "llama.cpp uses the graphics card." if build and not better and of["gpus"] else "",
        "plain": ""
        if not build or of["gpus"]
        else "Models run on the processor. Small ones, and those with few active parameters (A3B), are pleasant there.",
    }


def idle(better: Json) -> tuple[str, str]:
    """That a graphics card lies idle, and what the command needs that builds llama.cpp for it."""
    missing = ", which is not installed" if better["missing"] else ""
    return (
        "The graphics card lies idle: this llama.cpp was built for the processor only. This command builds it for "
        f"{better['backend']}; then start Taproot again.",
        f"Needs {better['needs']}{missing}.",
    )


def gb(size: float) -> str:
    """A size of a file, 10^9 bytes to the GB: 4.7 GB, 312 MB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"


def count(parameters: int) -> str:
    """Parameters: 1.7 billion, 135 million."""
    return f"{parameters / 1e9:.1f} billion" if parameters >= 1e9 else f"{round(parameters / 1e6)} million"


def dots(*parts: Any) -> str:
    """The parts that are there, with dots between them."""
    return " · ".join(str(part) for part in parts if part)


def _known(*facts: tuple[str, Any]) -> list[tuple[str, str]]:
    return [(name, words) for name, words in facts if words]
