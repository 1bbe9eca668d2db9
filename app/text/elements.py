"""Trees of elements: [tag, attributes, child, ...] or text. Plain lists, so that they travel as JSON.

`built` in `app/shell/static/text/text.js` makes nodes of a tree: text goes in as text, with hidden marks written out.
Tags and names of attributes are always words of ours, never text of a document. Three tags are short for more: "icon"
({"name"}) is drawn, "moment" ({"at": Unix seconds}) is said as the browser's person says it, and "more" ({"words", "class"}, list, item, ...) is a list, or a block of text, with a button that
adds the other items to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

Tree = str | list[Any]


def el(tag: str, attributes: dict[str, Any] | None, *children: Tree | None) -> list[Any]:
    """An element; children that are None or "" are left out."""
    return [tag, attributes or {}, *(child for child in children if child)]


def folded(empty: list[Any], items: list[Tree], shown: int, words: str, kind: str = "plain") -> list[Any]:
    """A list of items; those after the first `shown` wait behind a button of that `kind` that says `words`.

    Only for what is built once: in a place that `renew` keeps up to date (`app/shell/static/text/trees.js`) the button would
    go on adding the items that it was made with.
    """
    begun = [*empty, *items[:shown]]
    return el("more", {"words": words, "class": kind}, begun, *items[shown:]) if len(items) > shown else begun


def meter(labelled_by: str, done: int, of: int, label: str = "") -> list[Any]:
    """A bar that shows how far something is; the element with the id `labelled_by`, or `label`, says of what."""
    name = {"aria-label": label} if label else {"aria-labelledby": labelled_by}
    values = {"aria-valuemin": "0", "aria-valuemax": str(of), "aria-valuenow": str(done)}
    share = {"width": f"{100 * done / max(1, of):.2f}%"}
    return el("div", {"class": "meter", "role": "progressbar", **name, **values}, el("i", {"style": share}))


def sends(to: str, method: str = "post", **body: Any) -> dict[str, str]:
    """Attributes of a button that asks a route of ours when it is pressed (`FormView` of `app/forms/static/view.js`).

    A button that shows words of class `sure` is asked twice. What the route gives as `said` is told as a message.
    """
    return {"data-does": "send", "data-method": method, "data-to": to, "data-body": json.dumps(body)}


def chooses(**chosen: Any) -> dict[str, str]:
    """Attributes of a button by which a person looks at a view in another way: what its route is asked with from then on.

    A field of a view does the same by its `name`.
    """
    return {"data-does": "choose", "data-chosen": json.dumps(chosen)}


def marked(text: str, ranges: Iterable[Sequence[int]]) -> list[Tree]:
    """A text with some ranges of its characters marked."""
    parts: list[Tree] = []
    at = 0
    for start, end in ranges:
        parts += [text[at:start], el("mark", None, text[start:end])]
        at = end
    return [*parts, text[at:]]


def elements(trees: Iterable[Tree]) -> Iterator[list[Any]]:
    """All elements of some trees, each before its children."""
    for tree in trees:
        if not isinstance(tree, str):
            yield tree
            yield from elements(tree[2:])


def text_of(trees: Iterable[Tree]) -> str:
    """The text of some trees, without attributes."""
    return "".join(tree if isinstance(tree, str) else text_of(tree[2:]) for tree in trees)
