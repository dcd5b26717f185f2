"""What the keys of a prescribing snapshot mean. Its rows are `Snapshot.paths`: one Parquet file for each raw file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from enginehouse.data.duck import read_rows
from enginehouse.data.snapshot import Snapshot
from enginehouse.data.sources.prescribing import CODES, PRACTICES


@dataclass(frozen=True, slots=True, eq=False)
class PrescribingKeys:
    """`codes`: code_key, bnf_code. `practices`: practice_key, practice (as published), site. Both in key order."""

    paths: tuple[Path, ...]
    codes: pa.Table
    practices: pa.Table


def read_keys(snapshot: Snapshot) -> PrescribingKeys:
    """The key tables of a snapshot of kind prescribing."""
    codes = read_rows([snapshot.folder / f"{CODES}.parquet"], "SELECT * FROM rows ORDER BY code_key")
    practices = read_rows([snapshot.folder / f"{PRACTICES}.parquet"], "SELECT * FROM rows ORDER BY practice_key")
    return PrescribingKeys(snapshot.paths, codes, practices)
