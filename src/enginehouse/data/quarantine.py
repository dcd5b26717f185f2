"""Rows that do not fit: their numbers, reasons and raw text, kept beside the rows that do.

A row's number is its place in the file as a spreadsheet shows it: the header, where there is one, is row 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from enginehouse.core.errors import DataError
from enginehouse.data.duck import data_or_machine_error, engine, quoted, read_rows
from enginehouse.data.rawfile import RawFile, is_zipped, lines, records, texts_at
from enginehouse.data.snapshot import Snapshot

SCHEMA = pa.schema([("file", pa.string()), ("row", pa.int64()), ("reason", pa.string()), ("text", pa.string())])
MOST_UNFIT = 1_000_000
LONGEST_TEXT = 2_000

_WHOLE_ROW = ("MISSING COLUMNS", "TOO MANY COLUMNS")
_VALUE = re.compile(r'Could not convert string "(.*?)" to', re.DOTALL)
_COLUMNS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


@dataclass(frozen=True, slots=True)
class Unfitting:
    """A row that does not fit. `ordinal` counts the rows that the reader passed on, from 0; `row` is its number.

    `position` is the byte at which the row starts, where that is known.
    """

    reason: str
    ordinal: int | None = None
    row: int | None = None
    position: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that is in no figure: the file, the row's number there, why, and its text as it stands in the file."""

    file: str
    row: int
    reason: str
    text: str


def read_quarantine(snapshot: Snapshot) -> tuple[QuarantinedRow, ...]:
    """The rows of a snapshot that did not fit, in the order of the files and their rows."""
    if not snapshot.quarantines:
        return ()
    found = read_rows(snapshot.quarantines, "SELECT file, row, reason, text FROM rows ORDER BY file, row")
    return tuple(QuarantinedRow(**row) for row in found.to_pylist())


def reason_kind(reason: str) -> str:
    """A reason without what stood in the row: `month: 'soon' is not a month: write YYYY-MM` is `month is not a month`.

    Rows that share a kind are mended in the same way.
    """
    kind = re.sub(r": '.*' (is .*)", r" \1", reason.rsplit(": write ", 1)[0], flags=re.DOTALL)
    return re.sub(r"has \d+ columns instead of \d+", "has too many or too few columns", kind)


def rejected_rows(duck: duckdb.DuckDBPyConnection, raw: RawFile) -> list[Unfitting]:
    """The rows that DuckDB's CSV reader refused, one entry a row with all its reasons.

    Raises
    ------
    DataError
        A quotation mark is never closed (the rows after it cannot be told apart), or too many rows are refused.
    """
    [(refused,)] = duck.sql("SELECT count(DISTINCT line) FROM reject_errors").fetchall()
    check_not_too_many(refused, raw.label, "see the first rows of the file")
    query = (
        "SELECT line, error_type::VARCHAR, column_name, csv_line, error_message, line_byte_position "
        "FROM reject_errors ORDER BY line, column_idx"
    )
    found: dict[int, Unfitting] = {}
    for row, kind, column, text, message, position in duck.sql(query).fetchall():
        _check_quotes(raw, row, kind, text)
        reason = _reason(raw, kind, column, message)
        before = found.get(row)
        if before and kind in _WHOLE_ROW:
            continue  # said once for each column that is missing
        reasons = f"{before.reason}; {reason}" if before else reason
        found[row] = Unfitting(reasons, row=row, position=position, text=text.strip("\r\n"))
    return list(found.values())


def check_not_too_many(unfit: int, label: str, first_reason: str) -> None:
    """A million rows that do not fit are one mistake about the file, not a million about rows."""
    if unfit > MOST_UNFIT:
        raise DataError(
            f"more than {MOST_UNFIT:,} rows do not fit (the first: {first_reason}).",
            where=label,
            remedy="Check that the file is what the source says, and the columns that programme.yaml maps.",
        )


def _check_quotes(raw: RawFile, row: int, kind: str, text: str) -> None:
    runs_on = kind == "UNQUOTED VALUE" and "\n" in text.strip("\r\n")
    if runs_on or kind == "LINE SIZE OVER MAXIMUM":
        raise DataError(
            f"row {row} opens a quotation mark that is not closed, so the rows after it cannot be told apart.",
            where=f"{raw.label}, row {row}",
            remedy="Correct that row, or fetch the file again.",
        )


def _reason(raw: RawFile, kind: str, column: str | None, message: str) -> str:
    if kind in _WHOLE_ROW and (match := _COLUMNS.search(message)):
        return f"the row has {match[2]} columns instead of {match[1]}"
    name = raw.header[int(column[1:])] if column and column[1:].isdigit() else (column or "the row")
    if kind == "CAST" and (match := _VALUE.search(message)):
        return f"{name}: '{match[1]}' is not a number"
    if kind == "INVALID ENCODING":
        return f"{name} has characters that are not UTF-8"
    if kind == "UNQUOTED VALUE":
        return f"{name} has a quotation mark in the wrong place"
    return f"{name}: {message.splitlines()[0]}"


def raw_texts(raw: RawFile, unfit: Sequence[Unfitting], *, passed: int) -> list[Unfitting]:
    """The same rows in the order of the file, each with its number and its text as it stands there.

    `passed` is the number of rows that the reader passed on.
    """
    if raw.is_parquet:
        return sorted(_from_parquet(raw, unfit), key=lambda u: u.row or 0)
    if all(u.position is not None for u in unfit) and not is_zipped(raw.path):
        found = texts_at(raw, {u.row or 0: u.position or 0 for u in unfit})
        if found is not None:
            return [replace(u, text=found[u.row or 0]) for u in unfit]
    numbered = _numbered(raw, unfit)
    refused = sum(u.ordinal is None for u in unfit)
    texts = lines(raw, [u.row or 0 for u in numbered], expected=raw.header_rows + passed + refused)
    if texts is not None:
        return [replace(u, text=texts[u.row or 0]) for u in numbered]
    return sorted(_by_record(raw, unfit), key=lambda u: u.row or 0)


def _numbered(raw: RawFile, unfit: Sequence[Unfitting]) -> list[Unfitting]:
    """Each row's number from how many rows were passed on and refused before it; right where no line is blank."""
    refused = sorted(u.row for u in unfit if u.ordinal is None and u.row is not None)
    found = [u for u in unfit if u.ordinal is None]
    before = 0
    for entry in sorted((u for u in unfit if u.ordinal is not None), key=lambda u: u.ordinal or 0):
        row = raw.header_rows + (entry.ordinal or 0) + 1 + before
        while before < len(refused) and refused[before] <= row:
            before, row = before + 1, row + 1
        found.append(replace(entry, row=row))
    return sorted(found, key=lambda u: u.row or 0)


def _by_record(raw: RawFile, unfit: Sequence[Unfitting]) -> Iterator[Unfitting]:
    """Go through the file record by record, as the reader did."""
    refused = {u.row: u for u in unfit if u.ordinal is None}
    passed = {u.ordinal: u for u in unfit if u.ordinal is not None}
    ordinal = 0
    for row, text in records(raw):
        if row <= raw.header_rows or not text:
            continue  # the reader passes over blank lines
        if row in refused:
            yield replace(refused.pop(row), text=text)
            continue
        if ordinal in passed:
            yield replace(passed.pop(ordinal), row=row, text=text)
        ordinal += 1
        if not refused and not passed:
            return
    yield from refused.values()
    yield from passed.values()


def _from_parquet(raw: RawFile, unfit: Sequence[Unfitting]) -> Iterator[Unfitting]:
    by_ordinal = {u.ordinal: u for u in unfit}
    wanted = pa.table({"wanted": pa.array(sorted(n for n in by_ordinal if n is not None), pa.int64())})
    with engine() as duck, data_or_machine_error(raw.label):
        duck.register("wanted", wanted)
        reader = f"read_parquet({quoted(raw.path)}, file_row_number = true)"
        rows = duck.sql(f"SELECT * FROM {reader} WHERE file_row_number IN (SELECT wanted FROM wanted)")
        for record in rows.to_arrow_table().to_pylist():
            ordinal = record.pop("file_row_number")
            text = json.dumps(record, default=str, ensure_ascii=False)
            yield replace(by_ordinal[ordinal], row=ordinal + 1, text=text)


def write_quarantine(unfit: Sequence[Unfitting], label: str, path: Path) -> None:
    """Write `file, row, reason, text`; a text is cut where it could fill the disk."""
    table = pa.table(
        {
            "file": [label] * len(unfit),
            "row": [u.row for u in unfit],
            "reason": [u.reason for u in unfit],
            "text": [u.text[:LONGEST_TEXT] for u in unfit],
        },
        schema=SCHEMA,
    )
    with engine() as duck, data_or_machine_error(label):
        duck.register("unfit", table)
        duck.execute(f"COPY (SELECT * FROM unfit) TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd)")
