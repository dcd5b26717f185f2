"""The appraisal of a trial, on the shipped trial's own protocol and strategies: every figure by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from enginehouse.core.errors import Problems, UserError
from enginehouse.economics.appraise import Appraisal
from enginehouse.economics.arm_costs import ContactTotals, LoggedActivity
from enginehouse.economics.beside_verdict import Favours
from enginehouse.economics.net_benefit import NetBenefit
from enginehouse.economics.returns import ReturnRatios
from enginehouse.economics.trial_appraisal import (
    TrialAppraisal,
    any_appraisal_from_record,
    appraise_trial,
    trial_appraisal_from_record,
)
from enginehouse.evaluation.effects import AbsoluteEffect
from enginehouse.evaluation.parallel.results import ContrastResult, SiteVariation, TrialEvaluation, TrialOutcome
from enginehouse.evaluation.results import OutcomeRole, VerdictResult
from enginehouse.programme.enums import Average, ContactKind, Direction, Summary, Verdict, Window
from enginehouse.programme.load import load_programme
from enginehouse.programme.programme import Programme
from enginehouse.programme.protocol import DiscountRates, Protocol
from enginehouse.stats.results import Estimate, Estimated, NotEstimable

ARM, OVER = "feedback-plus-facilitation", "feedback"
VISITS = ContactTotals(kind=ContactKind.VISIT, contacts=400, programme_minutes=36_000.0, site_minutes=48_000.0)
ACTIVITY = (
    LoggedActivity(arm=OVER, sites=100, reports=600),
    LoggedActivity(arm=ARM, sites=100, reports=600, contacts=(VISITS,)),
)
COUNTERFACTUAL = 200_000_000.0
"""Milligrams in the 100 practices of the arm over the year, without facilitation."""
# Training, 36,000 minutes, 400 journeys; and the practices' own 48,000 minutes.
PROGRAMME_COST, SITE_COST = 12 * 380 + 36_000 * 0.9 + 400 * 65, 48_000 * 1.2
PRICE = 0.011 * 0.85
THREE_YEARS = 1 + 1 / 1.035 + 1 / 1.035**2


@pytest.fixture(scope="module")
def programme() -> Programme:
    return load_programme(Path(str(files("enginehouse").joinpath("programmes/head-to-head"))))


@pytest.fixture(scope="module")
def protocol(programme: Programme) -> Protocol:
    return programme.protocols["facilitation"]


@pytest.fixture
def evaluation(estimate: Callable[..., Estimate]) -> Callable[..., TrialEvaluation]:
    def make(effect: Estimated | None = None, *, verdict: Verdict = Verdict.WORTHWHILE) -> TrialEvaluation:
        shown = estimate(math.log(0.9), 0.015) if effect is None else effect
        outcome = TrialOutcome(
            indicator="opioids-ome-per-patient",
            indicator_version=1,
            title="Opioids",
            short_title="Opioids",
            role=OutcomeRole.PRIMARY,
            direction=Direction.LOWER_IS_BETTER,
            unit="mg",
            per="registered patient",
            scale=1,
            is_proportion=False,
            arms=(),
            contrasts=(_contrast(shown),),
            variation=SiteVariation(icc=None, between_site_cv=None, size_cv=None, dispersion=None),
        )
        return TrialEvaluation(
            rehearsed=False,
            title="T",
            question="Q",
            protocol_hash="p",
            panel_identity="i",
            allocation_hash="a",
            software="s",
            method="m",
            average=Average.PATIENTS,
            summary=Summary.RATIO,
            window=Window.FOLLOW_UP,
            estimand="e",
            prior_knowledge="k",
            starts="2025-06",
            baseline_months=12,
            follow_up_months=12,
            membership_as_of="2025-03",
            allocation_unit="site",
            arms={OVER: "feedback", ARM: "feedback and facilitation"},
            outcomes=(outcome,),
            checks=(),
            subgroups=(),
            inequality=(),
            flow=(),
            fidelity=(),
            engaged=None,
            verdict=VerdictResult(
                word=verdict,
                sentence="",
                addition="",
                indicator=outcome.indicator,
                comparator=OVER,
                window=Window.FOLLOW_UP,
                estimate=shown,
                worthwhile=0.95,
                equivalence=(0.95, 1.05),
                non_inferiority=None,
            ),
            truth=(),
            rehearsal=None,
        )

    return make


def _contrast(effect: Estimated) -> ContrastResult:
    none = NotEstimable(reason="not-looked-at", detail="")
    ratio = effect.ratio if isinstance(effect, Estimate) and effect.scale == "log-ratio" else 1.0
    numbers = dict.fromkeys(
        (
            "change",
            "change_low",
            "change_high",
            "change_per_denominator",
            "change_per_denominator_low",
            "change_per_denominator_high",
            "change_in_ratio",
            "change_in_ratio_low",
            "change_in_ratio_high",
        ),
        0.0,
    )
    absolute = AbsoluteEffect(
        unit="mg",
        per="registered patient",
        scale=1,
        months=12,
        observed=ratio * COUNTERFACTUAL,
        counterfactual=COUNTERFACTUAL,
        denominator=900_000.0,
        is_proportion=False,
        basis="x",
        **numbers,
    )
    return ContrastResult(
        arm=ARM,
        over=OVER,
        title="t",
        registered=True,
        effect=effect,
        ratio=none,
        difference=none,
        absolute=absolute if isinstance(effect, Estimate) else None,
        sites=100,
        over_sites=100,
        units=200,
        std_error_kind="x",
        covariates=(),
    )


@pytest.fixture
def appraise(
    programme: Programme, protocol: Protocol, evaluation: Callable[..., TrialEvaluation]
) -> Callable[..., TrialAppraisal]:
    def run(effect: Estimated | None = None, *, changes: dict[str, Any] | None = None, **more: Any) -> TrialAppraisal:
        changed = protocol.model_copy(update=changes or {})
        return appraise_trial(changed, evaluation(effect, **more), ACTIVITY, programme.strategies, programme.settings)

    return run


def net(value: NetBenefit | NotEstimable) -> NetBenefit:
    assert isinstance(value, NetBenefit)
    return value


def test_within_the_trial(appraise: Callable[..., TrialAppraisal]):
    appraisal = appraise()
    within = net(appraisal.within_trial)
    assert (within.sites, within.years, within.quantity) == (100, 1.0, COUNTERFACTUAL)
    assert within.units.point == pytest.approx(0.1 * COUNTERFACTUAL)
    assert within.value.range.point == pytest.approx(0.1 * COUNTERFACTUAL * PRICE)
    assert within.cost == pytest.approx(PROGRAMME_COST + SITE_COST)
    assert within.from_effect.point == pytest.approx(0.1 * COUNTERFACTUAL * PRICE - PROGRAMME_COST - SITE_COST)
    assert appraisal.value_label == "net of substitution"
    assert str(appraisal.money(within.value.range.point)) == "£187,000"


def test_over_the_horizon_for_all_sites_and_years(appraise: Callable[..., TrialAppraisal]):
    appraisal = appraise()
    within, horizon = net(appraisal.within_trial), net(appraisal.horizon)
    assert (horizon.sites, horizon.years) == (200, 3.0)
    # Twice the sites; three years at NICE's 3.5%, the first in full: 1 + 1/1.035 + 1/1.035^2 = 2.8997.
    assert horizon.value.range.point == pytest.approx(187_000 * 2 * THREE_YEARS)
    assert horizon.cost == pytest.approx((PROGRAMME_COST + SITE_COST) * 2 * THREE_YEARS)
    assert horizon.units.point == pytest.approx(within.units.point * 2 * 3)  # what is avoided is counted, not valued
    assert horizon.probability == pytest.approx(within.probability)
    assert horizon.break_even_effect == pytest.approx(within.break_even_effect)
    assert appraisal.decisive is appraisal.horizon


def test_every_year_in_full_stands_beside_it(appraise: Callable[..., TrialAppraisal]):
    appraisal = appraise()
    full, used = net(appraisal.undiscounted), appraisal.discounting
    assert full.value.range.point == pytest.approx(187_000 * 2 * 3)
    assert full.cost == pytest.approx((PROGRAMME_COST + SITE_COST) * 2 * 3)
    assert used is not None
    assert (used.costs, used.effects) == (0.035, 0.035)
    assert (used.years_of_costs, used.years_of_effects) == pytest.approx((2.8997, 2.8997), abs=5e-5)
    (told,) = [note for note in appraisal.notes if "count for less" in note]
    assert told == (
        "Years after the first count for less: by 3.5% a year for costs, so that 3 years count as 2.8997, and by 3.5% "
        "for what the effect is worth (2.8997). The rates are those of: NICE health technology evaluations: the manual "
        "(PMG36), reference case."
    )


def test_health_at_the_rate_of_the_green_book(appraise: Callable[..., TrialAppraisal], protocol: Protocol):
    """Costs at 3.5%, what the effect is worth at 1.5%, over two and a half years, the last half of a year as half."""
    rates = DiscountRates(costs=0.035, effects=0.015, source="HM Treasury, The Green Book")
    assert protocol.economics is not None
    economics = protocol.economics.model_copy(update={"horizon_years": 2.5, "discount": rates})
    horizon = net(appraise(changes={"economics": economics}).horizon)
    cost, value = (PROGRAMME_COST + SITE_COST) * 2, 187_000 * 2
    assert horizon.cost == pytest.approx(cost * (1 + 1 / 1.035 + 0.5 / 1.035**2))
    assert horizon.value.range.point == pytest.approx(value * (1 + 1 / 1.015 + 0.5 / 1.015**2))
    assert horizon.from_effect.point == pytest.approx(horizon.value.range.point - horizon.cost)


def test_a_horizon_of_a_year_is_not_discounted(appraise: Callable[..., TrialAppraisal], protocol: Protocol):
    assert protocol.economics is not None
    appraisal = appraise(changes={"economics": protocol.economics.model_copy(update={"horizon_years": 1})})
    assert appraisal.horizon == appraisal.undiscounted
    assert not [note for note in appraisal.notes if "count for less" in note]


def test_the_programme_alone(appraise: Callable[..., TrialAppraisal]):
    appraisal = appraise()
    assert net(appraisal.programme_only).cost == pytest.approx(PROGRAMME_COST * 2 * THREE_YEARS)
    assert net(appraisal.programme_only).value == net(appraisal.horizon).value


def test_the_turn_of_the_loop(appraise: Callable[..., TrialAppraisal], protocol: Protocol):
    turn = appraise().turn
    feedback = 9 * 380 + 1200 * 1.4
    assert turn.strategies == pytest.approx(feedback + PROGRAMME_COST)
    assert protocol.economics is not None
    lines = sum(line.days * line.cost_per_day for line in protocol.economics.turn)
    assert turn.total == pytest.approx(feedback + PROGRAMME_COST + lines)
    assert turn.evaluation == pytest.approx(2 * 450 + 3 * 320 + 3 * 450)


def test_a_return_is_a_headline_where_the_interval_excludes_no_effect(appraise: Callable[..., TrialAppraisal]):
    ratios = appraise().headline_return
    assert isinstance(ratios, ReturnRatios)
    assert ratios.benefit_cost_ratio.point == pytest.approx(187_000 / (PROGRAMME_COST + SITE_COST))


def test_no_return_is_a_headline_where_it_includes_none(
    appraise: Callable[..., TrialAppraisal], estimate: Callable[..., Estimate]
):
    appraisal = appraise(estimate(-0.01, 0.02), verdict=Verdict.EQUIVALENT)
    assert isinstance(appraisal.headline_return, NotEstimable)
    assert appraisal.headline_return.reason == "interval-includes-no-effect"
    assert 0 < net(appraisal.horizon).probability < 0.5
    assert net(appraisal.horizon).break_even_cost > 0
    assert (appraisal.beside_verdict.favours, appraisal.beside_verdict.differ) == (Favours.COMPARATOR, False)


def test_a_worthwhile_effect_that_does_not_pay(
    appraise: Callable[..., TrialAppraisal], estimate: Callable[..., Estimate]
):
    appraisal = appraise(estimate(math.log(0.94), 0.004))
    assert net(appraisal.horizon).expected < 0
    assert appraisal.beside_verdict.differ
    assert "worth less than it costs" in appraisal.beside_verdict.why


def test_a_difference_is_valued_by_its_denominators(
    appraise: Callable[..., TrialAppraisal], estimate: Callable[..., Estimate]
):
    within = net(appraise(estimate(-2.0, 0.3, scale="difference")).within_trial)
    assert within.quantity == 900_000 * 12
    assert within.units.point == pytest.approx(2.0 * 900_000 * 12)


def test_without_a_horizon_the_trial_itself_is_decisive(appraise: Callable[..., TrialAppraisal], protocol: Protocol):
    assert protocol.economics is not None
    economics = protocol.economics.model_copy(update={"horizon_years": None, "substitution": None})
    appraisal = appraise(changes={"economics": economics})
    assert isinstance(appraisal.horizon, NotEstimable)
    assert appraisal.horizon.reason == "no-horizon"
    assert appraisal.decisive is appraisal.within_trial
    assert appraisal.value_label == "gross"
    assert net(appraisal.within_trial).value.range.point == pytest.approx(0.1 * COUNTERFACTUAL * 0.011)
    assert net(appraisal.programme_only).cost == pytest.approx(PROGRAMME_COST)


def test_all_that_was_saved_was_spent_on_something_else(appraise: Callable[..., TrialAppraisal], protocol: Protocol):
    assert protocol.economics is not None
    appraisal = appraise(changes={"economics": protocol.economics.model_copy(update={"substitution": 1.0})})
    assert isinstance(appraisal.within_trial, NotEstimable)
    assert appraisal.within_trial.reason == "nothing-saved"
    assert appraisal.beside_verdict.favours is Favours.NOT_KNOWN


def test_an_effect_that_cannot_be_estimated_has_costs_all_the_same(appraise: Callable[..., TrialAppraisal]):
    missing = NotEstimable(reason="few-sites", detail="Two sites are left.")
    appraisal = appraise(missing, verdict=Verdict.CANNOT_BE_ESTIMATED)
    for part in (appraisal.within_trial, appraisal.horizon, appraisal.programme_only, appraisal.headline_return):
        assert isinstance(part, NotEstimable)
        assert part.detail == "The effect cannot be estimated. Two sites are left."
    (cost,) = (each for each in appraisal.costs if each.arm == ARM)
    assert cost.borne_by_sites == pytest.approx(600 * 20 * 1.2 + SITE_COST)


def test_a_rehearsal_cost_nothing_and_says_so(
    appraise: Callable[..., TrialAppraisal], evaluation: Callable[..., TrialEvaluation]
):
    appraisal = appraise(changes={"rehearsal": True, "economics": None}, verdict=Verdict.EQUIVALENT)
    assert (appraisal.rehearsal, appraisal.costs, appraisal.activity, appraisal.price) == (True, (), (), None)
    for part in (appraisal.incremental, appraisal.within_trial, appraisal.horizon, appraisal.turn.total):
        assert isinstance(part, NotEstimable)
        assert part.reason == "not-incurred"
        assert "no cost was incurred" in part.detail
    assert appraisal.beside_verdict.why == "In a rehearsal nothing is done and nothing follows."
    assert trial_appraisal_from_record(json.loads(json.dumps(appraisal.to_record()))) == appraisal


def test_a_protocol_without_economics(appraise: Callable[..., TrialAppraisal]):
    with pytest.raises(UserError, match="the registered protocol has no economics"):
        appraise(changes={"economics": None})


def test_a_price_that_contradicts_itself(appraise: Callable[..., TrialAppraisal], protocol: Protocol):
    assert protocol.economics is not None
    price = protocol.economics.price.model_copy(update={"low": 0.02, "price_year": 2019})
    with pytest.raises(Problems) as caught:
        appraise(changes={"economics": protocol.economics.model_copy(update={"price": price})})
    assert "got 0.011 for a price between 0.02 and 0.015." in str(caught.value)
    assert "got prices of 2019 in a programme whose prices are of 2025." in str(caught.value)


def test_records_of_both_kinds_are_read_back(appraise: Callable[..., TrialAppraisal]):
    appraisal = appraise()
    record = json.loads(json.dumps(appraisal.to_record(), allow_nan=False))
    assert trial_appraisal_from_record(record) == any_appraisal_from_record(record) == appraisal
    campaign = Path(__file__).resolve().parents[2] / "golden/reports"
    (older,) = campaign.glob("campaign/appraisal.json")
    assert isinstance(any_appraisal_from_record(json.loads(older.read_text(encoding="utf-8"))), Appraisal)


@pytest.mark.parametrize("change", [{"kind": "campaign"}, {"record_version": 2}])
def test_a_record_of_another_kind_or_version(appraise: Callable[..., TrialAppraisal], change: dict[str, Any]):
    record = {**appraise().to_record(), **change}
    with pytest.raises(ValueError, match="this version reads trial-appraisal, 1"):
        trial_appraisal_from_record(record)
