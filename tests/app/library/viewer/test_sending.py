"""Files on their way to the library, and a person who stops them at an unlucky moment. In a page without an app."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.app.bare_page import call, open_bare

pytestmark = pytest.mark.browser

STOPPED = """
  const asked = [], answers = {};
  const post = (path) => new Promise((resolve, reject) => { answers[path] = [resolve, reject]; asked.push(path); });
  const del = async (path) => { asked.push(`DELETE ${path}`); };
  const states = [];
  const one = new m.Sending({ post, del }, [{ rel: "empty/.x", file: new File([], ".x") }], ({ state }) => states.push(state));
  const over = one.start();
  const next = () => new Promise((resolve) => setTimeout(resolve, 5));
  if (x === "begun") await one.stop();
  answers["/api/uploads"][0]({ upload: "c1", largest: 9 });
  await next();
  if (x !== "begun") {
    await one.stop();
    answers["/api/uploads/c1/done"][x === "read" ? 0 : 1](x === "read" ? { job: "j1" } : new Error("over"));
  }
  await over;
  return [asked, states];
"""


@pytest.mark.parametrize(
    ("moment", "asked"),
    [
        ("begun", ["/api/uploads", "DELETE /api/uploads/c1"]),
        ("read", ["/api/uploads", "/api/uploads/c1/done", "DELETE /api/uploads/c1", "DELETE /api/jobs/j1"]),
        ("refused", ["/api/uploads", "/api/uploads/c1/done", "DELETE /api/uploads/c1"]),
    ],
)
def test_what_is_stopped_stays_stopped_and_leaves_nothing(
    browser: Browser, moment: str, asked: list[str]
) -> None:
    page = browser.new_page()
    open_bare(page)
    assert call(page, "library/sending.js", STOPPED, moment) == [asked, ["sending", "stopped"]]
    page.close()


LOST = """
  const asked = [], waits = [], states = [], real = setTimeout;
  window.setTimeout = (work, wait) => { waits.push(wait); return real(work, 1); };
  let losses = x;
  const gone = () => { losses -= 1; return losses >= 0; };
  window.XMLHttpRequest = class {
    upload = {};
    open(method, address) { this.address = address; }
    send() {
      asked.push(this.address.replace("/api/uploads/c1/", ""));
      this.status = gone() ? 0 : 200;
      real(() => this.onloadend(), 1);
    }
  };
  const post = async (path) => {
    asked.push(path);
    if (path.endsWith("done") && gone()) throw Object.assign(new Error("nobody there"), { status: 0 });
    return path.endsWith("done") ? { job: "j1" } : { upload: "c1", largest: 9 };
  };
  const files = [{ rel: "a.txt", file: new File(["a"], "a.txt") }];
  const one = new m.Sending({ post }, files, ({ state, message }) => states.push(message ? `${state}: ${message}` : state));
  await one.start();
  const before = states.at(-1);
  losses = 0;
  if (one.state === "paused") await one.start();
  return { asked, waits, before, after: states.at(-1), done: one.done };
"""
FILE, BEGUN, DONE = "files?rel=a.txt&n=1&size=1", "/api/uploads", "/api/uploads/c1/done"
UNSENT = "a.txt could not be sent: it changed or cannot be read any more, or Taproot is not running."


@pytest.mark.parametrize(
    ("losses", "files", "ends", "before"),
    [
        (0, 1, 1, "reading"),
        (2, 3, 1, "reading"),
        (6, 7, 1, f"paused: {UNSENT}"),
        (5, 6, 1, "reading"),
    ],
)
def test_a_lost_connection_is_tried_again_for_some_seconds_before_it_pauses(
    browser: Browser, losses: int, files: int, ends: int, before: str
) -> None:
    page = browser.new_page()
    open_bare(page)
    found = call(page, "library/sending.js", LOST, losses)
    assert found["asked"] == [BEGUN, *[FILE] * files, *[DONE] * ends]
    assert found["waits"] == [300, 700, 1500, 3000, 4500][:losses]
    assert (found["before"], found["after"], found["done"]) == (before, "reading", 1)
    page.close()


def test_the_end_of_a_sending_is_told_again_where_the_connection_was_lost(browser: Browser) -> None:
    """Nothing is sent twice for it, and what cannot be told waits for a person."""
    page = browser.new_page()
    open_bare(page)
    script = LOST.replace("let losses = x;", "let losses = 0;").replace(
        "this.status = gone() ? 0 : 200;", "this.status = 200; losses = x;"
    )
    found = call(page, "library/sending.js", script, 2)
    assert found["asked"] == [BEGUN, FILE, DONE, DONE, DONE] and found["before"] == "reading"
    found = call(page, "library/sending.js", script, 6)
    assert found["asked"] == [BEGUN, FILE, *[DONE] * 7] and found["before"] == "paused: nobody there"
    assert found["after"] == "reading" and found["done"] == 1
    page.close()
