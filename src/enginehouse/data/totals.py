"""Ready-made numerators and denominators of a snapshot, in the panel's columns."""

from __future__ import annotations

import pyarrow as pa

from enginehouse.data.duck import read_rows
from enginehouse.data.snapshot import Snapshot

_QUERY = """
    SELECT indicator, site, month, numerator, denominator, coalesce(quality, 'ok') AS quality
    FROM rows ORDER BY indicator, site, month
"""


def read_totals(snapshot: Snapshot) -> pa.Table:
    """Columns indicator, site, month (first day), numerator, denominator and quality, sorted by the first three."""
    return read_rows(snapshot.paths, _QUERY)
