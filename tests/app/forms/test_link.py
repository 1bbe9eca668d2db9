"""The link between form and page: what Gradio is given of it, and what it tells. The browser's side is in `test_ask`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import orjson
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.ask import service as asking
from app.ask.page import problem
from app.forms import FormLink, Picker, plain, routes
from app.forms import problem as beside
from app.paths import ROOT
from app.server import static
from engine.errors import InputError


def test_gradio_takes_it_for_a_component_and_writes_no_stub_into_the_tree() -> None:
    with gr.Blocks(analytics_enabled=False) as blocks:
        link, box = FormLink(), gr.Textbox()
        for event in FormLink.EVENTS:
            getattr(link, event)(lambda said: said["follows"], link, box)
    config = blocks.get_config_file()
    kinds = {one["id"]: (one["type"], one["component_class_id"]) for one in config["components"]}
    assert kinds[link._id] == ("formlink", "formlink")
    targets = [one["targets"] for one in config["dependencies"]]
    assert targets == [[(link._id, event)] for event in ("ask", "refresh", "choose")]
    assert link.preprocess(None) == {}
    assert [*(ROOT / "app").rglob("*.pyi")] == []


def test_a_handler_gets_a_choice_that_is_offered_no_longer_and_says_so_itself() -> None:
    with gr.Blocks(analytics_enabled=False) as blocks:
        picker, box = Picker([], value=None, label="Model"), gr.Textbox()
        picker.input(lambda chosen: f"{chosen} is gone", picker, box, queue=False)
    described = blocks.get_config_file()["components"][0]
    assert (described["type"], described["props"]["name"]) == (
        "dropdown",
        "dropdown",
    )  # Gradio's own front end
    app = gr.mount_gradio_app(FastAPI(), blocks, path="/")
    with TestClient(app) as http:
        told = http.post("/gradio_api/run/predict", json={"fn_index": 0, "data": ["gone.gguf"]})
    assert (told.status_code, told.json()["data"]) == (200, ["gone.gguf is gone"])


def test_its_front_end_is_the_module_of_the_page() -> None:
    app = FastAPI()
    app.include_router(routes.router(cast("Any", SimpleNamespace())))
    with TestClient(app) as http:
        for file in ("index.js", "svelte_runtime_entry.js"):
            module = http.get(f"/gradio_api/custom_component/formlink/client/component/{file}")
            assert module.headers["content-type"].startswith("text/javascript")
            assert module.text == 'export * from "/ui/forms/link.js";'
        style = http.get("/gradio_api/custom_component/formlink/client/component/style.css")
        assert style.headers["content-type"].startswith("text/css") and style.text == ""
    front = static.find("/ui/forms/link.js")
    assert front is not None
    for name in ("export function mount", "export function unmount"):
        assert name in front.read_text()


def test_a_problem_is_told_as_a_sentence_whatever_it_holds() -> None:
    words = "<img src=x> `é` \udcff was refused"
    told = "<img src=x> `é` ? was refused."  # no JSON of Gradio's holds half a character
    assert problem(InputError(words)) == {"problem": told, "waiting": False}
    assert orjson.loads(orjson.dumps(beside(InputError(words)))) == f"**{plain(told)}**"
    waiting = problem(asking.ModelOnItsWay("the model is on its way!"))
    assert waiting == {"problem": "The model is on its way!", "waiting": True}
