"""Stepped wedges and crossovers: a second time by statsmodels and by arithmetic, R's numbers, and what is refused."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.genmod.cov_struct import Independence

from enginehouse.stats.gee import ClusterCorrection, GeeDf
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.structures import NestedExchangeable
from enginehouse.stats.period_rows import PeriodRows, period_means, period_rows, periods_of
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.stats.trial_periods import PeriodEffects, patient_average_periods, site_average_periods

WEDGE = np.array([[0] * 3 * (s + 1) + [1] * (15 - 3 * (s + 1)) for s in range(4)])
CROSSED = np.array([[0] * 6 + [1] * 6, [1] * 6 + [0] * 6])


def trial(schedule: np.ndarray, *, sites: int = 24, networks: int | None = None, effect: float = -0.2, seed: int = 1):
    """Sites of varying size with a trend, levels that last and levels of their periods."""
    rng = np.random.default_rng(seed)
    months = schedule.shape[1]
    unit = np.arange(sites) if networks is None else np.arange(sites) % networks
    arm = unit % len(schedule)
    size = np.exp(rng.normal(8, 0.6, sites))
    level = rng.normal(0, 0.3, sites)[:, None] + rng.normal(0, 0.05, (sites, months)) + 0.02 * np.arange(months)
    treated = schedule[arm] == 1
    return TrialData(
        sites=tuple(map(str, range(sites))),
        arms=tuple("abcdef"[: len(schedule)]),
        arm=arm,
        numerator=rng.poisson(0.02 * size[:, None] * np.exp(level + effect * treated)).astype(float),
        denominator=np.repeat(size[:, None], months, axis=1),
        n_before=0,
        kind="count",
        unit=unit,
        covariates=np.zeros((sites, 0)),
        covariate_names=(),
        stratum=np.zeros(sites, dtype=int),
        conditions=("usual care", "visits"),
        schedule=schedule,
    )


def effects(answer: object) -> PeriodEffects:
    assert isinstance(answer, PeriodEffects), answer
    return answer


def estimated(answer: object) -> Estimate:
    assert isinstance(answer, Estimate), answer
    return answer


class TestPatients:
    def test_statsmodels_agrees(self) -> None:
        data = trial(WEDGE, networks=12)
        site, month = (places.ravel() for places in np.indices(data.numerator.shape))
        design = np.column_stack([month[:, None] == np.arange(15), WEDGE[data.arm].ravel()]).astype(float)
        theirs = sm.GEE(
            data.numerator.ravel(),
            design,
            groups=data.unit[site],
            offset=np.log(data.denominator.ravel()),
            family=sm.families.Poisson(),
            cov_struct=Independence(),
        )
        for kind, correction in (
            ("robust", ClusterCorrection.LIANG_ZEGER),
            ("bias_reduced", ClusterCorrection.MANCL_DEROUEN),
        ):
            found = theirs.fit(cov_type=kind)
            own = estimated(effects(patient_average_periods(data, correction=correction)).immediate)
            assert own.value == pytest.approx(found.params[-1], rel=1e-6)
            assert own.std_error == pytest.approx(found.bse[-1], rel=1e-6)

    def test_by_exposure_an_effect_that_grows_is_seen(self) -> None:
        """Each period of exposure adds 0.1: the constant effect is not the mean, the time-averaged one is."""
        data = trial(WEDGE, sites=80, effect=0.0)
        exposure = np.cumsum(WEDGE, axis=1)
        grown = data.numerator * np.exp(0.1 * -(-exposure[data.arm] // 3))
        before, found = (effects(patient_average_periods(each)) for each in (data, data.with_numerator(grown)))
        values = [estimated(each).value for each in found.by_exposure]
        added = np.array(values) - [estimated(each).value for each in before.by_exposure]
        assert added == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.03)
        assert estimated(found.time_averaged).value == pytest.approx(np.mean(values))
        assert estimated(found.long_term).value == values[-1]

    def test_a_difference_is_that_of_standardised_values(self) -> None:
        """With months and effect the model is saturated in ratios: value of all months at rate x (ratio - 1)."""
        data = trial(CROSSED)
        ratio = estimated(effects(patient_average_periods(data)).immediate)
        found = estimated(effects(patient_average_periods(data, scale="difference")).immediate)
        treated = CROSSED[data.arm] == 1
        usual = np.where(treated, data.numerator / ratio.ratio, data.numerator).sum() / data.denominator.sum()
        assert found.value == pytest.approx(usual * (ratio.ratio - 1), rel=0.02)
        assert found.scale == "difference"

    def test_more_months_than_units_are_no_obstacle(self) -> None:
        data = trial(WEDGE, sites=8)
        found = estimated(effects(patient_average_periods(data)).immediate)
        assert 1 < found.df < 8
        plain = effects(patient_average_periods(data, df_method=GeeDf.CLUSTERS_LESS_COEFFICIENTS)).immediate
        assert estimated(plain).df == 7


class TestSites:
    def test_the_model_by_hand(self) -> None:
        data = trial(WEDGE)
        site, month = (places.ravel() for places in np.indices(data.numerator.shape))
        design = np.column_stack([month[:, None] == np.arange(15), WEDGE[data.arm].ravel()]).astype(float)
        value = np.log(data.numerator / data.denominator).ravel()
        fit = fit_lmm(value, design, clusters=site, structure=NestedExchangeable(periods=month // 3))
        assert isinstance(fit, LmmFit)
        theirs, own = fit.estimate(np.eye(16)[15]), effects(site_average_periods(data))
        assert estimated(own.immediate).value == pytest.approx(theirs.value, abs=1e-7)
        assert estimated(own.immediate).std_error == pytest.approx(theirs.std_error, rel=1e-5)
        assert estimated(own.immediate).value == pytest.approx(-0.2, abs=0.05)

    def test_r_on_a_stepped_wedge_of_patients(self, shared_file) -> None:
        """lme4 with effects by time of exposure (case sw_eti_tate) with each patient as a site of its unit."""
        path = shared_file("reference/trials/data/sw.csv")
        with path.open(encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        found = effects(site_average_periods(_of_patients(rows), scale="difference"))
        assert estimated(found.time_averaged).value == pytest.approx(1.30755277079295, rel=1e-4)
        assert estimated(found.long_term).value == pytest.approx(1.11400449294477, rel=1e-4)

    def test_decay_is_a_sensitivity_analysis(self) -> None:
        data = trial(WEDGE)
        plain, decayed = (effects(site_average_periods(data, decay=decay)).immediate for decay in (False, True))
        assert estimated(decayed).value == pytest.approx(estimated(plain).value, abs=0.02)

    def test_networks_of_sites(self) -> None:
        found = estimated(effects(site_average_periods(trial(WEDGE, networks=12))).immediate)
        assert found.numbers["clusters"] == 12

    def test_zero_months(self) -> None:
        data = trial(WEDGE)
        numerator = data.numerator.copy()
        numerator[0, 0] = 0
        found = estimated(effects(site_average_periods(data.with_numerator(numerator))).immediate)
        assert any("Zero months" in note for note in found.notes)
        numerator[:8, :9] = 0
        refused = site_average_periods(data.with_numerator(numerator))
        assert isinstance(refused, NotEstimable)
        assert refused.reason == "zeros"


def _of_patients(rows: list[dict[str, str]]) -> TrialData:
    """Patients as sites with one month each; clusters as units."""
    cluster, period, start = (np.array([int(row[key]) for row in rows]) for key in ("cluster", "period", "start"))
    months = int(period.max())
    starts = np.unique(start)
    values = np.full((len(rows), months), np.nan)
    values[np.arange(len(rows)), period - 1] = [float(row["y_cont"]) for row in rows]
    return TrialData(
        sites=tuple(map(str, range(len(rows)))),
        arms=tuple(map(str, starts)),
        arm=np.searchsorted(starts, start),
        numerator=values,
        denominator=np.ones_like(values),
        n_before=0,
        kind="quantity",
        unit=cluster - 1,
        covariates=np.zeros((len(rows), 0)),
        covariate_names=(),
        stratum=np.zeros(len(rows), dtype=int),
        conditions=("control", "treated"),
        schedule=(np.arange(1, months + 1)[None, :] >= starts[:, None]).astype(int),
    )


class TestRows:
    def test_periods_are_runs_in_which_nobody_changes(self) -> None:
        assert periods_of(WEDGE).tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3
        transition = CROSSED.copy()
        transition[:, 6] = -1
        assert periods_of(transition).tolist() == [0] * 6 + [1] * 6

    def test_months_that_do_not_count_are_left_out(self) -> None:
        schedule = WEDGE.copy()
        schedule[0, 3] = -1
        rows = period_rows(trial(schedule))
        assert isinstance(rows, PeriodRows)
        assert len(rows.site) == 24 * 15 - 6

    def test_means_by_sequence_and_period(self) -> None:
        data = trial(CROSSED)
        rows = period_rows(data)
        assert isinstance(rows, PeriodRows)
        means = period_means(rows)
        assert [(m.drawn, m.period, m.condition, m.sites) for m in means] == [
            (0, 0, 0, 12), (0, 1, 1, 12), (1, 0, 1, 12), (1, 1, 0, 12)
        ]  # fmt: skip
        first = data.arm == 0
        assert means[0].patients_value == pytest.approx(
            data.numerator[first, :6].sum() / data.denominator[first, :6].sum()
        )

    def test_a_crossover_has_no_effect_by_exposure(self) -> None:
        found = effects(patient_average_periods(trial(CROSSED)))
        assert isinstance(found.time_averaged, NotEstimable)
        assert found.time_averaged.reason == "not-one-way"
        assert estimated(found.immediate).value == pytest.approx(-0.2, abs=0.1)

    def test_what_cannot_be_estimated(self) -> None:
        data = trial(WEDGE)
        parallel = replace(data, schedule=None)
        for answer in (patient_average_periods(parallel), site_average_periods(parallel)):
            assert isinstance(answer, NotEstimable)
            assert answer.reason == "no-schedule"
        nobody = patient_average_periods(replace(data, schedule=np.zeros_like(WEDGE)))
        assert isinstance(nobody, NotEstimable)
        assert (nobody.reason, "'visits'" in nobody.detail) == ("too-few-units", True)
        assert math.isfinite(estimated(effects(patient_average_periods(data)).immediate).std_error)
