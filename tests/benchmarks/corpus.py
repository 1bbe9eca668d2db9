"""How fast a corpus is made, opened and searched: `python -m tests.benchmarks.corpus [--json] [--full]`.

Small by default (2,000 files, 20 MB); `--full` makes 20,000 files of together 1 GB in a temporary folder, once of few words
and once of 200,000, of which most are rare.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

from engine.corpus import Corpus
from engine.corpus.archive import SEARCH
from engine.documents.ingest import ingest

WORDS = [
    a + b
    for a in "lease notice rent tenant month board vote ship harbour fish cargo invoice paid account letter dear".split()
    for b in ("", "s", "ing", "ed", "er", "less")
]
SYLLABLES = [c + v for c in "bcdfghklmnprstvw" for v in ("a", "e", "i", "o", "u", "ai", "ou")]
PATTERNS = {
    "literal": "NEEDLE-777",
    "bounded_number": r"\bNEEDLE-\d+\b",
    "date": r"\b\d{4}-\d{2}-\d{2}\b",
    "email": r"[\w.+-]+@[\w-]+\.\w+",
    "ignore_case": r"(?i)needle",
}
OPEN = """
import sys, time, resource
started = time.perf_counter()
from engine.corpus import Corpus, resolve
imported = time.perf_counter()
def own():
    _, resident, shared, *_ = map(int, open("/proc/self/statm").read().split())
    return resident - shared
before = own()
corpus = Corpus.open(sys.argv[1])
context = resolve({"kind": "corpus", "documents": None}, corpus)
repr(context), context[0]
opened = time.perf_counter()
pages = own() - before
print(imported - started, opened - imported, pages * resource.getpagesize())
"""


def vocabulary(dice: random.Random, count: int) -> tuple[list[str], list[float]]:
    """So many made-up words, and how frequent the first ones are together: each as in a language (Zipf)."""
    words: dict[str, None] = dict.fromkeys(WORDS)
    while len(words) < count:
        words["".join(dice.choices(SYLLABLES, k=dice.randint(2, 4)))] = None
    return [*words], [*accumulate(1 / (n + 1) if count > len(WORDS) else 1.0 for n in range(len(words)))]


def write_files(folder: Path, files: int, size: int, *, umlauts: bool, words: int = len(WORDS)) -> int:
    """Write files of random sentences of so many words, one needle in each hundredth. Return the bytes written."""
    dice = random.Random(7)
    known, weights = vocabulary(dice, words)
    sentences = []
    for n in range(max(4000, words)):
        text = " ".join(dice.choices(known, cum_weights=weights, k=12))
        fact = f" on 20{n % 30:02}-{n % 12 + 1:02}-{n % 28 + 1:02}" if n % 9 == 0 else ""
        mail = f" {text.split()[0]}@example.org" if n % 40 == 0 else ""
        sentences.append(f"{text.capitalize()}{fact}{mail}{' für Köln' if umlauts and n % 5 == 0 else ''}.")
    written = 0
    for n in range(files):
        path = folder / f"{n // 500:03}" / f"{n:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines, length = [], 0
        while length < size:
            paragraph = " ".join(dice.choices(sentences, k=3))
            lines.append(paragraph)
            length += len(paragraph) + 2
        if n % 100 == 0:
            lines.insert(len(lines) // 2, f"The lighthouse keeper number {n} signed NEEDLE-{n}.")
        data = "\n\n".join(lines).encode()
        path.write_bytes(data)
        written += len(data)
    return written


def median(work: Callable[[], Any], times: int = 5) -> float:
    """The median of some runs in seconds."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def timed(work: Callable[[], Any]) -> float:
    """The seconds that some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def rescans(folder: Path, before: str) -> dict[str, Any]:
    """What reading the folder again costs when all files were touched, and when one changed, one moved, one went."""
    source, corpora = folder / "source", folder / "corpora"
    first, second, third = sorted(source.rglob("*.txt"))[:3]
    for path in source.rglob("*.txt"):
        path.touch()
    hashed = timed(lambda: ingest([source], corpora))
    first.write_text("changed\n")
    second.rename(source / "moved.txt")
    third.unlink()
    started = time.perf_counter()
    again = ingest([source], corpora)
    seconds = time.perf_counter() - started
    assert again.id != before
    shutil.rmtree(again.path)
    return {"touched_again_seconds": round(hashed, 2), "three_changed_again_seconds": round(seconds, 2)}


def measure(files: int, size: int, *, umlauts: bool, words: int, times: int) -> dict[str, Any]:
    """Make a corpus of `files` files of about `size` bytes each, and time everything about it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written = write_files(folder / "source", files, size, umlauts=umlauts, words=words)
        started = time.perf_counter()
        info = ingest([folder / "source"], folder / "corpora")
        ingest_seconds = time.perf_counter() - started
        again = median(lambda: ingest([folder / "source"], folder / "corpora"), 3)
        opened = [
            [float(part) for part in subprocess.run(
                [sys.executable, "-c", OPEN, str(info.path)], capture_output=True, text=True, check=True
            ).stdout.split()]
            for _ in range(5)
        ]  # fmt: skip
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        corpus = Corpus.open(info.path)
        disk = sum(path.stat().st_size for path in info.path.iterdir())
        rare = [timed(lambda n=n: corpus.search(f"NEEDLE-{n}", 1)) for n in range(0, files, 100)]
        result: dict[str, Any] = {
            "files": files,
            "peak_megabytes_of_the_app": round(peak / 1e3),
            "index_bytes_per_source_byte": round((info.path / SEARCH).stat().st_size / written, 2),
            "search_rare_p95_milliseconds": round(statistics.quantiles(rare, n=20)[-1] * 1e3, 1),
            **rescans(folder, info.id),
            "source_megabytes": round(written / 1e6, 1),
            "with_umlauts": umlauts,
            "words": words,
            "ingest_seconds": round(ingest_seconds, 2),
            "ingest_files_per_second": round(files / ingest_seconds),
            "ingest_megabytes_per_second": round(written / 1e6 / ingest_seconds, 1),
            "stored_bytes_per_source_byte": round(disk / written, 2),
            "unchanged_again_milliseconds": round(again * 1e3, 1),
            "import_milliseconds": round(statistics.median(o[0] for o in opened) * 1e3, 1),
            "open_milliseconds": round(statistics.median(o[1] for o in opened) * 1e3, 1),
            "open_own_megabytes": round(statistics.median(o[2] for o in opened) / 1e6, 1),
            "read_all_megabytes_per_second": round(
                written / 1e6 / median(lambda: sum(len(document) for document in corpus), 1)
            ),
            "search_rare_milliseconds": round(
                median(lambda: corpus.search("lighthouse keeper 700"), times) * 1e3, 1
            ),
            "search_common_milliseconds": round(
                median(lambda: corpus.search("When is the rent of the tenant paid?"), times) * 1e3, 1
            ),
            "search_found_first": str(corpus.search("lighthouse keeper 700 signed", 1)),
        }
        for label, pattern in PATTERNS.items():
            seconds = median(lambda pattern=pattern: corpus.count(pattern), min(times, 3))
            result[f"grep_{label}_seconds"] = round(seconds, 3)
            result[f"grep_{label}_matches"] = corpus.count(pattern)
        return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--full", action="store_true", help="20,000 files, 1 GB; takes minutes and 3 GB of disk"
    )
    options = parser.parse_args()
    few = len(WORDS)
    small = [(5000, 1500, False, few), (2000, 10_000, True, few)]
    shapes = [(20_000, 52_000, False, few), (20_000, 52_000, False, 200_000)] if options.full else small
    rows = [
        measure(files, size, umlauts=umlauts, words=words, times=5) for files, size, umlauts, words in shapes
    ]
    if options.json:
        print(json.dumps({"benchmark": "corpus", "rows": rows}))
        return
    for row in rows:
        print("\n".join(f"{key:34} {value}" for key, value in row.items()), end="\n\n")


if __name__ == "__main__":
    main()
