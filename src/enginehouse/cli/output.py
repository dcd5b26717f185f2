"""What a command gives back: text for people, and the same as plain values for `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    text: str
    record: Any
    exit_code: int = 0


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as aligned text."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
