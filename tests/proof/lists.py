"""Ask a list of 50 questions over 200 documents, kill it with SIGKILL half-way, go on, and count what is there.

    python -m tests.proof.lists [--kills 3] [--questions 50] [--documents 200] [--json]

The real command line with a scripted model (a reply takes 0.1 s). It is killed at chosen rows, each time with all its
processes, and begun again with the same command. Then, from outside: every row has its answer and the right one, no row
that had an answer before a kill was asked again, each question has one finished run, the database holds, and the table
that was saved says the same. Exit status 0 when all of it holds.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from engine.questions.lists import rows_with_answers
from engine.store import Store

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [
    sys.executable,
    "-c",
    "import sys; from app.command_line.main import run; sys.exit(run(sys.argv[1:]))",
]
SCRIPT = {"match": "Question:", "text": "```repl\nFINAL(context.search(question, 1)[0])\n```", "delay": 0.1}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = prove(
            Path(folder), questions=options.questions, documents=options.documents, kills=options.kills
        )
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' ')}: {value}")
    return 1 if found["problems"] else 0


def prove(folder: Path, *, questions: int, documents: int, kills: int) -> dict[str, Any]:
    """Make the documents, ask, kill and go on; the figures, and what was wrong (nothing, one hopes)."""
    (folder / "papers").mkdir()
    for n in range(documents):
        (folder / "papers" / f"{n:03}.txt").write_text(
            f"Letter {n}.\nThe keeper of house {n} is Ada{n} Fenn.\n"
        )
    (folder / "questions.csv").write_text(
        "question\n" + "".join(f"Who is the keeper of house {n}?\n" for n in range(questions))
    )
    (folder / "script.jsonl").write_text(json.dumps(SCRIPT))
    problems: list[str] = []
    before: dict[int, str] = {}
    killed_at = []
    for kill in range(1, kills + 1):
        done = killed(folder, questions * kill // (kills + 1), 0.1 * kill)
        killed_at.append(len(done))
        problems += lost(before, done)
        before = done
    out = folder / "answers.csv"
    ended = subprocess.run([*command(folder), "-o", str(out)], cwd=ROOT, capture_output=True, text=True)
    if ended.returncode:
        problems.append(f"the last command ended with {ended.returncode}: {ended.stderr[-500:]}")
    with Store(folder / "data") as store:
        (summary,) = store.question_lists()
        rows = rows_with_answers(store, summary["list"])
        runs = store.runs()
        problems += lost(before, {row["number"]: row["run"] for row in rows})
        problems += [f"the database: {problem}" for problem in store.check()]
    for n, row in enumerate(rows):
        if row["answer"] != f"The keeper of house {n} is Ada{n} Fenn." or not row["sources"]:
            problems.append(f"row {row['number']} says {row['answer']!r}")
    finished = Counter(run["question"] for run in runs if run["status"] == "answered")
    problems += [f"{question!r} was paid {count} times" for question, count in finished.items() if count != 1]
    if len(rows) != questions:
        problems.append(f"{len(rows)} rows in place of {questions}")
    with out.open(newline="", encoding="utf-8-sig") as file:
        saved = [row["answer"] for row in csv.DictReader(file)]
    if saved != [row["answer"] for row in rows]:
        problems.append("the saved table differs")
    return {
        "questions": questions,
        "documents": documents,
        "kills": kills,
        "rows_answered_at_each_kill": killed_at,
        "rows_answered": sum(row["status"] == "answered" for row in rows),
        "finished_runs": sum(finished.values()),
        "runs_cut_by_a_kill": sum(run["status"] == "interrupted" for run in runs),
        "problems": problems,
    }


def command(folder: Path) -> list[str]:
    words = ["ask", str(folder / "papers"), "--questions", str(folder / "questions.csv")]
    return [
        *COMMAND,
        *words,
        "--model",
        f"scripted:{folder / 'script.jsonl'}",
        "--data",
        str(folder / "data"),
    ]


def killed(folder: Path, rows: int, later: float) -> dict[int, str]:
    """Ask until so many rows have an answer, and kill all processes so many seconds later, in the middle of a row.

    Returns the rows that had an answer then, with their runs.
    """
    asked = subprocess.Popen(
        command(folder),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while asked.poll() is None and len(answered(folder)) < rows:
            time.sleep(0.05)
        time.sleep(later)
    finally:
        os.killpg(asked.pid, signal.SIGKILL)
        asked.wait()
    return answered(folder)


def answered(folder: Path) -> dict[int, str]:
    """The rows with an answer, with their runs."""
    if not (folder / "data" / "taproot.db").exists():
        return {}
    with Store(folder / "data") as store:
        return {
            row["number"]: row["run"]
            for one in store.question_lists()
            for row in store.list_rows(one["list"])
            if row["status"] == "answered"
        }


def lost(before: dict[int, str], now: dict[int, str]) -> list[str]:
    """Rows that had an answer and have another run by now, or none."""
    return [f"row {number} lost its run {run}" for number, run in before.items() if now.get(number) != run]


if __name__ == "__main__":
    sys.exit(main())
