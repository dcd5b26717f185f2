"""ICCs of a yes or no: small tables by hand, and what all estimators must agree on."""

from __future__ import annotations

import numpy as np
import pytest

from enginehouse.stats.binary_icc import BinaryIcc, BinaryIccEstimate, binary_icc
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.variance import VarianceComponents, anova_icc_of_proportions

Y, N = [2, 0, 1, 3], [4, 3, 2, 5]


def found(events: list[int], totals: list[int], estimator: BinaryIcc) -> BinaryIccEstimate:
    answer = binary_icc(events, totals, estimator=estimator)
    assert isinstance(answer, BinaryIccEstimate), answer
    return answer


def test_fleiss_and_cuzick_by_hand():
    # y(n-y)/n: 1, 0, 0.5, 1.2, together 2.7; N - k = 10; p = 6/14, p(1-p) = 48/196.
    assert found(Y, N, BinaryIcc.FLEISS_CUZICK).value == pytest.approx(1 - 2.7 / (10 * 48 / 196), abs=1e-12)


def test_pairs_by_hand():
    # Pairs n(n-1): 12, 6, 2, 20; of two events y(y-1): 2, 0, 0, 6; mean (n-1)y over pairs: (6 + 0 + 1 + 12)/40.
    mean = 19 / 40
    assert found(Y, N, BinaryIcc.PAIRS_EQUAL).value == pytest.approx(
        (8 / 40 - mean**2) / (mean * (1 - mean)), abs=1e-12
    )


def test_mak_by_hand():
    # y(n-y)/(n(n-1)): 1/3, 0, 1/2, 3/10; shares 1/2, 0, 1/2, 3/5.
    apart, shares = 1 / 3 + 1 / 2 + 3 / 10, [0.5, 0.0, 0.5, 0.6]
    below = sum(s * s for s in shares) + sum(shares) * (3 - sum(shares))
    assert found(Y, N, BinaryIcc.MAK).value == pytest.approx(1 - 3 * apart / below, abs=1e-12)


def test_pairs_inside_and_across_against_every_pair():
    rows = [(site, one) for site, (y, n) in enumerate(zip(Y, N, strict=True)) for one in [1] * y + [0] * (n - y)]
    same, other = [], []
    for place, (site, one) in enumerate(rows):
        for there, two in rows[:place]:
            (same if there == site else other).append(1 if one == two else -1)
    p = 6 / 14
    naive = (np.mean(same) - np.mean(other)) / (4 * p * (1 - p))
    assert found(Y, N, BinaryIcc.PAIRS_INSIDE_AND_ACROSS).value == pytest.approx(naive, abs=1e-12)


def test_analysis_of_variance_is_that_of_the_module_beside():
    beside = anova_icc_of_proportions(Y, N)
    assert isinstance(beside, VarianceComponents)
    assert found(Y, N, BinaryIcc.ANOVA).value == pytest.approx(beside.icc, abs=1e-12)


@pytest.mark.parametrize("estimator", [e for e in BinaryIcc if e is not BinaryIcc.STABILISED])
def test_every_estimator_finds_what_was_planted(estimator: BinaryIcc):
    """Beta-binomial counts of 4,000 sites with an ICC of 0.1."""
    rng = np.random.default_rng(3)
    totals = rng.integers(10, 40, size=4000)
    events = rng.binomial(totals, rng.beta(0.3 * 9, 0.7 * 9, size=4000))
    assert found(events.tolist(), totals.tolist(), estimator).value == pytest.approx(0.1, abs=0.012)


def test_every_estimator_has_a_formula_and_sites_may_be_swapped():
    for estimator in BinaryIcc:
        one, two = found(Y, N, estimator), found(Y[::-1], N[::-1], estimator)
        assert one.value == pytest.approx(two.value, abs=1e-12)


def test_the_jackknife_interval_covers_at_its_rate():
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(300):
        totals = rng.integers(20, 60, size=60)
        events = rng.binomial(totals, rng.beta(0.4 * 19, 0.6 * 19, size=60))
        interval = found(events.tolist(), totals.tolist(), BinaryIcc.FLEISS_CUZICK).interval()
        assert interval is not None
        hits += interval.contains(0.05)
    assert 0.90 <= hits / 300 <= 0.98  # 0.95, three Monte Carlo errors either way, and a little below by its skew


@pytest.mark.parametrize(
    ("events", "totals", "reason"),
    [([1], [2], "too-few-sites"), ([1, 0], [1, 1], "no-repeats"), ([0, 0], [3, 4], "no-variation")],
)
def test_what_cannot_be_estimated(events: list[int], totals: list[int], reason: str):
    answer = binary_icc(events, totals)
    assert isinstance(answer, NotEstimable)
    assert answer.reason == reason


def test_a_site_of_one_has_no_pairs():
    answer = binary_icc([1, 2, 0], [1, 4, 4], estimator=BinaryIcc.MAK)
    assert isinstance(answer, NotEstimable)
    assert answer.detail == "A site with a single individual has no pairs to compare."
    assert found([2, 0], [4, 4], BinaryIcc.ANOVA).interval() is None


def test_more_events_than_individuals_are_refused():
    with pytest.raises(ValueError, match="0 <= events <= totals"):
        binary_icc([3], [2])
