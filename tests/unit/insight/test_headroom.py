"""Headroom against each benchmark on cases that a reader can redo by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from enginehouse.core.months import Month, Period
from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.headroom import BEST_SHARE, Benchmark, Headroom, achievable_benchmark, headroom
from enginehouse.insight.selection import Inclusion, Totals
from enginehouse.programme.enums import Direction
from enginehouse.stats.results import NotEstimable

Make = Callable[..., PanelArrays]
FEW = Inclusion(minimum_sites=2)
LOW, HIGH = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER


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
