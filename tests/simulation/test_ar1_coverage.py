"""Coverage of 95% intervals for a level change in the middle of one AR(1) series.

The table is that of an earlier simulation apart from this code (4000 replicates, two decimals). The whole table is slow;
two rows with fewer replicates run always.
"""

import math

import pytest
from simulations.ar1 import METHODS, SCENARIOS, Row, Scenario, page, run

# months, rho: OLS, NW lag 1, NW lag 3, REML z, REML t(n-p), REML t(effective df); mean rho-hat by REML
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


def assert_matches(months: int, rho: float, replicates: int) -> None:
    expected, expected_phi = TABLE[months, rho]
    found = run(Scenario(months=months, rho=rho), replicates=replicates, seed=months * 100 + int(10 * rho))
    for name, target in zip(METHODS, expected, strict=True):
        error = math.sqrt(target * (1 - target) * (1 / replicates + 1 / THEIRS))
        assert found.coverage[name] == pytest.approx(target, abs=MONTE_CARLO * error + ROUNDING), name
    error = RHO_SD * math.sqrt(1 / replicates + 1 / THEIRS)
    assert found.mean_phi == pytest.approx(expected_phi, abs=MONTE_CARLO * error + ROUNDING)


def test_the_scenarios_are_those_of_the_table():
    assert {(s.months, s.rho) for s in SCENARIOS} == set(TABLE)


@pytest.mark.parametrize(("months", "rho"), [(24, 0.4), (48, 0.2)])
def test_a_few_hundred_series_match_the_table(months, rho):
    assert_matches(months, rho, replicates=400)


def test_the_page_prints_the_shares():
    coverage = dict(zip(METHODS, (0.84, 0.8, 0.74, 0.88, 0.9, 0.92), strict=True))
    text = page([Row(scenario=SCENARIOS[1], replicates=4000, coverage=coverage, mean_phi=0.39)])
    assert "| 24 | 0.4 | 0.84 | 0.80 | 0.74 | 0.88 | 0.90 | 0.92 | 0.39 |" in text
    assert "Monte Carlo error at most 0.008" in text


@pytest.mark.slow
@pytest.mark.parametrize(("months", "rho"), TABLE)
def test_coverage_matches_the_table(months, rho):
    assert_matches(months, rho, replicates=4000)
