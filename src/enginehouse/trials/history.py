"""What the sites' own history says about a design: the months that stand in for the trial, a plan for them, moments.

Formulas are in `sample_size`, the simulation in `power.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month, Period
from enginehouse.core.words import agreeing, counted
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Average, Direction, Summary
from enginehouse.programme.grouping import BASELINE, LIST_SIZE
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.components import MOST_MONTHS, UnitMonths, unit_months
from enginehouse.trials.data import make_trial_data
from enginehouse.trials.plan import plan_allocation
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.power_results import HistoryWindow, Moments
from enginehouse.trials.roster import Covariate, Roster

Array = npt.NDArray[np.float64]
FEWEST_MONTHS = 6
FEWEST_MONTHS_A_SIDE = 3
FEWEST_UNITS = 6
NO_SPREAD = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What power is asked about: the registered contrast's scale, average, good side and margins."""

    indicator: str
    summary: Summary
    average: Average
    lower_is_better: bool
    equivalence: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoTrial:
    """A trial that could have been run on the latest months of the history, before anything was done."""

    data: TrialData
    plan: AllocationPlan
    window: HistoryWindow


def question_of(protocol: Protocol, indicator: Indicator) -> Question:
    """What the protocol registers, as power needs it."""
    return Question(
        indicator=protocol.indicator,
        summary=protocol.estimand.summary,
        average=protocol.estimand.average,
        lower_is_better=indicator.direction is not Direction.HIGHER_IS_BETTER,
        equivalence=protocol.analysis.equivalence,
    )


def pseudo_trial(
    protocol: Protocol, indicator: Indicator, arrays: PanelArrays, roster: Roster
) -> PseudoTrial | NotEstimable:
    """The latest months of the history as if they were baseline and follow-up, with a plan made for them.

    Parameters
    ----------
    protocol, indicator
        As registered.
    arrays
        The primary indicator before the start.
    roster
        The sites, from `eligible_roster`.

    Returns
    -------
    PseudoTrial or NotEstimable
        Not estimable with fewer than 6 months, or where hardly a site has data on both sides.

    Notes
    -----
    Baseline values and list sizes are taken anew over the months that stand in for the baseline: the registered ones
    lie in the months that stand in for the follow-up, and a plan that balanced them would balance the outcome.
    """
    window = _periods(protocol, arrays)
    if isinstance(window, NotEstimable):
        return window
    before, after = window
    rows = {site: row for row, site in enumerate(arrays.sites)}
    within = arrays.in_period(Period(before.start, after.end))
    shape = (len(roster.sites), len(within.months))
    numerator, denominator = np.full(shape, np.nan), np.full(shape, np.nan)
    for row, site in enumerate(roster.sites):
        if site in rows:
            numerator[row], denominator[row] = within.numerator[rows[site]], within.denominator[rows[site]]
    plan_roster = _as_of(roster, numerator, denominator, len(before))
    plan = plan_allocation(protocol, plan_roster)
    keep = _with_both(numerator, denominator, len(before))
    units = len({unit for unit, kept in zip(plan.unit_of_site, keep, strict=True) if kept})
    if units < FEWEST_UNITS:
        seen = agreeing(units, "unit", "has", "have")
        detail = f"Only {seen} data on both sides of {after.start}; at least {FEWEST_UNITS} are needed."
        return NotEstimable(reason="too-few-units", detail=detail)
    data = make_trial_data(
        plan_roster,
        plan,
        np.zeros(len(roster.sites), dtype=np.intp),
        numerator,
        denominator,
        n_before=len(before),
        indicator=indicator,
        keep=np.ones(len(roster.sites), dtype=bool),
    )
    return PseudoTrial(data=data, plan=plan, window=_window(protocol, before, after, len(roster.sites), plan))


def moments(data: TrialData, question: Question) -> Moments | NotEstimable:
    """Mean, spread between units, and correlation over time of the outcome, as the contrast's variance needs them.

    Parameters
    ----------
    data
        Months before anything was done.
    question
        Its average decides how units count, its summary whether the spread is relative to the mean.

    Returns
    -------
    Moments or NotEstimable

    Notes
    -----
    For a ratio the outcome y is the logarithm of a unit's rate (the rate relative to the mean where a unit has none of
    it), for a difference the rate. A unit counts with w: for an average over patients its denominator, times its rate
    for a ratio (the events that it adds to an arm's total); 1 where sites count alike. The variance of an arm's
    weighted mean is sum w^2 (y - mean)^2 / (sum w)^2 = (1 + cv^2) s^2 / k, where s^2 and the correlation over time are
    weighted by w^2 (how much a unit counts in that variance) and cv is the coefficient of variation of w.
    """
    found = unit_rates(data, data.n_before)
    units = len(found.weights)
    if units < FEWEST_UNITS:
        detail = (
            f"Only {agreeing(units, 'unit', 'has', 'have')} data on both sides; at least {FEWEST_UNITS} are needed."
        )
        return NotEstimable(reason="too-few-units", detail=detail)
    weights = unit_weights(found.after, found.weights, question)
    if min(found.after.max(), found.before.max()) <= 0 or not weights.any():
        return NotEstimable(reason="zero", detail="There is nothing to count in the history.")
    squares = weights**2 / (weights**2).sum()
    left, right = (_deviations(rates, weights, question) for rates in (found.before, found.after))
    variances = float(squares @ left**2), float(squares @ right**2)
    if min(variances) <= NO_SPREAD:
        return NotEstimable(reason="no-variation", detail="The units of the history do not differ at all.")
    by_size = found.weights if question.average is Average.PATIENTS else np.ones(units)
    return Moments(
        units=units,
        sites=len(data.sites),
        mean_rate=float(np.average(found.after, weights=by_size)),
        between_sd=float(np.sqrt(variances[1] * units / (units - 1))),
        autocorrelation=float(squares @ (left * right) / np.sqrt(variances[0] * variances[1])),
        size_cv=float(weights.std() / weights.mean()),
    )


def long_history(arrays: PanelArrays, trial: PseudoTrial) -> UnitMonths:
    """The months in a row that the units of the trial have before its start, oldest first; at most 60."""
    end = Month.parse(trial.window.last) + 1
    length = min(_run_of_months(arrays, end), MOST_MONTHS)
    found = arrays.in_period(Period(end + -length, end))
    rows = {site: row for row, site in enumerate(arrays.sites)}
    kept = [row for row, site in enumerate(trial.data.sites) if site in rows]
    chosen = [rows[trial.data.sites[row]] for row in kept]
    sums = []
    for values in (found.numerator, found.denominator):
        whole = np.full((len(trial.data.sites), length), np.nan)
        whole[kept] = values[chosen]
        sums.append(whole)
    return unit_months(replace(trial.data, numerator=sums[0], denominator=np.where(sums[1] > 0, sums[1], np.nan)))


def unit_weights(rates: Array, denominators: Array, question: Question) -> Array:
    """How much each unit counts in an arm: its denominator, or the events that it adds to a total; or all alike."""
    if question.average is Average.SITES:
        return np.ones(len(rates))
    return denominators * rates if question.summary is Summary.RATIO else denominators


def on_scale(rates: Array, mean: float, summary: Summary) -> Array:
    """Rates as the contrast sees them: logarithms, or relative to their mean where one is zero; or as they are."""
    if summary is Summary.DIFFERENCE:
        return rates
    return np.log(rates) if np.all(rates > 0) else rates / mean


def _deviations(rates: Array, weights: Array, question: Question) -> Array:
    values = on_scale(rates, float(np.average(rates, weights=weights)), question.summary)
    return values - np.average(values, weights=weights)


@dataclass(frozen=True, slots=True)
class UnitRates:
    """Outcomes of units before and after, and the mean monthly denominator after."""

    before: Array
    after: Array
    weights: Array


def unit_rates(data: TrialData, n_before: int) -> UnitRates:
    """Numerators over denominators of units with data on both sides; sites of a unit are added up."""
    sides = []
    for part in (slice(None, n_before), slice(n_before, None)):
        tops, bottoms = data.numerator[:, part], data.denominator[:, part]
        present = np.isfinite(tops) & np.isfinite(bottoms)
        sides.append([by_unit(np.where(present, values, 0.0).sum(axis=1), data) for values in (tops, bottoms)])
    (top0, bottom0), (top1, bottom1) = sides
    keep = (bottom0 > 0) & (bottom1 > 0)
    months = data.numerator.shape[1] - n_before
    return UnitRates(top0[keep] / bottom0[keep], top1[keep] / bottom1[keep], bottom1[keep] / max(months, 1))


def by_unit(values: Array, data: TrialData) -> Array:
    """The sum over the sites of each unit."""
    return np.bincount(data.unit, weights=values, minlength=data.n_units)


def _periods(protocol: Protocol, arrays: PanelArrays) -> tuple[Period, Period] | NotEstimable:
    """The months that stand in for baseline and follow-up: the latest ones, in proportion where there are too few."""
    wanted = protocol.design.baseline_months, protocol.design.follow_up_months
    end = min(arrays.months[-1] + 1, protocol.design.starts)
    have = _run_of_months(arrays, end)
    if have < FEWEST_MONTHS:
        detail = (
            f"The history has {counted(have, 'month')} in a row before the start; the design uses {wanted[0]} and "
            f"{wanted[1]}, and at least {FEWEST_MONTHS} are needed to try it at all."
        )
        return NotEstimable(reason="too-short-history", detail=detail)
    follow_up = wanted[1]
    if have < sum(wanted):
        follow_up = min(max(round(have * wanted[1] / sum(wanted)), FEWEST_MONTHS_A_SIDE), have - FEWEST_MONTHS_A_SIDE)
    baseline = min(wanted[0], have - follow_up)
    starts = end + -follow_up
    return Period(starts + -baseline, starts), Period(starts, end)


def _run_of_months(arrays: PanelArrays, end: Month) -> int:
    """How many months in a row, up to `end` (exclusive), have data of any site."""
    present = np.isfinite(arrays.numerator).any(axis=0)
    position = {month: column for column, month in enumerate(arrays.months)}
    length = 0
    while (month := end + -(length + 1)) in position and present[position[month]]:
        length += 1
    return length


def _window(protocol: Protocol, before: Period, after: Period, sites: int, plan: AllocationPlan) -> HistoryWindow:
    registered = len(before) == protocol.design.baseline_months and len(after) == protocol.design.follow_up_months
    return HistoryWindow(
        first=str(before.start),
        last=str(after.last),
        baseline_months=len(before),
        follow_up_months=len(after),
        as_registered=registered,
        sites=sites,
        units=len(plan.units),
    )


def _with_both(numerator: Array, denominator: Array, n_before: int) -> npt.NDArray[np.bool_]:
    present = np.isfinite(numerator) & (np.nan_to_num(denominator) > 0)
    return np.asarray(present[:, :n_before].any(axis=1) & present[:, n_before:].any(axis=1))


def _as_of(roster: Roster, numerator: Array, denominator: Array, n_before: int) -> Roster:
    """The roster with list sizes (where they are denominators) and baseline values of the first months."""
    top, bottom = numerator[:, :n_before], denominator[:, :n_before]
    present = np.isfinite(top) & (np.nan_to_num(bottom) > 0)
    months = present.sum(axis=1)
    sums = [np.where(present, values, 0.0).sum(axis=1) for values in (top, bottom)]
    values: dict[str, Sequence[float | None]] = {
        BASELINE: [float(t / b) if n else None for t, b, n in zip(*sums, months, strict=True)],
        LIST_SIZE: [float(b / n) if n else None for b, n in zip(sums[1], months, strict=True)],
    }
    if "denominator" not in roster.covariate(LIST_SIZE).source:
        del values[LIST_SIZE]
    return replace(
        roster, covariates=tuple(_replaced(covariate, values.get(covariate.name)) for covariate in roster.covariates)
    )


def _replaced(covariate: Covariate, values: Sequence[float | None] | None) -> Covariate:
    if values is None:
        return covariate
    known = [value for value in values if value is not None]
    return replace(
        covariate,
        values=tuple(values),
        missing=len(values) - len(known),
        median=float(np.median(known)) if known else None,
    )
