"""Patient-average, site-average and cluster-level effects of made-up trials, a second time by other means."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.genmod.cov_struct import Independence
from statsmodels.regression.mixed_linear_model import MixedLM

from enginehouse.stats.cluster_level import cluster_ancova, cluster_t_test, residual_summaries, trial_cluster_level
from enginehouse.stats.gee import ClusterCorrection, GeeFit, gee
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.freedom import DfMethod
from enginehouse.stats.lmm.structures import RandomTerm, RandomTerms
from enginehouse.stats.patient_average import PatientAverage, fit_patient_average, patient_average
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.stats.site_average import site_average
from enginehouse.stats.trial_columns import BASELINE, adjustment, analysed_sites


def estimated(answer: object) -> Estimate:
    assert isinstance(answer, Estimate), answer
    return answer


def refused(answer: object) -> NotEstimable:
    assert isinstance(answer, NotEstimable), answer
    return answer


def fitted(answer: object) -> PatientAverage:
    assert isinstance(answer, PatientAverage), answer
    return answer


def columns(data) -> np.ndarray:
    rows = analysed_sites(data)
    return np.column_stack([np.ones(len(rows)), data.arm[rows] == 1, adjustment(data, rows).values])


class TestPatientAverage:
    def test_unadjusted_it_is_the_ratio_of_the_arms_values(self, trial_of) -> None:
        data = trial_of()
        numerator, denominator = data.totals(before=False)
        values = [numerator[data.arm == arm].sum() / denominator[data.arm == arm].sum() for arm in (0, 1)]
        ratio = estimated(patient_average(data, adjust=False))
        difference = estimated(patient_average(data, adjust=False, scale="difference"))
        assert ratio.ratio == pytest.approx(values[1] / values[0])
        assert difference.value == pytest.approx(values[1] - values[0])

    def test_rows_of_months_give_the_same_answer(self, trial_of) -> None:
        """Covariates do not change from month to month, so the sums of months are sufficient."""
        data = trial_of(networks=16)
        rows, months = analysed_sites(data), data.numerator.shape[1] - data.n_before
        fit = gee(
            data.numerator[rows, data.n_before :].ravel(),
            np.repeat(columns(data), months, axis=0),
            clusters=np.repeat(data.unit[rows], months),
            offset=np.log(data.denominator[rows, data.n_before :]).ravel(),
        )
        assert isinstance(fit, GeeFit)
        months_first = fit.contrast({"x2": 1.0})
        own = estimated(patient_average(data))
        assert own.value == pytest.approx(months_first.value, abs=1e-9)
        assert own.std_error == pytest.approx(months_first.std_error, rel=1e-7)
        assert own.df == months_first.df

    def test_statsmodels_agrees(self, trial_of) -> None:
        data = trial_of(networks=20, kind="quantity")
        numerator, denominator = data.totals(before=False)
        theirs = sm.GEE(
            numerator,
            columns(data),
            groups=data.unit,
            offset=np.log(denominator),
            family=sm.families.Poisson(),
            cov_struct=Independence(),
        )
        for kind, correction in (
            ("robust", ClusterCorrection.LIANG_ZEGER),
            ("bias_reduced", ClusterCorrection.MANCL_DEROUEN),
        ):
            found = theirs.fit(cov_type=kind)
            own = estimated(patient_average(data, correction=correction))
            assert own.value == pytest.approx(found.params[1], rel=1e-6)
            assert own.std_error == pytest.approx(found.bse[1], rel=1e-6)

    def test_the_difference_is_standardised_over_all_sites(self, trial_of) -> None:
        """The gradient of the delta method against numerical differences."""
        data = trial_of()
        fit = fitted(fit_patient_average(data))
        value, gradient = fit.standardised(1)
        for place in range(len(fit.fit.coefficients)):
            step = np.zeros(len(fit.fit.coefficients))
            step[place] = 1e-6
            moved = replace(fit, fit=replace(fit.fit, coefficients=fit.fit.coefficients + step))
            assert gradient[place] == pytest.approx((moved.standardised(1)[0] - value) / 1e-6, rel=1e-4, abs=1e-9)

    def test_adjusting_for_the_baseline_makes_it_sharper(self, trial_of) -> None:
        data = trial_of()
        assert (
            estimated(patient_average(data)).std_error < 0.8 * estimated(patient_average(data, adjust=False)).std_error
        )

    def test_any_contrast_of_three_arms(self, trial_of) -> None:
        data = trial_of(arms=3, sites=60)
        one, two, three = (
            estimated(patient_average(data, arm=arm, over=over)).value for arm, over in ((1, 0), (2, 1), (2, 0))
        )
        assert one + two == pytest.approx(three)

    def test_sites_without_a_month_before_or_after_are_left_out(self, trial_of) -> None:
        data = trial_of()
        numerator = data.numerator.copy()
        numerator[0, :6], numerator[1, 6:] = np.nan, np.nan
        found = estimated(patient_average(data.with_numerator(numerator)))
        assert found.numbers["sites"] == 38

    def test_a_missing_month_takes_its_patients_with_it(self, trial_of) -> None:
        data = trial_of()
        numerator = data.numerator.copy()
        numerator[3, 7] = np.nan
        changed = data.with_numerator(numerator)
        top, bottom = changed.totals(before=False)
        assert top[3] == np.nansum(numerator[3, 6:])
        assert bottom[3] == pytest.approx(5 * data.denominator[3, 0])
        estimated(patient_average(changed))

    def test_an_arm_with_one_unit(self, trial_of) -> None:
        data = trial_of(sites=8)
        arm = np.zeros(8, dtype=int)
        arm[0] = 1
        assert refused(patient_average(data.with_arm(arm))).reason in ("leverage", "too-few-units")

    def test_one_arm_alone(self, trial_of) -> None:
        data = trial_of(sites=8)
        assert refused(patient_average(data.with_arm(np.zeros(8, dtype=int)))).reason == "one-arm"


class TestAdjustment:
    def test_a_baseline_of_zero_is_told(self, trial_of) -> None:
        data = trial_of()
        numerator = data.numerator.copy()
        numerator[0, :6] = 0
        changed = data.with_numerator(numerator)
        found = estimated(patient_average(changed))
        assert "Sites with a baseline of zero, for which half of the smallest other value was used: 1." in found.notes

    def test_no_events_before_at_all(self, trial_of) -> None:
        data = trial_of()
        numerator = data.numerator.copy()
        numerator[:, :6] = 0
        found = adjustment(data.with_numerator(numerator), np.arange(40))
        assert BASELINE not in found.names
        assert found.notes == ("No site has any event in the baseline, so it is not adjusted for.",)

    def test_strata_where_there_are_enough_units(self, trial_of) -> None:
        assert "stratum 1" in adjustment(trial_of(strata=2), np.arange(40)).names
        few = adjustment(trial_of(strata=10), np.arange(40))
        assert not any(name.startswith("stratum") for name in few.names)
        assert "The 10 strata are not adjusted for" in few.notes[0]

    def test_what_does_not_vary_or_repeats_is_left_out(self, trial_of) -> None:
        data = trial_of()
        extra = np.column_stack([data.covariates, 2 * data.covariates + 1, np.ones(40)])
        changed = replace(data, covariates=extra, covariate_names=("one", "again", "constant"))
        assert adjustment(changed, np.arange(40)).names == (BASELINE, "one")


class TestSiteAverage:
    def test_statsmodels_agrees_on_logarithms(self, trial_of) -> None:
        """One level of each site in baseline and one in follow-up, correlated, by restricted likelihood."""
        data = trial_of(kind="quantity", sites=30)
        months = data.numerator.shape[1]
        after = np.tile(np.arange(months) >= 6, 30).astype(float)
        site = np.repeat(np.arange(30), months)
        dummies = (np.tile(np.arange(months), 30)[:, None] == np.arange(1, months)).astype(float)
        covariate = data.covariates[:, 0] - data.covariates[:, 0].mean()
        design = np.column_stack([np.ones(len(site)), dummies, after * (data.arm[site] == 1), after * covariate[site]])
        value, terms = np.log(data.numerator / data.denominator).ravel(), np.column_stack([1 - after, after])
        theirs = MixedLM(value, design, groups=site, exog_re=terms).fit(reml=True, method="bfgs")
        own = estimated(site_average(data))
        assert own.value == pytest.approx(theirs.fe_params[-2], rel=1e-4)
        fit = fit_lmm(value, design, clusters=site, structure=RandomTerms((RandomTerm(columns=terms),)))
        assert isinstance(fit, LmmFit)
        assert fit.deviance == pytest.approx(-2 * theirs.llf, abs=1e-4)
        # The error by whole matrices at the estimated variances; statsmodels prints another one (joint Hessian).
        whole = np.kron(np.eye(30), terms[:months] @ fit.random_covariance() @ terms[:months].T)
        inverse = np.linalg.inv(whole + fit.residual_variance * np.eye(len(value)))
        covariance = np.linalg.inv(design.T @ inverse @ design)
        assert fit.std_errors[-2] == pytest.approx(math.sqrt(covariance[-2, -2]), rel=1e-4)
        weights = np.eye(design.shape[1])[-2]
        adjusted = fit.estimate(weights, method=DfMethod.KENWARD_ROGER)
        assert own.std_error == pytest.approx(adjusted.std_error, rel=1e-6)
        assert own.df == pytest.approx(min(adjusted.df, 30 - 3))

    def test_complete_months_give_the_analysis_of_the_sites_two_means(self, trial_of) -> None:
        """Balanced: the weight of the baseline is between that of the change and of the follow-up alone."""
        data = trial_of(kind="quantity")
        logs = np.log(data.numerator / data.denominator)
        before, after = logs[:, :6].mean(axis=1), logs[:, 6:].mean(axis=1)
        own = estimated(site_average(data, adjust=False))
        ancova = estimated(cluster_ancova(after, data.arm, covariates=before))
        assert own.value == pytest.approx(ancova.value, abs=0.01)
        assert own.std_error == pytest.approx(ancova.std_error, rel=0.1)

    def test_counts_are_modelled_as_counts(self, trial_of) -> None:
        found = estimated(site_average(trial_of(rate=0.002)))
        assert found.value == pytest.approx(math.log(0.8), abs=4 * found.std_error)
        assert found.df == 40 - 3
        assert "size" in found.numbers or any("Poisson" in note for note in found.notes)

    def test_a_difference(self, trial_of) -> None:
        data = trial_of(kind="quantity")
        numerator, denominator = data.totals(before=False)
        values = numerator / denominator
        crude = values[data.arm == 1].mean() - values[data.arm == 0].mean()
        found = estimated(site_average(data, scale="difference"))
        assert found.value == pytest.approx(crude, abs=0.005)
        assert found.scale == "difference"

    def test_a_few_zero_months_are_told_and_many_refused(self, trial_of) -> None:
        data = trial_of(kind="quantity")
        numerator = data.numerator.copy()
        numerator[0, 0] = 0
        found = estimated(site_average(data.with_numerator(numerator)))
        assert "Zero months, for which half of the smallest other value was used: 1." in found.notes
        numerator[:10, :6] = 0
        assert refused(site_average(data.with_numerator(numerator))).reason == "zeros"

    def test_networks_have_fewer_degrees_of_freedom_than_sites(self, trial_of) -> None:
        found = estimated(site_average(trial_of(networks=16, kind="quantity")))
        assert found.df <= 16 - 3
        assert found.value == pytest.approx(math.log(0.8), abs=4 * found.std_error)

    def test_it_needs_months_on_either_side(self, trial_of) -> None:
        data = replace(trial_of(), n_before=0)
        assert refused(site_average(data)).reason == "too-few-months"


class TestClusterLevel:
    def test_it_is_least_squares_of_logs(self, trial_of) -> None:
        data = trial_of()
        rates = [np.log(top / bottom) for top, bottom in (data.totals(before=True), data.totals(before=False))]
        design = np.column_stack([np.ones(40), data.arm, rates[0], data.covariates])
        theirs = sm.OLS(rates[1], design).fit()
        own = estimated(trial_cluster_level(data))
        assert own.value == pytest.approx(theirs.params[1])
        assert own.std_error == pytest.approx(theirs.bse[1])
        assert own.df == theirs.df_resid

    def test_networks_are_taken_together(self, trial_of) -> None:
        found = estimated(trial_cluster_level(trial_of(networks=16), adjust=False))
        assert (found.numbers["clusters"], found.df) == (16, 14)

    def test_a_unit_without_events_is_told(self, trial_of) -> None:
        data = trial_of()
        numerator = data.numerator.copy()
        numerator[0, 6:] = 0
        found = estimated(trial_cluster_level(data.with_numerator(numerator)))
        assert any("Units without an event" in note for note in found.notes)

    def test_too_little_to_compare(self) -> None:
        assert refused(cluster_t_test([1, 2, 3], [0, 0, 1])).reason == "too-few-clusters"
        assert refused(cluster_t_test([1, 1, 2, 2], [0, 0, 1, 1])).reason == "no-variation"
        assert refused(cluster_ancova([1, 2], [0, 1])).reason == "too-few-clusters"
        assert refused(cluster_ancova([1, 1, 2, 2], [0, 0, 1, 1])).reason == "no-variation"
        assert refused(cluster_ancova([1, 2, 3, 4], [0, 0, 1, 1], covariates=[0, 0, 2, 2])).reason == "aliased-columns"
        with pytest.raises(ValueError, match="one finite summary and one arm"):
            cluster_t_test([1, np.nan], [0, 1])
        with pytest.raises(ValueError, match="needs an event in every cluster"):
            residual_summaries([0.0], [1.0], [1.0], scale="log-ratio")
