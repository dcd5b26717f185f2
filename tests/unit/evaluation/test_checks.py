"""What stands beside the effect: one function for each check, and what each says when it cannot be done."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from enginehouse.evaluation.checks import CHECKS, TITLES
from enginehouse.evaluation.results import CheckResult, Evaluation
from enginehouse.evaluation.wording import effect_words, log_change
from enginehouse.programme.enums import Check
from enginehouse.stats.results import Estimate

type Make = Callable[..., Any]


def check(evaluation: Evaluation, which: Check, indicator: str = "ome") -> CheckResult:
    return next(c for c in evaluation.checks if c.check is which and c.indicator == indicator)


def test_every_check_has_a_function_and_a_title() -> None:
    assert set(CHECKS) == set(Check) == set(TITLES)


def test_checks_come_in_the_order_of_the_protocol(campaign: Make, evaluated: Evaluation) -> None:
    order = list(dict.fromkeys(result.check for result in evaluated.checks))
    assert order == list(campaign().protocol.analysis.checks)


def test_fifteen_earlier_months_are_too_few_for_placebo_dates(evaluated: Evaluation) -> None:
    result = check(evaluated, Check.PLACEBO_DATES)
    assert not result.done
    assert result.finding == (
        "Cannot be estimated: There are 15 months before the start; a placebo date needs 8 on each side of it, 16 in all."
    )


def test_trimethoprims_twenty_four_months_allow_placebo_dates(evaluated: Evaluation) -> None:
    result = check(evaluated, Check.PLACEBO_DATES, "trimethoprim")
    assert result.done
    assert [item.label for item in result.items] == [
        "2014-12",
        "2015-01",
        "2015-02",
        "2015-03",
        "2015-04",
        "2015-05",
        "2015-06",
        "2015-07",
        "2015-08",
    ]
    assert "of 9 dates before the start, when nothing began" in result.finding


def test_the_pre_trend_is_shown_with_its_alternatives(evaluated: Evaluation) -> None:
    result = check(evaluated, Check.PRE_TREND)
    labels = [item.label for item in result.items]
    assert labels[:3] == [
        "slope of the difference before the start, a month",
        "level and slope may change (registered), months alone",
        "only the level may change, months alone",
    ]
    assert sum("slope off by up to" in label for label in labels) == 3
    assert result.finding.endswith("The interval includes no effect as it is.")


def test_an_effect_says_how_far_the_slope_would_have_to_be_off(practices: Make) -> None:
    result = check(practices(ratio=0.7, analysis={"checks": ["pre-trend"]}).evaluate(), Check.PRE_TREND)
    assert "a month, the interval would include no effect." in result.finding


def test_each_area_of_the_comparator_is_left_out_in_turn(evaluated: Evaluation) -> None:
    result = check(evaluated, Check.LEAVE_ONE_AREA_OUT)
    assert len(result.items) == 6
    values = [item.estimate.value for item in result.items if isinstance(item.estimate, Estimate)]
    alone = evaluated.primary.registered.registered_window.months_only
    assert isinstance(alone, Estimate)
    assert min(values) < alone.value < max(values)


def test_a_comparator_of_one_area_cannot_be_left_out(campaign: Make) -> None:
    one = {"name": "one", "title": "one", "sites": {"within": {"area": "E54000009"}}}
    result = check(campaign(exposure={"comparators": [one]}).evaluate(), Check.LEAVE_ONE_AREA_OUT)
    assert "The comparator is a single area" in result.finding


def test_without_drift_there_are_no_areas_to_leave_out(campaign: Make) -> None:
    result = check(campaign(analysis={"drift": None}).evaluate(), Check.LEAVE_ONE_AREA_OUT)
    assert result.reason == "no-drift-registered"


def test_the_untargeted_outcome_gets_the_same_analysis(evaluated: Evaluation) -> None:
    result = check(evaluated, Check.UNTARGETED_OUTCOME, "trimethoprim")
    assert result.items[0].estimate == evaluated.outcome("trimethoprim").headline
    assert "which the campaign did not aim at" in result.finding


def test_no_untargeted_outcome(campaign: Make) -> None:
    result = check(campaign(untargeted=[]).evaluate(), Check.UNTARGETED_OUTCOME)
    assert result.finding == "Cannot be estimated: The protocol names no untargeted outcome."


def test_later_months_enter_the_model_but_not_the_window(evaluated: Evaluation) -> None:
    """R's fit to March 2018: average -0.0112871, standard error 0.0105697 (reference case 2)."""
    result = check(evaluated, Check.ALTERNATIVE_SPAN)
    alone = result.items[2].estimate
    assert isinstance(alone, Estimate)
    assert alone.value == pytest.approx(-0.011287142831, rel=1e-4)
    assert alone.std_error == pytest.approx(0.010569660751, rel=1e-4)


def test_no_later_months(practices: Make) -> None:
    result = check(practices(analysis={"checks": ["alternative-span"]}).evaluate(), Check.ALTERNATIVE_SPAN)
    assert result.finding == "Cannot be estimated: The panel ends with the follow-up, in 2017-03."


def test_checks_of_an_outcome_without_a_contrast_say_so(practices: Make) -> None:
    case = practices(analysis={"checks": ["pre-trend", "placebo-dates"]})
    columns = case.panel.table.to_pydict()
    columns["numerator"] = [0.0] * len(columns["numerator"])
    empty = type(case.panel).from_table(case.panel.table.from_pydict(columns, schema=case.panel.table.schema))
    found = dataclasses.replace(case, panel=empty).evaluate()
    assert {result.reason for result in found.checks} == {"zero-months"}


def test_the_finding_on_the_trend_shows_all_three_assumptions_together(evaluated: Evaluation) -> None:
    """A pre-trend test never clears it; what is assumed is shown side by side, in words."""
    found = check(evaluated, Check.PRE_TREND)
    only_level = next(item for item in found.items if item.label.startswith("only the level"))
    as_far = next(item for item in found.items if item.label.endswith("by up to 1 times the slope before"))
    assert isinstance(only_level.estimate, Estimate)
    assert as_far.interval is not None
    assert effect_words(only_level.estimate) in found.finding
    assert f"{log_change(as_far.interval.low)} to {log_change(as_far.interval.high)}" in found.finding
