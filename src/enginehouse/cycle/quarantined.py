"""Step: the rows that loading set aside, as they stand in their files, for whoever has to correct them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.cycle.workspace import Workspace
from enginehouse.data.quarantine import read_quarantine


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row that did not fit, with its source. `row` is its number as a spreadsheet shows it."""

    source: str
    file: str
    row: int
    reason: str
    text: str


def quarantined_rows(workspace: Workspace, *, sources: Sequence[str] = ()) -> tuple[SourceRow, ...]:
    """The rows set aside by the latest load of the named sources, or of all, in the order of their files."""
    declared = workspace.programme.settings.sources
    for name in sources:
        if name not in declared:
            where = str(workspace.programme.folder / "programme.yaml")
            raise UserError(f"got source '{name}'.", where=where, remedy=did_you_mean(name, declared))
    return tuple(row for name in dict.fromkeys(sources or declared) for row in _of_source(workspace, name))


def quarantined_csv(rows: Sequence[SourceRow]) -> bytes:
    """The same as a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(SourceRow))
    writer.writerows(astuple(row) for row in rows)
    return text.getvalue().encode()


def _of_source(workspace: Workspace, name: str) -> list[SourceRow]:
    snapshot = workspace.warehouse.latest(name)
    rows = () if snapshot is None else read_quarantine(snapshot)
    return [SourceRow(name, row.file, row.row, row.reason, row.text) for row in rows]
