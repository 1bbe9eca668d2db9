"""The panel of evidence and safekeeping in the Sessions view: the host of our own lists, and the form of a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr

from app.errors import EXPECTED, words_of
from app.forms import LATEST

if TYPE_CHECKING:
    from app.workbench import Workbench


def panel(workbench: Workbench) -> None:
    """Put the panel into the page that is being built. What becomes of a backup is told by its service, to all pages."""
    backups = workbench.backups

    def start(file: str | None, over: bool) -> None:
        try:
            backups.start(file or "", over=over)
        except EXPECTED as error:
            backups.say(words_of(error))

    def save() -> None:
        try:
            backups.start_saving()
        except EXPECTED as error:
            backups.say(words_of(error))

    with gr.Accordion("Evidence and safekeeping", open=False, elem_id="safekeeping"):
        gr.Column(elem_id="safekeeping-host", elem_classes="host")
        with gr.Row(elem_id="backup-form"):
            file = gr.Textbox(
                label="File on this machine",
                placeholder="empty: in your home folder, named by the date",
                elem_id="backup-file",
                html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
                scale=4,
            )
            over = gr.Checkbox(label="Write over it", elem_id="backup-over", scale=1, min_width=130)
            make = gr.Button("Back up", elem_id="backup-make", scale=0, min_width=110)
            other = gr.Button("Save through the browser", elem_id="backup-save", scale=0, min_width=190)
    gr.on([make.click, file.submit], start, [file, over], None, **LATEST)
    other.click(save, None, None, **LATEST)
