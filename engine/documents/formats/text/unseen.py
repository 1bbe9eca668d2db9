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
NOTHING = re.compile(r"0*\.?0*(?:%|[a-z]+)?")  # a size or an opacity of zero
ON_SCREEN = re.compile(r"\s*(?:only\s+)?(?:all|screen)?\s*")
DYNAMIC = re.compile(r"::|:(?:hover|focus|active|visited|target|checked|before|after|first-l)")

Weight = tuple[bool, bool, int, int, int, int]  # important, in the tag, ids, classes, types, order
Declared = list[tuple[str, str, bool]]
Style = dict[str, tuple[Weight, str]]
Styles = dict[int, tuple[Tag, Style]]  # by the id of the tag
WHOLE = ("html", "body")  # hidden until a script has run, which never runs here
INVISIBLE = ("hidden", "collapse")


def take_away_unseen(soup: BeautifulSoup) -> list[str]:
    """Remove what is not shown from a page. Return notices."""
    styles, notices = _styles(soup)
    left_out = _take_away_invisible(soup, styles)
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
        or any(NOTHING.fullmatch(_value(style, name) or "-") for name in ("opacity", "font-size"))
    )


def _value(style: Style, name: str) -> str:
    return style[name][1] if name in style else ""


def _take_away_invisible(soup: BeautifulSoup, styles: Styles) -> int:
    """Take away text that is invisible by what is nearest around it, and count the elements it stands in."""
    said = {
        key: value in INVISIBLE
        for key, (tag, style) in styles.items()
        if tag.name not in WHOLE and (value := _value(style, "visibility"))
    }
    if True not in said.values():
        return 0
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
        if unseen:
            if text.strip():
                left_out.add(id(text.parent))
            text.replace_with(NavigableString(" "))
    return len(left_out)


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
    sheets = "\n".join(tag.get_text() for tag in soup.find_all("style"))
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
    media = name == "media" and ON_SCREEN.fullmatch(tinycss2.serialize(rule.prelude).lower())
    return bool(media) or name in ("layer", "supports")


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
