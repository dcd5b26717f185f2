"""The campaign practice by practice, where such data are found: the numbers of reference/campaign/README.md."""

from __future__ import annotations

import math
from typing import Any

import pytest

CYCLE = "west-yorkshire"
OME, HIGH_DOSE = "opioids-ome-per-patient", "high-dose-opioid-items-per-patient"
SHARE_OF_STD_ERROR = 0.01
"""What the issue asks of practice-level figures, each within 1% of its own standard error."""

# README, "Practice level": glmmTMB 1.1.5 on 1,120 practices of which 315 were treated.
SLOPE_MODEL = {
    "level change of the exposed": (-0.015445884, 0.011714955),
    "slope change of the exposed, a month": (-0.003367462, 0.001581107),
}
AVERAGE_YEAR = {
    "poisson-random-slope": (-3.340, -5.929, -0.679),
    "negative-binomial-random-intercept": (-3.355, -6.183, -0.442),
}


@pytest.fixture(scope="module")
def practices(tmp_path_factory, shared, shared_file, here, take_turn):
    shared_file("data/measures_practice_month/opioidome.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENGINEHOUSE_DATA", str(shared / "data"))
        folder = tmp_path_factory.mktemp("practices") / "programme"
        here(["new", str(folder), "--template", "opioid-campaign-practices"])
        return take_turn(folder, CYCLE)


def model_of(turned: Any, indicator: str, method: str) -> dict[str, Any]:
    (found,) = [m for m in turned.evaluation["practice_models"] if (m["indicator"], m["method"]) == (indicator, method)]
    return dict(found)


def test_the_random_slope_model_meets_the_reference(practices):
    model = model_of(practices, HIGH_DOSE, "poisson-random-slope")
    assert (model["sites"], model["exposed_sites"]) == (1120, 315)
    found = {c["name"]: c for c in model["coefficients"]}
    assert model["log_likelihood"] == pytest.approx(-82113.9342, abs=0.05)
    for name, (value, std_error) in SLOPE_MODEL.items():
        assert found[name]["value"] == pytest.approx(value, abs=SHARE_OF_STD_ERROR * std_error)
        assert found[name]["std_error"] == pytest.approx(std_error, rel=0.01)


@pytest.mark.parametrize("method", AVERAGE_YEAR)
def test_the_average_year_meets_the_reference(practices, method):
    point, low, high = AVERAGE_YEAR[method]
    estimate = model_of(practices, HIGH_DOSE, method)["windows"]["follow-up"]
    std_error = (math.log1p(high / 100) - math.log1p(low / 100)) / (2 * 1.959964)
    assert estimate["value"] == pytest.approx(math.log1p(point / 100), abs=SHARE_OF_STD_ERROR * std_error)
    assert estimate["std_error"] == pytest.approx(std_error, rel=0.01)


def test_practices_alone_do_not_carry_the_headline(practices):
    """The intervals of the practice models are as narrow as those of months alone; the headline has the drift in it."""
    verdict = practices.evaluation["verdict"]
    assert verdict["word"] == "inconclusive"
    assert verdict["estimate"]["numbers"]["placebo areas"] == 27
    headline = verdict["estimate"]["std_error"]
    model = model_of(practices, OME, "quasi-poisson-fixed-effects")
    assert model["windows"]["follow-up"]["std_error"] < headline
    assert any("the interval is too narrow where one area was exposed" in note for note in model["notes"])


def test_each_arm_is_counted_by_outcome(practices):
    """DECISIONS: practices differ a little by outcome (318 + 816 for oral morphine equivalence, 315 + 811 for items)."""
    arms = {
        o["indicator"]: (o["exposed_sites"], o["comparisons"][0]["control_sites"])
        for o in practices.evaluation["outcomes"]
    }
    assert arms == {OME: (318, 816), HIGH_DOSE: (315, 811)}


def test_the_trial_that_could_have_been_is_computed(practices):
    trial = practices.evaluation["embedded_trial"]
    assert trial["computed"] is True
    assert trial["std_error"] == pytest.approx(0.01, abs=0.003)


def test_variation_and_headroom_by_deprivation_and_list_size(practices):
    found = practices.printed["insight"][OME]
    assert found["headroom"]["total"] > 0
    attributes = {table["attribute"] for table in found["groups"]}
    assert len(attributes) >= 2
    for table in found["groups"]:
        assert table["rule"] == "none"
        assert table["rows"][-1][0] == "not known" or len(table["rows"]) == 5
