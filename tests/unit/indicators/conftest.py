"""Prescribing rows as the warehouse keeps them: a Parquet file a month with integer keys, codes and practices beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Row = tuple[str, str, str, int, float]
"""practice, code, month (YYYY-MM-DD), items, total quantity"""


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[[Sequence[Row]], tuple[list[Path], pa.Table, pa.Table]]:
    """Write rows; give the files, the code table and the practice table."""

    def write(rows: Sequence[Row]) -> tuple[list[Path], pa.Table, pa.Table]:
        practices = sorted({r[0] for r in rows})
        codes = sorted({r[1] for r in rows})
        paths = []
        for month in sorted({r[2] for r in rows}):
            some = [r for r in rows if r[2] == month]
            table = pa.table(
                {
                    "practice_key": pa.array([practices.index(r[0]) for r in some], pa.int32()),
                    "code_key": pa.array([codes.index(r[1]) for r in some], pa.int32()),
                    "month": pa.array([month] * len(some)).cast(pa.date32()),
                    "items": pa.array([r[3] for r in some], pa.int64()),
                    "quantity": pa.array([r[4] for r in some], pa.float64()),
                    "nic": pa.array([0.0] * len(some)),
                    "actual_cost": pa.array([0.0] * len(some)),
                    "adq_usage": pa.array([0.0] * len(some)),
                }
            )
            path = tmp_path / f"{month}.parquet"
            pq.write_table(table, path)
            paths.append(path)
        code_table = pa.table({"code_key": pa.array(range(len(codes)), pa.int32()), "bnf_code": codes})
        practice_table = pa.table({"practice_key": pa.array(range(len(practices)), pa.int32()), "practice": practices})
        return paths, code_table, practice_table

    return write
