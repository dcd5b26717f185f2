"""The one mark that running text knows, `**strong**`, read once for every kind of output."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STRONG = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, strong or not."""

    text: str
    strong: bool = False


def runs(text: str) -> tuple[Run, ...]:
    """`text` cut at its marks; an unpaired mark stays as it is."""
    parts = _STRONG.split(text)
    return tuple(Run(part, strong=position % 2 == 1) for position, part in enumerate(parts) if part)


def plain(text: str) -> str:
    """`text` without its marks."""
    return "".join(run.text for run in runs(text))
