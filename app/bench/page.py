"""The form that measures the model. Its handlers begin a bench and own none: what goes on reaches `bench.js` as news.

`bench.js` fills `#bench-progress` and hides `#bench-choices` while a bench goes on; `refresh` of the link makes the
form look at the model again, and the first one makes it: what is not seen costs nothing while the app opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from app.bench.words import METHODS, SUITES
from app.errors import EXPECTED
from app.forms import LATEST, QUICK, FormLink, plain, problem
from engine.bench import methods, plan
from engine.bench.suites import suites

if TYPE_CHECKING:
    from app.workbench import Workbench

USUAL = plan.Plan()
CHECKED_SUITES = ["needle"]
LONGEST_CHECKED = 64  # windows


def form(workbench: Workbench) -> None:
    """Put the form into the page that is being built."""
    with gr.Column(visible=False, elem_id="bench-form", elem_classes="card form-card") as card:
        gr.Markdown("## Measure the model")
        about = gr.Markdown("", elem_id="bench-about")
        with gr.Column(elem_id="bench-choices"):
            kind = gr.Radio(
                [("Quick: a look in a few minutes", "quick"), ("Choose: more lengths and questions", "own")],
                value="quick",
                label="How much",
                elem_id="bench-kind",
            )
            with gr.Column(elem_id="bench-own"):  # shown by the style sheet, where "own" is chosen
                wanted = choices()
            go = gr.Button("Start", variant="primary", elem_id="bench-start", scale=0)
        told = gr.Markdown("", elem_id="bench-told", elem_classes="told")
        gr.Column(elem_id="bench-progress")
    link = FormLink(elem_id="bench-link")

    def start(kind: str, *values: Any) -> str:
        try:
            workbench.bench.start({"quick": True} if kind == "quick" else named(*values))
        except EXPECTED as error:
            return problem(error)
        return ""

    def look() -> tuple:
        model = workbench.bench.model()
        words = "No model is loaded yet."
        if model is not None:
            words = (
                f"{plain(model['name'])}, with a window of {model['n_ctx']:,} tokens. "
                "Texts and questions are generated; the grader is a rule, not a model."
            )
        return gr.update(visible=True), words, gr.update(interactive=model is not None)

    gr.on([go.click, *(number.submit for number in wanted[3:])], start, [kind, *wanted], told, **QUICK)
    link.refresh(look, None, [card, about, go], **LATEST)


def named(chosen: list[str], ways: list[str], lengths: list[float], *limits: float | None) -> dict[str, Any]:
    """What is wanted by name, in the order of the form and not of the clicks; a field that was emptied is as usual."""
    return {
        "suites": [name for name in suites.SUITES if name in chosen],
        "methods": [name for name in methods.METHODS if name in ways],
        "lengths": [windows for windows in plan.LENGTHS if windows in lengths],
        **dict(zip(("questions", "minutes"), limits, strict=True)),
    }


def choices() -> list[Any]:
    """The fields of a bench of one's own: suites, methods, lengths, questions, minutes."""
    return [
        gr.CheckboxGroup(
            [(f"{name}: {SUITES[name]}", name) for name in suites.SUITES],
            value=CHECKED_SUITES,
            label="Questions",
        ),
        gr.CheckboxGroup(
            [(f"{name}: {METHODS[name]}", name) for name in methods.METHODS],
            value=[*USUAL.methods],
            label="Ways to the answer",
        ),
        gr.CheckboxGroup(
            [(f"{windows:,g}×", windows) for windows in plan.LENGTHS],
            value=[windows for windows in plan.LENGTHS if windows <= LONGEST_CHECKED],
            label="Length of the text, in windows of the model",
            elem_id="bench-lengths",
        ),
        gr.Number(USUAL.questions, precision=0, label="Questions for each", elem_classes="beside"),
        gr.Number(USUAL.row_seconds / 60, label="Minutes for each, at most", elem_classes="beside"),
    ]
