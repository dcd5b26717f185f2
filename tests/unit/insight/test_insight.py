"""Deciles, variation, headroom and groups on cases that a reader can redo by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from enginehouse.core.months import Month, Period
from enginehouse.data.sites import Site, SiteRegister
from enginehouse.governance.disclosure import SUPPRESSED
from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.deciles import Deciles, MonthDeciles, deciles
from enginehouse.insight.groups import GroupTable, by_group, release_groups
from enginehouse.insight.headroom import BEST_SHARE, Benchmark, Headroom, achievable_benchmark, headroom
from enginehouse.insight.selection import Inclusion, Totals, expected_months, totals_over, unregistered_sites
from enginehouse.insight.variation import (
    BetweenSites,
    Sizes,
    Spread,
    Stability,
    between_sites,
    sizes,
    spread,
    stability,
    turnover,
    variation,
)
from enginehouse.programme.enums import Direction, Disclosure, NumeratorKind
from enginehouse.stats.records import to_plain
from enginehouse.stats.results import NotEstimable

Make = Callable[..., PanelArrays]
FEW = Inclusion(minimum_sites=2)
LOW, HIGH = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER


# Deciles


def test_deciles_of_type_7(panel_of: Make) -> None:
    """Values 0 to 20: the 10th percentile of 21 values is the value at place 0.1 * 20 = 2."""
    found = deciles(panel_of([[n] for n in range(21)], 1))
    assert isinstance(found, Deciles)
    (month,) = found.estimated
    assert month.values == (2, 4, 6, 8, 10, 12, 14, 16, 18)
    assert (month.sites, month.left_out) == (21, 0)


def test_a_site_with_a_zero_denominator_is_left_out_and_counted(panel_of: Make) -> None:
    arrays = panel_of([[n] for n in range(22)], [[1]] * 21 + [[0]])
    found = deciles(arrays)
    assert isinstance(found, Deciles)
    (month,) = found.estimated
    assert (month.sites, month.left_out) == (21, 1)
    assert month.values[4] == 10


def test_a_month_with_too_few_sites_is_not_given(panel_of: Make) -> None:
    top = np.ones((20, 2))
    top[0, 1] = np.nan
    found = deciles(panel_of(top, 1))
    assert isinstance(found, Deciles)
    first, second = found.months
    assert isinstance(first, MonthDeciles)
    assert isinstance(second, NotEstimable)
    assert second.detail == "A decile of 2020-02 needs at least 20 sites with a value; 19 have one."


def test_too_few_sites_in_every_month(panel_of: Make) -> None:
    found = deciles(panel_of(np.ones((19, 3)), 1))
    assert isinstance(found, NotEstimable)
    assert found.reason == "too-few-sites"


def test_months_without_any_data_are_no_months(panel_of: Make) -> None:
    top = np.ones((20, 3))
    top[:, 1] = np.nan
    found = deciles(panel_of(top, 1))
    assert isinstance(found, Deciles)
    assert [m.month for m in found.estimated] == [Month(2020, 1), Month(2020, 3)]


def test_a_month_missing_for_all_sites_is_a_gap(panel_of: Make) -> None:
    """Five months, nothing in the third: no site has a value in every calendar month."""
    top = np.ones((20, 5))
    top[:, 2] = np.nan
    arrays = panel_of(top, 1)
    found = deciles(arrays)
    assert isinstance(found, Deciles)
    assert found.calendar == tuple(Month(2020, n) for n in range(1, 6))
    assert [month is None for month in found.months] == [False, False, True, False, False]
    seen = turnover(arrays)
    assert (seen.sites, seen.throughout, seen.gaps, seen.joining, seen.leaving) == (20, 0, 20, 0, 0)
    assert seen.missing_months == (Month(2020, 3),)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ("11011", "11111"),
        ("1001001", "1001001"),  # quarterly
        ("1001000001", "1001001001"),  # quarterly, with a quarter missing
        ("10010001", "10010001"),  # three and four months apart: no rule
        ("0110", "0110"),
        ("0100", "0100"),
        ("000", "000"),
    ],
)
def test_which_months_ought_to_have_data(observed: str, expected: str) -> None:
    found = expected_months(np.array([digit == "1" for digit in observed]))
    assert "".join("1" if there else "0" for there in found) == expected


def test_sites_that_the_register_does_not_know_are_named(panel_of: Make) -> None:
    arrays = panel_of([[1], [2], [np.nan]], 1)
    register = SiteRegister(sites={arrays.sites[0]: Site(arrays.sites[0], "A")})
    assert unregistered_sites(arrays, register) == (arrays.sites[1],)


# Variation


def test_spread_and_its_ratio(panel_of: Make) -> None:
    found = spread(panel_of([[n + 10] for n in range(21)], 1))
    assert isinstance(found, Spread)
    assert (found.p10, found.p50, found.p90) == (12, 20, 28)
    assert found.ratio_90_10 == pytest.approx(28 / 12)


def test_the_ratio_to_zero_cannot_be_estimated(panel_of: Make) -> None:
    found = spread(panel_of([[0]] * 10 + [[n] for n in range(15)], 1))
    assert isinstance(found, Spread)
    assert isinstance(found.ratio_90_10, NotEstimable)


def test_components_by_hand(panel_of: Make) -> None:
    """Two sites, two months: 1, 3 and 5, 7. The months' means are 3 and 5; what is left is -2, -2 and 2, 2.

    MSB = 2 * (4 + 4) / 1 = 16 and MSW = 0, so the variance between sites is 16 / 2 = 8.
    """
    arrays = panel_of([[1, 3], [5, 7]], 1)
    found = between_sites(arrays, "absolute", include=FEW)
    assert isinstance(found, BetweenSites)
    assert (found.between_sd, found.within_sd) == (pytest.approx(math.sqrt(8)), pytest.approx(0))
    steady = stability(arrays, include=FEW)
    assert isinstance(steady, Stability)
    assert steady.icc == pytest.approx(1.0)


def test_a_negative_icc_is_told_and_its_variance_is_zero(panel_of: Make) -> None:
    arrays = panel_of([[2, 0], [0, 2]], 1)
    found = between_sites(arrays, "absolute", include=FEW)
    assert isinstance(found, BetweenSites)
    assert found.between_sd == 0
    steady = stability(arrays, include=FEW)
    assert isinstance(steady, Stability)
    assert steady.icc == pytest.approx(-1.0)


def test_autocorrelation_by_hand(panel_of: Make) -> None:
    """Month 2 repeats month 1, month 3 turns it round: correlations 1 and -1 at lag 1, -1 at lag 2."""
    found = stability(panel_of([[0, 0, 2], [1, 1, 1], [2, 2, 0]], 1), include=FEW, lags=(1, 2, 3))
    assert isinstance(found, Stability)
    assert [found.autocorrelation[lag] for lag in (1, 2)] == [pytest.approx(0.0), pytest.approx(-1.0)]
    assert isinstance(found.autocorrelation[3], NotEstimable)


def test_months_without_data_keep_the_distance_between_the_others(panel_of: Make) -> None:
    gone = np.nan
    found = stability(panel_of([[0, gone, 0], [1, gone, 2], [2, gone, 4]], 1), include=FEW, lags=(1, 2))
    assert isinstance(found, Stability)
    assert found.months == 2
    assert isinstance(found.autocorrelation[1], NotEstimable)
    assert found.autocorrelation[2] == pytest.approx(1.0)


def test_stability_needs_two_months_and_some_variation(panel_of: Make) -> None:
    one = stability(panel_of([[1], [2]], 1), include=FEW)
    assert isinstance(one, NotEstimable)
    assert one.reason == "one-month"
    flat = stability(panel_of([[1, 2], [1, 2]], 1), include=FEW)
    assert isinstance(flat, NotEstimable)
    assert flat.reason == "no-variation"


def test_stability_when_one_month_is_flat(panel_of: Make) -> None:
    found = stability(panel_of([[1, 2], [1, 3]], 1), include=FEW, lags=(1,))
    assert isinstance(found, Stability)
    assert isinstance(found.autocorrelation[1], NotEstimable)


def test_the_log_scale_leaves_out_sites_with_a_zero(panel_of: Make) -> None:
    found = between_sites(panel_of([[1, 2], [2, 5], [0, 1]], 1), "log", include=FEW)
    assert isinstance(found, BetweenSites)
    assert (found.sites, found.left_out) == (2, 1)


def test_the_logit_scale(panel_of: Make) -> None:
    """Odds of 1/3 and 3: the logits differ by log 9; two sites differ by sd log(9) / sqrt(2)."""
    found = between_sites(panel_of([[1, 1], [3, 3]], 4), "logit", include=FEW)
    assert isinstance(found, BetweenSites)
    assert found.between_sd == pytest.approx(math.log(9) / math.sqrt(2))


def test_sizes(panel_of: Make) -> None:
    found = sizes(panel_of([[0]] * 3, [[100], [200], [300]]), include=FEW)
    assert isinstance(found, Sizes)
    assert (found.mean, found.sd, found.cv) == (200, 100, 0.5)
    assert (found.smallest, found.largest) == (100, 300)


def test_a_panel_whose_denominators_are_all_zero_says_nothing_and_does_not_stop(panel_of: Make) -> None:
    found = variation(panel_of([[1, 2], [3, 4]], 0), is_proportion=False)
    assert (found.turnover.sites, found.turnover.throughout, found.turnover.leaving) == (0, 0, 0)
    answers = (found.spread, found.absolute, found.relative, found.stability, found.sizes)
    assert all(isinstance(answer, NotEstimable) for answer in answers)


def test_turnover(panel_of: Make) -> None:
    gone = np.nan
    found = turnover(
        panel_of(
            [
                [1, 1, 1, 1],  # throughout
                [gone, 1, 1, 1],  # joins
                [1, 1, gone, gone],  # leaves
                [1, gone, 1, 1],  # has a gap
                [gone, 1, 1, gone],  # joins and leaves
                [gone, gone, gone, gone],  # never there
            ],
            1,
        )
    )
    assert (found.sites, found.throughout, found.joining, found.leaving, found.gaps) == (5, 1, 2, 2, 1)


def test_all_of_it_at_once_and_as_plain_json(panel_of: Make) -> None:
    rng = np.random.default_rng(1)
    arrays = panel_of(rng.poisson(50, (30, 14)), 100)
    for is_proportion in (True, False):
        found = variation(arrays, is_proportion=is_proportion)
        record = json.loads(json.dumps(to_plain(found)))
        assert record["indicator"] == "things"
        assert record["relative"].get("scale", "logit") == ("logit" if is_proportion else "log")
        assert set(record["stability"]["autocorrelation"]) == {"1", "12"}
        assert record["turnover"]["first"] == "2020-01"


# Headroom

VALUES = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])


@pytest.mark.parametrize(
    ("direction", "benchmark", "value", "total"),
    [
        # Denominators 10 each; values 1 to 5.
        (LOW, Benchmark.MEDIAN, 3, (1 + 2) * 10),
        (LOW, Benchmark.BEST_QUARTER, 2, (1 + 2 + 3) * 10),
        (LOW, Benchmark.BEST_DECILE, 1.4, (0.6 + 1.6 + 2.6 + 3.6) * 10),
        (HIGH, Benchmark.MEDIAN, 3, (2 + 1) * 10),
        (HIGH, Benchmark.BEST_QUARTER, 4, (3 + 2 + 1) * 10),
        (HIGH, Benchmark.BEST_DECILE, 4.6, (3.6 + 2.6 + 1.6 + 0.6) * 10),
    ],
)
def test_headroom(direction: Direction, benchmark: Benchmark, value: float, total: float, panel_of: Make) -> None:
    found = headroom(
        panel_of(VALUES * 10, 10), direction=direction, benchmark=benchmark, is_proportion=False, include=FEW
    )
    assert isinstance(found, Headroom)
    assert found.benchmark_value == pytest.approx(value)
    assert found.total == pytest.approx(total)
    assert found.share == pytest.approx(total / 150)


def test_headroom_over_a_period_adds_the_months_up(panel_of: Make) -> None:
    arrays = panel_of([[10, 30], [20, 20], [30, 10], [40, 80]], 10)
    period = Period.from_months(Month(2020, 1), 2)
    found = headroom(arrays, direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False, period=period, include=FEW)
    assert isinstance(found, Headroom)
    # Ratios over both months: 40/20 = 2, 2, 2 and 120/20 = 6; the median is 2; (6 - 2) * 20 = 80.
    assert (found.benchmark_value, found.total, found.sites_with_half) == (2, 80, 1)
    assert found.period == period


def test_an_indicator_without_direction_has_no_headroom(panel_of: Make) -> None:
    found = headroom(
        panel_of(VALUES, 10), direction=Direction.NONE, benchmark=Benchmark.MEDIAN, is_proportion=False, include=FEW
    )
    assert isinstance(found, NotEstimable)
    assert found.reason == "no-direction"


def test_headroom_that_nobody_has(panel_of: Make) -> None:
    same = headroom(
        panel_of([[5], [5], [5]], 10), direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False, include=FEW
    )
    assert isinstance(same, Headroom)
    assert (same.total, same.sites_with_half) == (0, 0)
    nothing = headroom(
        panel_of([[0], [0], [0]], 10), direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False, include=FEW
    )
    assert isinstance(nothing, NotEstimable)


def totals(numerator: list[float], denominator: list[float]) -> Totals:
    count = len(numerator)
    return Totals(
        sites=tuple(str(n) for n in range(count)),
        rows=np.arange(count),
        numerator=np.array(numerator),
        denominator=np.array(denominator),
        months=np.ones(count, dtype=np.int64),
        left_out=0,
    )


def test_achievable_benchmark_by_hand() -> None:
    """Weissman 1999: rank by (x + 1) / (d + 2), take the best until they hold a tenth, pool them.

    A 2/2 site has (2 + 1) / (2 + 2) = 0.75 and does not set the benchmark; 19/20 has 20/22 = 0.91 and is first, and
    20 of 152 cases are more than a tenth: 19/20.
    """
    some = totals([2, 19, 40, 50], [2, 20, 50, 80])
    assert achievable_benchmark(some, sign=-1.0, is_proportion=True) == pytest.approx(19 / 20)


def test_achievable_benchmark_pools_until_a_tenth() -> None:
    some = totals([9, 10, 100], [10, 12, 200])
    # 10/12 -> 11/14 = 0.786, 9/10 -> 10/12 = 0.833 first: 10 of 222 are not a tenth; with the next 22 of 222, too few by
    # 0.2; so all three are pooled.
    assert achievable_benchmark(some, sign=-1.0, is_proportion=True) == pytest.approx(119 / 222)
    more = totals([9, 11, 100], [10, 13, 200])
    assert achievable_benchmark(more, sign=-1.0, is_proportion=True) == pytest.approx(20 / 23)


def test_achievable_benchmark_where_low_is_good_mirrors_it() -> None:
    good = totals([2, 19, 40, 50], [2, 20, 50, 80])
    bad = replace(good, numerator=good.denominator - good.numerator)
    high = achievable_benchmark(good, sign=-1.0, is_proportion=True)
    low = achievable_benchmark(bad, sign=1.0, is_proportion=True)
    assert isinstance(high, float)
    assert low == pytest.approx(1 - high)


def test_achievable_benchmark_is_for_proportions(panel_of: Make) -> None:
    found = headroom(
        panel_of(VALUES, 1), direction=LOW, benchmark=Benchmark.ACHIEVABLE, is_proportion=False, include=FEW
    )
    assert isinstance(found, NotEstimable)
    assert found.reason == "not-a-proportion"


def test_every_benchmark_has_its_share() -> None:
    assert {*BEST_SHARE, Benchmark.ACHIEVABLE} == set(Benchmark)


def test_shrunken_headroom_is_less(panel_of: Make) -> None:
    rng = np.random.default_rng(5)
    arrays = panel_of(rng.poisson(rng.gamma(20, 1, (40, 1)), (40, 6)), 100)
    period = Period.from_months(Month(2020, 1), 6)
    raw, shrunk = (
        headroom(
            arrays,
            direction=LOW,
            benchmark=Benchmark.BEST_QUARTER,
            is_proportion=False,
            period=period,
            shrunken=shrunken,
        )
        for shrunken in (False, True)
    )
    assert isinstance(raw, Headroom)
    assert isinstance(shrunk, Headroom)
    assert 0 < shrunk.total < raw.total
    # One reliability for all (every site has six months): the shrunken values keep their order and their mean.
    assert np.argsort(shrunk.values).tolist() == np.argsort(raw.values).tolist()
    assert shrunk.values.mean() == pytest.approx(raw.values.mean())


def test_shrinkage_needs_more_than_one_month(panel_of: Make) -> None:
    found = headroom(
        panel_of(VALUES, 1), direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False, shrunken=True, include=FEW
    )
    assert isinstance(found, NotEstimable)
    assert found.reason == "one-month"


def test_shrinkage_of_sites_that_do_not_differ(panel_of: Make) -> None:
    period = Period.from_months(Month(2020, 1), 2)
    found = headroom(
        panel_of(np.full((3, 2), 7.0), 1),
        direction=LOW,
        benchmark=Benchmark.MEDIAN,
        is_proportion=False,
        shrunken=True,
        period=period,
        include=FEW,
    )
    assert isinstance(found, Headroom)
    assert found.values.tolist() == [7, 7, 7]


# Groups


def test_fifths_with_not_known_as_a_group(panel_of: Make) -> None:
    attribute = np.array([*range(10), np.nan, np.nan], dtype=np.float64)
    arrays = panel_of([[n] for n in range(12)], 10)
    found = by_group(arrays, attribute, name="deprivation", include=FEW)
    assert isinstance(found, GroupTable)
    assert [row.label for row in found.rows] == ["1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5", "not known"]
    assert [row.sites for row in found.rows] == [2] * 6
    first, last, unknown = found.rows[0], found.rows[4], found.rows[5]
    assert (first.low, first.high, first.numerator, first.denominator, first.value) == (0, 1, 1, 20, 0.05)
    assert (last.low, last.high, last.median) == (8, 9, pytest.approx(0.85))
    assert (unknown.low, unknown.high, unknown.value) == (None, None, 1.05)


def test_equal_attributes_stay_together(panel_of: Make) -> None:
    found = by_group(panel_of([[1]] * 6, 1), np.array([1.0, 1, 1, 1, 2, 3]), name="x", groups=3, include=FEW)
    assert isinstance(found, GroupTable)
    assert [(row.label, row.sites) for row in found.rows] == [("1 of 3", 4), ("3 of 3", 2)]


def test_headroom_by_group_adds_up(panel_of: Make) -> None:
    arrays = panel_of([[n] for n in range(20)], 10)
    whole = headroom(arrays, direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False)
    assert isinstance(whole, Headroom)
    found = by_group(arrays, np.arange(20.0), name="size", headroom=whole)
    assert isinstance(found, GroupTable)
    by_row = [row.headroom for row in found.rows]
    assert sum(part for part in by_row if part is not None) == pytest.approx(whole.total)
    assert by_row[0] == 0


def test_groups_leave_the_house_under_their_rule(panel_of: Make) -> None:
    """Two sites each with a numerator of n per month and 10 people: the small counts and every median are withheld."""
    arrays = panel_of([[n] for n in range(20)], 10)
    room = headroom(arrays, direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False)
    assert isinstance(room, Headroom)
    found = by_group(arrays, np.arange(20.0), name="deprivation", groups=10, headroom=room)
    assert isinstance(found, GroupTable)
    table = release_groups(found, kind=NumeratorKind.COUNT, rule=Disclosure.ROUND_AND_SUPPRESS).table
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    # 0 + 1, 2 + 3, 4 + 5 = 9, ..., 18 + 19 = 37 of 20 people each.
    assert [row["numerator"] for row in rows[:4]] == [SUPPRESSED, SUPPRESSED, 10, 15]
    assert [row["value"] for row in rows[:4]] == [SUPPRESSED, SUPPRESSED, 10 / 20, 15 / 20]
    assert {row["median"] for row in rows} == {SUPPRESSED}
    assert [row["headroom"] for row in rows[:3]] == [SUPPRESSED, SUPPRESSED, 0.0]
    assert rows[9]["headroom"] == found.rows[9].headroom
    public = release_groups(found, kind=NumeratorKind.COUNT, rule=Disclosure.NONE).table
    assert [row[4] for row in public.rows[:3]] == [1, 5, 9]
    assert public.suppressed == 0


def test_headroom_of_another_period_is_a_mistake(panel_of: Make) -> None:
    arrays = panel_of(np.ones((20, 2)), 10)
    whole = headroom(arrays, direction=LOW, benchmark=Benchmark.MEDIAN, is_proportion=False)
    assert isinstance(whole, Headroom)
    with pytest.raises(ValueError, match="other sites or another period"):
        by_group(arrays, np.ones(20), name="x", period=Period.from_months(Month(2020, 1), 1), headroom=whole)


def test_too_few_sites_for_groups(panel_of: Make) -> None:
    assert isinstance(by_group(panel_of([[1]], 1), np.array([1.0]), name="x"), NotEstimable)


def test_a_month_outside_the_panel_is_an_error(panel_of: Make) -> None:
    with pytest.raises(ValueError, match="has no data for 1 of 1 months"):
        totals_over(panel_of(VALUES, 1), Period.from_months(Month(2021, 1), 1))
