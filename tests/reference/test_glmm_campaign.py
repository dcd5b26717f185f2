"""The practice-level models of the West Yorkshire opioid campaign on real data, against glmmTMB 1.1.5."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from enginehouse.stats.glmm import Convergence, Family, MixedFit, negative_binomial_mixed, poisson_mixed
from enginehouse.stats.results import Estimate, NotEstimable

CAMPAIGN_GROUPS = ("02N", "02R", "02T", "02V", "02W", "03A", "03C", "03G", "03J", "03R")
FIRST_MONTH, MONTHS, START = np.datetime64("2015-01"), 27, 15
"""January 2015 to March 2017; the campaign began in April 2016, month 15 from 0."""
SHARE_OF_ERROR = 0.01
PRINTED_PER_CENT = 2e-3
"""Three decimals of a per cent and glmmTMB's stopping rule; a tenth of a hundredth of a standard error."""
LOG_LIKELIHOOD = 2e-4


class Campaign:
    """High-dose opioid items of the practices of North East and Yorkshire that have every month."""

    def __init__(self, measures: Path, practices: Path) -> None:
        groups = pq.read_table(practices, columns=["practice", "region", "ccg_2018_01"])
        groups = groups.filter(pc.equal(groups["region"], "North East and Yorkshire"))
        table = pq.read_table(measures)
        table = table.filter(pc.is_in(table["practice"], groups["practice"].combine_chunks()))
        month = table["month"].to_numpy().astype("datetime64[M]") - FIRST_MONTH
        inside = (month.astype(int) >= 0) & (month.astype(int) < MONTHS) & (table["denominator"].to_numpy() > 0)
        table, column = table.filter(pa.array(inside)), month.astype(int)[inside]
        practice = table["practice"].combine_chunks().dictionary_encode()
        items = np.full((len(practice.dictionary), MONTHS), np.nan)
        patients = items.copy()
        rows = practice.indices.to_numpy()
        items[rows, column] = table["numerator"].to_numpy()
        patients[rows, column] = table["denominator"].to_numpy()
        complete = np.all(np.isfinite(items), axis=1)
        group_of = dict(zip(groups["practice"].to_pylist(), groups["ccg_2018_01"].to_pylist(), strict=True))
        names = np.array(practice.dictionary.to_pylist())[complete]
        self.treated = np.array([group_of[name] in CAMPAIGN_GROUPS for name in names])
        self.items, self.patients = items[complete], patients[complete]

    def options(self, *, slope: bool) -> dict:
        """Month factors, West Yorkshire x (post + time + since), offset log list size; slopes by year."""
        sites = len(self.items)
        month, treated = np.tile(np.arange(MONTHS), sites), np.repeat(self.treated, MONTHS).astype(float)
        time, post = month - START, (month >= START).astype(float)
        months = [(month == number).astype(float) for number in range(1, MONTHS)]
        terms = [treated, treated * time, treated * post, treated * post * time]
        return {
            "counts": self.items.ravel(),
            "design": np.column_stack([np.ones(len(month)), *months, *terms]),
            "clusters": np.repeat(np.arange(sites), MONTHS),
            "offset": np.log(self.patients.ravel()),
            "slope": time / 12 if slope else None,
            "names": ["one", *(f"month-{number}" for number in range(1, MONTHS)), "wy", "wy-time", "level", "slope"],
        }


@pytest.fixture(scope="module")
def campaign(shared_file: Callable[[str], Path]) -> Campaign:
    return Campaign(
        shared_file("data/measures_practice_month/opioidper1000.parquet"),
        shared_file("data/practices/practices.parquet"),
    )


def fitted(found: MixedFit | NotEstimable) -> MixedFit:
    assert isinstance(found, MixedFit), found
    return found


def per_cent(estimate: Estimate) -> list[float]:
    interval = estimate.ratio_interval()
    return [100 * (ratio - 1) for ratio in (estimate.ratio, interval.low, interval.high)]


def average_year(fit: MixedFit) -> Estimate:
    """The mean of the twelve months' log ratios: level + slope x 5.5."""
    return fit.contrast({"level": 1, "slope": 5.5})


def last_month(fit: MixedFit) -> Estimate:
    return fit.contrast({"level": 1, "slope": 11})


def test_practices(campaign: Campaign) -> None:
    assert campaign.items.shape == (1120, 27)
    assert campaign.treated.sum() == 315


def test_poisson_with_random_slopes(campaign: Campaign) -> None:
    fit = fitted(poisson_mixed(**campaign.options(slope=True)))
    assert fit.convergence is Convergence.CONVERGED
    assert fit.log_likelihood == pytest.approx(-82113.9342, abs=LOG_LIKELIHOOD)
    for name, value, error in (("level", -0.015445884, 0.011714955), ("slope", -0.003367462, 0.001581107)):
        term = fit.contrast({name: 1})
        assert term.value == pytest.approx(value, abs=SHARE_OF_ERROR * error)
        assert term.std_error == pytest.approx(error, rel=1e-5)
    assert per_cent(average_year(fit)) == pytest.approx([-3.340, -5.929, -0.679], abs=PRINTED_PER_CENT)
    assert per_cent(last_month(fit)) == pytest.approx([-5.113, -8.752, -1.330], abs=PRINTED_PER_CENT)
    assert fit.intercept_sd == pytest.approx(0.857029, rel=1e-4)
    assert fit.slope_sd == pytest.approx(0.249610, rel=1e-4)
    assert fit.correlation == pytest.approx(0.0702, abs=1e-4)
    # Given random slopes these counts vary a little less than Poisson: a negative binomial is at its boundary.
    assert 0.8 < fit.pearson_ratio < 1
    assert not fit.notes


def test_negative_binomial_with_random_intercept(campaign: Campaign) -> None:
    fit = fitted(negative_binomial_mixed(**campaign.options(slope=False)))
    assert fit.log_likelihood == pytest.approx(-84755.3991, abs=LOG_LIKELIHOOD)
    assert per_cent(average_year(fit)) == pytest.approx([-3.355, -6.183, -0.442], abs=PRINTED_PER_CENT)
    assert per_cent(last_month(fit)) == pytest.approx([-5.062, -9.029, -0.922], abs=PRINTED_PER_CENT)


def test_negative_binomial_with_random_slopes_is_at_the_boundary(campaign: Campaign) -> None:
    fit = fitted(negative_binomial_mixed(**campaign.options(slope=True)))
    assert fit.family is Family.POISSON
    assert "dispersion is at its boundary" in fit.notes[0]
    assert fit.log_likelihood == pytest.approx(-82113.9342, abs=LOG_LIKELIHOOD)
