"""The data sets of the cases as columns, with the columns that their models make of others by convention."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64] | npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Factor:
    """A column of labels with the order of its levels; the first is the reference."""

    codes: npt.NDArray[np.int64]
    levels: tuple[str, ...]


def level_name(value: object) -> str:
    """How R writes a level: whole numbers without a point."""
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


def factor(column: Column | Factor) -> Factor:
    """A column as a factor: numbers in their order, texts by the alphabet."""
    if isinstance(column, Factor):
        return column
    if column.dtype.kind == "U":
        levels = sorted(set(column.tolist()), key=lambda text: (text.casefold(), text))
        codes = np.array([levels.index(text) for text in column.tolist()], dtype=np.int64)
        return Factor(codes, tuple(levels))
    values, codes = np.unique(column, return_inverse=True)
    return Factor(codes.astype(np.int64), tuple(level_name(value) for value in values))


def crossed(one: Factor, other: Factor) -> Factor:
    """Each combination of two factors that occurs, the first one slowest, named as R does."""
    both = one.codes * len(other.levels) + other.codes
    values, codes = np.unique(both, return_inverse=True)
    width = len(other.levels)
    names = tuple(f"{one.levels[value // width]}:{other.levels[value % width]}" for value in values.tolist())
    return Factor(codes.astype(np.int64), names)


class Table(Mapping[str, "Column | Factor"]):
    """Columns by name: numbers or texts as read, and those that the models of the cases derive from them."""

    def __init__(self, columns: Mapping[str, Column | Factor]) -> None:
        self._columns = dict(columns)

    def __getitem__(self, name: str) -> Column | Factor:
        if name in self._columns:
            return self._columns[name]
        for make in (_named, _arm_after_start):
            made = make(name, self._columns)
            if made is not None:
                return made
        raise KeyError(f"no column {name!r}; there are {', '.join(self._columns)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def rows(self) -> int:
        first = next(iter(self._columns.values()))
        return len(first.codes if isinstance(first, Factor) else first)

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """A column that must be of numbers."""
        column = self[name]
        if isinstance(column, Factor) or column.dtype.kind == "U":
            raise TypeError(f"column {name!r} is not of numbers")
        return column.astype(np.float64)

    def labels(self, name: str) -> npt.NDArray[np.int64]:
        """The number of each row's level, 0 to levels - 1."""
        return factor(self[name]).codes

    def with_columns(self, **columns: Column | Factor) -> Table:
        """The same with more columns, or with others in their place."""
        return Table({**self._columns, **columns})

    def take(self, rows: npt.NDArray[np.intp]) -> Table:
        """Some of the rows, also more than once."""
        return Table(
            {
                name: Factor(column.codes[rows], column.levels) if isinstance(column, Factor) else column[rows]
                for name, column in self._columns.items()
            }
        )


Columns = Mapping[str, "Column | Factor"]


def _product(*names: str) -> Callable[[Columns], Column]:
    def make(columns: Columns) -> Column:
        return np.prod([np.asarray(columns[name], dtype=np.float64) for name in names], axis=0)

    return make


def _as_factor(name: str) -> Callable[[Columns], Factor]:
    return lambda columns: factor(columns[name])


def _cross(*names: str) -> Callable[[Columns], Factor]:
    return lambda columns: crossed(factor(columns[names[0]]), factor(columns[names[1]]))


DERIVED: Mapping[str, tuple[tuple[str, ...], Callable[[Columns], Column | Factor]]] = {
    "fp": (("period",), _as_factor("period")),
    "per": (("period",), _as_factor("period")),
    "fm": (("month",), _as_factor("month")),
    "fmonth": (("month",), _as_factor("month")),
    "fe": (("exposure",), _as_factor("exposure")),
    "cp": (("cluster", "period"), _cross("cluster", "period")),
    "pm": (("practice", "month"), _cross("practice", "month")),
    "Ap": (("A", "post"), _product("A", "post")),
    "Bp": (("B", "post"), _product("B", "post")),
    "ABp": (("A", "B", "post"), _product("A", "B", "post")),
    "y": (("outcome",), lambda columns: (np.asarray(columns["outcome"]) == "moderate or severe").astype(np.float64)),
}
"""Columns that the models name and the files lack: what they need, and how they are made of it."""


def _named(name: str, columns: Columns) -> Column | Factor | None:
    if name not in DERIVED:
        return None
    needs, make = DERIVED[name]
    return make(columns) if all(need in columns for need in needs) else None


def _arm_after_start(name: str, columns: Columns) -> Column | None:
    """`a2`: the months after the start in arm 2."""
    if not (name[:1] == "a" and name[1:].isdigit() and {"arm", "post"} <= set(columns)):
        return None
    arm, post = (np.asarray(columns[needed], dtype=np.float64) for needed in ("arm", "post"))
    return np.where(arm == float(name[1:]), post, 0.0)


@dataclass(frozen=True, slots=True)
class Data:
    """The folder of data sets."""

    folder: Path

    def table(self, name: str) -> Table:
        """A data set by its file name."""
        with (self.folder / name).open(encoding="utf-8", newline="") as lines:
            reader = csv.reader(lines)
            header = next(reader)
            columns = list(zip(*reader, strict=True))
        return Table({name: _column(cells) for name, cells in zip(header, columns, strict=True)})


def _column(cells: tuple[str, ...]) -> Column:
    try:
        return np.array([np.nan if cell in ("NA", "") else float(cell) for cell in cells])
    except ValueError:
        return np.array(cells, dtype=np.str_)
