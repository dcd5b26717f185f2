"""Indicators from prescribing rows: the cube's sums joined with the register of sites and their list sizes.

Only sites of the register count. A site that merged keeps its rows under its own code until it closes; following
successors is a choice of the analysis, not of the panel.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enginehouse.core.errors import DataError
from enginehouse.core.progress import Progress, silent
from enginehouse.indicators.account import LeftOut, Reason
from enginehouse.indicators.codes import CodePatterns, apply_code_changes
from enginehouse.indicators.cube import CodeClasses, SlotSums, code_classes, read_cube, slot_sums
from enginehouse.indicators.kept_sums import KeptSums, RowsOfFile, names_of_sums
from enginehouse.programme.indicator import Codes, Indicator, Prescribing

_KEYS = ["site", "month"]


@dataclass(frozen=True, slots=True, eq=False)
class PrescribingRows:
    """Where a snapshot of prescribing keeps its rows, and what its keys mean.

    Attributes
    ----------
    paths
        One Parquet file a month.
    code_keys, codes
        Key and code of each row of the code table, in one order.
    sites
        Site id of each practice key.
    files
        What names the rows at each of `paths`; empty where sums are not to be kept.
    """

    paths: tuple[Path, ...]
    code_keys: pa.Array
    codes: pa.Array
    sites: Mapping[int, str]
    files: tuple[RowsOfFile, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """The value of every slot by site and month, as a table with columns `site`, `month` and the slots' numbers."""

    table: pa.Table
    slots: tuple[Codes, ...]


def slots_of(indicators: Sequence[Indicator]) -> tuple[Codes, ...]:
    """The distinct sums that the indicators need: a sum that several of them share is made once."""
    found: dict[Codes, None] = {}
    for indicator in indicators:
        for side in _sides(_prescribing(indicator)):
            CodePatterns.parse(side.bnf_codes, where=f"indicator {indicator.id}, bnf_codes")
            found[side] = None
    return tuple(found)


def sums_by_site(
    rows: PrescribingRows,
    indicators: Sequence[Indicator],
    *,
    code_changes: Mapping[str, str] | None = None,
    kept: KeptSums | None = None,
    progress: Progress = silent,
) -> tuple[Sums, tuple[LeftOut, ...]]:
    """The cube of `rows` for `indicators`, with the account of codes and patterns that count nothing.

    Months whose sums are `kept` are not added up again.
    """
    codes = rows.codes
    if code_changes:
        codes = pa.array(apply_code_changes(codes.to_pylist(), code_changes), pa.string())
    classes = code_classes(codes, slots_of(indicators))
    parts = [_by_site(sums, rows.sites) for sums in _slot_sums(rows, classes, kept, progress)]
    table = pa.concat_tables(parts) if parts else _by_site(_nothing(len(classes.slots)), rows.sites)
    _check_months_apart(table)
    return Sums(table, classes.slots), _about_codes(indicators, codes, classes)


def _slot_sums(
    rows: PrescribingRows, classes: CodeClasses, kept: KeptSums | None, progress: Progress
) -> list[SlotSums]:
    """The sums of each file, in order: those that are kept as they are, the others made and kept."""
    if kept is None or not rows.files:
        return [slot_sums(cube, classes) for cube in read_cube(rows.paths, classes, rows.code_keys, progress=progress)]
    names = names_of_sums(rows.files, classes, rows.code_keys.to_numpy())
    found = {name: sums for name in names if (sums := kept.get(name)) is not None}
    missing = {name: path for name, path in zip(names, rows.paths, strict=True) if name not in found}
    cubes = read_cube(tuple(missing.values()), classes, rows.code_keys, progress=progress) if missing else []
    for name, cube in zip(missing, cubes, strict=True):
        found[name] = slot_sums(cube, classes)
        kept.put(name, found[name])
    if missing:
        kept.prune()
    return [found[name] for name in names]


def indicator_rows(
    indicator: Indicator, sums: Sums, *, known: Collection[str], patients: pa.Table | None
) -> tuple[pa.Table, tuple[LeftOut, ...]]:
    """The panel's rows of one indicator.

    Parameters
    ----------
    sums
        From `sums_by_site`.
    known
        The sites of the register.
    patients
        Columns `site`, `month`, `patients` and, where there is one, `quality`; needed for a list-size denominator.

    Raises
    ------
    DataError
        The denominator is list size and there are no list sizes.
    """
    prescribing = _prescribing(indicator)
    site_known = pc.is_in(sums.table.column("site"), pa.array(sorted(known), pa.string()))
    strangers = sums.table.filter(pc.invert(site_known))
    left = [LeftOut.of(Reason.UNKNOWN_SITE, strangers.column("site").to_pylist(), count=strangers.num_rows)]
    table = sums.table.filter(site_known)
    numerator = table.column(str(sums.slots.index(prescribing.numerator)))
    plain = table.select(_KEYS).append_column("numerator", numerator)
    if isinstance(prescribing.denominator, Codes):
        denominator = table.column(str(sums.slots.index(prescribing.denominator)))
        plain = plain.append_column("denominator", denominator).append_column("quality", _constant("ok", plain))
    else:
        plain, more = _over_patients(plain, patients, known, indicator)
        left += more
    return plain.append_column("indicator", _constant(indicator.id, plain)), tuple(left)


def _over_patients(
    plain: pa.Table, patients: pa.Table | None, known: Collection[str], indicator: Indicator
) -> tuple[pa.Table, list[LeftOut]]:
    if patients is None:
        raise DataError(
            f"{indicator.id} needs list sizes, and the programme has no source of kind 'list-sizes' that was loaded.",
            where="programme.yaml",
            remedy="Add one under sources and load it.",
        )
    listed = _listed(patients, plain, known)
    both = plain.join(listed, _KEYS, join_type="inner")
    without = plain.join(listed, _KEYS, join_type="left anti")
    silent_months = listed.join(plain, _KEYS, join_type="left anti")
    left = [
        LeftOut.of(Reason.NO_LIST_SIZE, without.column("site").to_pylist(), count=without.num_rows),
        LeftOut.of(Reason.NO_PRESCRIBING, silent_months.column("site").to_pylist(), count=silent_months.num_rows),
    ]
    return both.rename_columns({"patients": "denominator"}), left


def _listed(patients: pa.Table, plain: pa.Table, known: Collection[str]) -> pa.Table:
    """Positive list sizes of known sites in the months that have prescribing."""
    quality = "quality" in patients.column_names
    table = patients if quality else patients.append_column("quality", _constant("ok", patients))
    keep = pc.and_(
        pc.is_in(table.column("site").cast(pa.string()), pa.array(sorted(known), pa.string())),
        pc.is_in(table.column("month"), plain.column("month").unique()),
    )
    positive = pc.fill_null(pc.greater(table.column("patients"), 0), False)
    kept = table.filter(pc.and_(keep, positive)).select(["site", "month", "patients", "quality"])
    types = [("site", pa.string()), ("month", pa.date32()), ("patients", pa.float64()), ("quality", pa.string())]
    return kept.cast(pa.schema(types))


def _by_site(sums: SlotSums, sites: Mapping[int, str]) -> pa.Table:
    columns = {
        "site": pa.array([sites[int(key)] for key in sums.practice], pa.string()),
        "month": pa.array(sums.month.astype(np.int32), pa.int32()).cast(pa.date32()),
    }
    return pa.table(columns | {str(n): pa.array(sums.values[:, n]) for n in range(sums.values.shape[1])})


def _nothing(slots: int) -> SlotSums:
    empty = np.array([], dtype=np.int64)
    return SlotSums(practice=empty, month=empty, values=np.zeros((0, slots)))


def _check_months_apart(table: pa.Table) -> None:
    if table.group_by(_KEYS).aggregate([]).num_rows < table.num_rows:
        raise DataError(
            "two files of prescribing rows hold the same month of the same site.",
            where="prescribing",
            remedy="Load each month once; the latest publication of a month replaces the earlier one.",
        )


def _about_codes(indicators: Sequence[Indicator], codes: pa.Array, classes: CodeClasses) -> tuple[LeftOut, ...]:
    entries = []
    for indicator in indicators:
        unused: list[str] = []
        unweighted = 0
        for side in _sides(_prescribing(indicator)):
            unused += CodePatterns.parse(side.bnf_codes).without_match(codes)
            unweighted += classes.unweighted[classes.slots.index(side)]
        entries.append(LeftOut.of(Reason.UNUSED_PATTERN, unused, indicator=indicator.id))
        entries.append(LeftOut(Reason.NO_WEIGHT, unweighted, indicator.id))
    return tuple(entries)


def _prescribing(indicator: Indicator) -> Prescribing:
    assert indicator.measured_from.prescribing is not None
    return indicator.measured_from.prescribing


def _sides(prescribing: Prescribing) -> tuple[Codes, ...]:
    return tuple(s for s in (prescribing.numerator, prescribing.denominator) if isinstance(s, Codes))


def _constant(value: str, table: pa.Table) -> pa.Array:
    return pa.array([value] * table.num_rows, pa.string())
