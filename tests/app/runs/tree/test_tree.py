"""The tree of a run in a real browser: rows, keys, folds, search, filter, links, look."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.app.contexts import PATIENCE
from tests.app.runs.tree.page import chosen, keys, row, shown

pytestmark = pytest.mark.browser


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
  const node = { sections: [], draft: "" };
  const { frame } = await tree.actions.fetchLog(0);
  tree.app.api = { get: async (path) => (path.includes("/log") ? { run: {}, frame, events } : node) };
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


def test_the_key_that_works_everywhere_is_told_to_the_app(visit):
    page = visit()
    assert page.evaluate("keys.map(([key, run, when]) => [key, when()])") == [["/", True]]


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
    page.get_by_role("button", name="0.1", exact=True).click()
    assert chosen(page) == "0.1"
    assert page.evaluate("new URLSearchParams(location.search).get('node')") == "0.1"


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
    page.set_default_timeout(PATIENCE)
    page.goto(f"{server.url}/?run=missing&node=")
    expect(page.locator(".message-line")).to_contain_text("There is no run")
    page.close()


# --- look -------------------------------------------------------------------------------------------------------------------


def test_a_narrow_window_has_the_details_below(visit):
    page = visit()
    rows, detail = page.locator(".rows"), page.locator(".detail")
    assert detail.bounding_box()["x"] > rows.bounding_box()["x"]
    page.set_viewport_size({"width": 420, "height": 900})
    assert detail.bounding_box()["y"] >= rows.bounding_box()["y"] + rows.bounding_box()["height"] - 1
    page.wait_for_function("document.documentElement.scrollWidth <= 420")
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
