"""What SQLite's refusals mean to the person at the keyboard."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import IntegrityError, MachineError, UserError


@dataclass(frozen=True, slots=True)
class _Meaning:
    error: type[UserError]
    what: str
    remedy: str


_FULL = "Free some disk space (or raise the file-size limit) and run the same command again. Nothing was recorded."
_WRITABLE = (
    "Check that the folder and the file can be written; a copy on read-only media must be copied to a disk first."
)
RESTORE = "Restore the file from a backup, then run `enginehouse ledger verify`."

_MEANINGS = {
    sqlite3.SQLITE_FULL: _Meaning(MachineError, "could not write the record: the disk is full", _FULL),
    sqlite3.SQLITE_IOERR: _Meaning(MachineError, "could not read or write the record", _FULL),
    sqlite3.SQLITE_CANTOPEN: _Meaning(MachineError, "could not open the record", _WRITABLE),
    sqlite3.SQLITE_READONLY: _Meaning(MachineError, "could not write the record", _WRITABLE),
    sqlite3.SQLITE_PERM: _Meaning(MachineError, "could not open the record", _WRITABLE),
    sqlite3.SQLITE_BUSY: _Meaning(
        MachineError,
        "another command has been writing to the record all this time",
        "Wait until it has ended and run the same command again. Nothing was recorded.",
    ),
    sqlite3.SQLITE_CORRUPT: _Meaning(IntegrityError, "the file of the record is damaged", RESTORE),
    sqlite3.SQLITE_NOTADB: _Meaning(IntegrityError, "the file of the record is damaged", RESTORE),
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the machine or the file does wrong into an error for users; the rest are our defects and pass."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        # The low byte is the kind, the rest the detail (SQLITE_IOERR_WRITE is a kind of SQLITE_IOERR).
        meaning = _MEANINGS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if meaning is None:
            raise
        raise meaning.error(f"{meaning.what} ({error}).", where=str(path), remedy=meaning.remedy) from error
    except UnicodeDecodeError as error:
        # SQLite quotes the damaged file in its message, and Python cannot read the message.
        raise IntegrityError("the file of the record is damaged.", where=str(path), remedy=RESTORE) from error
