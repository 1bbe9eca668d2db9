"""The stream of a tab that changes what it follows: the former one tells news until the next one stands."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.app.bare_page import call, open_bare

pytestmark = pytest.mark.browser

CHANGED = """
  const made = [], told = [];
  window.EventSource = class {
    static OPEN = 1;
    readyState = 0;
    heard = {};
    constructor() { made.push(this); }
    addEventListener(name, heard) { this.heard[name] = heard; }
    close() { this.readyState = 2; }
    stand() { this.readyState = 1; this.onopen(); }
    tell(kind) { if (this.readyState === 1) this.heard.app({ data: JSON.stringify({ kind }) }); }
  };
  const live = m.createLive();
  live.on("app", ({ kind }) => told.push(kind));
  live.start();
  made[0].stand();
  live.follow("run", 0);
  made[0].tell("before");
  if (x) made[0].onerror();
  made[1].stand();
  made[0].tell("doubled");
  made[1].tell("after");
  return told;
"""


@pytest.mark.parametrize("lost", [False, True])
def test_a_gap_between_two_streams_is_told(browser: Browser, lost: bool) -> None:
    page = browser.new_page()
    open_bare(page)
    gap = ["reconnected"] if lost else []
    assert call(page, "live/live.js", CHANGED, lost) == ["before", *gap, "after"]
    page.close()
