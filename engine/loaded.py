"""Which model new runs use, and how long the ones before it are kept: until their last run has ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import ModelError
from engine.llm.base import Model

NO_MODEL = "no model is loaded yet; wait until it is, or choose one under Models"


class Loaded:
    """Thread-safe. Owns the models it was given and closes each once nobody uses it any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: Model | None = None
        self._closed = False
        self._users: dict[int, tuple[Model, int]] = {}  # by id(): a model need not be hashable

    def current(self) -> Model:
        """The model for a new run. Raises ModelError when there is none."""
        with self._lock:
            if self._current is None:
                raise ModelError(NO_MODEL)
            return self._current

    def use(self, model: Model | None) -> None:
        """Change the model for new runs; the one before is closed as soon as no run uses it."""
        with self._lock:
            if self._closed:
                before, idle = model, True
            else:
                before, self._current = self._current, model
                idle = before is not model and id(before) not in self._users
        if idle and before is not None:
            before.close()

    @contextmanager
    def lent(self) -> Iterator[Model]:
        """Keep the present model open for the length of a block. Raises ModelError when there is none."""
        with self._lock:
            if self._current is None:
                raise ModelError(NO_MODEL)
            model = self._current
            self._users[id(model)] = (model, self._users.get(id(model), (model, 0))[1] + 1)
        try:
            yield model
        finally:
            with self._lock:
                left = self._users[id(model)][1] - 1
                if left:
                    self._users[id(model)] = (model, left)
                else:
                    del self._users[id(model)]
                done = not left and self._current is not model and not self._closed
            if done:
                model.close()

    def close(self) -> None:
        """Close all models, also those in use; their requests end with ModelError."""
        with self._lock:
            self._closed = True
            models = {key: model for key, (model, _) in self._users.items()}
            if self._current is not None:
                models[id(self._current)] = self._current
            self._current = None
        for model in models.values():
            model.close()
