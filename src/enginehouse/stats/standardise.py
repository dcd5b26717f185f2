"""Marginal risks and rates by standardisation: what a whole population would have with and without a change.

A conditional odds ratio of a mixed model is not the ratio of two groups of patients; averaging predicted risks over the
covariates and over the random effects gives risk differences and ratios that are. For mixed models of counts,
estimating equations and Poisson regressions; the models themselves live elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from numpy.polynomial.hermite_e import hermegauss

from enginehouse.stats.fits import Array, RegressionFit
from enginehouse.stats.gee.fit import GeeFit
from enginehouse.stats.glmm.families import OF_TRIALS
from enginehouse.stats.glmm.fit import MixedFit, degrees_of_freedom
from enginehouse.stats.glmm.mean_families import MEANS, Link
from enginehouse.stats.lmm.freedom import DfMethod
from enginehouse.stats.results import Estimate, Scale

POINTS = 40
"""Of the quadrature over random effects: exact to ten digits for standard deviations up to about 3."""

type Fit = MixedFit | GeeFit | RegressionFit
type Setting = Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]]


class Measure(StrEnum):
    """How two averages are compared."""

    RISK_DIFFERENCE = "risk-difference"
    RISK_RATIO = "risk-ratio"
    ODDS_RATIO = "odds-ratio"
    RATE_RATIO = "rate-ratio"
    RATE_DIFFERENCE = "rate-difference"


OF_RISKS = frozenset({Measure.RISK_DIFFERENCE, Measure.RISK_RATIO, Measure.ODDS_RATIO})
DIFFERENCES = frozenset({Measure.RISK_DIFFERENCE, Measure.RATE_DIFFERENCE})


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """A standardised risk or rate, and its gradient by all parameters of the fit."""

    value: float
    gradient: Array


def standardise(
    fit: Fit,
    setting: Setting,
    *,
    design: npt.ArrayLike,
    measure: Measure,
    offset: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    random: npt.ArrayLike | None = None,
    method: DfMethod = DfMethod.BETWEEN_WITHIN,
) -> Estimate:
    """The marginal risk difference, risk ratio, odds ratio, rate ratio or rate difference of a change of columns.

    Parameters
    ----------
    fit
        A mixed model of counts, estimating equations, or a Poisson regression.
    setting
        For each column that changes, its values with and without the change: numbers, or arrays of shape (m,).
        Interactions with a changed column are columns that change too.
    design
        The rows to average over, shape (m, p): all of them, those after the start, or those of one group.
    measure
        Risks need a fit of a yes or no, rates one of counts.
    offset
        Shape (m,), the log of the denominator: rates are for one of it. Zero by default.
    weights
        Shape (m,), how much each row counts, such as the patients of a practice and month; equal by default (of rates
        the denominator counts as well).
    random
        Shape (m, q), the columns of a cluster's random effects in the rows; a mixed model with slopes needs them.
    method
        Degrees of freedom of a mixed model's interval; estimating equations and regressions have their own.

    Returns
    -------
    Estimate
        Ratios on the log scale. The numbers hold both averages.

    Raises
    ------
    ValueError
        A column is not in the fit, shapes do not match, or the measure does not go with the family.

    Notes
    -----
    With v_t the variance of row t's random part, the average is sum w_t E g^-1(offset_t + x_t b + v_t^1/2 z) / sum w_t
    with z standard normal, by Gauss-Hermite quadrature (closed form for the log link). Standard errors by the delta
    method with the covariance of all parameters: the mean moves with v_t by half its second derivative, so that the
    uncertainty of the variances counts. Estimating equations are marginal already: v_t is zero. Assumes the model, and
    normal effects in the population meant.

    References
    ----------
    Zeger SL, Liang KY, Albert PS. Biometrics 1988;44:1049-1060. Austin PC. J Clin Epidemiol 2010;63:2-6 (risks from
    odds). Pavlou M, Ambler G, Seaman SR, Omar RZ. BMC Med Res Methodol 2015;15:59.

    Examples
    --------
    12 of 40 against 6 of 40 patients, in a regression of counts: the ratio of risks is that of the table.

    >>> from enginehouse.stats.glm import poisson_regression
    >>> rows = np.array([[1, 0], [1, 1]])
    >>> fit = poisson_regression([12, 6], rows, offset=np.log([40, 40]), names=["one", "arm"])
    >>> found = standardise(fit, {"arm": (1, 0)}, design=rows, measure=Measure.RATE_RATIO)
    >>> round(found.ratio, 3), round(found.numbers["average_without"], 3)
    (0.5, 0.3)
    """
    population = _population(fit, design, offset, weights, random)
    _check(fit, measure)
    with_it, without = (population.average(_set(fit, population, setting, which)) for which in (0, 1))
    value, gradient = _compared(with_it, without, measure)
    scale: Scale = "difference" if measure in DIFFERENCES else "log-ratio"
    numbers = {"average_with": with_it.value, "average_without": without.value}
    changed = np.isin(np.array(fit.names), list(setting)).astype(float)
    std_error, df, notes = _uncertainty(fit, gradient, changed, scale, method)
    return Estimate(
        value=value,
        std_error=std_error,
        df=df,
        scale=scale,
        method=f"standardised {measure.value}: {fit.method}",
        notes=notes,
        numbers=numbers,
    )


def _check(fit: Fit, measure: Measure) -> None:
    if isinstance(fit, RegressionFit):
        of_risks = False
    else:
        of_risks = fit.family in OF_TRIALS if isinstance(fit, MixedFit) else "binomial" in fit.family.name.lower()
    if (measure in OF_RISKS) != of_risks and not (isinstance(fit, GeeFit) and measure is not Measure.ODDS_RATIO):
        what = "a yes or no" if of_risks else "counts"
        raise ValueError(f"a {measure.value} cannot be had from a model of {what}")


@dataclass(frozen=True, slots=True, eq=False)
class _Population:
    """The rows to average over, and how their mean follows from linear predictor and random variance."""

    beta: Array
    design: Array
    offset: Array
    weights: Array
    divisor: float
    mean: Callable[[Array], list[Array]]
    closed: bool
    variance: Array
    by_random: Array

    def average(self, design: Array) -> Average:
        """The average with the columns as given, and its gradient by fixed effects and what comes after them."""
        mean, first, second = self._integrated(self.offset + design @ self.beta)
        share = self.weights / self.divisor
        by_fixed = (share * first) @ design
        by_other = (share * 0.5 * second) @ self.by_random
        return Average(float(share @ mean), np.concatenate([by_fixed, by_other]))

    def _integrated(self, eta: Array) -> tuple[Array, Array, Array]:
        """Mean and first two derivatives by the linear predictor, random effects integrated out."""
        if self.closed:
            mean = np.exp(eta + self.variance / 2)
            return mean, mean, mean
        if not np.any(self.variance > 0):
            values = self.mean(eta)
            return values[0], values[1], values[2]
        nodes, weight = hermegauss(POINTS)
        weight = weight / weight.sum()
        spread = np.sqrt(self.variance)
        parts = [self.mean(eta + spread * node)[:3] for node in nodes]
        mean, first, second = (np.array([part[k] for part in parts]).T @ weight for k in range(3))
        return mean, first, second


def _population(
    fit: Fit,
    design: npt.ArrayLike,
    offset: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
    random: npt.ArrayLike | None,
) -> _Population:
    columns = np.asarray(design, dtype=float)
    m = len(columns)
    if columns.ndim != 2 or columns.shape[1] != len(fit.names):
        raise ValueError(f"the design has shape {columns.shape}, the fit {len(fit.names)} columns")
    shift = np.zeros(m) if offset is None else np.asarray(offset, dtype=float)
    share = np.ones(m) if weights is None else np.asarray(weights, dtype=float)
    if shift.shape != (m,) or share.shape != (m,) or np.any(share < 0) or not np.any(share > 0):
        raise ValueError(f"offset and weights need one finite value for each of {m} rows, weights not negative")
    variance, by_random = _random_part(fit, m, random)
    link = "log" if isinstance(fit, RegressionFit) else fit.link.value
    return _Population(
        design=columns,
        offset=shift,
        weights=share,
        divisor=float(share @ np.exp(shift)) if link == "log" else float(share.sum()),
        mean=_identity if link == "identity" else MEANS[Link(link)],
        closed=link == "log",
        variance=variance,
        by_random=by_random,
        beta=fit.fixed_effects if isinstance(fit, MixedFit) else fit.coefficients,
    )


def _identity(eta: Array) -> list[Array]:
    return [eta, np.ones(eta.shape), np.zeros(eta.shape)]


def _random_part(fit: Fit, m: int, random: npt.ArrayLike | None) -> tuple[Array, Array]:
    """The variance of each row's random part, shape (m,), and its derivatives by the other parameters, (m, k)."""
    if not isinstance(fit, MixedFit):
        return np.zeros(m), np.zeros((m, 0))
    rows, at = fit.data, fit.optimum.at
    if random is None and (len(rows.random) > 1 or np.ptp(rows.random[0]) > 0):
        raise ValueError("the model has random slopes: pass the columns that vary in these rows as `random`")
    columns = np.ones((m, 1)) if random is None else np.asarray(random, dtype=float)
    if columns.shape != (m, len(rows.random)):
        raise ValueError(f"random has shape {columns.shape}, the model needs {(m, len(rows.random))}")
    scaled = columns / rows.scale
    loading = scaled @ at.factor
    variance = np.sum(loading**2, axis=1)
    parts = [2 * scaled[:, j] * loading[:, k] for j, k in zip(*np.nonzero(rows.free), strict=True)]
    if rows.inner is not None:
        variance = variance + (at.inner / rows.inner.scale) ** 2
        parts.append(np.full(m, 2 * at.inner / rows.inner.scale**2))
    if at.log_size is not None:
        parts.append(np.zeros(m))
    return variance, np.column_stack(parts)


def _set(fit: Fit, population: _Population, setting: Setting, which: int) -> Array:
    """The design with the changed columns in one state."""
    unknown = sorted(set(setting) - set(fit.names))
    if unknown or not setting:
        raise ValueError(f"no such column in the fit: {', '.join(unknown) or 'none was given'}")
    found = population.design.copy()
    for name, values in setting.items():
        found[:, fit.names.index(name)] = np.asarray(values[which], dtype=float)
    return found


def _compared(one: Average, other: Average, measure: Measure) -> tuple[float, Array]:
    if measure in DIFFERENCES:
        return one.value - other.value, one.gradient - other.gradient
    parts = (one, other)
    if measure is Measure.ODDS_RATIO:
        logs = [math.log(part.value / (1 - part.value)) for part in parts]
        slopes = [part.gradient / (part.value * (1 - part.value)) for part in parts]
    else:
        logs = [math.log(part.value) for part in parts]
        slopes = [part.gradient / part.value for part in parts]
    return logs[0] - logs[1], slopes[0] - slopes[1]


def _uncertainty(
    fit: Fit, gradient: Array, changed: Array, scale: Scale, method: DfMethod
) -> tuple[float, float, tuple[str, ...]]:
    """Standard error, degrees of freedom and notes."""
    if isinstance(fit, GeeFit):
        found = fit.estimate(0.0, gradient, scale=scale)
        return found.std_error, found.df, found.notes
    if isinstance(fit, RegressionFit):
        return math.sqrt(float(gradient @ fit.covariance @ gradient)), fit.df, fit.notes
    error = math.sqrt(float(gradient @ fit.optimum.everything @ gradient))
    return error, degrees_of_freedom(fit.data, changed, method), (method.sentence, *fit.notes)
