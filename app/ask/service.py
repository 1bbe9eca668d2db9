"""What stands between the form and the engine: which corpora and models may be chosen, and how a run is started."""

from __future__ import annotations

from app.ask.estimate import estimate
from app.errors import Conflict, NotFound
from app.library import wording
from app.paths import ROOT
from app.preferences import Preferences
from app.runs.service import to_settings
from app.workbench import Workbench
from engine.errors import InputError, ModelError
from engine.types import Json

QUESTIONS = ROOT / "app" / "sample" / "questions.json"
Choices = list[tuple[str, str]]


class ModelOnItsWay(Conflict):
    """The model is being loaded; the same may be asked again when it is there."""


def start(
    workbench: Workbench,
    question: str,
    corpus: str | None,
    model: str | None,
    follows: str,
    settings: dict[str, Json],
) -> str:
    """Begin a run and return its id; what was chosen is remembered. Raises TaprootError with what to do next.

    A question about other documents than the run it `follows` begins a new session.
    """
    if not question.strip():
        raise InputError("the question is empty; write what you want to know")
    if not corpus:
        raise InputError("no documents are chosen; add some in the Library")
    if model and model != models(workbench)[1]:
        raise Conflict("another model was chosen by now, perhaps in another tab; look which, and ask again")
    if workbench.models.loading():
        raise ModelOnItsWay("the model is still being loaded; your question is asked as soon as it is there")
    corpus = workbench.library.corpus(
        corpus
    )  # the newest, where the one chosen was read again and let go since
    remember(workbench, corpus)
    if follows and card(workbench, workbench.runs.row(follows)["corpus"]) != card(workbench, corpus):
        follows = ""
    return workbench.runs.start(question, corpus, settings, follows=follows or None).run


def remember(workbench: Workbench, corpus: str | None) -> None:
    """Keep the choice of documents for the next start."""
    if corpus:
        Preferences(workbench.data_dir).put(corpus=corpus)


def corpora(workbench: Workbench, chosen: str | None) -> tuple[Choices, str | None]:
    """The newest version of each corpus as (label, id), and which to choose: the chosen, the remembered, the first."""
    cards = workbench.library.cards()
    choices = [(wording.choice(one), one["id"]) for one in cards]
    for wanted in (chosen, Preferences(workbench.data_dir).get("corpus")):
        found = card(workbench, wanted)
        if found and any(one["card"] == found["card"] for one in cards):
            return choices, found["id"]
    return choices, choices[0][1] if choices else None


def card(workbench: Workbench, corpus: str | None) -> Json:
    """The card of the library that has or had this corpus as one of its versions, or None."""
    try:
        return workbench.library.card(corpus) if corpus else None
    except NotFound:
        return None


def is_sample(workbench: Workbench, corpus: str | None) -> bool:
    """Whether this is the corpus that comes with Taproot."""
    found = card(workbench, corpus)
    return found is not None and found["kind"] == "sample"


def models(workbench: Workbench) -> tuple[Choices, str | None]:
    """All models that can be chosen as (label, path), and the path of the one that is loaded or on its way."""
    return workbench.models.choices()


def use_model(workbench: Workbench, path: str | None) -> None:
    """Begin to load another model. Raises TaprootError."""
    if path and path != models(workbench)[1]:
        workbench.models.load(path)


def predict(workbench: Workbench, corpus: str | None, settings: dict[str, Json]) -> str:
    """What a question would cost with the model that is loaded, as a sentence.

    "" without a corpus or model, and where a limit is not one yet (somebody is typing it).
    """
    found = card(workbench, corpus)
    if found is None:
        return ""
    try:
        info = workbench.engine.model.info
        limits = to_settings(settings)
    except (ModelError, InputError):
        return ""
    return estimate(
        chars=found["chars"],
        n_ctx=info.n_ctx,
        chars_per_token=info.chars_per_token,
        settings=limits,
        speed=workbench.engine.speeds.of(info),
    ).sentence
