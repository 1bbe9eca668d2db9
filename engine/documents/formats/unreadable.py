"""How a format says that it cannot be read."""

from __future__ import annotations


class Unreadable(Exception):
    """No text can be had from this file; the message is the reason, for a person."""
