"""Several comparisons with one control: the critical value of Dunnett, and the chance of findings.

Methods for other families of comparisons (Holm, closed testing) are not here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, roots_hermitenorm, roots_legendre

Array = npt.NDArray[np.float64]
Sides = Literal[1, 2]
NODES = 64
TAIL = 1e-15
LARGE_DF = 1e6


def dunnett_critical_value(
    comparisons: int, df: float, *, correlation: float = 0.5, alpha: float = 0.05, sides: Sides = 2
) -> float:
    """The limit that the largest of several |t| statistics passes with probability alpha if no arm differs.

    Parameters
    ----------
    comparisons
        Arms that are compared with the control, 1 or more.
    df
        Degrees of freedom of the common standard error; infinite means normal.
    correlation
        Between any two of the statistics (0 up to, not including, 1): n / (n + n0) with n in each arm and n0 in the
        control, 0.5 when they are equal.
    alpha
        Probability of any false finding.
    sides
        1 looks for findings in one direction only: the largest t, not |t|.

    Returns
    -------
    float

    Notes
    -----
    Z_i = sqrt(1 - r) X_i - sqrt(r) X_0 with independent standard normals, T_i = Z_i / s, s^2 df ~ chi2(df):
    P(max |T_i| <= c) is a double integral over X_0 and s, by Gauss-Hermite and Gauss-Legendre quadrature.

    References
    ----------
    Dunnett CW. A multiple comparison procedure for comparing several treatments with a control. JASA 1955;50:1096-1121.

    Examples
    --------
    >>> round(dunnett_critical_value(3, math.inf), 2)
    2.35
    """
    if not 0 <= correlation < 1:
        raise ValueError(f"got {correlation} for 'correlation'; it must be 0 or more and less than 1")

    def excess(limit: float) -> float:
        none = [0.0] * comparisons
        return probability_of_findings(none, df, limit, correlation=correlation, sides=sides) - alpha

    return float(brentq(excess, 1e-3, 1e3 if df < 3 else 60.0, xtol=1e-10))


def probability_of_findings(
    ratios: Sequence[float],
    df: float,
    limit: float,
    *,
    correlation: float = 0.5,
    every: bool = False,
    sides: Sides = 2,
) -> float:
    """The probability that any, or that every, one of several |t| statistics passes a limit (0-1).

    Parameters
    ----------
    ratios
        True effects over their standard errors; 0 where there is none.
    df, correlation, sides
        As in `dunnett_critical_value`.
    limit
        The critical value.
    every
        All of them, instead of at least one.

    Notes
    -----
    Given X_0 and s the statistics are independent, so that the probability is a mean of products.
    """
    nodes, weights = _hermite()
    spreads, chances = _spreads(df)
    shared = -math.sqrt(correlation) * nodes[None, :, None] + np.asarray(ratios, dtype=np.float64)
    half, scale = limit * spreads[:, None, None], math.sqrt(1 - correlation)
    inside = ndtr((half - shared) / scale) - (ndtr((-half - shared) / scale) if sides == 2 else 0.0)
    given = np.prod(1 - inside, axis=2) if every else 1 - np.prod(inside, axis=2)
    return float(chances @ given @ weights)


@lru_cache(maxsize=1)
def _hermite() -> tuple[Array, Array]:
    nodes, weights = roots_hermitenorm(NODES)
    return nodes, weights / weights.sum()


@lru_cache(maxsize=256)
def _spreads(df: float) -> tuple[Array, Array]:
    """Values of the estimated over the true standard error, and their probabilities."""
    if df >= LARGE_DF:
        return np.ones(1), np.ones(1)
    from scipy.stats import chi2  # slow to load, and asked for here alone

    low, high = (math.sqrt(float(end) / df) for end in (chi2.ppf(TAIL, df), chi2.isf(TAIL, df)))
    nodes, weights = roots_legendre(NODES)
    spread = low + (high - low) * (nodes + 1) / 2
    density = 2 * df * spread * chi2.pdf(df * spread**2, df) * weights
    return spread, density / density.sum()
