"""What is looked at beside the effect before it is believed: one function for each `Check`, in one table.

A check that cannot be done says so; none of them clears a design, and none changes the verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month, Period
from enginehouse.core.words import counted
from enginehouse.evaluation.context import Context
from enginehouse.evaluation.controlled_its import NO_DRIFT, fit_arms, with_placebos
from enginehouse.evaluation.estimand import WINDOW_KINDS
from enginehouse.evaluation.results import CheckItem, CheckResult, OutcomeResult, OutcomeRole
from enginehouse.evaluation.wording import amount, effect_words, log_change
from enginehouse.programme.enums import Check
from enginehouse.stats.placebo_dates import placebo_dates
from enginehouse.stats.pre_trend import PreTrend, pre_trend
from enginehouse.stats.results import Estimate, Estimated, NotEstimable
from enginehouse.stats.segmented import arm_difference

Array = npt.NDArray[np.float64]
type Outcomes = Mapping[str, OutcomeResult]
NO_CLUSTER = "in no area"


def run_checks(context: Context, outcomes: Outcomes) -> tuple[CheckResult, ...]:
    """The registered checks, in the order of the protocol."""
    return tuple(result for check in context.protocol.analysis.checks for result in CHECKS[check](context, outcomes))


def check_placebo_dates(context: Context, outcomes: Outcomes) -> tuple[CheckResult, ...]:
    """The primary and the untargeted outcomes with the start moved into the months before it.

    Every earlier month that the panel holds is used, also those before the registered baseline.
    """
    return tuple(
        _placebo_dates(context, outcome)
        for outcome in outcomes.values()
        if outcome.role in (OutcomeRole.PRIMARY, OutcomeRole.UNTARGETED)
    )


def check_pre_trend(context: Context, outcomes: Outcomes) -> tuple[CheckResult, ...]:
    """What the effect becomes when the difference would not have kept its line."""
    outcome = _primary(outcomes)
    series = _series(context, outcome.indicator, context.protocol.design.span)
    if isinstance(series, NotEstimable):
        return (_not_done(Check.PRE_TREND, outcome, series),)
    months, values = series
    headline = outcome.headline
    found = pre_trend(
        values,
        months.index(context.protocol.design.starts),
        scale=context.scale,
        kind=WINDOW_KINDS[context.protocol.estimand.window],
        months=context.protocol.design.follow_up_months,
        headline=headline if isinstance(headline, Estimate) else None,
    )
    if isinstance(found, NotEstimable):
        return (_not_done(Check.PRE_TREND, outcome, found),)
    return (_pre_trend_result(context, outcome, found),)


def check_leave_one_area_out(context: Context, outcomes: Outcomes) -> tuple[CheckResult, ...]:
    """The effect with each area of the registered comparator left out in turn, from months alone."""
    outcome = _primary(outcomes)
    drift = context.protocol.analysis.drift
    if drift is None:
        return (_not_done(Check.LEAVE_ONE_AREA_OUT, outcome, NO_DRIFT),)
    cluster_of = context.sites.groups(drift.cluster, as_of=context.protocol.membership_as_of)
    data = context.data(outcome.indicator)
    members: dict[str, set[str]] = defaultdict(set)
    for site in data.with_data(context.registered_control):
        members[cluster_of.get(site, NO_CLUSTER)].add(site)
    if len(members) < 2:
        reason = NotEstimable(
            reason="one-control-area", detail="The comparator is a single area, which cannot be left out."
        )
        return (_not_done(Check.LEAVE_ONE_AREA_OUT, outcome, reason),)
    items = tuple(
        CheckItem(
            label=context.sites.group_name(drift.cluster, area),
            estimate=_alone(context, outcome.indicator, set(context.registered_control) - left_out),
        )
        for area, left_out in sorted(members.items())
    )
    return (_result(Check.LEAVE_ONE_AREA_OUT, outcome, _range_sentence(context, items), items),)


def check_untargeted_outcome(_: Context, outcomes: Outcomes) -> tuple[CheckResult, ...]:
    """The same analysis of an outcome that the campaign did not aim at."""
    untargeted = [outcome for outcome in outcomes.values() if outcome.role is OutcomeRole.UNTARGETED]
    if not untargeted:
        reason = NotEstimable(reason="none-registered", detail="The protocol names no untargeted outcome.")
        return (_not_done(Check.UNTARGETED_OUTCOME, _primary(outcomes), reason),)
    return tuple(_untargeted(outcome) for outcome in untargeted)


def check_alternative_span(context: Context, outcomes: Outcomes) -> tuple[CheckResult, ...]:
    """The same window with every later month of the panel in the model too."""
    outcome, design = _primary(outcomes), context.protocol.design
    last = context.arrays[outcome.indicator].months[-1]
    if last < design.span.end:
        reason = NotEstimable(reason="no-later-months", detail=f"The panel ends with the follow-up, in {last}.")
        return (_not_done(Check.ALTERNATIVE_SPAN, outcome, reason),)
    span = Period(design.span.start, last + 1)
    data = context.data(outcome.indicator, span)
    n_before = data.months.index(design.starts)
    fitted = fit_arms(data, context.arms.exposed, context.registered_control, n_before=n_before, scale=context.scale)
    if isinstance(fitted, NotEstimable):
        return (_not_done(Check.ALTERNATIVE_SPAN, outcome, fitted),)
    window = context.protocol.estimand.window
    alone = fitted.fit.window(WINDOW_KINDS[window], months=design.follow_up_months)
    placebos = context.placebos(data)
    total = NO_DRIFT if placebos is None else with_placebos(alone, placebos, window, design.follow_up_months)[0]
    items = (
        CheckItem(label=f"registered span, {design.span}", estimate=outcome.headline),
        CheckItem(label=f"{span}, with the drift between areas", estimate=total),
        CheckItem(label=f"{span}, from months alone", estimate=alone),
    )
    finding = f"With every month to {last} in the model the same window gives {effect_words(total)}."
    return (_result(Check.ALTERNATIVE_SPAN, outcome, finding, items),)


def check_of_a_trial(check: Check) -> Callable[[Context, Outcomes], tuple[CheckResult, ...]]:
    """A check that needs sites allocated at random: here it says that there are none."""
    answer = NotEstimable(reason="no-random-allocation", detail="No sites were allocated at random.")
    return lambda _context, outcomes: (_not_done(check, _primary(outcomes), answer),)


CHECKS: Mapping[Check, Callable[[Context, Outcomes], tuple[CheckResult, ...]]] = {
    Check.PLACEBO_DATES: check_placebo_dates,
    Check.PRE_TREND: check_pre_trend,
    Check.LEAVE_ONE_AREA_OUT: check_leave_one_area_out,
    Check.UNTARGETED_OUTCOME: check_untargeted_outcome,
    Check.ALTERNATIVE_SPAN: check_alternative_span,
    **{
        check: check_of_a_trial(check)
        for check in (Check.OTHER_AVERAGE, Check.CLUSTER_LEVEL, Check.PERMUTATION, Check.UNADJUSTED)
    },
}
TITLES: Mapping[Check, str] = {
    Check.PLACEBO_DATES: "Dates when nothing began",
    Check.PRE_TREND: "The trend before the start",
    Check.LEAVE_ONE_AREA_OUT: "Each area of the comparator left out",
    Check.UNTARGETED_OUTCOME: "An outcome that was not aimed at",
    Check.ALTERNATIVE_SPAN: "Later months in the model",
    Check.OTHER_AVERAGE: "The other average: sites instead of patients, or patients instead of sites",
    Check.CLUSTER_LEVEL: "One value for each unit of allocation",
    Check.PERMUTATION: "Other allocations of the same scheme",
    Check.UNADJUSTED: "Without adjustment",
}


def _placebo_dates(context: Context, outcome: OutcomeResult) -> CheckResult:
    design = context.protocol.design
    first = context.arrays[outcome.indicator].months[0]
    before = Period(first, design.starts) if first < design.starts else design.baseline
    series = _series(context, outcome.indicator, before)
    if isinstance(series, NotEstimable):
        return _not_done(Check.PLACEBO_DATES, outcome, series)
    months, values = series
    kind = WINDOW_KINDS[context.protocol.estimand.window]
    found = placebo_dates(values, len(values), scale=context.scale, kind=kind, months=design.follow_up_months)
    if isinstance(found, NotEstimable):
        return _not_done(Check.PLACEBO_DATES, outcome, found)
    items = tuple(
        CheckItem(label=str(months[start]), estimate=estimate)
        for start, estimate in zip(found.starts, found.estimates, strict=True)
    )
    hits = round(found.share_significant * len(items))
    finding = (
        f"At {hits} of {counted(len(items), 'date')} before the start, when nothing began, months alone would have "
        "called the change significant. Neighbouring dates share most of their months."
    )
    return _result(Check.PLACEBO_DATES, outcome, finding, items)


def _pre_trend_result(context: Context, outcome: OutcomeResult, found: PreTrend) -> CheckResult:
    """The effect under three assumptions about the difference without the campaign, side by side."""
    bounded = tuple(
        CheckItem(
            label=f"slope off by up to {deviation.multiple_of_pre_trend:g} times the slope before",
            interval=deviation.interval,
            note=f"{_size(context, deviation.per_month)} a month",
        )
        for deviation in found.deviations
    )
    items = (
        CheckItem(label="slope of the difference before the start, a month", estimate=found.slope),
        CheckItem(label="level and slope may change (registered), months alone", estimate=found.level_and_slope),
        CheckItem(label="only the level may change, months alone", estimate=found.level_only),
        *bounded,
    )
    if found.smallest_deviation == 0:
        tail = "The interval includes no effect as it is."
    else:
        size = _size(context, found.smallest_deviation)
        tail = (
            f"If the slope without the campaign had differed by {size} a month, the interval would include no effect."
        )
    finding = (
        f"Before the start the difference moved by {effect_words(found.slope)} a month. Had only the level changed at "
        f"the start, months alone would give {effect_words(found.level_only)}; with level and slope, "
        f"{effect_words(found.level_and_slope)}. {_as_far_off(context, found)} {tail}"
    )
    return _result(Check.PRE_TREND, outcome, finding, items)


def _as_far_off(context: Context, found: PreTrend) -> str:
    """The headline's interval if the slope after the start had been off by as much as the slope before it was."""
    interval = next(each.interval for each in found.deviations if each.multiple_of_pre_trend == 1)
    low, high = _size(context, interval.low), _size(context, interval.high)
    return f"Had the slope without the campaign been off by as much as that, the interval would be {low} to {high}."


def _untargeted(outcome: OutcomeResult) -> CheckResult:
    window = outcome.registered.registered_window
    items = [
        CheckItem(label="with the drift between areas", estimate=window.with_drift),
        CheckItem(label="from months alone", estimate=window.months_only),
    ]
    finding = f"{outcome.short_title}, which the campaign did not aim at, changed by {effect_words(window.with_drift)}."
    model = outcome.registered.model
    if model is not None and model.phi > 0.8:
        finding += f" Its months are so alike (autocorrelation {model.phi:.2f}) that it is a poor control."
    return _result(Check.UNTARGETED_OUTCOME, outcome, finding, tuple(items))


def _alone(context: Context, indicator: str, control: set[str]) -> Estimated:
    data = context.data(indicator)
    n_before = data.months.index(context.protocol.design.starts)
    fitted = fit_arms(data, context.arms.exposed, sorted(control), n_before=n_before, scale=context.scale)
    if isinstance(fitted, NotEstimable):
        return fitted
    kind = WINDOW_KINDS[context.protocol.estimand.window]
    return fitted.fit.window(kind, months=context.protocol.design.follow_up_months)


def _series(context: Context, indicator: str, span: Period) -> tuple[tuple[Month, ...], Array] | NotEstimable:
    data = context.data(indicator, span)
    values = arm_difference(data.arm(context.arms.exposed), data.arm(context.registered_control), scale=context.scale)
    return values if isinstance(values, NotEstimable) else (data.months, values)


def _range_sentence(context: Context, items: tuple[CheckItem, ...]) -> str:
    values = [item.estimate.value for item in items if isinstance(item.estimate, Estimate)]
    if not values:
        return "Without any one area of the comparator the effect cannot be estimated."
    low, high = _size(context, min(values)), _size(context, max(values))
    return f"Leaving out each of {counted(len(items), 'area')} of the comparator in turn gives {low} to {high}."


def _size(context: Context, value: float) -> str:
    return log_change(value) if context.scale == "log-ratio" else amount(value, 0.0)


def _primary(outcomes: Outcomes) -> OutcomeResult:
    return next(outcome for outcome in outcomes.values() if outcome.role is OutcomeRole.PRIMARY)


def _result(check: Check, outcome: OutcomeResult, finding: str, items: tuple[CheckItem, ...]) -> CheckResult:
    return CheckResult(check=check, indicator=outcome.indicator, title=TITLES[check], finding=finding, items=items)


def _not_done(check: Check, outcome: OutcomeResult, answer: NotEstimable) -> CheckResult:
    return CheckResult(
        check=check,
        indicator=outcome.indicator,
        title=TITLES[check],
        finding=f"Cannot be estimated: {answer.detail}",
        reason=answer.reason,
    )
