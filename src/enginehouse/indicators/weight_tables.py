"""Tables that turn a quantity into another unit, code by code, such as milligrams of oral morphine for each tablet.

The tables are data (`weights/*.csv`); here they are read, corrected by their dated overrides and joined to codes.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import DataError, did_you_mean

CHEMICAL = 9
STRENGTH = 2


@dataclass(frozen=True, slots=True)
class Override:
    """A row that replaces one of the table's weights: since when it is so decided, and why."""

    key: str
    weight: float
    decided_on: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class WeightTable:
    """A weight for each preparation, by `key`: code characters 1 to 9 (the substance) plus the last two (the strength).

    A brand and its generic have the same key, so a table that lists generics weighs brands too.
    """

    name: str
    weights: dict[str, float]
    overrides: tuple[Override, ...]

    def of(self, codes: Sequence[str]) -> npt.NDArray[np.float64]:
        """The weight of each code; `nan` where the table has none (never zero: absence is counted by the caller)."""
        return np.array([self.weights.get(join_key(code), np.nan) for code in codes], dtype=np.float64)


def join_key(code: str) -> str:
    """The part of a code that a weight table is keyed by."""
    return code[:CHEMICAL] + code[-STRENGTH:]


@functools.cache
def weight_table(name: str) -> WeightTable:
    """The weight table that definitions call `name`, with its overrides applied.

    Raises
    ------
    DataError
        There is no such table.
    """
    if name not in weight_table_names():
        raise DataError(
            f"got weights '{name}'.", where="indicators/weights", remedy=did_you_mean(name, weight_table_names())
        )
    weights = {row["key"]: float(row["weight"]) for row in _rows(_folder() / f"{name}.csv")}
    overrides = tuple(_overrides(name))
    return WeightTable(name, weights | {o.key: o.weight for o in overrides}, overrides)


def weight_table_names() -> tuple[str, ...]:
    """The tables that ship with Enginehouse."""
    names = (entry.name.removesuffix(".csv") for entry in _folder().iterdir() if entry.name.endswith(".csv"))
    return tuple(sorted(name for name in names if not name.endswith("_overrides")))


def _overrides(name: str) -> Iterator[Override]:
    path = _folder() / f"{name}_overrides.csv"
    if path.is_file():
        for row in _rows(path):
            yield Override(row["key"], float(row["weight"]), row["decided_on"], row["reason"])


def _folder() -> Traversable:
    return files("enginehouse.indicators") / "weights"


def _rows(path: Traversable) -> Iterator[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    yield from csv.DictReader(line for line in lines if not line.startswith("#"))
