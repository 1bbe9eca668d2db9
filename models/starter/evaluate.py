"""How often the starter is right on worlds it has not seen, through the engine's public front; baselines beside it.

python -m models.starter.evaluate models/starter/taproot-starter.gguf --each 200
python -m models.starter.evaluate FILE --second-exam     hand-written: other wording, other documents, never looked at;
                                                         --exam, --probe: those that helpers were mended with
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.engine import Engine
from engine.llm import open_model
from engine.llm.base import Model, Request, Stream
from engine.types import Settings
from models.starter import baselines
from models.starter.episode import Episode
from models.starter.families import episodes
from models.starter.grade import right
from models.starter.rehearsal import OracleModel, OracleStream, rehearse, store
from models.starter.worlds import make_world

ASKED = (
    "look-up", "count", "list", "not there", "fan out", "fan out (children)",
    "extreme", "total", "compare", "two sets", "distinct", "two steps", "follow-up", "table", "yes or no", "phrase", "several values", "several",
    "labels", "recovery",
)  # fmt: skip
SEED = 20_000_000  # far from the seeds of the training data
PROBE, EXAM = Path(__file__).parent / "probe", Path(__file__).parent / "exam"
SECOND = Path(__file__).parent / "second-exam"
LAUNCH = Path(__file__).parents[2] / "launch.py"
IN_TALK = ("follow-up", "recovery")  # what needs more than a question, which the command does not take

Ask = Callable[[Path, Episode], str | None]


def cases(each: int, families: Collection[str] = ASKED) -> Iterator[tuple[dict[str, str], list[Episode]]]:
    """Documents and questions that training has not seen: `each` of every family, at most two of one in a world."""
    wanted = Counter({family: each for family in families})
    number = 0
    while +wanted:
        rng = random.Random(SEED + number)
        world = make_world(rng, documents=rng.choice((3, 6, 8, 12, 14)))
        here: Counter[str] = Counter()
        chosen = []
        for episode in episodes(rng, world, 30):
            if wanted[episode.family] > 0 and here[episode.family] < 2:
                wanted[episode.family] -= 1
                here[episode.family] += 1
                chosen.append(episode)
        if chosen:
            yield world.documents, chosen
        number += 1


def by_hand(home: Path) -> tuple[dict[str, str], list[Episode]]:
    """The hand-written documents and questions of probe/ or exam/."""
    folder = home / "documents"
    documents = {
        str(p.relative_to(folder)): p.read_text("utf-8") for p in sorted(folder.rglob("*")) if p.is_file()
    }
    found = [
        Episode(q["family"], q["question"], q["answer"], q["kind"])
        for q in json.loads((home / "questions.json").read_text("utf-8"))
    ]
    return documents, found


class Stumbling:
    """A model whose next root begins with a given cell; everything else is its own."""

    def __init__(self, model: Model):
        self._model = model
        self.first = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def submit(self, request: Request) -> Stream:
        """Answer with the given cell once, then let the model answer."""
        if not self.first or not request.conversation.endswith("/0"):
            return self._model.submit(request)
        given, self.first = self.first, ""
        return OracleStream(f"```repl\n{given}\n```")


@contextmanager
def through_engine(model: str, settings: Settings) -> Iterator[Ask]:
    """Ask a GGUF model through Engine.add and Engine.ask, with sandboxed cells, as the app does."""
    given = Stumbling(open_model(model))
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder) / "data", given) as engine:

        def ask(source: Path, episode: Episode) -> str | None:
            corpus, follows = engine.add([source]), None
            for before, _ in episode.earlier:
                follows = engine.ask(before, corpus, settings, follows=follows).run
            given.first = episode.first
            return engine.ask(episode.question, corpus, settings, follows=follows).answer

        yield ask


@contextmanager
def through_command(model: str, settings: Settings) -> Iterator[Ask]:
    """Ask a GGUF model with `launch.py ask`, a process for each question."""
    with tempfile.TemporaryDirectory() as data:

        def ask(source: Path, episode: Episode) -> str | None:
            limits = ["--depth", str(settings.depth), "--calls", str(settings.max_calls)]
            command = [sys.executable, str(LAUNCH), "ask", str(source), episode.question, "--json", "--quiet"]
            done = subprocess.run(
                [*command, "--data", data, "--model", model, *limits], capture_output=True, text=True
            )
            return json.loads(done.stdout)["answer"] if done.stdout.strip() else f"({done.stderr.strip()})"

        yield ask


@contextmanager
def through_rehearsal(reply: Callable[..., str]) -> Iterator[Ask]:
    """Ask a function in the model's place, with cells in this process."""
    made: dict[Path, Path] = {}

    def ask(source: Path, episode: Episode) -> str | None:
        if source not in made:
            files = {
                str(p.relative_to(source)): p.read_text("utf-8")
                for p in sorted(source.rglob("*"))
                if p.is_file()
            }
            made[source] = store(files, source.parent / "corpus")
        try:
            return rehearse(OracleModel(reply), made[source], episode.question, earlier=episode.earlier)
        except Exception as error:
            return f"({type(error).__name__})"

    yield ask


def score(
    ask: Ask, chosen: Iterator[tuple[dict[str, str], list[Episode]]], show: bool
) -> dict[str, list[bool]]:
    """Grade every answer; returns the marks by family."""
    marks: dict[str, list[bool]] = defaultdict(list)
    for documents, found in chosen:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "documents"
            for name, text in documents.items():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                (source / name).write_text(text, "utf-8")
            for episode in found:
                answer = ask(source, episode)
                good = right(answer, episode.answer, episode.kind, episode.others)
                marks[episode.family].append(good)
                _tell(marks)
                if show and not good:
                    print(
                        f"{episode.family}: {episode.question}\n   wanted {episode.answer!r}\n   got    {answer!r}"
                    )
    return marks


def _tell(marks: dict[str, list[bool]]) -> None:
    """Say on standard error how far it is, at every hundredth question."""
    done = sum(map(len, marks.values()))
    if done % 100 == 0:
        print(f"{done} questions, {sum(map(sum, marks.values()))} right", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("--each", type=int, default=30, help="questions of every family")
    parser.add_argument("--families", nargs="+", choices=ASKED, default=ASKED, metavar="FAMILY")
    parser.add_argument("--depth", type=int, default=1, help="levels of rlm_query children")
    parser.add_argument(
        "--calls", type=int, default=Settings().max_calls, help="sub-calls of a question; 0 for none"
    )
    parser.add_argument("--probe", action="store_true")
    parser.add_argument("--exam", action="store_true")
    parser.add_argument("--second-exam", action="store_true")
    parser.add_argument(
        "--command", action="store_true", help="ask with the real command; without follow-ups and recovery"
    )
    parser.add_argument("--show", action="store_true", help="print the wrong answers")
    parser.add_argument("--alone", action="store_true", help="without the baselines")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    def chosen() -> Iterator[tuple[dict[str, str], list[Episode]]]:
        asked = ((PROBE, options.probe), (EXAM, options.exam), (SECOND, options.second_exam))
        folders = [folder for folder, wanted in asked if wanted]
        families = [f for f in options.families if not (options.command and f in IN_TALK)]
        yield from map(by_hand, folders) if folders else cases(options.each, families)

    settings = Settings(depth=options.depth, max_calls=options.calls)

    started = time.monotonic()
    table: dict[str, dict[str, list[bool]]] = {}
    beside = () if options.alone else (("constant", baselines.constant), ("keywords", baselines.keywords))
    for name, reply in beside:
        with through_rehearsal(reply) as ask:
            table[name] = score(ask, chosen(), show=False)
    begun = time.monotonic()
    through = through_command if options.command else through_engine
    with through(options.model, settings) as ask:
        table["starter"] = score(ask, chosen(), options.show)
    seconds = time.monotonic() - begun
    report(table, seconds, options.json)
    print(f"{time.monotonic() - started:.0f} s in all", file=sys.stderr)


def report(table: dict[str, dict[str, list[bool]]], seconds: float, as_json: bool) -> None:
    families = sorted(table["starter"])
    count = sum(len(marks) for marks in table["starter"].values())
    rows: list[dict[str, Any]] = []
    for family in [*families, "all"]:
        row: dict[str, Any] = {"family": family}
        for name, marks in table.items():
            given = [m for f in families for m in marks[f]] if family == "all" else marks[family]
            row["questions"] = len(given)
            row[name] = round(sum(given) / max(1, len(given)), 3)
        rows.append(row)
    if as_json:
        print(json.dumps({"rows": rows, "seconds_per_question": round(seconds / count, 3)}))
        return
    print(f"{'family':22}{'questions':>10}" + "".join(f"{name:>10}" for name in table))
    for row in rows:
        values = "".join(f"{row[name]:>10.0%}" for name in table)
        print(f"{row['family']:22}{row['questions']:>10}{values}")
    print(f"{seconds / count:.2f} s per question with the starter")


if __name__ == "__main__":
    main()
