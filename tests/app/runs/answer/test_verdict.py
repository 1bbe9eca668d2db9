"""A verdict in words: the worst first, each leading to its node."""

from __future__ import annotations

from app.runs.answer.verdict import SHOWN, verdict_panel
from app.text.elements import elements, text_of
from engine.replay.verify import Check, Verdict


def panel(*checks: Check):
    return verdict_panel(Verdict("r", checks, 1.25).to_json())


def test_a_run_that_holds_says_so_in_one_sentence() -> None:
    assert text_of([panel(Check("record", "holds", ""))]) == "Verified Everything holds: 1 check in 1.2 s."


def test_what_does_not_hold_comes_first_and_leads_to_its_node() -> None:
    shown = panel(
        Check("cell", "explained", "a clock", "0.1", 2),
        Check("documents", "fails", "<b>changed</b>"),
        Check("prompts", "unchecked", "no record", "0"),
    )
    assert text_of([shown]).startswith(
        "Not verified 1 check of 3 does not hold.Does not holdDocuments<b>changed</b>"
    )
    buttons = [one for one in elements([shown]) if one[0] == "button"]
    assert [(one[1]["dataset"]["node"], text_of([one])) for one in buttons] == [
        ("0", "Not checkedPrompts of sub-calls of node 0no record"),
        ("0.1", "Differs, explainedCell 2 of node 0.1a clock"),
    ]


def test_of_very_many_the_rest_is_counted() -> None:
    shown = panel(*(Check("cell", "fails", "differs", "0", number) for number in range(SHOWN + 7)))
    assert text_of([shown]).endswith("and 7 more, which the command line lists")
