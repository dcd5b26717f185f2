"""Intervals from months or from practices are false certainty when areas drift; the one with drift is honest."""

import pytest
from simulations.drift import SCENARIOS, Row, page, run

NO_DRIFT, OME, HIGH_DOSE, WITH_EFFECT = SCENARIOS
SEED = 20160401


def test_months_and_practices_reject_too_often_and_the_interval_with_drift_does_not():
    row = run(OME, replicates=250, seed=SEED)
    # 1,500 replicates give 15.5%, 21.0% and 4.9%; the bounds leave three Monte Carlo errors of 250.
    assert row.missed_by_months > 0.09
    assert row.missed_by_practices > 0.13
    assert row.missed_with_drift < 0.095


def test_the_page_prints_the_figures():
    row = Row(scenario=OME, replicates=400, missed_by_months=0.155, missed_by_practices=0.21, missed_with_drift=0.05)
    # sqrt(0.155 * 0.845 / 400) = 1.8 points
    assert "| drift as in oral morphine equivalence | 400 | 15.5% (±1.8) | 21.0% (±2.0) | 5.0% (±1.1) |" in page([row])


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [OME, HIGH_DOSE, WITH_EFFECT], ids=lambda s: s.name)
def test_the_interval_with_drift_rejects_between_3_and_8_per_cent(scenario):
    row = run(scenario, replicates=1500, seed=SEED)
    assert 0.03 <= row.missed_with_drift <= 0.08
    assert row.missed_by_months >= 0.12
    assert row.missed_by_practices >= 0.15


@pytest.mark.slow
def test_without_drift_all_three_are_near_nominal():
    row = run(NO_DRIFT, replicates=1500, seed=SEED)
    assert 0.03 <= row.missed_by_months <= 0.08
    assert 0.03 <= row.missed_by_practices <= 0.08
    assert 0.02 <= row.missed_with_drift <= 0.08
