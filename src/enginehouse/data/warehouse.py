"""The warehouse: immutable snapshots of sources, as Parquet, in one folder that can be rebuilt from the raw files.

    snapshots/<source>/<id>/    rows/*.parquet, quarantine/*.parquet, key books, snapshot.json
    snapshots/<source>/current  the id of the latest load
    snapshots/<source>/.partial files already converted by a load that has not ended
    sums/                       sums of rows kept between builds of indicators; may be deleted at any time

A snapshot appears by one rename when all its files are done. `loading` does the work;
how one file becomes Parquet is in `ingest` and `sources`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from enginehouse.core.files import machine_error
from enginehouse.core.progress import Progress, silent
from enginehouse.data.snapshot import Snapshot, latest_in
from enginehouse.programme.paths import find_files
from enginehouse.programme.sources import Source

if TYPE_CHECKING:
    import duckdb  # takes a third of a second to load: only when data are loaded or queried


class Warehouse:
    """The snapshots in `folder` (by custom `<programme>/.enginehouse/warehouse`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, name: str, source: Source, *, base: Path, progress: Progress = silent) -> Snapshot:
        """Load the files of a source as a snapshot, or find that the same bytes are loaded already.

        Files that an interrupted load, or the latest snapshot, has converted already are not read again.

        Raises
        ------
        DataError
            A file is missing, cannot be read, has other columns, or contradicts another file.
        MachineError
            The disk is full, or the memory.
        """
        from enginehouse.data.loading import Load, only_load

        paths = find_files(source.path, base=base, where=f"source {name}")
        home = self.folder / "snapshots" / name
        try:
            home.mkdir(parents=True, exist_ok=True)
            with only_load(home, name):
                return Load(name, source, base, home, progress).run(paths)
        except OSError as error:
            raise machine_error(error, home) from error

    def latest(self, name: str) -> Snapshot | None:
        """The latest snapshot of a source; `None` before the first load."""
        return latest_in(self.folder / "snapshots" / name)

    def snapshots(self) -> dict[str, Snapshot]:
        """The latest snapshot of every source that was loaded."""
        home = self.folder / "snapshots"
        names = sorted(path.name for path in home.iterdir()) if home.is_dir() else []
        found = ((name, self.latest(name)) for name in names)
        return {name: snapshot for name, snapshot in found if snapshot is not None}

    def connect(self) -> duckdb.DuckDBPyConnection:
        """An engine with one view for each source's latest rows, named after the source."""
        from enginehouse.data import duck

        engine = duck.connect()
        for name, snapshot in self.snapshots().items():
            engine.execute(f'CREATE VIEW "{name}" AS SELECT * FROM {duck.parquet(snapshot.paths)}')
        return engine
