"""What may leave the house: small numbers are protected here, once, for every exit. Writers accept a `ReleasedTable`.

Rules, one for each source (`programme.enums.Disclosure`):

- `none`: the source is published already; numbers pass as they are.
- `round-and-suppress`: a count of 7 or fewer is suppressed; any other is rounded to the nearest 5. Ratios are made
  again from the rounded counts. **A total is withheld when any part of it is suppressed.** The usual remedy, to
  suppress the next smallest part as well, leaves the small count between limits that the total narrows; a total that is
  withheld leaves nothing: the released table is the same whatever the small counts were.
- `midpoint-6`: `ceil(x / 6) * 6 - 3`, and 0 stays 0. A total is the sum of the released parts, for the same reason.

It protects one table at a time; comparing one release with an earlier one is not done here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from enginehouse.core.errors import DataError
from enginehouse.programme.enums import Disclosure

Cell = str | int | float

SUPPRESSED = "[c]"
"""What stands in place of a number that is confidential (the official-statistics shorthand)."""

SMALLEST_RELEASED = 8
NEAREST = 5

SITES_FOR_A_QUANTILE = 20
"""A median of fewer sites lies near to, or is, the value of a single one."""

_SEAL = object()


class ColumnKind(StrEnum):
    """What a column holds, which decides how it is protected."""

    LABEL = "label"
    PLAIN = "plain"
    COUNT = "count"
    SUM = "sum"
    RATIO = "ratio"
    MEASURE = "measure"
    QUANTILE = "quantile"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `parts` are the columns that it is made from. Use `label`, `plain`, `count`, `ratio` and so on."""

    name: str
    kind: ColumnKind
    parts: tuple[str, ...] = ()
    scale: float = 1.0


def label(name: str) -> Column:
    """Words that name a row."""
    return Column(name, ColumnKind.LABEL)


def plain(name: str) -> Column:
    """A number that is not about few people (months, sites, an estimate): released as it is."""
    return Column(name, ColumnKind.PLAIN)


def count(name: str) -> Column:
    """How many people, items or events: a whole number. A column that adds up others must be a `sum_of` them."""
    return Column(name, ColumnKind.COUNT)


def sum_of(name: str, parts: Sequence[str]) -> Column:
    """The sum of count columns of the same row, made here."""
    return Column(name, ColumnKind.SUM, tuple(parts))


def ratio(name: str, *, numerator: str, denominator: str, scale: float = 1.0) -> Column:
    """`scale` x numerator / denominator, made here from the released counts."""
    return Column(name, ColumnKind.RATIO, (numerator, denominator), scale)


def measure(name: str, *, of: str) -> Column:
    """A quantity, mean or sum of money over the people counted in column `of`: suppressed where they are."""
    return Column(name, ColumnKind.MEASURE, (of,))


def quantile(name: str, *, of: str) -> Column:
    """A median or decile over the sites whose number is in the plain column `of`: suppressed for fewer than 20."""
    return Column(name, ColumnKind.QUANTILE, (of,))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedTable:
    """A table that may leave the house. Only `release` and `release_published` make one."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    rule: Disclosure
    suppressed: int
    note: str
    seal: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise TypeError("a ReleasedTable is made by governance.disclosure.release, nowhere else")


def release(
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, Cell]],
    *,
    rule: Disclosure,
    total_label: str | None = None,
) -> ReleasedTable:
    """Protect a table by `rule`. Rows hold the labels, plain numbers, counts and measures; sums, ratios and, with a
    `total_label`, the last row are made here.

    Raises
    ------
    DataError
        A count is negative or not a whole number.
    """
    _check_columns(columns)
    given = [dict(row) for row in rows]
    for row in given:
        _check_counts(columns, row)
    body = [_released_row(columns, row, rule) for row in given]
    if total_label is not None:
        body.append(_total_row(columns, given, rule, total_label))
    return _sealed(tuple(c.name for c in columns), [tuple(row[c.name] for c in columns) for row in body], rule)


def release_published(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> ReleasedTable:
    """A table of numbers that are published already, or of results that are not about few people."""
    return _sealed(tuple(header), [tuple(row) for row in rows], Disclosure.NONE)


def strictest(rules: Iterable[Disclosure]) -> Disclosure:
    """The rule for a table made from several sources; without any source, the default for patient data."""
    order = (Disclosure.NONE, Disclosure.MIDPOINT_6, Disclosure.ROUND_AND_SUPPRESS)
    return max(rules, key=order.index, default=Disclosure.ROUND_AND_SUPPRESS)


def protected(number: int, rule: Disclosure) -> int | None:
    """One count by a rule; `None` where it may not be shown."""
    return _PROTECT[rule](number)


def round_and_suppress(number: int) -> int | None:
    """The nearest multiple of 5; `None` (suppressed) for a count of 7 or fewer, 0 among them."""
    return None if number < SMALLEST_RELEASED else (number + NEAREST // 2) // NEAREST * NEAREST


def midpoint_6(number: int) -> int | None:
    """The midpoint of the six counts among which it lies: 1 to 6 become 3, 7 to 12 become 9; 0 stays 0."""
    return math.ceil(number / 6) * 6 - 3 if number else 0


_PROTECT: Mapping[Disclosure, Callable[[int], int | None]] = {
    Disclosure.NONE: lambda number: number,
    Disclosure.ROUND_AND_SUPPRESS: round_and_suppress,
    Disclosure.MIDPOINT_6: midpoint_6,
}

_NOTES: Mapping[Disclosure, str] = {
    Disclosure.NONE: "Numbers are as published.",
    Disclosure.ROUND_AND_SUPPRESS: (
        "Counts are rounded to the nearest 5. [c]: confidential, a count of 7 or fewer, a number that contains one, or "
        "a median of fewer than 20 sites. Ratios are made from the rounded counts."
    ),
    Disclosure.MIDPOINT_6: (
        "Counts are replaced by the midpoint of the six in which they lie (1 to 6 become 3); 0 stays 0. "
        "Ratios and totals are made from the replaced counts. [c]: confidential, of few people or fewer than 20 sites."
    ),
}


def _sealed(header: tuple[str, ...], rows: list[tuple[Cell, ...]], rule: Disclosure) -> ReleasedTable:
    if any(len(row) != len(header) for row in rows):
        raise ValueError("every row of a table has as many cells as its header")
    suppressed = sum(cell == SUPPRESSED for row in rows for cell in row)
    return ReleasedTable(
        header=header, rows=tuple(rows), rule=rule, suppressed=suppressed, note=_NOTES[rule], seal=_SEAL
    )


def _check_columns(columns: Sequence[Column]) -> None:
    counts = {c.name for c in columns if c.kind is ColumnKind.COUNT}
    countable = counts | {c.name for c in columns if c.kind is ColumnKind.SUM}
    plains = {c.name for c in columns if c.kind is ColumnKind.PLAIN}
    for column in columns:
        known = {ColumnKind.SUM: counts, ColumnKind.QUANTILE: plains}.get(column.kind, countable)
        unknown = [part for part in column.parts if part not in known]
        if unknown:
            wanted = "plain column" if column.kind is ColumnKind.QUANTILE else "column of counts"
            raise ValueError(f"column '{column.name}' is made from '{unknown[0]}', which is not a {wanted}")


def _check_counts(columns: Sequence[Column], row: Mapping[str, Cell]) -> None:
    for column in columns:
        if column.kind is not ColumnKind.COUNT:
            continue
        value = row[column.name]
        if isinstance(value, str) or not math.isfinite(value) or value < 0 or value != int(value):
            raise DataError(
                f"got {value!r} for a count.",
                where=f"column {column.name}",
                remedy="A count that is to be released is a whole number, 0 or more.",
            )


def _released_row(columns: Sequence[Column], row: Mapping[str, Cell], rule: Disclosure) -> dict[str, Cell]:
    return _with_derived(columns, row, _counts(columns, [row], rule), rule)


def _total_row(
    columns: Sequence[Column], rows: Sequence[Mapping[str, Cell]], rule: Disclosure, total_label: str
) -> dict[str, Cell]:
    """The sum of the counts; labels say what it is, and what cannot be summed stays empty."""
    first = next((c.name for c in columns if c.kind is ColumnKind.LABEL), None)
    row: dict[str, Cell] = {c.name: "" for c in columns}
    if first is not None:
        row[first] = total_label
    return _with_derived(columns, row, _counts(columns, rows, rule), rule)


def _counts(columns: Sequence[Column], rows: Sequence[Mapping[str, Cell]], rule: Disclosure) -> dict[str, int | None]:
    """Each column of counts and of sums over these rows, protected: the only place where true counts are read."""
    released: dict[str, int | None] = {}
    for column in columns:
        if column.kind in (ColumnKind.COUNT, ColumnKind.SUM):
            names = column.parts or (column.name,)
            released[column.name] = _protected_sum([int(row[name]) for row in rows for name in names], rule)
    return released


def _protected_sum(cells: Sequence[int], rule: Disclosure) -> int | None:
    """One number for the sum of `cells` that tells nothing about a protected cell beyond what the cells tell."""
    protected = [_PROTECT[rule](cell) for cell in cells]
    shown = [cell for cell in protected if cell is not None]
    if len(shown) < len(protected):
        return None
    return sum(shown) if rule is Disclosure.MIDPOINT_6 else _PROTECT[rule](sum(cells))


def _with_derived(
    columns: Sequence[Column], row: Mapping[str, Cell], counts: Mapping[str, int | None], rule: Disclosure
) -> dict[str, Cell]:
    return {column.name: _cell(column, row, counts, rule) for column in columns}


def _cell(column: Column, row: Mapping[str, Cell], counts: Mapping[str, int | None], rule: Disclosure) -> Cell:
    if column.name in counts:
        return _shown(counts[column.name])
    if column.kind is ColumnKind.RATIO:
        numerator, denominator = (counts[part] for part in column.parts)
        return _shown(None) if numerator is None or denominator is None else _quotient(numerator, denominator, column)
    if column.kind is ColumnKind.QUANTILE and rule is not Disclosure.NONE and _is_of_few_sites(row[column.parts[0]]):
        return SUPPRESSED
    if column.kind is ColumnKind.MEASURE and _is_about_few(counts[column.parts[0]], rule):
        return SUPPRESSED
    return row[column.name]


def _is_about_few(released: int | None, rule: Disclosure) -> bool:
    """Whether a measure over that many people would speak of single persons: a measure itself is not rounded."""
    return released is None or (rule is Disclosure.MIDPOINT_6 and released < SMALLEST_RELEASED)


def _is_of_few_sites(sites: Cell) -> bool:
    """Whether a quantile would point at a site; where nothing is said of how many there are, it would."""
    return isinstance(sites, str) or sites < SITES_FOR_A_QUANTILE


def _shown(number: int | None) -> Cell:
    return SUPPRESSED if number is None else number


def _quotient(numerator: int, denominator: int, column: Column) -> Cell:
    """The ratio, or nothing where the denominator is 0: a ratio of nothing is not 0."""
    return column.scale * numerator / denominator if denominator else ""
