"""Variation, stability, sizes and turnover on cases that a reader can redo by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest

from enginehouse.indicators.panel import PanelArrays
from enginehouse.insight.selection import Inclusion
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
from enginehouse.stats.records import to_plain
from enginehouse.stats.results import NotEstimable

Make = Callable[..., PanelArrays]
FEW = Inclusion(minimum_sites=2)


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
