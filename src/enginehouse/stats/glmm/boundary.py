"""Where the covariance of random effects ends: a variance of zero, or a correlation of one; and what to say of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.laplace import Parameters
from enginehouse.stats.glmm.rows import ClusteredRows

NO_VARIATION = "The variance between sites is at its boundary, zero: sites differ no more than chance makes them."
NO_SLOPES = "The variance of the slopes is at its boundary, zero: sites' trends differ no more than chance makes them."
ONE_LINE = "The correlation of intercepts and slopes is at its boundary, 1 or -1."
NOTHING = "The variances of sites and of their slopes are at their boundary, zero: chance explains all differences."
NO_INNER = (
    "The variance inside sites ({name}) is at its boundary, zero: there the counts vary no more than the family says."
)
OTHER_EFFECT = "The variance of the {effect} of {term} is at its boundary, zero."


def boundaries(rows: ClusteredRows, at: Parameters) -> dict[str, Parameters]:
    """The points on a boundary that are nearest, by what to say of them.

    Those of whole clusters come first, the most severe before the others; only the first that holds need be told. That
    of members inside clusters is told beside them.
    """
    return {note: replace(at, factor=factor) for note, factor in _factors(rows, at.factor).items()}


def inner_boundary(rows: ClusteredRows, at: Parameters) -> dict[str, Parameters]:
    """The point without variation inside clusters, and what to say of it."""
    if rows.inner is None:
        return {}
    return {NO_INNER.format(name=rows.inner.name): replace(at, inner=0.0)}


def _factors(rows: ClusteredRows, factor: Array) -> dict[str, Array]:
    if len(factor) == 1:
        return {NO_VARIATION: np.zeros((1, 1))}
    if len(factor) == 2 and np.ptp(rows.random[0]) == 0:
        return _of_intercept_and_slope(rows, factor)
    found: dict[str, Array] = {}
    for place, (term, effect) in enumerate(rows.effects):
        without = factor.copy()
        without[place] = without[:, place] = 0.0
        found[OTHER_EFFECT.format(effect=effect, term=term)] = without
    return found


def _of_intercept_and_slope(rows: ClusteredRows, factor: Array) -> dict[str, Array]:
    intercept_sd, slope_sd = np.sqrt(np.sum(factor**2, axis=1))
    found = {
        NOTHING: np.zeros((2, 2)),
        NO_VARIATION: np.diag([0.0, slope_sd]),
        NO_SLOPES: np.diag([intercept_sd, 0.0]),
    }
    if rows.free[1, 0]:
        one_line = factor.copy()
        one_line[1, 1] = 0.0
        found[ONE_LINE] = one_line
    return found
