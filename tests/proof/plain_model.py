"""Ask questions with any GGUF, also one that was never taught to write cells, and look at every answer it gets away with.

    python -m tests.proof.plain_model --model FILE.gguf [--questions 60] [--seconds 600] [--seed 0] [--temperature T]

The questions are drawn in turn from the sample corpus and from two exams of the default model. Printed are all answers,
those that break the promise that an answer is an answer (by rules of this file, simpler than those of
`engine.answer.flaws`), the median and the longest time, and how many runs took over 5 seconds more than their limit.
Whether an answer is right is not looked at. Exit status 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from engine import prompt
from engine.engine import Answer, Engine
from engine.llm import open_model
from engine.types import Settings

ROOT = Path(__file__).resolve().parents[2]
EXAMS = ROOT / "models" / "default" / "exams"
CORPORA = (ROOT / "app" / "sample", EXAMS / "first", EXAMS / "second")
OVER = 5.0  # seconds beyond the limit that are promised at most
NOTHING = (
    "none",
    "null",
    "nil",
    "n/a",
    "na",
    "undefined",
    "nan",
    "[]",
    "{}",
    "()",
    "answer",
    "value",
    "name",
)
SIGNS = ("```", "<|", "</s>", "[INST]", "Traceback", "<function", "<class", "<bound method", "object at 0x")
CODE = re.compile(
    r"\b(?:FINAL|SUBMIT|FINAL_VAR|print|len|llm_query|map_query|rlm_query)\(|\bcontext\.|^(?:import|def|for) ",
    re.M,
)
ERROR = re.compile(r"\b[A-Z]\w*(?:Error|Exception)\b\s*:")


@dataclass(frozen=True)
class Asked:
    """One question with what became of it; `seconds` is wall time as seen from outside."""

    question: str
    answer: Answer
    seconds: float
    broken: str


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="a GGUF file")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument(
        "--seconds", type=float, default=Settings().max_seconds, help="the time limit of each"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed draws other questions")
    parser.add_argument("--temperature", type=float, help="default: as its publisher recommends")
    options = parser.parse_args()
    settings = Settings(max_seconds=options.seconds, temperature=options.temperature, seed=options.seed)
    with tempfile.TemporaryDirectory() as data, Engine(Path(data), open_model(options.model)) as engine:
        known = {folder: engine.add([folder / "documents"]) for folder in CORPORA}
        asked = []
        for folder, question in drawn(options.questions, options.seed):
            began = time.monotonic()
            answer = engine.ask(question, known[folder], settings)
            seconds = time.monotonic() - began
            asked.append(Asked(question, answer, seconds, broken(engine, answer, question)))
            show(asked[-1], len(asked))
    return summary(asked, options.seconds)


def drawn(many: int, seed: int) -> list[tuple[Path, str]]:
    """`many` questions, from each corpus in turn, in an order that the seed decides."""
    rng = random.Random(seed)
    stacks = []
    for folder in CORPORA:
        questions = [entry["question"] for entry in json.loads((folder / "questions.json").read_text())]
        stacks.append((folder, rng.sample(questions, len(questions))))
    order = [(folder, stack[n]) for n in range(many) for folder, stack in stacks if n < len(stack)]
    return order[:many]


def broken(engine: Engine, answer: Answer, question: str) -> str:
    """Which promise an answer breaks, in a word or two; "" for none, or where there is no answer."""
    if answer.answer is None:
        return "" if answer.reason else "no reason"
    text = answer.answer.strip()
    plain = squeezed(text)
    events = engine.store.events(answer.run)
    names = {name for e in events if e.kind == "cell_finished" for name, _ in e.payload["variables"] or ()}
    own = squeezed(" ".join(prompt.own_texts()))
    checks = {
        "empty": not plain,
        "a sign of code or a template": any(sign in text for sign in SIGNS),
        "code": CODE.search(text) is not None,
        "an error": ERROR.search(text) is not None,
        "nothing": text.strip(" .'\"`*").casefold() in NOTHING,
        "a variable": text.strip(" .'\"`*") in names,
        "the question": plain == squeezed(question) or (len(plain) > 20 and plain in squeezed(question)),
        "the prompt": len(plain) > 20 and plain in own,
        "forced, not marked": bool(answer.reason) and not answer.forced,
    }
    return ", ".join(name for name, found in checks.items() if found)


def squeezed(text: str) -> str:
    """Letters and digits alone."""
    return re.sub(r"[\W_]+", "", text).casefold()


def show(one: Asked, number: int) -> None:
    """Print what became of a question."""
    answer = one.answer
    mark = " FORCED" * answer.forced + (f" BROKEN: {one.broken}" if one.broken else "")
    said = repr(answer.answer) if answer.answer is not None else f"({answer.reason})"
    print(f"{number:3} {one.seconds:6.1f} s {answer.status}{mark}  {one.question}\n      {said}", flush=True)


def summary(asked: list[Asked], limit: float) -> int:
    """Print the figures; 0 when every promise was kept."""
    seconds = [one.seconds for one in asked]
    late = [one for one in asked if one.seconds > limit + OVER]
    wrong = [one for one in asked if one.broken]
    print(f"\n{len(asked)} questions: {dict(Counter(one.answer.status for one in asked))}")
    print(f"answers asked for at a limit: {sum(one.answer.forced for one in asked)}")
    print(f"without an answer but with passages: {sum(bool(one.answer.passages) for one in asked)}")
    print(f"answers that are none: {len(wrong)}")
    print(f"median {statistics.median(seconds):.1f} s, longest {max(seconds):.1f} s, limit {limit:g} s")
    print(f"over the limit by more than {OVER:g} s: {len(late)}")
    return 1 if wrong or late else 0


if __name__ == "__main__":
    sys.exit(main())
