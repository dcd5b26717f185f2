"""Several comparisons of one outcome: p values and intervals that allow for each other.

The one critical value for equal arms against a control, which designs are planned with, is in `dunnett`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import chdtri, ndtr, ndtri

from enginehouse.stats.dunnett import LARGE_DF
from enginehouse.stats.results import Estimate, Interval

type Array = npt.NDArray[np.float64]

POINTS = 4096
SHIFTS = 4
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)
TINY = 1e-15
HOLM, DUNNETT = "holm", "dunnett"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """One of several comparisons, with the others allowed for.

    Attributes
    ----------
    p_value
        Adjusted, two-sided: the comparison is a finding at level alpha where this is alpha or less, and the chance of
        any false finding among all of them is at most alpha.
    interval
        Simultaneous: all of the family's intervals hold together with the confidence level. On the scale of the
        estimate.
    method
        `holm` or `dunnett`.
    comparisons
        How many are in the family.
    """

    p_value: float
    interval: Interval
    method: str
    comparisons: int


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p values (0-1), in the order of `p_values`.

    Notes
    -----
    In rising order, p_(i) becomes the largest of min(1, (k - j + 1) p_(j)) over j <= i. It is the closed test that
    tests each intersection by Bonferroni's inequality, so nothing is assumed of how the tests hang together.

    References
    ----------
    Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat 1979;6:65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    given = np.asarray(p_values, dtype=float)
    order = np.argsort(given, kind="stable")
    rising = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    found = np.empty_like(given)
    found[order] = np.minimum(rising, 1.0)
    return tuple(found.tolist())


def holm_adjusted(estimates: Sequence[Estimate], *, confidence_level: float = 0.95) -> tuple[Adjusted, ...]:
    """Holm's p values of several estimates, with Bonferroni's intervals beside them.

    Notes
    -----
    Holm's procedure has no simple intervals of its own; Bonferroni's hold together, but are wider than its decisions
    need: a comparison may be a finding by its p value and its interval still reach no difference.
    """
    adjusted = holm([estimate.p_value() for estimate in estimates])
    each = 1 - (1 - confidence_level) / max(len(estimates), 1)
    return tuple(
        Adjusted(
            p_value=p_value,
            interval=_named(estimate.interval(each), confidence_level, "bonferroni"),
            method=HOLM,
            comparisons=len(estimates),
        )
        for estimate, p_value in zip(estimates, adjusted, strict=True)
    )


def dunnett_adjusted(
    estimates: Sequence[Estimate], correlation: npt.ArrayLike, *, confidence_level: float = 0.95
) -> tuple[Adjusted, ...]:
    """Single-step p values and simultaneous intervals from the joint distribution of several t statistics.

    Parameters
    ----------
    estimates
        The family, k of them, from one model.
    correlation
        Shape (k, k), of the estimates.

    Notes
    -----
    T = (T_1..T_k) is multivariate t with the given correlation and the smallest of the estimates' degrees of freedom;
    adjusted p_i = P(max |T| >= |t_i|), intervals estimate +- c x standard error with P(max |T| > c) = alpha. For arms
    against one control it is Dunnett's procedure with the correlation as it was estimated; any family of comparisons
    will do.

    References
    ----------
    Dunnett CW. JASA 1955;50:1096-1121. Hothorn T, Bretz F, Westfall P. Biom J 2008;50:346-363. Genz A, Bretz F.
    Computation of Multivariate Normal and t Probabilities. 2009, section 4.2.
    """
    matrix = checked_correlation(correlation, len(estimates))
    df = min(estimate.df for estimate in estimates)
    limit = critical_value(matrix, df, alpha=1 - confidence_level)
    return tuple(
        Adjusted(
            p_value=max(largest_exceeds(abs(estimate.value) / estimate.std_error, matrix, df), estimate.p_value()),
            interval=Interval(
                low=estimate.value - limit * estimate.std_error,
                high=estimate.value + limit * estimate.std_error,
                confidence_level=confidence_level,
                method=DUNNETT,
            ),
            method=DUNNETT,
            comparisons=len(estimates),
        )
        for estimate in estimates
    )


def critical_value(correlation: npt.ArrayLike, df: float, *, alpha: float = 0.05) -> float:
    """The limit that the largest of several |t| passes with probability alpha; `correlation` of shape (k, k).

    Examples
    --------
    Three arms against a control of the same size, as Dunnett's tables have it:

    >>> round(critical_value([[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]], math.inf), 2)
    2.35
    """
    matrix = np.asarray(correlation, dtype=float)
    return float(brentq(lambda limit: largest_exceeds(limit, matrix, df) - alpha, 1e-3, 1e4, xtol=1e-8))


def largest_exceeds(limit: float, correlation: npt.ArrayLike, df: float) -> float:
    """The probability that the largest of several |t| statistics is at least `limit` (0-1).

    Notes
    -----
    Genz and Bretz's separation of variables over a lattice of fixed points: the same arguments always give the same
    number, to about 1e-4.
    """
    matrix = np.asarray(correlation, dtype=float)
    factor = _root(matrix)
    points, spread = _points(len(matrix) + 1, float(df))
    half = limit * spread
    inside = np.ones(len(points))
    normal = np.zeros((len(points), len(matrix)))
    for place in range(len(matrix)):
        shared = normal[:, :place] @ factor[place, :place]
        own = factor[place, place]
        if own < TINY:  # follows from those before it
            inside *= np.abs(shared) <= half
            continue
        low, high = ndtr((-half - shared) / own), ndtr((half - shared) / own)
        inside *= high - low
        normal[:, place] = ndtri(np.clip(low + points[:, place + 1] * (high - low), TINY, 1 - TINY))
    return float(min(max(1 - inside.mean(), 0.0), 1.0))


def correlation_of(covariances: Sequence[Array]) -> Array:
    """The correlation that belongs to a covariance, or to several whose standard errors are averaged, shape (k, k)."""
    mean = np.mean([np.asarray(matrix) for matrix in covariances], axis=0)
    deviations = np.sqrt(np.diag(mean))
    return np.asarray(np.clip(mean / np.outer(deviations, deviations), -1.0, 1.0))


def checked_correlation(correlation: npt.ArrayLike, size: int) -> Array:
    """A correlation matrix of the given size.

    Raises
    ------
    ValueError
        It is no correlation matrix, or of another size.
    """
    matrix = np.asarray(correlation, dtype=float)
    if matrix.shape != (size, size) or not 1 <= size < len(PRIMES):
        raise ValueError(f"got a correlation of shape {matrix.shape} for {size} estimates")
    if not np.allclose(np.diag(matrix), 1.0) or not np.allclose(matrix, matrix.T):
        raise ValueError("a correlation matrix is symmetric with ones on its diagonal")
    if np.linalg.eigvalsh(matrix).min() < -1e-8:
        raise ValueError("estimates cannot be correlated so: the matrix has a negative eigenvalue")
    return matrix


def _root(matrix: Array) -> Array:
    """Cholesky's factor, with zeros where a statistic follows from those before it."""
    size = len(matrix)
    factor = np.zeros((size, size))
    for place in range(size):
        left = matrix[place, place] - factor[place, :place] @ factor[place, :place]
        factor[place, place] = math.sqrt(left) if left > 1e-10 else 0.0
        if factor[place, place] > 0:
            below = matrix[place + 1 :, place] - factor[place + 1 :, :place] @ factor[place, :place]
            factor[place + 1 :, place] = below / factor[place, place]
    return factor


def _lattice(dimensions: int) -> Array:
    """Fixed points that fill the unit cube evenly (Richtmyer's lattice, folded), shape (points, dimensions)."""
    steps = np.sqrt(np.array(PRIMES[:dimensions], dtype=float))
    start = np.arange(SHIFTS)[:, None, None] * np.sqrt(np.array(PRIMES[-dimensions:], dtype=float))
    points = (np.arange(1, POINTS + 1)[:, None] * steps + start) % 1.0
    folded = np.abs(2 * points.reshape(-1, dimensions) - 1)
    return np.clip(folded, TINY, 1 - TINY)


@lru_cache(maxsize=8)
def _points(dimensions: int, df: float) -> tuple[Array, Array]:
    """The lattice, and for each point the estimated over the true standard error by its first coordinate."""
    points = _lattice(dimensions)
    return points, np.ones(len(points)) if df >= LARGE_DF else np.sqrt(chdtri(df, 1 - points[:, 0]) / df)


def _named(interval: Interval, confidence_level: float, method: str) -> Interval:
    return Interval(low=interval.low, high=interval.high, confidence_level=confidence_level, method=method)
