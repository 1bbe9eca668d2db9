"""The tree of a run in a real browser: rows, keys, search, filter, folds, details, streaming, playback, hostile text."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from engine.events import DraftSaved
from tests.app.tree_fixture import HOSTILE, QUESTION, drafts, grow, hostile
from tests.app.tree_server import TreeServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The page of the tree over a store with two finished runs, "run" and "hostile"."""
    made = TreeServer(tmp_path_factory.mktemp("tree"))
    made.finished("run", grow(3, 30, 60))
    made.finished("hostile", hostile())
    yield made
    made.close()


@pytest.fixture(scope="module")
def context(browser: Browser):
    size = {"width": 1280, "height": 1600}
    context = browser.new_context(viewport=size, permissions=["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def visit(server: TreeServer, context: BrowserContext):
    """Open the page of a run; returns it once the tree is painted. Only the errors in `allowed` may come."""
    pages: list[Page] = []
    said: list[str] = []
    allowed: list[str] = []

    def open_(run: str = "run", node: str = "", allow: str = "") -> Page:
        page = context.new_page()
        pages.append(page)
        allowed.append(allow or "never")
        page.on("console", lambda message: message.type == "error" and said.append(message.text))
        page.on("pageerror", lambda problem: said.append(str(problem)))
        page.goto(f"{server.url}/?run={run}&node={node}")
        page.wait_for_selector("rlm-tree[ready]")
        return page

    yield open_
    for page in pages:
        page.close()
    assert [text for text in said if not any(part in text for part in allowed)] == []


@pytest.fixture
def facts():
    """The facts of the run "run"."""
    return grow(3, 30, 60)


def chosen(page: Page) -> str:
    return page.evaluate("tree.node")


def shown(page: Page) -> list[str]:
    """Ids of the rows in the document, from top to bottom."""
    return page.evaluate(
        "[...tree.shadowRoot.querySelectorAll('.row:not([hidden])')]"
        ".sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top).map((row) => row.dataset.id)"
    )


def row(page: Page, id: str):
    return page.locator(f'.row[data-id="{id}"]:visible')


def keys(page: Page, *pressed: str) -> str:
    for key in pressed:
        page.keyboard.press(key)
    return chosen(page)


# --- rows -----------------------------------------------------------------------------------------------


def test_a_row_says_question_kind_status_tokens_seconds_cells_errors_and_depth(visit, server, facts):
    page = visit()
    for fact in facts:
        if fact.kind == "node_started" and fact.payload["kind"] == "rlm" and fact.node.count(".") == 1:
            break
    events = [event for event in server.events("run") if event["n"] == fact.node]
    own = row(page, fact.node)
    assert own.locator(".question").inner_text() == fact.payload["question"]
    assert own.locator(".cells").inner_text() == str(sum(e["k"] == "cell" for e in events))
    errors = sum(e["k"] == "done" and e["st"] == "error" for e in events)
    failed = sum(e["k"] == "end" and e["st"] == "failed" for e in events)
    assert own.locator(".errors").inner_text() == (str(errors + failed) if errors + failed else "")
    tokens = sum(e["tok"] for e in events if e["k"] == "reply")
    assert own.locator(".tokens").inner_text() == f"{tokens:,}"
    assert own.locator(".depth").inner_text() == "1"
    assert own.locator(".seconds").inner_text()
    assert own.get_attribute("data-kind") == "child"
    assert own.get_attribute("data-status") in ("answered", "failed")


def test_the_rows_are_a_tree_to_a_screen_reader(visit, server):
    page = visit()
    tree = page.get_by_role("tree")
    expect(tree).to_have_attribute("aria-activedescendant", "row-0")
    root = page.get_by_role("treeitem", name=re.compile("^question, answered: Which supply"))
    expect(root).to_have_attribute("aria-level", "1")
    expect(root).to_have_attribute("aria-expanded", "true")
    expect(root).to_have_attribute("aria-selected", "true")
    child = row(page, "0.1")
    expect(child).to_have_attribute("aria-level", "2")
    expect(child).to_have_attribute("aria-posinset", "1")
    children = sum(event.get("p") == "0" for event in server.events("run"))
    expect(child).to_have_attribute("aria-setsize", str(children))


MANY = """async (nodes) => {
  const made = [{ k: "run", n: "0" }, { k: "node", n: "0", kind: "root", q: "Which?", d: 0 }];
  for (let i = 0; i < nodes - 1; i += 1) {
    const branch = `0.${Math.floor(i / 10) + 1}`;
    const [n, p] = i % 10 ? [`${branch}.${i % 10}`, branch] : [branch, "0"];
    const q = `Does piece ${i} say anything about a ${i % 50 === 7 ? "deposit" : "notice period"}?`;
    made.push({ k: "node", n, p, kind: "child", q, d: n.split(".").length - 1 });
    for (const i of [1, 2]) made.push({ k: "cell", n, i, h: "print(1)" }, { k: "done", n, i, st: "ok", fin: i === 2 });
    made.push({ k: "end", n, st: "answered", tok: 1, sec: 1, a: "yes" });
  }
  made.push({ k: "end", n: "0", st: "answered" }, { k: "fin", n: "0", st: "answered" });
  const events = made.map((event, place) => ({ s: place + 1, ts: 1000 + place / 10, ...event }));
  const node = { node: {}, turns: [], cells: [], notes: [], draft: "" };
  tree.app.api = { get: async (path) => (path.includes("/log") ? { run: {}, events } : node) };
  await tree.load("big");
}"""


def test_ten_thousand_nodes_are_usable_and_only_rows_in_view_exist(visit):
    page = visit()
    page.evaluate(MANY, 10_000)
    page.wait_for_selector("rlm-tree[ready]")
    assert page.evaluate("tree.shadowRoot.querySelector('.space').style.height") == "260000px"
    page.get_by_role("tree").focus()
    last = keys(page, "End")
    expect(row(page, last)).to_be_in_viewport()
    assert keys(page, "Home") == "0"
    page.keyboard.press("/")
    page.keyboard.type("deposit")
    expect(page.locator(".hits")).to_have_text("200")
    page.keyboard.press("Enter")
    expect(row(page, chosen(page)).locator(".question mark")).to_have_text("deposit")
    assert page.evaluate("tree.shadowRoot.querySelectorAll('.row').length") < 80


# --- keys -------------------------------------------------------------------------------------------------


def test_arrows_walk_the_tree(visit):
    page = visit()
    page.get_by_role("tree").focus()
    order = shown(page)
    assert keys(page, "ArrowDown") == order[1]
    assert keys(page, "ArrowDown") == order[2]
    assert keys(page, "ArrowUp") == order[1]
    assert keys(page, "ArrowLeft", "ArrowLeft") == "0"  # folds, then goes to the parent
    assert row(page, order[1]).get_attribute("aria-expanded") == "false"
    assert keys(page, "ArrowRight") == order[1]
    assert keys(page, "ArrowRight") == order[1]  # unfolds
    assert row(page, order[1]).get_attribute("aria-expanded") == "true"
    assert keys(page, "ArrowRight") == order[2]  # the first child
    assert keys(page, "Home") == "0"
    last = keys(page, "End")
    expect(row(page, last)).to_be_in_viewport()
    assert keys(page, "ArrowDown") == last
    assert keys(page, "PageUp") != last
    before = chosen(page)
    assert keys(page, "PageDown") != before


def test_star_unfolds_all_siblings(visit):
    page = visit()
    page.get_by_role("button", name="Collapse all").click()
    page.get_by_role("tree").focus()
    first = keys(page, "ArrowDown")
    assert all(id.count(".") <= 1 for id in shown(page))
    keys(page, "*")
    assert any(id.startswith(f"{first}.") for id in shown(page))
    assert sum(id.count(".") == 2 for id in shown(page)) > sum(
        id.startswith(f"{first}.") for id in shown(page)
    )


def test_enter_goes_to_the_details_and_escape_back(visit):
    page = visit()
    page.get_by_role("tree").focus()
    keys(page, "ArrowDown", "Enter")
    assert page.evaluate("tree.shadowRoot.activeElement.className") == "detail"
    page.keyboard.press("Escape")
    assert page.evaluate("tree.shadowRoot.activeElement.getAttribute('role')") == "tree"


def test_the_keys_are_told_to_the_overlay(visit):
    page = visit()
    said = page.evaluate("keys.map(([key, text]) => key)")
    assert {"/", "Space", ", or .", "*", "Enter"} <= set(said)


# --- folds, search, filter ------------------------------------------------------------------------------------


def test_collapse_and_expand_all(visit):
    page = visit()
    every = len(shown(page))
    page.get_by_role("button", name="Collapse all").click()
    assert 1 < len(shown(page)) < every
    expect(row(page, "0.1")).to_have_attribute("aria-expanded", "false")
    expect(row(page, "0.1").locator(".tokens")).to_have_text(re.compile(r"[\d,]+"))
    page.get_by_role("button", name="Expand all").click()
    assert len(shown(page)) == every


def test_a_fold_takes_the_selection_inside_it_to_the_branch(visit):
    page = visit(node="0.1.1")
    row(page, "0.1").locator(".twist").click()
    assert chosen(page) == "0.1"
    assert not any(id.startswith("0.1.") for id in shown(page))


def test_search_keeps_hits_with_the_way_to_them_and_enter_goes_round(visit):
    page = visit()
    page.keyboard.press("/") if page.evaluate("tree.shadowRoot.activeElement") else None
    page.get_by_role("searchbox").fill("mill lane")
    hits = page.locator(".hits")
    expect(hits).not_to_have_text("")
    count = int(hits.inner_text())
    marked = page.locator(".row:visible .question mark")
    assert count >= marked.count() > 0
    assert page.locator(".row.way:visible").count() > 0
    page.get_by_role("searchbox").press("Enter")
    first = chosen(page)
    for _ in range(count):
        page.get_by_role("searchbox").press("Enter")
    assert chosen(page) == first
    page.get_by_role("searchbox").press("Escape")
    expect(hits).to_have_text("")
    assert chosen(page) == first


def test_a_hit_in_code_shows_the_code(visit):
    page = visit()
    page.get_by_role("searchbox").fill("context.search")
    expect(page.locator(".hits")).not_to_have_text("")
    expect(row(page, "0").locator(".live.found")).to_contain_text("= context.search(")
    expect(row(page, "0").locator(".live mark")).to_have_text("context.search")
    page.get_by_role("searchbox").fill("")
    expect(page.locator(".row:visible .live.found")).to_have_count(0)


def test_filters_show_errors_finals_and_kinds(visit, server):
    page = visit()
    events = server.events("run")
    faulty = {
        e["n"]
        for e in events
        if (e["k"] == "done" and e["st"] == "error") or (e["k"] == "end" and e["st"] == "failed")
    }
    page.get_by_role("button", name="Errors").click()
    expect(page.locator(".hits")).to_have_text(str(len(faulty)))
    assert faulty <= set(shown(page))
    page.get_by_role("button", name="Errors").click()
    finals = {e["n"] for e in events if e["k"] == "done" and e["fin"]}
    page.get_by_role("button", name="Finals").click()
    expect(page.locator(".hits")).to_have_text(str(len(finals)))
    page.get_by_role("button", name="Finals").click()
    leaves = {e["n"] for e in events if e["k"] == "node" and e["kind"] == "leaf"}
    page.get_by_role("combobox", name="Kind of node").select_option("leaf")
    expect(page.locator(".hits")).to_have_text(str(len(leaves)))


# --- links ------------------------------------------------------------------------------------------------------


def test_a_permalink_opens_its_node_and_the_address_follows(visit, server):
    page = visit(node="0.1.1")
    assert chosen(page) == "0.1.1"
    expect(page.locator(".crumbs")).to_have_text("0/0.1/0.1.1")
    assert page.evaluate("tree.permalink('0.1')") == f"{server.url}/?view=ask&run=run&node=0.1"
    page.get_by_role("button", name="0.1", exact=True).click()
    assert chosen(page) == "0.1"
    assert "node=0.1" in page.url


def test_copying_gives_link_code_and_answer(visit, server):
    page = visit(node="0.1")
    page.get_by_role("button", name="Copy a link to this node").click()
    page.wait_for_function("() => toasts.length === 1")
    assert page.evaluate("navigator.clipboard.readText()") == f"{server.url}/?view=ask&run=run&node=0.1"
    page.locator(".input").first.hover()
    page.get_by_role("button", name="Copy cell 1").click()
    page.wait_for_function("() => toasts.length === 2")
    assert page.evaluate("navigator.clipboard.readText()").startswith("hits = context.search(")


def test_a_run_that_is_not_there_says_so(server, browser):
    page = browser.new_page()
    page.goto(f"{server.url}/?run=missing&node=")
    expect(page.locator(".message-line")).to_contain_text("There is no run")
    page.close()


# --- details --------------------------------------------------------------------------------------------------------


def test_details_show_prompt_thinking_code_outputs_and_sub_calls(visit, facts):
    page = visit()
    detail = page.locator(".detail")
    expect(detail.locator(".asked")).to_have_text(QUESTION)
    expect(detail.locator(".turn").first).to_contain_text("Turn 1")
    prompt = detail.get_by_role("button", name="Prompt").first
    expect(prompt).to_have_attribute("aria-expanded", "false")
    prompt.click()
    expect(detail.locator(".message .role").first).to_have_text("system")
    codes = [fact.payload["code"] for fact in facts if fact.kind == "cell_started" and fact.node == "0"]
    assert detail.locator(".code").all_inner_texts() == codes
    assert detail.locator(".py-tool").count() > 0
    chip = detail.locator(".chip").first
    id = chip.locator("b").inner_text()
    chip.click()
    assert chosen(page) == id


def test_details_show_what_a_reply_took_and_how_long_it_waited(visit, facts):
    leaf = next(f.node for f in facts if f.kind == "node_started" and f.payload["kind"] == "llm")
    usage = next(f.payload["usage"] for f in facts if f.kind == "turn_finished" and f.node == leaf)
    figures = visit(node=leaf).locator(".detail .turn .figures")
    expect(figures).to_contain_text(f"{usage['completion_tokens']} tokens · ")
    expect(figures).to_contain_text("280 of 400 read at 2,800 tokens/s")
    if usage["queue_seconds"] >= 0.005:
        expect(figures).to_contain_text("waited ")


def test_outputs_are_shown_as_a_notebook_does(visit, facts):
    wanted = {}
    for fact in facts:
        if fact.kind == "output":
            output = fact.payload["output"]
            kind = output["output_type"] if "data" not in output else sorted(output["data"])[0]
            wanted.setdefault(kind, fact.node)
    assert {"error", "image/png", "stream", "text/html"} <= set(wanted)
    page = visit(node=wanted["image/png"])
    image = page.locator(".output img").first
    expect(image).to_be_attached()
    image.scroll_into_view_if_needed()
    page.wait_for_function("() => tree.shadowRoot.querySelector('.output img').naturalWidth > 100")
    page.evaluate("(id) => tree.select(id)", wanted["text/html"])
    table = page.locator(".output table").first
    assert table.locator("td").first.inner_text() == "Dunmarrow Fibres"
    page.evaluate("(id) => tree.select(id)", wanted["error"])
    error = page.locator("details.output.error").first
    expect(error).to_contain_text("KeyError: 'Tollen Packaging'")
    expect(error.locator(".text")).not_to_be_visible()
    error.locator("summary").click()
    expect(error.locator(".text")).to_be_visible()
    assert error.locator(".ink-1").count() > 0
    assert "\x1b" not in error.inner_text() and "\u241b" not in error.inner_text()


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
    page.evaluate("(seq) => { tree.playhead = seq; }", at)
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
    assert page.evaluate("tree.playhead") == at + 1
    keys(page, ",", ",")
    assert page.evaluate("tree.playhead") == at - 1
    expect(page.locator(".code:visible")).to_have_count(1)
    page.get_by_role("slider").fill("1")
    assert page.evaluate("tree.playhead") == 1
    page.get_by_role("button", name="End").click()
    assert page.evaluate("tree.playhead") is None
    expect(page.locator(".answer-box")).to_be_visible()
    expect(page.locator(".playhead")).not_to_be_visible()


def test_playing_goes_through_the_run_and_ends_at_its_end(visit, server):
    page = visit()
    last = server.events("run")[-1]["s"]
    speed = page.get_by_role("combobox", name="Speed")
    speed.select_option("0.5")  # its end is far away, however slow the machine
    page.get_by_role("tree").focus()
    page.keyboard.press(" ")
    page.wait_for_function("() => tree.playhead > 1 && tree.playhead < 200")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    stood = page.evaluate("tree.playhead")
    page.wait_for_timeout(150)
    assert page.evaluate("tree.playhead") == stood
    speed.select_option("16")
    page.evaluate("(seq) => { tree.playhead = seq; }", last - 4)
    page.get_by_role("tree").focus()
    page.keyboard.press(" ")
    page.wait_for_function("(last) => tree.playhead === last", arg=last)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(row(page, "0")).to_have_attribute("data-status", "answered")


def test_a_playhead_before_the_selected_node_selects_an_ancestor_for_that_while(visit, server):
    page = visit(node="0.1.1")
    start = next(e["s"] for e in server.events("run") if e["k"] == "node" and e["n"] == "0.1.1")
    page.evaluate("(seq) => { tree.playhead = seq; }", start - 1)
    assert chosen(page) == "0.1"
    page.evaluate("(seq) => { tree.playhead = seq; }", start)
    assert chosen(page) == "0.1.1"


def test_a_click_into_the_timeline_moves_the_playhead_or_selects(visit):
    page = visit()
    box = page.locator(".picture").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3)
    half = page.evaluate("tree.playhead")
    assert half and half > 1
    page.mouse.click(box["x"] + 40, box["y"] + 18 + 6)  # the lane of the root
    assert chosen(page) == "0"
    page.mouse.move(box["x"] + 40, box["y"] + 18 + 6)
    expect(page.locator(".tip")).to_contain_text("model")


# --- hostile text ---------------------------------------------------------------------------------------------------------


def test_hostile_text_is_only_text(visit, server):
    page = visit("hostile")
    hosts = []
    page.on("request", lambda request: hosts.append(request.url))
    expect(page.locator(".output").first).to_be_attached()
    for name in ("Prompt", "Thinking", "Raw"):
        page.get_by_role("button", name=name).first.click()
    page.locator("details.output.error summary").click()
    detail = page.locator(".detail").inner_text()
    for text in (HOSTILE[0], HOSTILE[1], HOSTILE[3], HOSTILE[4], HOSTILE[7]):
        assert detail.count(text) >= 5, text
    assert (
        "\u241b]0;title\u2407" in detail and "U+202E" in detail and "U+2066" in detail and "\u2400" in detail
    )
    assert not re.search("[\x1b\x07\x00\u202e\u2066\u200b]", detail)
    page.evaluate("tree.select('0.1')")
    expect(page.locator(".prose").first).to_contain_text(HOSTILE[1])
    assert not re.search("[\x1b\u202e]", row(page, "0").inner_text())
    page.get_by_role("searchbox").fill("<script>")
    expect(page.locator(".hits")).to_have_text("2")
    assert page.evaluate("window.pwned") is None
    assert (
        page.evaluate(
            "[...tree.shadowRoot.querySelectorAll('script, iframe, svg a, img, base, style, [onclick], [onerror]')].length"
        )
        == 0
    )
    assert [url for url in hosts if not url.startswith(server.url)] == []


def test_colours_of_a_terminal_are_kept_and_progress_lines_overwritten(visit):
    page = visit()
    made = page.evaluate(
        """async () => {
          const { ansi, overwritten } = await import("/ui/tree/text.js");
          const box = document.createElement("div");
          box.append(ansi("a\\x1b[1;31mred\\x1b[0m \\x1b[38;5;196mx\\x1b[48;2;1;2;3my\\x1b[m\\x1b[2Kz"));
          return [box.textContent, box.querySelector(".ink-1.bold").textContent, box.innerHTML, overwritten("1%\\r50%\\r100%\\nok\\r\\n")];
        }"""
    )
    assert made[0] == "ared xy\u241b[2Kz"
    assert made[1] == "red"
    assert "rgb(255, 0, 0)" in made[2] and "rgb(1, 2, 3)" in made[2]
    assert made[3] == "100%\nok\n"


def test_code_is_coloured_without_losing_a_character(visit, facts):
    page = visit()
    codes = [f.payload["code"] for f in facts if f.kind == "cell_started"]
    codes += [
        "x = '''open",
        'f"{a!r:>{w}}" # ü',
        "@dec\ndef ünï(a: int = 0x1F) -> None: ...",
        "'\\",
        "1_000.5e-3j",
        "\u202edrop",
    ]
    shown = page.evaluate(
        """async (codes) => {
          const { python } = await import("/ui/tree/python.js");
          return codes.map((code) => { const box = document.createElement("pre"); box.append(python(code)); return box.textContent; });
        }""",
        codes,
    )
    assert shown[:-1] == codes[:-1]
    assert shown[-1] == "U+202Edrop"


# --- look -------------------------------------------------------------------------------------------------------------------


def test_a_narrow_window_has_the_details_below(visit):
    page = visit()
    rows, detail = page.locator(".rows"), page.locator(".detail")
    assert detail.bounding_box()["x"] > rows.bounding_box()["x"]
    page.set_viewport_size({"width": 420, "height": 900})
    assert detail.bounding_box()["y"] >= rows.bounding_box()["y"] + rows.bounding_box()["height"] - 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    for part in (".toolbar", ".playback"):
        inner = page.evaluate(
            f"(({json.dumps(part)}), [...tree.shadowRoot.querySelector({json.dumps(part)}).children].map((c) => c.getBoundingClientRect().right))"
        )
        assert max(inner) <= 420, part


def test_the_width_of_the_tree_is_moved_by_keys_and_remembered(visit):
    page = visit()
    split = page.get_by_role("separator")
    before = int(split.get_attribute("aria-valuenow"))
    split.focus()
    keys(page, "ArrowRight", "ArrowRight")
    assert int(split.get_attribute("aria-valuenow")) == before + 4
    page.reload()
    page.wait_for_selector("rlm-tree[ready]")
    assert int(page.get_by_role("separator").get_attribute("aria-valuenow")) == before + 4
