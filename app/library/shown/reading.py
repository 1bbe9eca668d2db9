"""What is being read in words: how far it is, what could not be read, what came of it."""

from __future__ import annotations

from app.library.jobs import OVER
from app.text.words import clock, line
from engine.types import Json

LAST_PROBLEMS = 5  # that are shown while it goes on


def told(job: Json) -> Json:
    """Of an `app.library.jobs.Job` as a dict: the same with what its box says, as `shown`, and the problems there.

    `shown` is {id, state, over, name, words, share (of 1; -1: unknown), current, problems, more (words), total, unlock
    (whether a password may help)}. All problems that are kept are shown once it is done, before only the last ones.
    """
    state, over = job["state"], job["state"] in OVER
    known = state == "reading" and job["bytes"] and job["bytes_total"]
    problems = job["problems"] if state == "done" else job["problems"][-LAST_PROBLEMS:]
    more = job["problem_count"] - len(problems) if state == "done" else 0
    shown = {
        "id": job["job"],
        "state": state,
        "over": over,
        "name": line(job["name"], 120),
        "words": job["message"] if over else _progress(job),
        "share": job["bytes"] / job["bytes_total"] if known else -1,
        "current": line(job["current"], 200),
        "problems": problems,
        "more": f"and {more:,} more" if more else "",
        "total": job["problem_count"],
        "unlock": over and job["locked"],
    }
    return {**job, "problems": problems, "shown": shown}


def _progress(job: Json) -> str:
    if job["state"] == "waiting":
        return "waiting for its turn"
    if job["state"] == "looking":
        return "looking at the files"
    left = f", about {clock(job['eta'])} left" if job["eta"] else ""
    return f"{job['files']:,} of {job['files_total']:,} files{left}"
