"""Switching between models, in a thread: begun, followed, cancelled, fallen back from.

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

from app.errors import Conflict
from app.models import serializers
from app.models.machine import MachineNow
from app.models.view import layout, words
from app.preferences import Preferences
from engine.errors import Cancelled, InputError, ModelError, TaprootError
from engine.llm import open_model
from engine.llm.base import Model
from engine.llm.gguf.adapters import Adapter, check_adapters
from engine.llm.gguf.facts import GgufFacts, read_facts
from engine.llm.gguf.fit import Fit, Wish, choose
from engine.llm.machine import hardware
from engine.llm.remote.endpoint import is_remote, read_endpoint
from engine.paths import expanded
from engine.stop import Stop
from engine.types import Json
from models import default

if TYPE_CHECKING:
    from app.workbench import Workbench

TELL_SECONDS = 0.2


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


class Loader:
    """Thread-safe. `changed` is called whenever `state` or `current` may have changed."""

    def __init__(
        self,
        workbench: Workbench,
        machine: MachineNow,
        preferences: Preferences,
        changed: Callable[[], None],
    ):
        self._workbench = workbench
        self._wish: Wish = workbench.wish
        self._adapters = workbench.adapters
        self._machine = machine
        self._preferences = preferences
        self._tell = changed
        self._lock = threading.Lock()
        self._using: Using | None = None
        self._loading: Loading | None = None
        self._stop: Stop | None = None  # of the load, until its model is in use
        self._problem: Json = None
        self._closed = threading.Event()
        self._told = 0.0

    def start(self, model: str | None) -> None:
        """Begin to load `model` (a path, a server as `open_model` names it, or `scripted:FILE`), else the last one used, else the default."""
        last = self._preferences.get("last_model")
        usable = isinstance(last, str) and Path(last).is_file() and not default.is_merged(Path(last))
        spec = model or (last if usable else str(default.model_file()))
        name = read_endpoint(spec).label if is_remote(spec) else _name_of(spec)
        self._begin(spec, name, lambda: self._start(spec, fall_back=model is None))

    def close(self) -> None:
        """Stop what is being loaded; the engine closes the models."""
        self._closed.set()
        with self._lock:
            stop = self._stop
        if stop is not None:
            stop.request()

    def state(self) -> tuple[Loading | None, Json]:
        """The model that is on its way, and why the last one did not come."""
        with self._lock:
            return self._loading, self._problem

    def current(self) -> Using | None:
        """The model that new runs use, also one that was given to the engine directly."""
        with self._lock:
            using = self._using
        try:
            model = self._workbench.engine.model
        except TaprootError:
            return None
        return using if using is not None and using.model is model else Using(model.info.path, model)

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
        file = expanded(path).absolute()
        facts = read_facts(file)
        adapters = tuple(Adapter.read(one) for one in lora)
        _, extra = check_adapters(adapters, facts)
        using = self.current()
        given_back = self._machine.memory_of(using.model if using else None)
        wish = replace(self._wish, window=window or self._wish.window)
        alone = choose(facts, self._machine.room(given_back), wish, extra=extra)
        beside = choose(facts, self._machine.room(0), wish, extra=extra)
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

    def cancel(self, path: str) -> str:
        """End the load of a model, and give its name; the one before stays, or comes back.

        Raises Conflict when it is over already.
        """
        with self._lock:
            if self._loading is None or self._loading.path != path or self._stop is None:
                raise Conflict("That model is not being loaded any more.")
            self._loading, stop, name = replace(self._loading, stopping=True), self._stop, self._loading.name
        self._tell()
        stop.request()
        return name

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
        self._machine.build = hardware.build()
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
            facts = read_facts(expanded(spec).absolute())
            adapters = self._adapters if spec == self._workbench.model else ()
            _, extra = check_adapters(adapters, facts)
            fit = choose(facts, self._machine.room(0), self._wish, extra=extra)
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
            self._problem = {"path": path, "file": serializers.file_of(path), "message": message}
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
            news = layout.news(words.load(asdict(self._loading)))
        self._workbench.hub.tell("loading", **news)


def _name_of(path: str) -> str:
    """What a file is called before it is read."""
    return default.NAME if path == str(default.model_file()) else Path(path).stem
