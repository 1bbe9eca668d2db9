"""Compact events as the app sends them (`engine.store.log.trace` makes them), and what a log of them comes to. Pure.

Bodies are read from the log when a person looks at them (`app.runs.node_detail`).
"""

from __future__ import annotations

from app.live.fold import fold
from engine.store.log.trace import Compact, compact, encode, head

__all__ = ["Compact", "compact", "encode", "fold", "head"]
