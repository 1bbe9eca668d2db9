"""What a cell made a number of: a count, sum, difference or mean of what is cited, checked by doing it again. Pure.

Two things must agree: the code of the cell that finished names the operation, and the operation on what is cited gives
the value. A number that the model wrote into its code was not computed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.answer.stated import SHOWN_CHARS, Passage, cells, lines
from engine.reply.source import tree_of
from engine.text import notation

FINISHING = frozenset(("FINAL", "FINAL_VAR", "SUBMIT", "final_answer"))
WRAPPING = frozenset(("round", "int", "float", "str", "abs", "Decimal"))
MEANS = frozenset(("mean", "fmean", "average"))
COUNTS = frozenset(("len", "count"))
MOST_STEPS = 5  # from name to name
MOST_COLUMNS = 12
EXACT = Decimal("0.000001")  # what floats lose

Scope = dict[str, list[ast.AST]]


@dataclass(frozen=True, slots=True)
class Made:
    """How the code of a node made the value it finished with.

    `operation`: "count", "sum", "difference", "mean", "literal" (the model wrote it down) or "" (anything else).
    `counted` is the variable that was counted and cited in the same call, "" where there is none.
    """

    operation: str = ""
    counted: str = ""


def made(codes: Sequence[str]) -> Made:
    """Read the code of all cells of a node, of which the last one finished; what is not plain is ""."""
    trees = [tree for tree in map(tree_of, codes) if tree is not None]
    if not codes or not trees or tree_of(codes[-1]) is None:
        return Made()
    scope = _scope(trees)
    ways = [(value, cited) for value, cited in _finals(trees[-1]) if not _is_text(value)]
    if len(ways) != 1 or {"len", "sum", *FINISHING} & set(scope):
        return Made()
    value, cited = ways[0]
    operation = _operation(value, scope, MOST_STEPS)
    return Made(operation, _counted(value, cited, scope) if operation == "count" else "")


def how(value: str, way: Made, passages: Sequence[Passage], spans: int, documents: int) -> str:
    """Say how `value` is computed from what is cited, such as "the sum of the numbers in the sources"; "" if it is not.

    `spans` and `documents` are how many are cited, also where not all are shown.
    """
    amount = notation.quantity(value)
    if amount is None or not way.operation or way.operation == "literal":
        return ""
    number, before, after = amount
    if way.operation == "count":
        if before or after or number != int(number):
            return ""
        if number == spans:
            return "the number of places cited" if spans != documents else "the number of documents cited"
        if number == documents:
            return "the number of documents cited"
        return f"the number of {way.counted}" if way.counted and 0 < spans <= number else ""
    for numbers in _series(passages, before or after):
        if len(numbers) > 1 and _gives(way.operation, numbers, number):
            return f"the {way.operation} of {len(numbers)} numbers in the sources"
    return ""


# --- the code ---------------------------------------------------------------------------------------------


def _scope(trees: Iterable[ast.AST]) -> Scope:
    """What each name is bound to: values of assignments, or the statement that binds it in another way."""
    found: Scope = {}

    def bind(target: ast.AST, what: ast.AST) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.setdefault(node.id, []).append(what if node is target else target)

    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                bind(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            bind(node.target, node.value)
        elif isinstance(node, ast.AugAssign | ast.For | ast.comprehension):
            bind(node.target, node)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            bind(node.optional_vars, node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.alias):
            found.setdefault(node.asname or node.name, []).append(node)
    return found


def _finals(tree: ast.AST) -> list[tuple[ast.expr, list[ast.expr]]]:
    """Every way in which a cell may finish: the value, and what is given as sources beside it."""
    found: list[tuple[ast.expr, list[ast.expr]]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in FINISHING:
                given = [*args, *(k.value for k in keywords)]
                if len(given) and not any(isinstance(arg, ast.Starred) for arg in args[:1]):
                    found.append((_named(given[0], name), given[1:]))
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value="content"))], value=value):
                found.append((value, []))
            case ast.Assign(targets=[ast.Name(id="answer")], value=ast.Dict(keys=keys, values=values)):
                found += [(v, []) for k, v in zip(keys, values, strict=True) if _is(k, "content")]
    return found


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _named(value: ast.expr, call: str) -> ast.expr:
    """FINAL_VAR("total") is the variable."""
    if call == "FINAL_VAR" and isinstance(value, ast.Constant) and isinstance(value.value, str):
        return ast.Name(value.value.strip("'\"` "), ast.Load())
    return value


def _is(node: ast.AST | None, value: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _operation(value: ast.AST, scope: Scope, steps: int) -> str:
    match value:
        case ast.Constant():
            return "literal"
        case ast.UnaryOp(operand=ast.Constant()):
            return "literal"
        case ast.Name(id=name) if steps:
            return _bound(scope.get(name, []), scope, steps - 1)
        case ast.JoinedStr(values=parts):
            shown = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
            return _operation(shown[0], scope, steps) if len(shown) == 1 else ""
        case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in WRAPPING and name not in scope:
            return _operation(inner, scope, steps)
        case ast.Call(func=ast.Name(id="sum"), args=[ast.GeneratorExp(elt=ast.Constant(value=1))]):
            return "count"
        case ast.Call(func=ast.Name(id="sum")):
            return "sum"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in COUNTS | MEANS:
            return "count" if name in COUNTS else "mean"
        case ast.BinOp(
            left=ast.Call(func=ast.Name(id="sum")), op=ast.Div(), right=ast.Call(func=ast.Name(id="len"))
        ):
            return "mean"
        case ast.BinOp(op=op):
            return {ast.Add: "sum", ast.Sub: "difference"}.get(type(op), "")
        case _:
            return ""


def _bound(bound: Sequence[ast.AST], scope: Scope, steps: int) -> str:
    """The operation behind a name: its one assignment, or a counter that begins with 0 and only grows."""
    if len(bound) == 1 and not isinstance(bound[0], ast.AugAssign | ast.stmt):
        return _operation(bound[0], scope, steps)
    first, *more = bound or [ast.Pass()]
    grows = [node for node in more if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add)]
    if not more or len(grows) < len(more) or not (isinstance(first, ast.Constant) and first.value == 0):
        return ""
    steps_of_one = [isinstance(node.value, ast.Constant) and node.value.value == 1 for node in grows]
    return "count" if all(steps_of_one) else "sum" if not any(steps_of_one) else ""


def _counted(value: ast.AST, cited: Sequence[ast.AST], scope: Scope) -> str:
    """The name N of `FINAL(len(N), N)` or `FINAL(len(N), N[:20])`, where N is found and not written down."""
    match value:
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
            used = {n.id for source in cited for n in ast.walk(source) if isinstance(n, ast.Name)}
            bound = scope.get(name, [])
            found = (
                isinstance(bound[0], ast.Call | ast.ListComp | ast.DictComp | ast.SetComp) if bound else False
            )
            return name if used == {name} and len(bound) == 1 and found else ""
        case _:
            return ""


# --- the numbers ------------------------------------------------------------------------------------------


def _series(passages: Sequence[Passage], unit: str) -> Iterable[list[Decimal]]:
    """Numbers that belong together: one of each line that holds any, by position, or all of a single line."""
    if any(len(p.text) > SHOWN_CHARS for p in passages):
        return
    rows: list[list[tuple[Decimal, bool, bool]]] = []
    for passage in passages:
        table = [*cells(passage)]
        for line in table or [[line] for line in lines(passage)]:
            rows.append([n for part in line for n in _numbers(part, unit, alone=bool(table))])
    rows = [row for row in rows if row]
    if unit:
        rows = [[n for n in row if n[2]] for row in rows]
        if not all(rows):
            return
    money = [[n for n in row if n[1]] for row in rows]
    for chosen in (rows, [row for row in money if row]):
        if len(chosen) == 1:
            yield [n[0] for n in chosen[0]]
        elif chosen and len({len(row) for row in chosen}) == 1 and len(chosen[0]) <= MOST_COLUMNS:
            yield from ([n[0] for n in column] for column in zip(*chosen, strict=True))


def _numbers(part: Passage, unit: str, *, alone: bool) -> Iterable[tuple[Decimal, bool, bool]]:
    """The numbers of a line or field: (value, is it money, has it the unit). Of a field only one that fills it."""
    for start, end, value in notation.quantities(part.text, part.before + part.text):
        if alone and (start, end) != (0, len(part.text)):
            continue
        has = bool(unit) and (
            notation.with_units(part.text, start, end, "", unit) is not None
            or notation.with_units(part.text, start, end, unit, "") is not None
        )
        yield value, notation.is_money(part.text, start, end), has


def _gives(operation: str, numbers: Sequence[Decimal], wanted: Decimal) -> bool:
    if operation == "sum":
        return abs(sum(numbers, Decimal()) - wanted) < EXACT
    if operation == "difference":
        return len(numbers) == 2 and abs(abs(numbers[0] - numbers[1]) - abs(wanted)) < EXACT
    mean = sum(numbers, Decimal()) / len(numbers)
    exponent = wanted.as_tuple().exponent
    rounded = isinstance(exponent, int) and exponent < 0 and round(mean, -exponent) == wanted
    return rounded or abs(mean - wanted) < EXACT
