"""Ready-made numerators and denominators of a snapshot, in the panel's columns."""

from __future__ import annotations

import pyarrow as pa

from enginehouse.data.duck import read_rows
from enginehouse.data.snapshot import Snapshot
from enginehouse.data.sources.totals import GROUP

_QUERY = "SELECT * REPLACE (coalesce(quality, 'ok') AS quality) FROM rows ORDER BY indicator, site, month"
_FIXED = ("indicator", "site", "month", "numerator", "denominator", "quality")


def read_totals(snapshot: Snapshot) -> pa.Table:
    """Columns indicator, site, month (first day), numerator, denominator and quality, sorted by the first three, and
    one for each division of patients that the source has, under its own name."""
    rows = read_rows(snapshot.paths, _QUERY)
    groups = sorted(name for name in rows.column_names if name.startswith(GROUP))
    return rows.select([*_FIXED, *groups]).rename_columns([*_FIXED, *(name.removeprefix(GROUP) for name in groups)])
