"""What the effect rests on before the start: the trend of the difference, and how much it may be wrong.

A pre-trend test never clears a design; so level-only, level and slope, and a bounded deviation are shown together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import Estimate, Estimated, Interval, NotEstimable, Scale
from enginehouse.stats.segmented import TIME, WindowKind, fit_segmented

Array = npt.NDArray[np.float64]
DEVIATIONS = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedDeviation:
    """The interval when the untreated difference may leave its line by up to `per_month` a month, either way."""

    per_month: float
    multiple_of_pre_trend: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PreTrend:
    """The pre-trend and what the effect becomes under other assumptions about it.

    Attributes
    ----------
    slope
        Change of the difference a month before the start.
    level_only
        The effect when only the level may change at the start.
    level_and_slope
        The effect of the registered model.
    deviations
        Intervals under bounded deviations, as multiples of the pre-trend's size.
    smallest_deviation
        Deviation a month at which the 95% interval includes no effect; 0 when it does so already.
    """

    slope: Estimate
    level_only: Estimated
    level_and_slope: Estimate
    deviations: tuple[BoundedDeviation, ...]
    smallest_deviation: float


def pre_trend(
    series: Array,
    n_before: int,
    *,
    scale: Scale,
    kind: WindowKind,
    months: int,
    headline: Estimate | None = None,
) -> PreTrend | NotEstimable:
    """How much the effect in a window depends on the untreated difference keeping its line.

    Parameters
    ----------
    series : array, shape (n,)
    n_before : int
    scale : {"log-ratio", "difference"}
    kind : {"average", "last-month"}
    months : int
        The window: averaged over the first `months` after the start, or the last of them.
    headline : Estimate, optional
        The estimate whose interval is widened (for example with drift); by default the registered model's own.

    Returns
    -------
    PreTrend or NotEstimable

    Notes
    -----
    If the untreated slope after the start is within M of the slope before, the untreated difference leaves its line by
    at most M x (t + 1) in month t (t = 0 is the first month after the start), on average M x (m + 1)/2 over m months
    and M x m in the last. The interval [L, U] becomes [L - M h, U + M h] with h that factor; it includes no effect
    from M = max(0, L, -U)/h on. This is a bound, not a test: it takes the worst case at every M.

    References
    ----------
    Rambachan A, Roth J. Rev Econ Stud 2023;90:2555-2591 (bounds on deviations from a trend), here for one series.
    """
    full = fit_segmented(series, n_before, scale=scale)
    if isinstance(full, NotEstimable):
        return full
    level = fit_segmented(series, n_before, scale=scale, slope_change=False)
    effect = full.window(kind, months=months)
    slope = full.coefficient(TIME)
    interval = (headline or effect).interval()
    reach = (months + 1) / 2 if kind == "average" else float(months)
    return PreTrend(
        slope=slope,
        level_only=level if isinstance(level, NotEstimable) else level.window(kind, months=months),
        level_and_slope=effect,
        deviations=tuple(_bounded(interval, abs(slope.value), multiple, reach) for multiple in DEVIATIONS),
        smallest_deviation=max(0.0, interval.low, -interval.high) / reach,
    )


def _bounded(interval: Interval, size: float, multiple: float, reach: float) -> BoundedDeviation:
    per_month = multiple * size
    return BoundedDeviation(
        per_month=per_month,
        multiple_of_pre_trend=multiple,
        interval=Interval(
            low=interval.low - per_month * reach,
            high=interval.high + per_month * reach,
            confidence_level=interval.confidence_level,
            method="bounded deviation from the pre-trend",
        ),
    )
