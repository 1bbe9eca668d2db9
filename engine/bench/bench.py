"""Runs a plan with a model, question by question, each stored at once, so that a stopped bench goes on later.

bench = Bench(engine)
bench.run(Plan(suites=("needle",)), progress=print, stop=stop)
report(engine.store, bench.series)                      # see `engine.bench.results`
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

from engine.bench import grade
from engine.bench.methods import method, reads_all
from engine.bench.plan import Plan, Row, check
from engine.bench.suites import suites, words
from engine.corpus import Corpus
from engine.documents.ingest import CorpusInfo, ingest, load_info
from engine.engine import Answer, Engine
from engine.errors import Cancelled, ModelError, StoreError
from engine.stop import Stop
from engine.types import Json, ModelInfo, Settings, Usage, to_json

KIND = "bench"  # of the collections that hold the texts; the library and the sessions leave them out
SAMPLE_CHARS = 20_000  # of generated text, by which a model's characters per token are measured
STOPPED = "stopped; what was measured is kept, and the same command goes on from there"
QUESTION_SECONDS = 900.0  # the most that one question may take


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a bench is: questions done of all, seconds left (None: not known yet), what goes on.

    `row` is the row at work; `trial` the one just stored, if one was.
    """

    done: int
    total: int
    seconds_left: float | None
    doing: str
    row: Row | None = None
    trial: Json = None


Tell = Callable[[Progress], None]


class Bench:
    """One series of an engine with the model that it has: texts, questions and results. Not for several threads.

    Raises ModelError while the engine has no model.
    """

    def __init__(self, engine: Engine, seed: int = 0):
        self._engine = engine
        self._store = engine.store
        self.info: ModelInfo = engine.model.info
        self.seed = seed
        self.chars_per_token = self._measured()
        self.series = series_of(self.info, seed)
        self._blocks: dict[tuple[str, float, int], tuple[CorpusInfo, suites.Block, list[Json]]] = {}

    def run(self, plan: Plan, *, progress: Tell = lambda now: None, stop: Stop | None = None) -> None:
        """Ask what is not stored yet. Raises Cancelled on a stop, InputError, ModelError, StoreError; what was
        measured before is kept."""
        check(plan)
        stop = stop or Stop()
        self._store.save_series(
            self.series,
            {
                "model": to_json(self.info),
                "seed": self.seed,
                "version": suites.VERSION,
                "chars_per_token": self.chars_per_token,
            },
        )
        work = _Work(plan, self._store.trials(self.series), self.info.n_ctx)
        progress(work.now("looking at what is stored"))
        for row in plan.rows():
            for number in work.left(row):
                if stop.event.is_set():
                    raise Cancelled(STOPPED)
                progress(work.now(f"{row.suite} at {row.windows:g} windows, {row.method}", row))
                try:
                    trial = self._ask(row, number, stop)
                except Cancelled as error:
                    raise Cancelled(STOPPED) from error
                self._store.save_trial(trial)
                work.add(row, trial)
                progress(work.now(f"{row.suite} at {row.windows:g} windows, {row.method}", row, trial))

    # --- one question -----------------------------------------------------------------------------------

    def _ask(self, row: Row, number: int, stop: Stop) -> Json:
        info, block, parts = self._block(row.suite, row.windows, number // suites.BLOCK, stop)
        asked = block.questions[number % suites.BLOCK]
        strategy, depth = method(row.method)
        settings = Settings(
            depth=depth,
            max_tokens=10**9,
            max_seconds=QUESTION_SECONDS,
            temperature=0.0,
            seed=self.seed,
        )
        if series_of(self._engine.model.info, self.seed) != self.series:
            raise ModelError("another model was loaded meanwhile; what was measured is kept")
        answer = self._engine.ask(
            asked.text, info, settings, stop=stop, strategy=strategy, part=parts[asked.haystack]
        )
        if answer.status == "interrupted":
            raise Cancelled(STOPPED)
        if answer.status == "failed":
            self._engine.model.count("")  # raises what is wrong where the model is gone
        return self._trial(row, number, asked, answer)

    def _trial(self, row: Row, number: int, asked: suites.Question, answer: Answer) -> Json:
        return {
            "series": self.series,
            **asdict(row),
            "number": number,
            "question": asked.text,
            "reference": asked.reference,
            "answer": answer.answer,
            "score": round(grade.score(answer.answer, asked.reference, asked.kind, asked.others), 4),
            "read": read(answer.usage),
            "written": answer.usage.completion_tokens,
            "calls": answer.usage.calls,
            "seconds": answer.seconds,
            "status": answer.status,
            "reason": answer.reason,
            "run": answer.run,
        }

    # --- texts ------------------------------------------------------------------------------------------

    def _block(
        self, suite: str, windows: float, number: int, stop: Stop
    ) -> tuple[CorpusInfo, suites.Block, list[Json]]:
        """The corpus of a block, made if it is not stored, its questions, and where each haystack is."""
        key = (suite, windows, number)
        if key not in self._blocks:
            chars = suites.chars_of(windows, self.info.n_ctx, self.chars_per_token)
            block = suites.block(suite, self.seed, windows, chars, number)
            name = f"bench-{self.series}-{suite}-{windows:g}-{number}"
            info = self._stored(name) or self._made(name, suite, windows, block, stop)
            info = replace(info, name=f"Bench: {suite} at {windows:g} windows")
            self._blocks = {key: (info, block, [*places(info, len(block.haystacks))])}  # one at a time
        return self._blocks[key]

    def _stored(self, name: str) -> CorpusInfo | None:
        for row in self._store.collections():
            if row["collection"] == name and row["versions"]:
                corpus = row["versions"][-1]["corpus"]
                try:
                    return load_info(Path(self._store.corpora_dir / corpus))
                except StoreError:
                    return None
        return None

    def _made(self, name: str, suite: str, windows: float, block: suites.Block, stop: Stop) -> CorpusInfo:
        folder = self._store.folder / "bench" / name
        try:
            for number, texts in enumerate(block.haystacks):
                place = folder / f"{number + 1:02}"
                place.mkdir(parents=True, exist_ok=True, mode=0o700)
                for file, text in texts.items():
                    (place / file).write_text(text, "utf-8")
            info = ingest([folder], self._store.corpora_dir, cancel=stop.event.is_set)
            title = f"Bench: {suite} at {windows:g} windows"
            row = {"collection": name, "kind": KIND, "name": title, "sources": []}
            self._store.save_version(row, {**asdict(info), "path": str(info.path), "name": title}, None)
            return info
        except OSError as error:
            raise StoreError(
                f"The texts of the bench cannot be written to {folder}: {error.strerror}. Free some space."
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _measured(self) -> float:
        """Characters per token of the generated text, by the model's own tokenizer."""
        text = " ".join(islice(words.filler(random.Random(0)), SAMPLE_CHARS // 70))
        return round(len(text) / max(1, self._engine.model.count(text)), 3)


def series_of(info: ModelInfo, seed: int) -> str:
    """The id of the results of a model with its window and its way to read: others cannot be compared with them."""
    known = [suites.VERSION, info.fingerprint, info.n_ctx, seed, *(["short readings"] * info.short_readings)]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:12]


def places(info: CorpusInfo, many: int) -> Iterable[Json]:
    """A reference to each haystack of a corpus: its one document, or its documents."""
    archive = Corpus.open(info.path).archive
    for number in range(many):
        mine = [n for n in range(archive.count) if archive.name(n).startswith(f"{number + 1:02}/")]
        if len(mine) == 1:
            yield {"kind": "document", "document": mine[0], "start": 0, "end": archive.chars(mine[0])}
        else:
            yield {"kind": "corpus", "documents": [[mine[0], mine[-1] + 1]]}


def read(usage: Usage) -> int:
    """Tokens of prompts that were really evaluated."""
    return usage.evaluated_tokens or usage.prompt_tokens - usage.reused_tokens


class _Work:
    """What of a plan is done, and how long the rest may take."""

    def __init__(self, plan: Plan, stored: list[Json], n_ctx: int):
        self._plan = plan
        self._n_ctx = n_ctx
        self._rows = plan.rows()
        self._trials: dict[Row, dict[int, Json]] = {row: {} for row in self._rows}
        self._shut: set[Row] = set()
        for trial in stored:
            row = Row(trial["suite"], trial["windows"], trial["method"])
            if row in self._trials and trial["number"] < plan.questions:
                self._trials[row][trial["number"]] = trial

    def left(self, row: Row) -> Iterable[int]:
        """The questions of a row that are to be asked, while there is time for them."""
        for number in range(self._plan.questions):
            if number in self._trials[row]:
                continue
            if self._spent(row) + (self._expected(row) or 0.0) > self._plan.row_seconds and (
                self._trials[row] or self._hopeless(row)
            ):
                break
            yield number
        self._shut.add(row)

    def add(self, row: Row, trial: Json) -> None:
        """Note a result."""
        self._trials[row][trial["number"]] = trial

    def now(self, doing: str, row: Row | None = None, trial: Json = None) -> Progress:
        """How far it is."""
        done = sum(map(len, self._trials.values()))
        ahead = {one: self._ahead(one) for one in self._rows}
        seconds = [ahead[one] * expected for one in ahead if (expected := self._expected(one)) is not None]
        known = any(self._trials.values()) or not any(ahead.values())
        return Progress(
            done, done + sum(ahead.values()), round(sum(seconds), 1) if known else None, doing, row, trial
        )

    def _ahead(self, row: Row) -> int:
        """About how many questions of a row are still to be asked."""
        if row in self._shut:
            return 0
        missing = self._plan.questions - len(self._trials[row])
        expected = self._expected(row)
        if not expected or not missing:
            return missing
        fitting = int((self._plan.row_seconds - self._spent(row)) / expected)
        least = 0 if self._trials[row] or self._hopeless(row) else 1
        return max(least, min(missing, fitting))

    def _spent(self, row: Row) -> float:
        return sum(float(trial["seconds"]) for trial in self._trials[row].values())

    def _expected(self, row: Row) -> float | None:
        """Seconds of one more question: as of this row, else of the nearest shorter one of the method."""
        if mine := self._trials[row]:
            return self._spent(row) / len(mine)
        shorter = [
            other
            for other in self._rows
            if (other.method, other.suite) == (row.method, row.suite)
            and other.windows < row.windows
            and self._trials[other]
        ] or [o for o in self._rows if o.method == row.method and self._trials[o]]
        if not shorter:
            return None
        best = max(shorter, key=lambda other: other.windows)
        growth = max(1.0, row.windows / best.windows) if reads_all(row.method) else 1.0
        return self._spent(best) / len(self._trials[best]) * growth

    def _hopeless(self, row: Row) -> bool:
        """Whether already one question would take longer than the whole row may, or than one question ever may."""
        expected = self._expected(row) or 0.0
        return reads_all(row.method) and expected > max(2 * self._plan.row_seconds, 1.0)
