"""The sentences of verdicts and claims; the rule itself is in tests/properties/test_verdict.py."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from enginehouse.evaluation.claims import mark_claim
from enginehouse.evaluation.results import ClaimMark, Evaluation, OutcomeResult
from enginehouse.evaluation.verdict import SMALL_DIFFERENCE, give_verdict
from enginehouse.programme.enums import Direction, Verdict
from enginehouse.programme.protocol import Claim, Protocol
from enginehouse.stats.results import Estimate, NotEstimable


def log_ratio(low: float, high: float) -> Estimate:
    """An estimate with (almost) normal limits at these ratios."""
    centre, half = (math.log(low) + math.log(high)) / 2, (math.log(high) - math.log(low)) / 2
    return Estimate(value=centre, std_error=half / 1.959964, df=math.inf, scale="log-ratio", method="m")


def with_headline(evaluation: Evaluation, estimate: object, **changes: Any) -> OutcomeResult:
    """The primary outcome with another headline."""
    primary = evaluation.primary
    comparison = primary.registered
    windows = tuple(
        dataclasses.replace(window, with_drift=estimate) if window.registered else window
        for window in comparison.windows
    )
    changed = dataclasses.replace(comparison, windows=windows)
    return dataclasses.replace(primary, comparisons=(changed, *primary.comparisons[1:]), **changes)


@pytest.fixture(scope="module")
def protocol(campaign: Any) -> Protocol:
    return campaign().protocol


@pytest.mark.parametrize(
    ("low", "high", "word", "sentence"),
    [
        (0.90, 0.97, Verdict.WORTHWHILE, "at least as good as the registered margin of -2.0%."),
        (0.985, 1.01, Verdict.EQUIVALENT, "lies inside the registered margins of -2.0% to +2.0%."),
        (0.95, 0.995, Verdict.BETTER, "the interval excludes no effect, but not that the effect is smaller"),
        (1.03, 1.09, Verdict.WORSE, "the whole interval is on the wrong side of no effect."),
        (0.95, 1.03, Verdict.INCONCLUSIVE, "the interval includes no effect"),
    ],
)
def test_each_word_has_its_sentence(
    evaluated: Evaluation, protocol: Protocol, low: float, high: float, word: Verdict, sentence: str
) -> None:
    found = give_verdict(protocol, with_headline(evaluated, log_ratio(low, high)))
    assert found.word is word
    assert sentence in found.sentence
    assert found.sentence.startswith(word.value.capitalize())


def test_an_equivalent_result_that_excludes_no_effect_is_a_real_but_small_difference(
    evaluated: Evaluation, protocol: Protocol
) -> None:
    assert give_verdict(protocol, with_headline(evaluated, log_ratio(0.985, 0.998))).addition == SMALL_DIFFERENCE
    assert give_verdict(protocol, with_headline(evaluated, log_ratio(0.99, 1.01))).addition == ""
    assert give_verdict(protocol, with_headline(evaluated, log_ratio(0.90, 0.95))).addition == ""


@pytest.mark.parametrize(
    ("low", "high", "direction", "margin", "sentence"),
    [
        (
            0.95,
            1.03,
            Direction.LOWER_IS_BETTER,
            0.98,
            "allow both no effect and an effect that would have been worthwhile.",
        ),
        (0.99, 1.03, Direction.LOWER_IS_BETTER, 0.98, "includes no effect and excludes the registered margin of -2.0%"),
        (
            0.95,
            1.03,
            Direction.HIGHER_IS_BETTER,
            1.02,
            "allow both no effect and an effect that would have been worthwhile.",
        ),
        (
            0.95,
            1.01,
            Direction.HIGHER_IS_BETTER,
            1.02,
            "includes no effect and excludes the registered margin of +2.0%",
        ),
    ],
)
def test_without_equivalence_margins_inconclusive_says_what_the_interval_allows(
    campaign: Any, evaluated: Evaluation, low: float, high: float, direction: Direction, margin: float, sentence: str
) -> None:
    protocol = campaign(analysis={"equivalence": None, "worthwhile": margin}).protocol
    found = give_verdict(protocol, with_headline(evaluated, log_ratio(low, high), direction=direction))
    assert found.word is Verdict.INCONCLUSIVE
    assert sentence in found.sentence


@pytest.mark.parametrize(("high", "shown", "answer"), [(1.04, True, "yes"), (1.06, False, "no"), (1.05, False, "no")])
def test_non_inferiority_is_printed_beside_the_word(
    campaign: Any, evaluated: Evaluation, high: float, shown: bool, answer: str
) -> None:
    protocol = campaign(analysis={"non_inferiority": 1.05}).protocol
    found = give_verdict(protocol, with_headline(evaluated, log_ratio(0.97, high))).non_inferiority
    assert found is not None
    if high != 1.05:  # the margin itself is left to rounding
        assert found.shown is shown
        assert found.sentence == f"Not worse by more than 5.0%: {answer}."


def test_margins_are_mirrored_when_higher_is_better(campaign: Any, evaluated: Evaluation) -> None:
    protocol = campaign(analysis={"worthwhile": 1.02, "equivalence": [0.98, 1.02], "non_inferiority": 0.95}).protocol
    outcome = with_headline(evaluated, log_ratio(1.03, 1.09), direction=Direction.HIGHER_IS_BETTER)
    found = give_verdict(protocol, outcome)
    assert found.word is Verdict.WORTHWHILE
    assert found.non_inferiority is not None
    assert found.non_inferiority.shown
    worse = with_headline(evaluated, log_ratio(0.90, 0.94), direction=Direction.HIGHER_IS_BETTER)
    assert give_verdict(protocol, worse).word is Verdict.WORSE


def claim(**fields: Any) -> Claim:
    return Claim.model_validate({"text": "t", "source": "s", "indicator": "ome"} | fields)


@pytest.mark.parametrize(
    ("low", "high", "ratio", "mark", "sentence"),
    [
        (0.90, 0.97, None, ClaimMark.REPRODUCED, "the whole interval is on the claimed side of no effect."),
        (0.90, 0.97, 0.944, ClaimMark.REPRODUCED, "on the claimed side of no effect and contains the published -5.6%."),
        (0.96, 0.98, 0.944, ClaimMark.NOT_REPRODUCED, "the interval excludes the published -5.6%."),
        (0.97, 1.02, 0.944, ClaimMark.NOT_REPRODUCED, "excludes the published -5.6%, and includes no effect."),
        (0.93, 1.02, 0.944, ClaimMark.NOT_REPRODUCED, "neither confirms nor excludes the claim."),
        (0.97, 1.02, None, ClaimMark.NOT_REPRODUCED, "includes no effect; it does not exclude the claim either."),
        (1.02, 1.09, 0.944, ClaimMark.NOT_REPRODUCED, "excludes the published -5.6%, and is on the other side."),
        (1.02, 1.09, None, ClaimMark.NOT_REPRODUCED, "the whole interval is on the other side of no effect."),
        (1.02, 1.09, 1.05, ClaimMark.REPRODUCED, "contains the published +5.0%."),
    ],
)
def test_claims_are_marked_with_the_reason(
    evaluated: Evaluation, low: float, high: float, ratio: float | None, mark: ClaimMark, sentence: str
) -> None:
    outcome = with_headline(evaluated, log_ratio(low, high))
    found = mark_claim(claim(ratio=ratio), {"ome": outcome})
    assert found.mark is mark
    assert sentence in found.sentence


@pytest.mark.parametrize(
    ("fields", "headline", "sentence"),
    [
        ({"not_testable": "No ages.", "indicator": None}, log_ratio(0.9, 0.95), "No ages."),
        ({"indicator": None}, log_ratio(0.9, 0.95), "No indicator here bears on it."),
        ({"indicator": "other"}, log_ratio(0.9, 0.95), "The protocol does not evaluate other."),
        ({}, NotEstimable(reason="x", detail="Only 3 areas."), "Only 3 areas."),
    ],
)
def test_claims_that_cannot_be_tested(
    evaluated: Evaluation, fields: dict[str, Any], headline: object, sentence: str
) -> None:
    found = mark_claim(claim(**fields), {"ome": with_headline(evaluated, headline)})
    assert (found.mark, found.sentence) == (ClaimMark.CANNOT_BE_TESTED, sentence)


def test_a_claim_without_size_on_an_indicator_without_direction(evaluated: Evaluation) -> None:
    outcome = with_headline(evaluated, log_ratio(0.9, 0.95), direction=Direction.NONE)
    assert mark_claim(claim(), {"ome": outcome}).mark is ClaimMark.CANNOT_BE_TESTED
    assert mark_claim(claim(ratio=0.93), {"ome": outcome}).mark is ClaimMark.REPRODUCED


def test_a_published_ratio_is_set_against_a_difference_through_the_counterfactual(campaign: Any) -> None:
    case = campaign(
        estimand={"summary": "difference"},
        analysis={"worthwhile": -10.0, "equivalence": None},
        claims=[
            {"text": "t", "source": "s", "indicator": "ome", "ratio": 0.99},
            {"text": "t", "source": "s", "indicator": "ome", "ratio": 0.944},
        ],
    )
    inside, outside = case.evaluate().claims
    assert "neither confirms nor excludes" in inside.sentence
    assert "excludes the published -5.6%" in outside.sentence


def test_a_difference_as_large_as_all_that_was_seen_confirms_no_claim(campaign: Any) -> None:
    """A rate of 10 that would, by the upper limit, have been less than nothing: the ratio has no upper limit."""
    fields = {
        "estimand": {"summary": "difference"},
        "analysis": {"worthwhile": -10.0, "equivalence": None},
        "claims": [],
    }
    evaluation = campaign(**fields).evaluate()
    outcome = evaluation.primary
    window = outcome.registered.registered_window
    assert window.absolute is not None
    observed = window.absolute.observed
    wide = dataclasses.replace(window.absolute, change_low=-0.2 * observed, change_high=1.5 * observed)
    windows = tuple(dataclasses.replace(w, absolute=wide) if w.registered else w for w in outcome.registered.windows)
    changed = dataclasses.replace(
        outcome, comparisons=(dataclasses.replace(outcome.registered, windows=windows), *outcome.comparisons[1:])
    )
    assert mark_claim(claim(), {"ome": changed}).mark is ClaimMark.NOT_REPRODUCED
    found = mark_claim(claim(ratio=0.944), {"ome": changed})
    assert "neither confirms nor excludes" in found.sentence


def test_the_campaigns_claims(evaluated: Evaluation) -> None:
    assert [c.mark.value for c in evaluated.claims] == ["not reproduced", "not reproduced", "cannot be tested here"]
