"""Tests of a cluster trial reject as often as they say, and its intervals hold a planted effect."""

from __future__ import annotations

import math

import pytest
from simulations.parallel import CORRECTIONS, REGISTERED, SCENARIOS, Row, Scenario, page, run

SEED = 20160401
MONTE_CARLO = 3.5
"""Standard errors: with sixteen comparisons three would fail one run in twenty."""


def band(nominal: float, replicates: int) -> float:
    return MONTE_CARLO * math.sqrt(nominal * (1 - nominal) / replicates)


@pytest.mark.parametrize("kind", ["count", "quantity"])
def test_a_few_hundred_trials_of_twenty_practices_an_arm(kind: str) -> None:
    row = run(Scenario(practices=20, kind=kind), replicates=300, seed=SEED)
    assert row.rejects[REGISTERED] == pytest.approx(0.05, abs=band(0.05, 300) + 0.01)
    assert row.permutation <= 0.05 + band(0.05, 300)
    assert row.covers[REGISTERED] >= 0.94 - band(0.05, 300)
    assert row.rejects["none"] >= row.rejects["KC"] >= row.rejects[REGISTERED] >= row.rejects["MD"]


def test_the_page_prints_the_shares() -> None:
    shares = dict(zip(CORRECTIONS.values(), (0.09, 0.08, 0.07, 0.06, 0.05, 0.04), strict=True))
    row = Row(scenario=SCENARIOS[0], replicates=2000, rejects=shares, covers=shares, permutation=0.051)
    text = page([row])
    assert "| count | 10 | 9.0% | 8.0% | 7.0% | 6.0% | 5.0% | 4.0% | 5.1% |" in text
    assert "Monte Carlo error at 5% about 0.5%" in text


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: f"{s.kind}-{s.practices}")
def test_type_one_error_and_coverage(scenario: Scenario) -> None:
    row = run(scenario, replicates=2000, seed=SEED)
    allowed = 0.02 if scenario.practices <= 10 else 0.01
    assert row.rejects[REGISTERED] == pytest.approx(0.05, abs=band(0.05, 2000) + allowed)
    assert row.covers[REGISTERED] == pytest.approx(0.95, abs=band(0.05, 2000) + allowed)
    assert row.permutation == pytest.approx(0.05, abs=band(0.05, 2000))
