"""The engine of a command: the model that its options name, and Ctrl+C that winds down what goes on."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.models.load_options import adapters_of, wish_of
from engine.engine import Engine
from engine.errors import Cancelled, TaprootError
from engine.llm import open_model
from engine.llm.base import Model
from engine.llm.remote.endpoint import is_remote, read_endpoint
from engine.stop import Stop
from engine.store.location import data_folder
from models import default


@contextmanager
def opened(
    options: argparse.Namespace,
    say: Callable[[str], None],
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[tuple[Engine, Stop]]:
    """An engine with its model, and the stop that Ctrl+C or SIGTERM requests.

    `say` gets what there is to know about the model; `on_progress` the fraction loaded. Raises Cancelled when it is
    stopped while the model is loaded, and whatever a stop broke elsewhere.
    """
    wish, adapters = wish_of(options), adapters_of(options)
    spec = str(options.model or default.provide(say))
    folder = data_folder(options.data)
    if is_remote(spec):
        print(f"taproot: {read_endpoint(spec).warning}", file=sys.stderr)
    stop = Stop()
    previous = signal.signal(signal.SIGINT, lambda *_: _interrupt(stop))
    signal.signal(signal.SIGTERM, lambda *_: _interrupt(stop))

    def load() -> Model:
        with stop.calling(_leave):
            return open_model(spec, wish=wish, adapters=adapters, data=folder, on_progress=on_progress)

    try:
        with Engine(folder, load) as engine:
            for notice in engine.model.info.notices:
                say(notice)
            yield engine, stop
    except TaprootError as error:
        if stop.event.is_set() and not isinstance(error, Cancelled):
            _leave()  # Ctrl+C may reach a process of ours first
        raise
    finally:
        signal.signal(signal.SIGINT, previous)


def _interrupt(stop: Stop) -> None:
    """First Ctrl+C: wind down and keep everything. Second: leave at once (the log still holds what was shown)."""
    if stop.event.is_set():
        raise KeyboardInterrupt
    stop.request()


def _leave() -> None:
    """End at once, where there is nothing yet to wind down."""
    raise Cancelled("stopped before there was an answer")
