"""Effects put into outcomes: exact moments, limits, and what is left alone."""

import numpy as np
import pytest

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month
from enginehouse.stats.inject import inject_effect, inject_ratios

MONTHS = [Month(2024, 1), Month(2024, 2), Month(2024, 3)]
SITES = ["a", "b"]
ALL = np.ones(1, dtype=bool)
# The mean of n draws lies within four standard errors of its expectation once in 16,000 times.
FAR = 4.0


def many(value, ratio, kind, *, denominator=None, n=40_000):
    below = None if denominator is None else np.full((n, 1), float(denominator))
    return inject_ratios(
        np.full((n, 1), float(value)),
        np.full(n, float(ratio)),
        ALL,
        kind=kind,
        rng=np.random.default_rng(5),
        denominator=below,
    )[:, 0]


def check_moments(drawn, mean, variance):
    assert abs(drawn.mean() - mean) < FAR * np.sqrt(variance / len(drawn))
    assert drawn.var() == pytest.approx(variance, rel=0.05)


def test_a_smaller_count_is_thinned():
    check_moments(many(20, 0.8, "count"), 20 * 0.8, 20 * 0.8 * 0.2)  # binomial


def test_a_larger_count_has_a_poisson_added():
    check_moments(many(20, 1.3, "count"), 20 * 1.3, 20 * 0.3)


def test_a_poisson_that_is_thinned_is_a_poisson():
    rng = np.random.default_rng(6)
    drawn = inject_ratios(rng.poisson(10, (40_000, 1)).astype(float), np.full(40_000, 0.7), ALL, kind="count", rng=rng)[
        :, 0
    ]
    check_moments(drawn, 7, 7)


def test_a_smaller_proportion_is_thinned():
    check_moments(many(20, 0.8, "proportion", denominator=50), 16, 20 * 0.8 * 0.2)


def test_a_larger_proportion_moves_those_that_were_not_in_it():
    chance = 0.3 * 20 / 30  # of each of the 30 others
    drawn = many(20, 1.3, "proportion", denominator=50)
    check_moments(drawn, 26, 30 * chance * (1 - chance))
    assert drawn.max() <= 50


def test_a_proportion_never_exceeds_its_denominator():
    assert many(40, 2.0, "proportion", denominator=50).tolist() == [50.0] * 40_000
    assert many(50, 2.0, "proportion", denominator=50).tolist() == [50.0] * 40_000


def test_a_quantity_is_multiplied_exactly():
    assert set(many(12.5, 0.8, "quantity")) == {10.0}


def test_nothing_of_nothing():
    assert many(0, 1.5, "count").max() == many(20, 0.0, "count").max() == 0


def test_the_part_behind_the_decimal_point_is_multiplied():
    drawn = many(20.5, 0.8, "count")
    assert set(np.round((drawn - 0.4) % 1, 9)) <= {0.0, 1.0}
    assert drawn.mean() == pytest.approx(20.5 * 0.8, abs=0.05)


def test_only_named_sites_and_later_months_change_and_gaps_stay():
    before = np.array([[100.0, 100.0, np.nan], [100.0, 100.0, 100.0]])
    after = inject_effect(
        before,
        SITES,
        MONTHS,
        ratio_by_site={"a": 0.5},
        from_month=Month(2024, 2),
        kind="count",
        rng=np.random.default_rng(1),
    )
    assert after[1].tolist() == before[1].tolist()
    assert after[0, 0] == 100
    assert after[0, 1] < 100
    assert np.isnan(after[0, 2])
    assert before[0, 1] == 100  # the original is not touched


def test_a_ratio_of_one_changes_nothing_and_draws_nothing():
    rng = np.random.default_rng(1)
    before = np.array([[100.0, 3.0, np.nan]])
    after = inject_effect(before, ["a"], MONTHS, ratio_by_site={"a": 1.0}, from_month=MONTHS[0], kind="count", rng=rng)
    assert np.array_equal(after, before, equal_nan=True)
    assert rng.random() == np.random.default_rng(1).random()


def inject(**changes):
    given = {
        "ratio_by_site": {"a": 0.9},
        "from_month": MONTHS[0],
        "kind": "count",
        "rng": np.random.default_rng(1),
        **changes,
    }
    return inject_effect(np.full((2, 3), 10.0), SITES, MONTHS, **given)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ratio_by_site": {"c": 0.9}}, "an effect was given for c, which the outcomes do not hold"),
        ({"ratio_by_site": {"a": -0.1}}, "negative or not a number"),
        ({"ratio_by_site": {"a": float("nan")}}, "negative or not a number"),
        ({"kind": "proportion"}, "a proportion needs its denominators"),
    ],
)
def test_effects_that_cannot_be_are_refused(changes, words):
    with pytest.raises(UserError, match=words):
        inject(**changes)
