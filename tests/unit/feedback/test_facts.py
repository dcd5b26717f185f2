"""Facts of a site: its comparison, gap and trend, each against arithmetic that a reader can redo."""

import numpy as np
import pytest

from enginehouse.core.errors import DataError
from enginehouse.feedback.facts import all_facts, facts_of
from enginehouse.programme.programme import FeedbackSettings
from enginehouse.stats.results import NotEstimable


def steady(make, levels, months=24):
    """Sites that have exactly the same value every month."""
    return make.arrays(np.repeat(np.asarray(levels, dtype=float)[:, None], months, axis=1) * 5000)


def facts(make, arrays, site=0, register=None, **changes):
    settings = make.settings(**changes.pop("settings", {})).feedback
    assert isinstance(settings, FeedbackSettings)
    indicator = changes.pop("indicator", make.indicator())
    found = all_facts(arrays, register or make.register(arrays), indicator, settings, **changes)
    return facts_of(found, arrays.sites[site] if isinstance(site, int) else site)


def test_without_noise_typical_and_target_are_plain_percentiles_of_the_others(make):
    found = facts(make, steady(make, [100, *range(1, 22)]))
    assert found.comparison.sites == 21
    assert found.comparison.typical == 11
    assert found.comparison.target == 6  # the 25th percentile of 1 to 21
    assert found.gap.size == 94
    assert found.gap.share == pytest.approx(94 / 100)
    assert found.gap.amount == pytest.approx(94 * 5000)
    assert found.gap.certain


def test_where_higher_is_better_the_target_is_on_the_other_side(make):
    found = facts(make, steady(make, [2, *range(1, 22)]), indicator=make.indicator(direction="higher-is-better"))
    assert found.comparison.target == 16
    assert found.gap.amount == pytest.approx(14 * 5000)


def test_a_site_at_the_target_has_no_gap(make):
    found = facts(make, steady(make, [3, *range(1, 22)]))
    assert found.gap.reached
    assert found.gap.amount == 0
    assert not found.gap.certain


def test_sites_that_differ_by_chance_alone_have_the_middle_for_a_target(make):
    rng = np.random.default_rng(5)
    arrays = make.arrays(40 * 5000 * (1 + rng.normal(0, 0.1, (60, 24))))
    found = facts(make, arrays)
    assert abs(found.comparison.target - found.comparison.typical) < 1.0
    raw = np.quantile([arrays.ratio[r, -3:].mean() for r in range(1, 60)], 0.25)
    assert raw < found.comparison.target - 0.5


def test_chance_alone_gives_a_certain_gap_no_more_often_than_it_may(make):
    certain = total = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        arrays = make.arrays(40 * 5000 * (1 + rng.normal(0, 0.1, (40, 24))))
        settings = make.settings().feedback
        found = all_facts(arrays, make.register(arrays), make.indicator(), settings)
        certain += sum(facts_of(found, site).gap.certain for site in arrays.sites)
        total += 40
    # One side of a 95% interval: 2.5% expected of 800, standard error 0.6 points.
    assert certain / total < 0.045


def test_similar_sites_are_in_the_same_third(make):
    arrays = steady(make, [50, *range(1, 36)])
    found = facts(make, arrays, settings={"similar_by": ["list_size_third"]})
    assert found.comparison.attributes == ("list_size",)
    assert found.comparison.sites == 11  # a third of 36, less the site itself
    assert set(found.comparison.rows) == set(range(1, 12))


def test_attributes_are_given_up_from_the_last_on_until_ten_sites_are_left(make):
    arrays = steady(make, [50, *range(1, 36)])
    register = make.register(arrays)
    register.attributes["imd"] = {site: float(row % 7) for row, site in enumerate(arrays.sites)}
    both = facts(make, arrays, register=register, settings={"similar_by": ["list_size", "imd"]})
    assert both.comparison.attributes == ("list_size",)
    few = facts(make, arrays, register=register, settings={"similar_by": ["list_size", "imd"]}, least_similar=20)
    assert few.comparison.attributes == ()
    assert few.comparison.sites == 35


def test_an_attribute_that_is_not_known_is_left_aside(make):
    arrays = steady(make, [50, *range(1, 36)])
    register = make.register(arrays)
    del register.attributes["list_size"][arrays.sites[0]]
    found = facts(make, arrays, register=register, settings={"similar_by": ["list_size"]})
    assert found.comparison.sites == 35


def test_list_size_is_the_denominator_where_no_source_gives_it(make):
    arrays = steady(make, [50, *range(1, 36)])
    arrays.denominator[:] = np.arange(1000, 1036)[:, None]
    register = make.register(arrays)
    register.attributes.clear()
    found = facts(make, arrays, register=register, settings={"similar_by": ["list-size"]})
    assert set(found.comparison.rows) == set(range(1, 12))


def test_too_few_sites_make_no_comparison(make):
    found = facts(make, steady(make, [1, 2, 3, 4, 5]))
    assert isinstance(found.comparison, NotEstimable)
    assert isinstance(found.gap, NotEstimable)
    assert found.now.value == 1


def test_a_site_without_its_newest_month_has_no_gap_and_no_trend(make):
    arrays = steady(make, [50, *range(1, 22)])
    arrays.numerator[0, -1] = np.nan
    found = facts(make, arrays)
    assert found.now.reason == "missing-month"
    assert isinstance(found.gap, NotEstimable)
    assert isinstance(found.trend(), NotEstimable)
    assert found.own[-1] is None
    assert found.own[0] == 50


def test_a_site_that_the_panel_does_not_have_is_told_so(make):
    found = facts(make, steady(make, range(1, 22)), site="ods:NEW")
    assert found.now.reason == "missing-month"
    assert found.own == (None,) * 24


def test_the_middle_of_the_others_is_their_median_month_by_month(make):
    arrays = make.noisy(20)
    arrays.numerator[3, 5] = np.nan
    found = facts(make, arrays)
    expected = np.nanmedian(arrays.ratio[1:], axis=0)
    assert found.others == pytest.approx(tuple(expected))


def test_a_trend_is_the_change_along_its_line(make):
    levels = np.array([[50 - 0.5 * month for month in range(24)]] + [[30.0] * 24] * 12)
    found = facts(make, make.arrays(levels * 5000), spans=(6,))
    assert found.trend().change == pytest.approx(-0.5 * 11)
    assert found.trend().share == pytest.approx(-5.5 / (50 - 0.5 * 12))
    assert found.trend().certain
    assert found.trend(6).change == pytest.approx(-0.5 * 5)


def test_a_steady_site_has_no_trend_by_rounding(make):
    assert not facts(make, steady(make, [0.1, *range(1, 22)])).trend().certain


def test_noise_is_called_a_trend_no_more_often_than_it_may(make):
    rng = np.random.default_rng(11)
    arrays = make.arrays(40 * 5000 * (1 + rng.normal(0, 0.1, (600, 24))))
    found = all_facts(arrays, make.register(arrays), make.indicator(), make.settings().feedback)
    share = np.mean([trend.certain for trend in found.trends[12]])
    assert share < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 600)


def test_an_indicator_without_direction_is_refused(make):
    with pytest.raises(DataError, match="no direction"):
        facts(make, steady(make, range(1, 22)), indicator=make.indicator(direction="none"))
