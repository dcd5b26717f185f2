"""R's model formulas as columns: fixed effects with treatment contrasts and R's names, offsets, and random terms.

Read are `+ - * : ^ ( )`, numbers, `0 +`, `- 1`, functions of columns (`factor`, `log`, `exp`, `sqrt`, `I`, `offset`,
`cbind`), `(1 + x | g)`, `(x || g)`, `(1 | a:b)` and `(1 | a/b)`. Rows with something missing are left out, as R does.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.reference.trials.tables import Column, Factor, Table, crossed, factor

Array = npt.NDArray[np.float64]
TOKEN = re.compile(r"\s*(?:(\d+\.?\d*)|([A-Za-z.][\w.]*)|(\|\||[-+*/:^()|,~]))")
STRENGTH = {"~": 1, "|": 2, "||": 2, "+": 3, "-": 3, "*": 4, "/": 4, ":": 5, "^": 6}
FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt, "I": lambda x: x}


@dataclass(frozen=True, slots=True)
class Node:
    """A number, a name, a call (`name` and arguments) or an operation (`name` is its sign)."""

    name: str
    parts: tuple[Node, ...] = ()
    kind: str = "name"

    def __str__(self) -> str:
        if self.kind == "call":
            return f"{self.name}({', '.join(map(str, self.parts))})"
        if self.kind == "sign":
            joint = self.name if self.name in ":^" else f" {self.name} "
            return joint.join(map(str, self.parts)) if len(self.parts) > 1 else f"{self.name}{self.parts[0]}"
        return self.name


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """Effects of the members of a group: the columns that vary, correlated with one another within the term.

    `group` and `names` are R's words; `members` numbers each row's member from 0.
    """

    group: str
    names: tuple[str, ...]
    columns: Array
    members: npt.NDArray[np.int64]
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """What a formula makes of a table; `rows` says which of its rows are complete.

    `outcome` has two columns, successes and failures, where the formula binds two.
    """

    outcome: Array
    design: Array
    names: tuple[str, ...]
    offset: Array
    random: tuple[RandomTerm, ...]
    rows: npt.NDArray[np.intp]


def read_model(text: str, table: Table, *, names: Collection[str] = ()) -> Model:
    """The columns of a formula.

    Parameters
    ----------
    text
        With or without an outcome and random terms.
    table
        The data.
    names
        The names of coefficients that are known beforehand: a numeric column that appears in them with a level at its
        end and not by itself is a factor, as data frames in R hold factors that a file of numbers cannot tell.
    """
    tree = parse(text)
    left, right = tree.parts if tree.name == "~" and len(tree.parts) == 2 else (None, tree.parts[-1])
    table = _with_factors(table, right, names)
    fixed, offsets, random = _split(right)
    made = _fixed(fixed, table)
    offset = reduce(np.add, (_value(node, table) for node in offsets), np.zeros(table.rows))
    outcome = _outcome(left, table) if left else np.zeros(table.rows)
    terms = [term for node in random for term in _random(node, table)]
    complete = np.isfinite(np.column_stack([made[1], offset, outcome, *(term.columns for term in terms)])).all(axis=1)
    rows = np.flatnonzero(complete)
    kept = tuple(_kept(term, rows) for term in terms)
    return Model(outcome[rows], made[1][rows], made[0], offset[rows], kept, rows)


def _kept(term: RandomTerm, rows: npt.NDArray[np.intp]) -> RandomTerm:
    seen, members = np.unique(term.members[rows], return_inverse=True)
    levels = tuple(term.levels[level] for level in seen.tolist())
    return RandomTerm(term.group, term.names, term.columns[rows], members.astype(np.int64), levels)


# -- reading ----------------------------------------------------------------------------------------------------------


def parse(text: str) -> Node:
    """The tree of a formula."""
    tokens = list(_tokens(text))
    node, rest = _expression(tokens, 0)
    if rest:
        raise ValueError(f"{text!r}: did not understand {' '.join(rest)!r}")
    return node


def _tokens(text: str) -> Iterator[str]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(f"{text!r}: did not understand {text[at:]!r}")
        yield found[0].strip()
        at = found.end()


def _expression(tokens: list[str], least: int) -> tuple[Node, list[str]]:
    left, rest = _operand(tokens)
    while rest and STRENGTH.get(rest[0], 0) > least:
        sign = rest[0]
        right, rest = _expression(rest[1:], STRENGTH[sign])
        left = Node(sign, (left, right), "sign")
    return left, rest


def _operand(tokens: list[str]) -> tuple[Node, list[str]]:
    if not tokens:
        raise ValueError("a formula ends too early")
    first, rest = tokens[0], tokens[1:]
    if first in ("-", "+", "~"):
        node, rest = _expression(rest, STRENGTH[first])
        return Node(first, (node,), "sign"), rest
    if first == "(":
        node, rest = _expression(rest, 0)
        return Node("(", (node,), "bracket"), _after(")", rest)
    if rest and rest[0] == "(" and not first[0].isdigit():
        return _call(first, rest[1:])
    return Node(first), rest


def _call(name: str, rest: list[str]) -> tuple[Node, list[str]]:
    parts = []
    while True:
        part, rest = _expression(rest, 0)
        parts.append(part)
        if not rest or rest[0] != ",":
            return Node(name, tuple(parts), "call"), _after(")", rest)
        rest = rest[1:]


def _after(sign: str, tokens: list[str]) -> list[str]:
    if not tokens or tokens[0] != sign:
        raise ValueError(f"{sign!r} is missing")
    return tokens[1:]


# -- terms ------------------------------------------------------------------------------------------------------------

Term = tuple[str, ...]
"""The variables that a term multiplies, as written; the intercept is the empty one."""


def _split(node: Node) -> tuple[list[tuple[int, Node]], list[Node], list[Node]]:
    """Signed fixed parts, offsets and random terms of a sum."""
    fixed: list[tuple[int, Node]] = []
    offsets: list[Node] = []
    random: list[Node] = []
    for sign, part in _summands(node):
        inner = part.parts[0] if part.kind == "bracket" else part
        if part.name == "offset":
            offsets.append(part.parts[0])
        elif inner.name in ("|", "||"):
            random.append(inner)
        else:
            fixed.append((sign, part))
    return fixed, offsets, random


def _summands(node: Node, sign: int = 1) -> Iterator[tuple[int, Node]]:
    if node.kind == "sign" and node.name in "+-":
        if len(node.parts) == 2:
            yield from _summands(node.parts[0], sign)
        yield from _summands(node.parts[-1], -sign if node.name == "-" else sign)
    elif node.kind == "bracket" and node.parts[0].name not in ("|", "||"):
        yield from _summands(node.parts[0], sign)
    else:
        yield sign, node


def _terms(parts: list[tuple[int, Node]]) -> list[Term]:
    """The terms of a sum in R's order: by the number of variables, then as written; with the intercept if it has one."""
    found: dict[frozenset[str], Term] = {frozenset(): ()}
    for sign, part in parts:
        for term in _expand(part):
            if part.name == "0":
                found.pop(frozenset(), None)
            elif sign > 0:
                found.setdefault(frozenset(term), term)
            else:
                found.pop(frozenset(term), None)
    return sorted(found.values(), key=len)


def _expand(node: Node) -> list[Term]:
    if node.kind == "bracket":
        return _expand(node.parts[0])
    if node.kind == "sign" and node.name in "+-":
        return [term for term in _terms(list(_summands(node))) if term]
    if node.kind == "sign" and node.name in ":*/":
        left, right = (_expand(part) for part in node.parts)
        within = [tuple(dict.fromkeys(itertools.chain(*left)))] if node.name == "/" else left
        products = [tuple(dict.fromkeys((*a, *b))) for a in within for b in right]
        return {"*": left + right, "/": left, ":": []}[node.name] + products
    if node.kind == "sign" and node.name == "^":
        base, power = _expand(node.parts[0]), int(node.parts[1].name)
        found: dict[frozenset[str], Term] = {}
        for terms in itertools.product(base, repeat=power):
            joined = tuple(dict.fromkeys(itertools.chain(*terms)))
            found.setdefault(frozenset(joined), joined)
        return sorted(found.values(), key=len)
    return [()] if node.name in ("0", "1") else [(str(node),)]


# -- columns ----------------------------------------------------------------------------------------------------------


def _fixed(parts: list[tuple[int, Node]], table: Table) -> tuple[tuple[str, ...], Array]:
    terms = _terms(parts)
    present = {frozenset(term) for term in terms}
    missing = frozenset() not in present
    made: list[tuple[str, Array]] = []
    for term in terms:
        first = _first_factor(term, table) if missing else None
        missing = missing and first is None
        made += _columns_of(term, present | {frozenset()}, table, whole=first)
    columns = [column for _, column in made]
    return tuple(name for name, _ in made), np.column_stack(columns) if columns else np.empty((table.rows, 0))


def _first_factor(term: Term, table: Table) -> str | None:
    return next((name for name in term if _is_factor(_evaluate(parse(name), table))), None)


def _columns_of(
    term: Term, present: set[frozenset[str]], table: Table, *, whole: str | None = None
) -> list[tuple[str, Array]]:
    """Products of the variables' columns, the first variable's fastest.

    A factor leaves out its first level if the term without it is in the model, and keeps all levels otherwise; the first
    factor of a model without an intercept (`whole`) keeps them too.
    """
    made: list[tuple[str, Array]] = [("", np.ones(table.rows))]
    for variable in term:
        every = variable == whole or frozenset(term) - {variable} not in present
        pieces = _pieces(variable, table, whole=every)
        made = [(_joined(name, more), old * new) for more, new in pieces for name, old in made]
    return made if term else [("(Intercept)", np.ones(table.rows))]


def _joined(one: str, other: str) -> str:
    return f"{one}:{other}" if one else other


def _pieces(variable: str, table: Table, *, whole: bool) -> list[tuple[str, Array]]:
    value = _evaluate(parse(variable), table)
    if not _is_factor(value):
        return [(variable, np.asarray(value, dtype=np.float64))]
    levels = factor(value)
    first = 0 if whole else 1
    return [
        (f"{variable}{name}", (levels.codes == code).astype(np.float64))
        for code, name in enumerate(levels.levels)
        if code >= first
    ]


def _is_factor(value: Column | Factor) -> bool:
    return isinstance(value, Factor) or value.dtype.kind == "U"


def _outcome(node: Node, table: Table) -> Array:
    if node.name == "cbind":
        return np.column_stack([_value(part, table) for part in node.parts])
    return _value(node, table)


def _random(node: Node, table: Table) -> Iterator[RandomTerm]:
    for group in _expand(node.parts[1]):
        members = reduce(crossed, (_as_factor(name, table) for name in group))
        parts = list(_summands(node.parts[0]))
        for names, columns in _varying(parts, table, apart=node.name == "||"):
            yield RandomTerm(":".join(group), names, columns, members.codes, members.levels)


def _varying(parts: list[tuple[int, Node]], table: Table, *, apart: bool) -> Iterator[tuple[tuple[str, ...], Array]]:
    if not apart:
        yield _fixed(parts, table)
        return
    for term in _terms(parts):
        pieces = _columns_of(term, set(), table)
        yield tuple(name for name, _ in pieces), np.column_stack([column for _, column in pieces])


def _as_factor(variable: str, table: Table) -> Factor:
    return factor(_evaluate(parse(variable), table))


def _value(node: Node, table: Table) -> Array:
    value = _evaluate(node, table)
    if _is_factor(value):
        raise ValueError(f"{node} is a factor where a number is needed")
    return np.asarray(value, dtype=np.float64)


def _evaluate(node: Node, table: Table) -> Column | Factor:
    if node.kind == "bracket":
        return _evaluate(node.parts[0], table)
    if node.kind == "call" and node.name in ("factor", "as.factor"):
        return factor(_evaluate(node.parts[0], table))
    if node.kind == "call":
        if node.name not in FUNCTIONS:
            raise ValueError(f"the function {node.name!r} is not known")
        return FUNCTIONS[node.name](_value(node.parts[0], table))
    if node.kind == "sign":
        return _arithmetic(node, [_value(part, table) for part in node.parts])
    return np.full(table.rows, float(node.name)) if node.name[0].isdigit() else table[node.name]


def _arithmetic(node: Node, values: list[Array]) -> Array:
    if len(values) == 1:
        return -values[0] if node.name == "-" else values[0]
    signs: Mapping[str, Any] = {
        "+": np.add,
        "-": np.subtract,
        "*": np.multiply,
        "/": np.divide,
        "^": np.power,
    }
    if node.name not in signs:
        raise ValueError(f"{node} is no arithmetic")
    result: Array = signs[node.name](*values)
    return result


def _with_factors(table: Table, right: Node, names: Collection[str]) -> Table:
    """Numeric columns of a formula as factors where the known names of coefficients say that they are."""
    if not names:
        return table
    pieces = {piece for name in names for piece in name.split(":")}
    found = {}
    for variable in _variables(right):
        column = table[variable]
        if _is_factor(column) or variable in pieces:
            continue
        levels = factor(column)
        if len(levels.levels) > 1 and f"{variable}{levels.levels[-1]}" in pieces:
            found[variable] = levels
    return table.with_columns(**found) if found else table


def _variables(node: Node) -> Iterator[str]:
    if node.kind == "call" or node.name in ("|", "||"):
        return
    for part in node.parts:
        yield from _variables(part)
    if node.kind == "name" and not node.name[0].isdigit():
        yield node.name
