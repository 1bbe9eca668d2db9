"""What stands between the form and the engine: which corpora and models may be chosen, and how a run is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.estimate import Estimate, Speed, estimate
from app.preferences import Preferences
from app.workbench import Workbench
from engine.errors import InputError, TaprootError
from engine.types import Json, Sampling, Settings

SAMPLE = Path(__file__).resolve().parent / "sample" / "documents"
QUESTIONS = SAMPLE.parent / "questions.json"
Choices = list[tuple[str, str]]


def start(
    workbench: Workbench,
    question: str,
    corpus: str | None,
    model: str | None,
    follows: str,
    settings: dict[str, Json],
) -> str:
    """Begin a run and return its id; what was chosen is remembered. Raises TaprootError with what to do next.

    A question about another corpus than the run it `follows` begins a new session.
    """
    if not question.strip():
        raise InputError("the question is empty; write what you want to know")
    if not corpus:
        raise InputError("no documents are chosen; add some in the Library")
    remember(workbench, corpus=corpus, model=model)
    if follows and workbench.engine.store.run(follows)["corpus"] != corpus:
        follows = ""
    return workbench.runs.start(question, corpus, settings, follows=follows or None).run


def remember(workbench: Workbench, **values: str | None) -> None:
    """Keep the choice of corpus or model for the next start."""
    Preferences(workbench.data_dir).put(**{name: value for name, value in values.items() if value})


def corpora(workbench: Workbench, chosen: str | None) -> tuple[Choices, str | None]:
    """All corpora as (label, id), newest first, and which to choose: the chosen, the remembered, the first."""
    rows = workbench.engine.store.corpora()
    choices = [(label(row), row["id"]) for row in rows]
    return choices, _first([chosen, Preferences(workbench.data_dir).get("corpus")], choices)


def label(row: Json) -> str:
    """A corpus in a list: its name and how much is in it."""
    count = row.get("documents") or 0
    return f"{row.get('name') or row['id']} · {count:,} document{'' if count == 1 else 's'}"


def models(workbench: Workbench, chosen: str | None) -> tuple[Choices, str | None]:
    """All models that can be chosen as (label, path), and the one that new runs use."""
    try:
        info = workbench.engine.model.info
    except TaprootError:
        return [], None
    return [(info.name, info.path)], info.path


def use_model(workbench: Workbench, path: str | None) -> None:
    """Begin to load another model. Raises TaprootError."""


def is_sample(workbench: Workbench, corpus: str | None) -> bool:
    """Whether this is the corpus that comes with Taproot."""
    row = _corpus(workbench, corpus)
    return bool(row) and str(SAMPLE) in [str(source) for source in row.get("sources", ())]


def estimated(workbench: Workbench, corpus: str | None, settings: dict[str, Json]) -> Estimate | None:
    """What a question would cost with the model that is loaded; None without a corpus or model."""
    row = _corpus(workbench, corpus)
    try:
        info = workbench.engine.model.info
    except TaprootError:
        return None
    if not row:
        return None
    past = workbench.runs.speed(info.name)
    known = past.get("prefill_tps") and past.get("decode_tps")
    return estimate(
        chars=row.get("chars") or 0,
        n_ctx=info.n_ctx,
        chars_per_token=info.chars_per_token,
        settings=to_settings(settings),
        speed=Speed(past["prefill_tps"], past["decode_tps"], past["runs"]) if known else None,
    )


def predict(workbench: Workbench, corpus: str | None, settings: dict[str, Json]) -> str:
    """The estimate as a sentence, "" where there is none."""
    found = estimated(workbench, corpus, settings)
    return found.sentence if found else ""


def to_settings(values: dict[str, Json]) -> Settings:
    """Settings from the names that the form and POST /api/runs use."""
    rest: dict[str, Any] = {n: v for n, v in values.items() if n not in ("temperature", "seed")}
    drawn = {n: v for n, v in values.items() if n in ("temperature", "seed")}
    return Settings(**rest, sampling=Sampling(**drawn))


def _corpus(workbench: Workbench, corpus: str | None) -> Json:
    return next((row for row in workbench.engine.store.corpora() if row["id"] == corpus), None)


def _first(wanted: list[str | None], choices: Choices) -> str | None:
    known = [value for _, value in choices]
    return next((value for value in wanted if value in known), known[0] if known else None)
