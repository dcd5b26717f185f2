"""What a standard error can show: against normal tables, and against draws."""

import math

import numpy as np
import pytest

from enginehouse.trials.sample_size.t_power import (
    detectable_effect,
    equivalence_power,
    expected_half_width,
    t_power,
)


def test_detectable_effects_are_detected_with_their_probability():
    for df in (3, 20, 300, math.inf):
        assert t_power(detectable_effect(0.3, df), 0.3, df) == pytest.approx(0.8, abs=1e-9)
    assert detectable_effect(1.0, math.inf) == pytest.approx(1.959964 + 0.841621, abs=1e-4)


def test_without_an_effect_power_is_the_level():
    assert t_power(0.0, 1.0, 12) == pytest.approx(0.05)
    assert t_power(0.0, 1.0, 12, tails="upper") == pytest.approx(0.025)


def test_equivalence_by_simulation():
    """Against the rule itself on drawn estimates and standard errors."""
    rng = np.random.default_rng(1)
    df, error = 12, 0.025
    drawn = rng.normal(0, error, 200_000)
    errors = error * np.sqrt(rng.chisquare(df, 200_000) / df)
    half = 1.782288 * errors  # t of 0.95 with 12 degrees of freedom
    inside = (drawn - half >= math.log(0.95)) & (drawn + half <= math.log(1.05))
    assert equivalence_power(error, df, math.log(0.95), math.log(1.05)) == pytest.approx(inside.mean(), abs=0.004)


def test_the_half_width_is_the_mean_of_those_of_drawn_standard_errors():
    errors = np.sqrt(np.random.default_rng(2).chisquare(6, 400_000) / 6)
    assert expected_half_width(1.0, 6) == pytest.approx(2.446912 * errors.mean(), rel=0.002)
