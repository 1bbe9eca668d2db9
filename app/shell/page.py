"""The one Gradio page: six views, of which `app.js` shows one, each with an empty host that our modules fill."""

from __future__ import annotations

import gradio as gr

from app.ask.page import form as ask
from app.bench.page import form as bench
from app.models.view.form import form as models
from app.programs.gradio_api import endpoints
from app.questions.page import form as questions
from app.safekeeping.page import panel as safekeeping
from app.shell.queue import WokenQueue
from app.workbench import Workbench

VIEWS = ("ask", "library", "sessions", "models", "bench", "questions")
FORMS = {"ask": ask, "bench": bench, "questions": questions, "sessions": safekeeping}


def page(workbench: Workbench) -> gr.Blocks:
    """Build the page. Data of documents and models never passes through Gradio: see the modules under /ui."""
    with gr.Blocks(title="Taproot", analytics_enabled=False, fill_width=True) as blocks:
        for view in VIEWS:
            with gr.Column(elem_id=f"view-{view}", elem_classes="view"):
                if view in FORMS:
                    FORMS[view](workbench)
                gr.Column(elem_id=f"{view}-host", elem_classes="host")
                if view == "models":  # its lists come first, also for the keyboard
                    models(workbench)
        endpoints.add(workbench)
    blocks._queue = WokenQueue(blocks)
    blocks.has_launched = (
        True  # else Gradio lets a handler have any file that a request names, not only what was sent
    )
    return blocks
