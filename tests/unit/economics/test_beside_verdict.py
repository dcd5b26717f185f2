"""Whom the sums favour beside the verdict: every case has its words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from enginehouse.economics.beside_verdict import LEANS, SENTENCES, WHY, BesideVerdict, Favours, beside_verdict
from enginehouse.economics.net_benefit import net_benefit
from enginehouse.economics.price_doubt import PriceDistribution
from enginehouse.programme.enums import Direction, Verdict
from enginehouse.stats.results import Estimate, NotEstimable

Make = Callable[..., Estimate]


@pytest.fixture
def beside(estimate: Make) -> Callable[..., BesideVerdict]:
    def run(verdict: Verdict, *, cost: float | NotEstimable, value: float = -0.05, **more: bool) -> BesideVerdict:
        net = net_benefit(
            estimate(value, 0.02),
            quantity=100_000.0,
            price=PriceDistribution(low=0.1, top=0.1, high=0.1),
            direction=Direction.LOWER_IS_BETTER,
            cost=cost,
            sites=10,
            years=2.0,
        )
        return beside_verdict(verdict, net, arm="visits", over="letters", currency="GBP", price_year=2025, **more)

    return run


def test_no_case_is_missing():
    assert set(LEANS) == set(WHY) == set(Verdict)
    assert all(set(words) == {Favours.ARM, Favours.COMPARATOR} for words in WHY.values())
    assert set(SENTENCES) == set(Favours)


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize(("cost", "favours"), [(200.0, Favours.ARM), (800.0, Favours.COMPARATOR)])
def test_they_differ_unless_both_point_the_same_way(
    beside: Callable[..., BesideVerdict], verdict: Verdict, cost: float, favours: Favours
):
    result = beside(verdict, cost=cost)
    assert result.favours is favours
    assert result.differ == (LEANS[verdict] is not favours)
    assert result.why == WHY[verdict][favours]
    assert ("same way" in result.why) == (LEANS[verdict] is favours)


def test_the_sentence_is_for_each_site_and_year(beside: Callable[..., BesideVerdict]):
    # 10,000 x (1 - exp(-0.05 + 0.0002)) - 200 = 285.80, over 10 sites and 2 years: 14.29.
    assert beside(Verdict.WORTHWHILE, cost=200.0).sentence == (
        "For each site and year, visits over letters is expected to be worth £14 more than it costs; the probability "
        "that it is worth more than it costs is 93%."
    )
    assert "is expected to cost £16 more than it is worth" in beside(Verdict.WORTHWHILE, cost=800.0).sentence


def test_belief_from_one_trial_is_never_certainty(beside: Callable[..., BesideVerdict]):
    assert "is more than 99%." in beside(Verdict.WORTHWHILE, cost=-5000.0).sentence
    assert "is less than 1%." in beside(Verdict.WORTHWHILE, cost=9000.0).sentence


def test_an_unknown_cost_leaves_the_verdict_alone(beside: Callable[..., BesideVerdict]):
    result = beside(Verdict.EQUIVALENT, cost=NotEstimable(reason="cost-not-known", detail="Visits have no price."))
    assert (result.favours, result.differ) == (Favours.NOT_KNOWN, False)
    assert result.sentence == "The net benefit of visits over letters is not known. Visits have no price."
    assert result.why.startswith("The verdict stands without the sums")


def test_value_and_cost_alike(estimate: Make, beside: Callable[..., BesideVerdict]):
    value = beside(Verdict.INCONCLUSIVE, cost=0.0, value=-0.0002)  # log-normal mean exp(-0.0002 + 0.0002) = 1
    assert value.favours is Favours.NEITHER
    assert "is expected to be worth what it costs" in value.sentence
    assert value.why == "Value and cost are expected to be equal, so that the verdict is all there is to go by."


def test_nothing_follows_from_a_rehearsal(beside: Callable[..., BesideVerdict]):
    result = beside(Verdict.EQUIVALENT, cost=NotEstimable(reason="x", detail="Nothing."), nothing_incurred=True)
    assert result.why == "In a rehearsal nothing is done and nothing follows."
