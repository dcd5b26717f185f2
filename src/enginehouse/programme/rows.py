"""CSV files that people write or save from a spreadsheet, as rows of text: the one reader, with one set of messages.

Every fault of a file is found, each at its line and column. What the columns mean is known to those who ask for the
rows; raw data, which are large and come from machines, are read by `data`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from enginehouse.core.errors import Problem, Problems, UserError
from enginehouse.core.ids import site_id
from enginehouse.programme.wording import DAY, did_you_mean, nearest, one_of

NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MARKS = "Put a cell that holds a quotation mark in quotes, with each mark doubled."
_COMMAS = "Put a cell that holds a comma in quotes."
_SEPARATORS = {";": "';'", "\t": "tabs"}


@dataclass(slots=True)
class Row:
    """One row and the line on which it begins; asking for a cell notes what is wrong with it and goes on."""

    path: str
    line: int
    header: tuple[str, ...]
    cells: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def text(self, column: str, *, required: bool = True) -> str:
        value = self.cells.get(column, "")
        if required and not value:
            self.fault(column, "got nothing.", "Fill it in.")
        return value

    def one_of(self, column: str, allowed: Iterable[str]) -> str:
        value, options = self.text(column), tuple(allowed)
        if value and value not in options:
            self.fault(column, f"got '{value}'; expected {one_of(options)}.", did_you_mean(value, options))
        return value

    def site(self, column: str, known: Collection[str], *, scheme: str) -> str:
        """A site's id; `known` are those that belong here."""
        value = self.text(column)
        try:
            site = site_id(value, scheme=scheme) if value else ""
        except UserError as error:
            self.fault(column, error.what, error.remedy)
            return ""
        if site and site not in known:
            self.fault(column, f"got '{value}', which is not a site of this cycle.", "Take the row out, or correct it.")
        return site

    def number(self, column: str, *, at_least: float = 0, required: bool = True) -> float:
        """A number, or 0 where there is none or a fault."""
        return self._number(column, NUMBER, f"a number of at least {at_least:g}", at_least, required)

    def whole(self, column: str, *, at_least: int = 0, required: bool = True) -> int:
        """A whole number, or 0 where there is none or a fault."""
        pattern = re.compile(r"[-+]?[0-9]+")
        return int(self._number(column, pattern, f"a whole number of at least {at_least}", at_least, required))

    def _number(self, column: str, pattern: re.Pattern[str], expected: str, at_least: float, required: bool) -> float:
        value = self.text(column, required=required)
        if not value:
            return 0.0
        if pattern.fullmatch(value) is None or not at_least <= float(value) < 1e12:
            self.fault(column, f"got '{value}'; expected {expected}.", "Write digits alone.")
            return 0.0
        return float(value)

    def day(self, column: str) -> date | None:
        """A day, or `None` where there is a fault."""
        value = self.text(column)
        try:
            if _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        if value:
            self.fault(column, f"got '{value}'; expected {DAY}.")
        return None

    def fault(self, column: str, what: str, remedy: str = "") -> None:
        """Note a fault of one cell, or of the whole row (`column` empty)."""
        place = f"{self.path}:{self.line}"
        self.problems.append(Problem(f"{place}  {column}" if column else place, what, remedy))


@dataclass(frozen=True, slots=True)
class Rows:
    """One file: its rows without the empty ones, and what is wrong with the file as a whole."""

    path: str
    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_records[T](
    path: Path, columns: Sequence[str], read: Callable[[Row], T], *, optional: Collection[str] = ()
) -> tuple[T, ...]:
    """What `read` makes of each row of a file.

    Raises
    ------
    Problems
        The file or some of its rows cannot be used; all are listed and nothing is taken over.
    """
    found = read_file(path, columns, optional=optional)
    records = tuple(read(row) for row in found.rows)
    problems = [*found.problems, *(problem for row in found.rows for problem in row.problems)]
    if problems:
        raise Problems(problems)
    return records


def read_file(
    path: Path,
    columns: Sequence[str],
    *,
    optional: Collection[str] = (),
    absent: str = "Check its name.",
    commas: str = _COMMAS,
) -> Rows:
    """Every row of a file; nothing is raised. `absent`: what to do where there is none; `commas`: with stray ones."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return Rows(str(path), problems=(unreadable(path, error, absent),))
    return read_rows(content, columns, path=str(path), optional=optional, commas=commas)


def unreadable(path: Path, error: OSError, absent: str) -> Problem:
    """A file that is not there, or cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return Problem(str(path), "there is no such file.", absent)
    return Problem(str(path), f"the file cannot be read: {error.strerror}.", "Check its permissions.")


def read_rows(
    content: bytes, columns: Sequence[str], *, path: str, optional: Collection[str] = (), commas: str = _COMMAS
) -> Rows:
    """Every row of a file's content; nothing is raised for what is in it.

    The header has all `columns` in any order, small letters or capitals, but for those that are `optional`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _broken(path, line, "the file is not UTF-8 text.", "Save it as 'CSV UTF-8'.")
    try:
        lines = list(_lines(text))
    except csv.Error:
        return _broken(path, _last_line(text), "a quotation mark is not closed, or stands inside a cell.", _MARKS)
    if not lines:
        return _broken(path, 1, "the file is empty.", f"Begin with the columns: {','.join(columns)}.")
    (line, first), *others = lines
    header = tuple(name.lower() for name in first)
    if faults := tuple(_header_problems(header, columns, optional, f"{path}:{line}")):
        return Rows(path, problems=faults)
    return Rows(path, tuple(_row(path, line, header, cells, commas) for line, cells in others))


def _broken(path: str, line: int, what: str, remedy: str) -> Rows:
    return Rows(path, problems=(Problem(f"{path}:{line}", what, remedy),))


def _reader(text: str) -> Any:
    return csv.reader(io.StringIO(text, newline=""), strict=True)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row begins, and its cells; rows without anything in them are passed over."""
    reader, begins = _reader(text), 1
    for cells in reader:
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield begins, stripped
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


def _row(path: str, line: int, header: tuple[str, ...], cells: list[str], commas: str) -> Row:
    row = Row(path, line, header, dict(zip(header, cells, strict=False)))
    if any(cells[len(header) :]):
        row.fault("", f"got {len(cells)} cells for {len(header)} columns.", commas)
    return row


def _header_problems(
    header: tuple[str, ...], columns: Sequence[str], optional: Collection[str], where: str
) -> Iterator[Problem]:
    wrong = next((mark for mark in _SEPARATORS if len(header) == 1 and mark in header[0]), None)
    if wrong is not None:
        what = f"got one column, '{header[0][:40]}…'."
        yield Problem(where, what, f"Separate columns with commas, not with {_SEPARATORS[wrong]}.")
        return
    for number, name in enumerate(header):
        if not name:
            yield Problem(where, f"column {number + 1} has no name.", "Name it, or remove it.")
        elif name not in columns:
            what = f"got the column '{name}'; expected {one_of(columns)}."
            yield Problem(where, what, did_you_mean(name, columns))
        elif header.index(name) != number:
            yield Problem(where, f"got the column '{name}' twice.", "Remove one.")
    # A misspelt column is not also a missing one.
    meant = {nearest(name, columns) for name in header if name and name not in columns}
    for name in columns:
        if name not in header and name not in optional and name not in meant:
            yield Problem(where, f"the column '{name}' is missing.", "Every row needs it.")
