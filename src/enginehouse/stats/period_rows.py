"""The months of sites as rows, with what each site had in each month: columns for effects in periods, and plain means.

Nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData

type Array = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.intp]

FEWEST_UNITS = 2


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PeriodRows:
    """Months of sites that count and have a value, one a row, shape (N,).

    Attributes
    ----------
    site, unit, drawn, month
        Site and unit of allocation, what was drawn for it (position), and the month counted from 0.
    condition
        What the site had in that month, a position in the trial's conditions.
    period
        The run of months in which nobody changes, counted from 0.
    exposure
        How many periods the site has had its condition by then, counted from 1.
    """

    numerator: Array
    denominator: Array
    site: Integers
    unit: Integers
    drawn: Integers
    month: Integers
    condition: Integers
    period: Integers
    exposure: Integers


def period_rows(data: TrialData) -> PeriodRows | NotEstimable:
    """The rows of a trial with a schedule; `no-schedule` where each site has one arm throughout."""
    if data.schedule is None:
        return NotEstimable(reason="no-schedule", detail="In this design a site has one arm throughout.")
    own = data.schedule[data.arm]
    counts = np.isfinite(data.numerator) & (np.nan_to_num(data.denominator) > 0) & (own >= 0)
    site, month = np.nonzero(counts)
    periods = periods_of(data.schedule)
    exposures = _exposures(data.schedule, periods)
    return PeriodRows(
        numerator=data.numerator[site, month],
        denominator=data.denominator[site, month],
        site=site,
        unit=data.unit[site],
        drawn=data.arm[site],
        month=month,
        condition=own[site, month],
        period=periods[month],
        exposure=exposures[data.arm[site], month],
    )


def periods_of(schedule: Integers) -> Integers:
    """The period of each month, shape (months,): a new one begins where anybody changes.

    Months that do not count belong to what follows them.
    """
    known = _filled(schedule)
    changes = np.any(known[:, 1:] != known[:, :-1], axis=0)
    return np.concatenate([[0], np.cumsum(changes)]).astype(np.intp)


def _filled(schedule: Integers) -> Integers:
    """Months that do not count with the condition that comes after them, or before them at the end."""
    found = schedule.copy()
    for month in range(found.shape[1] - 2, -1, -1):
        found[:, month] = np.where(found[:, month] < 0, found[:, month + 1], found[:, month])
    for month in range(1, found.shape[1]):
        found[:, month] = np.where(found[:, month] < 0, found[:, month - 1], found[:, month])
    return found


def _exposures(schedule: Integers, periods: Integers) -> Integers:
    known, found = _filled(schedule), np.ones(schedule.shape, dtype=np.intp)
    for month in range(1, schedule.shape[1]):
        same = known[:, month] == known[:, month - 1]
        step = periods[month] - periods[month - 1]
        found[:, month] = np.where(same, found[:, month - 1] + step, 1)
    return found


def check_conditions(rows: PeriodRows, data: TrialData, compared: Iterable[int]) -> NotEstimable | None:
    """The answer *cannot be estimated* where a condition has no data, or fewer than two units."""
    for condition in compared:
        units = len(np.unique(rows.unit[rows.condition == condition]))
        if units < FEWEST_UNITS:
            return NotEstimable(
                reason="too-few-units",
                detail=f"Units of allocation with data under '{data.conditions[condition]}': {units}; at least "
                f"{FEWEST_UNITS} are needed.",
            )
    return None


def month_columns(rows: PeriodRows) -> Array:
    """A column for every month that is seen, shape (N, months)."""
    return np.asarray(rows.month[:, None] == np.unique(rows.month)[None, :], dtype=np.float64)


def exposure_columns(rows: PeriodRows, arm: int, over: int) -> Array | None:
    """A column for each period of exposure to `arm`; None where a site goes back or there are other conditions."""
    if set(np.unique(rows.condition).tolist()) != {arm, over} or _goes_back(rows, arm):
        return None
    times = np.unique(rows.exposure[rows.condition == arm])
    is_arm = (rows.condition == arm)[:, None]
    return np.asarray(is_arm & (rows.exposure[:, None] == times[None, :]), dtype=np.float64)


def _goes_back(rows: PeriodRows, arm: int) -> bool:
    for drawn in np.unique(rows.drawn):
        inside = rows.drawn == drawn
        _, first = np.unique(rows.month[inside], return_index=True)
        treated = rows.condition[inside][first] == arm
        if np.any(treated[:-1] & ~treated[1:]):
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodMean:
    """What the sites of one draw (a sequence) had and used in one period, before any model."""

    drawn: int
    period: int
    condition: int
    sites: int
    patients_value: float
    sites_value: float


def period_means(rows: PeriodRows) -> tuple[PeriodMean, ...]:
    """Means by draw and period: how carry-over is looked at in a crossover, and the figure of a stepped wedge.

    A comparator that differs, in the same months, between sites that had the other arm before and those that had not
    is a sign of carry-over. It is looked at, not tested: such a test has little power, and choosing the analysis by it
    is known to mislead.
    """
    found = []
    for drawn, period in sorted(set(zip(rows.drawn.tolist(), rows.period.tolist(), strict=True))):
        inside = (rows.drawn == drawn) & (rows.period == period)
        _, codes = np.unique(rows.site[inside], return_inverse=True)
        top, bottom = (np.bincount(codes, weights=part[inside]) for part in (rows.numerator, rows.denominator))
        found.append(
            PeriodMean(
                drawn=drawn,
                period=period,
                condition=int(rows.condition[inside][0]),
                sites=len(top),
                patients_value=float(top.sum() / bottom.sum()),
                sites_value=float((top / bottom).mean()),
            )
        )
    return tuple(found)
