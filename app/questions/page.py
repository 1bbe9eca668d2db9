"""The form that asks a list of questions. Its handlers begin a list and own none: what goes on reaches `questions.js` as news.

`refresh` of the link, which `questions.js` lets happen, makes the form look again which documents there are and whether a list is
asked, and the first one makes it: what is not seen costs nothing while the app opens.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.errors import EXPECTED
from app.forms import LATEST, QUICK, FormLink, Picker, plain, problem
from app.library import wording
from engine.questions import reading

if TYPE_CHECKING:
    from app.workbench import Workbench


def form(workbench: Workbench) -> None:
    """Put the form into the page that is being built."""
    with gr.Column(visible=False, elem_id="questions-form", elem_classes="card form-card") as card:
        gr.Markdown("## Ask a list of questions")
        corpus = Picker([], value=None, label="Documents", elem_id="questions-corpus")
        file = gr.UploadButton("From a file", elem_id="questions-open", size="sm", scale=0)
        text = gr.Textbox(
            label="Questions, one on each line",
            placeholder="Who signed it?\nWhen does it end?",
            lines=8,
            elem_id="questions-text",
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
        )
        each = gr.Checkbox(label="Ask about every document by itself, a row each", elem_id="questions-each")
        told = gr.Markdown("", elem_id="questions-told", elem_classes="told")
        go = gr.Button("Ask all", variant="primary", elem_id="questions-start", scale=0)
    link = FormLink(
        elem_id="questions-link"
    )  # the page keeps the title of the next list: the file that was read

    def read(file: str) -> tuple:
        path = Path(file)  # a copy that Gradio made
        try:
            found = reading.read(path)
        except EXPECTED as error:
            return gr.skip(), problem(error), gr.skip()
        finally:
            path.unlink(missing_ok=True)
        count = len(found.questions)
        words = [f"{count:,} question{'' if count == 1 else 's'} read.", *found.notices]
        return "\n".join(found.questions), plain(" ".join(words)), {"title": path.name}

    def start(corpus: str | None, text: str, each: bool, said: dict[str, Any]) -> tuple:
        title = str(said.get("title", ""))[:200]
        try:
            begun = workbench.questions.start(corpus or "", text, each=each, title=title)
        except EXPECTED as error:
            return problem(error), gr.skip()
        return plain(" ".join(begun["notices"])), {"title": ""}

    def look(chosen: str | None) -> tuple:
        cards = [card for card in workbench.library.cards() if card["documents"]]
        offered = [(wording.choice(card), card["card"]) for card in cards]
        known = [name for _, name in offered]
        value: dict[str, Any] = {} if chosen in known else {"value": known[0] if known else None}
        free = bool(known) and workbench.questions.running() is None
        return gr.update(visible=True), gr.update(choices=offered, **value), gr.update(interactive=free)

    file.upload(read, file, [text, told, link], **QUICK)
    go.click(start, [corpus, text, each, link], [told, link], **QUICK)
    link.refresh(look, corpus, [card, corpus, go], **LATEST)
