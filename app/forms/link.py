"""The link between form and page: an invisible component of Gradio whose front end is `app/forms/static/link.js`.

It goes through Gradio as any component does. As an input it holds what the page has to say to a handler, as an output
what a handler has to say to the page, and its events are those that the page lets happen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradio.components.base import Component

from app.forms.stubless import Stubless

NAME = "formlink"


class FormLink(Component, metaclass=Stubless):
    """Values are JSON: what the page says, {} at first, and what a handler tells it. `elem_id` names it for the page.

    `refresh` brings what can be chosen up to date; of the form that asks, `ask` asks as its button does, and `choose`
    takes another corpus, which its data names.
    """

    EVENTS = ("ask", "refresh", "choose")  # type: ignore[assignment]  # Gradio says a list, and reads it once
    ask: Callable[..., Any]
    refresh: Callable[..., Any]
    choose: Callable[..., Any]

    def get_block_name(self) -> str:
        """What Gradio calls this kind of component."""
        return NAME

    @classmethod
    def get_component_class_id(cls) -> str:
        """Where Gradio looks for the front end; see `app.forms.routes`."""
        return NAME

    def preprocess(self, payload: Any) -> Any:
        """What a handler gets of what the page said."""
        return payload or {}

    def postprocess(self, value: Any) -> Any:
        """What the page gets of what a handler said."""
        return value

    def api_info(self) -> dict[str, Any]:
        """No other program is told of it."""
        return {"type": "object"}

    def example_payload(self) -> Any:
        """None: no other program is told of it."""

    def example_value(self) -> Any:
        """None: no other program is told of it."""
