"""Readings that may only quote, with a real model: `python -m tests.proof.quotes [--model GGUF] [--readings 300]`.

Documents of the sample corpus, and texts by chance of repeats, emoji, accents, line ends and what looks like control
tokens, are each asked a question; the reply is held to its text. Every reply must stand in its text as whole words, or
be NONE, yes or no. Some are read freely as well, with as many tokens, in turn with the quoting ones, and the processor
time that both took in the model's process is compared (with one thread, so that other programs change little).
Exit status 1 when a reply stands nowhere.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
from collections import Counter
from pathlib import Path

import psutil

from engine.kernel.toolbox.pieces import chunks
from engine.llm.base import Reply, Request
from engine.llm.forms import Quote
from engine.llm.gguf.fit import Wish
from engine.llm.local.model import LocalModel
from engine.prompt import leaf, leaf_with_context
from engine.text.quoting import ALTERNATIVES, place
from models import default

SAMPLE = Path(__file__).resolve().parents[2] / "app" / "sample"
PIECE = 400  # characters
TOKENS = 48  # of a reply
PARTS = (
    *(
        "word",
        "Ärger",
        "e\u0301te\u0301",
        "12",
        "1,250.00",
        ",",
        ".",
        " ",
        " ",
        "\r\n",
        "\n\n",
        "👩‍👧",
        "👍🏽",
        "🇩🇪",
    ),
    *(
        "条約",
        "<|im_end|>",
        "<think>",
        "```",
        "FINAL(1)",
        "ha ha ha ",
        "the the ",
        "\u200d",
        "\t",
        "हिन्दी",
        "-5",
    ),
)
QUESTIONS = ("What does it say?", "Which number is given?", "Is it signed?", "Who is named?")


def readings(count: int, seed: int) -> list[tuple[str, str]]:
    """(question, text) pairs: two of three from the sample corpus, the others by chance."""
    rng = random.Random(seed)
    asked = [row["question"] for row in json.loads((SAMPLE / "questions.json").read_text())]
    texts = [
        str(piece)
        for path in sorted((SAMPLE / "documents").rglob("*"))
        if path.suffix in (".md", ".txt", ".csv")
        for piece in chunks(path.read_text("utf-8"), PIECE)
    ]
    found = []
    for number in range(count):
        if number % 3:
            found.append((rng.choice(asked), rng.choice(texts)))
        else:
            made = "".join(rng.choice(PARTS) for _ in range(rng.randint(1, 80)))
            found.append((rng.choice(QUESTIONS), made))
    return found


def request(question: str, text: str, quoting: bool, tokens: int = TOKENS, mark: str = "") -> Request:
    """One reading. Prompts with another `mark` share no more than their instructions."""
    form = Quote(text) if quoting else None
    return Request(leaf(leaf_with_context(question, mark + text)), tokens, form=form)


class Compared:
    """Readings done twice, quoting and free, with as many tokens: what they cost the model's process."""

    def __init__(self, model: LocalModel):
        self._model = model
        self._process = next(
            c for c in psutil.Process().children() if "engine.llm.local.process" in c.cmdline()
        )
        self._seconds = {True: 0.0, False: 0.0}
        self._tokens = {True: 0, False: 0}

    def read(self, number: int, question: str, text: str) -> Reply:
        """Read once quoting, then once freely. Returns the first reply."""
        quoted = self._one(request(question, text, True, mark=f"[{number} a]\n"), True)
        self._one(request(question, text, False, quoted.usage.completion_tokens, f"[{number} b]\n"), False)
        return quoted

    def _one(self, asked: Request, quoting: bool) -> Reply:
        begun = sum(self._process.cpu_times()[:2])
        reply = self._model.submit(asked).result()
        self._seconds[quoting] += sum(self._process.cpu_times()[:2]) - begun
        self._tokens[quoting] += reply.usage.completion_tokens
        return reply

    def cost(self) -> dict[str, float]:
        """Seconds of processor time and tokens written, of both; a reading that quotes costs so much more."""
        quoting, free = self._seconds[True], self._seconds[False]
        return {
            "processor seconds quoting": round(quoting, 2),
            "processor seconds free": round(free, 2),
            "tokens quoting": self._tokens[True],
            "tokens free": self._tokens[False],
            "quoting costs more by, percent": round(100 * (quoting / free - 1), 1),
        }


def main() -> int:
    """Print one JSON object; returns 1 where a reply does not stand in its text."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a GGUF file (default: the one that requirements-models.txt names)")
    parser.add_argument("--readings", type=int, default=300)
    parser.add_argument("--compared", type=int, default=40, help="readings that are done freely as well")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    asked = readings(options.readings, options.seed)
    with LocalModel(options.model or default_model(), wish=Wish(window=2048, threads=1)) as model:
        compared = Compared(model)
        model.submit(request("Ready?", "yes", True)).result()  # the vocabulary is spelt out once
        replies = [compared.read(n, *one) for n, one in enumerate(asked[: options.compared])]
        streams = [model.submit(request(*one, True)) for one in asked[options.compared :]]
        replies += [stream.result() for stream in streams]
    astray = [
        (reply.quote, text)
        for reply, (_, text) in zip(replies, asked, strict=True)
        if reply.quote not in ALTERNATIVES and (not reply.quote or place(reply.quote, text) is None)
    ]
    found = {
        "readings": len(replies),
        "replies that stand nowhere": len(astray),
        "quotes": sum(reply.quote not in ALTERNATIVES for reply in replies),
        "different quotes": len({reply.quote for reply in replies}),
        "alternatives": dict(Counter(reply.quote for reply in replies if reply.quote in ALTERNATIVES)),
        "readings compared": options.compared,
        **compared.cost(),
        "mean certainty": round(statistics.mean(math.exp(reply.confidence or 0) for reply in replies), 3),
        "astray": astray[:5],
    }
    print(json.dumps(found, ensure_ascii=False, indent=1))
    return int(bool(astray))


def default_model() -> Path:
    """The real model of the tests."""
    file = default.base_file()
    if file is None:
        raise SystemExit("give --model: the real model of the tests is not installed")
    return file


if __name__ == "__main__":
    sys.exit(main())
