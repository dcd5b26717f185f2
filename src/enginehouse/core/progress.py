"""How long work says where it is. Rooms call it; only the command line prints."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done and, where known, how much of it is done."""

    def __call__(self, message: str, done: int = 0, total: int = 0) -> None: ...


def silent(message: str, done: int = 0, total: int = 0) -> None:
    """The progress of a caller who does not want any."""
