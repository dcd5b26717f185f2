"""Integer keys for texts that repeat by the million (practice and prescription codes).

A book only grows: a key that a converted file uses keeps its meaning, so files converted earlier can be used again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from enginehouse.core.files import write_whole


class KeyBook:
    """Texts numbered from 0 in the order in which they were first seen."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._keys = {text: key for key, text in enumerate(texts)}

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def texts(self) -> list[str]:
        """The text of key 0, of key 1 and so on."""
        return list(self._keys)

    def key(self, text: str) -> int:
        """The key of `text`, which gets the next free one when it is new."""
        return self._keys.setdefault(text, len(self._keys))

    @classmethod
    def read(cls, path: Path) -> KeyBook:
        """The book kept at `path`; an absent file is an empty book."""
        return cls(path.read_text(encoding="utf-8").split("\n")[:-1]) if path.exists() else cls()

    def write(self, path: Path) -> None:
        write_whole(path, "".join(f"{text}\n" for text in self._keys).encode())

    def seal(self, size: int) -> str:
        """A hash of the first `size` texts: equal seals mean that keys below `size` have the same meaning."""
        return hashlib.sha256("\n".join(self.texts[:size]).encode()).hexdigest()
