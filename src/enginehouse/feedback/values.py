"""Every site's own value over its newest months, with an interval that the kind of numerator decides.

Counts have Byar's interval (exact below ten), proportions Wilson's, both widened where the site's own months vary more
than chance; quantities and money have one from the site's own variation from month to month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month
from enginehouse.feedback.lines import lines_through, t_of
from enginehouse.governance.disclosure import SMALLEST_RELEASED, protected
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Disclosure, NumeratorKind
from enginehouse.programme.indicator import Indicator
from enginehouse.stats.intervals import count_limits, wilson_limits
from enginehouse.stats.results import NotEstimable

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

WINDOW_MONTHS: dict[NumeratorKind, int] = {
    NumeratorKind.COUNT: 3,
    NumeratorKind.QUANTITY: 3,
    NumeratorKind.MONEY: 3,
    # The same patients are counted every month: adding months up would count them again.
    NumeratorKind.PATIENTS: 1,
}
HISTORY_MONTHS = 12
"""Months from which a site's own variation is judged."""
LEAST_HISTORY = 6
"""With fewer months a site's own variation is not known."""
LEAST_IN_PROPORTION = 20.0
LEAST_DENOMINATOR = 100.0
"""Below these a site is told that its figure cannot be said: a few patients would decide it (a convention)."""
Z95 = 1.959963984540054
SUPPRESSED = "suppressed"
"""Why a value is not said that the disclosure rule of its source holds back."""


class IntervalBy(StrEnum):
    """How the interval of an own value is made."""

    COUNT = "count"
    PROPORTION = "proportion"
    OWN_MONTHS = "own-months"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnValue:
    """A site's ratio over `months` months up to `last`, its 95% interval, and its denominator in an average month.

    `dispersion` above 1 is the factor by which the site's own months widened the interval of a count or proportion.
    """

    value: float
    low: float
    high: float
    denominator: float
    numerator: float
    months: int
    last: Month
    by: IntervalBy
    dispersion: float = 1.0

    @property
    def std_error(self) -> float:
        return (self.high - self.low) / (2 * Z95)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Values:
    """Own values of all sites in one order, `nan` where one cannot be said; `reasons` then say why in a word."""

    sites: tuple[str, ...]
    last: Month
    months: npt.NDArray[np.int64]
    value: Floats
    low: Floats
    high: Floats
    numerator: Floats
    denominator: Floats
    dispersion: Floats
    by: IntervalBy
    reasons: tuple[str, ...]

    @property
    def std_error(self) -> Floats:
        return (self.high - self.low) / (2 * Z95)

    def of(self, row: int) -> OwnValue | NotEstimable:
        """The value of the site in `row`."""
        if self.reasons[row]:
            return NotEstimable(reason=self.reasons[row], detail=f"{self.sites[row]} in {self.last}")
        return OwnValue(
            value=float(self.value[row]),
            low=float(self.low[row]),
            high=float(self.high[row]),
            denominator=float(self.denominator[row]),
            numerator=float(self.numerator[row]),
            months=int(self.months[row]),
            last=self.last,
            by=self.by,
            dispersion=float(self.dispersion[row]),
        )


def interval_by(indicator: Indicator) -> IntervalBy:
    """Which interval the indicator's values have."""
    if indicator.numerator_kind in (NumeratorKind.QUANTITY, NumeratorKind.MONEY):
        return IntervalBy.OWN_MONTHS
    return IntervalBy.PROPORTION if indicator.is_proportion else IntervalBy.COUNT


def values_at(arrays: PanelArrays, indicator: Indicator, *, last: int = -1) -> Values:
    """Own values over the window that ends with column `last`.

    A site needs its newest month, a denominator that is not tiny, and for quantities half a year of its own months.
    """
    end = len(arrays.months) + last + 1 if last < 0 else last + 1
    window = WINDOW_MONTHS[indicator.numerator_kind]
    x, d = arrays.numerator[:, :end], arrays.denominator[:, :end]
    there = np.isfinite(x) & (np.nan_to_num(d) > 0)
    recent = there[:, -window:]
    months = recent.sum(axis=1)
    numerator = np.where(recent, x[:, -window:], 0.0).sum(axis=1)
    total = np.where(recent, d[:, -window:], 0.0).sum(axis=1)
    value = np.divide(numerator, total, out=np.full(len(total), np.nan), where=total > 0)
    by = interval_by(indicator)
    history = slice(max(0, end - HISTORY_MONTHS), end)
    low, high, dispersion = _limits(by, x[:, history], d[:, history], there[:, history], numerator, total, months)
    least = LEAST_IN_PROPORTION if indicator.is_proportion else LEAST_DENOMINATOR * months
    reasons = [""] * len(total)
    _mark(reasons, ~np.isfinite(low) | ~np.isfinite(high), "too-few-months")
    _mark(reasons, total < least, "too-small")
    _mark(reasons, _impossible(by, numerator, total), "impossible")
    _mark(reasons, ~there[:, -1], "missing-month")
    return Values(
        sites=arrays.sites,
        last=arrays.months[end - 1],
        months=months,
        value=value,
        low=low,
        high=high,
        numerator=numerator,
        denominator=np.divide(total, months, out=np.zeros(len(total)), where=months > 0),
        dispersion=dispersion,
        by=by,
        reasons=tuple(reasons),
    )


def protected_values(values: Values, rule: Disclosure) -> Values:
    """The same values by the disclosure rule of their source: made again from protected counts, or not said at all.

    A quantity is not rounded; it is held back where it is of few patients.
    """
    if rule is Disclosure.NONE:
        return values
    total = values.denominator * values.months
    numerator, whole = (_protected(sums, rule) for sums in (values.numerator, total))
    reasons = list(values.reasons)
    if values.by is IntervalBy.OWN_MONTHS:
        _mark(reasons, ~(np.nan_to_num(whole) >= SMALLEST_RELEASED), SUPPRESSED)
        return replace(values, reasons=tuple(reasons))
    shown = np.isfinite(numerator) & (np.nan_to_num(whole) > 0)
    _mark(reasons, ~shown, SUPPRESSED)
    events, base = np.where(shown, numerator, 0.0), np.where(shown, whole, 1.0)
    low, high = _chance_limits(values.by, events, base, values.dispersion)
    return replace(
        values,
        value=np.where(shown, events / base, np.nan),
        low=np.where(shown, low, np.nan),
        high=np.where(shown, high, np.nan),
        numerator=numerator,
        denominator=base / np.maximum(values.months, 1),
        reasons=tuple(reasons),
    )


def _protected(sums: Floats, rule: Disclosure) -> Floats:
    """`nan` where a count may not be shown. What is counted in parts (shared, modelled) is rounded before a rule."""
    counts = (protected(round(number), rule) if number >= 0 else None for number in np.nan_to_num(sums).tolist())
    return np.array([np.nan if count is None else float(count) for count in counts])


def known(values: Values) -> Mask:
    """Which sites have a value that can be said."""
    return np.array([not reason for reason in values.reasons], dtype=np.bool_)


def _mark(reasons: list[str], where: Mask, reason: str) -> None:
    """A later reason goes before an earlier one."""
    for row in np.flatnonzero(where):
        reasons[row] = reason


def _impossible(by: IntervalBy, numerator: Floats, total: Floats) -> Mask:
    """Negative counts, and parts that are larger than the whole."""
    if by is IntervalBy.OWN_MONTHS:
        return np.zeros(len(total), dtype=np.bool_)
    return np.asarray((numerator < 0) | ((by is IntervalBy.PROPORTION) & (numerator > total)))


def _limits(
    by: IntervalBy, x: Floats, d: Floats, there: Mask, numerator: Floats, total: Floats, months: npt.NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Lower and upper limits, and the dispersion of counts."""
    ratio = np.divide(x, d, out=np.full(x.shape, np.nan), where=there)
    lines = lines_through(ratio)
    if by is IntervalBy.OWN_MONTHS:
        enough = (there.sum(axis=1) >= LEAST_HISTORY) & (total > 0) & (months > 0)
        half = t_of(lines.df) * np.sqrt(lines.residual_variance / np.maximum(months, 1))
        middle = np.where(enough, numerator / np.where(total > 0, total, 1.0), np.nan)
        return _floor(middle - half, numerator), middle + half, np.ones(len(total))
    usable = (total > 0) & ~_impossible(by, numerator, total)
    dispersion = _dispersion(by, x, d, there, lines.fitted)
    low, high = _chance_limits(by, np.where(usable, numerator, 0.0), np.where(usable, total, 1.0), dispersion)
    return np.where(usable, low, np.nan), np.where(usable, high, np.nan), dispersion


def _chance_limits(by: IntervalBy, numerator: Floats, total: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    """Limits of a count or a proportion, widened by the dispersion."""
    events, whole = numerator / dispersion, total / dispersion
    if by is IntervalBy.PROPORTION:
        low, high = wilson_limits(np.minimum(events, whole), whole)
        return low, high
    limits = count_limits(events)
    return limits[0] / whole, limits[1] / whole


def _floor(low: Floats, numerator: Floats) -> Floats:
    """A quantity that is not negative has no limit below zero."""
    return np.asarray(np.where(numerator >= 0, np.maximum(low, 0.0), low))


def _dispersion(by: IntervalBy, x: Floats, d: Floats, there: Mask, fitted: Floats) -> Floats:
    """Pearson's statistic of the site's months around their own line, by degree of freedom; never below 1."""
    expected = np.where(there, np.maximum(fitted, 0.0) * np.where(there, d, 1.0), 0.0)
    spread = expected * (1 - np.clip(fitted, 0.0, 1.0)) if by is IntervalBy.PROPORTION else expected
    parts = np.divide((np.where(there, x, 0.0) - expected) ** 2, spread, out=np.zeros(x.shape), where=spread > 0)
    df = there.sum(axis=1) - 2
    found = np.divide(parts.sum(axis=1), df, out=np.ones(len(df)), where=df >= LEAST_HISTORY)
    return np.asarray(np.maximum(found, 1.0))
