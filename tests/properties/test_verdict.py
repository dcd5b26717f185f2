"""Every possible interval gets exactly one word, and the word does not depend on which way the scale runs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enginehouse.evaluation.verdict import Rule, verdict_word, word_for
from enginehouse.programme.enums import Verdict
from enginehouse.stats.results import Estimate, NotEstimable

WORDS = set(Verdict) - {Verdict.CANNOT_BE_ESTIMATED}
GOOD = {Verdict.WORTHWHILE, Verdict.BETTER}


@st.composite
def estimates(draw: st.DrawFn, *, scale: str = "log-ratio") -> Estimate:
    return Estimate(
        value=draw(st.floats(-0.5, 0.5)),
        std_error=draw(st.floats(1e-6, 0.5)),
        df=draw(st.sampled_from([3.0, 27.0, math.inf])),
        scale=scale,  # type: ignore[arg-type]
        method="any",
    )


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Margins as the loader lets them through: on the right side of no effect."""
    low = draw(st.floats(0.7, 0.999))
    return Rule(
        null=1.0,
        lower_is_better=True,
        worthwhile=draw(st.none() | st.floats(0.7, 0.999)),
        equivalence=draw(st.none() | st.just((low, 1 / low))),
    )


def mirrored(rule: Rule) -> Rule:
    """The same question asked of the reciprocal, where higher is better."""
    return Rule(
        null=1.0,
        lower_is_better=False,
        worthwhile=None if rule.worthwhile is None else 1 / rule.worthwhile,
        equivalence=None if rule.equivalence is None else (1 / rule.equivalence[1], 1 / rule.equivalence[0]),
    )


@given(estimate=estimates(), rule=rules())
def test_every_estimate_gets_exactly_one_of_the_five_words(estimate: Estimate, rule: Rule) -> None:
    """The word is one of five, and the conditions of DECISIONS, written out, name the same one."""
    wide, narrow = estimate.ratio_interval(0.95), estimate.ratio_interval(0.9)
    holds = {
        Verdict.WORTHWHILE: rule.worthwhile is not None and wide.high <= rule.worthwhile,
        Verdict.EQUIVALENT: rule.equivalence is not None
        and narrow.low >= rule.equivalence[0]
        and narrow.high <= rule.equivalence[1],
        Verdict.BETTER: wide.high < 1,
        Verdict.WORSE: wide.low > 1,
        Verdict.INCONCLUSIVE: True,
    }
    word = word_for(estimate, rule)
    assert word in WORDS
    assert word is next(candidate for candidate, true in holds.items() if true)


@given(low=st.floats(0.01, 10), width=st.floats(0, 10), inner=st.floats(0, 1), rule=rules())
def test_any_pair_of_nested_intervals_gets_a_word(low: float, width: float, inner: float, rule: Rule) -> None:
    narrow = (low + inner * width / 2, low + width - inner * width / 2)
    assert verdict_word(low, low + width, *narrow, rule) in WORDS


@given(estimate=estimates(), rule=rules())
def test_higher_is_better_is_the_mirror_image(estimate: Estimate, rule: Rule) -> None:
    flipped = Estimate(
        value=-estimate.value, std_error=estimate.std_error, df=estimate.df, scale="log-ratio", method="any"
    )
    wide = [estimate.ratio_interval(level) for level in (0.95, 0.9)]
    ends = [end for interval in wide for end in (interval.low, interval.high)]
    margins = [1.0, *(rule.equivalence or ()), *([] if rule.worthwhile is None else [rule.worthwhile])]
    if any(math.isclose(end, margin, rel_tol=1e-9) for end in ends for margin in margins):
        return  # 1 / (1 / x) is not always x
    assert word_for(estimate, rule) is word_for(flipped, mirrored(rule))


@given(estimate=estimates(scale="difference"), margin=st.floats(-0.4, -0.001))
def test_differences_are_judged_around_zero(estimate: Estimate, margin: float) -> None:
    rule = Rule(null=0.0, lower_is_better=True, worthwhile=margin)
    interval = estimate.interval()
    word = word_for(estimate, rule)
    assert (word in GOOD) is (interval.high < 0)
    assert (word is Verdict.WORTHWHILE) is (interval.high <= margin)
    assert (word is Verdict.WORSE) is (interval.low > 0)


@given(estimate=estimates(), rule=rules(), shift=st.floats(0, 0.5))
def test_a_better_estimate_is_never_called_worse(estimate: Estimate, rule: Rule, shift: float) -> None:
    better = Estimate(
        value=estimate.value - shift, std_error=estimate.std_error, df=estimate.df, scale="log-ratio", method="any"
    )
    if word_for(estimate, rule) in GOOD:
        assert word_for(better, rule) is not Verdict.WORSE
        assert word_for(better, rule) is not Verdict.INCONCLUSIVE


@given(rule=rules())
def test_what_cannot_be_estimated_gets_none_of_the_words(rule: Rule) -> None:
    assert word_for(NotEstimable(reason="x", detail="y"), rule) is Verdict.CANNOT_BE_ESTIMATED


@pytest.mark.parametrize(
    ("low", "high", "narrow", "word"),
    [
        (0.90, 0.98, (0.91, 0.97), "worthwhile"),  # the margin itself counts
        (0.985, 1.01, (0.987, 1.008), "equivalent"),
        (0.985, 0.999, (0.986, 0.998), "equivalent"),  # before better: a real but small difference
        (0.95, 0.999, (0.955, 0.995), "better"),
        (1.01, 1.05, (1.012, 1.045), "worse"),
        (0.963, 1.015, (0.968, 1.011), "inconclusive"),
        (0.95, 1.0, (0.955, 0.99), "inconclusive"),  # touching no effect is not excluding it
    ],
)
def test_the_words_in_order(low: float, high: float, narrow: tuple[float, float], word: str) -> None:
    rule = Rule(null=1.0, lower_is_better=True, worthwhile=0.98, equivalence=(0.98, 1.02))
    assert verdict_word(low, high, *narrow, rule) == word
