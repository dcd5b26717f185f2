"""Coverage of 95% intervals for a level change in the middle of one AR(1) series.

The table is that of the field's own simulation (4000 replicates, printed to two decimals): what to expect and to print,
not 0.95 by decree. The whole table is slow; two rows with fewer replicates run always.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from enginehouse.stats.least_squares import LinearFit, ar1_reml, newey_west, ordinary_least_squares
from enginehouse.stats.results import NotEstimable, t_quantile
from enginehouse.stats.segmented import LEVEL, segmented_design

METHODS = ("ols", "newey-west-1", "newey-west-3", "reml-z", "reml-t", "reml-t-effective")
# n, rho: OLS, NW lag 1, NW lag 3, REML z, REML t(n-p), REML t(effective df); mean rho-hat by REML
TABLE = {
    (24, 0.0): ((0.95, 0.90, 0.82, 0.91, 0.92, 0.93), 0.01),
    (24, 0.4): ((0.84, 0.80, 0.74, 0.88, 0.90, 0.92), 0.39),
    (36, 0.4): ((0.82, 0.82, 0.79, 0.90, 0.91, 0.92), 0.38),
    (48, 0.2): ((0.89, 0.88, 0.84, 0.92, 0.93, 0.93), 0.20),
    (48, 0.6): ((0.71, 0.75, 0.77, 0.91, 0.92, 0.93), 0.58),
    (60, 0.4): ((0.82, 0.84, 0.84, 0.93, 0.93, 0.94), 0.39),
    (100, 0.4): ((0.81, 0.85, 0.87, 0.94, 0.94, 0.94), 0.39),
}
THEIRS = 4000
ROUNDING = 0.005
# Three standard errors over 42 comparisons would fail one table in nine by chance; 3.5 one in fifty.
MONTE_CARLO = 3.5
# Mean rho-hat: its standard deviation is at most 0.3 in the table's cases.
RHO_SD = 0.3


def simulate(n: int, rho: float, replicates: int, seed: int) -> tuple[dict[str, float], float]:
    """The share of intervals that contain the true level change (0), by method, and the mean of rho-hat."""
    rng = np.random.default_rng(seed)
    design, level = segmented_design(n, n // 2), np.eye(4)[LEVEL]
    covered, rhos = dict.fromkeys(METHODS, 0), []
    for _ in range(replicates):
        noise = rng.normal(size=n)
        y = np.empty(n)
        y[0] = noise[0] / math.sqrt(1 - rho**2)
        for t in range(1, n):
            y[t] = rho * y[t - 1] + noise[t]
        reml, plain = ar1_reml(y, design), ordinary_least_squares(y, design)
        robust = {lag: newey_west(y, design, lag=lag) for lag in (1, 3)}
        fits = {"ols": plain, "newey-west-1": robust[1], "newey-west-3": robust[3]}
        for name, fit in fits.items():
            covered[name] += _covers(fit, level, "residual")
        for name, df in (("reml-z", "normal"), ("reml-t", "residual"), ("reml-t-effective", "effective")):
            covered[name] += _covers(reml, level, df)
        assert isinstance(reml, LinearFit)
        rhos.append(reml.phi)
    return {name: hits / replicates for name, hits in covered.items()}, float(np.mean(rhos))


def _covers(fit: LinearFit | NotEstimable, level: np.ndarray, df: str) -> bool:
    assert isinstance(fit, LinearFit)
    estimate = fit.contrast(level, scale="difference", df=df)  # type: ignore[arg-type]
    return abs(estimate.value) <= t_quantile(0.975, estimate.df) * estimate.std_error


def assert_matches(n: int, rho: float, replicates: int) -> None:
    expected, expected_rho = TABLE[n, rho]
    found, found_rho = simulate(n, rho, replicates, seed=n * 100 + int(10 * rho))
    for name, target in zip(METHODS, expected, strict=True):
        error = math.sqrt(target * (1 - target) * (1 / replicates + 1 / THEIRS))
        assert found[name] == pytest.approx(target, abs=MONTE_CARLO * error + ROUNDING), name
    error = RHO_SD * math.sqrt(1 / replicates + 1 / THEIRS)
    assert found_rho == pytest.approx(expected_rho, abs=MONTE_CARLO * error + ROUNDING)


@pytest.mark.parametrize(("n", "rho"), [(24, 0.4), (48, 0.2)])
def test_a_few_hundred_series_match_the_table(n: int, rho: float) -> None:
    assert_matches(n, rho, replicates=400)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "rho"), TABLE)
def test_coverage_matches_the_table(n: int, rho: float) -> None:
    assert_matches(n, rho, replicates=4000)
