"""Sums over the rows of each block that are all a linear mixed model needs of the data.

A block is a set of rows that no random term links to any other: a cluster, or several that share a member. Blocks of
like shape lie in one batch, filled up with effects that no row touches, so that their algebra is done at once. What is
computed from the sums is in `deviance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from enginehouse.stats.fits import Array, Codes
from enginehouse.stats.lmm.structures import Term

SAME = 1e-13
SLACK = 1.3
"""Blocks whose numbers of effects differ by less than this factor lie in one batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Blocks of like shape.

    Attributes
    ----------
    inner
        Z'WZ of each block, shape (blocks, q, q); of one, shape (1, q, q), where all blocks have the same, as those of a
        complete panel do.
    cross
        Z'W[X, y] of each block, shape (q, blocks, p + 1).
    places
        For each term the places of its members' effects among the q, shape (members, size).
    blocks
        Numbers of the blocks, shape (blocks,).
    """

    inner: Array
    cross: Array
    places: tuple[Codes, ...]
    blocks: Codes

    @property
    def repeats(self) -> int:
        """How many blocks each matrix of `inner` stands for."""
        return int(self.cross.shape[1]) // len(self.inner)

    def without(self, block: int) -> Batch:
        """The same without one of its blocks."""
        keep = np.arange(self.cross.shape[1]) != block
        inner = self.inner if len(self.inner) == 1 else self.inner[keep]
        return replace(self, inner=inner, cross=self.cross[:, keep], blocks=self.blocks[keep])

    def times(self, matrices: Array, stacked: Array) -> Array:
        """Each block's matrix, shape (blocks or 1, q, q), times its part of an array of shape (..., q, blocks, k)."""
        if len(matrices) == 1:
            flat = stacked.reshape(*stacked.shape[:-2], -1)
            found: Array = (matrices[0] @ flat).reshape(stacked.shape)
            return found
        return np.ascontiguousarray(np.swapaxes(matrices @ np.swapaxes(stacked, -3, -2), -3, -2))

    @property
    def size(self) -> int:
        return int(self.inner.shape[1])

    def spread(self, matrices: Sequence[Array]) -> Array:
        """The covariances (or derivatives) of each term's members along the diagonal; leading axes are kept."""
        if len(matrices) == 1 and len(self.places[0]) == 1:
            return matrices[0]
        lead = matrices[0].shape[:-2]
        found = np.zeros((*lead, self.size, self.size))
        for matrix, places in zip(matrices, self.places, strict=True):
            found[..., places[:, :, None], places[:, None, :]] = matrix[..., None, :, :]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the effects of each row's members lie: block and batch of each row, and columns of Z.

    `columns` has, for each entry of each row, the number of its effect among all effects of all batches; `offsets` the
    first such number of each batch, and the count of all at the end.
    """

    block: Codes
    blocks: int
    batch: Codes
    index: Codes
    sizes: Codes
    places: tuple[tuple[Codes, ...], ...]
    members: tuple[Codes, ...]
    columns: Array
    values: Array
    offsets: Codes

    def matrix(self) -> csr_array:
        """Z, shape (n, all effects)."""
        rows, entries = self.columns.shape
        return csr_array(
            (self.values.ravel(), self.columns.ravel(), np.arange(rows + 1) * entries),
            shape=(rows, int(self.offsets[-1])),
        )


def layout(terms: Sequence[Term], clusters: Codes) -> Layout:
    """The blocks that the terms make of the rows, and where each effect lies."""
    block, blocks = _blocks(terms, clusters)
    ranks, counts = zip(*(_ranks(term, block, blocks) for term in terms), strict=True)
    sizes = np.array([term.covariance.size for term in terms])
    batch, index = _batches(np.column_stack(counts), sizes)
    most = np.stack([np.column_stack(counts)[batch == which].max(axis=0) for which in range(batch.max() + 1)])
    widths = most @ sizes
    heads = np.column_stack([np.zeros(len(most), dtype=np.intp), np.cumsum(most * sizes, axis=1)])
    offsets = np.concatenate([[0], np.cumsum(widths * np.bincount(batch))])
    start = offsets[batch[block]] + index[block] * widths[batch[block]]
    columns, values = [], []
    for place, (term, rank) in enumerate(zip(terms, ranks, strict=True)):
        first = start + heads[batch[block], place] + rank[term.codes] * sizes[place]
        columns += [first + where for where, _ in term.entries]
        values += [value for _, value in term.entries]
    return Layout(
        block=block,
        blocks=blocks,
        batch=batch,
        index=index,
        sizes=widths,
        places=tuple(
            tuple(
                heads[which, place] + np.arange(most[which, place] * size).reshape(-1, size)
                for place, size in enumerate(sizes)
            )
            for which in range(len(most))
        ),
        members=tuple(
            _firsts(term, start, heads[batch[block], place], rank, sizes[place])
            for place, (term, rank) in enumerate(zip(terms, ranks, strict=True))
        ),
        columns=np.column_stack(columns),
        values=np.column_stack(values),
        offsets=offsets,
    )


def _firsts(term: Term, start: Codes, head: Codes, rank: Codes, size: int) -> Codes:
    """The column of the first effect of each member."""
    found = np.zeros(term.levels, dtype=np.intp)
    found[term.codes] = start + head + rank[term.codes] * size
    return found


def _blocks(terms: Sequence[Term], clusters: Codes) -> tuple[Codes, int]:
    """Clusters, joined where a member of a term has rows in several."""
    count = int(clusters.max()) + 1
    block = clusters
    for term in terms:
        owner = np.zeros(term.levels, dtype=np.intp)
        owner[term.codes] = block
        if np.array_equal(owner[term.codes], block):
            continue
        links = coo_array((np.ones(len(block)), (owner[term.codes], block)), shape=(count, count))
        count, joined = connected_components(links, directed=False)
        block = joined[block].astype(np.intp)
    return block, count


def _ranks(term: Term, block: Codes, blocks: int) -> tuple[Codes, Codes]:
    """Each member's number within its block, and how many members each block has."""
    owner = np.zeros(term.levels, dtype=np.intp)
    owner[term.codes] = block
    counts = np.bincount(owner, minlength=blocks)
    order = np.argsort(owner, kind="stable")
    rank = np.zeros(term.levels, dtype=np.intp)
    rank[order] = np.arange(term.levels) - np.repeat(np.cumsum(counts) - counts, counts)
    return rank, counts


def _batches(counts: Codes, sizes: Codes) -> tuple[Codes, Codes]:
    """The batch of each block and its number within it; blocks in order of the number of their effects."""
    effects = counts @ sizes
    order = np.argsort(effects, kind="stable")
    batch = np.zeros(len(effects), dtype=np.intp)
    last, limit = -1, -1.0
    for block in order:
        if effects[block] > limit:
            last, limit = last + 1, SLACK * effects[block] + 2
        batch[block] = last
    index = np.zeros(len(effects), dtype=np.intp)
    for which in range(last + 1):
        mine = np.flatnonzero(batch == which)
        index[mine] = np.arange(len(mine))
    return batch, index


@dataclass(frozen=True, slots=True, eq=False)
class BlockSums:
    """All that the deviance needs: batches of blocks, and [X, y]'W[X, y] of all rows, shape (p + 1, p + 1)."""

    batches: tuple[Batch, ...]
    whole: Array
    rows: int

    @property
    def columns(self) -> int:
        return len(self.whole) - 1

    def with_outcome(self, cross: Sequence[Array], products: Array) -> BlockSums:
        """The same design with another outcome: Z'Wy of each batch, shape (q, blocks, 1), and [X, y]'Wy."""
        whole = self.whole.copy()
        whole[-1, :] = whole[:, -1] = products
        batches = tuple(
            replace(batch, cross=np.concatenate([batch.cross[:, :, :-1], new], axis=2))
            for batch, new in zip(self.batches, cross, strict=True)
        )
        return replace(self, batches=batches, whole=whole)

    def turned(self, turn: Array) -> BlockSums:
        """The sums of [X, y] times a matrix, shape (p + 1, any)."""
        return replace(
            self,
            batches=tuple(replace(batch, cross=batch.cross @ turn) for batch in self.batches),
            whole=turn.T @ self.whole @ turn,
        )


def block_sums(where: Layout, effects: csr_array, columns: Array, weights: Array) -> BlockSums:
    """The sums of a design with random effects' columns Z, the outcome being zero until `with_outcome`."""
    weighted = weights[:, None] * columns
    inner = _inner(where, weights)
    cross = by_batch(where, effects.T @ weighted)
    whole = np.zeros((columns.shape[1] + 1, columns.shape[1] + 1))
    whole[:-1, :-1] = columns.T @ weighted
    batches = tuple(
        Batch(
            inner=_shared(inner[which]),
            cross=np.concatenate([cross[which], np.zeros((*cross[which].shape[:2], 1))], axis=2),
            places=where.places[which],
            blocks=np.flatnonzero(where.batch == which),
        )
        for which in range(len(where.sizes))
    )
    return BlockSums(batches, whole, len(columns))


def _shared(inner: Array) -> Array:
    """The first matrix alone if all are the same."""
    differ = np.ptp(inner, axis=0).max() > SAME * np.abs(inner).max()
    return inner if differ else inner[:1]


def by_batch(where: Layout, effects: Array) -> list[Array]:
    """Rows for all effects, shape (all effects, k), as one array (q, blocks, k) for each batch."""
    return [
        effects[low:high].reshape(-1, size, effects.shape[1]).transpose(1, 0, 2)
        for low, high, size in zip(where.offsets, where.offsets[1:], where.sizes, strict=False)
    ]


def _inner(where: Layout, weights: Array) -> list[Array]:
    """Z'WZ of every block, by counting each pair of entries of each row into its cell."""
    blocks = np.bincount(where.batch)
    areas = np.concatenate([[0], np.cumsum(blocks * where.sizes**2)])
    batch = where.batch[where.block]
    size, start = where.sizes[batch], where.offsets[batch]
    place = (where.columns - start[:, None]) % size[:, None]
    cell = areas[batch] + where.index[where.block] * size**2
    found = np.zeros(int(areas[-1]))
    for first in range(place.shape[1]):
        for second in range(first + 1):
            product = weights * where.values[:, first] * where.values[:, second]
            for one, other in {(first, second), (second, first)}:
                found += np.bincount(cell + place[:, one] * size + place[:, other], product, len(found))
    return [found[low:high].reshape(-1, q, q) for low, high, q in zip(areas, areas[1:], where.sizes, strict=False)]
