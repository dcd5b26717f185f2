"""A response rule on a history in which nothing was done: shares known by arithmetic, and regression to the mean."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from enginehouse.core.months import Month
from enginehouse.indicators.panel import PanelArrays
from enginehouse.trials.history import question_of
from enginehouse.trials.response_rule import misclassified, rule_of


@pytest.fixture
def judged(protocol, indicator):
    def judge(rates):
        sites = tuple(f"x:{i}" for i in range(len(rates)))
        months = tuple(Month(2020, 1) + m for m in range(rates.shape[1]))
        arrays = PanelArrays("opioids", sites, months, 1000 * rates, np.full(rates.shape, 1000.0))
        return misclassified(protocol, arrays, SimpleNamespace(sites=sites), question_of(protocol, indicator))

    return judge


def test_without_a_rule_the_worthwhile_margin_half_way_is_assumed(protocol):
    rule = rule_of(protocol)
    assert (rule.months, rule.ratio, rule.lag, rule.after, rule.baseline) == (3, 0.95, 2, 6, 12)


def test_levels_that_stay_call_nobody_a_responder(judged):
    found = judged(np.tile(np.linspace(1, 2, 30)[:, None], (1, 30)))
    assert (found.called_responders, found.missed) == (0.0, 0.0)  # an effect of 0.9 passes 0.95 everywhere
    assert (found.starts, found.sites) == (13, 30)  # starts 12 to 24 leave room for 12 months before and 6 after


def test_chance_alone_is_a_normal_tail_and_the_worst_begin_to_look_better(judged):
    """One month is 1 + 0.1 e: the mean of 3 over that of 12 falls below 0.95 with P(N(0, 0.01 (1/3 + 1/12)) < -0.05)."""
    rates = 1 + 0.1 * np.random.default_rng(8).standard_normal((6000, 30))
    found = judged(rates)
    expected = norm.cdf(-0.05 / (0.1 * np.sqrt(1 / 3 + 1 / 12)))
    assert found.called_responders == pytest.approx(expected, abs=0.015)
    assert found.high_third > found.called_responders > found.low_third
    # The months looked at are 2 to 4 after the start: all of them have the effect of 0.9.
    assert found.missed == pytest.approx(norm.sf((0.95 / 0.9 - 1) / (0.1 * np.sqrt(1 / 3 + 1 / 12))), abs=0.02)


def test_a_history_that_leaves_no_room_is_refused(judged):
    assert judged(np.ones((10, 17))).reason == "too-short-history"
