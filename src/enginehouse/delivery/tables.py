"""Small CSV files that people hand in (contacts, what became of reports, exposure): every fault is reported at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from enginehouse.core.errors import Problem, Problems, did_you_mean
from enginehouse.core.ids import site_id


@dataclass(slots=True)
class Row:
    """One row with its place in the file; asking for a cell notes what is wrong with it and goes on."""

    where: str
    cells: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def text(self, column: str, *, required: bool = True) -> str:
        value = self.cells.get(column, "").strip()
        if required and not value:
            self.fault(column, "got nothing.", "Fill it in.")
        return value

    def one_of(self, column: str, allowed: Iterable[str]) -> str:
        value, options = self.text(column), tuple(allowed)
        if value and value not in options:
            self.fault(column, f"got '{value}'.", did_you_mean(value, options))
        return value

    def site(self, column: str, known: Iterable[str], *, scheme: str) -> str:
        """A site's id; `known` are those that belong here."""
        value = self.text(column)
        site = site_id(value, scheme=scheme) if value else ""
        if site and site not in set(known):
            self.fault(column, f"got '{value}', which is not a site of this cycle.", "Take the row out, or correct it.")
        return site

    def number(self, column: str, *, at_least: float = 0, required: bool = True) -> float:
        value = self.text(column, required=required)
        try:
            number = float(value) if value else 0.0
        except ValueError:
            number = -1.0
        if value and not at_least <= number < 1e12:
            self.fault(column, f"got '{value}'; expected a number of at least {at_least:g}.", "Write digits alone.")
        return number

    def day(self, column: str) -> date:
        value = self.text(column)
        try:
            return date.fromisoformat(value)
        except ValueError:
            if value:
                self.fault(column, f"got '{value}' for a day.", "Write it as YYYY-MM-DD, for example 2026-05-01.")
            return date.min

    def fault(self, column: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(f"{self.where}  {column}", what, remedy))


def read_table[T](path: Path, columns: Sequence[str], read: Callable[[Row], T]) -> tuple[T, ...]:
    """Every row of a CSV file that has exactly `columns` (those ending in `?` may be missing).

    Raises
    ------
    Problems
        The file or some of its rows cannot be used; all are listed and nothing is taken over.
    """
    rows = _rows(path, columns)
    found = [read(row) for row in rows]
    problems = [problem for row in rows for problem in row.problems]
    if problems:
        raise Problems(problems)
    return tuple(found)


def _rows(path: Path, columns: Sequence[str]) -> list[Row]:
    reader = csv.reader(io.StringIO(_text(path), newline=""))
    header = [name.strip().lower() for name in next(reader, [])]
    allowed = [name.removesuffix("?") for name in columns]
    required = [name for name in columns if not name.endswith("?")]
    if not set(required) <= set(header) <= set(allowed) or len(set(header)) < len(header):
        got = ",".join(header) or "nothing"
        raise Problems([Problem(f"{path}:1", f"got the columns {got}.", f"Expected: {','.join(allowed)}.")])
    rows = []
    for cells in reader:
        if any(cell.strip() for cell in cells):
            row = Row(f"{path}:{reader.line_num}", dict(zip(header, cells, strict=False)))
            if len(cells) != len(header):
                row.fault("", f"got {len(cells)} cells; expected {len(header)}.", "Quote cells that hold commas.")
            rows.append(row)
    return rows


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Problems([Problem(str(path), "there is no such file.", "Check its name.")]) from error
    except UnicodeDecodeError as error:
        raise Problems([Problem(str(path), "the file is not UTF-8 text.", "Save it as 'CSV UTF-8'.")]) from error
