"""Details of a node in a real browser: prompts, code, outputs, sub-calls, and hostile text."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.app.desk import until
from tests.app.runs.tree.hostile_run import HOSTILE
from tests.app.runs.tree.page import chosen, row
from tests.app.runs.tree.texts import QUESTION

pytestmark = pytest.mark.browser


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


# --- hostile text ---------------------------------------------------------------------------------------------------------


def test_a_node_of_a_run_that_was_left_is_not_shown_as_one_of_the_next(visit, facts):
    page = visit(node=next(fact.node for fact in facts if fact.node != "0"))
    held: list[Route] = []
    page.route("**/runs/run/nodes/0/pane", lambda route: held.append(route))
    page.evaluate("tree.select('0')")
    until(lambda: held, page)
    page.evaluate("tree.load('hostile')")
    page.wait_for_selector("rlm-tree[run=hostile][ready]")
    with page.expect_response("**/runs/hostile/nodes/0/pane"):
        held[0].continue_()
    expect(page.locator(".detail .asked")).to_contain_text(HOSTILE[1])


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


def test_code_has_colours_and_every_character(visit, facts):
    page = visit()
    codes = [f.payload["code"] for f in facts if f.kind == "cell_started" and f.node == "0"]
    page.evaluate("tree.select('0')")
    shown = page.locator("pre.code")
    expect(shown.first).to_contain_text(codes[0].splitlines()[0])
    assert shown.evaluate_all("all => all.map((e) => e.textContent)") == codes
    assert page.locator("pre.code .py-tool").count() > 0 and page.locator("pre.code .py-string").count() > 0
