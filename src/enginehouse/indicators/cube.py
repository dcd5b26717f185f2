"""The cube: rows summed once by practice, month and class of codes; every indicator is then a product of it.

Codes that every sum treats alike (the same membership, the same weight) form a class. There are tens of classes where
there are tens of thousands of codes, so the cube is small, and adding an indicator costs next to nothing. The summing
is one Ibis expression, which other engines run as it stands; from the cube on it is NumPy.

Fractional columns are summed as whole hundred-thousandths: whole numbers add up to the same total in any order, so the
same rows give the same panel on any number of threads and on any engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_matrix

from enginehouse.core.progress import Progress, silent
from enginehouse.indicators.codes import CodePatterns
from enginehouse.indicators.weight_tables import weight_table
from enginehouse.programme.indicator import Codes, Summand

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

UNUSED = 0
"""The class of codes that no sum uses. Its rows still show that a practice prescribed something in a month."""

WHOLE = 100_000
"""Fractional columns are summed in units of 1/WHOLE: costs are published to five places."""

DECIMALS = 6
"""Places kept after weighting, so that the last bit of a product does not depend on the processor."""

COLUMNS: Mapping[Summand, str] = {
    Summand.ITEMS: "items",
    Summand.QUANTITY: "quantity",
    Summand.NIC: "nic",
    Summand.ACTUAL_COST: "actual_cost",
    Summand.ADQ_USAGE: "adq_usage",
}
_UNITS: Mapping[Summand, int] = {s: 1 if s is Summand.ITEMS else WHOLE for s in Summand}


@dataclass(frozen=True, slots=True, eq=False)
class CodeClasses:
    """Which class each code is in, and what each sum multiplies a class by.

    Attributes
    ----------
    slots
        The sums that are wanted, in column order.
    class_of
        The class of each code, by the code's row number; `UNUSED` where no sum uses it.
    weights
        Classes x slots: 0 where the sum does not take the class in, else 1 or the weight of the slot's table.
    unweighted
        For each slot, how many codes its patterns take in without the weight table having a weight for them.
    """

    slots: tuple[Codes, ...]
    class_of: npt.NDArray[np.int32]
    weights: Floats
    unweighted: tuple[int, ...]

    @property
    def count(self) -> int:
        return len(self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Sums by practice, month (days since 1970) and class; `sums[summand]` is in the summand's whole units."""

    practice: Integers
    month: Integers
    code_class: Integers
    sums: Mapping[Summand, Integers]


@dataclass(frozen=True, slots=True, eq=False)
class SlotSums:
    """For each practice and month with any row at all: the value of each slot (rows x slots)."""

    practice: Integers
    month: Integers
    values: Floats


def code_classes(codes: pa.Array, slots: Sequence[Codes]) -> CodeClasses:
    """Classes of codes that all `slots` treat alike.

    Parameters
    ----------
    codes
        Arrow array of strings: the code table, in the order of its rows.
    slots
        The sums wanted: what is added up, the patterns of codes, and a weight table where there is one.

    Returns
    -------
    CodeClasses with at least the class `UNUSED`.

    Notes
    -----
    Two codes are in one class when their rows of the code x slot matrix of weights are equal. A code that a weighted
    sum takes in but its table does not know has weight 0 and is counted in `unweighted`.
    """
    class_of = np.zeros(len(codes), dtype=np.int64)
    columns, unknown = [], []
    for slot in slots:
        column, missing = _slot_column(codes, slot)
        class_of = _split(class_of, column)
        columns.append(column)
        unknown.append(missing)
    matrix = np.column_stack([np.zeros(len(codes)), *columns])
    return CodeClasses(tuple(slots), *_unused_first(class_of, matrix[:, 1:]), tuple(unknown))


def _split(class_of: Integers, column: Floats) -> Integers:
    """The classes told apart further by one column.

    Column by column with a table of numbers met, because sorting the rows of the whole matrix takes far longer.
    """
    is_plain = bool(np.isin(column, (0.0, 1.0)).all())
    kind = column.astype(np.int64) if is_plain else np.unique(column, return_inverse=True)[1].reshape(-1)
    both = class_of * (int(kind.max(initial=0)) + 1) + kind
    met = np.zeros(int(both.max(initial=0)) + 1, dtype=np.int64)
    met[both] = 1
    return np.asarray((np.cumsum(met) - 1)[both], dtype=np.int64)


def _unused_first(class_of: Integers, matrix: Floats) -> tuple[npt.NDArray[np.int32], Floats]:
    """Class numbers from 1 in the order of the codes, 0 for codes of weight 0 everywhere; and the weights by class."""
    _, first, inverse = np.unique(class_of, return_index=True, return_inverse=True)
    used = np.flatnonzero(matrix[first].any(axis=1))
    used = used[np.argsort(first[used])]
    number = np.full(len(first), UNUSED, dtype=np.int32)
    number[used] = 1 + np.arange(len(used))
    return number[inverse.reshape(-1)], np.vstack([np.zeros((1, matrix.shape[1])), matrix[first[used]]])


def _slot_column(codes: pa.Array, slot: Codes) -> tuple[Floats, int]:
    taken = CodePatterns.parse(slot.bnf_codes).matches(codes)
    if slot.weights is None:
        return taken.astype(np.float64), 0
    weights = np.zeros(len(codes))
    rows = np.flatnonzero(taken)
    weights[rows] = weight_table(slot.weights).of([codes[int(row)].as_py() for row in rows])
    missing = np.isnan(weights)
    return np.where(missing, 0.0, weights), int(missing.sum())


def cube_expression(rows: Any, classes: Any, summands: Sequence[Summand]) -> Any:
    """The Ibis expression that sums rows by practice, month and class.

    Parameters
    ----------
    rows
        Ibis table with `practice_key`, `code_key`, `month` and the columns of `summands`.
    classes
        Ibis table with `code_key` and `code_class`, on the same engine.
    summands
        What is added up.

    Returns
    -------
    Ibis table: `practice_key`, `month`, `code_class` and one whole-number column for each summand.
    """
    joined = rows.inner_join(classes, "code_key")
    totals = {COLUMNS[s]: _whole(joined[COLUMNS[s]], _UNITS[s]).sum() for s in summands}
    keys = ["practice_key", "month", "code_class"]
    return joined.group_by(keys).aggregate(**totals) if totals else joined.select(keys).distinct()


def _whole(column: Any, unit: int) -> Any:
    # A missing cost or quantity adds nothing; the rows that have none are counted when the data are checked.
    filled = column.fill_null(0)
    return filled.cast("int64") if unit == 1 else (filled * unit).round().cast("int64")


def read_cube(
    paths: Sequence[Path],
    classes: CodeClasses,
    code_keys: npt.NDArray[np.int32],
    *,
    progress: Progress = silent,
) -> list[Cube]:
    """One cube for each file of prescribing rows, read with DuckDB.

    Parameters
    ----------
    paths
        Parquet files with integer keys (one month each).
    classes, code_keys
        The classes, and the key of each row of the code table that they were made from.
    progress
        Called before each file.
    """
    summands = sorted({slot.sum for slot in classes.slots})
    query = duckdb_query(tuple(summands))
    cubes = []
    with duckdb.connect() as engine:
        engine.register("lookup", pa.table({"code_key": code_keys, "code_class": classes.class_of}))
        engine.execute("CREATE TABLE code_classes AS SELECT * FROM lookup")
        for done, path in enumerate(paths):
            progress("Adding up prescribing rows", done, len(paths))
            engine.from_parquet(str(path)).create_view("prescribing", replace=True)
            cubes.append(_cube(engine.sql(query).to_arrow_table(), summands))
    progress("Adding up prescribing rows", len(paths), len(paths))
    return cubes


@lru_cache(maxsize=8)
def duckdb_query(summands: tuple[Summand, ...]) -> str:
    """The expression as DuckDB's SQL, over tables called `prescribing` and `code_classes`."""
    import ibis  # takes half a second to load: only when a cube is made

    columns = {COLUMNS[s]: "int64" if _UNITS[s] == 1 else "float64" for s in summands}
    rows = ibis.table({"practice_key": "int32", "code_key": "int32", "month": "date", **columns}, name="prescribing")
    classes = ibis.table({"code_key": "int32", "code_class": "int32"}, name="code_classes")
    return str(ibis.to_sql(cube_expression(rows, classes, summands), dialect="duckdb"))


def _cube(table: pa.Table, summands: Sequence[Summand]) -> Cube:
    def column(name: str) -> Integers:
        # DuckDB adds whole numbers up in 128 bits.
        return np.asarray(table.column(name).cast(pa.int64()).to_numpy(), dtype=np.int64)

    days = np.asarray(table.column("month").cast(pa.date32()).cast(pa.int32()).to_numpy(), dtype=np.int64)
    sums = {s: column(COLUMNS[s]) for s in summands}
    return Cube(practice=column("practice_key"), month=days, code_class=column("code_class"), sums=sums)


def slot_sums(cube: Cube, classes: CodeClasses) -> SlotSums:
    """The value of every slot for every practice and month of a cube.

    Notes
    -----
    For each summand, the sparse matrix of sums (practice-months x classes) times the dense matrix of weights
    (classes x slots).
    """
    # One order of adding up, whatever order the engine gave: the weighted sums are then the same to the last bit.
    months, month = np.unique(cube.month, return_inverse=True)
    practices = int(cube.practice.max(initial=0)) + 1
    place = (month.reshape(-1) * practices + cube.practice) * classes.count + cube.code_class
    order = np.argsort(place, kind="stable")
    cells, cell = np.unique(place[order] // classes.count, return_inverse=True)
    values = np.zeros((len(cells), len(classes.slots)))
    for summand, sums in cube.sums.items():
        slots = [number for number, slot in enumerate(classes.slots) if slot.sum is summand]
        indices = (cell.reshape(-1), cube.code_class[order])
        matrix = csr_matrix((sums[order].astype(np.float64), indices), shape=(len(cells), classes.count))
        values[:, slots] = np.round(matrix @ classes.weights[:, slots] / _UNITS[summand], DECIMALS)
    return SlotSums(practice=cells % practices, month=months[cells // practices], values=values)
