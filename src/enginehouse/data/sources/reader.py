"""What a kind of source declares about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from enginehouse.data.keys import KeyBook
from enginehouse.data.layouts import Layout
from enginehouse.programme.sources import Source


def nothing_more(folder: Path, books: Mapping[str, KeyBook], source: Source) -> None:
    """The finish of a kind that needs none."""


def always(*layouts: Layout) -> Callable[[Source], tuple[Layout, ...]]:
    """The layouts of a kind that is published alike whatever the programme maps."""
    return lambda _: layouts


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReader:
    """One kind of source.

    `version` is part of every snapshot's id: raise it when the same bytes would become other rows. `books` names the
    key books and the fields that they number; `unique_between_files` what no two files may both hold.
    """

    version: int
    layouts: Callable[[Source], tuple[Layout, ...]]
    reads_names: bool = True
    books: Mapping[str, str] = field(default_factory=dict)
    unique_between_files: tuple[str, ...] = ()
    finish: Callable[[Path, Mapping[str, KeyBook], Source], None] = nothing_more
