"""From a relative effect to the indicator's own unit, always with the denominator it speaks of."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month
from enginehouse.evaluation.results import AbsoluteEffect
from enginehouse.programme.enums import Window
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import Estimate, Estimated

Array = npt.NDArray[np.float64]


def absolute_effect(
    months_only: Estimate,
    with_drift: Estimated,
    totals: tuple[Array, Array],
    protocol: Protocol,
    indicator: Indicator,
    window: Window,
    months: Sequence[Month],
) -> AbsoluteEffect:
    """The change in quantity over a window among the exposed, with the headline's interval where there is one.

    Parameters
    ----------
    months_only, with_drift
        The relative (or rate-difference) effect; the second is used unless it cannot be estimated.
    totals : pair of arrays, shape (months,)
        The exposed arm's quantities and denominators by month, unweighted.

    Returns
    -------
    AbsoluteEffect

    Notes
    -----
    With ratio r the counterfactual is observed / r, the change observed (1 - 1/r); limits are those of r put through
    the same. For a difference d of rates the change is d x the sum of denominators. The observed quantity is taken as
    known: the doubt is that of the effect. The change in the ratio is change / the sum of the monthly denominators.
    With site-average estimands the ratio is the sites', the quantity all of it.
    """
    period = protocol.design.follow_up
    chosen = [month in period if window is Window.FOLLOW_UP else month == period.last for month in months]
    quantity, patients = (float(values[chosen].sum()) for values in totals)
    estimate = with_drift if isinstance(with_drift, Estimate) else months_only
    interval = estimate.interval()
    change, low, high = (
        _change(value, estimate, quantity, patients) for value in (estimate.value, interval.low, interval.high)
    )
    denominator = patients / sum(chosen)
    return AbsoluteEffect(
        unit=indicator.unit,
        per=indicator.per,
        scale=indicator.scale,
        months=sum(chosen),
        observed=quantity,
        counterfactual=quantity - change,
        change=change,
        change_low=low,
        change_high=high,
        denominator=denominator,
        change_per_denominator=change / denominator,
        change_per_denominator_low=low / denominator,
        change_per_denominator_high=high / denominator,
        is_proportion=indicator.is_proportion,
        change_in_ratio=change / patients,
        change_in_ratio_low=low / patients,
        change_in_ratio_high=high / patients,
        basis="with drift between areas" if estimate is with_drift else "months only",
    )


def _change(value: float, estimate: Estimate, quantity: float, patients: float) -> float:
    if estimate.scale == "log-ratio":
        return quantity * (1 - math.exp(-value))
    return value * patients
