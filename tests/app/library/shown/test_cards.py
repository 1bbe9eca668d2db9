"""Cards of the library and what stands around them, as trees."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app.library.shown import cards, frame, results
from app.text.elements import elements, text_of
from engine.types import Json

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m"
CARD = {
    "id": "c2", "card": "k1", "name": "Papers", "kind": "folder", "watched": False, "sources": ["/home/me/papers"],
    "documents": 3, "chars": 12_000, "skipped": 0, "locked": 0, "pages": 0, "bytes": 2048, "problems": 0, "notices": [],
    "changes": None, "versions": ["c1", "c2"], "runs": 0, "questions": [],
}  # fmt: skip
NOTES = {"on": False, "budget": 500_000, "state": "", "problem": "", "noted": 0, "documents": 3}


def shown(*changes: dict[str, Any], busy: bool = False, deleted: bool = False) -> Json:
    """Cards with these values in place of those of CARD."""
    found = [{**CARD, "updated": time.time(), **one} for one in changes]
    return cards.shown(found, lambda card: busy, {"k1": NOTES}, deleted)


def buttons(trees: list[Any]) -> dict[str, dict[str, Any]]:
    """The attributes of the buttons of trees, by what they do."""
    return {one[1]["data-does"]: one[1] for one in elements(trees) if one[0] == "button"}


def test_a_card_offers_what_its_kind_allows_and_names_the_card_on_each_button() -> None:
    folder, upload, locked = (
        buttons(shown(one)["cards"]) for one in ({}, {"kind": "upload", "sources": []}, {"locked": 2})
    )
    assert list(folder) == ["documents", "watch", "rescan", "rename", "remove", "ask"]
    assert list(upload) == ["documents", "rename", "remove", "ask"]
    assert locked["unlock"]["title"] == "Unlock 2 files with a password"
    assert locked["unlock"]["data-title"] == "Unlock files of “Papers”"
    assert locked["unlock"]["data-words"] == "2 files are protected by a password."
    assert {one["data-card"] for one in folder.values()} == {"k1"} and folder["ask"]["data-corpus"] == "c2"
    assert folder["rename"]["aria-label"] == "Rename: Papers" and folder["rename"]["data-name"] == "Papers"


def test_while_a_card_is_read_nothing_is_offered_that_would_be_refused() -> None:
    for busy in (True, False):
        listed = shown({"locked": 1}, busy=busy)
        for trees in (listed["cards"], listed["heads"][0]["trees"]):
            off = {does for does, one in buttons(trees).items() if one.get("disabled")}
            assert off == ({"rescan", "unlock", "remove"} if busy else set())
        assert ("being read" in text_of(listed["cards"])) is busy


def test_a_watched_folder_says_so_and_its_button_is_pressed() -> None:
    for watched in (True, False):
        listed = shown({"watched": watched})["cards"]
        assert buttons(listed)["watch"]["aria-pressed"] == str(watched).lower()
        assert ("watched" in text_of(listed)) is watched


def test_problems_and_last_questions_lead_to_where_they_are_shown() -> None:
    asked = {"run": "r7", "question": f"Who?{HOSTILE}"}
    listed = shown({"problems": 1, "questions": [asked]})["cards"]
    problems = next(one for one in elements(listed) if one[1].get("data-problems"))
    assert (problems[1]["data-does"], text_of([problems])) == ("documents", "1 problem")
    question = next(one for one in elements(listed) if one[1].get("data-run"))
    assert question[1]["data-run"] == "r7"
    assert text_of([question]) == "Who?<img src=x onerror=alert(1)>␛[31m"
    assert "Last questions" not in str(shown({})["cards"])


def test_names_and_sources_are_text_on_one_line() -> None:
    listed = shown({"name": HOSTILE, "sources": [f"/a{HOSTILE}", "/b"]})
    assert "\x1b" not in text_of(listed["cards"]) and HOSTILE[:-5] in text_of(listed["cards"])
    assert "/a<img src=x onerror=alert(1)>␛[31m and 1 more" in text_of(listed["heads"][0]["trees"])


@pytest.mark.parametrize(("found", "words"), [([], ""), ([{}], "3 documents in 1 collection"),
                                              ([{}, {"card": "k2"}], "6 documents in 2 collections")])  # fmt: skip
def test_the_summary_counts_documents_and_cards(found: list[dict[str, Any]], words: str) -> None:
    assert shown(*found)["summary"] == words


def test_deleted_samples_can_be_brought_back() -> None:
    assert "sample" not in buttons(shown({})["cards"])
    assert list(buttons(shown(deleted=True)["cards"])) == ["sample"]


def test_the_head_says_what_changed_in_a_fold_of_that_version() -> None:
    changes = {
        "added": {"count": 14, "names": [f"{n}.txt" for n in range(14)]},
        "removed": {"count": 1, "names": [HOSTILE]},
        "same": {"count": 2},
    }
    head = shown({"changes": changes, "notices": ["2 hidden files were left out."]})["heads"][0]["trees"]
    fold = next(one for one in elements(head) if one[0] == "details")
    assert fold[1]["data-key"] == "c2"
    assert "just now: 14 added, 1 gone, 2 as before" in text_of([fold])
    assert "and 2 more added" in text_of([fold]) and "\x1b" not in text_of([fold])
    assert "2 hidden files were left out." in text_of(head)
    assert shown({})["heads"][0]["of"] == ["k1", "c1", "c2"] and shown({})["heads"][0]["corpus"] == "c2"
    assert not [one for one in elements(shown({})["heads"][0]["trees"]) if one[0] == "details"]
    assert "may have been deleted" in text_of(shown()["no_head"]) and "back" in buttons(shown()["no_head"])


def test_hits_open_their_document_at_their_place_with_their_words_marked() -> None:
    hit = {"document": 4, "name": f"a{HOSTILE}", "place": "line 2", "start": 10, "end": 19,
           "text": f"🌳 the ferry{HOSTILE}", "marks": [[6, 11]]}  # fmt: skip
    (item,) = results.lines([hit], "ferry")
    place = buttons([item])["place"]
    assert [place[f"data-{name}"] for name in ("document", "start", "end")] == [4, 10, 19]
    assert [text_of([one]) for one in elements([item]) if one[0] == "mark"] == ["ferry"]
    assert "␛[31m, line 2" in text_of([item])
    (text,) = [one for one in elements([item]) if one[1].get("class") == "result-text"]
    assert text_of([text]) == hit["text"]
    assert results.told([hit]) == "the 1 best line" and results.told([]) == "not found"
    assert text_of(results.lines([], HOSTILE)) == f"No line has words of “{HOSTILE[:-5]}␛[31m”."


def test_fields_of_the_frame_are_named_and_buttons_lead_to_fields_that_are_there() -> None:
    parts = [*elements(frame.library())]
    fields = [one[1] for one in parts if one[0] in ("input", "textarea") and not one[1].get("hidden")]
    assert len(fields) == 4 and all("aria-label" in one or one["type"] == "checkbox" for one in fields)
    ids = {one[1].get("id") for one in parts}
    assert {one[1]["data-field"] for one in parts if one[1].get("data-does") == "choose"} <= ids
