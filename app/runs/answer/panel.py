"""The answer of a run, with what it rests on: citation chips, checked sources, coverage, strategy and cost.

Where there is no answer, what plain search finds stands in its place, named as such. Above the sources stands whether
the value of the answer is stated there, computed from them, judged, or not there. A source that does not stand in the
documents is struck through, never shown as a fact; any other opens the document at its span.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.runs.answer.coverage import file_account
from app.runs.answer.coverage import sentence as coverage_sentence
from app.runs.answer.places import brief, nearest, opens, place
from app.runs.answer.quotes import dressed, false_quotes, marks, quote_list, signed, why
from app.runs.head.marks import forced_chip, is_forced
from app.text.elements import Tree, el, elements, folded
from app.text.markdown import render
from app.text.words import duration, line, many
from engine.answer.agreement import sentence
from engine.types import Json

SHOWN_CHIPS = 8  # behind an answer that marks none itself
SHOWN_SOURCES = 5  # the rest behind a button
SHOWN_ABSENT = 6  # items that are not found in the sources
FOUND = "Found by search, not by the model"
AGREED = {  # status: (icon, what it means)
    "stated": (
        "check",
        "The answer stands word for word in a source, or as the same number or date written in another way.",
    ),
    "computed": (
        "bench",
        "The code of a cell made this of what is cited; no source states it as such.",
    ),
    "judged": (
        "auto",
        "Yes or no is the model's judgement of the sources; none of them states it.",
    ),
    "absent": (
        "warning",
        "The answer does not stand in its sources as it is written, and is not a number computed from them. "
        "Read them before you rely on it.",
    ),
    "uncited": (
        "dot",
        "Nothing in the documents was named that would bear the answer out.",
    ),
}


def answer_panel(run: Json) -> Tree:
    """The panel below the head of a run that has ended, of its row (`engine.store.Store.run`).

    With "kept" in the row, its question can be kept as a check: is it? Buttons say in `data-does` what `answer.js` does when
    they are pressed: "document" opens that of `data-document`, at `data-start` to `data-end`.
    """
    sources = run.get("sources") or []
    return el(
        "section",
        {"class": f"answer answer-{run['status']}", "aria-label": "Answer"},
        _body(run, sources),
        None if run["answer"] is None else quote_list(run),
        _sources(run, sources) if sources else None,
        _passages(run["passages"]) if run.get("passages") else None,
        _foot(run),
    )


def _body(run: Json, sources: list[Json]) -> Tree:
    if run["answer"] is None:
        return el("p", {"class": "answer-none", "dir": "auto"}, f"{_no_answer(run)}.")

    def cite(number: int) -> Tree | None:
        return _chip(sources[number - 1], number) if 0 < number <= len(sources) else None

    def chips(numbers: Iterable[int], at: int = -1) -> Tree:
        behind = [(n, sources[n - 1] | cells.get((at, n), {})) for n in numbers if 0 < n <= len(sources)]
        return el("span", {"class": "cites"}, *(_chip(source, n) for n, source in behind))

    found = (run.get("agreement") or {}).get("cells") or []  # a value that came from a cell leads to it
    cells = {(cell["at"], cell["source"]): cell for cell in found}
    text = render(signed(run), cite)
    marked = any(element[1].get("class", "").startswith("cite ") for element in elements(text))
    text = dressed(text, run, chips)
    if sources and not marked and not marks(run):
        text = _with_chips(text, chips(range(1, min(len(sources), SHOWN_CHIPS) + 1)))
    limit = None
    if mark := forced_chip(run):
        limit = el("p", {"class": "answer-limit", "dir": "auto"}, mark, f" {_limit(run)}.")
    box = el("div", {"class": "answer-text"}, *text)
    return el("div", {"class": "answer-body"}, limit, box, None if sources else _agreed(run))


def _limit(run: Json) -> str:
    return f"Asked for before the model was done: {line(run['reason'])}"


def _with_chips(text: list[Tree], row: Tree) -> list[Tree]:
    last = text[-1] if text else ""
    if isinstance(last, list) and last[0] in ("p", "h3", "h4", "h5", "h6"):
        return [*text[:-1], [*last, " ", row]]
    return [*text, row]


def _no_answer(run: Json) -> str:
    reason = line(run.get("reason") or "").removesuffix(".")
    if run["status"] == "interrupted":
        return f"Interrupted before there was an answer{f': {reason}' if reason else ''}"
    if run["status"] == "failed":
        return f"The run failed{f': {reason}' if reason else ''}"
    return f"No answer: {reason or 'the model gave none'}"


def _chip(source: Json, number: int) -> Tree:
    if source["status"] == "missing":
        words = f"Source {number} does not stand in the documents"
        return el("span", {"class": "cite cite-missing", "title": words, "aria-label": words}, str(number))
    where = place(source)
    named = {
        "class": f"cite cite-{source['status']}",
        "title": where,
        "aria-label": f"Source {number}: {where}",
    }
    return el("button", named | _opens(source), str(number))


def _opens(source: Json) -> dict[str, Json]:
    return opens(source["document"], source["start"], source["end"])


# --- agreement ------------------------------------------------------------------------------------------------


def _agreed(run: Json) -> Tree | None:
    found = run.get("agreement")
    words = line(sentence(found))
    if not words:
        return None
    name, about = AGREED[found["status"]]
    gone = [item["value"] for item in found["items"] if item["status"] == "absent"]
    shown = " · ".join(line(value, 60) for value in gone[:SHOWN_ABSENT])
    more = f" and {len(gone) - SHOWN_ABSENT:,} more" if len(gone) > SHOWN_ABSENT else ""
    told = {"class": "agreed-words", "title": about, "dir": "auto"}
    return el(
        "div",
        {"class": f"agreed agreed-{found['status']}"},
        el("p", told, el("icon", {"name": name}), el("span", {}, words)),
        el("p", {"class": "visually-hidden"}, about),
        el("p", {"class": "agreed-items", "dir": "auto"}, f"{shown}{more}") if shown else None,
    )


def _stating(agreement: Json) -> set[int]:
    """The numbers of the sources in which the value or one of its items stands."""
    found = [agreement, *agreement["items"]] if agreement else []
    return {where["source"] for one in found for where in one["where"]}


# --- sources --------------------------------------------------------------------------------------------------


def _sources(run: Json, sources: list[Json]) -> Tree:
    stating = _stating(run.get("agreement"))
    items = [_source(source, number, number in stating) for number, source in enumerate(sources, 1)]
    gone = sum(source["status"] == "missing" for source in sources)
    title = f"Sources · {gone} not found in the documents" if gone else "Sources"
    return el(
        "div",
        {"class": "sources-box"},
        el("h3", {"class": "warn" if gone else ""}, title),
        _agreed(run),
        folded(el("ol", {"class": "sources"}), items, SHOWN_SOURCES, f"Show all {len(items)} sources"),
    )


def _source(source: Json, number: int, states: bool) -> Tree:
    mark = el("span", {"class": f"cite cite-{source['status']}", "aria-hidden": "true"}, str(number))
    if source["status"] == "missing":
        return _missing(source, mark)
    where: list[Tree] = [place(source)]
    if states:
        where += [" · ", el("span", {"class": "source-states"}, "stated here")]
    if source["status"] == "folded":
        where += [" · ", el("span", {"class": "source-note"}, "white space or quotes differ")]
    button = el(
        "button",
        {"class": "source", **_opens(source)},
        mark,
        el("span", {"class": "source-place"}, *where),
        el("q", {"class": "source-quote", "dir": "auto"}, brief(source["text"])),
    )
    return el("li", {}, button)


def _missing(source: Json, mark: Tree) -> Tree:
    head = el(
        "div",
        {"class": "source source-missing"},
        mark,
        el("span", {"class": "source-place"}, "Not found in the documents"),
        el("s", {"class": "source-quote", "dir": "auto"}, brief(source["text"])),
    )
    near = source.get("nearest")
    return el("li", {}, head, nearest(place(source), near, _opens(source)) if near else None)


def _passages(passages: list[Json]) -> Tree:
    """What plain search finds where the model gave no answer."""
    items = [
        el(
            "button",
            {"class": "source passage", **_opens(passage)},
            el("span", {"class": "source-place"}, place(passage)),
            el("q", {"class": "source-quote", "dir": "auto"}, brief(passage["text"])),
        )
        for passage in passages
    ]
    listed = el("ul", {"class": "sources"}, *(el("li", {}, item) for item in items))
    return el("div", {"class": "passages-box"}, el("h3", {}, FOUND), listed)


# --- account --------------------------------------------------------------------------------------------------


def _foot(run: Json) -> Tree:
    coverage = run.get("coverage")
    told = el("p", {"class": "coverage"}, coverage_sentence(coverage))
    spent = el("p", {"class": "cost"}, cost(run))
    account = el("div", {}, told, file_account(coverage), spent)
    keep = _keep(run["kept"]) if run.get("kept") is not None else None
    return el("footer", {"class": "answer-foot"}, account, keep, _copy(bool(run.get("sources"))))


def may_be_kept(run: Json) -> bool:
    """Whether the question of a run can be kept as a check: it was asked by itself, here, and has an answer."""
    asked = run["strategy"] in (None, "", "recursive", "direct")  # others were imported, or are of the bench
    return run["status"] == "answered" and not run["follows"] and asked


def _keep(kept: bool) -> Tree:
    title = (
        "Keep this question with its answer; launch.py check asks all kept ones again and says what got worse"
    )
    look = {"class": "button keep", "type": "button", "title": title, "aria-pressed": str(kept).lower()}
    words = "Kept as a check" if kept else "Keep as a check"
    return el("button", {**look, "data-does": "keep"}, el("icon", {"name": "check"}), el("span", {}, words))


def _copy(sourced: bool) -> Tree:
    words, told = ("Copy with sources", "Copied with its sources") if sourced else ("Copy", "Copied")
    look = {"class": "button", "type": "button", "dataset": {"does": "copy", "told": told}}
    return el("button", look, el("icon", {"name": "copy"}), words)


def cost(run: Json) -> str:
    """Strategy and cost in one line."""
    usage = run.get("usage") or {}
    tokens = (usage.get("prompt_tokens") or 0) + (usage.get("completion_tokens") or 0)
    strategy, model = run.get("strategy") or "", run.get("model") or ""
    parts = [
        line(strategy[:1].upper() + strategy[1:]),
        many(run["nodes"], "node") if run.get("nodes") else "",
        many(usage["calls"], "model call") if usage.get("calls") else "",
        many(tokens, "token") if tokens else "",
        duration(run["seconds"]) if run.get("seconds") else "",
        line(model.get("name") or "" if isinstance(model, dict) else model),
    ]
    return " · ".join(part for part in parts if part)


def as_text(run: Json) -> str:
    """The answer as plain text with numbered sources, for the clipboard."""
    sources, passages = run.get("sources") or [], run.get("passages") or []
    answer = run["answer"]
    lines = [run["question"], "", f"{_no_answer(run)}." if answer is None else answer]
    if is_forced(run):
        lines += ["", f"{_limit(run)}."]
    agreed = line(sentence(run.get("agreement")))
    if sources:
        lines += ["", "Sources", *([f"({agreed})"] if agreed else [])]
    elif agreed:
        lines += ["", f"{agreed}."]
    for number, source in enumerate(sources, 1):
        where = "NOT FOUND IN THE DOCUMENTS" if source["status"] == "missing" else place(source)
        lines.append(f"[{number}] {where}: {brief(source['text'])}")
    for quote in false_quotes(run) if answer is not None else ():
        lines.append(f"{why(quote)}: “{brief(answer[quote['start'] : quote['end']])}”")
    if passages:
        lines += ["", FOUND, *(f"- {place(passage)}: {brief(passage['text'])}" for passage in passages)]
    if told := coverage_sentence(run.get("coverage")):
        lines += ["", told]
    return "\n".join(lines) + "\n"
