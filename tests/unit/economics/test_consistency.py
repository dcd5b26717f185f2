"""Published sums set against each other."""

from __future__ import annotations

import pytest

from enginehouse.economics.consistency import (
    ConsistencyFinding,
    ReturnDefinition,
    check_consistency,
)

BCR, ROI = ReturnDefinition


def implied(found, *figures):
    return {i.definition: i for i in found.implications if i.figures == figures}


def test_the_published_campaign_cannot_hold():
    """Net 700,000, tenfold, gross 900,000: by hand, 700 / 9 = 77.8, 700 / 10 = 70, 900 - 700 = 200."""
    found = check_consistency(net=700_000, gross=900_000, ratio=10)
    assert found.finding is ConsistencyFinding.CONTRADICTORY
    assert found.possible_definitions == ()
    with_ratio = implied(found, "net", "ratio")
    assert with_ratio[BCR].cost == pytest.approx(700_000 / 9)
    assert with_ratio[ROI].cost == pytest.approx(700_000 / 10)
    (sums,) = implied(found, "net", "gross").values()
    assert (sums.cost, sums.benefit_cost_ratio, sums.return_on_investment) == (200_000, 4.5, 3.5)
    assert found.sentences == (
        "A net saving of £700,000 and a gross saving of £900,000 imply a cost of £200,000: a return of 4.5 "
        "(gross saving over cost) or 3.5 (net saving over cost).",
        "A net saving of £700,000 and a return of 10 imply a cost of £77,778 if it is gross saving over cost, "
        "or a cost of £70,000 if it is net saving over cost.",
        "A gross saving of £900,000 and a return of 10 imply a cost of £90,000 if it is gross saving over cost, "
        "or a cost of £81,818 if it is net saving over cost.",
        "These figures cannot all hold, whichever way the return is defined.",
    )


def test_net_and_ratio_alone_are_too_few():
    found = check_consistency(net=700_000, ratio=10)
    assert found.finding is ConsistencyFinding.TOO_FEW_FIGURES
    assert found.sentences[-1] == "Too few figures to check them against each other."


@pytest.mark.parametrize(
    ("figures", "definitions"),
    [
        ({"net": 700_000, "cost": 77_778, "ratio": 10}, (BCR,)),
        ({"net": 700_000, "cost": 70_000, "ratio": 10}, (ROI,)),
        ({"net": 700_000, "gross": 900_000, "ratio": 4.5}, (BCR,)),
        ({"net": 700_000, "gross": 900_000, "ratio": 3.5}, (ROI,)),
        ({"net": 700_000, "gross": 900_000, "cost": 200_000}, (BCR, ROI)),
        ({"net": 700_000, "gross": 778_000, "cost": 77_800, "ratio": 10}, (BCR,)),
    ],
)
def test_figures_that_hold_say_how_the_return_is_meant(figures, definitions):
    found = check_consistency(**figures, rounding=0.01)
    assert found.finding is ConsistencyFinding.CONSISTENT
    assert found.possible_definitions == definitions
    conclusion = "These figures can all hold"
    if "ratio" in figures:
        conclusion += f", if the return is {definitions[0].words}"
    assert found.sentences[-1] == conclusion + "."


def test_rounding_decides_what_is_a_contradiction():
    """With 10% either way the two readings of tenfold cannot be told apart."""
    loose = check_consistency(net=700_000, cost=74_000, ratio=10, rounding=0.1)
    assert loose.possible_definitions == (BCR, ROI)
    assert loose.sentences[-1] == "These figures can all hold."
    tight = check_consistency(net=700_000, cost=74_000, ratio=10, rounding=0.005)
    assert tight.finding is ConsistencyFinding.CONTRADICTORY


def test_a_net_saving_above_the_gross_one_cannot_hold():
    found = check_consistency(net=900_000, gross=700_000)
    assert found.finding is ConsistencyFinding.CONTRADICTORY
    assert found.sentences == (
        "A net saving of £900,000 and a gross saving of £700,000 cannot both hold: a cost is more than 0.",
        "These figures cannot all hold.",
    )
    (only,) = found.implications
    assert only.benefit_cost_ratio is None
    assert only.return_on_investment is None


def test_a_loss_can_be_consistent():
    found = check_consistency(net=-50_000, gross=50_000, cost=100_000, ratio=0.5)
    assert found.possible_definitions == (BCR,)


def test_every_pair_has_a_sentence():
    found = check_consistency(net=1, gross=3, cost=2, ratio=1.5, currency="USD")
    assert found.sentences == (
        "A net saving of $1 and a gross saving of $3 imply a cost of $2: a return of 1.5 (gross saving over cost) "
        "or 0.5 (net saving over cost).",
        "A net saving of $1 and a cost of $2 imply a gross saving of $3: a return of 1.5 (gross saving over cost) "
        "or 0.5 (net saving over cost).",
        "A net saving of $1 and a return of 1.5 imply a cost of $2 if it is gross saving over cost, "
        "or a cost of $1 if it is net saving over cost.",
        "A gross saving of $3 and a cost of $2 imply a net saving of $1: a return of 1.5 (gross saving over cost) "
        "or 0.5 (net saving over cost).",
        "A gross saving of $3 and a return of 1.5 imply a cost of $2 if it is gross saving over cost, "
        "or a cost of $1 if it is net saving over cost.",
        "A cost of $2 and a return of 1.5 imply a net saving of $1 if it is gross saving over cost, "
        "or a net saving of $3 if it is net saving over cost.",
        "These figures can all hold, if the return is gross saving over cost.",
    )


def test_a_gross_return_of_one_says_nothing_about_the_cost():
    found = check_consistency(net=700_000, ratio=1)
    assert set(implied(found, "net", "ratio")) == {ROI}
    assert found.possible_definitions == (BCR, ROI)


def test_nothing_published_is_too_little():
    assert check_consistency().finding is ConsistencyFinding.TOO_FEW_FIGURES
    assert check_consistency(ratio=3).finding is ConsistencyFinding.TOO_FEW_FIGURES
