"""Registered patients by practice and month, carried forward between extracts and called so.

Extracts were quarterly until April 2017. A practice that a later extract no longer has is not carried past it; after
the last extract two more months are carried, which completes its quarter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from enginehouse.data.duck import read_rows
from enginehouse.data.snapshot import Snapshot

MONTHS_AFTER_LAST = 2

# A published total where there is one; otherwise the sum over sexes and ages.
_TOTALS = """
    WITH named AS (
        SELECT site, month, patients, coalesce(upper(sex), 'ALL') AS sex, coalesce(upper(age), 'ALL') AS age FROM rows
    ), summed AS (
        SELECT site, month, sum(patients) FILTER (sex = 'ALL' AND age = 'ALL') AS published,
            sum(patients) FILTER (sex <> 'ALL' AND age <> 'ALL') AS by_sex_and_age,
            sum(patients) FILTER (sex <> 'ALL' AND age = 'ALL') AS by_sex,
            sum(patients) FILTER (sex = 'ALL' AND age <> 'ALL') AS by_age
        FROM named GROUP BY site, month
    )
    SELECT site, month, coalesce(published, by_sex, by_age, by_sex_and_age)::DOUBLE AS patients
    FROM summed ORDER BY site, month
"""


def read_extracts(snapshot: Snapshot) -> pa.Table:
    """Columns site, month, patients: only months in which patients were counted."""
    return read_rows(snapshot.paths, _TOTALS)


def read_list_sizes(snapshot: Snapshot) -> pa.Table:
    """Columns site, month, patients, quality: `ok` in the month of an extract, `carried` in the months after it."""
    return carry_forward(read_extracts(snapshot))


def carry_forward(extracts: pa.Table) -> pa.Table:
    """Fill the months between extracts with the last count; `extracts` is sorted by site and month."""
    if extracts.num_rows == 0:
        return extracts.append_column("quality", pa.array([], pa.string()))
    sites = extracts.column("site").combine_chunks().dictionary_encode()
    site = sites.indices.to_numpy()
    month = _month_numbers(extracts.column("month"))
    length = _until(site, month) - month
    start = np.repeat(month, length)
    offset = np.arange(len(start)) - np.repeat(np.cumsum(length) - length, length)
    days = (start + offset).astype("datetime64[M]").astype("datetime64[D]")
    return pa.table(
        {
            "site": sites.dictionary.take(pa.array(np.repeat(site, length))),
            "month": pa.array(days, pa.date32()),
            "patients": pa.array(np.repeat(extracts.column("patients").to_numpy(), length)),
            "quality": pa.array(np.where(offset == 0, "ok", "carried").tolist(), pa.string()),
        }
    )


def _until(site: npt.NDArray[np.int32], month: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """For each count the first month that it does not stand for: the practice's next extract, or anybody's."""
    extracts = np.unique(month)
    following = np.append(extracts[1:], extracts[-1] + 1 + MONTHS_AFTER_LAST)
    until = following[np.searchsorted(extracts, month)]
    same = site[1:] == site[:-1]
    until[:-1][same] = month[1:][same]
    return until


def _month_numbers(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    days = column.cast(pa.int32()).to_numpy()
    numbers: npt.NDArray[np.int64] = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return numbers
