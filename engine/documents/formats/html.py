"""Text of web pages: what a reader sees, without scripts. Runs in the parser process only."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

from engine.documents.formats.text.unseen import take_away_unseen
from engine.documents.formats.text.xml import bounded

# A head is not among them: where its end is left out, it holds the body.
UNSEEN = "script style title template noscript iframe object datalist canvas audio video rp".split()
BLOCKS = frozenset(
    """address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1
    h2 h3 h4 h5 h6 header hr main nav ol p pre section summary table tbody tfoot thead tr ul caption
    html""".split()
)
NO_WORDS = ("hidden", "password", "image", "file", "color", "range")  # kinds of input that show none
KEEP = "\ufdd0"  # after a line end in preformatted text: the spaces that follow are meant
BREAK = "\ufdd1"  # here a line ends, once, however many blocks begin and end
GAP = "\ufdd2"  # here is white space, once
CELLS = ("td", "th")
AS_WRITTEN = ("pre", "textarea")
APART = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "blockquote", "section")
)


def parse_html(markup: str) -> str:
    """Return the visible text: blocks on their own lines, headings marked with #, cells parted by ` | `."""
    return read_html(markup)[0]


def read_html(markup: str) -> tuple[str, list[str]]:
    """As `parse_html`, with notices."""
    markup = bounded(markup)
    try:
        soup = BeautifulSoup(markup, "html.parser")
        title = _title(soup)
        notices = take_away_unseen(soup)
        text = _text(soup)
        if notices and not text.strip(f"{BREAK}{GAP}{KEEP} \n"):
            text = _text(BeautifulSoup(markup, "html.parser"))
            notices = ["its style rules hide all of it; it was read nevertheless"]
    except RecursionError:
        title, text, notices = "", _plain(markup), []
    text = re.sub(rf"[ {GAP}]*{GAP}[ {GAP}]*", " ", text)
    text = re.sub(rf"\s*{BREAK}[\s{BREAK}]*", _line_ends, text)
    text = re.sub(r"[^\S\n]*\n[^\S\n]*", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text).strip().replace(KEEP, "")
    if title and not text.startswith((title, f"# {title}")):
        text = f"{title}\n\n{text}".rstrip()
    return (text + "\n" if text else ""), notices


def _title(soup: BeautifulSoup) -> str:
    titles = (tag for tag in soup.find_all("title", limit=9) if tag.find_parent("svg") is None)
    found = next(titles, None)
    return found.get_text(" ", strip=True) if found else ""


def _own(option: Tag) -> str:
    """The words of an option, without those of options that follow it and were parsed as a part of it."""
    return " ".join("".join(option.find_all(string=True, recursive=False)).split())


def _text(soup: BeautifulSoup) -> str:
    for tag in soup.find_all(UNSEEN):
        tag.decompose()
    for tag in soup.find_all(("input", "select", "img", "svg", "dialog")):
        if not tag.decomposed and not (tag.name == "dialog" and tag.has_attr("open")):
            tag.replace_with(NavigableString(_shown(tag)))
    return "".join(_walk(soup))


def _shown(tag: Tag) -> str:
    """What a reader sees of a field of a form, of a picture, or of a dialog that is not open."""
    if tag.name == "dialog":
        return ""
    if tag.name == "svg":
        return " ".join(text.get_text(" ") for text in tag.find_all("text"))
    if tag.name == "img":
        return f"{GAP}[{alt}]{GAP}" if (alt := str(tag.get("alt") or "").strip()) else ""
    if tag.name == "select":
        options = tag.find_all("option")
        chosen = [option for option in options if option.has_attr("selected")] or options[:1]
        return GAP + ", ".join(_own(option) for option in chosen) + GAP
    kind = str(tag.get("type", "text")).lower()
    if kind in ("checkbox", "radio"):
        return f"{GAP}[x]{GAP}" if tag.has_attr("checked") else f"{GAP}[ ]{GAP}"
    return "" if kind in NO_WORDS else f"{GAP}{tag.get('value') or ''}{GAP}"


def _walk(soup: Tag) -> list[str]:
    """The parts of the text in order. A loop over events, not a recursion: pages may nest without end."""
    parts: list[str] = []
    open_tags: list[Tag] = []
    as_written = 0  # open tags whose text keeps its line ends
    for node in soup.descendants:
        while open_tags and not _inside(node, open_tags[-1]):
            as_written -= open_tags[-1].name in AS_WRITTEN
            parts.append(_after(open_tags.pop()))
        if isinstance(node, Tag):
            parts.append(_before(node))
            open_tags.append(node)
            as_written += node.name in AS_WRITTEN
        elif type(node) is NavigableString:
            parts.append(str(node).replace("\n", "\n" + KEEP) if as_written else re.sub(r"\s+", " ", node))
    while open_tags:
        parts.append(_after(open_tags.pop()))
    return parts


def _inside(node: object, tag: Tag) -> bool:
    return getattr(node, "parent", None) is tag


def _before(tag: Tag) -> str:
    if tag.name == "br":
        return "\n"
    if tag.name in CELLS:
        return " | " if tag.find_previous_sibling(CELLS) or _in_unclosed(tag) else ""
    if tag.name == "li":
        return f"{BREAK}- "
    if re.fullmatch(r"h[1-6]", tag.name):
        return _after(tag) + "#" * int(tag.name[1]) + " "
    return _after(tag)


def _in_unclosed(cell: Tag) -> bool:
    """Whether the cell before it has no end tag, which leaves this one inside it."""
    around = cell.find_parent(("table", "tr", *CELLS))
    return around is not None and around.name in CELLS


def _after(tag: Tag) -> str:
    return f"{BREAK}\n\n" if tag.name in APART else BREAK if tag.name in BLOCKS else ""


def _line_ends(found: re.Match[str]) -> str:
    return "\n\n" if "\n\n" in found[0] else "\n"


class _Strip(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _plain(markup: str) -> str:
    strip = _Strip()
    strip.feed(re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", " ", markup))
    return " ".join(strip.parts)
