"""Closed forms of one normal quantity at their edges."""

import itertools
import math

import pytest

from enginehouse.stats.gaussian import (
    Normal,
    emax,
    preposterior_sd,
    probability_positive,
    robustly_updated,
    unit_normal_loss,
)


@pytest.mark.parametrize(("mean", "sd"), [(math.nan, 1), (0, -1), (0, math.inf)])
def test_what_is_no_distribution_is_refused(mean, sd):
    with pytest.raises(ValueError, match="for a normal distribution"):
        Normal(mean, sd)


def test_without_doubt_there_is_nothing_to_gain():
    assert [emax(Normal(x, 0)) for x in (-2, 0, 3)] == [0, 0, 3]
    assert unit_normal_loss(Normal(3, 0)) == 0
    assert [probability_positive(Normal(x, 0)) for x in (-1, 0, 1)] == [0, 0, 1]
    assert preposterior_sd(0, 1) == 0


def test_hardly_any_doubt_is_a_number_too():
    assert unit_normal_loss(Normal(2.0, 1e-308)) == 0
    assert emax(Normal(2.0, 1e-308)) == 2


def test_a_study_that_tells_nothing_moves_nothing():
    assert preposterior_sd(2, math.inf) == 0
    assert preposterior_sd(2, 1e-12) == pytest.approx(2)


def test_far_from_the_choice_the_gain_stays_above_zero_and_falls():
    gains = [unit_normal_loss(Normal(-x, 1)) for x in (1, 5, 10, 20, 30)]
    assert all(a > b > 0 for a, b in itertools.pairwise(gains))
    assert unit_normal_loss(Normal(-10, 1)) == unit_normal_loss(Normal(10, 1))


def test_a_prior_far_from_the_result_gives_way_to_the_vague_one():
    found = robustly_updated(Normal(0, 1), weight=0.8, vague_sd=1e3, estimate=1e3, std_error=1)
    assert found.weight < 1e-12
    assert found.mean == pytest.approx(1e3, rel=1e-3)
