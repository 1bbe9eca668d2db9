"""The form an answer must have: one of several texts, JSON of a schema, a quote, a cell; and its grammar.

Grammars are in GBNF, for llama.cpp. A schema is turned into one here, within limits, because a schema comes from a cell and a
grammar that nests too deeply ends the model process. What a grammar cannot promise is refused, not ignored;
`json_schema_to_gbnf` of llama-cpp-python leaves it out and fails at a schema that refers to itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.errors import InputError
from engine.text.quoting import ALTERNATIVES
from engine.types import Json

MAX_CHOICES = 500
MAX_CHOICE = 2000  # characters
MAX_SCHEMA = 32_000  # characters of JSON
MAX_RULES = 2000
MAX_DEPTH = 16
QUOTE_TOKENS = 256  # of a reply that quotes; one that goes on copying says no more
MAX_REPEAT = 1000  # items or characters of one bound; llama.cpp refuses more than 2,000

_ANNOTATIONS = {
    *("title", "description", "default", "examples", "example", "$schema", "$id", "$comment"),
    *("deprecated", "readOnly", "writeOnly", "$defs", "definitions"),
}
_KEYS = {
    "object": ("properties", "required", "additionalProperties"),
    "array": ("items", "minItems", "maxItems"),
    "string": ("minLength", "maxLength"),
}
_BASE = {
    "ws": r'" "? | "\n" [ \t]{0,20}',
    "null": '"null"',
    "boolean": '"true" | "false"',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,15})',
    "number": 'integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?',
    "char": r'[^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt/] | "u" [0-9a-fA-F]{4})',
    "string": r'"\"" char* "\""',
    "value": "object | array | string | number | boolean | null",
    "object": r'"{" ws (string ":" ws value ws ("," ws string ":" ws value ws)*)? "}"',
    "array": r'"[" ws (value ws ("," ws value ws)*)? "]"',
}


@dataclass(frozen=True, slots=True)
class Choices:
    """The answer is one of these texts, exactly."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """The answer is JSON of this JSON Schema."""

    value: Json


@dataclass(frozen=True, slots=True)
class Quote:
    """The answer stands word for word in this text, or is one of `others` as a whole (see `engine.text.quoting`).

    It is written greedily, and never longer than `QUOTE_TOKENS`.
    """

    text: str
    others: tuple[str, ...] = ALTERNATIVES


@dataclass(frozen=True, slots=True)
class Cell:
    """The answer holds one cell between fences, after a few lines of text at most."""


@dataclass(frozen=True, slots=True)
class FinalCell:
    """The answer is one cell of one line that calls FINAL, of at most 400 characters: what is asked for at a limit."""


@dataclass(frozen=True, slots=True)
class HeldCell:
    """The answer is a cell whose texts stand in `text`, are `names` of documents, or one of `others`
    (see `engine.llm.local.sample.holding`)."""

    text: str
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ALTERNATIVES


Form = Choices | Schema | Quote | Cell | FinalCell | HeldCell

CELL_GRAMMAR = r"""
root ::= line{0,6} "```repl\n" line+ "```"
line ::= [^`\n] [^\n]* "\n" | "\n"
"""
FINAL_GRAMMAR = r"""
root ::= "```repl\nFINAL(" [^`\x00-\x1F]{1,400} ")\n```"
"""


def grammar_of(form: Form) -> str:
    """Return the grammar of a form, "" for a quote. Raises InputError naming what is wrong with it."""
    if isinstance(form, Quote):
        _choices(form.others)
        return ""
    if isinstance(form, HeldCell):
        return ""
    if isinstance(form, Choices):
        return _choices(form.texts)
    if isinstance(form, Schema):
        return _Writer(form.value).grammar()
    return CELL_GRAMMAR if isinstance(form, Cell) else FINAL_GRAMMAR


def _choices(texts: Sequence[str]) -> str:
    wanted = list(dict.fromkeys(texts))
    if not wanted or not all(text.strip() for text in wanted):
        raise InputError("choices= needs at least one text, and none that is empty")
    if len(wanted) > MAX_CHOICES or max(map(len, wanted)) > MAX_CHOICE:
        raise InputError(f"choices= takes at most {MAX_CHOICES} texts of at most {MAX_CHOICE:,} characters")
    return f"root ::= {' | '.join(map(_literal, wanted))}\n"


class _Writer:
    """Turns one JSON Schema into rules. Where `required` is missing, all properties are."""

    def __init__(self, schema: Json):
        try:
            text = json.dumps(schema)
        except (TypeError, ValueError, RecursionError):
            raise InputError("schema= must be a JSON Schema: a dict of JSON values") from None
        if not isinstance(schema, dict) or not schema:
            raise InputError('schema= must be a JSON Schema such as {"type": "object", "properties": {...}}')
        if len(text) > MAX_SCHEMA:
            raise InputError(f"schema= is larger than {MAX_SCHEMA:,} characters of JSON")
        self._schema = schema
        self._rules: dict[str, str] = {}
        self._refs: dict[str, str] = {}

    def grammar(self) -> str:
        """Return the whole grammar."""
        root = self._rule(self._schema, "schema=", 0)
        used = {**self._rules, **_BASE}
        return "".join(f"{name} ::= {text}\n" for name, text in {"root": root, **used}.items())

    def _rule(self, schema: Json, at: str, depth: int) -> str:
        """Return an expression for a schema; `at` names its place for a person."""
        if depth > MAX_DEPTH:
            raise InputError(f"{at} is nested more than {MAX_DEPTH} levels deep")
        if schema is True or schema == {}:
            return "value"
        if not isinstance(schema, dict):
            raise InputError(f"{at} must be a dict with a type, not {type(schema).__name__}")
        for keyword, write in self._ways().items():
            if keyword in schema:
                self._only(schema, at, keyword)
                return write(schema[keyword], schema, at, depth)
        kind = schema.get("type") or (
            "object" if "properties" in schema else "array" if "items" in schema else ""
        )
        if isinstance(kind, list):
            known_keys = {key for one in kind for key in _KEYS.get(str(one), ())}
            self._only(schema, at, *known_keys)
            options = [
                {key: value for key, value in schema.items() if key in _KEYS.get(str(one), ())}
                for one in kind
            ]
            typed = [{**option, "type": one} for option, one in zip(options, kind, strict=True)]
            return self._either(typed, schema, at, depth)
        known = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            **dict.fromkeys(("number", "integer", "boolean", "null"), self._plain),
        }
        if not isinstance(kind, str) or kind not in known:
            types = ", ".join(known)
            raise InputError(f"{at} has the type {kind!r}; a type is one of {types}")
        return known[kind](schema, at, depth)

    def _ways(self) -> dict[str, Callable[[Json, dict[str, Json], str, int], str]]:
        return {
            "$ref": self._ref,
            "enum": lambda values, _, at, __: self._enum(values, at),
            "const": lambda value, _, __, ___: _literal(_json(value)),
            "anyOf": self._either,
            "oneOf": self._either,
        }

    def _only(self, schema: dict[str, Json], at: str, *known: str) -> None:
        other = set(schema) - _ANNOTATIONS - set(known) - {"type"}
        if other:
            raise InputError(
                f"{at} uses {', '.join(repr(key) for key in sorted(other))}, which a grammar cannot promise; leave it "
                "out and check the answer in the cell"
            )

    def _add(self, text: str) -> str:
        """Name an expression and return its name."""
        if len(self._rules) >= MAX_RULES:
            raise InputError(f"schema= makes more than {MAX_RULES:,} rules; ask for less at once")
        name = f"r{len(self._rules)}"
        self._rules[name] = text
        return name

    def _ref(self, target: Json, schema: dict[str, Json], at: str, depth: int) -> str:
        if target in self._refs:
            return self._refs[target]
        found: Json = self._schema
        for step in str(target).removeprefix("#").strip("/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            found = found.get(step) if isinstance(found, dict) and step else found if not step else None
        if not str(target).startswith("#") or found is None:
            raise InputError(f"{at} refers to {target!r}, which is not in the schema")
        name = self._refs[target] = self._add("")
        self._rules[name] = self._rule(found, f"{at} {target}", depth + 1)
        return name

    def _enum(self, values: Json, at: str) -> str:
        if not isinstance(values, list) or not values or len(values) > MAX_CHOICES:
            raise InputError(f"{at}: enum must be a list of 1 to {MAX_CHOICES} values")
        return f"({' | '.join(_literal(_json(value)) for value in values)})"

    def _either(self, options: Json, schema: dict[str, Json], at: str, depth: int) -> str:
        if not isinstance(options, list) or not options:
            raise InputError(f"{at}: the alternatives must be a list that is not empty")
        rules = [self._rule(option, f"{at}[{n}]", depth + 1) for n, option in enumerate(options)]
        return f"({' | '.join(rules)})"

    def _plain(self, schema: dict[str, Json], at: str, depth: int) -> str:
        self._only(schema, at)
        return str(schema["type"])

    def _string(self, schema: dict[str, Json], at: str, depth: int) -> str:
        self._only(schema, at, *_KEYS["string"])
        bounds = _bounds(schema, "minLength", "maxLength", at)
        return f'"\\"" char{bounds} "\\""' if bounds != "*" else "string"

    def _array(self, schema: dict[str, Json], at: str, depth: int) -> str:
        self._only(schema, at, *_KEYS["array"])
        item = self._add("")
        self._rules[item] = self._rule(schema.get("items", {}), f"{at} items", depth + 1)
        low, high = _limits(schema, "minItems", "maxItems", at)
        if high == 0:
            return '"[" ws "]"'
        more = f'("," ws {item} ws){{{max(0, low - 1)},{"" if high is None else high - 1}}}'
        body = f"{item} ws" if high == 1 else f"{item} ws {more}"
        return self._add(f'"[" ws {body if low else f"({body})?"} "]"')

    def _object(self, schema: dict[str, Json], at: str, depth: int) -> str:
        self._only(schema, at, *_KEYS["object"])
        properties, required = schema.get("properties", {}), schema.get("required")
        other = schema.get("additionalProperties", False)
        if not isinstance(properties, dict) or not isinstance(required or [], list):
            raise InputError(f"{at}: properties must be a dict and required a list")
        if unknown := set(required or []) - set(properties):
            raise InputError(
                f"{at}: required names {', '.join(map(repr, unknown))}, which properties does not hold"
            )
        if not properties and isinstance(other, dict) and other:
            pair = self._add(f'string ":" ws {self._rule(other, f"{at} additionalProperties", depth + 1)} ws')
            return self._add(f'"{{" ws ({pair} ("," ws {pair})*)? "}}"')
        if not properties:
            return "object"
        if other not in (True, False):
            raise InputError(f"{at}: a grammar cannot promise both properties and additionalProperties")
        needed = set(properties if required is None else required)
        parts = [
            (
                name in needed,
                f'{_literal(_json(name))} ":" ws {self._rule(value, f"{at} {name}", depth + 1)} ws',
            )
            for name, value in properties.items()
        ]
        return self._add(f'"{{" ws {self._members(parts)} "}}"')

    def _members(self, parts: list[tuple[bool, str]]) -> str:
        """Members in their order; each optional one may be left out, and commas stand only between members."""
        rest = self._add("")  # what follows a member: nothing more
        self._rules[rest] = '""'
        start = rest
        for needed, text in reversed(parts):
            member = self._add(text)
            begins = f"{member} {rest}"
            start = self._add(begins if needed else f"{begins} | {start}")
            rest = self._add(f'"," ws {member} {rest}' if needed else f'("," ws {member})? {rest}')
        return start


def _limits(schema: dict[str, Json], low: str, high: str, at: str) -> tuple[int, int | None]:
    least, most = schema.get(low, 0), schema.get(high)
    for value in (least, 0 if most is None else most):
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_REPEAT:
            raise InputError(f"{at}: {low} and {high} must be whole numbers from 0 to {MAX_REPEAT:,}")
    if most is not None and most < least:
        raise InputError(f"{at}: {high} is smaller than {low}")
    return least, most


def _bounds(schema: dict[str, Json], low: str, high: str, at: str) -> str:
    least, most = _limits(schema, low, high, at)
    if not least and most is None:
        return "*"
    return f"{{{least},{'' if most is None else most}}}"


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _literal(text: str) -> str:
    """Write a text as a literal of a grammar."""
    escapes = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
    return '"' + "".join(escapes.get(c) or (c if c.isprintable() else _escape(c)) for c in text) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x80 else f"\\U{code:08X}"
