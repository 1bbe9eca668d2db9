"""Is an answer an answer? What a model gave as its last word is judged by its form, never by its truth. Pure.

A weak model at its wits' end gives back the question, an empty fence, a variable's name. None of that may be shown as
an answer. Nothing here knows a language: the words that are looked for are those of the question, of our own prompts,
of Python and of chat templates. What stands in the documents is a quotation, and so never a flaw of that kind.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from difflib import SequenceMatcher
from functools import cache

from engine import prompt
from engine.reply.source import meant_as_code, tree_of

LOOKED_AT = 20_000  # characters of an answer; what is longer is judged by its beginning
RUN_WORDS = 5  # in a row, that the prompt has too, are no chance
MOST_RUNS = 0.5  # of the runs of words of an answer that may be the prompt's own
RESTATED = 0.6  # of the words of a question, in their order and nothing else, are the question again
ASKED = 0.8  # of the words of an answer that asks are those of the question: it is asked again

BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.With)
NOTHING = frozenset(("none", "null", "nil", "nan", "n/a", "undefined"))
PLACEHOLDERS = frozenset(("value", "name", "answer", "repl"))
CELL_NAMES = frozenset(("context", "question", "earlier", "answer"))
LABELS = frozenset(
    ("question", "answer", "context", "output", "note", "final", "user", "assistant", "system")
)

_MARKUP = re.compile(r"</?[a-zA-Z][\w-]*(?:\s[^<>@]*)?/?>")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)
_FENCED = re.compile(r"(?:```|~~~)[^\n]*\n?(.*?)(?:```|~~~|\Z)", re.DOTALL)
_CELL_CALL = re.compile(
    r"\b(?:FINAL(?:_VAR|_ANSWER)?|SUBMIT|SHOW_VARS|(?:llm|rlm|map)_query(?:_batched)?)[ \t]*\("
    r"|\bcontext(?:\[[^\]\n]*\])?\.\w+\("
)
_TOKEN = re.compile(
    r"<\|[^|<>\n]{1,40}\|>|<｜[^｜<>\n]{1,40}｜>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|</?think>"
    r"|<(?:unk|pad|bos|eos)>|<0x[0-9A-F]{2}>"
)
_PLACEHOLDER = re.compile(r"[<{\[][^\W\d][\w .'-]*[>}\]]|\{\{.*\}\}|\{%.*%\}")
_ERROR = re.compile(
    r"^\s*(?:Traceback \(most recent call last\)|File \"[^\"\n]*\", line \d"
    r"|(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Interrupt)(?=\s*(?:[:(]|$)))[^\n]*",
    re.MULTILINE,
)
_NO_ANSWER = re.compile(r"(?:\(no answer: [^()\n]*\)[\s,;|]*)+")  # what a parent is told of a child
_OBJECT = re.compile(
    r"<(?:function|bound method|built-in \w+|class|module|generator object|coroutine object|frozen)\b[^<>\n]*>"
    r"|<[\w.]+(?: object)?(?: \w+)* at 0x[0-9a-fA-F]+>"
)
_VIEW = re.compile(r"Corpus of [\d,]+ documents?, [\d,]+ characters|Document \d+ '[^\n]*', [\d,]+ characters")
_EMPTY_CALL = re.compile(
    r"(?:set|frozenset|dict|list|tuple|str|Counter)\(\s*(?:\[\s*\]|\{\s*\}|\(\s*\))?\s*\)|no hits"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_PARTS = re.compile(r"[,;\n]")

Quoted = Callable[[str], bool]


def flaw(
    answer: str,
    question: str,
    names: Collection[str] = (),
    quoted: Quoted = lambda text: False,
    told: Sequence[str] = (),
) -> str:
    """Say why `answer` is none, as a fragment that completes "the answer ..."; "" when it is one.

    `names` are those of the session's variables. `quoted` says whether a text stands in the documents; it is asked
    only about what looks flawed. `told` are sentences of the engine in this conversation, numbers included.
    """
    text = unicodedata.normalize("NFKC", answer[:LOOKED_AT]).strip()
    return (
        _object(text, quoted)
        or _template(text, quoted)
        or _hollow(text)
        or _code(text, names, quoted)
        or _error(text, quoted)
        or _name(text, names, quoted)
        or _echo(text, question, quoted, told)
    )


def says_nothing(answer: str) -> bool:
    """Whether an answer is only the word for nothing: what a sub-call says of a piece that does not hold it."""
    parts = [part.strip(" \t'\"`*_.()[]{}<>") for part in _PARTS.split(answer)]
    told = [part for part in parts if part]
    return bool(told) and all(part.casefold() in NOTHING for part in told)


def _hollow(text: str) -> str:
    if not _has_content(_MARKUP.sub(" ", text)) or _EMPTY_CALL.fullmatch(text):
        return "is empty"
    if says_nothing(text):
        return "says nothing"
    return "only says that a part of the work gave none" if _NO_ANSWER.fullmatch(text) else ""


def _has_content(text: str) -> bool:
    return any(map(str.isalnum, text))


def _object(text: str, quoted: Quoted) -> str:
    left_as_dots = text == str(...) and not quoted(text)  # FINAL(...), as the prompts write it
    if _OBJECT.search(text) or _VIEW.fullmatch(text) or left_as_dots:
        return "is a Python object, not a value"
    return ""


def _code(text: str, names: Collection[str], quoted: Quoted) -> str:
    """Fences hold cells; a listing that stands in the documents is a quotation."""
    if "```" in text or "~~~" in text:
        inner = "\n".join(block.strip("\n") for block in _FENCED.findall(text))
        if not _has_content(inner) and not _has_content(_FENCE.sub("", text)):
            return "is empty"
        return "" if _has_content(inner) and quoted(inner) else "is code"
    looks = _CELL_CALL.search(text) or meant_as_code(text) or _uses(text, names) or _opens(text)
    return "is code" if looks and not quoted(text) else ""


def _opens(text: str) -> bool:
    """Whether a text ends in the first line of a block of Python, whose body was never written."""
    tree = tree_of(f"{text}\n{' ' * 99}pass") if text.endswith(":") else None
    return tree is not None and isinstance(tree.body[-1], BLOCKS)


def _uses(text: str, names: Collection[str]) -> bool:
    """Whether a text is Python that takes something from a variable of the session, or sets several."""
    tree = tree_of(text)
    if tree is None:
        return False
    nodes = list(ast.walk(tree))
    known = any(isinstance(n, ast.Name) and (n.id in names or n.id in CELL_NAMES) for n in nodes)
    sets = sum(
        isinstance(n, ast.Assign | ast.AugAssign)
        or (
            isinstance(n, ast.AnnAssign) and n.value is not None
        )  # "safety: 3" is Python, too, and a list of counts
        for n in nodes
    )
    return sets > 1 or (
        known and (sets > 0 or any(isinstance(n, ast.Attribute | ast.Subscript) for n in nodes))
    )


def _template(text: str, quoted: Quoted) -> str:
    found = _TOKEN.search(text) or _PLACEHOLDER.fullmatch(text)
    return "is a token of a template" if found and not quoted(found[0]) else ""


def _error(text: str, quoted: Quoted) -> str:
    found = _ERROR.search(text)
    return "is an error message" if found and not quoted(found[0].strip()) else ""


def _name(text: str, names: Collection[str], quoted: Quoted) -> str:
    bare = text.strip("`'\"*_. ")
    if bare.isidentifier() and (bare in names or bare in CELL_NAMES):
        return "is the name of a variable"
    stands_for = bare.casefold() in PLACEHOLDERS or (bare == prompt.EXAMPLE_ANSWER and not quoted(bare))
    return "is a placeholder" if stands_for else ""


# --- the question or the prompt again ---------------------------------------------------------------------


def _echo(text: str, question: str, quoted: Quoted, told: Sequence[str]) -> str:
    said, asked = words(text), words(question)
    if not asked:
        return ""
    if "".join(said) == "".join(asked) or _asks_again(text, said, asked):
        return "is the question again"
    rest = _without(said, asked)
    if rest is None:
        return _prompt_words(text, said, quoted, told)
    before, after = rest
    if set(before) <= LABELS | set(asked) and set(after) <= LABELS:
        return "is the question again"
    return _prompt_words(" ".join(after), after, quoted, told) if after else ""


def _asks_again(text: str, said: Sequence[str], asked: Sequence[str]) -> bool:
    """The question in part or in other order, with next to nothing new."""
    if len(said) < 3:
        return False
    if text.rstrip("\"'”’»`*_) ").endswith(("?", "؟")):
        known = set(asked) | LABELS
        return sum(word in known for word in said) >= ASKED * len(said)
    return len(said) >= 4 and len(said) >= RESTATED * len(asked) and _without(asked, said) is not None


def _without(whole: Sequence[str], part: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """The words before and after `part` where it stands in a row in `whole`; None where it does not."""
    found = SequenceMatcher(None, whole, part, autojunk=False).find_longest_match()
    if not part or found.size < len(part):
        return None
    return list(whole[: found.a]), list(whole[found.a + found.size :])


def _prompt_words(text: str, said: Sequence[str], quoted: Quoted, told: Sequence[str]) -> str:
    """Whether the words are those of the instructions: all of few or of a sentence, most of many."""
    if text.strip(" .\"'").casefold() == prompt.NOT_THERE or len(said) < 2:
        return ""
    length = min(RUN_WORDS, len(said))
    runs = [" ".join(said[i : i + length]) for i in range(len(said) - length + 1)]
    known = _prompt_runs(length)
    if len(said) >= RUN_WORDS:  # fewer may be a number that an answer has by chance
        known |= _runs(told, length)
    own = sum(run in known for run in runs)
    wanted = len(runs) if len(said) <= RUN_WORDS else MOST_RUNS * len(runs)
    again = own >= wanted or any(_is_known(sentence, known) for sentence in _SENTENCE_END.split(text))
    return "repeats the instructions" if again and not quoted(text) else ""


def _is_known(sentence: str, known: Collection[str]) -> bool:
    """Whether a sentence that is no short one is made of known runs of words alone."""
    runs = _runs([sentence], RUN_WORDS)
    return bool(runs) and runs <= set(known)


@cache
def _prompt_runs(length: int) -> frozenset[str]:
    """All runs of `length` words in what the engine says to a model."""
    return _runs(prompt.own_texts(), length)


def _runs(texts: Sequence[str], length: int) -> frozenset[str]:
    found: set[str] = set()
    for text in texts:
        said = words(text)
        found.update(" ".join(said[i : i + length]) for i in range(len(said) - length + 1))
    return frozenset(found)


def words(text: str) -> list[str]:
    """The words of a text, without case, marks and width."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())
