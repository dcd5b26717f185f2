"""Type I error of effects in a stepped wedge with few units; a seeded part runs always, the table is slow."""

from __future__ import annotations

import math

import numpy as np
import pytest

from enginehouse.stats.results import Estimate
from enginehouse.stats.trial_data import TrialData
from enginehouse.stats.trial_periods import PeriodEffects, patient_average_periods, site_average_periods

WEDGE = np.array([[0] * 3 * (s + 1) + [1] * (15 - 3 * (s + 1)) for s in range(4)])
ESTIMATORS = {"patients": patient_average_periods, "sites": site_average_periods}


def wedge(units: int, rng: np.random.Generator) -> TrialData:
    """Unequal sites with a trend, levels that last and levels of periods, and no effect."""
    months = WEDGE.shape[1]
    size = np.exp(rng.normal(8, 0.6, units))
    periods = rng.normal(0, 0.1, (units, 5))[:, np.arange(months) // 3]
    level = rng.normal(0, 0.3, units)[:, None] + periods + 0.02 * np.arange(months)
    return TrialData(
        sites=tuple(map(str, range(units))),
        arms=tuple("abcd"),
        arm=np.arange(units) % 4,
        numerator=rng.poisson(0.02 * size[:, None] * np.exp(level)).astype(float),
        denominator=np.repeat(size[:, None], months, axis=1),
        n_before=0,
        kind="count",
        unit=np.arange(units),
        covariates=np.zeros((units, 0)),
        covariate_names=(),
        stratum=np.zeros(units, dtype=int),
        conditions=("usual care", "visits"),
        schedule=WEDGE,
    )


def rejected(name: str, units: int, replicates: int) -> float:
    rng, found = np.random.default_rng([3, units]), 0
    for _ in range(replicates):
        effects = ESTIMATORS[name](wedge(units, rng))
        assert isinstance(effects, PeriodEffects)
        assert isinstance(effects.immediate, Estimate)
        found += effects.immediate.p_value() < 0.05
    return found / replicates


def check(name: str, units: int, replicates: int) -> None:
    error = math.sqrt(0.05 * 0.95 / replicates)
    assert rejected(name, units, replicates) == pytest.approx(0.05, abs=3.5 * error)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_twelve_units_in_short(name: str) -> None:
    check(name, 12, 200)


@pytest.mark.slow
@pytest.mark.parametrize("units", [12, 20, 40])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_table(name: str, units: int) -> None:
    check(name, units, 2000)
