"""What the forms of Gradio share: how their handlers are wired, and sentences that Gradio shows as they are.

Gradio shows errors of handlers that are not queued without their words, so a handler returns the sentence into a
`gr.Markdown` beside its form.
"""

from __future__ import annotations

import re
from typing import Any

from app.errors import words_of

# Handlers take milliseconds and own no run: they need no place in Gradio's queue and are no interface for programs.
# While one has not answered, Gradio drops what would start it anew; LATEST starts it once more when it has.
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
LATEST: dict[str, Any] = {**QUICK, "trigger_mode": "always_last"}
_MARK = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: str) -> str:
    """Markdown that shows this text in one line, whatever it holds: no character of it is a mark."""
    return _MARK.sub(r"\\\1", " ".join(text.split()))


def problem(error: Exception) -> str:
    """Markdown that shows what is wrong as a sentence; the style sheet gives it the colour of a problem."""
    return f"**{plain(sentence(error))}**"


def sentence(error: Exception) -> str:
    """What is wrong, from a capital letter to a full stop; halves of characters, which Gradio cannot send, are replaced."""
    text = words_of(error).encode("utf-8", "replace").decode()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
