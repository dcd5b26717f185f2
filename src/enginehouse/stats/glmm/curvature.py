"""Second derivatives of a mixed model's likelihood by the fixed effects, exact; the others are differences (`search`).

With E = X - M W X, how linear predictors move with the fixed effects once the modes follow, s the slope of the weights
and t its bend, c the leverages and k' = M s c / 2, the Hessian of Laplace's loss by the fixed effects is
X'W E + E'(t c / 2 - s k')E - (s E)'(M o M)(s E) / 2.
"""

from __future__ import annotations

import numpy as np

from enginehouse.stats.fits import Array
from enginehouse.stats.glmm.laplace import Laplace, Parameters, Value


def fixed_effects_hessian(objective: Laplace, at: Parameters, value: Value, columns: Array) -> Array:
    """The block of the fixed effects, shape (p, p); `columns` is the design as (p, n). Laplace only."""
    here = objective.density(at.log_size).curvature(value.eta)
    smoother, spread = value.smoother, value.spread
    leverage = smoother.leverage(spread)
    weighted = columns * here.weight
    moves = columns - smoother(weighted, spread)
    lean = 0.5 * here.slope * leverage
    middle = 0.5 * here.bend * leverage - here.slope * smoother(lean, spread)
    bent = moves * here.slope
    # One product instead of three: what stands to the right of E, and of X.
    inner = moves * middle - 0.5 * here.slope * smoother.squared(bent, spread)
    found = weighted @ moves.T + moves @ inner.T
    return np.asarray((found + found.T) / 2)


def information(objective: Laplace, at: Parameters, value: Value, columns: Array) -> Array:
    """Approximate information of the fixed effects, random effects integrated out: X'(W - W M W) X."""
    _, weight = objective.density(at.log_size).score_and_weight(value.eta)
    weighted = columns * np.maximum(weight, 0.0)
    found = weighted @ (columns - value.smoother(weighted, value.spread)).T
    return np.asarray((found + found.T) / 2)
