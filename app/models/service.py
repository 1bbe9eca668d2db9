"""The models of the app: what is there, which one is loaded, switching between them, and downloads.

One model answers new questions; runs that began with another keep theirs until they end. A switch loads the new model
beside the old one, so that a file that does not load, or is not waited for, changes nothing. Only when memory holds
no two is the old one unloaded first, never under a run, and loaded again if the new one does not come.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from app.errors import Conflict, NotFound
from app.models import catalogue
from app.models import serializers as described
from app.models.download.downloads import Fetches, Progress, Unreachable, look
from app.models.model_files import Book, Shelf
from app.paths import ROOT
from app.preferences import Preferences
from engine.errors import Cancelled, InputError, ModelError, TaprootError
from engine.llm import open_model
from engine.llm.base import Model
from engine.llm.gguf.adapters import Adapter, check_adapters
from engine.llm.gguf.facts import GgufFacts, read_facts
from engine.llm.gguf.fit import Fit, Room, Wish, choose
from engine.llm.local.load.probe_records import ProbeRecords
from engine.llm.machine import hardware
from engine.llm.remote.endpoint import is_remote, read_endpoint
from engine.stop import Stop
from engine.types import Json
from models import default

if TYPE_CHECKING:
    from app.workbench import Workbench

LOOK_SECONDS = 2.0  # between two looks at the folders
TELL_SECONDS = 0.2
MACHINE_SECONDS = 5.0  # how long what is known of the GPUs counts as fresh


@dataclass(frozen=True, slots=True)
class Using:
    """The model that answers new questions, and how it was loaded. `facts` and `fit` None: it is a script."""

    path: str
    model: Model
    facts: GgufFacts | None = None
    fit: Fit | None = None
    adapters: tuple[Adapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be loaded, and how."""

    file: Path
    facts: GgufFacts
    fit: Fit
    adapters: tuple[Adapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Loading:
    """A model on its way. `unloaded`: the one before had to go first; `stopping`: a person does not want it any more."""

    path: str
    name: str
    fraction: float = 0.0
    unloaded: bool = False
    stopping: bool = False


class Models:
    """Thread-safe. Made by the workbench; `start` begins to load, `close` stops what is going on here."""

    def __init__(self, workbench: Workbench):
        self._workbench = workbench
        self._wish: Wish = workbench.wish
        self._adapters = workbench.adapters
        self.folder = workbench.data_dir / "models"
        self._preferences = Preferences(workbench.data_dir)
        self.shelf = Shelf([ROOT / "models", self.folder], self._preferences, default.model_file)
        self.fetches = Fetches(self.folder, self._tell_download)
        self._lock = threading.Lock()
        self._using: Using | None = None
        self._loading: Loading | None = None
        self._stop: Stop | None = None  # of the load, until its model is in use
        self._problem: Json = None
        self._asked: dict[str, Json] = {}
        self._closed = threading.Event()
        self._machine: tuple[float, hardware.Machine] | None = None
        self._build: hardware.Build | None = None
        self._told = 0.0

    def start(self, model: str | None) -> None:
        """Begin to load `model` (a path, a server as `open_model` names it, or `scripted:FILE`), else the last one used, else the default."""
        last = self._preferences.get("last_model")
        usable = isinstance(last, str) and Path(last).is_file() and not default.is_merged(Path(last))
        spec = model or (last if usable else str(default.model_file()))
        name = read_endpoint(spec).label if is_remote(spec) else _name_of(spec)
        self._begin(spec, name, lambda: self._start(spec, fall_back=model is None))
        threading.Thread(target=self._watch, name="shelf", daemon=True).start()

    def close(self) -> None:
        """Stop watching, loading and downloading. What was downloaded is kept; the engine closes the models."""
        self._closed.set()
        with self._lock:
            stop = self._stop
        if stop is not None:
            stop.request()
        self.fetches.close()

    # --- what is there ---------------------------------------------------------------------------------------

    def overview(self) -> Json:
        """All that the page shows."""
        using = self._current()
        with self._lock:
            loading, problem, asked = self._loading, self._problem, dict(self._asked)
        room = self._room(self._memory_of(using))
        books = self.shelf.books()
        progress = {one.id: one for one in self.fetches.all()}
        return {
            "loaded": self._loaded_json(using),
            "loading": loading and {**asdict(loading), "file": described.file_of(loading.path)},
            "problem": problem,
            "files": [self._book_json(book, room, using) for book in books],
            "folders": [
                str(self.folder),
                *(str(place) for place in self.shelf.folders if place != self.folder),
            ],
            "added": [str(place) for place in self.shelf.added()],
            "catalogue": [
                described.entry(entry, room, books, progress.pop(entry.id, None), asked.get(entry.id))
                for entry in catalogue.load()
            ],
            "published": [one.to_json() for one in catalogue.adapters()],
            "downloads": [asdict(one) for one in progress.values()],
            "hardware": described.hardware_panel(self._machine_now(), self._build),
        }

    def choices(self) -> tuple[list[tuple[str, str]], str | None]:
        """The models that a form offers as (label, path), and the path of the one that is loaded or on its way."""
        using = self._current()
        with self._lock:
            coming = self._loading
            chosen = coming.path if coming else using.path if using else None
        found = [
            (described.label(book.facts), str(book.path))
            for book in self.shelf.books()
            if book.facts is not None
        ]
        if using is not None and using.path not in [path for _, path in found]:
            info = using.model.info
            found.append(
                (
                    f"{described.file_of(using.path)}, where text is sent" if info.remote else info.name,
                    using.path,
                )
            )
        if coming is not None and is_remote(coming.path) and chosen not in [path for _, path in found]:
            found.append((f"{coming.name}, where text is sent", coming.path))
        return found, chosen

    def loading(self) -> str | None:
        """The path of the model that is on its way, None when none is."""
        with self._lock:
            return self._loading.path if self._loading else None

    def inspect(self, path: str) -> Json:
        """Facts and fit of any GGUF file. Raises InputError when it is not a usable model."""
        facts = read_facts(Path(path).expanduser().absolute())
        known = ProbeRecords(self._workbench.data_dir).of(facts)
        return described.inspected(facts, choose(facts, self._room(0), self._wish), known)

    # --- loading ---------------------------------------------------------------------------------------------

    def load(
        self, path: str, *, window: int | None = None, lora: Sequence[str] = (), force: bool = False
    ) -> None:
        """Begin to switch to a model, a file or one on a server; how it ends shows in `overview`.

        `lora`: adapters as `FILE[:SCALE][@SCOPE]`. `window`: tokens, instead of what fits best. `force`: try it although it should not fit. Raises InputError
        for a file that is no model or does not fit, Conflict while another is being loaded or a run needs the memory.
        """
        if path.startswith("scripted:"):
            raise InputError("A script is given when Taproot starts, with --model.")
        if is_remote(path):
            wish = replace(self._wish, window=window or self._wish.window)
            self._begin(path, read_endpoint(path).label, lambda: self._connect(path, wish))
            return
        file = Path(path).expanduser().absolute()
        facts = read_facts(file)
        adapters = tuple(Adapter.read(one) for one in lora)
        _, extra = check_adapters(adapters, facts)
        using = self._current()
        given_back = self._memory_of(using)
        wish = replace(self._wish, window=window or self._wish.window)
        alone = choose(facts, self._room(given_back), wish, extra=extra)
        beside = choose(facts, self._room(0), wish, extra=extra)
        if not alone.ok and not force:
            raise InputError(alone.problem)
        first = using is not None and given_back > 0 and not (beside.ok and beside.window == alone.window)
        if first and self._workbench.runs.live():
            if not beside.ok:
                raise Conflict(
                    f"{facts.name} and {using.model.info.name if using else ''} do not fit the memory together, and "
                    "a question is being answered. Wait until it has ended, or stop it, then load again."
                )
            first = False
        fit = alone if first or not beside.ok else beside
        wanted = Wanted(file, facts, fit, adapters)
        self._begin(str(file), facts.name, lambda: self._switch(wanted, using if first else None))

    def cancel(self, path: str) -> None:
        """End the load of a model; the one before stays, or comes back. Raises Conflict when it is over already."""
        with self._lock:
            if self._loading is None or self._loading.path != path or self._stop is None:
                raise Conflict("That model is not being loaded any more.")
            self._loading, stop = replace(self._loading, stopping=True), self._stop
        self._tell()
        stop.request()

    def _begin(self, path: str, name: str, work: Callable[[], None]) -> None:
        with self._lock:
            if self._loading is not None:
                raise Conflict(
                    f"{self._loading.name} is being loaded. Cancel that, or choose another when it is there."
                )
            self._expect(path, name)
            self._problem = None
        self._tell()
        try:
            threading.Thread(target=self._see_through, args=(path, work), name="load", daemon=True).start()
        except RuntimeError as error:
            self._ended()
            raise ModelError(
                f"Nothing can be loaded now ({error}). Close other programs, then try again."
            ) from error

    def _expect(self, path: str, name: str) -> None:
        """Say what is on its way; called with the lock held."""
        self._loading, self._stop = Loading(path, name), Stop()

    def _see_through(self, path: str, work: Callable[[], None]) -> None:
        """Do the work of a load in its thread; however it ends, nothing is being loaded after it."""
        try:
            work()
        except Exception as error:
            self._failed(path, error)
        finally:
            self._ended()

    def _start(self, spec: str, *, fall_back: bool) -> None:
        """Load the first model. The last one used may be gone or too large by now: then the default."""
        self._build = hardware.build()
        done = self._open_first(spec)
        ours = str(default.model_file())
        if not done and fall_back and spec != ours and not self._closed.is_set():
            with self._lock:
                self._expect(ours, default.NAME)
            self._open_first(ours)

    def _open_first(self, spec: str) -> bool:
        try:
            if spec.startswith("scripted:") or is_remote(spec):
                self._use(self._connected(spec, self._wish))
                return True
            if spec == str(default.model_file()):
                default.provide(on_progress=self._progressed)
            facts = read_facts(Path(spec).expanduser().absolute())
            adapters = self._adapters if spec == self._workbench.model else ()
            _, extra = check_adapters(adapters, facts)
            fit = choose(facts, self._room(0), self._wish, extra=extra)
            if not fit.ok:
                raise InputError(fit.problem)
            self._use(self._opened(facts, fit, adapters))
            return True
        except Exception as error:
            self._failed(spec, error)
            return False

    def _connect(self, spec: str, wish: Wish) -> None:
        """Let new runs use a model on a server, until another is chosen or Taproot ends: it is not remembered."""
        self._use(self._connected(spec, wish))

    def _connected(self, spec: str, wish: Wish) -> Using:
        model = open_model(spec, wish=wish, stop=self._stop)
        return Using(model.info.path if model.info.remote else spec, model)

    def _switch(self, wanted: Wanted, unload: Using | None) -> None:
        """Load a model and let new runs use it; on failure the one before stays, or comes back."""
        try:
            if unload is not None:
                self._unload()
            self._use(self._opened(wanted.facts, wanted.fit, wanted.adapters))
        except Exception as error:
            self._failed(str(wanted.file), error)
            if unload is not None and not self._closed.is_set():
                self._restore(unload)
        else:
            self._preferences.put(last_model=str(wanted.file))

    def _unload(self) -> None:
        with self._lock:
            self._using = None
            if self._loading is not None:
                self._loading = replace(self._loading, unloaded=True)
        self._workbench.engine.use(None)
        self._tell()

    def _restore(self, before: Using) -> None:
        with self._lock:
            self._expect(before.path, before.model.info.name)
        self._tell()
        try:
            if before.facts is None or before.fit is None:
                self._use(self._connected(before.path, self._wish))
            else:
                self._use(self._opened(before.facts, before.fit, before.adapters))
        except Exception as error:
            self._failed(before.path, error)

    def _opened(self, facts: GgufFacts, fit: Fit, adapters: tuple[Adapter, ...] = ()) -> Using:
        model = open_model(
            str(facts.path),
            wish=self._wish,
            fit=fit,
            adapters=adapters,
            data=self._workbench.data_dir,
            on_progress=self._progressed,
            stop=self._stop,
        )
        return Using(str(facts.path), model, facts, fit, adapters)

    def _use(self, using: Using) -> None:
        """Let new runs use a model. Closes it and raises Cancelled when nobody wants it any more."""
        with self._lock:
            stop, self._stop = self._stop, None
        if stop is None or stop.event.is_set() or self._closed.is_set():
            using.model.close()
            raise Cancelled(f"{using.path} is not wanted any more.")
        self._workbench.engine.use(using.model)
        with self._lock:
            self._using = using

    def _ended(self) -> None:
        with self._lock:
            self._loading = self._stop = None
        self._tell()

    def _failed(self, path: str, error: Exception) -> None:
        """Say why a model is not there, in a sentence; that a person stopped it needs none."""
        if isinstance(error, Cancelled):
            return
        ours = not isinstance(error, (TaprootError, OSError))
        message = (
            f"Taproot made a mistake ({type(error).__name__}). Load it again, or choose another model."
            if ours
            else str(error)
        )
        with self._lock:
            self._problem = {"path": path, "file": described.file_of(path), "message": message}
        self._tell()

    def _progressed(self, fraction: float) -> None:
        now = time.monotonic()
        with self._lock:
            if self._loading is None:
                return
            self._loading = replace(self._loading, fraction=round(fraction, 3))
            if fraction < 1 and now - self._told < TELL_SECONDS:
                return
            self._told = now
            detail = asdict(self._loading)
        self._workbench.hub.tell("loading", **detail)

    # --- downloads -------------------------------------------------------------------------------------------

    def download(self, name: str) -> Progress:
        """Begin or go on with a download. Raises InputError for an unknown name, Conflict while it is at work."""
        entry = self.fetches.entry(name)
        try:
            entry = catalogue.find(name, catalogue.load())
        except InputError:
            if entry is None:
                raise
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        progress = self.fetches.start(entry)
        self._tell()
        return progress

    def pause(self, id: str) -> None:
        """Stop a download and keep what it has. Raises NotFound."""
        self.fetches.pause(id)

    def discard(self, id: str) -> int:
        """Remove what a download has; return the bytes freed. Raises NotFound when there is no such download."""
        if not any(one.id == id for one in self.fetches.all()):
            raise NotFound("There is no download of that name.")
        freed = self.fetches.discard(id)
        self._tell()
        return freed

    def check(self) -> Json:
        """Ask the Hub for sizes and licences of the catalogue. Being offline is an answer, not an error."""
        try:
            found = look(catalogue.load())
        except Unreachable as error:
            return {"online": False, "message": str(error)}
        with self._lock:
            self._asked.update(found)
        self._tell()
        return {"online": True, "message": ""}

    def _tell_download(self, progress: Progress) -> None:
        detail = asdict(progress)
        detail["why"] = detail.pop("kind")
        self._workbench.hub.tell("download", **detail)
        if progress.over:
            self._tell()

    def _current(self) -> Using | None:
        """The model that new runs use, also one that was given to the engine directly."""
        with self._lock:
            using = self._using
        try:
            model = self._workbench.engine.model
        except TaprootError:
            return None
        return using if using is not None and using.model is model else Using(model.info.path, model)

    # --- helpers ---------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        self._workbench.hub.tell("models")

    def _watch(self) -> None:
        """Tell followers when a file came, went or grew; look only while there are some."""
        before = self.shelf.signature()
        while not self._closed.wait(LOOK_SECONDS):
            self._workbench.hub.followed.wait()
            now = self.shelf.signature()
            if now != before:
                before = now
                self._tell()

    def _machine_now(self) -> hardware.Machine:
        """The machine, with memory measured now and GPUs some seconds ago at most."""
        with self._lock:
            known = self._machine
        if known is None or time.monotonic() - known[0] > MACHINE_SECONDS:
            known = (time.monotonic(), hardware.machine())
            with self._lock:
                self._machine = known
        return replace(known[1], free=psutil.virtual_memory().available)

    def _room(self, given_back: int) -> Room:
        built = self._build or hardware.Build("", ("CPU",), gpu=False)
        return hardware.room(self._machine_now(), built, given_back=given_back)

    @staticmethod
    def _memory_of(using: Using | None) -> int:
        """Bytes that unloading would give back; what a run still uses does not count."""
        pid = getattr(using.model, "pid", None) if using is not None else None
        try:
            return int(psutil.Process(pid).memory_info().rss) if pid else 0
        except psutil.Error:
            return 0

    def _loaded_json(self, using: Using | None) -> Json:
        if using is None:
            return None
        return described.loaded(using.model.info, using.path, using.facts, using.fit, self._memory_of(using))

    def _book_json(self, book: Book, room: Room, using: Using | None) -> Json:
        fit = None if book.facts is None else choose(book.facts, room, self._wish)
        return described.book(book, fit, in_use=using is not None and using.path == str(book.path))


def _name_of(path: str) -> str:
    """What a file is called before it is read."""
    return default.NAME if path == str(default.model_file()) else Path(path).stem
