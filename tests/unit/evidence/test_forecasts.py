"""Forecasts of a contract held against a result, and over several cycles."""

import math

import pytest

from enginehouse.core.errors import Problems
from enginehouse.evidence.forecasts import LIBRARY, calibration, score_forecasts
from enginehouse.evidence.predictive import predict
from enginehouse.evidence.results import forecast_scores_from_record
from enginehouse.evidence.studies import Library
from enginehouse.programme.contract import Forecast
from enginehouse.programme.enums import EvidenceScale, Summary, Verdict
from enginehouse.stats.gaussian import Normal
from enginehouse.stats.results import NotEstimable


def forecast(person="ann", **changes):
    return Forecast.model_validate(
        {
            "person": person,
            "effect": 0.95,
            "low": 0.9,
            "high": 1.0,
            "verdicts": {"worthwhile": 0.5, "inconclusive": 0.5},
            **changes,
        }
    )


def score(*forecasts, estimate, verdict=Verdict.WORTHWHILE, cycle="one", **more):
    return score_forecasts(
        forecasts, **{"cycle": cycle, "summary": Summary.RATIO, "estimate": estimate, "verdict": verdict, **more}
    )


def test_each_signatory_is_scored_on_words_and_numbers(estimate):
    found = score(forecast(), forecast("bob", effect=1.0, low=0.98, high=1.02), estimate=estimate(math.log(0.93)))
    ann, bob = found.of("ann"), found.of("bob")
    assert (ann.brier, ann.probability_of_verdict) == (pytest.approx(0.5), 0.5)
    assert (ann.covered, bob.covered) == (True, False)
    assert ann.crps < bob.crps
    assert ann.interval_score == pytest.approx(math.log(1 / 0.9))
    assert bob.interval_score == pytest.approx(math.log(1.02 / 0.98) + 10 * math.log(0.98 / 0.93))
    assert found.observed == pytest.approx(0.93)
    assert found.scoring_scale == "logarithm of the ratio"
    assert "two half normals" in found.method
    assert found.of("nobody") is None


def test_a_verdict_that_nobody_thought_of_costs_most(estimate):
    found = score(forecast(), estimate=estimate(), verdict=Verdict.WORSE).of("ann")
    assert found.brier == pytest.approx(1.5)
    assert found.probability_of_verdict == 0


def test_a_difference_is_scored_as_it_is(estimate):
    found = score(
        forecast(effect=-1.0, low=-2.0, high=0.5),
        estimate=estimate(-1.5, 0.2, scale="difference"),
        summary=Summary.DIFFERENCE,
    )
    assert (found.observed, found.scoring_scale) == (-1.5, "difference")
    assert found.of("ann").interval_score == pytest.approx(2.5)


def test_what_cannot_be_estimated_leaves_the_words(estimate):
    nothing = NotEstimable(reason="none", detail="There were too few areas.")
    found = score(forecast(), estimate=nothing, verdict=Verdict.CANNOT_BE_ESTIMATED)
    assert found.not_estimable == "There were too few areas."
    assert found.observed is None
    assert found.of("ann").crps is None
    assert found.of("ann").covered is None
    assert found.of("ann").brier == pytest.approx(1.5)


def test_the_library_is_scored_beside_them(estimate, question):
    library = predict(Library(), question(), stated=Normal(-0.03, 0.06))
    own = score(forecast(), estimate=estimate(), library=library).of(LIBRARY)
    assert own.effect == pytest.approx(math.exp(-0.03))
    assert own.brier is None
    assert own.crps is not None
    other = predict(Library(), question(scale=EvidenceScale.DIFFERENCE), stated=Normal(-1, 1))
    assert score(forecast(), estimate=estimate(), library=other).of(LIBRARY).crps is None


def test_impossible_forecasts_are_all_told_at_once(estimate):
    with pytest.raises(Problems) as caught:
        score(
            forecast(low=0.96),
            forecast("bob", low=-0.1, verdicts={"worthwhile": 0.7}),
            estimate=estimate(),
        )
    text = str(caught.value)
    assert "forecasts, ann\n  got low 0.96, effect 0.95 and high 1" in text
    assert "forecasts, bob\n  got -0.1 for a ratio" in text
    assert "add up to 0.7" in text


def cycles(estimate, inside, outside):
    values = [math.log(0.94)] * inside + [math.log(0.7)] * outside
    return [score(forecast(), estimate=estimate(value), cycle=f"cycle-{i}") for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("inside", "outside", "words"),
    [
        (2, 1, "2 of 3 results lay inside the forecast 80% intervals; too few to say more."),
        (8, 2, "8 of 10 results lay inside the forecast 80% intervals, which agrees with 80%."),
        (2, 8, "surer than they should have been"),
        (40, 0, "less sure than they could have been"),
    ],
)
def test_calibration_over_cycles(estimate, inside, outside, words):
    found = calibration(cycles(estimate, inside, outside))
    assert words in found.finding
    everyone = found.lines[0]
    assert (everyone.person, everyone.forecasts, everyone.covered) == (None, inside + outside, inside)
    assert found.lines[1].person == "ann"
    assert len(found.cycles) == inside + outside


def test_calibration_counts_a_cycle_once_and_the_library_apart(estimate, question):
    library = predict(Library(), question(), stated=Normal(-0.03, 0.06))
    one = score(forecast(), estimate=estimate(), library=library)
    found = calibration([one, one])
    assert [line.person for line in found.lines] == [None, "ann", LIBRARY]
    assert found.lines[0].forecasts == 1
    assert found.lines[2].mean_brier is None


def test_calibration_before_any_effect():
    nothing = NotEstimable(reason="none", detail="None.")
    found = calibration([score(forecast(), estimate=nothing, verdict=Verdict.CANNOT_BE_ESTIMATED)])
    assert found.finding == "No effect has been scored yet."
    assert found.lines[0].coverage is None


def test_records_are_read_back(estimate):
    found = score(forecast(), estimate=estimate())
    assert forecast_scores_from_record(found.to_record()) == found
    assert calibration([found]).to_record()["expected_coverage"] == 0.8
