"""The account of what a run read, against a count by brute force over the prompts that are stored: not over itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.corpus import coverage
from engine.engine import DIRECT, RECURSIVE, Answer, Engine, Strategy
from engine.events import TurnStarted
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel
from tests.engine.run.conftest import cell

pytestmark = pytest.mark.sandbox
FILES = {
    f"house-{n}.txt": "".join(f"House {n} line {k}: {word} {n * 100 + k}.\n" for k, word in enumerate("the roof is of slate;the keeper is Ada Fenn;the rent is paid in May;the boiler is new;the loft is dry".split(";")))
    for n in range(1, 7)
}  # fmt: skip
CELLS = {
    "search": ["context.search('keeper', 3)", "FINAL('Ada Fenn', context.search('keeper', 1)[0])"],
    "map": ["map_query('Is it dry?', [context[0], context[1]])", "print(context[4][:40])", "FINAL('yes')"],
    "children": ["rlm_query('Who is it?', context[2])", "FINAL('dry', *context.grep('loft', 2))"],
    "nothing": ["context.count('roof')", "FINAL(str(context.count('roof')))"],
    "limit": ["for line in context[3].splitlines():\n    print(line)", "print(context[5])", "FINAL('at the limit')"],
}  # fmt: skip


def ask(
    data_dir: Path, kernels, tmp_path: Path, replies: list[str], strategy: Strategy = RECURSIVE
) -> tuple[Answer, list[str]]:
    folder = tmp_path / "houses"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    turn = iter(replies)

    def say(request: Request) -> str:
        if not request.stop_at_cell:
            return "yes"
        if "Who is it?" in request.messages[1].content:
            return cell("FINAL(context.splitlines()[1])")
        return cell(next(turn))

    with Engine(data_dir, ScriptedModel(say), kernels) as engine:
        answer = engine.ask("What is dry?", engine.add([folder]), strategy=strategy)
        prompts = [
            message.content
            for event in engine.store.events(answer.run)
            if isinstance(event.fact, TurnStarted)
            for message in event.fact.messages
        ]
    return answer, prompts


def by_force(prompts: list[str]) -> dict[str, set[int]]:
    """Which lines of which file stand in a prompt, by looking for every line in every prompt."""
    return {
        name: {n for n, line in enumerate(text.splitlines(), 1) if any(line in prompt for prompt in prompts)}
        for name, text in FILES.items()
    }


def lines(ranges: list[list[int]]) -> set[int]:
    return {n for first, last in ranges for n in range(first, last + 1)}


@pytest.mark.parametrize("way", [*CELLS, "direct"])
def test_the_ledger_says_what_a_count_over_the_stored_prompts_says(
    way: str, data_dir: Path, kernels, tmp_path: Path
) -> None:
    replies, strategy = CELLS.get(way, []), DIRECT if way == "direct" else RECURSIVE
    answer, prompts = ask(data_dir, kernels, tmp_path, replies, strategy)
    force = {name: found for name, found in by_force(prompts).items() if found}
    account = answer.coverage
    assert {f["name"]: lines(f["read"]) for f in account["files"] if f["lines_read"]} == force
    assert account["lines_read"] == sum(map(len, force.values()))
    assert account["lines"] == sum(len(text.splitlines()) for text in FILES.values())
    quoted: dict[str, set[int]] = {}
    for source in answer.sources:
        quoted.setdefault(source.name, set()).add(source.line)
    assert {f["name"]: lines(f["quoted"]) for f in account["files"] if f["lines_quoted"]} == quoted
    assert account["lines_quoted"] == sum(map(len, quoted.values()))
    if way == "nothing":
        assert force == {} and account["documents_searched"] == 6
    else:
        assert force
    assert account["unreadable"][0]["path"] == "broken.pdf" and account["skipped"] == 1


def test_the_account_is_told_in_a_sentence_and_a_strip() -> None:
    file = {"first_line": 1, "lines": 100, "read": [[1, 10], [51, 60]], "quoted": [[55, 55]]}
    assert coverage.strip(file, 20) == "..        #.        "
    account = {
        "documents": 465, "documents_searched": 465, "lines": 10_000, "lines_read": 120, "lines_quoted": 3, "skipped": 6,
        "unreadable": [{"path": f"{n}.pdf", "reason": "it is encrypted"} for n in range(6)],
    }  # fmt: skip
    assert coverage.sentence(account) == (
        "465 of 465 documents searched, 1.2 % of lines read by the model (120 of 10,000), 3 quoted, 6 files unreadable: "
        "0.pdf (it is encrypted), 1.pdf (it is encrypted), 2.pdf (it is encrypted) and 3 more"
    )
    part = {**account, "lines_read": 0, "characters_read": 80, "lines_quoted": 0, "skipped": 0}
    assert coverage.sentence(part) == (
        "465 of 465 documents searched, no whole line read by the model (80 characters)"
    )
    older = {"documents": 2, "documents_searched": 1, "lines_read": 7, "skipped": 0}
    assert coverage.sentence(older) == "1 of 2 documents searched, 7 lines read by the model"
