"""One raw file to Parquet in one pass: typed rows in `rows.parquet`, the rows that do not fit in `quarantine.parquet`.

DuckDB reads and writes; between the two, batches are cleaned as Arrow arrays, so memory does not grow with the file.
What the columns are is decided in `layouts`; where the results are kept, in `warehouse`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from enginehouse.core.errors import DataError
from enginehouse.core.progress import Progress, silent
from enginehouse.data.cleaning import ARROW, NUMERIC, Column, rows_by_month
from enginehouse.data.duck import LOAD_MEMORY_LIMIT, data_or_machine_error, engine, quoted, read_rows
from enginehouse.data.duplicates import take_out_duplicates
from enginehouse.data.keys import KeyBook
from enginehouse.data.layouts import Bound, Layout, Mask, Reads
from enginehouse.data.quarantine import Unfitting, check_not_too_many, raw_texts, rejected_rows, write_quarantine
from enginehouse.data.rawfile import RawFile

BATCH_ROWS = 200_000
ORDINAL, MONTH = "ordinal", "month"


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of the rows of one file."""

    rows: int
    quarantined: int
    set_aside: int
    months: Mapping[str, int]


@dataclass(slots=True)
class _Pass:
    """One reading of one file: what is counted while the batches go by."""

    raw: RawFile
    layout: Layout
    columns: Sequence[Column]
    progress: Progress
    seen: int = 0
    set_aside: int = 0
    months: Counter[str] = field(default_factory=Counter)
    unfit: list[Unfitting] = field(default_factory=list)
    failure: Exception | None = None

    def batches(self, duck: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
        """Cleaned batches; a failure is kept, because the writer's engine would only pass on its text."""
        try:
            with data_or_machine_error(self.raw.label):
                reader = duck.sql(_reading(self.raw, self.columns)).to_arrow_reader(BATCH_ROWS)
                for batch in _gathered(reader):
                    yield self._clean(batch)
                    self.progress(f"{self.raw.label}: {self.seen:,} rows")
        except Exception as error:
            self.failure = error
            raise

    def _clean(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        arrays: dict[str, pa.Array] = {}
        wrong: dict[str, Mask] = {}
        for column in self.columns:
            read = batch.column(column.field.name) if column.bound.position is not None else None
            if read is None and column.bound.fixed is None:
                arrays[column.field.name] = pa.nulls(batch.num_rows, ARROW[column.field.reads])
                continue
            arrays[column.field.name], reasons = column.read(read, batch.num_rows)
            wrong |= reasons
        keep = np.ones(batch.num_rows, dtype=np.bool_)
        if self.layout.set_aside is not None:
            keep &= ~self.layout.set_aside(arrays)
            self.set_aside += int(batch.num_rows - keep.sum())
        keep = self._without_unfit(keep, wrong)
        ordinals = pa.array(np.arange(self.seen, self.seen + batch.num_rows))
        self.seen += batch.num_rows
        clean = pa.RecordBatch.from_arrays([ordinals, *arrays.values()], schema=_schema(self.columns))
        clean = clean if keep.all() else clean.filter(pa.array(keep))
        if MONTH in clean.schema.names:
            self.months.update(rows_by_month(clean.column(MONTH)))
        return clean

    def _without_unfit(self, keep: Mask, wrong: Mapping[str, Mask]) -> Mask:
        if not wrong:
            return keep
        bad: Mask = np.logical_or.reduce(list(wrong.values())) & keep
        for place in np.flatnonzero(bad):
            reasons = "; ".join(reason for reason, mask in wrong.items() if mask[place])
            self.unfit.append(Unfitting(reasons, ordinal=self.seen + int(place)))
        fit: Mask = keep & ~bad
        return fit


def ingest(
    raw: RawFile,
    layout: Layout,
    bound: Sequence[Bound],
    *,
    scheme: str,
    books: Mapping[str, KeyBook],
    into: Path,
    progress: Progress = silent,
) -> Ingested:
    """Read `raw` and write what it holds into the folder `into`.

    Raises
    ------
    DataError
        The file cannot be read, or not one of its rows fits.
    """
    as_text = layout.set_aside is not None
    columns = [Column(b, scheme, books.get(b.field.name, KeyBook()), as_text, _heading(raw, b)) for b in bound]
    reading = _Pass(raw, layout, columns, progress)
    with engine("reads a load", memory_limit=LOAD_MEMORY_LIMIT) as reader:
        _write_rows(reading, reader, into / "rows.parquet")
        rejected = [] if raw.is_parquet else rejected_rows(reader, raw)
    unfit = rejected + reading.unfit
    if layout.unique:
        names = [field.name for field in layout.fields]
        taken = take_out_duplicates(into / "rows.parquet", layout.unique, names, label=raw.label)
        unfit += taken
        if taken and MONTH in names:
            rows = read_rows([into / "rows.parquet"], f"SELECT {MONTH} FROM rows")
            reading.months = Counter(rows_by_month(rows.column(MONTH).combine_chunks()))
    _check_any_fit(reading, unfit)
    if unfit:
        write_quarantine(raw_texts(raw, unfit, passed=reading.seen), raw.label, into / "quarantine.parquet")
    fit = reading.seen - reading.set_aside - sum(u.ordinal is not None for u in unfit)
    return Ingested(fit, len(unfit), reading.set_aside, dict(sorted(reading.months.items())))


def _heading(raw: RawFile, bound: Bound) -> str:
    return "" if bound.position is None else raw.header[bound.position]


def _write_rows(reading: _Pass, reader: duckdb.DuckDBPyConnection, path: Path) -> None:
    schema = _schema(reading.columns)
    kept = schema.names if reading.layout.unique else schema.names[1:]
    selected = ", ".join(f'"{name}"' for name in kept)
    with engine("writes a load", memory_limit=LOAD_MEMORY_LIMIT) as writer:
        writer.register("incoming", pa.RecordBatchReader.from_batches(schema, reading.batches(reader)))
        try:
            with data_or_machine_error(reading.raw.label):
                writer.execute(
                    f"COPY (SELECT {selected} FROM incoming) TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd)"
                )
        except Exception as error:
            raise reading.failure or error from error


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at least `BATCH_ROWS`: what is done once a batch is then done less often."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(part.num_rows for part in held) >= BATCH_ROWS:
            yield pa.concat_batches(held)
            held = []
    if held:
        yield pa.concat_batches(held)


def _schema(columns: Sequence[Column]) -> pa.Schema:
    fields = [(column.field.stored or column.field.name, ARROW[column.field.reads]) for column in columns]
    return pa.schema([(ORDINAL, pa.int64()), *fields])


def _reading(raw: RawFile, columns: Sequence[Column]) -> str:
    """The query for the columns that are needed, in the order of the file's rows."""
    placed = {column.field.name: column.bound.position for column in columns if column.bound.position is not None}
    if raw.is_parquet:
        schema, reads = pq.read_schema(raw.path), {column.field.name: column.field.reads for column in columns}
        cells = [
            f"{_parquet_cell(schema.field(place), reads[name])} AS {_name(name)}" for name, place in placed.items()
        ]
        return f"SELECT {', '.join(cells)} FROM read_parquet({quoted(raw.path)})"
    types = {f"c{place}": "VARCHAR" for place in range(len(raw.header))}
    for place in set(placed.values()):
        if all(c.field.reads in NUMERIC and not c.as_text for c in columns if c.bound.position == place):
            types[f"c{place}"] = "DOUBLE"
    cells = [f"c{place} AS {_name(name)}" for name, place in placed.items()]
    return f"SELECT {', '.join(cells)} FROM {_read_csv(raw, types)}"


def _read_csv(raw: RawFile, types: Mapping[str, str]) -> str:
    """DuckDB's reader with nothing left to guess; rows that it refuses go to its table of rejects."""
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    return (
        f"read_csv({quoted(raw.path)}, columns = {{{listed}}}, header = false, skip = {raw.header_rows}, "
        f"delim = {quoted(raw.separator)}, quote = '\"', escape = '\"', auto_detect = false, "
        f"encoding = {quoted(raw.encoding)}, store_rejects = true, rejects_limit = 0)"
    )


def _parquet_cell(column: pa.Field, reads: Reads) -> str:
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return f"CAST({_name(column.name)} AS {'DOUBLE' if is_number and reads in NUMERIC else 'VARCHAR'})"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _check_any_fit(reading: _Pass, unfit: Sequence[Unfitting]) -> None:
    """A file of which nothing is left was not what the source says it is."""
    where = reading.raw.label
    check_not_too_many(len(unfit), where, unfit[0].reason if unfit else "")
    rows = reading.seen + sum(u.ordinal is None for u in unfit)
    if rows == 0 and reading.layout.may_be_empty:
        return
    if rows == 0:
        raise DataError("the file has no rows.", where=where, remedy="Fetch it again, or take it out of the source.")
    if len(unfit) + reading.set_aside < rows:
        return
    if reading.set_aside == rows:
        raise DataError(
            f"not one of the {rows:,} rows is of use: {reading.layout.set_aside_because}.",
            where=where,
            remedy="Check that this is the file that the source means.",
        )
    reasons = Counter(u.reason for u in unfit).most_common(3)
    raise DataError(
        f"not one of the {rows:,} rows fits. The commonest reasons: {'; '.join(f'{r} ({n:,})' for r, n in reasons)}.",
        where=where,
        remedy="Check the columns that programme.yaml maps for this source.",
    )
