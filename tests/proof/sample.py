"""Ask the 20 sample questions through the real command and grade the answers.

    python -m tests.proof.sample [--model GGUF] [--json]

Grading (models/default/grade.py): a look-up must be the reference and little else; a count the one number; a
list all items and nothing else; "not there" must say so. For questions about several documents every
document must be named with its own value and no other; which name of the document is used does not matter.
An answer over three times the reference's length, or one that names several candidates, is wrong.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from engine.bench.grade import MOST, normal
from models.default.grade import right

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "app" / "sample"
QUESTIONS = json.loads((SAMPLE / "questions.json").read_text())
KINDS = {"look-up": "text", "count": "number", "list": "set", "not there": "none"}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a GGUF file (default: the one that comes with Taproot)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as data:
        for question in QUESTIONS:
            given = ask(question["question"], data, options.model)
            row = {**question, "given": given["answer"], "seconds": given["seconds"], "run": given["run"]}
            row["right"] = grade(question, given["answer"])
            rows.append(row)
            if not options.json:
                mark = "right" if row["right"] else "WRONG"
                print(f"{mark}  {question['question']}\n       {given['answer']!r}", flush=True)
    score = sum(row["right"] for row in rows)
    print(
        json.dumps({"right": score, "of": len(rows), "rows": rows})
        if options.json
        else f"{score} of {len(rows)}"
    )
    return 0 if score >= 16 else 1


def ask(question: str, data: str, model: str | None) -> dict:
    """The object that the real command prints."""
    command = [sys.executable, str(ROOT / "launch.py"), "ask", str(SAMPLE / "documents"), question]
    command += ["--json", "--quiet", "--data", data] + (["--model", model] if model else [])
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"ask failed with status {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def grade(question: dict, answer: str | None) -> bool:
    """Whether the answer to a sample question is right."""
    reference, family = question["answer"], question["family"]
    if not answer or len(answer) > MOST * max(len(reference), 12):
        return False
    if family in KINDS:
        wanted = [part.strip() for part in reference.split(",")] if family == "list" else reference
        return right(answer, wanted, KINDS[family])
    if ":" not in reference:  # one document and its value
        name, value = reference.split(", on ")
        return about_same(name, answer) and normal(value) in normal(answer) and len(answer.split(".md")) <= 2
    wanted = [part.split(": ", 1) for part in reference.split("; ")]
    given = [line.rsplit(": ", 1) for line in re.split(r"[;\n]", answer) if ": " in line]
    if len(given) != len(wanted):
        return False
    return all(
        any(about_same(name, key) and normal(value) in normal(said) for key, said in given)
        for name, value in wanted
    )


def about_same(name: str, key: str) -> bool:
    """Whether `key` names the document `name`: by its file name, its distinguishing words, or its date."""
    words = [w for w in re.findall(r"[a-z]+|\d+", name.lower().rsplit("/")[-1]) if w not in NO_NAME]
    dates = {"january": "01", "april": "04", "july": "07", "october": "10"}
    key = key.lower()
    return any(w in key for w in words if not w.isdigit() and w not in dates) or any(
        month in name.lower() and (f"-{number}-" in key or month in key) for month, number in dates.items()
    )


NO_NAME = {"md", "txt", "supply", "service", "lease", "contracts", "minutes", "board"}

if __name__ == "__main__":
    sys.exit(main())
