"""Tables of numbers as files. Only what was released can be written."""

from __future__ import annotations

import csv
import io

from enginehouse.governance.disclosure import ReleasedTable


def render_csv(table: ReleasedTable) -> bytes:
    """The table as CSV: UTF-8, one header line, suppressed cells as `[c]`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows([_cell(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode()


def _cell(cell: str | int | float) -> str | int | float:
    """A whole number is written as one."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
