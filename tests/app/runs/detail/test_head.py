"""The head of a node, and the frame in which it stands: names, ways and buttons, and text that stays text."""

from __future__ import annotations

from typing import Any

from app.runs.detail.head import node_head
from app.runs.tree.frame import frame
from app.text.elements import Tree, elements, text_of


def node(**more: Any) -> dict[str, Any]:
    return {"id": "0.2.1", "kind": "child", "question": "When?", "context": "", **more}


def of_class(tree: Tree, name: str) -> list[list[Any]]:
    return [one for one in elements([tree]) if name in one[1].get("class", "").split()]


def test_the_way_leads_to_the_nodes_above_and_is_shown_from_its_last_steps_on() -> None:
    way = [(f"0.{n}", f"Question {n}\x1b[31m " + 300 * "x") for n in range(9)]
    crumbs = of_class(node_head(node(), way), "crumb")
    assert [one[1]["dataset"]["node"] for one in crumbs] == [f"0.{n}" for n in range(3, 9)]
    assert text_of([of_class(node_head(node(), way[:2]), "crumbs")[0]]) == "0.0/0.1/0.2.1"
    title = crumbs[0][1]["title"]
    assert title.startswith("Question 3␛[31m xxx") and len(title) < 210


def test_a_question_stands_there_whole_and_of_a_prompt_only_how_it_begins() -> None:
    long = "One line.\n" * 400
    assert text_of(of_class(node_head(node(question=long), ()), "asked")).startswith("One line.\nOne line.")
    assert of_class(node_head(node(question=long), ()), "show")  # a button for the rest
    (asked,) = of_class(node_head(node(kind="leaf", question=long), ()), "asked")
    assert text_of([asked]).startswith("One line. One line.") and len(text_of([asked])) < 170
    assert text_of(of_class(node_head(node(question=""), ()), "asked")) == "0.2.1"


def test_what_it_works_on_is_said_on_one_line_where_it_works_on_something() -> None:
    (on,) = of_class(node_head(node(context="Document 6\n'<b>.md'\u202e"), ()), "works-on")
    assert text_of([on]) == "Works on Document 6 '<b>.md'U+202E"
    assert of_class(node_head(node(), ()), "works-on") == []


def test_every_button_and_field_of_the_frame_has_a_name_and_something_to_do() -> None:
    made = list(elements([frame()["box"], frame()["row"]]))
    for one in made:
        if one[0] in ("button", "input", "select"):
            assert one[1].get("aria-label") or text_of([one]) or one[1]["data-does"] == "live", one
        if one[0] == "button":
            assert one[1]["data-does"] and one[1]["type"] == "button"
    does = [one[1]["data-does"] for one in made if one[0] == "button"]
    assert sorted(set(does)) == [
        "back", "collapse", "expand", "filter", "forward", "link", "live", "play", "timeline"
    ]  # fmt: skip
