"""The clock of a worker that executes recorded cells again: it goes on from the time at which a cell ran then.

What cells ask for the time of day is shifted: `time.time`, `time.localtime` and their like, `datetime.now`, `today`.
Clocks that measure how long something takes are not, and neither is that of numpy.
"""

from __future__ import annotations

import datetime
import time
from typing import Any

_real_time, _real_time_ns = time.time, time.time_ns
_real_localtime, _real_gmtime = time.localtime, time.gmtime
_real_strftime, _real_asctime = time.strftime, time.asctime
_RealDatetime = datetime.datetime
_RealDate = datetime.date
_seconds = 0.0  # that the clock is ahead


def shift(to: float | None) -> None:
    """Let the clock go on from the time `to` (Unix seconds); None: it is the real one."""
    global _seconds
    if to is None:
        _seconds = 0.0
        return
    if time.time is _real_time:
        _install()
    _seconds = to - _real_time()


def _now() -> float:
    return _real_time() + _seconds


class _Alike(type):
    """A class that stands for another: its instances are those of the other one."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if cls in _STANDINS:
            return isinstance(instance, cls.__mro__[1])
        return type.__instancecheck__(cls, instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        if cls in _STANDINS:
            return issubclass(subclass, cls.__mro__[1])
        return type.__subclasscheck__(cls, subclass)


class _Datetime(_RealDatetime, metaclass=_Alike):
    def __new__(cls, *given: Any, **named: Any) -> Any:
        return _RealDatetime(*given, **named) if cls is _Datetime else super().__new__(cls, *given, **named)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return _RealDatetime.fromtimestamp(_now(), tz)

    @classmethod
    def today(cls) -> Any:
        return _RealDatetime.fromtimestamp(_now())

    @classmethod
    def utcnow(cls) -> Any:
        return _RealDatetime.fromtimestamp(_now(), datetime.UTC).replace(tzinfo=None)


class _Date(_RealDate, metaclass=_Alike):
    def __new__(cls, *given: Any, **named: Any) -> Any:
        return _RealDate(*given, **named) if cls is _Date else super().__new__(cls, *given, **named)

    @classmethod
    def today(cls) -> Any:
        return _RealDate.fromtimestamp(_now())


_STANDINS: tuple[type, ...] = (_Datetime, _Date)


def _install() -> None:
    for standin, real in ((_Datetime, _RealDatetime), (_Date, _RealDate)):
        standin.__name__ = standin.__qualname__ = real.__qualname__
        standin.__module__ = real.__module__
    _Alike.__name__ = _Alike.__qualname__ = type.__name__
    datetime.datetime, datetime.date = _Datetime, _Date  # type: ignore[misc]
    time.time = _now
    time.time_ns = lambda: _real_time_ns() + int(_seconds * 1e9)
    time.localtime = lambda secs=None: _real_localtime(_now() if secs is None else secs)
    time.gmtime = lambda secs=None: _real_gmtime(_now() if secs is None else secs)
    time.asctime = lambda t=None: _real_asctime(time.localtime() if t is None else t)
    time.ctime = lambda secs=None: _real_asctime(time.localtime(secs))
    time.strftime = lambda form, t=None: _real_strftime(form, time.localtime() if t is None else t)
