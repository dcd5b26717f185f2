"""Definitions that come as rows of a CSV file: the header names the fields, each row is one definition.

A cell is read as what its column holds and as nothing else: `TRUE` is true in a column of true and false, `0407020`
stays text in a column of text. Every problem of every row is found, each at its line and column.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from enginehouse.core.errors import Problem
from enginehouse.programme.hashing import decimal_text, plain_values
from enginehouse.programme.positions import Document, Scalar
from enginehouse.programme.schemas import Schema, resolve, structure
from enginehouse.programme.spec import Spec
from enginehouse.programme.translate import parse
from enginehouse.programme.wording import did_you_mean, one_of

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Row[Model: Spec]:
    """One row. `value` is `None` when it has problems of its own."""

    document: Document
    value: Model | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Table[Model: Spec]:
    """One file: its rows, and what is wrong with the file as a whole."""

    path: str
    rows: tuple[Row[Model], ...] = ()
    problems: tuple[Problem, ...] = ()


def read_table[Model: Spec](content: bytes, model: type[Model], *, path: str) -> Table[Model]:
    """Every row of the file; nothing is raised for what is in it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _broken(path, line, "the file is not UTF-8 text.", "Save it as 'CSV UTF-8'.")
    try:
        lines = list(_lines(text))
    except csv.Error:
        return _broken(path, _last_line(text), "a quotation mark is not closed, or stands inside a cell.", _QUOTES)
    if not lines:
        return _broken(path, 1, "the file is empty.", f"Begin with the columns: {','.join(_columns(model))}.")
    header = [name.strip() for name in lines[0][1]]
    if faults := tuple(_header_problems(header, model, path)):
        return Table(path, problems=faults)
    return Table(path, tuple(_row(line, cells, header, model, path) for line, cells in lines[1:]))


_QUOTES = "Put a cell that holds a quotation mark in quotes, with each mark doubled."


def _broken[Model: Spec](path: str, line: int, what: str, remedy: str) -> Table[Model]:
    return Table(path, problems=(Problem(f"{path}:{line}", what, remedy),))


def _reader(text: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), strict=True)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row begins, and its cells; rows without anything in them are passed over."""
    reader, begins = _reader(text), 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _last_line(text: str) -> int:
    """The line on which the last row that can be read ends: the fault begins after it."""
    reader, ended = _reader(text), 0
    try:
        for _ in reader:
            ended = reader.line_num
    except csv.Error:
        pass
    return ended + 1


def _columns(model: type[Spec]) -> list[str]:
    return list(structure(model)["properties"])


def _header_problems(header: list[str], model: type[Spec], path: str) -> Iterator[Problem]:
    where, columns = f"{path}:1", _columns(model)
    if len(header) == 1 and ";" in header[0]:
        yield Problem(where, f"got one column, '{header[0][:40]}…'.", "Separate columns with commas, not with ';'.")
        return
    for number, name in enumerate(header):
        if not name:
            yield Problem(where, f"column {number + 1} has no name.", "Name it, or remove it.")
        elif name not in columns:
            what = f"got the column '{name}'; expected {one_of(columns)}."
            yield Problem(where, what, did_you_mean(name, columns))
        elif header.index(name) != number:
            yield Problem(where, f"got the column '{name}' twice.", "Remove one.")
    meant = {did_you_mean(name, columns) for name in header if name not in columns}
    for name in structure(model)["required"]:
        if name not in header and f"Did you mean '{name}'?" not in meant:
            yield Problem(where, f"the column '{name}' is missing.", "Every row needs it.")


def _row[Model: Spec](line: int, cells: list[str], header: list[str], model: type[Model], path: str) -> Row[Model]:
    parts = structure(model)["properties"]
    texts = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
    document = Document(
        path,
        {name: _value(text, resolve(parts[name], structure(model))) for name, text in texts.items()},
        {(): line, **{(name,): line for name in header}},
        {(name,): Scalar(text, quoted=False) for name, text in texts.items()},
        tuple(_too_long(line, cells, header, path)),
    )
    value, problems = parse(document, model)
    return Row(document, None if problems else value, problems)


def _too_long(line: int, cells: list[str], header: list[str], path: str) -> Iterator[Problem]:
    if any(cell.strip() for cell in cells[len(header) :]):
        what = f"got {len(cells)} cells for {len(header)} columns."
        yield Problem(f"{path}:{line}", what, "Put a cell that holds a comma in quotes.")


def _value(text: str, part: Schema) -> Any:
    """The cell as its column's type, if it is written as one; else the text, which that type then refuses."""
    kind = part.get("type")
    if kind == "boolean":
        return _FLAGS.get(text.lower(), text)
    if kind == "integer" and _WHOLE.fullmatch(text):
        return int(text)
    if kind == "number" and _DECIMAL.fullmatch(text):
        return float(text)
    return text


def table_text(specs: Iterable[Spec], model: type[Spec]) -> str:
    """The definitions as a CSV file that `read_table` reads back to the same; without any, the header alone."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_columns(model))
    for spec in specs:
        values = plain_values(spec)
        writer.writerow([_cell(values.get(name)) for name in _columns(model)])
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return decimal_text(value)
    return "" if value is None else str(value)
