"""The algebra of means under embedded regimes: sums over the rows of each cluster, and closed inverses of exchangeable
working covariances. What is reported is in `means.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.fits import aliased, codes_of
from enginehouse.stats.results import NotEstimable

type Array = npt.NDArray[np.float64]
type Mask = npt.NDArray[np.bool_]

LARGEST_CORRELATION = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """Sums over the rows of each cluster of 1, z, z z', y, z y and y y, z being the covariates."""

    size: Array
    z: Array
    zz: Array
    y: Array
    zy: Array
    yy: Array
    consistent: Mask
    weights: Array

    @staticmethod
    def of(
        outcome: npt.ArrayLike,
        clusters: npt.ArrayLike,
        consistent: npt.ArrayLike,
        weights: npt.ArrayLike,
        covariates: npt.ArrayLike | None,
    ) -> ClusterSums:
        values = np.asarray(outcome, dtype=float)
        extra = np.zeros((len(values), 0)) if covariates is None else np.asarray(covariates, dtype=float)
        extra = extra[:, None] if extra.ndim == 1 else extra
        codes, count = codes_of(clusters, len(values))
        follows, counts = np.asarray(consistent).astype(bool), np.asarray(weights, dtype=float)
        if follows.shape[0] != count or counts.shape != (count,) or len(extra) != len(values):
            raise ValueError(
                f"got {follows.shape[0]} clusters with regimes and {len(counts)} weights for {count} clusters"
            )
        if not np.all(np.isfinite(values)) or not np.all(np.isfinite(extra)) or not np.all(counts > 0):
            raise ValueError("outcome and covariates must be finite numbers, and weights positive")

        def total(of_rows: Array) -> Array:
            found = np.zeros((count, *of_rows.shape[1:]))
            np.add.at(found, codes, of_rows)
            return found

        squares = extra[:, :, None] * extra[:, None, :]
        return ClusterSums(
            size=total(np.ones(len(values))),
            z=total(extra),
            zz=total(squares),
            y=total(values),
            zy=total(extra * values[:, None]),
            yy=total(values**2),
            consistent=follows,
            weights=counts,
        )

    @property
    def regimes(self) -> int:
        return int(self.consistent.shape[1])

    @property
    def rows(self) -> int:
        return int(self.size.sum())

    @property
    def covariate_names(self) -> list[str]:
        return [f"covariate {place + 1}" for place in range(self.z.shape[1])]

    def refusal(self, design: Array) -> NotEstimable | None:
        if not np.all(self.consistent.any(axis=0)):
            return NotEstimable(reason="empty-regime", detail="No cluster is consistent with one of the regimes.")
        columns = design.shape[1] + self.z.shape[1]
        if len(self.size) <= columns:
            return NotEstimable(
                reason="too-few-clusters", detail=f"{len(self.size)} clusters for {columns} coefficients."
            )
        used = np.vstack([np.hstack([np.tile(row, (len(self.z), 1)), self.z / self.size[:, None]]) for row in design])
        return aliased(used, [f"column {place + 1}" for place in range(columns)])

    def _gram(self, row: Array) -> tuple[Array, Array, Array, Array]:
        """X'X, X'1, X'y of every cluster if it followed the regime with this row of the design."""
        k, q, c = len(self.size), len(row), self.z.shape[1]
        cross = np.empty((k, q + c, q + c))
        cross[:, :q, :q] = self.size[:, None, None] * np.outer(row, row)
        cross[:, :q, q:] = row[None, :, None] * self.z[:, None, :]
        cross[:, q:, :q] = np.swapaxes(cross[:, :q, q:], 1, 2)
        cross[:, q:, q:] = self.zz
        ones = np.hstack([self.size[:, None] * row, self.z])
        return cross, ones, np.hstack([self.y[:, None] * row, self.zy]), self.y

    def _weighted(self, place: int, variances: Array, correlations: Array) -> tuple[Array, Array]:
        """Of each cluster: its weight over what a row varies by itself, and what V^-1 takes off the sum's square."""
        rho = correlations[place]
        share = rho / (1 + (self.size - 1) * rho)
        return self.weights * self.consistent[:, place] / (variances[place] * (1 - rho)), share

    def solve(self, design: Array, variances: Array, correlations: Array) -> tuple[Array, Array]:
        """The coefficients, and D'V^-1 D of every cluster over its regimes."""
        products: Array = np.zeros((len(self.size), *2 * (design.shape[1] + self.z.shape[1],)))
        right = np.zeros(products.shape[1])
        for place, row in enumerate(design):
            weight, share = self._weighted(place, variances, correlations)
            cross, ones, with_y, y = self._gram(row)
            products += weight[:, None, None] * (cross - share[:, None, None] * ones[:, :, None] * ones[:, None, :])
            right += ((with_y - (share * y)[:, None] * ones) * weight[:, None]).sum(axis=0)
        return np.linalg.solve(products.sum(axis=0), right), products

    def scores(self, design: Array, beta: Array, variances: Array, correlations: Array) -> Array:
        found = np.zeros((len(self.size), len(beta)))
        for place, row in enumerate(design):
            weight, share = self._weighted(place, variances, correlations)
            cross, ones, with_y, y = self._gram(row)
            along, summed = with_y - cross @ beta, y - ones @ beta
            found += weight[:, None] * (along - (share * summed)[:, None] * ones)
        return found

    def moments(self, design: Array, beta: Array) -> tuple[Array, Array]:
        """Working variance and correlation of each regime, from weighted residuals."""
        less = 2 if not self.z.shape[1] else 3 + self.z.shape[1]
        variances, correlations = np.empty(self.regimes), np.zeros(self.regimes)
        for place, row in enumerate(design):
            cross, ones, with_y, y = self._gram(row)
            summed = y - ones @ beta
            squares = self.yy - 2 * with_y @ beta + np.einsum("kab,a,b->k", cross, beta, beta)
            weight = self.weights * self.consistent[:, place]
            variances[place] = (weight @ squares) / max(weight @ self.size - less, 1.0)
            pairs = float(weight @ (self.size * (self.size - 1)))
            if pairs > 0 and variances[place] > 0:
                correlations[place] = (weight @ (summed**2 - squares)) / pairs / variances[place]
        least = -1 / max(float(self.size.max()) - 1, 1.0)
        return variances, np.clip(correlations, 0.99 * least, LARGEST_CORRELATION)
