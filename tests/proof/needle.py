"""Find one sentence in 20,000 files (1 GB) with a model whose window holds a few thousand characters.

    python -m tests.proof.needle [--files 20000] [--megabytes 1000] [--model GGUF] [--json]

Prints the characters in the corpus, the characters that fit the model's window, the tokens it processed,
and the seconds of reading (once) and of answering.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from engine.engine import Engine
from engine.llm import open_model
from models import default

ROOT = Path(__file__).resolve().parents[2]
WORDS = (
    "amber barge candle drift ember ferry gravel harbour island jetty kettle lantern meadow north orchard "
    "pebble quarry ripple saddle timber under valley willow yarrow zephyr and of the to in was is with for"
).split()
NEEDLE = "The keeper of the Vellmoor lighthouse is Torvald Ekman."
QUESTION = "Who is the keeper of the Vellmoor lighthouse?"
ANSWER = "Torvald Ekman"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--model", help="a GGUF file (default: the one that comes with Taproot)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder:
        result = find(
            Path(folder),
            options.files,
            options.megabytes,
            options.model or str(default.provide()),
            options.seed,
        )
    print(json.dumps(result, indent=None if options.json else 1))
    return 0 if result["found"] else 1


def find(folder: Path, files: int, megabytes: int, model: str, seed: int) -> dict:
    """Write the haystack, read it, ask, and report."""
    where = write_haystack(folder / "papers", files, megabytes * 1_000_000 // files, seed)
    started = time.monotonic()
    with Engine(folder / "data", lambda: open_model(model)) as engine:
        corpus = engine.add([folder / "papers"])
        read = time.monotonic()
        answer = engine.ask(QUESTION, corpus)
        info = engine.model.info
    return {
        "found": answer.answer is not None and ANSWER in answer.answer,
        "answer": answer.answer,
        "source": answer.sources[0].name if answer.sources else None,
        "source_is_right": bool(answer.sources) and answer.sources[0].name == where,
        "files": corpus.documents,
        "characters_in_corpus": corpus.chars,
        "characters_in_window": int(info.n_ctx * info.chars_per_token),
        "window_tokens": info.n_ctx,
        "tokens_processed": answer.usage.prompt_tokens
        - answer.usage.reused_tokens
        + answer.usage.completion_tokens,
        "model_calls": answer.usage.calls,
        "seconds_reading_once": round(read - started, 1),
        "seconds_answering": answer.seconds,
    }


def write_haystack(folder: Path, files: int, size: int, seed: int) -> str:
    """Write `files` text files of about `size` bytes; one holds the needle. Returns that file's name."""
    rng = random.Random(seed)
    paragraphs = [" ".join(rng.choices(WORDS, k=rng.randint(40, 90))).capitalize() + "." for _ in range(3000)]
    chosen = rng.randrange(files)
    name = ""
    for number in range(files):
        parts, length = [], 0
        while length < size:
            parts.append(rng.choice(paragraphs))
            length += len(parts[-1]) + 2
        if number == chosen:
            parts.insert(len(parts) // 2, NEEDLE)
        path = folder / f"box-{number // 200:03}" / f"letter-{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(parts) + "\n")
        if number == chosen:
            name = path.relative_to(folder).as_posix()
    return name


if __name__ == "__main__":
    sys.exit(main())
