"""How the linear predictors of a cluster follow one another through its random effects.

With standardised random effects v ~ N(0, I), rows a and H = sum w a a' + I, everything that Laplace's approximation
needs is the matrix M = A H^-1 A' of a cluster's rows. It is never formed: effects of clusters are small, and those of
members inside a cluster are eliminated one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.rows import ClusteredRows


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """Standardised random effects: of clusters, shape (q, C), and of members inside them, shape (J,), if any."""

    outer: Array
    inner: Array

    def __add__(self, other: Effects) -> Effects:
        return Effects(self.outer + other.outer, self.inner + other.inner)

    def squared(self) -> float:
        """Sum of squares."""
        return float(np.sum(self.outer**2) + np.sum(self.inner**2))


def no_effects(rows: ClusteredRows) -> Effects:
    """All zero."""
    members = 0 if rows.inner is None else len(rows.inner.starts)
    return Effects(np.zeros((len(rows.random), rows.clusters)), np.zeros(members))


@dataclass(frozen=True, slots=True, eq=False)
class Loadings:
    """What a row's linear predictor takes of the standardised effects: `outer`, shape (q, n), `inner`, shape (n,)."""

    outer: Array
    inner: Array | None

    def of(self, rows: ClusteredRows, effects: Effects) -> Array:
        """The random part of the linear predictor, shape (n,)."""
        found: Array = self.outer[0] * effects.outer[0][rows.cluster]
        for loading, effect in zip(self.outer[1:], effects.outer[1:], strict=True):
            found = found + loading * effect[rows.cluster]
        if self.inner is None or rows.inner is None:
            return found
        return np.asarray(found + self.inner * effects.inner[rows.inner.member])


class Smoother:
    """H^-1 of every cluster, and M = A H^-1 A' applied to rows.

    Attributes
    ----------
    inverse
        The block of H^-1 of the clusters' effects, shape (q, q, C).
    bent
        Rows of A with members' effects eliminated, shape (q, n); `spread` is `inverse` times these.
    """

    def __init__(self, rows: ClusteredRows, loadings: Loadings, weight: Array) -> None:
        self.rows, self.loadings = rows, loadings
        self.bent = loadings.outer
        self.members = np.zeros(0)
        self.shared = np.zeros((len(self.bent), 0))
        if rows.inner is not None and loadings.inner is not None:
            weighted = weight * loadings.inner
            self.members = 1 + rows.inner.by_member(weighted * loadings.inner)
            self.shared = rows.inner.by_member(weighted * loadings.outer)
            self.bent = loadings.outer - loadings.inner * (self.shared / self.members)[:, rows.inner.member]
        self.inverse, self.determinant = invert(_cluster_matrix(rows, loadings.outer * weight, self.bent))

    @property
    def log_determinant(self) -> float:
        """Sum over clusters of log det H; nan where some H has none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(np.sum(np.log(self.determinant)) + np.sum(np.log(self.members)))

    def spread(self) -> Array:
        """H^-1 a of every row, the clusters' part, shape (q, n)."""
        if len(self.bent) == 1:
            return np.asarray(self.inverse[0, 0][self.rows.cluster] * self.bent)
        return np.asarray(np.einsum("jkn,kn->jn", self.inverse[:, :, self.rows.cluster], self.bent))

    def leverage(self, spread: Array) -> Array:
        """The diagonal of M, shape (n,)."""
        found: Array = np.einsum("jn,jn->n", self.bent, spread)
        rows, inner = self.rows, self.loadings.inner
        if rows.inner is None or inner is None:
            return found
        return np.asarray(found + inner**2 / self.members[rows.inner.member])

    def pull(self, values: Array) -> Effects:
        """H^-1 A' applied to rows, shape (n,)."""
        rows, inner = self.rows, self.loadings.inner
        outer = np.einsum("jkc,kc->jc", self.inverse, rows.by_cluster(self.bent * values))
        if rows.inner is None or inner is None:
            return Effects(outer, self.members)
        return Effects(outer, (rows.inner.by_member(inner * values) - self._shared_with(outer)) / self.members)

    def solve(self, effects: Effects) -> Effects:
        """H^-1 applied to effects."""
        rows, cross = self.rows, effects.outer
        if rows.inner is not None:
            first = np.searchsorted(rows.inner.cluster, np.arange(rows.clusters))
            cross = cross - np.add.reduceat(self.shared * (effects.inner / self.members), first, axis=-1)
        outer = np.einsum("jkc,kc->jc", self.inverse, cross)
        if rows.inner is None:
            return Effects(outer, self.members)
        return Effects(outer, (effects.inner - self._shared_with(outer)) / self.members)

    def _shared_with(self, outer: Array) -> Array:
        assert self.rows.inner is not None  # only asked where members have effects
        return np.asarray(np.einsum("jm,jm->m", self.shared, outer[:, self.rows.inner.cluster]))

    def inner_part(self, spread: Array) -> Array:
        """The part of H^-1 a of every row that belongs to its own member, shape (n,)."""
        inner, member = self.loadings.inner, self.rows.inner
        assert inner is not None  # only asked where members have effects
        assert member is not None
        shared = np.einsum("jn,jn->n", self.shared[:, member.member], spread)
        return np.asarray((inner - shared) / self.members[member.member])

    def __call__(self, values: Array, spread: Array) -> Array:
        """M applied to rows, shape (..., n)."""
        rows, inner = self.rows, self.loadings.inner
        found: Array = spread[0] * rows.by_cluster(self.bent[0] * values)[..., rows.cluster]
        for row, bent in zip(spread[1:], self.bent[1:], strict=True):
            found += row * rows.by_cluster(bent * values)[..., rows.cluster]
        if rows.inner is not None and inner is not None:
            share = inner / self.members[rows.inner.member]
            found += share * rows.inner.by_member(inner * values)[..., rows.inner.member]
        return found

    def squared(self, values: Array, spread: Array) -> Array:
        """The matrix of the squares of M's entries, applied to rows of shape (..., n)."""
        rows, inner, bent, size = self.rows, self.loadings.inner, self.bent, len(self.bent)
        found = np.zeros(values.shape)
        for j in range(size):
            for k in range(j + 1):
                twice = 1 if j == k else 2
                sums = rows.by_cluster((twice * bent[j] * bent[k]) * values)
                found += (spread[j] * spread[k]) * sums[..., rows.cluster]
        if rows.inner is None or inner is None:
            return found
        member, share = rows.inner.member, inner / self.members[rows.inner.member]
        for row, other in zip(spread, bent, strict=True):
            found += 2 * share * row * rows.inner.by_member(inner * other * values)[..., member]
        found += share**2 * rows.inner.by_member(inner**2 * values)[..., member]
        return found


def _cluster_matrix(rows: ClusteredRows, weighted: Array, bent: Array) -> Array:
    """The identity and the sum over a cluster's rows of w a times a with members' effects taken out, (q, q, C)."""
    size = len(bent)
    matrix = np.empty((size, size, rows.clusters))
    for j in range(size):
        for k in range(j + 1):
            matrix[j, k] = matrix[k, j] = rows.by_cluster(weighted[j] * bent[k]) + (j == k)
    return matrix


def invert(matrix: Array) -> tuple[Array, Array]:
    """Inverses (q, q, C) and determinants (C,) of small matrices; of one and two effects in closed form."""
    if len(matrix) == 1:
        return 1 / matrix, matrix[0, 0]
    if len(matrix) == 2:
        determinant = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] ** 2
        inverse = np.stack([np.stack([matrix[1, 1], -matrix[0, 1]]), np.stack([-matrix[0, 1], matrix[0, 0]])])
        return inverse / determinant, determinant
    batched = np.moveaxis(matrix, 2, 0)
    return np.moveaxis(np.linalg.inv(batched), 0, 2), np.linalg.det(batched)
