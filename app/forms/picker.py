"""A picker whose choices change while the page is open."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.forms.stubless import Stubless


class Picker(gr.Dropdown, metaclass=Stubless):
    """A dropdown that hands its handlers what the page shows, also where that is offered no longer.

    Gradio's own answers with status 500 and no words where a corpus was deleted or a model changed that moment. Handlers
    of this one say what is the matter.
    """

    is_template = True  # shown by the front end of its base

    def preprocess(self, payload: Any) -> Any:
        """What a handler gets: the value that is chosen in the page."""
        return payload
