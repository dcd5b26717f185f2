"""Adaptive Gauss-Hermite quadrature of a single random effect, with what its gradient needs beside Laplace's.

Points lie around each cluster's mode v, as far apart as the curvature H says: v_k = v + x_k / H^1/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.families import Density, Dispersed
from enginehouse.stats.glmm.rows import ClusteredRows
from enginehouse.stats.glmm.smoother import Effects, Loadings, Smoother


@dataclass(frozen=True, slots=True, eq=False)
class Quadrature:
    """A likelihood by quadrature.

    Attributes
    ----------
    loss
        Minus its log.
    score, score_by_effect
        Posterior means of the rows' scores and of score times effect, shape (n,).
    drift, stretch
        How the log-likelihood of each cluster, shape (C,), moves with its mode, and 1 + with the log of its width: 0
        and 1 where the points do all that they should.
    """

    loss: float
    score: Array
    score_by_effect: Array
    drift: Array
    stretch: Array
    eta: Array
    posterior: Array

    def by_size(self, density: Dispersed) -> float:
        """Minus the derivative by the log of the size, the points held."""
        each = [density.by_log_size(eta).density for eta in self.eta]
        return -float(np.sum(self.posterior * np.array(each)))


@cache
def _points(count: int) -> tuple[Array, Array]:
    """Points x and logs of weight x exp(x^2 / 2) / (2 pi)^1/2."""
    x, weight = hermegauss(count)
    return x, np.log(weight) + x**2 / 2 - 0.5 * np.log(2 * np.pi)


def around_the_mode(
    rows: ClusteredRows,
    density: Density,
    loadings: Loadings,
    modes: Effects,
    smoother: Smoother,
    fixed: Array,
    count: int,
) -> Quadrature:
    """The likelihood with `count` points in every cluster."""
    x, log_weight = _points(count)
    width = np.sqrt(smoother.inverse[0, 0])
    loading = loadings.outer[0]
    effects = modes.outer[0] + x[:, None] * width
    eta = fixed + loading * effects[:, rows.cluster]
    parts = [density.density_and_score(each) for each in eta]
    scores = np.array([score for _, score in parts])
    height = np.array([rows.by_cluster(part) for part, _ in parts]) - 0.5 * effects**2 + log_weight[:, None]
    top = height.max(axis=0)
    shares = np.exp(height - top)
    total = shares.sum(axis=0)
    shares /= total
    slope = rows.by_cluster(loading * scores) - effects
    by_row = shares[:, rows.cluster]
    return Quadrature(
        loss=-float(np.sum(top + np.log(total) + np.log(width))),
        score=np.sum(by_row * scores, axis=0),
        score_by_effect=np.sum(by_row * scores * effects[:, rows.cluster], axis=0),
        drift=np.sum(shares * slope, axis=0),
        stretch=1 + np.sum(shares * slope * x[:, None], axis=0) * width,
        eta=eta,
        posterior=by_row,
    )
