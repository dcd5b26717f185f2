"""A load, step by step: checksum every file, convert those that are new, then publish all of them at once.

Every step can be killed: a converted file counts when its folder has its final name, a snapshot when its folder has,
and `current` is replaced last.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from enginehouse.core.errors import DataError, Problem, Problems, UserError
from enginehouse.core.files import file_sha256, sync_folder, write_whole
from enginehouse.core.progress import Progress
from enginehouse.data.duplicates import check_files_apart
from enginehouse.data.ingest import Ingested, ingest
from enginehouse.data.keys import KeyBook
from enginehouse.data.layouts import bind
from enginehouse.data.rawfile import open_raw
from enginehouse.data.snapshot import (
    CURRENT,
    KEYS,
    QUARANTINE,
    RECORD,
    ROWS,
    LoadedFile,
    Snapshot,
    conversion_id,
    definition_id,
    latest_in,
    loaded_file,
    read_snapshot,
    snapshot_id,
)
from enginehouse.data.sources import SOURCES, SourceReader
from enginehouse.programme.sources import Source

_DONE = "converted.json"
MOST_FAULTS_SHOWN = 10


class FaultyFiles(Problems, DataError):
    """Several files of one source cannot be used: a problem for each of them."""

    def __init__(self, faults: Sequence[DataError], *, where: str) -> None:
        super().__init__([Problem(fault.where or where, fault.what, fault.remedy) for fault in faults])
        self.where = where
        shown = [str(problem).replace("\n", "\n  ") for problem in self.problems[:MOST_FAULTS_SHOWN]]
        more = len(self.problems) - len(shown)
        self.what = "\n  ".join(
            [f"{len(faults)} files cannot be used:", *shown, *([f"and {more} more."] if more else [])]
        )


@contextmanager
def only_load(home: Path, name: str) -> Iterator[None]:
    """Hold the source against a second load; the lock goes when the process does, however it ends."""
    with open(home / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                "another load of this source is running.", where=f"source {name}", remedy="Wait until it has ended."
            ) from error
        yield


@dataclass(frozen=True, slots=True)
class _Raw:
    """A file to load, as it was when its checksum was taken."""

    path: Path
    label: str
    sha256: str
    stamp: tuple[int, int]


class Load:
    """One run of `Warehouse.load` for one source, whose snapshots are in `home`."""

    def __init__(self, name: str, source: Source, base: Path, home: Path, progress: Progress) -> None:
        self.name, self.source, self.base, self.home, self.progress = name, source, base, home, progress
        self.reader: SourceReader = SOURCES[source.kind]
        self.definition = definition_id(source, self.reader.version)
        self.partial = home / ".partial"
        self.latest = latest_in(home)
        self.books: dict[str, KeyBook] = {}

    def run(self, paths: Sequence[Path]) -> Snapshot:
        """Load the files at `paths`."""
        raws = self._checksums(paths)
        final = self.home / snapshot_id(self.definition, [raw.sha256 for raw in raws])
        if (final / RECORD).exists():
            if self.latest is None or self.latest.id != final.name:
                write_whole(self.home / CURRENT, final.name.encode())
            self.progress(f"{self.name}: already loaded as {final.name[:12]}", len(raws), len(raws))
            return read_snapshot(final, already_loaded=True)
        self._open_partial()
        files, faults = [], []
        for number, raw in enumerate(raws):
            self.progress(f"{self.name}: {raw.label}", number, len(raws))
            try:
                files.append(self._converted(raw) or self._convert(raw))
            except DataError as error:
                faults.append(error)
        if faults:
            raise faults[0] if len(faults) == 1 else FaultyFiles(faults, where=f"source {self.name}")
        self._check_files_apart(files)
        return self._publish(final, files)

    def _checksums(self, paths: Sequence[Path]) -> tuple[_Raw, ...]:
        """Hash the files, two at a time; two files of equal content are a mistake."""
        self.progress(f"{self.name}: checksums", 0, len(paths))
        with ThreadPoolExecutor(max_workers=2) as pool:
            raws = tuple(pool.map(self._checksum, paths))
        seen: dict[str, str] = {}
        for raw in raws:
            if raw.sha256 in seen:
                raise DataError(
                    f"{seen[raw.sha256]} and {raw.label} are the same file under two names.",
                    where=f"source {self.name}",
                    remedy="Keep one of them in the source's path.",
                )
            seen[raw.sha256] = raw.label
        return raws

    def _checksum(self, path: Path) -> _Raw:
        label = str(path.relative_to(self.base)) if path.is_relative_to(self.base) else path.name
        stamp = _stamp(path)
        return _Raw(path, label, file_sha256(path), stamp)

    def _open_partial(self) -> None:
        """Use what an interrupted load of the same definition left, or begin anew from the latest snapshot's keys.

        Keys of converted files mean something only with the books they were made with, so a partial folder that began
        from another snapshot is thrown away.
        """
        latest = self.latest
        same = latest is not None and latest.definition == self.definition
        origin = f"{self.definition} {latest.id if latest is not None and same else ''}"
        mark = self.partial / "origin"
        if self.partial.exists() and not (mark.exists() and mark.read_text() == origin):
            shutil.rmtree(self.partial)
        self.partial.mkdir(exist_ok=True)
        write_whole(mark, origin.encode())
        for leftover in self.partial.glob("*.writing"):
            shutil.rmtree(leftover)
        kept = latest.folder if latest is not None and same else self.partial
        for book in self.reader.books:
            ours, theirs = self.partial / KEYS / f"{book}.txt", kept / KEYS / f"{book}.txt"
            self.books[book] = KeyBook.read(ours if ours.exists() else theirs)

    def _converted(self, raw: _Raw) -> LoadedFile | None:
        """What an earlier run made of the same bytes, if its keys still mean the same.

        What is in the latest snapshot already is on the disk for good: it is linked from there when all is published.
        """
        name = conversion_id(self.definition, raw.label, raw.sha256)
        done = self.partial / name / _DONE
        latest, file = self.latest, None
        if done.exists():
            file = loaded_file(json.loads(done.read_bytes()))
        elif latest is not None and latest.definition == self.definition:
            file = next((f for f in latest.files if f.converted == name), None)
        return file if file is not None and self._seals_hold(file.seals) else None

    def _made(self, file: LoadedFile, part: str) -> Path:
        """Where a converted file's rows, or its quarantine, are: in this load's folder, or in the latest snapshot."""
        ours = self.partial / file.converted
        if ours.exists() or self.latest is None:
            return ours / f"{part}.parquet"
        return self.latest.folder / part / f"{file.converted}.parquet"

    def _seals_hold(self, seals: Mapping[str, tuple[int, str]]) -> bool:
        return all(self.books[book].seal(size) == seal for book, (size, seal) in seals.items())

    def _convert(self, raw: _Raw) -> LoadedFile:
        name = conversion_id(self.definition, raw.label, raw.sha256)
        writing = self.partial / f"{name}.writing"
        shutil.rmtree(self.partial / name, ignore_errors=True)
        writing.mkdir()
        layout, counts = self._ingest(raw, writing)
        if _stamp(raw.path) != raw.stamp:
            raise DataError(
                "the file changed while it was being read.",
                where=raw.label,
                remedy="Load again when nothing writes to it any more.",
            )
        file = LoadedFile(
            name=raw.label,
            sha256=raw.sha256,
            rows=counts.rows,
            quarantined=counts.quarantined,
            set_aside=counts.set_aside,
            layout=layout,
            converted=name,
            months=counts.months,
            seals={book: (len(keys), keys.seal(len(keys))) for book, keys in self.books.items()},
        )
        self._finish(writing, file)
        return file

    def _ingest(self, raw: _Raw, into: Path) -> tuple[str, Ingested]:
        """The name of the file's layout, and what became of its rows."""
        layouts = self.reader.layouts(self.source)
        look = open_raw(raw.path, label=raw.label, header=layouts[0].header, reads_names=self.reader.reads_names)
        layout, bound = bind(look, layouts, self.source)
        books = {field: self.books[book] for book, field in self.reader.books.items()}
        scheme = self.source.site_scheme
        counts = ingest(look, layout, bound, scheme=scheme, books=books, into=into, progress=self.progress)
        return layout.name, counts

    def _finish(self, writing: Path, file: LoadedFile) -> None:
        """Give a converted file its final name: keys first, so that it never names a key that is not kept."""
        for book, keys in self.books.items():
            keys.write(self.partial / KEYS / f"{book}.txt")
        for path in writing.glob("*.parquet"):
            _sync_file(path)
        write_whole(writing / _DONE, json.dumps(asdict(file)).encode())
        writing.rename(self.partial / file.converted)
        sync_folder(self.partial)

    def _check_files_apart(self, files: Sequence[LoadedFile]) -> None:
        """Compare only files that could overlap: those that share a month, where rows have months."""
        unique = self.reader.unique_between_files
        if not unique or len(files) < 2:
            return
        holders: dict[str, set[str]] = {}
        for file in files:
            for month in file.months or ("",):
                holders.setdefault(month, set()).add(file.converted)
        suspects = set().union(*(names for names in holders.values() if len(names) > 1))
        paths = {self._made(f, ROWS): f.name for f in files if f.converted in suspects}
        if paths:
            check_files_apart(paths, unique, where=f"source {self.name}")

    def _publish(self, final: Path, files: Sequence[LoadedFile]) -> Snapshot:
        """Put the parts together out of sight, then show them by one rename."""
        folder = self.partial / "snapshot.writing"
        self._assemble(folder, files)
        layouts = self.reader.layouts(self.source)
        snapshot = Snapshot(
            source=self.name,
            id=final.name,
            kind=self.source.kind,
            definition=self.definition,
            site_scheme=self.source.site_scheme,
            set_aside_because=next((layout.set_aside_because for layout in layouts if layout.set_aside), ""),
            files=tuple(files),
            folder=final,
        )
        write_whole(folder / RECORD, snapshot.to_record())
        if final.exists():  # without its record: not a snapshot, but something half-removed
            shutil.rmtree(final)
        folder.rename(final)
        sync_folder(self.home)
        write_whole(self.home / CURRENT, final.name.encode())
        shutil.rmtree(self.partial)
        self.progress(f"{self.name}: {snapshot.rows:,} rows", len(files), len(files))
        return snapshot

    def _assemble(self, folder: Path, files: Sequence[LoadedFile]) -> None:
        for part in (ROWS, QUARANTINE, KEYS):
            (folder / part).mkdir(parents=True)
        for file in files:
            for part in (ROWS, QUARANTINE):
                made = self._made(file, part)
                if made.exists():
                    link(made, folder / part / f"{file.converted}.parquet")
        for book, keys in self.books.items():
            keys.write(folder / KEYS / f"{book}.txt")
        self.reader.finish(folder, self.books, self.source)


def link(old: Path, new: Path) -> None:
    """The same file under a second name; a copy where the file system has no links."""
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _sync_file(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())
