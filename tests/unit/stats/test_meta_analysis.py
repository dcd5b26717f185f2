"""Pooling: few studies answered honestly, boundaries, and inputs that cannot be pooled."""

import math

import pytest

from enginehouse.stats.half_normal import half_normal_pooling
from enginehouse.stats.meta_analysis import (
    Adjustment,
    PredictionConvention,
    cumulative,
    heterogeneity_interval,
    leave_one_out,
    random_effects,
)
from enginehouse.stats.results import NotEstimable


def test_no_study_has_no_mean():
    found = random_effects([], [])
    assert isinstance(found, NotEstimable)
    assert found.reason == "no-studies"
    assert leave_one_out([], []) == ()
    assert cumulative([], []) == ()


def test_one_study_is_itself_and_says_nothing_of_variation():
    found = random_effects([-0.06], [0.02])
    assert (found.mean, found.std_error, found.df, found.k) == (-0.06, 0.02, math.inf, 1)
    assert isinstance(found.tau2, NotEstimable)
    assert found.tau2 is found.tau
    assert "From one study" in found.tau2.detail
    assert (found.q, found.q_p, found.i2) == (None, None, None)
    assert found.interval().high == pytest.approx(-0.06 + 1.959964 * 0.02)
    assert found.interval().method == "normal, one study"
    assert isinstance(found.prediction(), NotEstimable)
    assert isinstance(heterogeneity_interval([-0.06], [0.02]), NotEstimable)
    assert leave_one_out([-0.06], [0.02]) == ()


def test_two_studies_have_a_mean_with_one_degree_of_freedom_and_no_default_prediction():
    found = random_effects([0.0, 0.4], [0.1, 0.1])
    # tau2 = sample variance less the sampling variance = 0.08 - 0.01
    assert found.tau2 == pytest.approx(0.07)
    assert found.tau == pytest.approx(math.sqrt(0.07))
    assert found.adjustment is Adjustment.MODIFIED_KNAPP_HARTUNG
    assert found.df == 1
    refused = found.prediction()
    assert isinstance(refused, NotEstimable)
    assert refused.reason == "too-few-studies"
    assert "From 2 studies" in refused.detail
    allowed = found.prediction(convention=PredictionConvention.T_K_MINUS_1)
    assert allowed.low < found.interval().low


def test_studies_that_agree_exactly_keep_their_error():
    found = random_effects([0.2, 0.2, 0.2], [0.1, 0.1, 0.1], adjustment=Adjustment.KNAPP_HARTUNG)
    assert (found.tau2, found.i2, found.scale) == (0.0, 0.0, 1.0)
    assert found.std_error == pytest.approx(0.1 / math.sqrt(3))


def test_equal_errors_have_the_textbook_answer():
    # mean 0.25; sample variance ((0.15)^2 + (0.05)^2 + (0.1)^2) / 2 = 0.0175, less 0.01
    found = random_effects([0.10, 0.30, 0.35], [0.1, 0.1, 0.1])
    assert found.mean == pytest.approx(0.25)
    assert found.tau2 == pytest.approx(0.0175 - 0.01)
    assert found.weights == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_ten_studies_use_the_plain_adjustment():
    effects = [0.01 * i for i in range(10)]
    assert random_effects(effects, [0.1] * 10).adjustment is Adjustment.KNAPP_HARTUNG
    assert random_effects(effects[:9], [0.1] * 9).adjustment is Adjustment.MODIFIED_KNAPP_HARTUNG


def test_inexact_studies_far_away_do_not_make_places_vary():
    effects, errors = [0.0, 0.001, 1.5, 1.6, 1.4], [0.01, 0.01, 2.0, 2.0, 2.0]
    assert random_effects(effects, errors).tau2 == pytest.approx(0.0, abs=1e-3)


def test_the_interval_of_variation_may_be_empty_of_it():
    found = heterogeneity_interval([0.1, 0.1, 0.1], [1.0, 1.0, 1.0])
    assert (found.low, found.high, found.method) == (0.0, 0.0, "Q-profile")


@pytest.mark.parametrize(
    ("effects", "errors", "message"),
    [
        ([0.1], [0.1, 0.2], "got 1 effects and 2 standard errors"),
        ([0.1], [0.0], "standard errors finite and above 0"),
        ([math.nan], [0.1], "effects must be finite"),
    ],
)
def test_what_cannot_be_pooled_is_refused(effects, errors, message):
    with pytest.raises(ValueError, match=message):
        random_effects(effects, errors)


@pytest.mark.parametrize("arguments", [([], [], 0.5), ([0.1], [0.1], 0.0), ([0.1], [0.1], math.inf)])
def test_half_normal_pooling_needs_a_study_and_a_scale(arguments):
    effects, errors, scale = arguments
    with pytest.raises(ValueError, match="needs a study, and a scale above 0"):
        half_normal_pooling(effects, errors, tau_scale=scale)


def test_one_study_and_a_half_normal_give_its_effect_with_both_places_variation():
    found = half_normal_pooling([-0.06], [0.02], tau_scale=0.05)
    # one place's effect differs from the mean by tau, and the new place's by another: s^2 + 2 E tau^2
    assert found.mean.mean == pytest.approx(-0.06)
    assert found.new_place.sd == pytest.approx(math.sqrt(0.02**2 + 2 * 0.05**2), rel=1e-6)
    assert found.tau.mean == pytest.approx(0.05 * math.sqrt(2 / math.pi), rel=1e-6)
