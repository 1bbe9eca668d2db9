"""The clocks of a worker: what a cell read of them is kept, and given again where that cell is executed again.

Reads that code of a cell makes itself are kept, the first MOST of each clock. In a cell that is executed again they are
answered with those of the record, and the clock goes on from there; where the record holds none, as in older ones, the time
of day goes on from the time at which the cell ran, and clocks that measure how long something takes are not changed.
The clocks stay the real ones until a cell names them, or one is executed again. That of numpy is never changed.
"""

from __future__ import annotations

import copyreg
import datetime
import re
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from engine.types import Json

MOST = 1000  # reads of each clock in a cell that are kept
NAMED = re.compile(r"\b(?:\w*time\w*|\w*date\w*|perf_counter\w*|monotonic\w*)\b")

_real_localtime, _real_gmtime = time.localtime, time.gmtime
_real_strftime, _real_asctime = time.strftime, time.asctime
_RealDatetime = datetime.datetime
_RealDate = datetime.date
_cells: dict[str, Any] = {}  # the globals of the cells' code


class Clock:
    """One clock in nanoseconds: what was read of it in this cell, and what is still to be given.

    `of_day`: libraries are told of the time as it goes on from the record; by any other clock they wait, and it is theirs.
    """

    def __init__(self, read: Callable[[], int], *, of_day: bool = False):
        self._read = read
        self._of_day = of_day
        self.ahead = 0
        self.kept: list[int] = []
        self.given: deque[int] = deque()

    def begin(self, given: list[int]) -> None:
        """A cell begins that is told `given` first."""
        self.kept, self.given = [], deque(given)

    def now(self) -> int:
        """The time that it tells to whoever called the function that calls this. Only code of cells is told of the record."""
        real = self._read()
        now = real + self.ahead
        caller = sys._getframe(1).f_back  # None: a thread that began with the clock itself
        if caller is None or caller.f_globals is not _cells:
            return now if self._of_day else real
        if self.given:
            told = self.given.popleft()
            self.ahead += told - now
            now = told
        if len(self.kept) < MOST:
            self.kept.append(now)
        return now


_real_time_ns = time.time_ns
_day = Clock(_real_time_ns, of_day=True)
_measures = {
    name: Clock(getattr(time, f"{name}_ns")) for name in ("monotonic", "perf_counter", "process_time")
}
_clocks = {"time": _day, **_measures}


def begin(code: str, cells: dict[str, Any], to: float | None, readings: dict[str, Json]) -> None:
    """A cell begins, whose code has the globals `cells`. `to`: the time of day goes on from there (Unix seconds; None: it is
    the real one); `readings`: what a recorded cell read, as `taken` gave it.
    """
    global _cells
    if time.localtime is _real_localtime and (to is not None or NAMED.search(code)):
        _install()
    _cells = cells
    _day.ahead = 0 if to is None else int(to * 1e9) - _real_time_ns()
    for name, clock in _clocks.items():
        clock.begin(readings.get(name, []))


def taken() -> dict[str, Json]:
    """What the cell read of each clock, in nanoseconds; without those that it did not read."""
    return {name: clock.kept for name, clock in _clocks.items() if clock.kept}


class _Alike(type):
    """A class that stands for another: its instances are those of the other one, and it is equal to it."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if cls in _STANDINS:
            return isinstance(instance, cls.__mro__[1])
        return type.__instancecheck__(cls, instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        if cls in _STANDINS:
            return issubclass(subclass, cls.__mro__[1])
        return type.__subclasscheck__(cls, subclass)

    def __eq__(cls, other: object) -> bool:
        return cls is other or (any(cls is one for one in _STANDINS) and other is cls.__mro__[1])

    def __hash__(cls) -> int:
        return hash(cls.__mro__[1]) if any(cls is one for one in _STANDINS) else type.__hash__(cls)


class _Datetime(_RealDatetime, metaclass=_Alike):
    def __new__(cls, *given: Any, **named: Any) -> Any:
        return _RealDatetime(*given, **named) if cls is _Datetime else super().__new__(cls, *given, **named)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.fromtimestamp(_day.now() / 1e9, tz)

    @classmethod
    def today(cls) -> Any:
        return cls.fromtimestamp(_day.now() / 1e9)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.fromtimestamp(_day.now() / 1e9, datetime.UTC).replace(tzinfo=None)


class _Date(_RealDate, metaclass=_Alike):
    def __new__(cls, *given: Any, **named: Any) -> Any:
        return _RealDate(*given, **named) if cls is _Date else super().__new__(cls, *given, **named)

    @classmethod
    def today(cls) -> Any:
        return cls.fromtimestamp(_day.now() / 1e9)


_STANDINS: tuple[type, ...] = (_Datetime, _Date)


def _install() -> None:
    for standin, real in ((_Datetime, _RealDatetime), (_Date, _RealDate)):
        standin.__name__ = standin.__qualname__ = real.__qualname__
        standin.__module__ = real.__module__
    _Alike.__name__ = _Alike.__qualname__ = type.__name__
    datetime.datetime, datetime.date = _Datetime, _Date  # type: ignore[misc]
    for real in (_RealDatetime, _RealDate):  # pickle finds the class that stands under this name
        copyreg.pickle(real, lambda one: (getattr(datetime, type(one).__name__), *one.__reduce_ex__(4)[1:]))
    for name, clock in _clocks.items():
        setattr(time, name, _function(name, lambda clock=clock: clock.now() / 1e9))
        setattr(time, f"{name}_ns", _function(f"{name}_ns", lambda clock=clock: clock.now()))
    time.localtime = lambda secs=None: _real_localtime(_day.now() / 1e9 if secs is None else secs)
    time.gmtime = lambda secs=None: _real_gmtime(_day.now() / 1e9 if secs is None else secs)
    time.asctime = lambda t=None: _real_asctime(_real_localtime(_day.now() / 1e9) if t is None else t)
    time.ctime = lambda secs=None: _real_asctime(_real_localtime(_day.now() / 1e9 if secs is None else secs))
    time.strftime = lambda form, t=None: _real_strftime(
        form, _real_localtime(_day.now() / 1e9) if t is None else t
    )


def _function(name: str, function: Callable[..., float]) -> Callable[..., float]:
    function.__name__ = function.__qualname__ = name
    function.__module__ = "time"
    return function
