"""Errors of the first kind of a trial's log odds ratio where months vary beyond the binomial."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from enginehouse.stats.glmm import Family, MixedFit, fit_glmm
from enginehouse.stats.lmm.structures import NestedExchangeable

PRACTICES, MONTHS, PATIENTS = 40, 12, 100


def p_value(rng: np.random.Generator, *, nested: bool) -> float:
    """Of a trial without effect: sd 0.3 between practices and 0.25 between a practice's months."""
    practice, month = np.repeat(np.arange(PRACTICES), MONTHS), np.tile(np.arange(MONTHS), PRACTICES)
    treated = ((practice % 2 == 1) & (month >= MONTHS // 2)).astype(float)
    eta = -1 + rng.normal(0, 0.3, PRACTICES)[practice] + rng.normal(0, 0.25, len(practice))
    months = [(month == which).astype(float) for which in range(1, MONTHS)]
    fit = fit_glmm(
        rng.binomial(PATIENTS, expit(eta)),
        np.column_stack([np.ones(len(practice)), *months, treated]),
        clusters=practice,
        family=Family.BINOMIAL,
        structure=NestedExchangeable(periods=month) if nested else None,
        trials=np.full(len(practice), PATIENTS),
    )
    assert isinstance(fit, MixedFit), fit
    weights = np.zeros(MONTHS + 1)
    weights[-1] = 1.0
    return fit.estimate(weights).p_value()


def share_below(trials: int, *, nested: bool, seed: int) -> float:
    rng = np.random.default_rng(seed)
    return float(np.mean([p_value(rng, nested=nested) < 0.05 for _ in range(trials)]))


def test_a_practice_month_effect_keeps_the_error_near_nominal_quickly() -> None:
    """60 trials: fewer than 8 of them below 0.05 (chance 1.4% if the error is 5%)."""
    assert share_below(60, nested=True, seed=20) < 8 / 60


@pytest.mark.slow
def test_a_practice_month_effect_keeps_the_error_at_nominal() -> None:
    """1,000 trials: within 3 Monte Carlo standard errors of 5%."""
    assert share_below(1000, nested=True, seed=21) == pytest.approx(0.05, abs=0.021)


@pytest.mark.slow
def test_without_it_the_error_is_far_above() -> None:
    assert share_below(300, nested=False, seed=22) > 0.12
