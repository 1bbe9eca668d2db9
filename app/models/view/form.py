"""The forms of the Models view: load with settings, and add models by path, from a server and from the Hub.

Handlers begin loads and downloads and own none: what goes on reaches `models.js` as news. `refresh` of the link makes
the forms look again which models there are, and the first one makes them: what is not seen costs nothing while the app
opens. `choose` takes the model of a row into the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from app.errors import EXPECTED
from app.forms import LATEST, QUICK, FormLink, Picker, plain, problem
from app.models import catalogue
from app.models.view import words
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

SCOPES = {
    "for all": "both",
    "for the turns that write cells": "root",
    "for the sub-calls that read": "sub",
}
MONO = gr.InputHTMLAttributes(autocomplete="off", spellcheck=False)


LEAST_WINDOW = 512  # tokens


def form(workbench: Workbench) -> None:
    """Put the forms into the page that is being built."""
    with gr.Column(visible=False, elem_id="models-form") as cards:
        with gr.Column(elem_id="models-rebuild", elem_classes="card form-card") as card:
            rebuild = [card, *faster()]
        with gr.Column(elem_id="models-settings", elem_classes="card form-card"):
            parts = settings()
        with gr.Column(elem_id="models-add", elem_classes="card form-card"):
            added, remove = sources(workbench)
    link = FormLink(elem_id="models-link")
    which, about, window, lora, scope, go, told, published = parts
    shown = [about, window, go]

    def look(chosen: str | None, place: str | None) -> tuple:
        files = ready(workbench)
        in_use = next((path for path, file in files.items() if file["loaded"]), next(iter(files), None))
        value = chosen if chosen in files else in_use
        offered = [(label(file), path) for path, file in files.items()]
        places = [str(place) for place in workbench.models.shelf.added()]
        said, number, button = describe(files.get(value or ""), bool(workbench.models.loading()))
        return (
            gr.update(visible=True),
            choices(offered, chosen, in_use),
            said,
            gr.skip() if chosen == value else number,  # what a person typed stays
            button,
            adapters(),
            {
                **choices([(one, one) for one in places], place, next(iter(places), None)),
                "visible": bool(places),
            },
            gr.update(visible=bool(places)),
            *idle(workbench),
        )

    def choose(chosen: str | None) -> tuple:
        return describe(ready(workbench).get(chosen or ""), bool(workbench.models.loading()))

    def take(row: gr.EventData) -> tuple:
        return row.model, *choose(row.model)

    def load(chosen: str | None, tokens: float | None, adapter: str, serves: str) -> str:
        file = ready(workbench).get(chosen or "")
        spec = adapter.strip()
        lora = [spec if serves == "both" else f"{spec}@{serves}"] if spec else []
        try:
            if file is None:
                return "**Choose a model first.**"
            least = min(LEAST_WINDOW, file["fit"]["window"])  # a model may have been trained for fewer
            if tokens is not None and tokens < least:
                return f"**A window has at least {least} tokens.**"
            workbench.models.load(
                file["path"], window=int(tokens) if tokens else None, lora=lora, force=not file["fit"]["ok"]
            )
        except EXPECTED as error:
            return problem(error)
        return ""

    which.input(choose, which, shown, **LATEST)
    link.choose(take, None, [which, *shown], **LATEST)
    gr.on([go.click, window.submit, lora.submit], load, [which, window, lora, scope], told, **QUICK)
    link.refresh(look, [which, added], [cards, which, *shown, published, added, remove, *rebuild], **LATEST)


def faster() -> tuple:
    """What says that a graphics card lies idle, and the command that changes it."""
    about = gr.Markdown("")
    command = gr.Textbox(
        label="Command", interactive=False, buttons=["copy"], lines=2, max_lines=8, elem_id="models-command"
    )
    return about, command, gr.Markdown("")


def idle(workbench: Workbench) -> tuple:
    """What that form shows; it is there only where a card lies idle."""
    better = workbench.models.rebuild()
    if better is None:
        return gr.update(visible=bool(better)), "", "", ""
    about, wants = words.idle(better)
    return gr.update(visible=True), plain(about), better["command"], plain(wants)


def settings() -> tuple:
    """The form that loads with a window and an adapter of a person's own."""
    gr.Markdown("## Load with settings")
    which = Picker([], value=None, label="Model", elem_id="models-which")
    about = gr.Markdown("", elem_id="models-fit")
    window = gr.Number(
        None, precision=0, step=256, label="Window in tokens", elem_id="models-window", elem_classes="beside"
    )
    lora = gr.Textbox(
        label="Path of a LoRA adapter",
        placeholder="/path/to/an/adapter.gguf, if any",
        elem_id="models-lora",
        html_attributes=MONO,
    )
    scope = gr.Radio(
        list(SCOPES.items()), value="both", label="What the LoRA adapter works for", elem_id="models-scope"
    )
    go = gr.Button("Load with this window", variant="primary", elem_id="models-load", scale=0)
    told = gr.Markdown("", elem_id="models-told", elem_classes="told")
    with gr.Accordion(
        "Adapters for writing cells, to be converted first", open=False, elem_id="models-adapters"
    ):
        published = gr.Markdown("")
    return which, about, window, lora, scope, go, told, published


def sources(workbench: Workbench) -> tuple:
    """The form that brings models; gives the picker of what was added by path, and the button that removes it."""
    models = workbench.models
    gr.Markdown("## Add a model")
    place = field(
        "Path of a GGUF file or a folder of them", "/path/to/a/model.gguf or a folder of them", "models-place"
    )
    add = gr.Button("Add by path", size="sm", elem_id="models-add-place", scale=0)
    added = Picker([], value=None, label="Added by path", elem_id="models-added")
    remove = gr.Button("Remove from the list", size="sm", elem_id="models-remove", scale=0)
    server = field(
        "Model on a server with the OpenAI interface; text is sent there",
        "openai:NAME@http://host:port/v1",
        "models-server",
    )
    use = gr.Button("Use a server", size="sm", elem_id="models-use-server", scale=0)
    hub = field("Any other GGUF on the Hub", "owner/repository/file.gguf", "models-hub")
    get = gr.Button("Download", size="sm", elem_id="models-get", scale=0)
    sizes = gr.Button("Ask the Hub for sizes", size="sm", elem_id="models-check", scale=0)
    told = gr.Markdown("", elem_id="models-said", elem_classes="told")

    def check() -> str:
        try:
            answer = models.check()
        except EXPECTED as error:
            return problem(error)
        return f"**{plain(answer['message'])}**" if answer["message"] else ""

    def forget(path: str | None) -> str:
        try:
            models.remove(Path(path or ""))
        except EXPECTED as error:
            return problem(error)
        return ""

    def add_place(path: str) -> None:
        models.add(Path(path))

    for box, button, begin in (
        (place, add, add_place),
        (server, use, models.load),
        (hub, get, models.download),
    ):
        gr.on([button.click, box.submit], bringing(begin), box, [told, box], **QUICK)
    remove.click(forget, added, told, **QUICK)
    sizes.click(lambda: "Asking the Hub.", None, told, **QUICK).then(check, None, told, **QUICK)
    return added, remove


def field(label: str, example: str, name: str) -> gr.Textbox:
    """A field of one line for a path or an address."""
    return gr.Textbox(label=label, placeholder=example, max_lines=1, elem_id=name, html_attributes=MONO)


def bringing(begin: Callable[[str], Any]) -> Callable[[str], tuple]:
    """The handler that begins with what a field holds, and empties it; what stands in the way is said."""

    def handler(text: str) -> tuple:
        try:
            if text.strip():
                begin(text.strip())
        except EXPECTED as error:
            return problem(error), gr.skip()
        return "", ""

    return handler


def choices(offered: list[tuple[str, str]], chosen: str | None, else_: str | None) -> Json:
    """An update of a picker with (label, value): what a person chose stays as long as it is offered."""
    kept = chosen in [value for _, value in offered]
    return gr.update(choices=offered) if kept else gr.update(choices=offered, value=else_)


def ready(workbench: Workbench) -> dict[str, Json]:
    """The files that can be loaded, by their paths."""
    return {file["path"]: file for file in workbench.models.files() if file["state"] == "ready"}


def label(file: Json) -> str:
    """A model in the picker."""
    return words.dots(file["name"], file["quantization"], words.gb(file["size"]))


def describe(file: Json | None, busy: bool) -> tuple:
    """What the form says of a model: its need of memory or why it does not fit, its window, and its button."""
    if file is None:
        return "There is no model yet.", gr.update(value=None), gr.update(interactive=False)
    fit = file["fit"]
    title = plain(words.badge(fit)[2])
    button = gr.update(value="Load with this window" if fit["ok"] else "Load anyway", interactive=not busy)
    return title if fit["ok"] else f"**{title}**", gr.update(value=fit["window"]), button


def adapters() -> str:
    """Markdown that names the adapters of the catalogue and how each is converted."""
    return "\n\n".join(
        f"{plain(one.title)} {plain(words.dots(one.repo or 'repository not known', f'on {one.base}', one.facts, one.license))}\n\n"
        f"With llama.cpp: `{one.conversion}`; then load its base with the adapter for the turns that write cells."
        for one in catalogue.adapters()
    )
