"""Each signal where it is there, where it is not, and how large it is."""

import numpy as np
import pytest

from enginehouse.feedback.facts import all_facts, facts_of
from enginehouse.feedback.signals import DETECT, signal_of
from enginehouse.programme.enums import SignalKind
from enginehouse.programme.message import Conditions

OTHERS = list(range(1, 22))  # typical 11, target 6


def facts(make, own, **changes):
    rows = np.array([list(own), *[[level] * 24 for level in OTHERS]], dtype=float)
    arrays = make.arrays(rows * 5000)
    settings = make.settings().feedback
    return facts_of(all_facts(arrays, make.register(arrays), make.indicator(**changes), settings), arrays.sites[0])


def signal(make, kind, own, **when):
    return signal_of(kind, facts(make, own), Conditions.model_validate(when))


def test_every_kind_is_detected():
    assert set(DETECT) == set(SignalKind)


def test_a_gap_is_the_share_of_the_own_value(make):
    found = signal(make, SignalKind.GAP, [20] * 24)
    assert found.size == pytest.approx(14 / 20)
    assert found.room == 1
    assert found.certain


def test_a_gap_too_small_to_ask_for_is_none(make):
    assert signal(make, SignalKind.GAP, [6.1] * 24) is None
    assert signal(make, SignalKind.GAP, [6] * 24) is None


def test_an_achievement_is_how_far_the_middle_is_behind(make):
    found = signal(make, SignalKind.ACHIEVEMENT, [5.5] * 24)
    assert found.size == pytest.approx(5.5 / 11)
    assert found.certain
    assert signal(make, SignalKind.ACHIEVEMENT, [7] * 24) is None


def test_a_trend_goes_the_way_that_is_asked_for(make):
    falling = [30 - 0.5 * month for month in range(24)]
    found = signal(make, SignalKind.TREND, falling)
    assert found.change == pytest.approx(-5.5 / 24)
    assert found.certain
    assert signal(make, SignalKind.TREND, falling, going="worse") is None


def test_a_loss_needs_a_year_ago_at_the_target(make):
    lost = [5.0] * 12 + [5.0, 6, 7, 8, 9, 10, 11, 12, 12, 12, 12, 12]
    found = signal(make, SignalKind.LOSS, lost)
    assert found.change == pytest.approx((12 - 5) / 5)
    assert signal(make, SignalKind.LOSS, [15.0] * 12 + [20.0] * 12) is None
    assert signal(make, SignalKind.LOSS, [5.0] * 24) is None
