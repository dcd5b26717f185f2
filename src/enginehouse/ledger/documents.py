"""Immutable files named by their own SHA-256: protocols, panels, evaluations, dossiers.

A document counts only once an event names it. One that no event names was left by a command that was interrupted,
and is swept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from enginehouse.core.errors import IntegrityError
from enginehouse.core.files import file_sha256, sync_folder, write_whole
from enginehouse.ledger.canonical import is_sha256_hex, sha256_hex

# A partial file may belong to a command that is still writing it; nothing takes an hour to write.
PARTIAL_IS_OLD_AFTER_SECONDS = 3600


class DocumentStore:
    """A flat folder of documents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keep `content`; when this returns it is on the disk whole. Putting it again changes nothing."""
        name = sha256_hex(content)
        path = self.folder / name
        if self.fault(name) is None:
            # Whoever put it here may not have got as far as making its name durable.
            sync_folder(self.folder)
        else:
            write_whole(path, content)
            path.chmod(0o444)  # stops an accident, not an intention
        return name

    def get(self, name: str) -> bytes:
        """The content of a document, having checked that it is what its name says."""
        try:
            content = self.path(name).read_bytes()
        except FileNotFoundError as error:
            raise IntegrityError("this document is missing.", where=str(self.path(name)), remedy=_RESTORE) from error
        if sha256_hex(content) != name:
            raise IntegrityError("this document was altered.", where=str(self.path(name)), remedy=_RESTORE)
        return content

    def path(self, name: str) -> Path:
        """Where the document of this name is, or would be."""
        if not is_sha256_hex(name):
            raise IntegrityError(f"got '{name}' for the name of a document.", remedy="Documents are named by SHA-256.")
        return self.folder / name

    def fault(self, name: str) -> str | None:
        """'missing' or 'altered', or None for a document that is as it should be."""
        path = self.path(name)
        if not path.is_file():
            return "missing"
        return None if file_sha256(path) == name else "altered"

    def names(self) -> Iterator[str]:
        """The names of all documents in the folder, named by an event or not."""
        if self.folder.is_dir():
            yield from (path.name for path in self.folder.iterdir() if is_sha256_hex(path.name))

    def sweep(self, named: Iterable[str]) -> tuple[str, ...]:
        """Delete the documents that are not in `named`, and old partial files; return the names of the documents."""
        kept = set(named)
        swept = tuple(sorted(name for name in self.names() if name not in kept))
        for name in swept:
            (self.folder / name).unlink()
        for partial in self._old_partials():
            partial.unlink(missing_ok=True)
        return swept

    def _old_partials(self) -> list[Path]:
        oldest = time.time() - PARTIAL_IS_OLD_AFTER_SECONDS
        return [path for path in self.folder.glob(".*.partial") if path.stat().st_mtime < oldest]


_RESTORE = "Restore it from a backup; nothing else can replace it."
