"""Rows that share what only one row may have. Equal rows: the first stays. Rows that contradict: none can be chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from enginehouse.core.errors import DataError
from enginehouse.data.duck import data_or_machine_error, engine, quoted
from enginehouse.data.quarantine import Unfitting


def take_out_duplicates(path: Path, unique: Sequence[str], columns: Sequence[str], *, label: str) -> list[Unfitting]:
    """Rewrite `path` without its `ordinal` column and without duplicates; return those that were taken out."""
    keys, values = _names(unique), _names(columns)
    source, cleaned = f"read_parquet({quoted(path)})", path.with_name("distinct.parquet")
    with engine() as duck, data_or_machine_error(label):
        groups = duck.sql(
            f"SELECT list(ordinal ORDER BY ordinal), count(DISTINCT row({values})) "
            f"FROM {source} GROUP BY {keys} HAVING count(*) > 1"
        ).fetchall()
        taken = [unfit for ordinals, contents in groups for unfit in _taken(ordinals, contents, unique)]
        duck.register("taken", pa.table({"ordinal": pa.array([u.ordinal for u in taken], pa.int64())}))
        kept = f"SELECT {values} FROM {source} ANTI JOIN taken USING (ordinal) ORDER BY ordinal"
        duck.execute(f"COPY ({kept}) TO {quoted(cleaned)} (FORMAT parquet, COMPRESSION zstd)")
    cleaned.replace(path)
    return taken


def check_files_apart(files: Mapping[Path, str], unique: Sequence[str], *, where: str) -> None:
    """No two files of a source may hold the same thing: nobody could say which is right.

    Raises
    ------
    DataError
        Names two files and what both hold.
    """
    labels = {str(path): label for path, label in files.items()}
    keys = _names(unique)
    listed = ", ".join(quoted(path) for path in files)
    query = (
        f"SELECT count(*) OVER (), {keys}, list(DISTINCT filename) AS files "
        f"FROM read_parquet([{listed}], filename = true, union_by_name = true) "
        f"GROUP BY {keys} HAVING count(DISTINCT filename) > 1 ORDER BY {keys} LIMIT 1"
    )
    with engine() as duck, data_or_machine_error(where):
        found = duck.sql(query).fetchall()
    for first in found:
        both = " and ".join(sorted(labels[path] for path in first[-1])[:2])
        held = zip(unique, first[1:-1], strict=True)
        what = ", ".join(f"{name} {value}" for name, value in held if value is not None)
        raise DataError(
            f"{both} both hold {what}" + (f" ({first[0]:,} such cases)." if first[0] > 1 else "."),
            where=where,
            remedy="Keep the file that was published last, and take the other out of the source's path.",
        )


def _taken(ordinals: Sequence[int], contents: int, unique: Sequence[str]) -> Iterator[Unfitting]:
    what = _and(unique)
    if contents == 1:
        return (Unfitting(f"repeats an earlier row of the same {what}", ordinal=o) for o in ordinals[1:])
    return (Unfitting(f"contradicts another row of the same {what}", ordinal=o) for o in ordinals)


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _names(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
