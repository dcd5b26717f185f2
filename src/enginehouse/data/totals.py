"""Reading a snapshot of ready-made numerators and denominators."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from enginehouse.core.errors import DataError
from enginehouse.data.snapshot import Snapshot
from enginehouse.programme.enums import SourceKind

COLUMNS = ("indicator", "site", "month", "numerator", "denominator", "quality")
OK = "ok"


def read_totals(snapshot: Snapshot) -> pa.Table:
    """Columns indicator, site, month (date32), numerator, denominator (float64), quality; one row for each."""
    check_kind(snapshot, SourceKind.TOTALS)
    table = pa.concat_tables(pq.read_table(path, columns=list(COLUMNS)) for path in snapshot.paths).combine_chunks()
    return table.set_column(COLUMNS.index("quality"), "quality", pc.fill_null(table.column("quality"), OK))


def check_kind(snapshot: Snapshot, *kinds: SourceKind) -> None:
    """Refuse a snapshot that holds something else."""
    if snapshot.kind not in kinds:
        raise DataError(
            f"got a source of kind '{snapshot.kind}'.",
            where=f"source {snapshot.source}",
            remedy=f"Name a source of kind {' or '.join(kinds)}.",
        )
