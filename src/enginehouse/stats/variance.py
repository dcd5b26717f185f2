"""How much sites differ and how steady they are: ICC, autocorrelation, between-site variance, variation of site sizes.

These feed the design of trials and the insight pages. Funnel limits, shrinkage and reliability are not here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import fdtri

from enginehouse.stats.fits import codes_of
from enginehouse.stats.glmm import MixedFit, poisson_mixed
from enginehouse.stats.results import Interval, NotEstimable

type Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponents:
    """A one-way analysis of variance of individuals (or months) within sites.

    Attributes
    ----------
    mean_square_between, mean_square_within
        Of k sites and N individuals, with k - 1 and N - k degrees of freedom.
    average_size
        n0 = (N - sum(n^2)/N) / (k - 1), a little below the mean size.
    squared_sizes, cubed_sizes
        Sums of n^2 and n^3 over sites.
    """

    mean_square_between: float
    mean_square_within: float
    average_size: float
    sites: int
    individuals: int
    squared_sizes: float
    cubed_sizes: float
    notes: tuple[str, ...] = ()

    @property
    def between_variance(self) -> float:
        """(MSB - MSW) / n0; negative where sites differ less than chance."""
        return (self.mean_square_between - self.mean_square_within) / self.average_size

    @property
    def icc(self) -> float:
        """Share of the variance that lies between sites, -1/(n0 - 1) to 1."""
        total = self.between_variance + self.mean_square_within
        return self.between_variance / total

    @property
    def std_error(self) -> float:
        """Large-sample standard error of the ICC (Swiger 1964)."""
        n, k, size, icc = self.individuals, self.sites, self.average_size, self.icc
        spread = (1 - icc) ** 2 * (1 + (size - 1) * icc) ** 2
        return math.sqrt(2 * (n - 1) * spread / (size**2 * (n - k) * (k - 1)))

    @property
    def std_error_of_unequal_sizes(self) -> float:
        """Large-sample standard error of the ICC that knows how sites vary in size (Smith 1957)."""
        n, k, size, icc = self.individuals, self.sites, self.average_size, self.icc
        varying = self.squared_sizes - 2 * self.cubed_sizes / n + (self.squared_sizes / n) ** 2
        within = (1 + icc * (size - 1)) ** 2 / (n - k)
        between = ((k - 1) * (1 - icc) * (1 + icc * (2 * size - 1)) + icc**2 * varying) / (k - 1) ** 2
        return math.sqrt(2 * (1 - icc) ** 2 / size**2 * (within + between))

    def interval(self, confidence_level: float = 0.95) -> Interval:
        """The F interval of the ICC: exact for sites of one size and normal values, good where sizes vary little."""
        tail = (1 - confidence_level) / 2
        between, within = self.sites - 1, self.individuals - self.sites
        ratio = self.mean_square_between / self.mean_square_within
        low, high = (ratio / float(fdtri(between, within, p)) for p in (1 - tail, tail))
        return Interval(
            low=(low - 1) / (low + self.average_size - 1),
            high=(high - 1) / (high + self.average_size - 1),
            confidence_level=confidence_level,
            method="F",
        )


def anova_icc(values: npt.ArrayLike, sites: npt.ArrayLike) -> VarianceComponents | NotEstimable:
    """The intra-cluster correlation of individual values by one-way analysis of variance.

    Parameters
    ----------
    values
        Shape (N,); 0 and 1 for a yes or no.
    sites
        Label of each value's site, shape (N,).

    Returns
    -------
    VarianceComponents or NotEstimable
        `too-few-sites` below two sites, `no-repeats` where no site has two values, `no-variation` where all are equal.

    Notes
    -----
    icc = (MSB - MSW) / (MSB + (n0 - 1) MSW). Kept as it comes out: a negative value means that sites differ less than
    chance would make them.

    References
    ----------
    Donner, Koval. Biometrics 1980;36:19-25. Smith CAB. Ann Hum Genet 1957;21:363-373. Ukoumunne. Stat Med
    2002;21:3757-3774.

    Examples
    --------
    Two sites, values 1 3 and 5 7: MSB = 16, MSW = 2, so icc = 14/18.

    >>> round(anova_icc([1, 3, 5, 7], ["a", "a", "b", "b"]).icc, 6) == round(14 / 18, 6)
    True
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 1 or not np.all(np.isfinite(numbers)):
        raise ValueError("values must be one row of finite numbers")
    codes, _ = codes_of(sites, len(numbers))
    sizes = np.bincount(codes).astype(float)
    # Centred first, so that large values lose no digits in the sum of squares.
    centred = numbers - numbers.mean() if len(numbers) else numbers
    return _components(sizes, np.bincount(codes, centred), float(np.sum(centred**2)))


def anova_icc_of_proportions(events: npt.ArrayLike, totals: npt.ArrayLike) -> VarianceComponents | NotEstimable:
    """The analysis-of-variance ICC of a yes or no, from the counts of each site: what `anova_icc` gives for 0 and 1.

    Parameters
    ----------
    events, totals
        Whole numbers by site, shape (k,); sites with total zero are left out.
    """
    x, n = np.asarray(events, dtype=float), np.asarray(totals, dtype=float)
    if x.shape != n.shape or x.ndim != 1 or not np.all((x >= 0) & (x <= n)):
        raise ValueError("events and totals must be rows of one length with 0 <= events <= totals")
    x, n = x[n > 0], n[n > 0]
    share = float(x.sum() / n.sum()) if len(n) else 0.0
    # Deviations from the overall share p: each event adds (1 - p)^2, each other p^2.
    return _components(n, x - n * share, float(np.sum(x * (1 - share) ** 2 + (n - x) * share**2)))


def _components(sizes: Array, sums: Array, squares: float) -> VarianceComponents | NotEstimable:
    """From sizes, sums and the total sum of squares of values that were centred at their overall mean."""
    k, n = len(sizes), float(sizes.sum())
    refusal = _icc_refusal(k, n, squares)
    if refusal is not None:
        return refusal
    between = float(np.sum(sums**2 / sizes))
    components = VarianceComponents(
        mean_square_between=between / (k - 1),
        mean_square_within=max(squares - between, 0.0) / (n - k),
        average_size=(n - float(np.sum(sizes**2)) / n) / (k - 1),
        sites=k,
        individuals=int(n),
        squared_sizes=float(np.sum(sizes**2)),
        cubed_sizes=float(np.sum(sizes**3)),
    )
    if components.icc >= 0:
        return components
    note = "The ICC is negative: sites differ less than chance would make them. Designs should use 0."
    return replace(components, notes=(note,))


def _icc_refusal(sites: int, individuals: float, squares: float) -> NotEstimable | None:
    if sites < 2:
        return NotEstimable(reason="too-few-sites", detail="Variation between sites needs at least two sites.")
    if individuals <= sites:
        return NotEstimable(reason="no-repeats", detail="No site has two values, so variation within sites is unknown.")
    if squares == 0:
        return NotEstimable(reason="no-variation", detail="All values are equal.")
    return None


def panel_icc(values: npt.ArrayLike) -> VarianceComponents | NotEstimable:
    """The ICC of a site's single month: how much of the variance of a month's value lies between sites that last.

    Parameters
    ----------
    values
        Sites x months, `nan` where a site has no value. Months are centred first, so a common trend or season is not
        counted as variation within sites.
    """
    matrix = _matrix(values)
    seen = np.isfinite(matrix)
    if not np.any(seen):
        return NotEstimable(reason="too-few-sites", detail="No site has a value.")
    months = seen.sum(axis=0)
    means = np.where(seen, matrix, 0.0).sum(axis=0) / np.maximum(months, 1)
    rows, _ = np.nonzero(seen)
    return anova_icc((matrix - means)[seen], rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Autocorrelation:
    """The correlation between sites' values `lag` months apart, and from how many pairs of months and sites."""

    value: float
    lag: int
    month_pairs: int
    site_pairs: int


def lag_autocorrelation(values: npt.ArrayLike, *, lag: int = 1) -> Autocorrelation | NotEstimable:
    """The correlation across sites of a month's value with the value `lag` months later, averaged over months.

    Parameters
    ----------
    values
        Sites x months, `nan` where a site has no value.
    lag
        Months, at least 1.

    Returns
    -------
    Autocorrelation or NotEstimable
        `too-few-months` where no two months lie `lag` apart with three sites each and variation in both.

    Notes
    -----
    Pearson's r over the sites that have both months, averaged without weights over the pairs of months. Common trends
    and seasons cannot inflate it: each r is within one pair of months. With lag 12, r^2 is about the share of a
    month's variance that the same month of the year before removes.
    """
    matrix = _matrix(values)
    if lag < 1:
        raise ValueError(f"a lag is at least 1 month; got {lag}")
    pairs = [_pair_correlation(matrix[:, month], matrix[:, month + lag]) for month in range(matrix.shape[1] - lag)]
    found = [pair for pair in pairs if pair is not None]
    if not found:
        return NotEstimable(
            reason="too-few-months", detail=f"No two months {lag} apart have at least three sites whose values differ."
        )
    return Autocorrelation(
        value=float(np.mean([r for r, _ in found])),
        lag=lag,
        month_pairs=len(found),
        site_pairs=sum(count for _, count in found),
    )


def _pair_correlation(first: Array, second: Array) -> tuple[float, int] | None:
    both = np.isfinite(first) & np.isfinite(second)
    count = int(both.sum())
    if count < 3:
        return None
    x, y = first[both] - first[both].mean(), second[both] - second[both].mean()
    spread = math.sqrt(float(x @ x) * float(y @ y))
    return (float(x @ y) / spread, count) if spread > 0 else None


def _matrix(values: npt.ArrayLike) -> Array:
    matrix = np.asarray(values, dtype=float)
    if matrix.ndim != 2:
        raise ValueError("values must be a matrix of sites by months")
    return matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class BetweenSites:
    """The variance between sites of the log of their true rates, chance removed.

    Attributes
    ----------
    variance
        On the log scale; its square root is about the coefficient of variation of the true rates.
    method
        `moments` or `maximum likelihood`.
    """

    variance: float
    method: str
    sites: int
    notes: tuple[str, ...] = ()

    @property
    def sd(self) -> float:
        """Standard deviation of the log rates."""
        return math.sqrt(self.variance)


AT_ZERO = "Sites differ no more than chance makes them: the variance between sites is at its boundary, zero."


def between_site_variance_moments(counts: npt.ArrayLike, expected: npt.ArrayLike) -> BetweenSites | NotEstimable:
    """The between-site variance of log rates by the method of moments, from one count for each site.

    Parameters
    ----------
    counts
        Shape (k,), not negative.
    expected
        Shape (k,), positive: denominators, or counts expected from case mix; only their proportions matter.

    Notes
    -----
    With E scaled so that sum(E) = sum(x): t = sum((x - E)^2 - x) / sum(E^2) estimates the variance of the true ratio,
    variance = log(1 + t) that of its log (exact for a log-normal). The common scale is estimated from the same data, a
    bias downwards of order 1/k. Assumes Poisson counts given the rate. Robust, zeros allowed, dominated by large sites.
    """
    ready = _ratios(counts, expected)
    if isinstance(ready, NotEstimable):
        return ready
    x, scaled = ready
    excess = float(np.sum((x - scaled) ** 2 - x) / np.sum(scaled**2))
    notes = (AT_ZERO,) if excess <= 0 else ()
    return BetweenSites(variance=math.log1p(max(excess, 0.0)), method="moments", sites=len(x), notes=notes)


def between_site_variance_ml(counts: npt.ArrayLike, expected: npt.ArrayLike) -> BetweenSites | NotEstimable:
    """The between-site variance of log rates by maximum likelihood, from one count for each site.

    Parameters are those of `between_site_variance_moments`.

    Notes
    -----
    x_i ~ Poisson(E_i exp(b + u_i)), u_i ~ N(0, variance); the integral by Laplace's approximation (`glmm`). Slightly
    downwards with few sites, as maximum likelihood is, and where most counts are 0 or 1, as Laplace is.
    """
    ready = _ratios(counts, expected)
    if isinstance(ready, NotEstimable):
        return ready
    x, scaled = ready
    fit = poisson_mixed(x, np.ones((len(x), 1)), clusters=np.arange(len(x)), offset=np.log(scaled))
    if not isinstance(fit, MixedFit):
        return fit
    at_zero = any("boundary" in note for note in fit.notes)
    return BetweenSites(
        variance=0.0 if at_zero else fit.intercept_sd**2,
        method="maximum likelihood",
        sites=len(x),
        notes=(AT_ZERO,) if at_zero else (),
    )


def _ratios(counts: npt.ArrayLike, expected: npt.ArrayLike) -> tuple[Array, Array] | NotEstimable:
    x, e = np.asarray(counts, dtype=float), np.asarray(expected, dtype=float)
    if x.shape != e.shape or x.ndim != 1 or not np.all(x >= 0) or not np.all(e > 0):
        raise ValueError("counts and expected must be rows of one length, counts not negative, expected positive")
    if len(x) < 3:
        return NotEstimable(reason="too-few-sites", detail="Variation between sites needs at least three sites.")
    if not np.any(x > 0):
        return NotEstimable(reason="no-events", detail="No site has any event.")
    return x, e * (x.sum() / e.sum())


def cluster_size_variation(sizes: npt.ArrayLike) -> float | NotEstimable:
    """The coefficient of variation of site sizes, sd / mean with n - 1 in the variance; it inflates design effects.

    Parameters
    ----------
    sizes
        Patients by site, shape (k,), not negative, k >= 2.

    References
    ----------
    Eldridge, Ashby, Kerry. Int J Epidemiol 2006;35:1292-1300: design effect 1 + ((cv^2 + 1) m - 1) icc.

    Examples
    --------
    >>> round(cluster_size_variation([1000, 2000, 3000]), 6)
    0.5
    """
    numbers = np.asarray(sizes, dtype=float)
    if not np.all(numbers >= 0):
        raise ValueError("sizes must be numbers and not negative")
    if len(numbers) < 2 or numbers.sum() == 0:
        return NotEstimable(reason="too-few-sites", detail="Variation of sizes needs at least two sites with patients.")
    return float(numbers.std(ddof=1) / numbers.mean())
