"""Definitions that come as rows of a CSV file: the header names the fields, each row is one definition.
How such a file is read is in `rows`.

A cell is read as what its column holds and as nothing else: `TRUE` is true in a column of true and false, `0407020`
stays text in a column of text. Every problem of every row is found, each at its line and column.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from enginehouse.core.errors import Problem
from enginehouse.programme.hashing import decimal_text, plain_values
from enginehouse.programme.positions import Document, Scalar
from enginehouse.programme.rows import NUMBER, read_rows
from enginehouse.programme.rows import Row as Cells
from enginehouse.programme.schemas import Schema, resolve, structure
from enginehouse.programme.spec import Spec
from enginehouse.programme.translate import parse

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
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
    required, columns = structure(model)["required"], _columns(model)
    found = read_rows(content, columns, path=path, optional=[name for name in columns if name not in required])
    return Table(path, tuple(_row(row, model) for row in found.rows), found.problems)


def _columns(model: type[Spec]) -> list[str]:
    return list(structure(model)["properties"])


def _row[Model: Spec](row: Cells, model: type[Model]) -> Row[Model]:
    parts = structure(model)["properties"]
    texts = {name: cell for name, cell in row.cells.items() if cell}
    document = Document(
        row.path,
        {name: _value(text, resolve(parts[name], structure(model))) for name, text in texts.items()},
        {(): row.line, **{(name,): row.line for name in row.header}},
        {(name,): Scalar(text, quoted=False) for name, text in texts.items()},
        tuple(row.problems),
    )
    value, problems = parse(document, model)
    return Row(document, None if problems else value, problems)


def _value(text: str, part: Schema) -> Any:
    """The cell as its column's type, if it is written as one; else the text, which that type then refuses."""
    kind = part.get("type")
    if kind == "boolean":
        return _FLAGS.get(text.lower(), text)
    if kind == "integer" and _WHOLE.fullmatch(text):
        return int(text)
    if kind == "number" and NUMBER.fullmatch(text):
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
