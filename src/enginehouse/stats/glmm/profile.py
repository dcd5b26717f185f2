"""Intervals by profile likelihood of a mixed model of counts: of a contrast, and of a standard deviation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import chdtri

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.fit import MixedFit
from enginehouse.stats.glmm.laplace import Laplace, Parameters
from enginehouse.stats.glmm.rows import ClusteredRows
from enginehouse.stats.glmm.search import Held, find_optimum
from enginehouse.stats.lmm.profile import METHOD, end_of
from enginehouse.stats.results import Interval, NotEstimable

NUDGE = 0.05
"""Where a search for the other effects begins if the estimate of one is zero."""


def profile_interval(
    fit: MixedFit, weights: Sequence[float] | Array | Mapping[str, float], *, confidence_level: float = 0.95
) -> Interval:
    """The profile-likelihood interval of a weighted sum of fixed effects.

    Parameters
    ----------
    fit
        Of at least two fixed effects.
    weights
        Shape (p,), or weights of named effects.
    confidence_level
        Between 0 and 1.

    Notes
    -----
    All values c for which twice the log-likelihood, maximised with the sum held at c, is below the maximum by no more
    than the chi-square quantile with one degree of freedom. The likelihood is the approximate one of the fit.

    References
    ----------
    Bates D, Maechler M, Bolker B, Walker S. J Stat Softw 2015;67(1), section 5.1.
    """
    if len(fit.names) < 2:
        raise ValueError("a profile of a contrast needs at least two fixed effects")
    vector = fit.weights(weights)
    centre, error = float(vector @ fit.fixed_effects), math.sqrt(float(vector @ fit.covariance @ vector))
    height = float(chdtri(1, 1 - confidence_level))
    guess = error * math.sqrt(height)
    down, up = (end_of(_HeldSum(fit, vector, side), height, guess) for side in (-1, 1))
    return Interval(low=centre - down, high=centre + up, confidence_level=confidence_level, method=METHOD)


class _HeldSum:
    """Twice the loss of log-likelihood with a contrast held at a distance from its estimate, to one side."""

    def __init__(self, fit: MixedFit, weights: Array, side: int) -> None:
        self.fit, self.side = fit, side
        basis = np.linalg.qr(np.column_stack([weights, np.eye(len(weights))]))[0]
        self.along, self.rest = weights / float(weights @ weights), basis[:, 1 : len(weights)]
        self.centre = float(weights @ fit.fixed_effects)
        at = fit.optimum.at
        self.at = replace(at, beta=self.rest.T @ at.beta)

    def __call__(self, distance: float) -> float:
        rows, held = self.fit.data, self.centre + self.side * distance
        moved = replace(
            rows,
            design=rows.design @ self.rest,
            offset=rows.offset + rows.design @ self.along * held,
            names=rows.names[: self.rest.shape[1]],
        )
        found = find_optimum(_likelihood(self.fit, moved), start=self.at)
        if found.family is self.fit.family:
            self.at = found.at
        return 2 * (found.value.loss + self.fit.log_likelihood)


def _likelihood(fit: MixedFit, rows: ClusteredRows) -> Laplace:
    return Laplace(rows, fit.family, fit.link, fit.nodes)


def deviation_interval(
    fit: MixedFit, *, effect: int = 0, inner: bool = False, confidence_level: float = 0.95
) -> Interval | NotEstimable:
    """The profile-likelihood interval of a standard deviation of random effects, in the units of the data.

    Parameters
    ----------
    fit
        A mixed model.
    effect
        Which of a cluster's effects, in the order of the structure.
    inner
        That of members inside clusters instead.
    confidence_level
        Between 0 and 1.

    Returns
    -------
    Interval or NotEstimable
        A lower limit of 0 means that the likelihood does not exclude that clusters are alike. Reason: `no-such-effect`.
    """
    if effect >= len(fit.data.random) or (inner and fit.data.inner is None):
        return NotEstimable(reason="no-such-effect", detail="The model has no such random effect.")
    curve = _HeldDeviation(fit, effect, inner=inner)
    height = float(chdtri(1, 1 - confidence_level))
    guess = max(curve.value / 2, NUDGE)
    down = end_of(lambda way: curve(curve.value - way), height, guess, curve.value)
    curve.begin()
    up = end_of(lambda way: curve(curve.value + way), height, guess)
    low, high = (curve.value - down) / curve.scale, (curve.value + up) / curve.scale
    return Interval(low=max(low, 0.0), high=high, confidence_level=confidence_level, method=METHOD)


class _HeldDeviation:
    """Twice the loss of log-likelihood with a standard deviation held; the held effect comes first."""

    def __init__(self, fit: MixedFit, effect: int, *, inner: bool) -> None:
        self.fit, self.inner = fit, inner
        rows, at = fit.data, fit.optimum.at
        order = [effect, *(place for place in range(len(rows.random)) if place != effect)]
        self.rows = rows.reordered(order)
        triangle = np.linalg.qr(at.factor[order].T, mode="r").T
        factor = triangle * np.where(np.diag(triangle) < 0, -1.0, 1.0)
        self.first = replace(at, factor=np.where(self.rows.free, factor, 0.0))
        if inner:
            assert rows.inner is not None  # the caller has asked
            self.value, self.scale = abs(at.inner), rows.inner.scale
        else:
            self.value, self.scale = abs(float(self.first.factor[0, 0])), float(self.rows.scale[0])
        self.begin()

    def begin(self) -> None:
        """Start from the estimate."""
        self.at = self.first

    def __call__(self, held: float) -> float:
        found = find_optimum(_likelihood(self.fit, self.rows), start=self._with(held), held=Held(inner=self.inner))
        if found.family is self.fit.family:
            self.at = found.at
        return 2 * (found.value.loss + self.fit.log_likelihood)

    def _with(self, held: float) -> Parameters:
        if self.inner:
            return replace(self.at, inner=held)
        factor = self.at.factor.copy()
        factor[0, 0] = held
        return replace(self.at, factor=factor)
