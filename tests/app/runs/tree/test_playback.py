"""The tree while a run goes on, and playback of what was recorded."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app.live.trace import fold as folded
from engine.events import DraftSaved
from tests.app.desk import until
from tests.app.runs.tree.page import chosen, keys, row, shown
from tests.app.runs.tree.tree_fixture import drafts, grow

pytestmark = pytest.mark.browser


# --- while it goes on -------------------------------------------------------------------------------------------------


def fold(page: Page, events: list[dict[str, Any]]) -> None:
    page.evaluate("(events) => tree.fold(events)", events)


def test_rows_grow_with_the_events_and_gaps_are_fetched(visit, server):
    run = server.begin(grow(4, 24, 48))
    page = visit(run)
    before = page.evaluate("tree.last")
    fold(page, server.release(run, 20))
    assert page.evaluate("tree.last") == before + 20
    fold(page, server.release(run, 5)[3:])  # three are lost on the way
    page.wait_for_function("(last) => tree.last === last", arg=before + 25)
    fold(page, server.events(run)[:before])  # known already
    assert page.evaluate("tree.last") == before + 25
    fold(page, server.release(run, 10_000))
    expect(page.locator(".unseen[role=status]")).to_have_text("The run is answered.")
    expect(row(page, "0")).to_have_attribute("data-status", "answered")
    assert page.evaluate("tree.shadowRoot.querySelector('.space').style.height") == f"{24 * 26}px"


def test_tokens_stream_into_the_node_that_writes_them(visit, server):
    run = server.begin(grow(5, 12, 24))
    while (event := server.events(run)[-1])["k"] != "turn":
        server.release(run, 1)
    node, turn = event["n"], event["i"]
    page = visit(run, node)
    text = "I search first. <b>Not bold</b>\n```repl\nprint(1)\n```"
    for at, piece in drafts(text):
        page.evaluate("(draft) => tree.draft(draft)", {"n": node, "x": piece, "at": at, "i": turn})
    expect(page.locator(".pen")).to_have_text(text)
    expect(row(page, node).locator(".live")).to_contain_text("print(1)")
    expect(row(page, node).locator(".tokens")).to_contain_text("~")
    while event["k"] != "reply" or event["n"] != node:
        event = server.release(run, 1)[0]
        fold(page, [event])
    expect(page.locator(".pen")).to_have_count(0)
    expect(row(page, node).locator(".live")).to_have_text("")


def test_who_comes_late_gets_what_was_written_before(visit, server):
    run = server.begin(grow(5, 12, 24))
    while (event := server.events(run)[-1])["k"] != "turn":
        server.release(run, 1)
    node, turn = event["n"], event["i"]
    server.store.append(run, node, DraftSaved(turn, 0, "I look at the list"))
    server.store.flush()
    page = visit(run, node)
    expect(page.locator(".pen")).to_have_text("I look at the list")
    page.evaluate("(draft) => tree.draft(draft)", {"n": node, "x": " of contracts", "at": 18, "i": turn})
    expect(page.locator(".pen")).to_have_text("I look at the list of contracts")


def test_stop_of_a_subtree_names_its_node(visit, server):
    run = server.begin(grow(6, 30, 60))
    page = visit(run, allow="409")
    node = page.locator('.row[data-status="running"]:not([data-id="0"])').first.get_attribute("data-id")
    page.evaluate("(id) => tree.select(id)", node)
    stop = page.get_by_role("button", name="Stop this node and all below it")
    stop.click()  # nothing works on this run, so the server says no
    page.wait_for_function("() => toasts.length === 1")
    assert page.evaluate("toasts[0]") == ["Another program works on this run; stop it there.", "error"]
    expect(stop).to_be_enabled()
    page.route("**/stop", lambda route: route.fulfill(json={"stopped": [node]}))
    with page.expect_request("**/stop") as asked:
        stop.click()
    assert asked.value.url == f"{server.url}/api/runs/{run}/stop"
    assert asked.value.post_data_json == {"node": node}
    expect(stop).to_be_disabled()


def test_a_finished_node_cannot_be_stopped(visit):
    page = visit()
    expect(page.get_by_role("button", name="Stop this node and all below it")).to_have_count(0)


# --- playback -------------------------------------------------------------------------------------------------------------


def test_one_playhead_drives_tree_timeline_and_details(visit, server):
    page = visit()
    events = server.events("run")
    at = next(e["s"] for e in events if e["k"] == "cell" and e["n"] == "0" and e["i"] == 2)
    page.evaluate("(seq) => { tree.seek(seq); }", at)
    assert page.get_attribute("rlm-tree", "playhead") == str(at)
    begun = {e["n"] for e in events if e["k"] == "node" and e["s"] <= at}
    assert set(shown(page)) == begun
    expect(row(page, "0")).to_have_attribute("data-status", "running")
    expect(row(page, "0").locator(".cells")).to_have_text("2")
    expect(page.locator(".code:visible")).to_have_count(2)
    expect(page.locator(".cell-running:visible")).to_have_count(1)
    expect(page.locator(".answer-box:visible")).to_have_count(0)
    expect(page.locator(".playhead")).to_be_visible()
    expect(page.get_by_role("slider")).to_have_value(str(at))
    page.get_by_role("tree").focus()
    keys(page, ".")
    assert page.evaluate("tree.trace.playhead") == at + 1
    keys(page, ",", ",")
    assert page.evaluate("tree.trace.playhead") == at - 1
    expect(page.locator(".code:visible")).to_have_count(1)
    page.get_by_role("slider").fill("1")
    assert page.evaluate("tree.trace.playhead") == 1
    page.get_by_role("button", name="End").click()
    assert page.get_attribute("rlm-tree", "playhead") is None
    expect(page.locator(".answer-box")).to_be_visible()
    expect(page.locator(".playhead")).not_to_be_visible()


ROWS = """() => Object.fromEntries([...tree.shadowRoot.querySelectorAll(".row:not([hidden])")].map((row) => [
  row.dataset.id, [row.dataset.status, ...["cells", "errors", "tokens"].map((name) => row.querySelector(`.${name}`).textContent)]
]))"""


def test_a_playhead_that_jumps_shows_every_row_as_it_stood_there(visit, server):
    page = visit()
    events = server.events("run")
    last = len(events)
    for playhead in (
        last,
        last // 2,
        40,
        last - 3,
        2,
        41,
        last // 3,
        last // 3 + 1,
        last // 3,
        last - 1,
        last,
    ):
        page.evaluate("(seq) => { tree.seek(seq); }", playhead)
        nodes = folded(events[:playhead])["nodes"]
        wanted = {
            name: [
                node["status"],
                *(f"{n:,}" if n else "" for n in (node["cells"], node["errors"], node["tokens"])),
            ]
            for name, node in nodes.items()
        }
        assert page.evaluate(ROWS) == wanted, playhead
        total = page.evaluate("tree.trace.below()")
        sums = {name: sum(node[name] for node in nodes.values()) for name in ("cells", "tokens", "errors")}
        assert total == {"nodes": len(nodes), **sums}, playhead


def test_playing_goes_through_the_run_and_ends_at_its_end(visit, server):
    page = visit()
    last = server.events("run")[-1]["s"]
    speed = page.get_by_role("combobox", name="Speed")
    speed.select_option("0.5")  # its end is far away, however slow the machine
    page.get_by_role("tree").focus()
    page.keyboard.press(" ")
    page.wait_for_function("() => tree.trace.playhead > 1 && tree.trace.playhead < 200")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    stood = page.evaluate("tree.trace.playhead")
    page.wait_for_timeout(150)
    assert page.evaluate("tree.trace.playhead") == stood
    speed.select_option("16")
    page.evaluate("(seq) => { tree.seek(seq); }", last - 4)
    page.get_by_role("tree").focus()
    page.keyboard.press(" ")
    page.wait_for_function("(last) => tree.trace.playhead === last", arg=last)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(row(page, "0")).to_have_attribute("data-status", "answered")


def test_a_playhead_before_the_selected_node_selects_an_ancestor_for_that_while(visit, server):
    page = visit(node="0.1.1")
    start = next(e["s"] for e in server.events("run") if e["k"] == "node" and e["n"] == "0.1.1")
    page.evaluate("(seq) => { tree.seek(seq); }", start - 1)
    assert chosen(page) == "0.1"
    page.evaluate("(seq) => { tree.seek(seq); }", start)
    assert chosen(page) == "0.1.1"


def test_a_click_into_the_timeline_moves_the_playhead_or_selects(visit):
    page = visit()
    box = page.locator(".picture").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3)
    half = page.evaluate("tree.trace.playhead")
    assert half and half > 1
    page.mouse.click(box["x"] + 40, box["y"] + 18 + 6)  # the lane of the root
    assert chosen(page) == "0"
    page.mouse.move(box["x"] + 40, box["y"] + 18 + 6)
    expect(page.locator(".tip")).to_contain_text("model")


def test_the_wheel_with_ctrl_zooms_the_timeline_and_a_double_click_shows_all_of_it(visit):
    page = visit()
    ticks = page.locator(".tick")
    whole = ticks.all_inner_texts()
    box = page.locator(".lanes").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8)
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    expect(ticks.first).not_to_have_text(whole[0])
    until(lambda: len(set(ticks.all_inner_texts()) - set(whole)) > 3, page)  # finer steps, of a part
    page.evaluate("tree.seek(1)")
    expect(page.locator(".future")).to_be_visible()
    expect(page.locator(".playhead")).to_be_hidden()  # it is before that part
    page.mouse.dblclick(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3)
    expect(ticks.first).to_have_text(whole[0])


def test_the_picture_has_a_bar_for_every_kind_of_work_and_faults_in_their_lane(visit):
    page = visit()
    drawn = "[...tree.shadowRoot.querySelectorAll('.chart path')].map((path) => [path.getAttribute('class'), path.getAttribute('d')])"
    page.wait_for_function(f"() => {drawn}.every(([kind, d]) => d)")
    paths = dict(page.evaluate(drawn))
    assert set(paths) == {"node", "queue", "model", "kernel", "waiting", "fault"}
    assert paths["node"].startswith("M0.0") and paths["model"].count("M") > paths["waiting"].count("M") > 0
