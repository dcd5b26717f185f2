"""The file of cases: its schema, and the grids beside it. Which number is near enough is in `compare.py`.

A grid is one case: it is as good as its worst row.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Inputs, what another program made of them, and how near one must come.

    `data` names the data set or sets in the folder of data; `source` is the other program (package, version, call), whose
    conventions a topic follows (one tail or both, for one).
    """

    id: str
    topic: str
    inputs: Mapping[str, Any]
    expected: Any
    tolerance: Mapping[str, Any]
    source: Mapping[str, Any] = field(default_factory=dict)
    data: str | None = None
    notes: str = ""

    @property
    def package(self) -> str:
        """The other program's name."""
        return str(self.source.get("package") or "none")

    @property
    def call(self) -> str:
        """How the other program was called, or the formula in words."""
        return str(self.source.get("call") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What counts as one case: a single one, or the rows of a grid."""

    id: str
    topic: str
    cases: tuple[Case, ...]
    is_grid: bool = False


def read_groups(file: Path) -> list[Group]:
    """Every grid and every case of a file, in its order; grids lie relative to the file."""
    content = json.loads(file.read_text(encoding="utf-8"))
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ValueError(f"{file}: schema version {version}; this runner reads version {SCHEMA_VERSION}")
    grids = [_grid(grid, file.parent) for grid in content.get("grids") or []]
    return [*grids, *(_single(case) for case in content.get("cases") or [])]


def _single(record: Mapping[str, Any]) -> Group:
    case = Case(
        id=record["id"],
        topic=record["topic"],
        inputs=record["inputs"] or {},
        expected=record["expected"],
        tolerance=record.get("tolerance") or {},
        source=record.get("source") or {},
        data=record.get("data"),
        notes=record.get("notes") or "",
    )
    return Group(id=case.id, topic=case.topic, cases=(case,))


def _grid(record: Mapping[str, Any], folder: Path) -> Group:
    name = Path(record["file"]).stem
    inputs, outputs = _names(record["inputs"]), _names(record["outputs"])
    with (folder / record["file"]).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    cases = tuple(
        Case(
            id=f"{name}[{number}]",
            topic=record["topic"],
            inputs={key: as_value(row[key]) for key in inputs},
            expected={key: as_value(row[key]) for key in outputs},
            tolerance=record.get("tolerance") or {},
            source=record.get("source") or {},
            notes=record.get("notes") or "",
        )
        for number, row in enumerate(rows, start=1)
    )
    return Group(id=name, topic=record["topic"], cases=cases, is_grid=True)


def _names(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


def as_value(text: str) -> float | int | str | None:
    """A cell as a whole number, a number, nothing or a text; a text of digits with slashes stays one.

    A schedule such as `011` would lose its first digit as a number, so that leading zeros make a text.
    """
    if text in ("", "NA"):
        return None
    if len(text) > 1 and text[0] == "0" and text.isdigit():
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
