"""`ask` with several models or depths: the same question of each, and what they came to side by side."""

from __future__ import annotations

import argparse
import json

from app.command_line.commands.ask import settings_of, split_words
from app.command_line.engine import opened
from app.command_line.folders.unlock import passwords_of
from app.command_line.keeping.compare import side_by_side
from app.command_line.progress import reporter_for
from app.command_line.terminal import console
from engine.compare import same_answer
from engine.compare.comparison import side_of
from engine.engine import Answer
from engine.errors import InputError
from engine.events.record import record_of


def run(options: argparse.Namespace) -> int:
    """Exit status 0 when all answered, 1 when one did not. Raises InputError, and Cancelled when it was stopped."""
    if options.questions or options.each or options.follow:
        raise InputError(
            "Several models or depths are tried with one question. Name one --model and one --depth with --questions, "
            "--each and --follow."
        )
    paths, question = split_words(options.words)
    passwords = passwords_of(options)
    models, depths = options.model, options.depth
    sides, answers = [], list[Answer]()
    with reporter_for(options) as reporter:
        for options.model in models:
            with opened(options, reporter.say, reporter.loading) as (engine, stop):
                corpus = engine.add(paths, progress=reporter.reading, stop=stop, passwords=passwords)
                for options.depth in depths:
                    stop.check()
                    reporter.say(f"{engine.model.info.name}, depth {options.depth}")
                    settings, hooks = settings_of(options), reporter.hooks()
                    answers.append(engine.ask(question, corpus, settings, hooks=hooks, stop=stop))
                    sides.append(side_of(record_of(engine.store.events(answers[-1].run))))
    if options.json:
        print(json.dumps({"runs": [answer.to_json() for answer in answers]}, ensure_ascii=False))
    else:
        same = all(same_answer(sides[0].answer, side.answer) for side in sides)
        console(wrap=True).print(side_by_side(sides, first="" if same else "they differ"))
        print(f"\nTwo of them in full: launch.py compare {sides[0].run} {sides[-1].run}")
    return 0 if all(answer.status == "answered" for answer in answers) else 1
