"""Segmented regression of the difference between two arms over time: the series, the design and the contrasts.

The regressions themselves are in `least_squares.py`; how much untreated areas drift apart is in `placebo.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from enginehouse.stats.least_squares import LinearFit, ar1_reml, ordinary_least_squares
from enginehouse.stats.results import Estimate, NotEstimable, Scale

Array = npt.NDArray[np.float64]
WindowKind = Literal["average", "last-month"]

INTERCEPT, TIME, LEVEL, SLOPE_CHANGE = range(4)
COLUMNS = ("intercept", "time", "level", "slope change")
FEWEST_MONTHS_A_SIDE = 3
_NO_VARIATION = 1e-12
# At 12 points REML piles up at phi near 1 in 12 to 33% of series (simulated); least squares is then the better choice.
FEWEST_MONTHS_FOR_AR1 = 13
SHORT_SERIES_NOTE = "Twelve months or fewer: least squares was used, and its interval is likely to be too narrow."


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SegmentedFit:
    """A segmented model of a difference series, with month 0 the first month after the start.

    Attributes
    ----------
    fit
        The regression; its first columns are `COLUMNS` (without the last where only the level may change).
    design
        Shape (n, p).
    n_before
        Months before the start.
    scale
        `log-ratio` or `difference`.
    slope_change
        Whether the model lets the slope change at the start, or only the level.
    """

    fit: LinearFit
    design: Array
    n_before: int
    scale: Scale
    slope_change: bool

    @property
    def n_after(self) -> int:
        return self.fit.n - self.n_before

    @property
    def counterfactual(self) -> Array:
        """The series that the model expects without the treatment, shape (n,)."""
        without = self.design.copy()
        without[:, LEVEL : SLOPE_CHANGE + 1 if self.slope_change else SLOPE_CHANGE] = 0.0
        return without @ self.fit.coefficients

    def window(self, kind: WindowKind, *, months: int) -> Estimate:
        """The effect over the first `months` months after the start: averaged, or in the last of them."""
        return self.fit.contrast(
            window_weights(self.design.shape[1], kind, months=months, slope=self.slope_change), scale=self.scale
        )

    def coefficient(self, column: int) -> Estimate:
        """One coefficient as an estimate."""
        weights = np.zeros(self.design.shape[1])
        weights[column] = 1.0
        return self.fit.contrast(weights, scale=self.scale)


def arm_difference(treated: tuple[Array, Array], control: tuple[Array, Array], *, scale: Scale) -> Array | NotEstimable:
    """The monthly contrast of two arms: log of the ratio of their rates, or the difference of their rates.

    Parameters
    ----------
    treated, control : pair of arrays, shape (n,)
        Numerators and denominators, summed over the arm's sites.
    scale : {"log-ratio", "difference"}

    Returns
    -------
    array, shape (n,), or NotEstimable
        Not estimable where a denominator is zero or missing, or (for ratios) a numerator is not positive.

    Notes
    -----
    A calendar effect that multiplies both arms alike (short Februaries, public holidays) cancels in the log ratio.

    Examples
    --------
    >>> import numpy as np
    >>> two = np.array([2.0]), np.array([10.0])
    >>> one = np.array([1.0]), np.array([10.0])
    >>> arm_difference(two, one, scale="difference").round(3).tolist()
    [0.1]
    """
    for numerator, denominator in (treated, control):
        if not (np.all(np.isfinite(numerator)) and np.all(np.isfinite(denominator)) and np.all(denominator > 0)):
            return NotEstimable(reason="missing-months", detail="An arm has a month without a denominator.")
        if scale == "log-ratio" and not np.all(numerator > 0):
            return NotEstimable(
                reason="zero-months", detail="An arm has a month whose numerator is zero, which has no log ratio."
            )
    rates = [numerator / denominator for numerator, denominator in (treated, control)]
    return np.asarray(np.log(rates[0] / rates[1])) if scale == "log-ratio" else rates[0] - rates[1]


def segmented_design(n: int, n_before: int, *, slope_change: bool = True) -> Array:
    """The design of a series that is interrupted once: intercept, time, level and (optionally) slope change.

    Parameters
    ----------
    n, n_before : int
        All months; months before the start. Time is 0 in the first month after the start.
    slope_change : bool

    Returns
    -------
    array, shape (n, 4) or (n, 3)

    Examples
    --------
    >>> segmented_design(4, 2).tolist()
    [[1.0, -2.0, 0.0, 0.0], [1.0, -1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    """
    time = np.arange(n, dtype=np.float64) - n_before
    after = (time >= 0).astype(np.float64)
    columns = [np.ones(n), time, after, np.maximum(time, 0.0)]
    return np.column_stack(columns if slope_change else columns[:SLOPE_CHANGE])


def month_dummies(calendar_months: npt.NDArray[np.int_]) -> Array:
    """Indicator columns for the calendar months 2 to 12 (January is the reference), shape (n, 11)."""
    return np.asarray(calendar_months[:, None] == np.arange(2, 13)[None, :], dtype=np.float64)


def window_weights(p: int, kind: WindowKind, *, months: int, slope: bool = True) -> Array:
    """The contrast of the segmented coefficients that is the effect in a window, shape (p,).

    Averaged over months 0 to m-1 since the start it is level + slope change x (m-1)/2; in the last of them
    level + slope change x (m-1).

    Examples
    --------
    >>> window_weights(4, "average", months=12).tolist()
    [0.0, 0.0, 1.0, 5.5]
    """
    weights = np.zeros(p)
    weights[LEVEL] = 1.0
    if slope:
        weights[SLOPE_CHANGE] = (months - 1) / 2 if kind == "average" else months - 1.0
    return weights


def fit_segmented(
    series: Array, n_before: int, *, scale: Scale, slope_change: bool = True, season: Array | None = None
) -> SegmentedFit | NotEstimable:
    """Level and slope change of an interrupted difference series, with AR(1) errors by REML.

    Parameters
    ----------
    series : array, shape (n,)
        As `arm_difference` makes it.
    n_before : int
        Months before the start.
    scale : {"log-ratio", "difference"}
    slope_change : bool
        Whether the slope may change too, or only the level.
    season : array, shape (n, q), optional
        Further columns, for example `month_dummies`.

    Returns
    -------
    SegmentedFit or NotEstimable
        With 12 months or fewer in all least squares is used and a note says so; below 3 on a side nothing is estimated.

    Notes
    -----
    y_t = b0 + b1 t + b2 1[t >= 0] + b3 t 1[t >= 0] + e_t, e AR(1). The effect assumes that without treatment the
    difference would have kept its line; `pre_trend.py` says how much that matters.

    References
    ----------
    Lopez Bernal J, Cummins S, Gasparrini A. Int J Epidemiol 2018;47:2082-2093 (controlled interrupted time series).
    """
    n = len(series)
    if min(n_before, n - n_before) < FEWEST_MONTHS_A_SIDE:
        return NotEstimable(
            reason="too-few-months",
            detail=f"There are {n_before} months before and {n - n_before} from the start on; "
            f"at least {FEWEST_MONTHS_A_SIDE} are needed on each side.",
        )
    design = segmented_design(n, n_before, slope_change=slope_change)
    if season is not None:
        design = np.column_stack([design, season])
    fit = ar1_reml(series, design) if n >= FEWEST_MONTHS_FOR_AR1 else _short(ordinary_least_squares(series, design))
    if isinstance(fit, NotEstimable):
        return fit
    if fit.sigma <= _NO_VARIATION * max(float(np.max(np.abs(series))), _NO_VARIATION):
        return NotEstimable(
            reason="no-variation", detail="The series does not vary around its line, so there is no standard error."
        )
    return SegmentedFit(fit=fit, design=design, n_before=n_before, scale=scale, slope_change=slope_change)


def _short(fit: LinearFit | NotEstimable) -> LinearFit | NotEstimable:
    if isinstance(fit, NotEstimable):
        return fit
    return replace(fit, notes=(*fit.notes, SHORT_SERIES_NOTE))
