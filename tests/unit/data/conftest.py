"""Small files written by hand, loaded into a warehouse of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from enginehouse.data.snapshot import Snapshot
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.programme import ProgrammeSettings
from enginehouse.programme.sources import Source

Load = Callable[..., Snapshot]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


@pytest.fixture
def load(tmp_path: Path, warehouse: Warehouse) -> Load:
    """`load("totals", "a,b\\n1,2\\n", columns={...})` writes the content (one text or a dict of files) and loads it."""

    def run(
        kind: str, content: str | bytes | Mapping[str, str | bytes], *, name: str = "source", **settings: Any
    ) -> Snapshot:
        files = content if isinstance(content, Mapping) else {f"{name}.csv": content}
        for file, text in files.items():
            (tmp_path / file).write_bytes(text if isinstance(text, bytes) else text.encode())
        path = settings.pop("path", list(files))
        return warehouse.load(name, Source(kind=kind, path=path, **settings), base=tmp_path)

    return run


@pytest.fixture
def rows() -> Callable[[Snapshot], list[dict[str, Any]]]:
    """All rows of a snapshot."""

    def read(snapshot: Snapshot) -> list[dict[str, Any]]:
        with duckdb.connect() as engine:
            paths = [str(path) for path in snapshot.paths]
            return engine.read_parquet(paths, union_by_name=True).to_arrow_table().to_pylist()

    return read


@pytest.fixture
def quarantine() -> Callable[[Snapshot], list[tuple[str, int, str, str]]]:
    """File, row, reason and text of every row that did not fit."""

    def read(snapshot: Snapshot) -> list[tuple[str, int, str, str]]:
        with duckdb.connect() as engine:
            return [
                row for path in snapshot.quarantines for row in engine.read_parquet(str(path)).order("row").fetchall()
            ]

    return read


@pytest.fixture
def settings_of() -> Callable[[Mapping[str, Mapping[str, Any]]], ProgrammeSettings]:
    """A programme's settings with these sources."""

    def make(sources: Mapping[str, Mapping[str, Any]]) -> ProgrammeSettings:
        return ProgrammeSettings(
            schema=1,
            name="test",
            title="A test",
            setting="Nowhere",
            price_year=2020,
            sources={name: Source(**source) for name, source in sources.items()},
        )

    return make
