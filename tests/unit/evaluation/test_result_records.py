"""Records refuse what is not a number, and words are those a reader expects."""

from __future__ import annotations

import math

import pytest

from enginehouse.evaluation.estimand import SCALES, WINDOW_KINDS
from enginehouse.evaluation.wording import amount, effect_words, log_change
from enginehouse.programme.enums import Summary, Window
from enginehouse.stats.records import to_plain
from enginehouse.stats.results import Estimate, NotEstimable


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_cannot_be_recorded(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        to_plain({"a": (1.0, value)})


def test_every_summary_and_window_is_known() -> None:
    assert set(SCALES) == set(Summary)
    assert set(WINDOW_KINDS) == set(Window)


@pytest.mark.parametrize(
    ("value", "null", "text"),
    [(0.989, 1.0, "-1.1%"), (1.015, 1.0, "+1.5%"), (0.99999, 1.0, "0.0%"), (-0.01234, 0.0, "-0.0123")],
)
def test_amounts(value: float, null: float, text: str) -> None:
    assert amount(value, null) == text


def test_effects_in_words() -> None:
    estimate = Estimate(value=math.log(0.9), std_error=0.1, df=math.inf, scale="log-ratio", method="m")
    assert effect_words(estimate) == "-10.0% (95% interval -26.0% to +9.5%)"
    rate = Estimate(value=-2.0, std_error=1.0, df=math.inf, scale="difference", method="m")
    assert effect_words(rate, level=0.9) == "-2 (90% interval -3.64 to -0.355)"
    assert effect_words(NotEstimable(reason="r", detail="No.")) == "cannot be estimated (No.)"
    assert log_change(math.log(0.9)) == "-10.0%"
