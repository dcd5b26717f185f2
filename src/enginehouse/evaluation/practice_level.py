"""Models of single sites and months, which stand beside the arm-level analysis and never carry the headline.

Complete cases of the exposed and the registered comparator. They let sites differ and, some of them, drift one by one;
they know nothing of whole areas drifting, so their intervals are as falsely narrow as those of months alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.progress import Progress
from enginehouse.evaluation.context import Context
from enginehouse.evaluation.results import Coefficient, PracticeModelResult
from enginehouse.programme.enums import PracticeMethod, Window
from enginehouse.stats.fits import RegressionFit
from enginehouse.stats.glm import log_linear_fixed_effects, poisson_fixed_effects
from enginehouse.stats.glmm import MixedFit, negative_binomial_mixed, poisson_mixed
from enginehouse.stats.results import NotEstimable

Array = npt.NDArray[np.float64]
FEWEST_SITES_AN_ARM = 10
LEVEL, SLOPE, SLOPE_CHANGE = "level change of the exposed", "trend of the exposed", "slope change of the exposed"
FALSE_CERTAINTY = (
    "Single sites do not show whole areas drifting: the interval is too narrow where one area was exposed."
)


@dataclass(frozen=True, slots=True, eq=False)
class SiteMonths:
    """Rows of site and month: complete cases only. Time is in years, 0 in the first month after the start."""

    numerator: Array
    denominator: Array
    site: npt.NDArray[np.intp]
    month: npt.NDArray[np.intp]
    exposed: Array
    time: Array
    sites: int
    exposed_sites: int
    months: int

    @property
    def interactions(self) -> Array:
        """Level, trend and slope change of the exposed against the others, shape (rows, 3)."""
        after = self.time >= 0
        return np.column_stack([self.exposed * after, self.exposed * self.time, self.exposed * after * self.time])

    @property
    def with_month_effects(self) -> Array:
        """An intercept, an effect of every later month, the exposed, and `interactions`."""
        months = (self.month[:, None] == np.arange(1, self.months)[None, :]).astype(np.float64)
        return np.column_stack([np.ones(len(self.time)), months, self.exposed, self.interactions])

    @property
    def names(self) -> tuple[str, ...]:
        months = tuple(f"month {number + 1}" for number in range(1, self.months))
        return ("intercept", *months, "exposed", LEVEL, SLOPE, SLOPE_CHANGE)


type Fit = RegressionFit | MixedFit | NotEstimable


def practice_models(context: Context, progress: Progress) -> tuple[PracticeModelResult, ...]:
    """Every registered model of single sites, indicator by indicator, in the order of the protocol."""
    results = []
    for indicator, methods in context.protocol.analysis.practice_models.items():
        rows = site_months(context, indicator)
        for method in methods:
            progress(f"{context.indicators[indicator].short_title}: {method.value}")
            results.append(_result(indicator, method, rows, context))
    return tuple(results)


def site_months(context: Context, indicator: str) -> SiteMonths | NotEstimable:
    """The complete cases of one indicator over the registered span."""
    design = context.protocol.design
    arrays = context.arrays[indicator].in_period(design.span)
    chosen = arrays.of_sites((*context.arms.exposed, *context.registered_control)).complete()
    is_exposed = np.isin(np.array(chosen.sites), np.array(context.arms.exposed))
    if min(is_exposed.sum(), (~is_exposed).sum()) < FEWEST_SITES_AN_ARM:
        return NotEstimable(
            reason="too-few-sites",
            detail="These are not data of single sites: fewer than "
            f"{FEWEST_SITES_AN_ARM} sites in an arm have every month.",
        )
    sites, months = chosen.numerator.shape
    time = (np.arange(months) - design.baseline_months) / 12
    return SiteMonths(
        numerator=chosen.numerator.ravel(),
        denominator=chosen.denominator.ravel(),
        site=np.repeat(np.arange(sites), months),
        month=np.tile(np.arange(months), sites),
        exposed=np.repeat(is_exposed.astype(np.float64), months),
        time=np.tile(time, sites),
        sites=sites,
        exposed_sites=int(is_exposed.sum()),
        months=months,
    )


def fit_poisson_random_slope(rows: SiteMonths) -> Fit:
    """Counts, with every site its own level and its own trend."""
    return _only_counts(rows) or poisson_mixed(
        rows.numerator,
        rows.with_month_effects,
        clusters=rows.site,
        offset=np.log(rows.denominator),
        slope=rows.time,
        names=rows.names,
    )


def fit_negative_binomial(rows: SiteMonths) -> Fit:
    """Counts that vary more than Poisson says, with every site its own level."""
    return _only_counts(rows) or negative_binomial_mixed(
        rows.numerator,
        rows.with_month_effects,
        clusters=rows.site,
        offset=np.log(rows.denominator),
        names=rows.names,
    )


def fit_quasi_poisson(rows: SiteMonths) -> Fit:
    """Counts or quantities, an effect for every site and month, robust to how a site's months hang together."""
    return poisson_fixed_effects(
        rows.numerator,
        rows.interactions,
        sites=rows.site,
        months=rows.month,
        offset=np.log(rows.denominator),
        names=(LEVEL, SLOPE, SLOPE_CHANGE),
    )


def fit_log_linear(rows: SiteMonths) -> Fit:
    """The logarithm of quantities, with the same effects: a sensitivity analysis that leaves zeros out."""
    return log_linear_fixed_effects(
        rows.numerator,
        rows.interactions,
        sites=rows.site,
        months=rows.month,
        offset=np.log(rows.denominator),
        names=(LEVEL, SLOPE, SLOPE_CHANGE),
    )


PRACTICE_METHODS: Mapping[PracticeMethod, Callable[[SiteMonths], Fit]] = {
    PracticeMethod.POISSON_RANDOM_SLOPE: fit_poisson_random_slope,
    PracticeMethod.NEGATIVE_BINOMIAL: fit_negative_binomial,
    PracticeMethod.QUASI_POISSON: fit_quasi_poisson,
    PracticeMethod.LOG_LINEAR: fit_log_linear,
}


def _only_counts(rows: SiteMonths) -> NotEstimable | None:
    if np.array_equal(rows.numerator, np.round(rows.numerator)):
        return None
    return NotEstimable(
        reason="not-counts", detail="The numerator is a quantity, and this model is of counts; use quasi-Poisson."
    )


def _result(
    indicator: str, method: PracticeMethod, rows: SiteMonths | NotEstimable, context: Context
) -> PracticeModelResult:
    if isinstance(rows, NotEstimable):
        return _refused(indicator, method, rows, (0, 0, 0))
    fit = PRACTICE_METHODS[method](rows)
    if isinstance(fit, NotEstimable):
        return _refused(indicator, method, fit, (rows.sites, rows.exposed_sites, rows.months))
    months = context.protocol.design.follow_up_months
    return PracticeModelResult(
        indicator=indicator,
        method=method,
        sites=rows.sites,
        exposed_sites=rows.exposed_sites,
        months=rows.months,
        windows={window.value: fit.contrast(_weights(window, months)) for window in Window},
        coefficients=_coefficients(fit),
        log_likelihood=fit.log_likelihood if isinstance(fit, MixedFit) else None,
        numbers=fit.numbers if isinstance(fit, MixedFit) else {"dispersion": fit.dispersion, "rows": float(fit.rows)},
        notes=(*fit.notes, FALSE_CERTAINTY),
    )


def _refused(
    indicator: str, method: PracticeMethod, answer: NotEstimable, sizes: tuple[int, int, int]
) -> PracticeModelResult:
    sites, exposed_sites, months = sizes
    return PracticeModelResult(
        indicator=indicator,
        method=method,
        sites=sites,
        exposed_sites=exposed_sites,
        months=months,
        windows={window.value: answer for window in Window},
    )


def _weights(window: Window, months: int) -> dict[str, float]:
    """Level plus the slope change (a year) at the window's mean or last month."""
    reach = (months - 1) / 2 if window is Window.FOLLOW_UP else months - 1
    return {LEVEL: 1.0, SLOPE_CHANGE: reach / 12}


def _coefficients(fit: RegressionFit | MixedFit) -> tuple[Coefficient, ...]:
    """Level, and trend and slope change a month; month effects are left to the fit."""
    per = {LEVEL: 1.0, SLOPE: 1 / 12, SLOPE_CHANGE: 1 / 12}
    found = {name: fit.contrast({name: share}) for name, share in per.items()}
    return tuple(
        Coefficient(
            name=name if name == LEVEL else f"{name}, a month", value=estimate.value, std_error=estimate.std_error
        )
        for name, estimate in found.items()
    )
