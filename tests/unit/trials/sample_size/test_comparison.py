"""The four questions asked of comparisons; numbers that a reader can redo, and answers that are none."""

import math

import pytest
from scipy import stats

from enginehouse.core.errors import UserError
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.sample_size.comparison import (
    Comparison,
    clusters_for_precision,
    clusters_needed,
    detectable_alternative,
    detectable_difference,
    people_needed,
    power_of,
    precision,
)
from enginehouse.trials.sample_size.margins import (
    equivalence_clusters,
    non_inferiority_clusters,
    non_inferiority_power,
)
from enginehouse.trials.sample_size.two_arms import means, proportions, rates

Z_80 = (1.959963985 + 0.841621234) ** 2


def test_the_normal_textbook_number():
    """Individuals: 2 (z + z)^2 / d^2 = 392.4 in each arm for a difference of a fifth of a standard deviation."""
    plain = means(1, icc=0.0).as_normal()
    found = clusters_needed(plain, 0.2, tails="upper")
    assert found.unrounded == pytest.approx(2 * Z_80 / 0.04, rel=1e-8)
    assert found.clusters == 393
    assert found.counted == "in each arm"


def test_power_of_the_number_needed_is_what_was_wanted():
    for wanted in (0.5, 0.8, 0.95):
        found = clusters_needed(means(30, icc=0.05), 0.3, power=wanted)
        assert power_of(means(30, icc=0.05), 0.3, found.unrounded) == pytest.approx(wanted, abs=1e-9)
        assert found.power >= wanted > power_of(means(30, icc=0.05), 0.3, found.clusters - 1)


def test_a_detectable_difference_is_detected():
    comparison = means(30, icc=0.05, cv=0.6)
    assert power_of(comparison, detectable_difference(comparison, 12), 12) == pytest.approx(0.8, abs=1e-9)


def test_a_detectable_proportion_is_detected_on_either_side():
    def make(p):
        return proportions(50, 0.3, p, icc=0.05)

    for limit in (0.0, 1.0):
        found = detectable_alternative(make, 0.3, limit, 15)
        assert min(limit, 0.3) < found < max(limit, 0.3)
        assert power_of(make(found), found - 0.3, 15) == pytest.approx(0.8, abs=1e-8)


def test_no_proportion_may_be_far_enough():
    found = detectable_alternative(lambda p: proportions(10, 0.02, p, icc=0.2), 0.02, 0.0, 3)
    assert found.reason == "no-detectable-difference"


def test_precision_and_the_clusters_for_it():
    comparison = means(20, icc=0.05)
    k = clusters_for_precision(comparison, 0.2)
    assert precision(comparison, k) <= 0.2 < precision(comparison, k - 1)
    # 2 x 1.95 / 20 is the variance of one cluster in each arm.
    assert precision(comparison.as_normal(), 39) == pytest.approx(1.959964 * math.sqrt(2 * 1.95 / 20 / 39))


def test_no_number_of_people_helps_where_clusters_differ_too_much():
    """With m infinite the variance of one pair of clusters is 2 icc."""
    found = people_needed(lambda m: means(m, icc=0.1), 0.3, 10)
    assert isinstance(found, NotEstimable)
    assert found.reason == "no-number-of-people"
    least = clusters_needed(Comparison(variance=0.2, df_per_cluster=2, df_lost=2), 0.3).clusters
    assert f"At least {least} are needed" in found.detail
    assert isinstance(people_needed(lambda m: means(m, icc=0.1), 0.3, least), float)


def test_people_needed_have_the_power():
    found = people_needed(lambda m: means(m, icc=0.02), 0.3, 12)
    assert power_of(means(found, icc=0.02), 0.3, 12) == pytest.approx(0.8, abs=1e-9)
    assert people_needed(lambda m: means(m, icc=0.02), 3.0, 12) == 1.0


def test_textbook_iteration_of_t():
    """One step by hand: normal 10.5 clusters, then t with 2 (k - 1) degrees of freedom, until within one."""
    comparison = Comparison(variance=10.5 / Z_80, df_per_cluster=2, df_lost=2)
    k = 10.5
    while True:
        t = stats.t.ppf([0.975, 0.8], 2 * (k - 1)).sum()
        k, before = 10.5 / Z_80 * t**2, k
        if abs(k - before) <= 1:
            break
    assert clusters_needed(comparison, 1.0, approximation="iterated-t").unrounded == pytest.approx(k, rel=1e-7)


def test_an_iteration_that_does_not_settle_says_so():
    found = clusters_needed(Comparison(variance=0.2, df_per_cluster=2, df_lost=2), 1.0, approximation="iterated-t")
    assert found.reason == "does-not-settle"


def test_what_cannot_be_answered():
    comparison = means(20, icc=0.05)
    assert power_of(comparison, 0.3, 1).reason == "too-few-clusters"
    assert "at least 2 do" in power_of(comparison, 0.3, 1).detail
    assert clusters_needed(comparison, 0.0).reason == "no-effect"
    assert clusters_needed(comparison, 1e-9).reason == "no-number-of-clusters"
    assert detectable_difference(comparison, 1).reason == "too-few-clusters"
    assert precision(rates(100, 0.1, 0.2, between_cv=0.2), 1).reason == "too-few-clusters"


def test_hayes_and_bennett_add_one_cluster_or_two_pairs():
    """k = 1 + (z + z)^2 [(r0 + r1) / y + cv^2 (r0^2 + r1^2)] / (r0 - r1)^2."""
    plain = clusters_needed(rates(100, 0.05, 0.03, between_cv=0.25), 0.02, tails="upper")
    by_hand = Z_80 * (0.08 / 100 + 0.0625 * (0.0025 + 0.0009)) / 0.0004
    assert plain.unrounded == pytest.approx(1 + by_hand, rel=1e-8)
    pairs = clusters_needed(rates(100, 0.05, 0.03, between_cv=0.25, matched=True), 0.02, tails="upper")
    assert (pairs.unrounded, pairs.counted) == (pytest.approx(2 + by_hand, rel=1e-8), "in pairs")


def test_not_worse_by_a_margin():
    comparison = means(20, icc=0.02)
    found = non_inferiority_clusters(comparison, 0.2)
    assert non_inferiority_power(comparison, 0.2, found.unrounded) == pytest.approx(0.8, abs=1e-9)
    assert non_inferiority_power(comparison, 0.2, 10, truth=-0.3).reason == "no-effect"
    assert non_inferiority_clusters(comparison, 0.2, truth=-0.2).reason == "no-effect"


def test_equivalence_takes_half_of_beta_for_each_side():
    """Without difference and with a normal test: n = (z_0.95 + z_0.90)^2 variance / margin^2 for a power of 0.8."""
    comparison = means(20, icc=0.02).as_normal()
    found = equivalence_clusters(comparison, -0.2, 0.2)
    assert found.unrounded == pytest.approx((1.644854 + 1.281552) ** 2 * comparison.variance / 0.04, rel=1e-5)
    assert equivalence_clusters(comparison, -0.2, 0.2, truth=0.3).reason == "no-effect"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: means(0, icc=0.1), "got 0 for 'm'. Give a number above 0"),
        (lambda: means(10, icc=1.5), "got 1.5 for 'icc'. Give a number from 0 to 1"),
        (lambda: means(10, icc=0.1, cv=-1), "got -1 for 'cv'. Give 0 or a number above 0"),
        (lambda: proportions(10, 0.2, 1.2, icc=0.1), "got 1.2 for 'p1'"),
        (lambda: power_of(means(10, icc=0.1), 0.2, 5, alpha=1), "got 1 for 'alpha'. Give a number above 0 and below 1"),
        (lambda: power_of(means(10, icc=0.1), 0.2, -5), "got -5 for 'clusters'"),
        (lambda: clusters_needed(means(10, icc=0.1), 0.2, power=0), "got 0 for 'power'"),
        (lambda: rates(0, 0.1, 0.2, between_cv=0.1), "got 0 for 'person_time'"),
        (lambda: non_inferiority_power(means(10, icc=0.1), 0, 5), "got 0 for 'margin'"),
        (lambda: equivalence_clusters(means(10, icc=0.1), 0.2, -0.2), "got 0.2 for 'low'"),
    ],
)
def test_impossible_numbers_are_refused(call, message):
    with pytest.raises(UserError, match="design of a trial") as refused:
        call()
    assert message in str(refused.value)
