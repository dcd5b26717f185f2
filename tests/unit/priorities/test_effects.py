"""What an effect does to an indicator here: each scale against draws of it, and the trial's lesson against drawn trials."""

import math

import numpy as np
import pytest

from enginehouse.priorities.effects import (
    _CHANGE,
    _LEARNT,
    _SLOPE,
    Effect,
    change_at,
    improvement,
    learnt_sd,
    relative_change,
    std_error_on,
    unusable,
)
from enginehouse.programme.enums import EvidenceScale
from enginehouse.stats.gaussian import Normal

DRAWS = 400_000
SCALES = (EvidenceScale.LOG_RATIO, EvidenceScale.LOG_ODDS_RATIO, EvidenceScale.DIFFERENCE)


def effect(scale=EvidenceScale.LOG_RATIO, mean=-0.1, sd=0.3, baseline=0.4, lower=True):
    return Effect(effect=Normal(mean, sd), scale=scale, baseline=baseline, lower_is_better=lower)


def after(scale, theta, baseline):
    """The indicator with an effect, written out by scale: a second implementation."""
    if scale is EvidenceScale.LOG_RATIO:
        return baseline * np.exp(theta)
    if scale is EvidenceScale.LOG_ODDS_RATIO:
        odds = baseline / (1 - baseline) * np.exp(theta)
        return odds / (1 + odds)
    return baseline + theta


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("scale", SCALES)
def test_the_expectation_is_over_the_whole_distribution(scale, lower):
    theta = np.random.default_rng(1).normal(-0.1, 0.3, DRAWS)
    change = 12 * (after(scale, theta, 0.4) - 0.4)
    found = improvement(effect(scale, lower=lower))
    assert found.mean == pytest.approx((-1 if lower else 1) * change.mean(), abs=5 * change.std() / math.sqrt(DRAWS))
    assert found.sd == pytest.approx(change.std(), rel=0.01)


@pytest.mark.parametrize("scale", SCALES)
def test_what_a_trial_is_expected_to_move(scale):
    rng, error, inner = np.random.default_rng(2), 0.2, np.random.default_rng(3).normal(size=4000)
    seen = rng.normal(-0.1, math.hypot(0.3, error), 2000)
    kept = error**2 / (0.3**2 + error**2)
    posterior_mean, posterior_sd = kept * -0.1 + (1 - kept) * seen, 0.3 * error / math.hypot(0.3, error)
    expected = [12 * after(scale, m + posterior_sd * inner, 0.4).mean() for m in posterior_mean]
    assert learnt_sd(effect(scale), error) == pytest.approx(np.std(expected), rel=0.06)


@pytest.mark.parametrize("scale", SCALES)
def test_a_perfect_trial_moves_all_and_a_useless_one_nothing(scale):
    assert learnt_sd(effect(scale), 1e-9) == pytest.approx(improvement(effect(scale)).sd, rel=1e-6)
    assert learnt_sd(effect(scale), 1e9) == pytest.approx(0, abs=1e-6)


def test_the_mean_of_the_effect_is_never_plugged_in():
    # no effect in the mean, and yet more of the outcome in expectation: exp(s^2 / 2) > 1
    assert improvement(effect(mean=0.0)).mean == pytest.approx(12 * 0.4 * (1 - math.exp(0.045)))


def test_relative_changes():
    assert relative_change(effect(), 12 * 0.4 * 0.05) == pytest.approx(-0.05)
    assert relative_change(effect(lower=False), 12 * 0.4 * 0.05) == pytest.approx(0.05)
    assert change_at(effect(), 1) == pytest.approx(math.exp(0.2) - 1)
    assert change_at(effect(EvidenceScale.DIFFERENCE), 1) == pytest.approx(0.2 / 0.4)
    assert change_at(effect(EvidenceScale.LOG_ODDS_RATIO), 0) == pytest.approx(after(SCALES[1], -0.1, 0.4) / 0.4 - 1)


def test_standard_errors_on_another_scale():
    ratio, odds, difference = SCALES
    assert std_error_on(difference, 0.02, of=ratio, baseline=0.4) == pytest.approx(0.008)
    assert std_error_on(odds, 0.02, of=ratio, baseline=0.4) == pytest.approx(0.02 / 0.6)
    assert std_error_on(ratio, 0.02, of=ratio, baseline=0.4) == pytest.approx(0.02)
    assert std_error_on(odds, 0.02, of=ratio, baseline=20) is None
    assert std_error_on(EvidenceScale.STANDARDISED_MEAN_DIFFERENCE, 0.02, of=ratio, baseline=0.4) is None


@pytest.mark.parametrize(
    ("which", "why"),
    [
        (effect(EvidenceScale.STANDARDISED_MEAN_DIFFERENCE), "evidence on another scale"),
        (
            effect(EvidenceScale.LOG_ODDS_RATIO, baseline=20),
            "needs a proportion at the start, and the indicator's value is 20",
        ),
        (effect(sd=2.0), "too uncertain for an expected value"),
        (effect(), ""),
        (effect(EvidenceScale.DIFFERENCE, sd=20.0), ""),
    ],
)
def test_why_nothing_can_be_said(which, why):
    assert why in unusable(which)
    assert bool(why) is bool(unusable(which))


def test_no_scale_is_missing_from_the_tables():
    assert set(_CHANGE) == set(_LEARNT) == set(_SLOPE) == set(EvidenceScale)


def test_a_scale_without_a_unit_is_no_number():
    smd = effect(EvidenceScale.STANDARDISED_MEAN_DIFFERENCE)
    for ask in (lambda: improvement(smd), lambda: learnt_sd(smd, 0.1)):
        with pytest.raises(ValueError, match="says nothing in the indicator's own unit"):
            ask()
