"""What must not change a mixed model: the order of rows, units of columns, and how events are shared among equal rows."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, gammaln

from enginehouse.stats.glmm import Family, MixedFit, fit_glmm
from enginehouse.stats.lmm.structures import NestedExchangeable


def fitted(outcome: np.ndarray, design: np.ndarray, **options) -> MixedFit:
    found = fit_glmm(outcome, design, **options)
    assert isinstance(found, MixedFit), found
    return found


def trial(seed: int) -> tuple[np.ndarray, np.ndarray, dict]:
    rng = np.random.default_rng(seed)
    practice, month = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    design = np.column_stack([np.ones(72), month / 6, (practice % 2) * (month >= 3)])
    trials = rng.integers(8, 20, 72)
    eta = rng.normal(0, 0.7, 12)[practice] + rng.normal(0, 0.5, 72) - 0.4
    options = {"clusters": practice, "trials": trials, "structure": NestedExchangeable(periods=month)}
    return rng.binomial(trials, expit(eta)), design, options


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 50))
def test_order_and_units(seed: int, unit: float) -> None:
    events, design, options = trial(seed)
    order = np.random.default_rng(seed).permutation(72)
    month = np.tile(np.arange(6), 12)
    plain = fitted(events, design, family=Family.BINOMIAL, **options)
    moved = fitted(
        events[order],
        design[order] * [1, unit, 1],
        family=Family.BINOMIAL,
        clusters=options["clusters"][order],
        trials=options["trials"][order],
        structure=NestedExchangeable(periods=month[order]),
    )
    assert math.isclose(plain.log_likelihood, moved.log_likelihood, abs_tol=1e-6)
    assert np.allclose(plain.fixed_effects, moved.fixed_effects * [1, unit, 1], atol=1e-4)
    assert np.allclose(plain.std_errors, moved.std_errors * [1, unit, 1], rtol=1e-3)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_patients_one_by_one_are_the_month(seed: int) -> None:
    """Events of a month are all that its patients tell: the likelihood differs by the number of ways."""
    events, design, options = trial(seed)
    trials, options = options["trials"], {"clusters": options["clusters"]}
    month = fitted(events, design, family=Family.BINOMIAL, trials=trials, **options)
    row = np.repeat(np.arange(72), trials)
    place = np.arange(len(row)) - np.repeat(np.cumsum(trials) - trials, trials)
    patient = fitted(
        (place < events[row]).astype(float), design[row], family=Family.BINOMIAL, clusters=options["clusters"][row]
    )
    ways = float(np.sum(gammaln(trials + 1) - gammaln(events + 1) - gammaln(trials - events + 1)))
    assert math.isclose(month.log_likelihood - ways, patient.log_likelihood, abs_tol=1e-6)
    assert np.allclose(month.fixed_effects, patient.fixed_effects, atol=1e-5)
    assert np.allclose(month.covariance, patient.covariance, rtol=1e-3, atol=1e-6)
