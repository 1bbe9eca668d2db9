"""The one Gradio page: six views, of which `app.js` shows one, each with an empty host that our modules fill."""

from __future__ import annotations

import gradio as gr

from app.ask.page import form
from app.safekeeping.page import panel
from app.shell.queue import WokenQueue
from app.workbench import Workbench

VIEWS = ("ask", "library", "sessions", "models", "bench", "questions")


def page(workbench: Workbench) -> gr.Blocks:
    """Build the page. Data of documents and models never passes through Gradio: see the modules under /ui."""
    with gr.Blocks(title="Taproot", analytics_enabled=False, fill_width=True) as blocks:
        for view in VIEWS:
            with gr.Column(elem_id=f"view-{view}", elem_classes="view"):
                if view == "ask":
                    form(workbench)
                if view == "sessions":
                    panel(workbench)
                gr.Column(elem_id=f"{view}-host", elem_classes="host")
    blocks._queue = WokenQueue(blocks)
    return blocks
