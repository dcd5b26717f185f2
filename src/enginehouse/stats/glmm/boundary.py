"""Where the covariance of random effects ends: a variance of zero, or a correlation of one; and what to say of it."""

from __future__ import annotations

import numpy as np

from enginehouse.stats.fits import Array

NO_VARIATION = "The variance between sites is at its boundary, zero: sites differ no more than chance makes them."
NO_SLOPES = "The variance of the slopes is at its boundary, zero: sites' trends differ no more than chance makes them."
ONE_LINE = "The correlation of intercepts and slopes is at its boundary, 1 or -1."
NOTHING = "The variances of sites and of their slopes are at their boundary, zero: chance explains all differences."


def boundary_factors(factor: Array) -> dict[str, Array]:
    """The factors that lie on a boundary and are nearest to `factor`, by what to say of them; the most severe first."""
    if len(factor) == 1:
        return {NO_VARIATION: np.zeros((1, 1))}
    intercept_sd, slope_sd = np.sqrt(np.sum(factor**2, axis=1))
    one_line = factor.copy()
    one_line[1, 1] = 0.0
    return {
        NOTHING: np.zeros((2, 2)),
        NO_VARIATION: np.diag([0.0, slope_sd]),
        NO_SLOPES: np.diag([intercept_sd, 0.0]),
        ONE_LINE: one_line,
    }
