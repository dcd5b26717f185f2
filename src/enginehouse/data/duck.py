"""DuckDB as this room uses it: limits on memory, quoting, and its errors in the user's words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa

from enginehouse.core.errors import DataError, MachineError

MEMORY_LIMIT = "1GB"
LOAD_MEMORY_LIMIT = "500MB"
"""Reader and writer of a load have an engine each; with Arrow's batches between them they stay under 1.5 GB."""

_FULL = ("No space left on device", "File too large", "Disk quota exceeded", "Not enough disk space")


def connect(*, memory_limit: str = MEMORY_LIMIT) -> duckdb.DuckDBPyConnection:
    """An engine in memory. Rows keep the order of their file, so that row numbers in the quarantine are right."""
    return duckdb.connect(
        config={"memory_limit": memory_limit, "preserve_insertion_order": True, "enable_external_access": True}
    )


def quoted(value: str | Path) -> str:
    """An SQL text."""
    return "'" + str(value).replace("'", "''") + "'"


def parquet(paths: Sequence[Path]) -> str:
    """Several Parquet files as one table; a column that one of them lacks is null there."""
    return f"read_parquet([{', '.join(quoted(path) for path in paths)}], union_by_name = true)"


def read_rows(paths: Sequence[Path], select: str = "SELECT * FROM rows") -> pa.Table:
    """The answer of one query to the Parquet files, which it calls `rows`."""
    with engine() as rows:
        rows.execute(f"CREATE TEMP VIEW rows AS SELECT * FROM {parquet(paths)}")
        return rows.sql(select).to_arrow_table()


@contextmanager
def engine(name: str = "queries", *, memory_limit: str = MEMORY_LIMIT) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the engine of this name, with tables and temporary views of its own.

    A process begins each of its engines once, as that takes longer than a small query.
    """
    try:
        with _shared(os.getpid(), name, memory_limit).cursor() as connection:
            yield connection
    except (duckdb.FatalException, duckdb.InternalException):  # such an engine answers no more
        _shared.cache_clear()
        raise


@lru_cache(maxsize=8)
def _shared(process: int, name: str, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """It keeps no rows of the files that it has read. A forked process begins another one."""
    _ = process, name
    shared = connect(memory_limit=memory_limit)
    shared.execute("SET enable_external_file_cache = false")
    return shared


@contextmanager
def data_or_machine_error(label: str) -> Iterator[None]:
    """Say in plain words that a file cannot be read, or that the machine has no room. A wrong query stays a defect."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MachineError(
            f"the machine has too little memory ({_first_line(error)}).",
            where=label,
            remedy="Close other programs and run the same command again; files already converted are not read again.",
        ) from error
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        if any(sign in str(error) for sign in _FULL):
            raise MachineError(
                f"could not write the converted file ({_first_line(error)}).",
                where=label,
                remedy="Free some disk space (or raise the file-size limit) and run the same command again; "
                "files already converted are not read again.",
            ) from error
        raise DataError(
            f"the file cannot be read ({_first_line(error)}).",
            where=label,
            remedy="Fetch it again: it may be cut short or damaged.",
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
