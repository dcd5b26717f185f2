"""What must hold of insight, whatever the values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as matrices

from enginehouse.core.months import Month, Period
from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.deciles import Deciles, deciles
from enginehouse.insight.groups import GroupTable, by_group
from enginehouse.insight.headroom import Benchmark, Headroom, headroom
from enginehouse.insight.selection import Inclusion
from enginehouse.insight.variation import Stability, stability
from enginehouse.programme.enums import Direction

UNHURRIED = settings(deadline=None, max_examples=60)
"""A shared machine has slow moments; no test is about time."""

FEW = Inclusion(minimum_sites=2)
DIRECTIONS = st.sampled_from([Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER])


@st.composite
def panels(draw: st.DrawFn, months: int = 3) -> PanelArrays:
    """Proportions: numerators never above denominators, some of which are zero or missing."""
    sites = draw(st.integers(2, 12))
    denominator = draw(matrices(np.int64, (sites, months), elements=st.integers(0, 500))).astype(np.float64)
    share = draw(matrices(np.float64, (sites, months), elements=st.floats(0, 1, width=32)))
    missing = draw(matrices(np.bool_, (sites, months), elements=st.booleans()))
    numerator = np.where(missing, np.nan, np.floor(share * denominator))
    names = tuple(f"s:{n:02d}" for n in range(sites))
    return PanelArrays("x", names, tuple(Month(2020, 1) + m for m in range(months)), numerator, denominator)


@UNHURRIED
@given(panels())
def test_deciles_rise_and_lie_within_the_values(arrays: PanelArrays) -> None:
    found = deciles(arrays, include=FEW)
    if isinstance(found, Deciles):
        for month in found.estimated:
            assert list(month.values) == sorted(month.values)
            assert month.values[0] >= 0
            assert month.values[-1] <= 1
            assert month.sites + month.left_out == len(arrays.sites)


@UNHURRIED
@given(panels(), DIRECTIONS, st.sampled_from(Benchmark))
def test_headroom_is_never_negative_and_never_more_than_there_is(
    arrays: PanelArrays, direction: Direction, benchmark: Benchmark
) -> None:
    period = Period(arrays.months[0], arrays.months[-1] + 1)
    found = headroom(arrays, direction=direction, benchmark=benchmark, is_proportion=True, period=period, include=FEW)
    if isinstance(found, Headroom):
        assert (found.by_site >= 0).all()
        assert 0 <= found.benchmark_value <= 1
        numerator = found.values * found.denominators
        room = numerator if direction is Direction.LOWER_IS_BETTER else found.denominators - numerator
        assert (found.by_site <= room + 1e-9).all()


@UNHURRIED
@given(panels(), DIRECTIONS)
def test_a_harder_benchmark_leaves_more_room(arrays: PanelArrays, direction: Direction) -> None:
    harder = [Benchmark.MEDIAN, Benchmark.BEST_QUARTER, Benchmark.BEST_DECILE]
    found = [headroom(arrays, direction=direction, benchmark=b, is_proportion=True, include=FEW) for b in harder]
    if all(isinstance(f, Headroom) for f in found):
        room = [f.total for f in found if isinstance(f, Headroom)]
        assert room[0] <= room[1] + 1e-9
        assert room[1] <= room[2] + 1e-9


@UNHURRIED
@given(panels(), DIRECTIONS)
def test_headroom_mirrors_when_events_become_non_events(arrays: PanelArrays, direction: Direction) -> None:
    other_way = {
        Direction.LOWER_IS_BETTER: Direction.HIGHER_IS_BETTER,
        Direction.HIGHER_IS_BETTER: Direction.LOWER_IS_BETTER,
    }
    mirrored = PanelArrays(
        arrays.indicator, arrays.sites, arrays.months, arrays.denominator - arrays.numerator, arrays.denominator
    )
    for benchmark in Benchmark:
        one = headroom(arrays, direction=direction, benchmark=benchmark, is_proportion=True, include=FEW)
        two = headroom(mirrored, direction=other_way[direction], benchmark=benchmark, is_proportion=True, include=FEW)
        if isinstance(one, Headroom) and isinstance(two, Headroom):
            assert one.total == pytest.approx(two.total, abs=1e-6)


@UNHURRIED
@given(panels(), st.data())
def test_groups_hold_every_site_once(arrays: PanelArrays, data: st.DataObject) -> None:
    known = st.one_of(st.just(float("nan")), st.floats(-100, 100))
    attribute = data.draw(matrices(np.float64, len(arrays.sites), elements=known))
    found = by_group(arrays, attribute, name="x", groups=data.draw(st.integers(1, 6)), include=FEW)
    if isinstance(found, GroupTable):
        there = np.isfinite(arrays.numerator[:, -1]) & (arrays.denominator[:, -1] > 0)
        assert sum(row.sites for row in found.rows) == int(there.sum())
        assert sum(row.numerator for row in found.rows) == pytest.approx(arrays.numerator[there, -1].sum())
        bounds = [(row.low, row.high) for row in found.rows if row.low is not None]
        assert bounds == sorted(bounds)


@UNHURRIED
@given(panels(), st.floats(0.5, 20), st.floats(-5, 5))
def test_the_icc_does_not_depend_on_the_unit(arrays: PanelArrays, times: float, months_shift: float) -> None:
    """Another unit, and a change that all sites share in a month, leave it as it is."""
    shift = months_shift * np.arange(3)
    ratio = arrays.ratio * times + shift
    other = PanelArrays("x", arrays.sites, arrays.months, ratio * arrays.denominator, arrays.denominator)
    one, two = stability(arrays, include=FEW, lags=()), stability(other, include=FEW, lags=())
    if isinstance(one, Stability) and isinstance(two, Stability):
        assert one.icc == pytest.approx(two.icc, abs=1e-6)
        assert -1 / (one.months - 1) - 1e-9 <= one.icc <= 1 + 1e-9
