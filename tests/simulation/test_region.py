"""The demo's planted effect is covered at the rate that its interval claims, region after region."""

import numpy as np
import pytest
from simulations.region import SCENARIOS, Row, page, region_panel, run

from enginehouse.core.months import Month
from enginehouse.data.synthetic.parameters import PlantedEffect, RegionParameters
from enginehouse.data.synthetic.region import make_region
from enginehouse.data.synthetic.rows import prescribing_rows
from enginehouse.indicators.weight_tables import weight_table

DEMO, LARGER = SCENARIOS
SEED = 20160401


def test_the_panel_is_what_the_written_rows_add_up_to() -> None:
    parameters = RegionParameters(practices=24, months=4, mergers=0, closures=0, openings=0, sections=("4.7",))
    effects = (PlantedEffect(section="4.7", areas=("X01",), from_month=Month(2018, 9), ratio=0.5),)
    panel, register = region_panel(parameters, effects)
    region, weights = make_region(parameters), weight_table("ome")
    expected = np.zeros(region.list_size.shape)
    for column, (_, rows) in enumerate(prescribing_rows(region, effects)):
        for practice, dispensed in rows:
            weight = weights.of([dispensed.presentation.bnf_code])[0]
            expected[practice, column] += 0 if np.isnan(weight) else weight * dispensed.total_quantity
    arrays = panel.arrays("opioids-ome-per-patient")
    assert [site.removeprefix("ods:") for site in arrays.sites] == list(region.practices)
    np.testing.assert_allclose(arrays.numerator, expected, rtol=1e-12)
    np.testing.assert_array_equal(arrays.denominator, region.list_size)
    assert register.groups("area", as_of=Month(2018, 9))["ods:Z90001"] == "X01"


def test_months_alone_miss_the_planted_effect_too_often_and_the_interval_with_drift_does_not() -> None:
    row = run(DEMO, replicates=60, seed=SEED)
    # 1,500 replicates give 26.5% and 6.9%; the bounds leave three Monte Carlo errors of 60.
    assert row.missed_by_months > 0.08
    assert row.missed_with_drift < 0.145
    assert row.truth == pytest.approx(np.log(0.92))


def test_the_page_prints_the_figures() -> None:
    row = Row(
        scenario=DEMO,
        replicates=400,
        with_practices=100,
        truth=float(np.log(0.92)),
        mean_estimate=float(np.log(0.93)),
        error_sd=0.076,
        typical_std_error=0.077,
        missed_by_months=0.155,
        missed_by_practices=0.5,
        missed_with_drift=0.05,
        called_by_months=0.24,
    )
    # sqrt(0.155 * 0.845 / 400) = 1.8 points; of practices sqrt(0.25 / 100) = 5 points
    cells = "400 | \N{MINUS SIGN}7.0% | 7.6 | 7.7 | 15.5% (±1.8) | 50.0% (±5.0) | 5.0% (±1.1) | 24% |"
    assert cells in page([row])
    assert "an effect of \N{MINUS SIGN}8% planted" in page([row])


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_planted_effect_is_covered_at_the_rate_that_the_interval_claims(scenario) -> None:
    row = run(scenario, replicates=1000, seed=SEED)
    assert 0.03 <= row.missed_with_drift <= 0.08
    assert row.missed_by_months >= 0.15
    # The mean of 1,000 estimates is the truth within three Monte Carlo errors.
    assert abs(row.mean_estimate - row.truth) < 3 * row.error_sd / np.sqrt(row.replicates)
