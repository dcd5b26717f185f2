"""Rows sorted by cluster, and sums over the clusters: the only algebra that knows where a cluster begins.

No model is known here. Everything is a sum over clusters of small matrices, in batches of clusters of about one size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]

WASTE = 1.25
"""Clusters share a batch where the largest has at most this many times the rows of the smallest."""
BLOCK = 64
BATCH_NUMBERS = 4_000_000
"""Batches of square matrices hold at most about this many numbers, 32 MB."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the rows of each cluster are.

    Attributes
    ----------
    order
        Rows as given, in the order in which they are used here, shape (n,).
    starts, sizes
        First row and number of rows of each cluster, shape (K,).
    """

    order: Codes
    starts: Codes
    sizes: Codes

    @property
    def clusters(self) -> int:
        return len(self.sizes)

    @property
    def rows(self) -> int:
        return len(self.order)

    @cached_property
    def codes(self) -> Codes:
        """The cluster of each sorted row."""
        return np.repeat(np.arange(self.clusters), self.sizes)

    @cached_property
    def common_size(self) -> int | None:
        """How many rows a cluster has, where all have the same."""
        return int(self.sizes[0]) if np.all(self.sizes == self.sizes[0]) else None

    def sums(self, rows: Array) -> Array:
        """Sums of sorted rows (n, ...) over each cluster, shape (K, ...)."""
        if self.common_size == 1:
            return rows
        if self.common_size is not None:
            return np.asarray(rows.reshape(self.clusters, self.common_size, *rows.shape[1:]).sum(axis=1))
        return np.add.reduceat(rows, self.starts, axis=0)

    def spread(self, values: Array) -> Array:
        """One value for each cluster (K, ...), repeated for its rows."""
        return np.asarray(np.repeat(values, self.sizes, axis=0))

    def less(self, rows: Array, values: Array) -> Array:
        """Sorted rows (n, c) minus their cluster's values (K, c)."""
        if self.common_size is None:
            return np.asarray(rows - self.spread(values))
        blocks = rows.reshape(self.clusters, self.common_size, -1) - values[:, None, :]
        return np.asarray(blocks.reshape(rows.shape))

    def products(self, left: Array, right: Array) -> Array:
        """Sums over each cluster of the outer products of rows (n, a) and (n, b), shape (K, a, b)."""
        found = np.empty((self.clusters, left.shape[1], right.shape[1]))
        for batch in self.batches():
            found[batch.clusters] = batch.take(left).transpose(0, 2, 1) @ batch.take(right)
        return found

    def batches(self, *, square: bool = False) -> Iterator[Batch]:
        """All clusters, in batches of about one size; with `square`, few enough for a matrix of n x n each."""
        by_size = np.argsort(self.sizes, kind="stable")
        first = 0
        while first < self.clusters:
            low = max(int(self.sizes[by_size[first]]), 1)
            last = int(np.searchsorted(self.sizes[by_size], low * WASTE, side="right"))
            if square:
                last = min(last, first + max(BATCH_NUMBERS // int(self.sizes[by_size[last - 1]]) ** 2, 1))
            chosen = by_size[first:last]
            yield Batch(chosen, self.starts[chosen], self.sizes[chosen], int(self.sizes[chosen].max()))
            first = last


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some clusters, padded with rows of zeros to the size of the largest."""

    clusters: Codes
    starts: Codes
    sizes: Codes
    size: int

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which rows are there, shape (clusters, size)."""
        return np.asarray(np.arange(self.size) < self.sizes[:, None])

    def take(self, rows: Array, *, absent: float = 0.0) -> Array:
        """Sorted rows (n, ...) as (clusters, size, ...)."""
        is_whole = bool(np.all(self.sizes == self.size))
        if is_whole and np.array_equal(self.starts, self.starts[0] + self.size * np.arange(len(self.starts))):
            block = rows[self.starts[0] : self.starts[0] + self.size * len(self.starts)]
            return np.asarray(block.reshape(len(self.starts), self.size, *rows.shape[1:]))
        places = np.minimum(self.starts[:, None] + np.arange(self.size), len(rows) - 1)
        found = np.asarray(rows[places])
        found[~self.present] = absent
        return found


def tall_product(left: Array, right: Array) -> Array:
    """left' right of long thin matrices (n, a) and (n, b), in blocks too small for a library to spread over threads.

    On a busy machine threads that wait for each other take many times longer than the sum itself.
    """
    whole = len(left) // BLOCK * BLOCK
    blocks = left[:whole].reshape(-1, BLOCK, left.shape[1]).transpose(0, 2, 1) @ right[:whole].reshape(
        -1, BLOCK, right.shape[1]
    )
    return np.asarray(blocks.sum(axis=0) + left[whole:].T @ right[whole:])


def layout_of(codes: Codes, count: int, key: Array | None = None) -> Layout:
    """Rows by cluster and, inside a cluster, by `key` or as they came."""
    sizes = np.bincount(codes, minlength=count).astype(np.intp)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
    order = np.argsort(codes, kind="stable") if key is None else np.lexsort((key, codes))
    return Layout(order.astype(np.intp), starts, sizes)
