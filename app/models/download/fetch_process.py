"""The fetch process, `python -m app.models.download.fetch_process`: the only one of Taproot that may reach another machine.

One order as a frame on standard input, reports as frames on standard output, then it ends. It ends too when its
input is closed. It reaches the Hub whose address it was given and no other machine: names are checked before they
are looked up, addresses before they are connected to, and every URL before it is asked, redirects included.

Orders: {"do": "look", "models": [{"id", "repo", "file"}], "endpoint"} and {"do": "get", "id", "title", "repo",
"file", "folder", "endpoint"}. Reports: {"found": {...}}, {"state", "done", "total"}, {"finished": path}, {"failed": {"kind",
"message"}}; the kinds are offline, missing, refused, space, checksum, exists, hub and disk.
"""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import json
import os
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine import disk
from engine.sandbox import frames
from engine.sandbox.child import begin, until_the_end
from engine.sandbox.egress import only_where

HUB_DOMAINS = (".huggingface.co", ".hf.co")  # where huggingface.co keeps large files
ANSWER_SECONDS = 15
REPORT_SECONDS = 0.25
PARTS = ".downloads"  # the folder of what is not complete, beside the models
PIECE = 4 << 20  # bytes hashed at once
WRITTEN = 64 << 10  # bytes received at once

Report = Callable[[dict[str, Any]], None]


class Failure(Exception):
    """What a person is told. `kind` is for the program."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


def main() -> None:
    """Take one order, carry it out, say how it ended."""
    incoming, outgoing = begin()
    order, report = frames.read_header(incoming), frames.Writer(outgoing).send
    threading.Thread(target=until_the_end, args=(incoming.read,), daemon=True).start()
    try:
        only(order["endpoint"])
        {"look": look, "get": get}[order["do"]](order, report)
    except Exception as error:
        failure = explained(error, order["endpoint"])
        report({"failed": {"kind": failure.kind, "message": str(failure)}})


def only(endpoint: str) -> None:
    """Shut this process off from all machines but the Hub's (and a proxy that the environment names)."""
    hosts = {urlsplit(endpoint).hostname or ""}
    domains = HUB_DOMAINS if hosts & {"huggingface.co", "hf.co"} else ()
    proxies = {urlsplit(url).hostname or "" for url in urllib.request.getproxies().values()}

    def allowed(host: str, also: set[str] = proxies) -> bool:
        return host in hosts or host in also or host.endswith(domains or ("\0",))

    def refusal(what: str) -> Failure:
        return Failure("refused", f"Taproot downloads from {', '.join(hosts)} only; {what} was refused.")

    only_where(allowed, refusal)
    import httpx
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def check(request: httpx.Request) -> None:
        if not allowed(request.url.host, set()):
            raise Failure(
                "refused",
                f"The Hub sent the download on to {request.url.host}, which is not one of its own machines; "
                "that was refused.",
            )

    def client() -> httpx.Client:
        made = default_client_factory()
        made.event_hooks["request"].append(check)
        return made

    set_client_factory(client)


# --- what can be ordered ----------------------------------------------------------------------------------


def look(order: dict[str, Any], report: Report) -> None:
    """Ask the Hub for size, checksum and licence of each model. A model that is missing does not stop the rest."""
    for model in order["models"]:
        try:
            report({"found": {"id": model["id"], **described(model, order["endpoint"])}})
        except Exception as error:
            failure = explained(error, order["endpoint"])
            if failure.kind not in ("missing", "refused"):
                raise failure from error
            report({"found": {"id": model["id"], "problem": str(failure)}})
    report({"finished": ""})


def get(order: dict[str, Any], report: Report) -> None:
    """Download all files of one model, going on where an earlier try stopped, and check them."""
    from huggingface_hub.utils import WeakFileLock

    folder = Path(order["folder"])
    parts = folder / PARTS
    parts.mkdir(parents=True, exist_ok=True)
    report({"state": "connecting", "done": 0, "total": 0})
    found = described(order, order["endpoint"])
    total = sum(file["size"] for file in found["files"])
    note = parts / f"{order['id']}.json"
    note.write_text(
        json.dumps({**{k: order[k] for k in ("id", "title", "repo", "file")}, **found, "total": total})
    )
    report({"found": {"id": order["id"], **found}})
    try:
        with WeakFileLock(parts / f"{order['id']}.lock", timeout=1):
            missing = [file for file in found["files"] if not _is_there(folder / file["name"], file)]
            _check_space(folder, sum(file["size"] - _have(parts, file) for file in missing))
            progress = Progress(report, total, done=total - sum(file["size"] for file in missing))
            for file in missing:
                _fetch(order, found["revision"], file, parts, progress)
            for file in missing:
                (parts / f"{file['sha256']}.part").replace(folder / file["name"])
    except TimeoutError:
        raise Failure("exists", "This model is already being downloaded by another Taproot.") from None
    note.unlink(missing_ok=True)
    report({"finished": str(folder / found["files"][0]["name"])})


def described(model: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """What the Hub says of a model: revision, licence, and its files with size and SHA-256."""
    from huggingface_hub import HfApi

    info = HfApi(endpoint=endpoint, token=_token()).model_info(
        model["repo"], files_metadata=True, timeout=ANSWER_SECONDS
    )
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    files = []
    for name in chosen(list(siblings), model["file"], model["repo"]):
        size, lfs = siblings[name].size, siblings[name].lfs
        if not size or lfs is None or not re.fullmatch(r"[0-9a-f]{64}", lfs.sha256):
            raise Failure("hub", f"The Hub names no size and checksum for {name}, so it cannot be verified.")
        files.append({"path": name, "name": Path(name).name, "size": size, "sha256": lfs.sha256})
    license = info.card_data.get("license") if info.card_data else None
    return {"revision": info.sha, "license": license, "files": files}


def chosen(names: list[str], wanted: str, repo: str) -> list[str]:
    """The files that a name or pattern means: one GGUF, or all parts of one. Raises Failure for none or several."""
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        if name.lower().endswith(".gguf") and "mmproj" not in name.lower():
            groups.setdefault(re.sub(r"-\d{5}(-of-\d{5}\.gguf)$", r"\1", name), []).append(name)
    matches = [
        group
        for group in groups.values()
        if any(name == wanted or fnmatch.fnmatch(Path(name).name, wanted) for name in group)
    ]
    if len(matches) == 1:
        return matches[0]
    there = ", ".join(Path(group[0]).name for group in (matches or groups.values()))
    if not matches:
        raise Failure("missing", f"{repo} holds no {wanted}. It holds: {there or 'no GGUF file'}.")
    raise Failure("missing", f"{wanted} means several files of {repo}: {there}. Name one of them.")


# --- one file -----------------------------------------------------------------------------------------------


class Progress:
    """Counts bytes and reports a few times a second."""

    def __init__(self, report: Report, total: int, done: int):
        self._report, self._total = report, total
        self.done, self._last = done, 0.0

    def add(self, count: int, state: str = "downloading") -> None:
        """Count bytes; negative ones are lost again."""
        self.done += count
        now = time.monotonic()
        if now - self._last >= REPORT_SECONDS:
            self._last = now
            self.show(state, self.done)

    def show(self, state: str, done: int) -> None:
        """Report at once."""
        self._report({"state": state, "done": done, "total": self._total})


def _fetch(
    order: dict[str, Any], revision: str, file: dict[str, Any], parts: Path, progress: Progress
) -> None:
    """Bring one file's part to its full length, and check it. A wrong one is removed.

    `hf_hub_download` would begin anew after each cut, and compares sizes only.
    """
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    constants.DOWNLOAD_CHUNK_SIZE = WRITTEN  # a cut loses the chunk that was coming, by default 10 MiB
    part = parts / f"{file['sha256']}.part"
    have = _have(parts, file)
    progress.add(have)
    url = hf_hub_url(order["repo"], file["path"], revision=revision, endpoint=order["endpoint"])
    with part.open("r+b" if have else "wb") as target:
        target.seek(have)
        http_get(
            url,
            target,
            resume_size=have,
            headers=build_hf_headers(token=_token()),
            expected_size=file["size"],
            displayed_filename=file["name"],
            _tqdm_bar=_Bar(progress),
        )
        target.flush()
        os.fsync(target.fileno())
    if _sha256(part, file["size"], progress) != file["sha256"]:
        part.unlink()
        raise Failure(
            "checksum",
            f"{file['name']} arrived damaged: its SHA-256 is not the one the Hub names. It was removed; "
            "download it again.",
        )


class _Bar:
    """What `http_get` calls to show progress."""

    def __init__(self, progress: Progress):
        self._progress = progress

    def update(self, count: int) -> None:
        self._progress.add(count)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _sha256(path: Path, size: int, progress: Progress) -> str:
    digest, seen, last = hashlib.sha256(), 0, 0.0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            seen += len(piece)
            if time.monotonic() - last >= REPORT_SECONDS:
                last = time.monotonic()
                progress.show("verifying", progress.done - size + seen)
    return digest.hexdigest()


def _have(parts: Path, file: dict[str, Any]) -> int:
    """Bytes of a file that an earlier try left; more than the whole cannot be right and is thrown away."""
    part = parts / f"{file['sha256']}.part"
    have = part.stat().st_size if part.exists() else 0
    if have > file["size"]:
        part.unlink()
        return 0
    return have


def _is_there(path: Path, file: dict[str, Any]) -> bool:
    """Whether the file was downloaded before. Raises Failure when another file has its name."""
    if not path.exists():
        return False
    if path.stat().st_size == file["size"]:
        with path.open("rb") as there:
            if hashlib.file_digest(there, "sha256").hexdigest() == file["sha256"]:
                return True
    raise Failure(
        "exists",
        f"There is another file at {path}. Move it away or give it another name, then download again.",
    )


def _check_space(folder: Path, needed: int) -> None:
    room = disk.room(folder)
    if needed > room:
        raise Failure(
            "space",
            f"The download needs {needed / 1e9:.1f} GB more, and the disk of {folder} has room for {room / 1e9:.1f} GB. "
            "Free some space, or choose a smaller model; what was downloaded is kept.",
        )


# --- what went wrong ----------------------------------------------------------------------------------------


def explained(error: BaseException, endpoint: str) -> Failure:
    """Any error as a sentence with what to do next."""
    import httpx
    from huggingface_hub import errors

    host = urlsplit(endpoint).hostname
    chain: list[BaseException] = [error]
    while (under := chain[-1].__cause__ or chain[-1].__context__) is not None and under not in chain:
        chain.append(under)
    for one in chain:
        if isinstance(one, Failure):
            return one
    if isinstance(error, errors.GatedRepoError):
        return Failure(
            "refused",
            "Its owner wants the licence accepted first: accept it on the model's page, then set HF_TOKEN to an "
            "access token of yours and start Taproot again.",
        )
    if isinstance(error, errors.RepositoryNotFoundError | errors.RemoteEntryNotFoundError):
        return Failure("missing", "The Hub has no such repository or file, or it is private.")
    if isinstance(error, errors.HfHubHTTPError):
        return Failure(
            "hub", f"The Hub at {host} answered with status {error.response.status_code}. Try again later."
        )
    if isinstance(error, httpx.TransportError | socket.gaierror | ConnectionError):
        return Failure(
            "offline",
            f"The Hub at {host} cannot be reached. Is this machine online? Everything else works without it; "
            "what was downloaded is kept, and the download can go on later.",
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Failure("space", "The disk is full. Free some space and go on; what was downloaded is kept.")
    if isinstance(error, OSError) and "Consistency check" in str(error):
        return Failure("hub", "The Hub sent less than it announced. What was downloaded is kept; try again.")
    if isinstance(error, OSError):
        return Failure("disk", f"The download cannot be written: {error.strerror or error}.")
    return Failure("hub", f"The Hub's answer was not understood ({type(error).__name__}).")


def _token() -> str | bool:
    return os.environ.get("HF_TOKEN") or False


if __name__ == "__main__":
    main()
