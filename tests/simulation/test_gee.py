"""Tests by estimating equations with a working correlation reject as often as they say, with few clusters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from enginehouse.stats.gee import (
    Autoregressive,
    ClusterCorrection,
    DecayKind,
    Exchangeable,
    GeeDf,
    GeeFamily,
    GeeFit,
    cluster_period_gee,
    gee,
)

SEED = 20160401
MONTE_CARLO = 3.5
MARGIN = 0.015
"""The corrections are approximations: the KC/MD mean may be off by this at ten clusters or more."""


def band(replicates: int) -> float:
    return MONTE_CARLO * math.sqrt(0.05 * 0.95 / replicates)


def exchangeable_patients(rng: np.random.Generator, clusters: int) -> GeeFit:
    """Arms of unequal clusters of 10 to 60 patients, a risk near 0.3, an ICC near 0.05."""
    sizes = rng.integers(10, 60, clusters)
    labels = np.repeat(np.arange(clusters), sizes)
    risk = np.clip(0.3 + rng.normal(0, 0.1, clusters), 0.02, 0.98)
    design = np.column_stack([np.ones(len(labels)), labels % 2])
    outcome = (rng.random(len(labels)) < risk[labels]).astype(float)
    return answered(gee(outcome, design, clusters=labels, family=GeeFamily.BINOMIAL, correlation=Exchangeable()))


def monthly_counts(rng: np.random.Generator, clusters: int) -> GeeFit:
    """Eight months of counts that wander from month to month; arms from the fifth."""
    months = np.tile(np.arange(8), clusters)
    labels = np.repeat(np.arange(clusters), 8)
    wander = np.cumsum(rng.normal(0, 0.1, (clusters, 8)), axis=1) + rng.normal(0, 0.2, (clusters, 1))
    treated = (labels % 2) * (months >= 4)
    design = np.column_stack([np.ones(len(months)), months >= 4, labels % 2, treated]).astype(float)
    outcome = rng.poisson(40 * np.exp(wander.ravel())).astype(float)
    return answered(gee(outcome, design, clusters=labels, correlation=Autoregressive(times=months)))


def stepped_wedge(rng: np.random.Generator, clusters: int) -> GeeFit:
    """Five periods, the effect's column last."""
    labels, periods = np.repeat(np.arange(clusters), 5), np.tile(np.arange(5), clusters)
    patients = rng.integers(10, 60, clusters * 5)
    level = rng.normal(0, 0.3, (clusters, 1)) + rng.normal(0, 0.2, (clusters, 5))
    events = rng.binomial(patients, 1 / (1 + np.exp(0.8 - level.ravel())))
    times = [(periods == period).astype(float) for period in range(1, 5)]
    design = np.column_stack([np.ones(len(labels)), *times, periods > labels % 4])
    return answered(
        cluster_period_gee(
            events, patients, design, clusters=labels, periods=periods, kind=DecayKind.NESTED_EXCHANGEABLE
        )
    )


def answered(found) -> GeeFit:
    assert isinstance(found, GeeFit), found
    return found


TRIALS = {"patients": exchangeable_patients, "months": monthly_counts, "stepped wedge": stepped_wedge}


def rejections(trial: str, clusters: int, replicates: int) -> dict[str, float]:
    """Shares of true null hypotheses rejected at 5%: uncorrected with normal quantiles, by the default, by CR2."""
    rng = np.random.default_rng([SEED, clusters, *trial.encode()])
    found = []
    for _ in range(replicates):
        fit = TRIALS[trial](rng, clusters)
        last = np.eye(len(fit.names))[-1]
        naive = fit.contrast(last, correction=ClusterCorrection.LIANG_ZEGER, df_method=GeeDf.NORMAL)
        tipton = fit.contrast(last, correction=ClusterCorrection.KAUERMANN_CARROLL, df_method=GeeDf.SATTERTHWAITE)
        found.append([one.p_value() < 0.05 for one in (naive, fit.contrast(last), tipton)])
    return dict(zip(("naive", "default", "CR2"), np.mean(found, axis=0).tolist(), strict=True))


@pytest.mark.parametrize("trial", TRIALS)
def test_a_few_hundred_trials_of_twenty_clusters(trial: str) -> None:
    shares = rejections(trial, 20, 200)
    assert shares["default"] == pytest.approx(0.05, abs=band(200) + MARGIN)
    assert shares["CR2"] == pytest.approx(0.05, abs=band(200) + MARGIN)
    assert shares["naive"] >= shares["default"]


@pytest.mark.slow
@pytest.mark.parametrize("clusters", [12, 20, 40])
@pytest.mark.parametrize("trial", TRIALS)
def test_type_one_error(trial: str, clusters: int) -> None:
    shares = rejections(trial, clusters, 2000)
    assert shares["default"] == pytest.approx(0.05, abs=band(2000) + MARGIN)
    assert shares["CR2"] == pytest.approx(0.05, abs=band(2000) + MARGIN)
