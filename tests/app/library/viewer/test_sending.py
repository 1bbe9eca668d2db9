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
