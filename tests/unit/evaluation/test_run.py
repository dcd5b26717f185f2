"""The whole evaluation on real area totals."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from enginehouse.evaluation.results import Evaluation, OutcomeRole, evaluation_from_record
from enginehouse.evaluation.run import DESIGNS, METHODS, evaluate
from enginehouse.indicators.panel import Panel
from enginehouse.programme.enums import Method, Verdict, Window
from enginehouse.stats.results import Estimate, NotEstimable

type Make = Callable[..., Any]


def test_every_method_has_a_function_and_its_designs() -> None:
    assert set(METHODS) == set(Method) == set(DESIGNS)


def percent(estimate: object) -> tuple[float, float, float]:
    assert isinstance(estimate, Estimate)
    interval = estimate.ratio_interval()
    return tuple(round(100 * (r - 1), 1) for r in (estimate.ratio, interval.low, interval.high))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("indicator", "months_only", "with_drift", "significant", "rank_p"),
    [
        ("ome", (-1.1, -2.9, 0.8), (-1.1, -3.7, 1.5), 4, (0.39, 0.50)),
        ("high-dose", (-3.1, -5.6, -0.6), (-3.1, -9.2, 3.4), 6, (0.32, 0.14)),
        ("high-dose-share", (-3.0, -4.7, -1.3), (-3.0, -8.0, 2.3), 8, (0.36, 0.11)),
    ],
)
def test_the_table_of_the_campaign_readme(
    evaluated: Evaluation,
    indicator: str,
    months_only: tuple[float, ...],
    with_drift: tuple[float, ...],
    significant: int,
    rank_p: tuple[float, float],
) -> None:
    """As printed there; the third lower limit is -8.05% (the README rounds it to -8.1)."""
    window = evaluated.outcome(indicator).registered.registered_window
    assert percent(window.months_only) == months_only
    assert percent(window.with_drift) == with_drift
    assert window.placebo is not None
    assert (len(window.placebo.areas), window.placebo.significant) == (27, significant)
    assert (round(window.placebo.rank_p, 2), round(window.placebo.rank_p_studentised, 2)) == rank_p


def test_the_verdict_is_inconclusive(evaluated: Evaluation) -> None:
    verdict = evaluated.verdict
    assert verdict.word is Verdict.INCONCLUSIVE
    assert verdict.sentence == (
        "Inconclusive: -1.1% (95% interval -3.7% to +1.5%); the interval includes no effect, and the 90% interval, "
        "-3.2% to +1.1%, leaves the registered margins of -2.0% to +2.0%."
    )
    assert (verdict.indicator, verdict.comparator, verdict.window) == ("ome", "rest-of-region", Window.FOLLOW_UP)


def test_outcomes_have_their_roles_sizes_and_comparators(evaluated: Evaluation) -> None:
    assert [(o.indicator, o.role) for o in evaluated.outcomes] == [
        ("ome", OutcomeRole.PRIMARY),
        ("high-dose", OutcomeRole.SECONDARY),
        ("high-dose-share", OutcomeRole.SECONDARY),
        ("trimethoprim", OutcomeRole.UNTARGETED),
    ]
    primary = evaluated.primary
    assert (primary.exposed_sites, primary.exposed_members) == (1, 318)
    assert [(c.comparator, c.registered, c.control_sites) for c in primary.comparisons] == [
        ("rest-of-region", True, 6),
        ("other-regions", False, 26),
    ]
    assert all([w.window for w in c.windows] == list(Window) for o in evaluated.outcomes for c in o.comparisons)


def test_the_absolute_effect_carries_its_denominator(evaluated: Evaluation) -> None:
    window = evaluated.primary.registered.registered_window
    effect, estimate = window.absolute, window.with_drift
    assert effect is not None
    assert isinstance(estimate, Estimate)
    assert effect.basis == "with drift between areas"
    assert effect.months == 12
    assert effect.observed / effect.counterfactual == pytest.approx(estimate.ratio)
    assert effect.change == pytest.approx(effect.observed - effect.counterfactual)
    assert effect.change_per_denominator * effect.denominator == pytest.approx(effect.change)
    assert effect.change_low < effect.change < 0 < effect.change_high
    # 1% of the year's oral morphine equivalence is about £0.2 million at £17 a gram.
    assert 0.01 * effect.counterfactual / 1000 * 17 == pytest.approx(200_000, rel=0.02)


def test_the_change_in_the_ratio_is_observed_minus_counterfactual_share(evaluated: Evaluation) -> None:
    """Observed share minus counterfactual share, each over the same twelve months of items."""
    effect = evaluated.outcome("high-dose-share").registered.registered_window.absolute
    assert effect is not None
    items = effect.denominator * effect.months
    assert effect.change_in_ratio == pytest.approx(effect.observed / items - effect.counterfactual / items)
    assert effect.change_in_ratio_low * items == pytest.approx(effect.change_low)
    assert effect.change_in_ratio_high * items == pytest.approx(effect.change_high)
    assert effect.change_per_denominator == pytest.approx(12 * effect.change_in_ratio)
    # 3.0% (with rounding) of the year's share of high-dose items is what is lost.
    assert effect.change_in_ratio / (effect.counterfactual / items) == pytest.approx(-0.030, abs=0.0005)


def test_the_absolute_effect_knows_a_proportion(campaign: Make) -> None:
    case = campaign()
    share = make_indicator_of(case, "high-dose-share", is_proportion=True)
    found = dataclasses.replace(case, indicators=case.indicators | {"high-dose-share": share}).evaluate()
    kinds = {o.indicator: o.registered.registered_window.absolute for o in found.outcomes}
    assert kinds["high-dose-share"] is not None
    assert kinds["high-dose-share"].is_proportion
    assert kinds["ome"] is not None
    assert not kinds["ome"].is_proportion


def make_indicator_of(case: Any, name: str, **changes: Any) -> Any:
    return case.indicators[name].model_copy(update=changes)


def test_the_figure_shows_what_the_model_fits(evaluated: Evaluation) -> None:
    comparison = evaluated.primary.registered
    series, window = comparison.series, comparison.registered_window
    assert series is not None
    assert (len(series.months), series.months[0], series.months[-1]) == (27, "2015-01", "2017-03")
    start = series.months.index(series.starts)
    gaps = [math.log(f / c) for f, c in zip(series.fitted, series.counterfactual, strict=True)]
    assert gaps[:start] == pytest.approx([0.0] * 15, abs=1e-12)
    assert isinstance(window.months_only, Estimate)
    assert sum(gaps[start:]) / 12 == pytest.approx(window.months_only.value)
    for treated, control, contrast in zip(series.treated, series.control, series.contrast, strict=True):
        assert treated / control == pytest.approx(contrast)
    assert series.treated_without[-1] == pytest.approx(series.control[-1] * series.counterfactual[-1])


def test_standard_errors_by_other_methods_stand_beside(evaluated: Evaluation) -> None:
    model = evaluated.primary.registered.model
    assert model is not None
    assert len(model.other_methods) == 3
    assert len(model.residual_autocorrelation) == 6
    assert (model.months, model.months_before, model.df) == (27, 15, 23)


def test_an_evaluation_round_trips_through_json(evaluated: Evaluation) -> None:
    text = json.dumps(evaluated.to_record(), allow_nan=False)
    assert evaluation_from_record(json.loads(text)) == evaluated


def test_an_evaluation_without_answers_round_trips_too(campaign: Make) -> None:
    found = campaign(analysis={"drift": None}).evaluate()
    assert evaluation_from_record(json.loads(json.dumps(found.to_record(), allow_nan=False))) == found


def test_a_record_of_a_later_version_is_refused(evaluated: Evaluation) -> None:
    with pytest.raises(ValueError, match="version 2; this version reads 1"):
        evaluation_from_record(evaluated.to_record() | {"record_version": 2})


def test_the_same_inputs_give_the_same_record(campaign: Make, evaluated: Evaluation) -> None:
    assert campaign().evaluate() == evaluated


def test_the_order_of_sites_does_not_matter(campaign: Make, evaluated: Evaluation) -> None:
    case = campaign()
    turned = dataclasses.replace(
        case, sites=dataclasses.replace(case.sites, memberships=tuple(reversed(case.sites.memberships)))
    )
    other = turned.evaluate()
    assert other.headline == evaluated.headline
    assert other.left_out_areas == evaluated.left_out_areas


def test_without_registered_drift_the_headline_cannot_be_estimated(campaign: Make) -> None:
    found = campaign(analysis={"drift": None}).evaluate()
    assert isinstance(found.headline, NotEstimable)
    assert found.verdict.word is Verdict.CANNOT_BE_ESTIMATED
    assert found.verdict.sentence.startswith("Cannot be estimated: The exposed sites are one cluster")
    window = found.primary.registered.registered_window
    assert isinstance(window.months_only, Estimate)
    assert window.absolute is not None
    assert window.absolute.basis == "months only"


def test_too_few_placebo_areas_leave_the_months_as_description(campaign: Make) -> None:
    """At a minimum share of 0.73 (233 of 318 practices) only three areas are of like size."""
    found = campaign(analysis={"drift": {"minimum_share": 0.73}}).evaluate()
    window = found.primary.registered.registered_window
    assert isinstance(window.with_drift, NotEstimable)
    assert window.placebo is not None
    assert [area.name for area in window.placebo.areas] == [
        "Greater Manchester",
        "Cheshire and Merseyside",
        "Lancashire and South Cumbria",
    ]
    assert "only 3 untreated areas show how far areas of like size drift" in found.verdict.sentence
    assert percent(window.months_only) == (-1.1, -2.9, 0.8)


def test_a_difference_of_rates(campaign: Make) -> None:
    found = campaign(estimand={"summary": "difference"}, analysis={"worthwhile": -10.0, "equivalence": None}).evaluate()
    window = found.primary.registered.registered_window
    assert isinstance(window.with_drift, Estimate)
    assert window.with_drift.scale == "difference"
    assert window.absolute is not None
    assert window.absolute.change_per_denominator == pytest.approx(12 * window.with_drift.value, rel=1e-12)


def test_the_registered_window_is_the_headline(campaign: Make) -> None:
    found = campaign(estimand={"window": "last-month"}).evaluate()
    assert found.verdict.window is Window.LAST_MONTH
    assert percent(found.headline) == (-2.5, -6.3, 1.4)
    absolute = found.primary.registered.registered_window.absolute
    assert absolute is not None
    assert absolute.months == 1


def test_a_month_of_zero_has_no_log_ratio_but_a_difference(practices: Make) -> None:
    case = practices()
    columns = case.panel.table.to_pydict()
    for i, (site, month) in enumerate(zip(columns["site"], columns["month"], strict=True)):
        if site.startswith("p:00") and month.year == 2016 and month.month == 6:
            columns["numerator"][i] = 0.0
    zero = Panel.from_table(case.panel.table.from_pydict(columns, schema=case.panel.table.schema))
    found = dataclasses.replace(case, panel=zero).evaluate()
    assert isinstance(found.headline, NotEstimable)
    assert found.headline.reason == "zero-months"
    rate = practices(estimand={"summary": "difference"}, analysis={"worthwhile": -0.001, "equivalence": None})
    assert isinstance(dataclasses.replace(rate, panel=zero).evaluate().headline, Estimate)


def test_truth_stands_beside_the_estimate(practices: Make) -> None:
    truth = [{"indicator": "ome", "ratio": 0.8, "note": "planted"}]
    found = practices(ratio=0.8, truth=truth).evaluate()
    assert found.is_synthetic
    assert found.truth[0].covered is True
    assert found.truth[0].estimate == found.headline
    assert found.verdict.word is Verdict.WORTHWHILE


def test_progress_is_told(campaign: Make) -> None:
    said: list[str] = []
    case = campaign()
    evaluate(
        case.protocol,
        case.frozen(),
        case.sites,
        case.indicators,
        progress=lambda message, done=0, total=0: said.append(message),
    )
    assert said[0] == "estimating Oral morphine equivalence per patient"


def test_where_trend_and_autocorrelation_cannot_be_separated_changes_are_shown(campaign: Make) -> None:
    """Trimethoprim over 24 months before the start has phi 0.968 (reference case 13)."""
    found = campaign(indicator="trimethoprim", secondary=[], untargeted=[], claims=[], design={"baseline_months": 24})
    model = found.evaluate().primary.registered.model
    assert model is not None
    assert model.phi == pytest.approx(0.96844, abs=0.002)
    assert "cannot be separated" in model.notes[0]
    assert "changes from month to month" in model.other_methods


def test_no_placebo_area_of_like_size(campaign: Make) -> None:
    """Only Greater Manchester (467 practices) and Cheshire and Merseyside (381) are as large; a larger arm has none."""
    everyone = {"sites": {"within": {"region": ["North East and Yorkshire", "North West"]}}}
    rest = {"name": "rest", "title": "rest", "sites": {"within": {"region": "Midlands"}}}
    found = campaign(
        exposure={**everyone, "comparators": [rest]}, analysis={"drift": {"minimum_share": 1.0}}, claims=[]
    ).evaluate()
    assert isinstance(found.headline, NotEstimable)
    assert "only 0 untreated areas show" in found.headline.detail
    assert found.primary.registered.registered_window.placebo is None
    assert "The exposed sites belong to 10 areas" in found.notes[-1]


def test_sites_that_come_or_go_are_told(practices: Make) -> None:
    case = practices(estimand={"closures": "until-closed"})
    table = case.panel.table
    gone = [
        site == "p:0000" and month.year == 2017
        for site, month in zip(table["site"].to_pylist(), table["month"].to_pylist(), strict=True)
    ]
    panel = Panel.from_table(table.filter([not g for g in gone]))
    found = dataclasses.replace(case, panel=panel).evaluate().primary
    assert (found.exposed_sites_first_month, found.exposed_sites_last_month) == (10, 9)
    assert found.notes[0] == "10 exposed sites have data in 2015-01 and 9 in 2017-03."


def test_placebo_areas_much_larger_than_the_exposed_are_told(practices: Make) -> None:
    """Four exposed practices beside areas of ten: what drifts by itself is more than such areas show."""
    case = practices()
    few = [site for site in case.panel.sites if site.startswith("p:00")][4:]
    gone = [site in few for site in case.panel.table["site"].to_pylist()]
    smaller = dataclasses.replace(case, panel=Panel.from_table(case.panel.table.filter([not g for g in gone])))
    assert "The exposed practices are 4, and half of the areas that show drift have 10" in smaller.evaluate().notes[0]
    assert not case.evaluate().notes


def test_amounts_of_a_site_average_are_told_to_suppose_that_sites_changed_alike(practices: Make) -> None:
    assert "apply the average site's effect" in practices(estimand={"average": "sites"}).evaluate().notes[0]
