"""Profile intervals of a mixed model against lme4's `confint` (1.1-31) on its data of contagious pleuropneumonia."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enginehouse.stats.glmm import Family, MixedFit, fit_glmm
from enginehouse.stats.glmm.correlation import MixedCorrelation, mixed_correlation
from enginehouse.stats.glmm.profile import deviation_interval, profile_interval
from enginehouse.stats.lmm.correlation import Correlation
from enginehouse.stats.results import Interval

LME4 = {
    "(Intercept)": (-1.9012120, -0.9477540),
    "period2": (-1.6167833, -0.4077631),
    "period3": (-1.8010244, -0.5115361),
    "period4": (-2.5007506, -0.8007553),
}
LME4_SD = (0.3460732, 1.0999746)
PRINTED = 5e-5
"""lme4 interpolates its profile."""


@pytest.fixture(scope="module")
def fit(shared_file: Callable[[str], Path]) -> MixedFit:
    with shared_file("reference/trials/data/cbpp.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    period = np.array([row["period"] for row in rows])
    found = fit_glmm(
        [float(row["incidence"]) for row in rows],
        np.column_stack([np.ones(len(rows)), *(period == which for which in "234")]),
        clusters=[row["herd"] for row in rows],
        family=Family.BINOMIAL,
        trials=[float(row["size"]) for row in rows],
        names=list(LME4),
    )
    assert isinstance(found, MixedFit), found
    return found


@pytest.mark.parametrize("name", LME4)
def test_a_coefficient(fit: MixedFit, name: str) -> None:
    found = profile_interval(fit, {name: 1.0})
    assert (found.low, found.high) == pytest.approx(LME4[name], abs=PRINTED)


def test_the_standard_deviation_and_the_latent_correlation(fit: MixedFit) -> None:
    found = deviation_interval(fit)
    assert isinstance(found, Interval)
    assert (found.low, found.high) == pytest.approx(LME4_SD, abs=PRINTED)
    icc = mixed_correlation(fit)
    assert isinstance(icc, MixedCorrelation)
    assert isinstance(icc.latent, Correlation)
    ends = [sd**2 / (sd**2 + np.pi**2 / 3) for sd in LME4_SD]
    assert (icc.latent.interval.low, icc.latent.interval.high) == pytest.approx(ends, rel=1e-3)
