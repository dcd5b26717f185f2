"""Files that are whole or absent, whatever happens to the process that writes them; and work for one at a time."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from enginehouse.core.errors import MachineError

PARTIAL = ".partial"
"""How the name of a file ends while it is written. One that is left was not finished: its process was killed."""


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` so that a reader sees the old file or the new one, never a part (write, fsync, rename, fsync)."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # what could not be written cannot always be removed
            partial.unlink(missing_ok=True)
        raise machine_error(error, path) from error


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def machine_error(error: OSError, path: Path) -> MachineError:
    """The user's version of a failed write."""
    full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
    remedy = (
        "Free some disk space (or raise the file-size limit) and run the same command again."
        if full
        else "Check the folder and its permissions."
    )
    return MachineError(f"could not write the file: {error.strerror or error}.", where=str(path), remedy=remedy)


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Wait until nobody else holds `lock`, and hold it; it is let go when the process ends, however that is."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = open(lock, "w")  # noqa: SIM115
    except OSError as error:
        raise machine_error(error, lock) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
