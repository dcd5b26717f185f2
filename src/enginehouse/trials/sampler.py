"""Random numbers that anyone can make again with SHA-256 alone: integers without bias, and permutations.

The stream, in full, so that it can be written anew in any language:

1. *Words.* A key is a text of ASCII characters. Block b of its stream (b = 0, 1, 2, ...) is the SHA-256 of the text
   `key/b`, b in decimal. Each block of 32 bytes is eight words of four bytes, the first byte the most significant.
   The words of block 0 come first, in order, then those of block 1, and so on.
2. *An integer below n* (n from 1 to 2^32). Let L = 2^32 - (2^32 mod n). Take words until one is below L; the integer
   is that word modulo n. So every integer is equally likely. One word is used up even where n is 1.
3. *A permutation* of a list of n entries (Fisher and Yates). For i = n-1, n-2, ..., 1: let j be an integer below i+1,
   and swap the entries at i and j (counted from 0).
4. *Long streams.* Where `schemes.py` says so, the words of a key are instead the bytes of SHAKE-128 of the text of the
   key, four at a time: one call makes as many words as are wanted, so that a hundred thousand schemes take no longer.

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
Words = npt.NDArray[np.uint32]
WORDS_IN_BLOCK = 8
_RANGE = 2**32
_LONG_BLOCK = 168


class Stream:
    """The words of one key, in order; `long` for those of a long stream."""

    def __init__(self, key: str, *, long: bool = False) -> None:
        self._prefix = ascii_key(key)
        self._block = 0
        self._words: list[int] = []
        self._next = self._long_block if long else self._hashed_block

    def word(self) -> int:
        """The next word, from 0 to 2^32 - 1."""
        if not self._words:
            block = self._next()
            self._words = [int.from_bytes(block[i : i + 4], "big") for i in range(len(block) - 4, -4, -4)]
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

    def _hashed_block(self) -> bytes:
        return hashlib.sha256(self._prefix + str(self._block).encode()).digest()

    def _long_block(self) -> bytes:
        start = self._block * _LONG_BLOCK
        return hashlib.shake_128(self._prefix[:-1]).digest(start + _LONG_BLOCK)[start:]


def integer_table(keys: Sequence[str], bounds: Sequence[int], *, long: bool = False) -> Integers:
    """What `Stream.below` gives for each of `bounds` in turn (rows), for each key (columns): many streams at once.

    Parameters
    ----------
    keys
        One stream each.
    bounds
        The n of each integer, in the order in which they are drawn.
    long
        Whether the streams are long ones.

    Returns
    -------
    integer array, shape (bounds, keys)
    """
    if not bounds or not keys:
        return np.zeros((len(bounds), len(keys)), dtype=np.int64)
    words = (_long_words if long else _hashed_words)(keys, len(bounds))
    table = np.empty(words.shape, dtype=np.int64)
    refused: set[int] = set()
    for row, n in enumerate(bounds):
        limit = _RANGE - _RANGE % n
        if limit < _RANGE and words[row].max() >= limit:
            refused.update(np.flatnonzero(words[row] >= limit).tolist())
        table[row] = words[row] % np.uint32(n) if n < _RANGE else words[row]
    for column in refused:  # a word was above the limit: about once in ten million
        stream = Stream(keys[column], long=long)
        table[:, column] = [stream.below(int(bound)) for bound in bounds]
    return table


def _hashed_words(keys: Sequence[str], count: int) -> Words:
    blocks = -(-count // WORDS_IN_BLOCK)
    endings = [str(block).encode() for block in range(blocks)]
    sha256 = hashlib.sha256
    digests = b"".join(
        [sha256(prefix + ending).digest() for prefix in (ascii_key(key) for key in keys) for ending in endings]
    )
    return _by_word(digests, len(keys), count)


def _long_words(keys: Sequence[str], count: int) -> Words:
    shake, length = hashlib.shake_128, 4 * count
    return _by_word(b"".join([shake(ascii_key(key)[:-1]).digest(length) for key in keys]), len(keys), count)


def _by_word(digests: bytes, keys: int, count: int) -> Words:
    """Words of one key stand in one column, shape (count, keys)."""
    words = np.frombuffer(digests, dtype=">u4").reshape(keys, -1)[:, :count]
    return np.ascontiguousarray(words.astype(np.uint32).T)


def shuffle_columns(entries: npt.NDArray[np.int8], integers: Integers) -> None:
    """Permute each column in place by its own integers (below n, n-1, ..., 2), as `Stream.shuffle` does one list.

    Parameters
    ----------
    entries
        Shape (n, columns), contiguous.
    integers
        Shape (n - 1, columns), from `integer_table`.
    """
    length, columns = entries.shape
    flat, across = entries.reshape(-1), np.arange(columns)
    for step, i in enumerate(range(length - 1, 0, -1)):
        place = integers[step] * columns
        place += across
        chosen = flat[place]
        flat[place] = entries[i]
        entries[i] = chosen


def ascii_key(key: str) -> bytes:
    """The key with the stroke that stands before the number of a block."""
    try:
        return f"{key}/".encode("ascii")
    except UnicodeEncodeError as error:
        raise UserError(
            f"got the seed '{key}'.", where="seed", remedy="Use letters, digits and signs of plain ASCII only."
        ) from error
