"""Reading a snapshot of list sizes: patients of each site in every month, carried forward between extracts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enginehouse.core.months import Month
from enginehouse.data.snapshot import Snapshot
from enginehouse.data.totals import OK, check_kind
from enginehouse.programme.enums import SourceKind

CARRIED = "carried"
ALL = "ALL"
_TOTALS = pa.schema([("site", pa.string()), ("month", pa.date32()), ("patients", pa.int64())])
LONGEST_GAP = 3
"""Extracts were quarterly until April 2017; across a longer gap nothing is carried."""


def read_list_sizes(snapshot: Snapshot, *, until: Month | None = None) -> pa.Table:
    """Columns site, month (date32), patients (int64), quality (`ok`, or `carried` from the last extract).

    Where a file has rows by sex and age, the row of all is used, else their sum. The last extract is carried forward
    for as many months as the extracts were apart before it, or up to `until`.
    """
    check_kind(snapshot, SourceKind.LIST_SIZES)
    table = pa.concat_tables(pq.read_table(path) for path in snapshot.paths)
    totals = _totals(table)
    return _carried(totals, until)


def _totals(table: pa.Table) -> pa.Table:
    """One row for a site and month."""
    whole = pc.and_(_is_all(table, "sex"), _is_all(table, "age"))
    keys = ["site", "month"]
    ready = table.filter(whole).select([*keys, "patients"])
    parts = table.filter(pc.invert(whole))
    # Rows by sex hold each patient once more beside rows of both sexes: add up one of the two.
    by_sex = parts.filter(pc.invert(_is_all(parts, "sex"))) if parts.num_rows else parts
    parts = by_sex if by_sex.num_rows else parts
    parts = parts.filter(pc.invert(_is_all(parts, "age"))) if parts.num_rows else parts
    summed = parts.group_by(keys).aggregate([("patients", "sum")]).rename_columns([*keys, "patients"])
    missing = summed.join(ready.select(keys), keys, join_type="left anti") if ready.num_rows else summed
    parts_in_one = [part.select([*keys, "patients"]).cast(_TOTALS) for part in (ready, missing)]
    return pa.concat_tables(parts_in_one).combine_chunks()


def _is_all(table: pa.Table, column: str) -> pa.ChunkedArray:
    return pc.equal(pc.fill_null(table.column(column), ALL), ALL)


def _carried(totals: pa.Table, until: Month | None) -> pa.Table:
    """A matrix of sites x months with holes filled from the left, as rows again."""
    sites = totals.column("site").combine_chunks().dictionary_encode()
    months = totals.column("month").cast(pa.int32()).to_numpy()
    index = np.asarray(months, dtype="datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first, last = int(index.min()), int(index.max())
    gap = _gap(np.unique(index))
    end = max(last + gap - 1, -1 if until is None else until.index - 1970 * 12)
    matrix = np.full((len(sites.dictionary), end - first + 1), -1, dtype=np.int64)
    matrix[sites.indices.to_numpy(), index - first] = totals.column("patients").to_numpy()
    extract = np.isin(np.arange(first, end + 1), np.unique(index))
    source = np.maximum.accumulate(np.where(extract, np.arange(len(extract)), -1))
    is_near = (source >= 0) & (np.arange(len(extract)) - source < LONGEST_GAP if until is None else source >= 0)
    filled = np.where(is_near, matrix[:, np.maximum(source, 0)], -1)
    rows, columns = np.nonzero(filled >= 0)
    return pa.table(
        {
            "site": sites.dictionary.take(pa.array(rows)),
            "month": pa.array((columns + first).astype("datetime64[M]").astype("datetime64[D]"), pa.date32()),
            "patients": pa.array(filled[rows, columns], pa.int64()),
            "quality": pa.array(np.where(extract[columns], OK, CARRIED), pa.string()),
        }
    )


def _gap(months: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    """Months between the last two extracts, at most `LONGEST_GAP`."""
    return min(LONGEST_GAP, int(months[-1] - months[-2])) if len(months) > 1 else 1
