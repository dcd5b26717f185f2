"""The intra-cluster correlation of a yes or no, by the moment estimators in use, each with a jackknife interval.

The analysis of variance with its exact interval is in `variance.py`; ICCs of models are with the models.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import Interval, NotEstimable, t_quantile

Array = npt.NDArray[np.float64]
type Convention = Literal["published", "iccbin"]
TAMURA_YOUNG = 0.45
"""The constant of the stabilised estimator."""
FEWEST_SITES = 3
"""For a jackknife: two sites left when each is left out."""


class BinaryIcc(StrEnum):
    """Which estimator."""

    ANOVA = "anova"
    ANOVA_MODIFIED = "anova-modified"
    KLEINMAN_EQUAL = "kleinman-equal-weights"
    KLEINMAN_SIZE = "kleinman-size-weights"
    KLEINMAN_EQUAL_MODIFIED = "kleinman-equal-weights-modified"
    KLEINMAN_SIZE_MODIFIED = "kleinman-size-weights-modified"
    STABILISED = "stabilised"
    UNBIASED_EQUATION = "unbiased-estimating-equation"
    FLEISS_CUZICK = "fleiss-cuzick"
    MAK = "mak"
    PAIRS_EQUAL = "pairs-equal-weights"
    PAIRS_BY_SITE = "pairs-equal-by-site"
    PAIRS_BY_SIZE = "pairs-by-size"
    PAIRS_INSIDE_AND_ACROSS = "pairs-inside-and-across"


@dataclass(frozen=True, slots=True)
class BinaryIccEstimate:
    """An ICC of a yes or no.

    Attributes
    ----------
    estimator
        Which.
    value
        As it comes out; below 0 where sites differ less than chance would make them.
    std_error
        By leaving out each site in turn; None below three sites, or where a site left out leaves nothing to estimate.
    sites, individuals
        With data.
    """

    estimator: BinaryIcc
    value: float
    std_error: float | None
    sites: int
    individuals: int

    def interval(self, confidence_level: float = 0.95) -> Interval | None:
        """Estimate and jackknife standard error, t with sites - 1 degrees of freedom; not cut off at 0."""
        if self.std_error is None:
            return None
        half = t_quantile(0.5 + confidence_level / 2, self.sites - 1) * self.std_error
        return Interval(
            low=self.value - half, high=self.value + half, confidence_level=confidence_level, method="jackknife"
        )


def binary_icc(
    events: npt.ArrayLike,
    totals: npt.ArrayLike,
    *,
    estimator: BinaryIcc = BinaryIcc.FLEISS_CUZICK,
    convention: Convention = "published",
) -> BinaryIccEstimate | NotEstimable:
    """The intra-cluster correlation of a yes or no, from the counts of each site.

    Parameters
    ----------
    events, totals : array-like, shape (k,)
        Whole numbers; sites with total zero are left out.
    estimator : BinaryIcc
        Fleiss and Cuzick's by default: of the simple ones it does well where events are few and sizes vary.
    convention : {"published", "iccbin"}
        The R package ICCbin differs from what was published in two places: q is missing from the second term of
        Kleinman's denominator, and the stabilised estimator's S is taken around the mean of the sites' shares.

    Returns
    -------
    BinaryIccEstimate or NotEstimable
        `too-few-sites` below two sites, `no-repeats` where no site has two individuals, `no-variation` where all or
        none have the event.

    Raises
    ------
    ValueError
        Not rows of one length with 0 <= events <= totals.

    Notes
    -----
    With site sizes n, events y, p = sum y / sum n, N = sum n, n0 = (N - sum n^2 / N) / (k - 1)::

        anova               (MSB - MSW) / (MSB + (n0 - 1) MSW); modified: MSB over k instead of k - 1
        kleinman            (S - q sum w(1-w)/n) / (q (sum w(1-w) - sum w(1-w)/n)), S = sum w (y/n - pw)^2,
                            pw = sum w y/n, q = pw (1 - pw); w = 1/k or n/N; modified: S (k - 1)/k
        stabilised          (S / ((k - 1) p (1 - p)) + 0.45 - 1) / (n0 - 1), S = sum n (y/n - p)^2
        unbiased equation   1 - MSW N n0 (k - 1) / (Y (n0 (k - 1) - Y) + sum y^2), Y = sum y
        fleiss-cuzick       1 - sum(y (n - y) / n) / ((N - k) p (1 - p))
        mak                 1 - (k - 1) sum(y (n - y) / (n (n - 1))) / (sum(y/n)^2 + (sum y/n) (k - 1 - sum y/n))
        pairs               (sum w y (y - 1) - m^2) / (m (1 - m)), m = sum w (n - 1) y,
                            w = 1 / sum n (n - 1), 1 / (k n (n - 1)), or 1 / (N (n - 1))
        inside and across   (agreement less disagreement of pairs inside sites, less that of pairs across) / 4p(1 - p)

    References
    ----------
    Ridout MS, Demetrio CGB, Firth D. Biometrics 1999;55:137-148. Tamura RN, Young SS. Biometrics 1987;43:813-824.
    Chakraborty H, Hossain A. Comput Methods Programs Biomed 2018;155:85-92.

    Examples
    --------
    Two sites of 2: one all yes, one all no. Every pair inside a site agrees.

    >>> binary_icc([2, 0], [2, 2]).value
    1.0
    """
    y, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    if y.shape != n.shape or y.ndim != 1 or not np.all((y >= 0) & (y <= n)):
        raise ValueError("events and totals must be rows of one length with 0 <= events <= totals")
    y, n = y[n > 0], n[n > 0]
    refusal = _refusal(y, n)
    if refusal is not None:
        return refusal
    formula = {**_FORMULAS, **_ICCBIN}[estimator] if convention == "iccbin" else _FORMULAS[estimator]
    value = formula(y, n)
    if not math.isfinite(value):
        return NotEstimable(reason="no-repeats", detail="A site with a single individual has no pairs to compare.")
    return BinaryIccEstimate(estimator, value, _jackknife(formula, y, n), len(n), int(n.sum()))


def _refusal(y: Array, n: Array) -> NotEstimable | None:
    if len(n) < 2:
        return NotEstimable(reason="too-few-sites", detail="Variation between sites needs at least two sites.")
    if np.all(n <= 1):
        return NotEstimable(reason="no-repeats", detail="No site has two values, so variation within sites is unknown.")
    if y.sum() in (0, n.sum()):
        return NotEstimable(reason="no-variation", detail="All values are equal.")
    return None


def _jackknife(formula: Callable[[Array, Array], float], y: Array, n: Array) -> float | None:
    if len(n) < FEWEST_SITES:
        return None
    left = [np.arange(len(n)) != out for out in range(len(n))]
    if any(_refusal(y[keep], n[keep]) is not None for keep in left):
        return None
    values = np.array([formula(y[keep], n[keep]) for keep in left])
    if not np.all(np.isfinite(values)):
        return None
    return float(math.sqrt((len(n) - 1) / len(n) * np.sum((values - values.mean()) ** 2)))


def _average_size(n: Array) -> float:
    return float((n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1))


def _within(y: Array, n: Array) -> float:
    """The mean square within sites."""
    return float((y - y**2 / n).sum() / (n.sum() - len(n)))


def _anova(y: Array, n: Array, *, modified: bool = False) -> float:
    between = float(((y**2 / n).sum() - y.sum() ** 2 / n.sum()) / (len(n) - (0 if modified else 1)))
    within = _within(y, n)
    return (between - within) / (between + (_average_size(n) - 1) * within)


def _kleinman(y: Array, n: Array, weights: Array, *, modified: bool = False, iccbin: bool = False) -> float:
    shares = y / n
    mean = float(weights @ shares)
    spread = float(weights @ (shares - mean) ** 2) * ((len(n) - 1) / len(n) if modified else 1.0)
    of_each, of_size = float((weights * (1 - weights)).sum()), float((weights * (1 - weights) / n).sum())
    q = mean * (1 - mean)
    return (spread - q * of_size) / (q * of_each - (1 if iccbin else q) * of_size)


def _equal(n: Array) -> Array:
    return np.full(len(n), 1 / len(n))


def _stabilised(y: Array, n: Array, *, around: float | None = None) -> float:
    p, shares = y.sum() / n.sum(), y / n
    spread = float((n * (shares - (p if around is None else around)) ** 2).sum())
    size = _average_size(n)
    return float((spread / ((len(n) - 1) * p * (1 - p)) + TAMURA_YOUNG - 1) / (size - 1))


def _unbiased_equation(y: Array, n: Array) -> float:
    events, across = y.sum(), _average_size(n) * (len(n) - 1)
    return float(1 - _within(y, n) * n.sum() * across / (events * (across - events) + (y**2).sum()))


def _fleiss_cuzick(y: Array, n: Array) -> float:
    p = y.sum() / n.sum()
    return float(1 - (y * (n - y) / n).sum() / ((n.sum() - len(n)) * p * (1 - p)))


def _mak(y: Array, n: Array) -> float:
    if np.any(n < 2):
        return math.nan
    shares, k = y / n, len(n)
    apart = (y * (n - y) / (n * (n - 1))).sum()
    return float(1 - (k - 1) * apart / ((shares**2).sum() + shares.sum() * (k - 1 - shares.sum())))


def _pairs(y: Array, n: Array, weights: Array) -> float:
    if not np.all(np.isfinite(weights)):
        return math.nan
    mean = float((weights * (n - 1) * y).sum())
    return (float((weights * y * (y - 1)).sum()) - mean**2) / (mean * (1 - mean))


def _inside_and_across(y: Array, n: Array) -> float:
    """By how much more pairs agree inside sites than across them."""
    no, p = n - y, y.sum() / n.sum()
    inside = ((y * (y - 1)).sum() + (no * (no - 1)).sum() - 2 * (y * no).sum()) / (n * (n - 1)).sum()
    agree = y.sum() ** 2 - (y**2).sum() + no.sum() ** 2 - (no**2).sum()
    differ = 2 * (y.sum() * no.sum() - (y * no).sum())
    return float((inside - (agree - differ) / (n.sum() ** 2 - (n**2).sum())) / (4 * p * (1 - p)))


def _reciprocal(values: Array) -> Array:
    return np.divide(1.0, values, out=np.full_like(values, np.nan), where=values > 0)


_FORMULAS: Mapping[BinaryIcc, Callable[[Array, Array], float]] = {
    BinaryIcc.ANOVA: _anova,
    BinaryIcc.ANOVA_MODIFIED: lambda y, n: _anova(y, n, modified=True),
    BinaryIcc.KLEINMAN_EQUAL: lambda y, n: _kleinman(y, n, _equal(n)),
    BinaryIcc.KLEINMAN_SIZE: lambda y, n: _kleinman(y, n, n / n.sum()),
    BinaryIcc.KLEINMAN_EQUAL_MODIFIED: lambda y, n: _kleinman(y, n, _equal(n), modified=True),
    BinaryIcc.KLEINMAN_SIZE_MODIFIED: lambda y, n: _kleinman(y, n, n / n.sum(), modified=True),
    BinaryIcc.STABILISED: _stabilised,
    BinaryIcc.UNBIASED_EQUATION: _unbiased_equation,
    BinaryIcc.FLEISS_CUZICK: _fleiss_cuzick,
    BinaryIcc.MAK: _mak,
    BinaryIcc.PAIRS_EQUAL: lambda y, n: _pairs(y, n, np.full(len(n), 1 / float((n * (n - 1)).sum()))),
    BinaryIcc.PAIRS_BY_SITE: lambda y, n: _pairs(y, n, _reciprocal(len(n) * n * (n - 1))),
    BinaryIcc.PAIRS_BY_SIZE: lambda y, n: _pairs(y, n, _reciprocal(n.sum() * (n - 1))),
    BinaryIcc.PAIRS_INSIDE_AND_ACROSS: _inside_and_across,
}
_ICCBIN: Mapping[BinaryIcc, Callable[[Array, Array], float]] = {
    BinaryIcc.KLEINMAN_EQUAL: lambda y, n: _kleinman(y, n, _equal(n), iccbin=True),
    BinaryIcc.KLEINMAN_SIZE: lambda y, n: _kleinman(y, n, n / n.sum(), iccbin=True),
    BinaryIcc.KLEINMAN_EQUAL_MODIFIED: lambda y, n: _kleinman(y, n, _equal(n), modified=True, iccbin=True),
    BinaryIcc.KLEINMAN_SIZE_MODIFIED: lambda y, n: _kleinman(y, n, n / n.sum(), modified=True, iccbin=True),
    BinaryIcc.STABILISED: lambda y, n: _stabilised(y, n, around=float((y / n).mean())),
}
