"""A raw file as it lies on disk: its format, encoding, separator and header, and its records by number.

Knows nothing of what columns mean; `layouts` and `sources` do.
"""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pyarrow.parquet as pq

from enginehouse.core.errors import DataError

_SEPARATORS = (",", "\t", ";", "|")
_BLOCK = 1 << 20
_FOREIGN = {
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"<htm": "a web page",
    b"<!DO": "a web page",
}


@dataclass(frozen=True, slots=True)
class RawFile:
    """One file to be read. `header_rows` is 0 when `header` was given from outside because the file has none."""

    path: Path
    label: str
    header: tuple[str, ...]
    is_parquet: bool = False
    separator: str = ","
    encoding: str = "utf-8"
    header_rows: int = 1


def open_raw(path: Path, *, label: str, header: Sequence[str] | None = None, reads_names: bool = True) -> RawFile:
    """Look at the start of a CSV (plain or gz) or Parquet file.

    `reads_names`: names of people's making (a surgery, a town) will be read, so the encoding matters and the whole
    file is looked at; codes and numbers are the same bytes in UTF-8 and Latin-1.
    """
    start = _first_bytes(path, label)
    if start.startswith(b"PAR1"):
        return RawFile(path, label, tuple(pq.read_schema(path).names), is_parquet=True, header_rows=0)
    _refuse_foreign(start, label)
    first = _first_record(path, label)
    separator = max(_SEPARATORS, key=first.count)
    names = next(csv.reader([first], delimiter=separator), [])
    encoding = _encoding(path) if reads_names else "utf-8"
    if header is None:
        return RawFile(path, label, tuple(name.strip() for name in names), False, separator, encoding)
    if len(names) != len(header):
        raise DataError(
            f"got {len(names)} columns; this file has no header and must have {len(header)}.",
            where=label,
            remedy=f"Use the file as it was published. Its columns are: {', '.join(header)}.",
        )
    return RawFile(path, label, tuple(header), False, separator, encoding, header_rows=0)


def lines(raw: RawFile, wanted: Sequence[int], *, expected: int) -> dict[int, str] | None:
    """The text of the lines with these numbers, if the file has `expected` lines; else `None`.

    Fast, because line ends are only counted: right where no quoted cell holds a line break and no line is blank, which
    is what the number of lines shows.
    """
    found: dict[int, str] = {}
    queue = sorted(set(wanted), reverse=True)
    before = 0
    with _open(raw.path) as file:
        for block in _whole_lines(file):
            count = block.count(b"\n") + (block[-1:] != b"\n")
            if queue and queue[-1] <= before + count:
                texts = block.split(b"\n")
                while queue and queue[-1] <= before + count:
                    number = queue.pop()
                    found[number] = _text(texts[number - before - 1])
            before += count
    return found if before == expected and not queue else None


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Large blocks that end where a line does."""
    while block := file.read(_BLOCK << 3):
        yield block if block.endswith(b"\n") else block + file.readline()


def texts_at(raw: RawFile, positions: Mapping[int, int]) -> dict[int, str] | None:
    """The record that starts at each byte (counted from 1, as DuckDB does), by the same key.

    `None` when a position is not where a line starts, or a record does not end within reason: then count lines.
    """
    found = {}
    with open(raw.path, "rb") as file:
        for key, position in positions.items():
            file.seek(max(0, position - 2))
            before = file.read(1) if position > 1 else b"\n"
            held = file.readline()
            if held == b"\n":  # with CR LF the position is that of the LF before the row
                before, held = held, file.readline()
            while held.count(b'"') % 2 and len(held) < _BLOCK and (line := file.readline()):
                held += line
            if before != b"\n" or held.count(b'"') % 2:
                return None
            found[key] = _text(held)
    return found


def is_zipped(path: Path) -> bool:
    """Whether the file is gzip, by its first bytes."""
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _text(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode(_readable(line))


def records(raw: RawFile) -> Iterator[tuple[int, str]]:
    """Each record with its number (the first line of the file is 1), its line end removed.

    A quoted line break does not end a record. Slow: used only where `lines` cannot tell.
    """
    number, held = 0, b""
    with _open(raw.path) as file:
        for line in file:
            held += line
            if held.count(b'"') % 2:
                continue
            number += 1
            yield number, _text(held)
            held = b""
        if held:
            yield number + 1, _text(held)


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if is_zipped(path) else open(path, "rb")


def _first_bytes(path: Path, label: str) -> bytes:
    try:
        with _open(path) as file:
            start = file.read(4096)
    except (OSError, EOFError) as error:
        raise DataError(
            f"the file cannot be read ({error}).", where=label, remedy="Fetch it again: it may be cut short."
        ) from error
    if not start.strip():
        raise DataError("the file is empty.", where=label, remedy="Fetch it again, or take it out of the source.")
    return start


def _refuse_foreign(start: bytes, label: str) -> None:
    kind = next((kind for mark, kind in _FOREIGN.items() if start.startswith(mark)), None)
    if kind is None and b"\0" in start:
        kind = "text in UTF-16 or a binary file"
    if kind is not None:
        raise DataError(
            f"the file is {kind}, not CSV or Parquet.",
            where=label,
            remedy="Save it as 'CSV UTF-8 (comma separated)', or unpack it, and load that.",
        )


def _first_record(path: Path, label: str) -> str:
    with _open(path) as file:
        line = file.readline(_BLOCK).removeprefix(codecs.BOM_UTF8)
    if not line.strip():
        raise DataError("the first line is empty.", where=label, remedy="Remove empty lines above the header.")
    return line.decode(_readable(line)).rstrip("\r\n")


def _readable(text: bytes) -> str:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _encoding(path: Path) -> str:
    """UTF-8 where every byte agrees with it, else Latin-1, in which the NHS publishes names."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _open(path) as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"
