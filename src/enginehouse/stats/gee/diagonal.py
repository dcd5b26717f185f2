"""Bell and McCaffrey's correction for rows that are unrelated but vary differently, by matrices of each cluster's rows.

Where rows of a cluster vary alike it is Kauermann and Carroll's, which `corrections` makes without such matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.gee.layout import Layout

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class DiagonalRows:
    """Rows of a fit with working independence, sorted.

    Attributes
    ----------
    rows, residuals
        Z = V^-1/2 D, shape (n, p), and V^-1/2 (y - mu), shape (n,).
    variances
        The diagonal of V, shape (n,).

    Notes
    -----
    A_i = V^1/2 G_i^-1/2 V^1/2 with G_i = V^1/2 (V - D_i B D_i') V^1/2 is the symmetric matrix with
    A_i (V - D_i B D_i') A_i' = V. The power of I - H_i has that property too but is another matrix where V is not a
    multiple of the identity.

    References
    ----------
    Bell RM, McCaffrey DF. Surv Methodol 2002;28:169-181. Pustejovsky JE, Tipton E. J Bus Econ Stat 2018;36:672-683.
    """

    layout: Layout
    rows: Array
    residuals: Array
    variances: Array

    def scores(self, bread: Array) -> Array:
        """D' V^-1 A (y - mu) of each cluster, shape (K, p)."""
        found = np.empty((self.layout.clusters, self.rows.shape[1]))
        for cluster, rows, root in self._clusters(bread):
            found[cluster] = self.rows[rows].T @ (root @ (self.variances[rows] * self.residuals[rows]))
        return found

    def quadratic(self, bread: Array, weights: Array) -> tuple[Array, Array]:
        """a_i'a_i, shape (K,), and Z_i'a_i, shape (K, p); a_i is by what a contrast multiplies whitened residuals."""
        sizes = np.empty(self.layout.clusters)
        directions = np.empty((self.layout.clusters, self.rows.shape[1]))
        for cluster, rows, root in self._clusters(bread):
            a = self.variances[rows] * (root @ (self.rows[rows] @ (bread @ weights)))
            sizes[cluster], directions[cluster] = a @ a, self.rows[rows].T @ a
        return sizes, directions

    def _clusters(self, bread: Array) -> Iterator[tuple[int, slice, Array]]:
        """Each cluster with its rows and G_i^-1/2."""
        for cluster, (start, size) in enumerate(zip(self.layout.starts, self.layout.sizes, strict=True)):
            rows = slice(int(start), int(start + size))
            z, v = self.rows[rows], self.variances[rows]
            values, vectors = np.linalg.eigh(v[:, None] * (np.eye(int(size)) - z @ bread @ z.T) * v)
            yield cluster, rows, (vectors / np.sqrt(values)) @ vectors.T
