"""Random numbers that anyone can make again with SHA-256 alone: integers without bias, and permutations.

The stream, in full, so that it can be written anew in any language:

1. *Words.* A key is a text of ASCII characters. Block b of its stream (b = 0, 1, 2, ...) is the SHA-256 of the text
   `key/b`, b in decimal. Each block of 32 bytes is eight words of four bytes, the first byte the most significant.
   The words of block 0 come first, in order, then those of block 1, and so on.
2. *An integer below n* (n from 1 to 2^32). Let L = 2^32 - (2^32 mod n). Take words until one is below L; the integer
   is that word modulo n. So every integer is equally likely. One word is used up even where n is 1.
3. *A permutation* of a list of n entries (Fisher and Yates). For i = n-1, n-2, ..., 1: let j be an integer below i+1,
   and swap the entries at i and j (counted from 0).

What is drawn with it is in `schemes.py`, `blocks.py` and `draw.py`. NumPy's generators are not used for allocation, as
their streams are theirs to change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import UserError

Integers = npt.NDArray[np.int64]
WORDS_IN_BLOCK = 8
_RANGE = 2**32


class Stream:
    """The words of one key, in order."""

    def __init__(self, key: str) -> None:
        self._prefix = ascii_key(key)
        self._block = 0
        self._words: list[int] = []

    def word(self) -> int:
        """The next word, from 0 to 2^32 - 1."""
        if not self._words:
            digest = hashlib.sha256(self._prefix + str(self._block).encode()).digest()
            self._words = [int.from_bytes(digest[i : i + 4], "big") for i in range(28, -4, -4)]
            self._block += 1
        return self._words.pop()

    def below(self, n: int) -> int:
        """A uniform integer from 0 to n - 1."""
        limit = _RANGE - _RANGE % n
        while (word := self.word()) >= limit:
            pass
        return word % n

    def shuffle(self, entries: list[int]) -> list[int]:
        """The entries in a uniformly random order, in a new list."""
        shuffled = list(entries)
        for i in range(len(shuffled) - 1, 0, -1):
            j = self.below(i + 1)
            shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
        return shuffled


def integer_table(keys: Sequence[str], bounds: Sequence[int]) -> Integers:
    """For each key (rows), what `below` gives for each of `bounds` in turn (columns): many streams at once.

    Parameters
    ----------
    keys
        One stream each.
    bounds
        The n of each integer, in the order in which they are drawn.

    Returns
    -------
    integer array, shape (keys, bounds)
    """
    if not bounds or not keys:
        return np.zeros((len(keys), len(bounds)), dtype=np.int64)
    blocks = -(-len(bounds) // WORDS_IN_BLOCK)
    endings = [str(block).encode() for block in range(blocks)]
    sha256 = hashlib.sha256
    digests = b"".join(
        sha256(prefix + ending).digest() for prefix in (ascii_key(key) for key in keys) for ending in endings
    )
    words = np.frombuffer(digests, dtype=">u4").reshape(len(keys), blocks * WORDS_IN_BLOCK)[:, : len(bounds)]
    n = np.asarray(bounds, dtype=np.int64)
    table = words.astype(np.int64)
    refused = np.flatnonzero((table >= _RANGE - _RANGE % n).any(axis=1))
    table %= n
    for row in refused.tolist():  # a word was above the limit: about once in ten million
        stream = Stream(keys[row])
        table[row] = [stream.below(int(bound)) for bound in n]
    return table


def shuffled_rows(rows: Integers, integers: Integers) -> Integers:
    """Each row permuted by its own integers (below n, n-1, ..., 2), as `Stream.shuffle` does one list."""
    shuffled = np.ascontiguousarray(rows.T)  # one step touches one entry of every row
    across = np.arange(shuffled.shape[1])
    for step, i in enumerate(range(shuffled.shape[0] - 1, 0, -1)):
        j = integers[:, step]
        chosen = shuffled[j, across]
        shuffled[j, across] = shuffled[i]
        shuffled[i] = chosen
    return np.ascontiguousarray(shuffled.T)


def ascii_key(key: str) -> bytes:
    """The key with the stroke that stands before the number of a block."""
    try:
        return f"{key}/".encode("ascii")
    except UnicodeEncodeError as error:
        raise UserError(
            f"got the seed '{key}'.", where="seed", remedy="Use letters, digits and signs of plain ASCII only."
        ) from error
