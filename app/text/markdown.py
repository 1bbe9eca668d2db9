"""Markdown of models as trees of elements: headings, lists, tables, quotes, code, emphasis. Pure.

markdown-it-py parses; HTML, entities, references and bare addresses stay the text that they are. A link is shown as its
words and its address, an image as its words and its address: nothing leads or asks anywhere. A line end is a line end,
`2*3*4` and snake_case have no emphasis, and a bar within code does not part the cells of a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_block.table import escapedSplit
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

from app.text.elements import Tree, el, text_of

MAX_CHARS = 150_000  # a longer text is shown as it is: this takes about a second
MAX_BRACKETS = 5_000  # each may begin a link, whose end is looked for
MAX_DEPTH = 60  # of lists, items and quotes in each other; what is deeper is shown as it is
RULES = (
    *("table", "fence", "blockquote", "hr", "list", "heading"),
    *("newline", "escape", "backticks", "strikethrough", "emphasis", "link", "image"),
    *("balance_pairs", "fragments_join"),
)
LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
MARKER = re.compile(r"\[(\d{1,3}(?:, ?\d{1,3}){0,9})\](?!\()")
TASK = re.compile(r"^\[([ xX])\] ")
BAR = "\ue003"  # of the private use area: a bar within code
ALIGNED = {"text-align:right": "end", "text-align:center": "center"}

Cite = Callable[[int], Tree | None]


def render(text: str, cite: Cite = lambda number: None) -> list[Tree]:
    """The elements of a Markdown text. `cite(2)` may give an element for a marker such as [2]; None leaves it as text."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").replace(BAR, "\N{REPLACEMENT CHARACTER}")
    tokens: list[Token] = []
    if len(whole) <= MAX_CHARS and whole.count("[") <= MAX_BRACKETS:
        tokens = PARSER.parse("\n".join(map(_bars_of_code, whole.split("\n"))), {"cite": cite})
    if not tokens or any(token.level >= MAX_DEPTH - 1 for token in tokens):
        return [el("pre", {"class": "md-code"}, whole)] if whole.strip() else []
    return _built(tokens)


def _bars_of_code(row: str) -> str:
    """A line whose bars within code are no bars to the parser, which parts the cells of a table at them."""
    if "|" not in row or row.count("`") % 2 or "`" not in row:
        return row
    parts = row.split("`")
    parts[1::2] = [part.replace("|", BAR) for part in parts[1::2]]
    return "`".join(parts)


# --- rules of ours --------------------------------------------------------------------------------------------


def _ends(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A quote ends where its marks end, and a table where no bar is: what the model says below is not drawn into it."""
    bars = "|" in state.src[state.bMarks[first] : state.eMarks[first]]
    return silent and (state.parentType == "blockquote" or (state.parentType == "table" and not bars))


def _whole_table(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """A table that loses no cell: those of a row that its head has none for stand in the last one of the row."""
    before = len(state.tokens)
    if not table(state, first, last, silent):
        return False
    if silent:
        return True
    cells = [token for token in state.tokens[before:] if token.type == "inline"]
    columns = sum(token.map == [first, first + 1] for token in cells)
    for cell in cells[2 * columns - 1 :: columns]:
        row = cell.map[0] if cell.map else first
        line = state.src[state.bMarks[row] + state.tShift[row] : state.eMarks[row]].strip()
        found = escapedSplit(line)[1 if line.startswith("|") else 0 :]
        rest = found[columns : -1 if found[-1:] == [""] else None]
        cell.content = " | ".join([cell.content, *map(str.strip, rest)])
    return True


def _items(state: StateCore) -> None:
    """The first paragraph of an item is the item itself; a box to be ticked is a sign."""
    for place in range(2, len(state.tokens)):
        begins, opens, inside = state.tokens[place - 2 : place + 1]
        if begins.type == "list_item_open" and opens.type == "paragraph_open":
            opens.hidden = state.tokens[place + 1].hidden = True
            inside.content = TASK.sub(
                lambda found: "\u2610 " if found[1] == " " else "\u2611 ", inside.content
            )


def _nested(state: StateCore) -> None:
    """A list that stands in by two spaces belongs to the item above it, also below a number, where CommonMark wants three."""
    rows = state.src.split("\n")
    made: list[Token] = []
    lists: list[Token] = []  # that are open
    begun: dict[int, Token] = {}  # the beginning of a list by the id of its end
    left: list[list[Token]] = []  # ends of an item and of its list, which go on

    def indent(token: Token) -> int:
        row = rows[token.map[0]] if token.map else ""
        return len(row) - len(row.lstrip(" "))

    for token in state.tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            above = begun.get(id(made[-1])) if made else None
            if above and indent(token) >= indent(above) + 2:
                left.append(made[-2:])
                del made[-2:]
            elif above and above.meta and above.markup == token.markup and indent(token) == indent(above):
                made.pop()
                lists.append(above)  # the one above goes on
                continue
            lists.append(token)
        made.append(token)
        if token.type in ("bullet_list_close", "ordered_list_close"):
            begun[id(token)] = lists.pop()
            while left and left[-1][-1].level == token.level:
                ends = left.pop()
                begun[id(ends[-1])].meta = {"goes on": True}
                made += ends
    state.tokens = made


def _cited(state: StateInline, silent: bool) -> bool:
    """A marker of sources, [2] or [1, 3], as what the caller makes of its numbers."""
    if state.src[state.pos] != "[" or not (found := MARKER.match(state.src, state.pos)):
        return False
    made = [state.env["cite"](int(number)) for number in found[1].split(",")]
    if not all(made):
        return False
    if not silent:
        state.push("cite", "", 0).meta = {"made": made}
    state.pos = found.end()
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Marks of emphasis: in the midst of a word only two stars are some; no matter which signs stand around them."""
    mark = state.src[state.pos]
    if silent or mark not in "*_":
        return False
    end = state.pos
    while end < state.posMax and state.src[end] == mark:
        end += 1
    count = end - state.pos
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[end] if end < state.posMax else " "
    whole = count == 1 or mark == "_"  # words only
    opens = not after.isspace() and not (whole and before.isalnum())
    closes = not before.isspace() and not (mark == "_" and after.isalnum())
    for _ in range(count):
        state.push("text", "", 0).content = mark
        state.delimiters.append(Delimiter(ord(mark), count, len(state.tokens) - 1, -1, opens, closes))
    state.pos = end
    return True


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"maxNesting": MAX_DEPTH}).enable(RULES)
    parser.block.ruler.at("table", _whole_table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.push("ends", _ends, {"alt": ["blockquote"]})
    parser.inline.ruler.before("link", "cite", _cited)
    parser.inline.ruler.at("emphasis", _emphasis)
    parser.core.ruler.before("inline", "nested", _nested)
    parser.core.ruler.before("inline", "items", _items)
    parser.core.ruler.disable("normalize")
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # an address is text here
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return parser


PARSER = _parser()


# --- tokens to elements ---------------------------------------------------------------------------------------


def _built(tokens: Sequence[Token]) -> list[Tree]:
    opened: list[list[Any]] = [["", {}]]
    for token in tokens:
        if token.hidden:
            continue
        if token.nesting > 0:
            opened.append(_begun(token))
        elif token.nesting < 0:
            opened[-2].append(_ended(token, opened.pop()))
        else:
            opened[-1] += _leaf(token)
    return opened[0][2:]


def _begun(token: Token) -> list[Any]:
    match token.tag:
        case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            return el(f"h{min(6, int(token.tag[1]) + 2)}", {})  # the page has its own first two levels
        case "ol":
            return el("ol", {"start": token.attrs.get("start", 1)})
        case "th" | "td":
            return el(
                token.tag, {"style": {"text-align": ALIGNED.get(str(token.attrs.get("style")), "start")}}
            )
        case "a":
            return el("span", {"class": "md-link", "address": _address(token.attrs["href"], token)})
        case "s":
            return el("del", {})
        case _:
            return el(token.tag, {})


def _ended(token: Token, element: list[Any]) -> Tree:
    match token.tag:
        case "table":
            frame = {"class": "md-table", "tabindex": "0", "role": "group", "aria-label": "table"}
            return el("div", frame, element)
        case "a":
            address = element[1].pop("address")
            return [*element, *_leading(address, element[2:])]
        case _:
            return element


def _leaf(token: Token) -> list[Tree]:
    match token.type:
        case "inline":
            return _built(token.children or ())
        case "cite":
            return token.meta["made"]
        case "fence":
            told, content = token.info.strip(), token.content.removesuffix("\n")
            language = LANGUAGE.fullmatch(told) if content else None
            if told and not language:  # words, not a language: they are shown
                content = f"{told}\n{content}" if content else told
            named = {"dataset": {"language": told}} if language else {}
            code = el("code", {}, _text(content))
            return [el("pre", {"class": "md-code", "tabindex": "0", **named}, code)]
        case "code_inline":
            return [el("code", {}, _text(token.content))]
        case "image":
            words = _built(token.children or ())
            address = _address(token.attrs["src"], token)
            return [el("span", {"class": "md-image"}, *words, *_leading(address, words))]
        case "hr" | "softbreak" | "hardbreak":
            return [el("hr" if token.type == "hr" else "br", {})]
        case _:
            return [_text(token.content)] if token.content else []


def _address(value: Any, token: Token) -> str:
    title = token.attrs.get("title")
    return _text(f'{value} "{title}"' if title else str(value))


def _leading(address: str, words: Sequence[Tree]) -> list[Tree]:
    """Where a link or an image would lead, unless its words say so."""
    if not address or address == text_of(words):
        return []
    return [el("span", {"class": "md-address"}, " (", address, ")")]


def _text(text: str) -> str:
    return text.replace(BAR, "|")
