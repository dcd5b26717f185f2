"""One load of one source, as it will stay: which files, by checksum, became which Parquet, and how many rows fitted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from enginehouse.programme.enums import SourceKind
from enginehouse.programme.sources import Source

RECORD, CURRENT = "snapshot.json", "current"
ROWS, QUARANTINE, KEYS = "rows", "quarantine", "keys"


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One raw file of a snapshot.

    `set_aside` counts rows that are right but of no use to the source (a region's total in a file of practices);
    `months` the rows of each month (YYYY-MM), where rows have one; `converted` names its Parquet files.
    """

    name: str
    sha256: str
    rows: int
    quarantined: int
    set_aside: int
    layout: str
    converted: str
    months: Mapping[str, int] = field(default_factory=dict)
    seals: Mapping[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable load. Equal input has the equal `id`; `already_loaded` says that this load found it done."""

    source: str
    id: str
    kind: SourceKind
    definition: str
    site_scheme: str
    set_aside_because: str
    files: tuple[LoadedFile, ...]
    folder: Path = field(compare=False)
    already_loaded: bool = field(default=False, compare=False)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The Parquet file of each raw file, in the files' order."""
        return tuple(self.folder / ROWS / f"{file.converted}.parquet" for file in self.files)

    @property
    def quarantines(self) -> tuple[Path, ...]:
        """The Parquet files of rows that did not fit: columns file, row, reason, text."""
        return tuple(self.folder / QUARANTINE / f"{file.converted}.parquet" for file in self.files if file.quarantined)

    @property
    def quarantine(self) -> Path | None:
        """The folder of the rows that did not fit, when there are any."""
        return self.folder / QUARANTINE if self.quarantined else None

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def quarantined(self) -> int:
        return sum(file.quarantined for file in self.files)

    @property
    def set_aside(self) -> int:
        return sum(file.set_aside for file in self.files)

    @property
    def months(self) -> dict[str, int]:
        """Rows by month (YYYY-MM) over all files."""
        total: dict[str, int] = {}
        for file in self.files:
            for month, rows in file.months.items():
                total[month] = total.get(month, 0) + rows
        return dict(sorted(total.items()))

    def to_record(self) -> bytes:
        record = asdict(self) | {"kind": self.kind.value}
        del record["folder"], record["already_loaded"]
        return json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False).encode()


def read_snapshot(folder: Path, *, already_loaded: bool = False) -> Snapshot:
    """The snapshot kept in `folder`."""
    record = json.loads((folder / RECORD).read_bytes())
    files = tuple(loaded_file(entry) for entry in record.pop("files"))
    kind = SourceKind(record.pop("kind"))
    return Snapshot(**record, kind=kind, files=files, folder=folder, already_loaded=already_loaded)


def loaded_file(entry: Mapping[str, object]) -> LoadedFile:
    """Read back one file's record."""
    seals = {name: (size, seal) for name, (size, seal) in dict(entry["seals"]).items()}  # type: ignore[call-overload]
    return LoadedFile(**(dict(entry) | {"seals": seals}))  # type: ignore[arg-type]


def definition_id(source: Source, loader_version: int) -> str:
    """A hash of all that decides what the same bytes become: kind, loader and mapping, but not where the files lie."""
    mapping = source.model_dump(mode="json", exclude={"path", "disclosure", "attribution"})
    return _hash([json.dumps(mapping, sort_keys=True), str(loader_version)])


def snapshot_id(definition: str, checksums: Iterable[str]) -> str:
    """The id of a snapshot: its definition and the files' checksums in any order."""
    return _hash([definition, *sorted(checksums)])[:32]


def conversion_id(definition: str, name: str, checksum: str) -> str:
    """The name of what one file becomes. The file's name is in it because the quarantine quotes it."""
    return _hash([definition, name, checksum])[:32]


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def latest_in(home: Path) -> Snapshot | None:
    """The snapshot that `current` points to."""
    pointer = home / CURRENT
    folder = home / pointer.read_text(encoding="utf-8").strip() if pointer.exists() else None
    return read_snapshot(folder) if folder is not None and (folder / RECORD).exists() else None
