"""How often a model is right on questions that people wrote about folders, asked through the engine as the app does.

python -m models.default.evaluate [MODEL.gguf] --exam second [--families look-up count] [--show] [--json]

EXAM is first, second, fourth, fifth, sixth, probe, or a folder with documents/ and questions.json ([{family, question, answer, kind}]).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine import corpus as corpora
from engine.bench.grade import normal
from engine.engine import Engine
from engine.llm import open_model
from engine.types import Settings
from models.default.grade import right
from models.default.model import provide

EXAMS = Path(__file__).parent / "exams"


@dataclass(frozen=True)
class Marked:
    """One question with its answer and what became of it; `seconds` of wall time.

    `shown`: the wanted text stands in the lines or passages that a search for the question brings.
    """

    family: str
    question: str
    wanted: Any
    answer: str | None
    good: bool
    shown: bool
    seconds: float


def questions(exam: Path) -> list[dict[str, Any]]:
    """The questions of an exam folder."""
    return json.loads((exam / "questions.json").read_text("utf-8"))


@contextmanager
def opened(model: str, exam: Path) -> Iterator[Any]:
    """An engine with the exam's documents; yields functions from a question to its answer and to what search brings."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with Engine(data, open_model(model, data=data)) as engine:
            added = engine.add([exam / "documents"])
            corpus = corpora.Corpus.open(added.path)

            def brought(question: str) -> str:
                found = (*(hit.text for hit in corpus.search(question, 8)), *corpus.passages(question, 8))
                return "\n".join(found)

            yield lambda question: engine.ask(question, added, Settings()).answer, brought


def take(model: str, exam: Path, families: list[str] | None, show: bool, every: int = 1) -> list[Marked]:
    """Ask every question of an exam, or every n-th of some families."""
    marks: list[Marked] = []
    asked = [q for q in questions(exam) if not families or q["family"] in families][::every]
    with opened(model, exam) as (ask, brought):
        for number, q in enumerate(asked, start=1):
            begun = time.monotonic()
            answer = ask(q["question"])
            seconds = round(time.monotonic() - begun, 2)
            shown = normal(str(q["answer"])) in normal(brought(q["question"]))
            good = right(answer, q["answer"], q["kind"])
            mark = Marked(q["family"], q["question"], q["answer"], answer, good, shown, seconds)
            marks.append(mark)
            if show and not mark.good:
                print(
                    f"{mark.family}: {mark.question}\n   wanted {mark.wanted!r}\n   got    {mark.answer!r}",
                    flush=True,
                )
            if number % 20 == 0:
                print(
                    f"{number} of {len(asked)}, {sum(m.good for m in marks)} right",
                    file=sys.stderr,
                    flush=True,
                )
    return marks


def report(marks: list[Marked]) -> str:
    """Right answers by family, with the median and the 95th percentile of seconds."""
    lines = []
    for family in [*sorted({m.family for m in marks}), "all"]:
        here = [m for m in marks if family in (m.family, "all")]
        seconds = sorted(m.seconds for m in here)
        late = seconds[min(len(seconds) - 1, int(len(seconds) * 0.95))]
        good = sum(m.good for m in here)
        missed = sum(m.shown and not m.good for m in here)
        lines.append(
            f"{family:12}{good:4} of {len(here):3}{good / len(here):6.0%}   wrong though shown {missed:3}   "
            f"median {statistics.median(seconds):.1f} s, p95 {late:.1f} s"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", help="a GGUF; the default model without")
    parser.add_argument("--exam", required=True)
    parser.add_argument("--families", nargs="+")
    parser.add_argument("--every", type=int, default=1, help="ask every n-th question only")
    parser.add_argument("--show", action="store_true", help="print the wrong answers")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    exam = EXAMS / options.exam if (EXAMS / options.exam).is_dir() else Path(options.exam)
    marks = take(options.model or str(provide()), exam, options.families, options.show, options.every)
    print(json.dumps([asdict(m) for m in marks], ensure_ascii=False) if options.json else report(marks))


if __name__ == "__main__":
    main()
