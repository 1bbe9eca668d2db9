"""The form that asks: question, corpus, model, limits. Its handlers take milliseconds and own no run.

A run begins in `workbench.runs`. Form and page talk through one component, `app.forms.link.FormLink`: it holds the run
that the next question follows up, brings the page the id of a run that has begun or what stood in the way, and lets the
page ask, choose the documents of a card, and bring the choices up to date.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import Any

import gradio as gr

from app.ask import service as asking
from app.errors import EXPECTED
from app.forms import LATEST, QUICK, FormLink, Picker, sentence
from app.workbench import Workbench
from engine.types import Json, Settings

DEFAULT = Settings()
SHOWN_SAMPLES = 6


@cache
def samples() -> list[str]:
    """Questions about the sample corpus, one of each family first."""
    entries = json.loads(asking.QUESTIONS.read_text(encoding="utf-8"))
    first: dict[str, str] = {}
    for entry in entries:
        first.setdefault(entry["family"], entry["question"])
    return list(first.values())[:SHOWN_SAMPLES]


def form(workbench: Workbench) -> None:
    """Put the form into the page that is being built."""
    with gr.Column(elem_id="ask-form"):
        gr.Column(elem_id="follow-host")
        question = gr.Textbox(
            label="Question",
            show_label=False,
            placeholder="What do you want to know?",
            lines=2,
            max_lines=8,
            elem_id="question",
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=True),
        )
        with gr.Row(elem_id="ask-row"):
            corpus = Picker([], value=None, label="Documents", elem_id="corpus", min_width=180)
            model = Picker([], value=None, label="Model", elem_id="model", min_width=180)
            estimate = gr.Markdown("", elem_id="estimate")
            ask = gr.Button("Ask", variant="primary", elem_id="ask", min_width=110, scale=0)
        with gr.Accordion("Limits and sampling", open=False, elem_id="settings"):
            limits = settings()
    with gr.Column(elem_id="samples", visible=False) as sample_box:
        gr.Markdown("Try a question about the sample documents", elem_id="samples-title")
        with gr.Row(elem_id="sample-row"):
            chips = [gr.Button(text, elem_classes="sample", size="sm", min_width=0) for text in samples()]
    link = FormLink(elem_id="ask-link")

    def start(words: str, chosen: str | None, with_model: str | None, said: Json, *values: Any) -> tuple:
        follows, limits = said.get("follows", ""), named(values)
        try:
            return {"run": asking.start(workbench, words or "", chosen, with_model, follows, limits)}, ""
        except EXPECTED as error:
            return problem(error), words

    def choices(chosen: str | None) -> tuple:
        corpora, first = asking.corpora(workbench, chosen)
        models, loaded = asking.models(workbench)
        return (
            # What is chosen is left alone: meanwhile somebody may have chosen another.
            gr.update(choices=corpora) if first == chosen else gr.update(choices=corpora, value=first),
            gr.update(choices=models, value=loaded),  # what is loaded or on its way, whoever chose it
            gr.update(visible=asking.is_sample(workbench, first)),
        )

    def predict(chosen: str | None, with_model: str | None, *values: Any) -> str:
        return asking.predict(workbench, chosen, named(values))

    def choose_corpus(chosen: str | None) -> Any:
        asking.remember(workbench, chosen)
        return gr.update(visible=asking.is_sample(workbench, chosen))

    def choose_card(card: gr.EventData) -> tuple:
        offered, first = asking.corpora(workbench, card.corpus)
        asking.remember(workbench, first)
        return gr.update(choices=offered, value=first), gr.update(visible=asking.is_sample(workbench, first))

    def choose_model(with_model: str | None) -> tuple:
        try:
            asking.use_model(workbench, with_model)
        except EXPECTED as error:
            return problem(error), gr.update(value=asking.models(workbench)[1])
        return gr.skip(), gr.skip()

    inputs = [corpus, model, link, *limits]
    gr.on([ask.click, question.submit, link.ask], start, [question, *inputs], [link, question], **QUICK)
    for chip, text in zip(chips, samples(), strict=True):
        chip.click(lambda *rest, text=text: start(text, *rest), inputs, [link, question], **QUICK)
    gr.on(None, lambda: choices(None), None, [corpus, model, sample_box], **LATEST)  # when the page opens
    link.refresh(choices, [corpus], [corpus, model, sample_box], **LATEST)
    link.refresh(predict, [corpus, model, *limits], estimate, **LATEST)
    gr.on(None, predict, [corpus, model, *limits], estimate, **LATEST)
    corpus.input(choose_corpus, corpus, sample_box, **LATEST)
    link.choose(choose_card, None, [corpus, sample_box], **LATEST)
    model.input(choose_model, model, [link, model], **LATEST)


def settings() -> list[Any]:
    """The limits of a run, in the order of `named`."""
    with gr.Row():
        depth = gr.Slider(
            0,
            4,
            DEFAULT.depth,
            step=1,
            label="Depth",
            info="Levels of children with a session of their own. 0: single sub-calls only.",
            elem_id="set-depth",
        )
        temperature = gr.Textbox(
            "",
            label="Temperature",
            placeholder="as recommended",
            info="Empty: what the model's publisher recommends. 0 always takes the likeliest word.",
            elem_id="set-temperature",
        )
        seed = _number("seed", "Seed", DEFAULT.seed, 0, 2**31 - 1, "The same seed repeats the same draw.")
    with gr.Row():
        limits = [
            _number("turns", "Turns", DEFAULT.max_turns, 1, 200, "Replies of each node before its best answer is asked for."),
            _number("calls", "Sub-calls", DEFAULT.max_calls, 1, 100_000, "In the whole tree."),
            _number("tokens", "Tokens", DEFAULT.max_tokens, 1000, 1_000_000_000, "Read and written, in the whole tree.", step=1000),
            _number("seconds", "Time limit", DEFAULT.max_seconds, 5, 604_800,
                    "Seconds. The best answer is asked for in time; a run can be given more."),
            _number("reply", "Longest reply", 0, 0, 1_000_000,
                    "Tokens. 0: a quarter of the window, at most 2,560 for a turn (768 of a model under a billion parameters, "
                    "4,096 where it thinks). Never more than half of the seconds left allow."),
        ]  # fmt: skip
    return [depth, *limits, temperature, seed]


def _number(
    name: str, label: str, value: float, least: int, most: int, info: str, step: int = 1
) -> gr.Number:
    """A field of a whole number."""
    return gr.Number(
        value,
        precision=0,
        minimum=least,
        maximum=most,
        step=step,
        label=label,
        info=info,
        elem_id=f"set-{name}",
    )


def named(values: tuple[Any, ...]) -> dict[str, Any]:
    """The settings of a run by name; a field that was emptied takes its default."""
    names = (
        *("depth", "max_turns", "max_calls", "max_tokens", "max_seconds"),
        *("reply_tokens", "temperature", "seed"),
    )
    found = {name: value for name, value in zip(names, values, strict=True) if value not in (None, "")}
    if not found.get("reply_tokens"):
        found.pop("reply_tokens", None)
    with suppress(KeyError, ValueError):  # what is no number is refused with the others
        found["temperature"] = float(found["temperature"].strip().replace(",", "."))
    return found


def problem(error: Exception) -> Json:
    """What tells the page of a problem: a sentence, and whether the question waits for a model that is on its way."""
    return {"problem": sentence(error), "waiting": isinstance(error, asking.ModelOnItsWay)}
