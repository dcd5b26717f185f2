"""The whole way from protocol to verdict behaves as the design said it would."""

from __future__ import annotations

import math

import pytest
from simulations.pipeline import SCENARIOS, Row, Scenario, page, run

SEED = 20160401
MONTE_CARLO = 3.5


def assert_as_predicted(row: Row) -> None:
    n = row.replicates
    assert row.rejects == pytest.approx(0.05, abs=MONTE_CARLO * math.sqrt(0.05 * 0.95 / n) + 0.01)
    for found, predicted in (
        (row.rejects, row.rejects_predicted),
        (row.equivalent, row.equivalent_predicted),
    ):
        error = math.sqrt(max(predicted * (1 - predicted), 0.02) * 2 / n)
        assert found == pytest.approx(predicted, abs=MONTE_CARLO * error)
    assert row.covers == pytest.approx(0.95, abs=MONTE_CARLO * math.sqrt(0.05 * 0.95 / n) + 0.01)


def test_forty_evaluations() -> None:
    assert_as_predicted(run(SCENARIOS[0], replicates=40, seed=SEED))


def test_the_page_prints_the_shares() -> None:
    row = Row(
        scenario=SCENARIOS[0],
        replicates=1000,
        rejects=0.05,
        rejects_predicted=0.048,
        equivalent=0.812,
        equivalent_predicted=0.8,
        covers=0.951,
    )
    assert "| count, stratified-blocks | 5.0% | 4.8% | 81.2% | 80.0% | 95.1% |" in page([row])


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: f"{s.kind}-{s.method}")
def test_a_thousand_evaluations(scenario: Scenario) -> None:
    assert_as_predicted(run(scenario, replicates=1000, seed=SEED))
