"""Sums of a month's rows that are kept between builds: a new month is then added up alone.

What is kept is named by a hash of all that it follows from: the rows, the meaning of their keys, and what each code
counts for in each sum. So nothing kept can be out of date; what is damaged is noticed and made again, and the whole
folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from enginehouse.core.files import write_whole
from enginehouse.indicators.cube import COLUMNS, DECIMALS, UNUSED, WHOLE, CodeClasses, Integers, SlotSums

VERSION = 1
"""To be raised with any change in how rows are added up."""
MOST_KEPT = 1000
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class RowsOfFile:
    """What names the rows of one converted file: a text made from its content, and how many codes had a key then."""

    content: str
    codes: int


@dataclass(frozen=True, slots=True)
class KeptSums:
    """The folder of kept sums. Several processes may use it at once: a file in it is whole or absent."""

    folder: Path

    def get(self, name: str) -> SlotSums | None:
        """What is kept under `name`; `None` where there is nothing, or nothing whole."""
        try:
            raw = (self.folder / name).read_bytes()
        except OSError:
            return None
        digest, content = raw[:_DIGEST], raw[_DIGEST:]
        if hashlib.sha256(name.encode() + content).digest() != digest:
            return None
        stream = io.BytesIO(content)
        practice, month, values = (np.load(stream, allow_pickle=False) for _ in range(3))
        return SlotSums(practice=practice, month=month, values=values)

    def put(self, name: str, sums: SlotSums) -> None:
        """Keep `sums` under `name`."""
        stream = io.BytesIO()
        for part in (sums.practice, sums.month, sums.values):
            np.save(stream, np.ascontiguousarray(part), allow_pickle=False)
        content = stream.getvalue()
        write_whole(self.folder / name, hashlib.sha256(name.encode() + content).digest() + content)

    def prune(self) -> None:
        """Remove what was made longest ago, beyond the most that is kept."""
        for path in sorted(self._files(), key=_made)[:-MOST_KEPT]:
            path.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from (path for path in self.folder.iterdir() if not path.name.startswith("."))


def _made(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process has removed it
        return 0.0


def names_of_sums(files: Sequence[RowsOfFile], classes: CodeClasses, code_keys: Integers) -> list[str]:
    """The name under which the sums of each file are kept.

    Codes that got their key after a file was converted are not in it, so they do not count: a new code of a later month
    changes no name.
    """
    counted: dict[int, str] = {}
    for file in files:
        if file.codes not in counted:
            counted[file.codes] = _classes_hash(classes, code_keys < file.codes, code_keys)
    return [_hash([file.content.encode(), counted[file.codes].encode()]) for file in files]


def _classes_hash(classes: CodeClasses, there: np.ndarray, code_keys: Integers) -> str:
    """A hash of what each code that is there counts for, and of how it is added up."""
    order = np.argsort(code_keys[there], kind="stable")
    class_of = classes.class_of[there][order].astype("<i4")
    weights = classes.weights[: int(class_of.max(initial=UNUSED)) + 1].astype("<f8")
    columns = ",".join(COLUMNS[slot.sum] for slot in classes.slots)
    how = f"{VERSION} {duckdb.__version__} {np.__version__} {WHOLE} {DECIMALS} {columns} {weights.shape}"
    keys = np.sort(code_keys[there]).astype("<i4")
    return _hash([how.encode(), keys.tobytes(), class_of.tobytes(), weights.tobytes()])


def _hash(parts: Sequence[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()
