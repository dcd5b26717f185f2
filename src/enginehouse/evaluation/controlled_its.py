"""Controlled interrupted time series: the exposed arm against a comparator, alone and among placebo areas.

The regression is in `stats.segmented`, the drift in `stats.placebo`; here arms become series, and results records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.evaluation.absolute import absolute_effect
from enginehouse.evaluation.arms import Contributions
from enginehouse.evaluation.estimand import SCALES, WINDOW_KINDS
from enginehouse.evaluation.placebo_areas import Area, PlaceboPlan
from enginehouse.evaluation.results import (
    Coefficient,
    Comparison,
    ComparisonSeries,
    FittedModel,
    PlaceboArea,
    PlaceboSet,
    WindowResult,
)
from enginehouse.programme.enums import Window
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Comparator, Protocol
from enginehouse.stats.least_squares import NEAR_BOUNDARY, newey_west, ordinary_least_squares
from enginehouse.stats.placebo import PlaceboInSpace, placebo_in_space, too_few_placebo_areas
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, Scale
from enginehouse.stats.segmented import COLUMNS, SegmentedFit, arm_difference, fit_segmented, window_weights

Array = npt.NDArray[np.float64]
NO_DRIFT = NotEstimable(
    reason="no-drift-registered",
    detail="The exposed sites are one cluster, and the protocol registers no level of placebo areas from which the "
    "drift between areas could be learnt.",
)
_LAGS = 6


@dataclass(frozen=True, slots=True)
class Fitted:
    """One arm against another: both arms' rates and the segmented fit of their contrast."""

    treated_rate: Array
    control_rate: Array
    contrast: Array
    fit: SegmentedFit


def fit_arms(
    data: Contributions, treated: Sequence[str], control: Sequence[str], *, n_before: int, scale: Scale
) -> Fitted | NotEstimable:
    """The segmented model of `treated` over `control`, over every month of `data`."""
    arms = data.arm(treated), data.arm(control)
    contrast = arm_difference(*arms, scale=scale)
    if isinstance(contrast, NotEstimable):
        return contrast
    fit = fit_segmented(contrast, n_before, scale=scale)
    if isinstance(fit, NotEstimable):
        return fit
    rates = [numerator / denominator for numerator, denominator in arms]
    return Fitted(rates[0], rates[1], contrast, fit)


@dataclass(frozen=True, slots=True)
class PlaceboFits:
    """The placebo areas that could be fitted, with their fits; and those that could not, with the reason."""

    areas: tuple[Area, ...]
    fits: tuple[SegmentedFit, ...]
    not_fitted: Mapping[str, str]

    def windows(self, window: Window, months: int) -> list[Estimate]:
        return [fit.window(WINDOW_KINDS[window], months=months) for fit in self.fits]


def fit_placebos(data: Contributions, plan: PlaceboPlan, *, n_before: int, scale: Scale) -> PlaceboFits:
    """Every placebo area against the other areas of its region, by the registered model."""
    areas, fits, not_fitted = [], [], {}
    for area in plan.areas:
        fitted = fit_arms(data, area.sites, area.controls, n_before=n_before, scale=scale)
        if isinstance(fitted, NotEstimable):
            not_fitted[area.name] = fitted.detail
        else:
            areas.append(area)
            fits.append(fitted.fit)
    return PlaceboFits(tuple(areas), tuple(fits), not_fitted)


def with_placebos(
    treated: Estimate, placebos: PlaceboFits, window: Window, months: int
) -> tuple[Estimated, PlaceboSet | None]:
    """The treated estimate with the drift of placebo areas in its interval, and the placebo areas themselves."""
    estimates = placebos.windows(window, months)
    found = placebo_in_space(
        treated,
        np.array([estimate.value for estimate in estimates]),
        np.array([estimate.std_error for estimate in estimates]),
        df=np.array([estimate.df for estimate in estimates]),
    )
    if isinstance(found, NotEstimable):
        return too_few_placebo_areas(0), None
    return found.total, _placebo_set(placebos, estimates, found)


def compare(
    data: Contributions,
    protocol: Protocol,
    indicator: Indicator,
    exposed: Sequence[str],
    comparator: Comparator,
    control: Sequence[str],
    placebos: PlaceboFits | None,
    *,
    members: Mapping[str, int],
) -> Comparison:
    """The exposed sites against one comparator in every window."""
    n_before = data.months.index(protocol.design.starts)
    scale = SCALES[protocol.estimand.summary]
    fitted = fit_arms(data, exposed, control, n_before=n_before, scale=scale)
    controls = data.with_data(control)
    registered = comparator is protocol.exposure.comparators[0] if protocol.exposure else False
    return Comparison(
        comparator=comparator.name,
        title=comparator.title,
        registered=registered,
        control_sites=len(controls),
        control_members=sum(members[site] for site in controls),
        windows=tuple(
            _window_result(window, fitted, data, protocol, indicator, exposed, placebos) for window in Window
        ),
        model=None if isinstance(fitted, NotEstimable) else _model(fitted, protocol),
        series=None if isinstance(fitted, NotEstimable) else _series(fitted, data, protocol),
    )


def _window_result(
    window: Window,
    fitted: Fitted | NotEstimable,
    data: Contributions,
    protocol: Protocol,
    indicator: Indicator,
    exposed: Sequence[str],
    placebos: PlaceboFits | None,
) -> WindowResult:
    registered = window is protocol.estimand.window
    if isinstance(fitted, NotEstimable):
        return WindowResult(
            window=window, registered=registered, months_only=fitted, with_drift=fitted, placebo=None, absolute=None
        )
    months = protocol.design.follow_up_months
    alone = fitted.fit.window(WINDOW_KINDS[window], months=months)
    total, found = (NO_DRIFT, None) if placebos is None else with_placebos(alone, placebos, window, months)
    return WindowResult(
        window=window,
        registered=registered,
        months_only=alone,
        with_drift=total,
        placebo=found,
        absolute=absolute_effect(alone, total, data.totals(exposed), protocol, indicator, window, data.months),
    )


def _placebo_set(placebos: PlaceboFits, estimates: Sequence[Estimate], found: PlaceboInSpace) -> PlaceboSet:
    return PlaceboSet(
        areas=tuple(
            PlaceboArea(
                area=area.id,
                name=area.name,
                region=area.region,
                sites=area.members,
                estimate=estimate.value,
                std_error=estimate.std_error,
                low=estimate.interval().low,
                high=estimate.interval().high,
                significant=significant,
            )
            for area, estimate, significant in zip(placebos.areas, estimates, found.significant, strict=True)
        ),
        tau=found.tau,
        tau_reml=found.tau_reml,
        mu_reml=found.mu_reml,
        rank_p=found.rank_p,
        rank_p_studentised=found.rank_p_studentised,
        share_significant=found.share_significant,
    )


def _model(fitted: Fitted, protocol: Protocol) -> FittedModel:
    fit = fitted.fit.fit
    return FittedModel(
        method=fit.method,
        months=fit.n,
        months_before=fitted.fit.n_before,
        df=fit.df(),
        phi=fit.phi,
        sigma=fit.sigma,
        coefficients=tuple(
            Coefficient(name=name, value=float(value), std_error=float(error))
            for name, value, error in zip(COLUMNS, fit.coefficients, fit.std_errors, strict=True)
        ),
        residual_autocorrelation=autocorrelation(fit.residuals, lags=min(_LAGS, fit.n // 4)),
        other_methods=_other_methods(fitted.fit, fitted.contrast, protocol),
        notes=fit.notes,
    )


def _other_methods(fit: SegmentedFit, contrast: Array, protocol: Protocol) -> dict[str, Estimated]:
    """The registered window's effect by the methods that a reader may ask for, from months alone."""
    kind, months = WINDOW_KINDS[protocol.estimand.window], protocol.design.follow_up_months
    weights = window_weights(fit.design.shape[1], kind, months=months)
    candidates = {
        "least squares, independent months": ordinary_least_squares(contrast, fit.design),
        "least squares, Newey-West, lag 3": newey_west(contrast, fit.design, lag=3),
    }
    found: dict[str, Estimated] = {
        name: other if isinstance(other, NotEstimable) else other.contrast(weights, scale=fit.scale)
        for name, other in candidates.items()
    }
    found["AR(1) by REML, effective degrees of freedom"] = fit.fit.contrast(weights, scale=fit.scale, df="effective")
    if fit.fit.phi > NEAR_BOUNDARY:
        found["changes from month to month"] = _differenced(fit, contrast, weights)
    return found


def _differenced(fit: SegmentedFit, contrast: Array, weights: Array) -> Estimated:
    """The same effect from month-to-month changes, which have no such autocorrelation; the intercept drops out."""
    changes = ordinary_least_squares(np.diff(contrast), np.diff(fit.design, axis=0)[:, 1:])
    return changes if isinstance(changes, NotEstimable) else changes.contrast(weights[1:], scale=fit.scale)


def autocorrelation(residuals: Array, *, lags: int) -> tuple[float, ...]:
    """Correlation of a series with itself 1 to `lags` months later."""
    centred = residuals - residuals.mean()
    total = float(centred @ centred)
    return tuple(float(centred[lag:] @ centred[:-lag]) / total for lag in range(1, lags + 1))


def _series(fitted: Fitted, data: Contributions, protocol: Protocol) -> ComparisonSeries:
    ratio = fitted.fit.scale == "log-ratio"
    contrast, fit, without = (
        np.exp(values) if ratio else values
        for values in (fitted.contrast, fitted.fit.fit.fitted, fitted.fit.counterfactual)
    )
    expected = fitted.control_rate * without if ratio else fitted.control_rate + without
    return ComparisonSeries(
        months=tuple(str(month) for month in data.months),
        starts=str(protocol.design.starts),
        treated=_floats(fitted.treated_rate),
        control=_floats(fitted.control_rate),
        contrast=_floats(contrast),
        fitted=_floats(fit),
        counterfactual=_floats(without),
        treated_without=_floats(expected),
    )


def _floats(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
