"""What a web page holds and does not show: elements that its own style rules hide. Runs in the parser process only.

Rules of the page itself count, with the order in which CSS weighs them. Style sheets that are files of their own, scripts
and the size of a window are not known here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import tinycss2
from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from soupsieve import SelectorSyntaxError

PROPERTIES = ("display", "visibility", "opacity", "font-size", "content-visibility")
SECONDS = 20.0  # that matching rules may take; what comes after them is not hidden
NOTHING = re.compile(r"[+-]?(?:0+\.?0*|\.0+)(?:%|[a-z]+)?")  # a size or an opacity of zero
AS_AROUND = re.compile(
    r"inherit|unset|smaller|larger|[+-]?[\d.]+(?:%|em|ex|ch|cap|ic|lh)"
)  # nothing times this is nothing
OWN_SIZE = ("button", "input", "select", "textarea")  # browsers set their text in a size of its own
ON_SCREEN = re.compile(r"\s*(?:only\s+)?(?:all|screen)?\s*")
DYNAMIC = re.compile(r"::|:(?:hover|focus|active|visited|target|checked|before|after|first-l)")

Weight = tuple[bool, bool, int, int, int, int]  # important, in the tag, ids, classes, types, order
Declared = list[tuple[str, str, bool]]
Style = dict[str, tuple[Weight, str]]
Styles = dict[int, tuple[Tag, Style]]  # by the id of the tag
WHOLE = ("html", "head", "body")  # hidden until a script has run, which never runs here
INVISIBLE = ("hidden", "collapse")


def take_away_unseen(soup: BeautifulSoup) -> list[str]:
    """Remove what is not shown from a page. Return notices."""
    styles, notices = _styles(soup)
    left_out = len(_take_away_invisible(soup, styles) | _take_away_without_size(soup, styles))
    for tag in [tag for tag, style in styles.values() if tag.name not in WHOLE and _gone(style)]:
        if not tag.decomposed:
            left_out += bool(tag.get_text().strip())
            tag.decompose()
    if left_out:
        notices.append(f"{left_out:,} hidden {'parts' if left_out > 1 else 'part'} of it left out")
    return notices


def _gone(style: Style) -> bool:
    return (
        _value(style, "display") == "none"
        or _value(style, "content-visibility") == "hidden"
        or NOTHING.fullmatch(_value(style, "opacity")) is not None
    )


def _value(style: Style, name: str) -> str:
    return style[name][1] if name in style else ""


def _take_away_invisible(soup: BeautifulSoup, styles: Styles) -> set[int]:
    """Take away text that is invisible by what is nearest around it. Return the ids of the elements it stands in."""
    said = {key: value in INVISIBLE for key, value in _inherited(styles, "visibility")}
    return _take_away(soup, said, " ") if True in said.values() else set()


def _take_away_without_size(soup: BeautifulSoup, styles: Styles) -> set[int]:
    """The same for text whose size is nothing; elements within may have a size of their own, which shows them."""
    said = {key: NOTHING.fullmatch(value) is not None for key, value in _inherited(styles, "font-size")}
    if True not in said.values():
        return set()
    return _take_away(soup, {id(tag): False for tag in soup.find_all(OWN_SIZE)} | said, "")


def _inherited(styles: Styles, name: str) -> Iterator[tuple[int, str]]:
    """By the id of a tag: what it says of a property that holds for all within which says nothing else."""
    for key, (tag, style) in styles.items():
        value = _value(style, name)
        if value and tag.name not in WHOLE and (NOTHING.fullmatch(value) or not AS_AROUND.fullmatch(value)):
            yield key, value


def _take_away(soup: BeautifulSoup, said: dict[int, bool], instead: str) -> set[int]:
    """Put something else for the texts that `said` takes away, which comes to hold what is so of all tags."""
    left_out = set()
    for text in [*soup.find_all(string=True)]:
        around = []
        unseen = False
        for parent in text.parents:
            if id(parent) in said:
                unseen = said[id(parent)]
                break
            around.append(id(parent))
        said.update(dict.fromkeys(around, unseen))
        if unseen and type(text) is NavigableString and text.strip():
            left_out.add(id(text.parent))
            text.replace_with(NavigableString(instead))
    return left_out


def _styles(soup: BeautifulSoup) -> tuple[Styles, list[str]]:
    """What each element that a rule speaks of is told, by the weightiest rule for each property."""
    styles: Styles = {}

    def tell(tag: Tag, weight: Weight, declared: Declared) -> None:
        _, style = styles.setdefault(id(tag), (tag, {}))
        for name, value, important in declared:
            weighed = (important, *weight[1:])
            if name not in style or style[name][0] <= weighed:
                style[name] = (weighed, value)

    for tag in soup.find_all(hidden=True):
        tell(tag, (False, False, 0, 0, 0, 0), [("display", "none", False)])
    notices: list[str] = []
    until = time.monotonic() + SECONDS
    shown = (tag for tag in soup.find_all("style") if _on_screen(str(tag.get("media") or "")))
    sheets = "\n".join(tag.get_text() for tag in shown)
    for order, (selector, declared) in enumerate(_rules(sheets), 1):
        if time.monotonic() > until:
            notices.append("its style rules are too many to tell all that is hidden")
            break
        try:
            found = soup.select(selector)
        except (SelectorSyntaxError, NotImplementedError, ValueError, RecursionError):
            continue
        weight = (False, False, *_specificity(selector), order)
        for tag in found:
            tell(tag, weight, declared)
    for tag in soup.find_all(style=True):
        declared = _declared(tinycss2.parse_blocks_contents(str(tag["style"])))
        if declared:
            tell(tag, (False, True, 0, 0, 0, 0), declared)
    return styles, notices


def _rules(css: str) -> Iterator[tuple[str, Declared]]:
    """The rules that tell what is shown, one for each selector, in order; those for printing are left out."""
    sheets = [iter(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))]
    while sheets:
        rule = next(sheets[-1], None)
        if rule is None:
            sheets.pop()
        elif rule.type == "at-rule" and rule.content and len(sheets) < 8 and _applies(rule):
            sheets.append(
                iter(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))
            )
        elif rule.type == "qualified-rule":
            declared = _declared(tinycss2.parse_blocks_contents(rule.content))
            if declared:
                for selector in _selectors(rule.prelude):
                    if not DYNAMIC.search(selector):
                        yield selector, declared


def _applies(rule: tinycss2.ast.AtRule) -> bool:
    name = rule.lower_at_keyword
    media = name == "media" and _on_screen(tinycss2.serialize(rule.prelude))
    return media or name in ("layer", "supports")


def _on_screen(media: str) -> bool:
    """Whether one of these kinds of media is any screen."""
    return any(ON_SCREEN.fullmatch(kind) for kind in media.lower().split(","))


def _selectors(prelude: list[tinycss2.ast.Node]) -> list[str]:
    parts: list[list[tinycss2.ast.Node]] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [text for part in parts if (text := tinycss2.serialize(part).strip())]


def _declared(items: list[tinycss2.ast.Node]) -> Declared:
    return [
        (item.lower_name, tinycss2.serialize(item.value).strip().lower(), item.important)
        for item in items
        if item.type == "declaration" and item.lower_name in PROPERTIES
    ]


def _specificity(selector: str) -> tuple[int, int, int]:
    """How many ids, classes and the like, and types a selector names (Selectors Level 4, section 17, near enough)."""
    bare = re.sub(r"\[[^\]]*\]", "[", selector)
    types = re.findall(r"(?:^|[\s>+~(])[a-zA-Z]", bare)
    return bare.count("#"), len(re.findall(r"[.\[]|(?<!:):(?!:)", bare)), len(types)
