"""The effect among the engaged, effects by group, changes of a gradient: second implementations and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import brentq

from enginehouse.stats.compliers import NOT_REGISTERED, engaged_effect
from enginehouse.stats.gee import ClusterCorrection
from enginehouse.stats.patient_average import patient_average
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.stats.trial_columns import adjustment
from enginehouse.stats.trial_interactions import GradientChange, GroupEffects, gradient_change, group_effects, ridit


def estimated(answer: object) -> Estimate:
    assert isinstance(answer, Estimate), answer
    return answer


def refused(answer: object) -> NotEstimable:
    assert isinstance(answer, NotEstimable), answer
    return answer


@pytest.fixture
def data(trial_of):
    return trial_of(sites=80)


@pytest.fixture
def engaged(data) -> np.ndarray:
    return (data.arm == 1) & (np.arange(80) % 3 != 0)


class TestEngaged:
    def test_the_ratio_without_covariates_is_the_closed_form(self, data, engaged) -> None:
        """Y_E / (r0 D1 - Y_N)."""
        top, bottom = data.totals(before=False)
        level = top[data.arm == 0].sum() / bottom[data.arm == 0].sum()
        other = (data.arm == 1) & ~engaged
        expected = top[engaged].sum() / (level * bottom[data.arm == 1].sum() - top[other].sum())
        found = estimated(engaged_effect(data, engaged, comparator_could_not_receive=True, adjust=False))
        assert found.ratio == pytest.approx(expected)

    def test_the_difference_without_covariates_is_wald(self, data, engaged) -> None:
        _top, bottom = data.totals(before=False)
        crude = estimated(patient_average(data, scale="difference", adjust=False)).value
        share = bottom[engaged].sum() / bottom[data.arm == 1].sum()
        found = estimated(
            engaged_effect(data, engaged, comparator_could_not_receive=True, adjust=False, scale="difference")
        )
        assert found.value == pytest.approx(crude / share)
        assert found.numbers["engaged_share_of_patients"] == pytest.approx(share)

    def test_everybody_engaged_is_the_effect_as_allocated(self, data) -> None:
        """Exactly without covariates; with them the two sets of equations weigh sites a little differently."""
        for adjust, tolerance in ((False, 1e-9), (True, 0.01)):
            found = estimated(engaged_effect(data, data.arm == 1, comparator_could_not_receive=True, adjust=adjust))
            whole = estimated(patient_average(data, correction=ClusterCorrection.DEGREES_OF_FREEDOM, adjust=adjust))
            assert found.value == pytest.approx(whole.value, abs=tolerance)
            assert found.std_error == pytest.approx(whole.std_error, rel=10 * tolerance)

    def test_the_error_is_near_the_bootstraps(self, data, engaged) -> None:
        """Sites drawn again within arms; the ratio by the closed form."""
        top, bottom = data.totals(before=False)
        rng = np.random.default_rng(4)
        values = []
        for _ in range(800):
            zero, one = (rng.choice(np.flatnonzero(data.arm == arm), 40) for arm in (0, 1))
            level = top[zero].sum() / bottom[zero].sum()
            e = engaged[one]
            values.append(math.log(top[one][e].sum() / (level * bottom[one].sum() - top[one][~e].sum())))
        found = estimated(engaged_effect(data, engaged, comparator_could_not_receive=True, adjust=False))
        assert found.std_error == pytest.approx(np.std(values), rel=0.15)

    def test_with_covariates_arms_do_not_differ_once_the_effect_is_taken_off(self, data, engaged) -> None:
        """G-estimation by a search in one dimension and a Poisson regression at each step."""
        top, bottom = data.totals(before=False)
        design = np.column_stack([np.ones(80), adjustment(data, np.arange(80)).values])

        def gap(psi: float) -> float:
            restored = top * np.exp(-psi * engaged)
            fit = sm.GLM(restored, design, offset=np.log(bottom), family=sm.families.Poisson()).fit(tol=1e-12)
            return float((restored - fit.fittedvalues)[data.arm == 1].sum())

        found = estimated(engaged_effect(data, engaged, comparator_could_not_receive=True))
        assert found.value == pytest.approx(brentq(gap, -2, 1, xtol=1e-9), abs=1e-6)

    def test_refusals(self, data, engaged) -> None:
        assert engaged_effect(data, engaged, comparator_could_not_receive=False) is NOT_REGISTERED
        everywhere = np.ones(80, dtype=bool)
        assert (
            refused(engaged_effect(data, everywhere, comparator_could_not_receive=True)).reason == "comparator-received"
        )
        few = engaged & (np.arange(80) < 6)
        assert refused(engaged_effect(data, few, comparator_could_not_receive=True)).reason == "too-few-engaged"


class TestGroups:
    def test_without_covariates_each_group_is_its_own_trial(self, trial_of) -> None:
        """Groups that cut the strata: a saturated model gives each group's ratio of values."""
        data = trial_of(sites=80)
        group = (np.arange(80) // 2) % 2
        found = group_effects(data, group, groups=2, compared=(0, 1))
        assert isinstance(found, GroupEffects)
        low, high = (estimated(effect) for effect in found.effects)
        assert estimated(found.interaction).value == pytest.approx(high.value - low.value)
        assert found.joint is not None
        interaction = estimated(found.interaction)
        assert found.joint.p_value == pytest.approx(interaction.p_value(), abs=0.01)

    def test_an_effect_in_one_group_only_is_seen(self, trial_of) -> None:
        data = trial_of(sites=200, ratio=1.0)
        group = (np.arange(200) // 2) % 3
        numerator = data.numerator.copy()
        numerator[(group == 2) & (data.arm == 1), 6:] *= 0.7
        for scale in ("log-ratio", "difference"):
            found = group_effects(data.with_numerator(numerator), group, groups=3, compared=(0, 1, 2), scale=scale)
            assert isinstance(found, GroupEffects)
            assert found.joint is not None
            assert found.joint.p_value < 1e-4
            assert found.joint.df_numerator == 2
            assert estimated(found.interaction).interval().high < 0

    def test_differences_are_standardised_over_the_group(self, trial_of) -> None:
        """One group is everybody: the difference is that of the whole trial."""
        data = trial_of(sites=80)
        found = group_effects(data, np.zeros(80, dtype=int), groups=1, compared=(0,), scale="difference")
        assert isinstance(found, GroupEffects)
        whole = estimated(patient_average(data, scale="difference"))
        assert estimated(found.effects[0]).value == pytest.approx(whole.value)
        assert estimated(found.effects[0]).std_error == pytest.approx(whole.std_error)
        assert refused(found.interaction).reason == "one-group"

    def test_small_groups_say_so(self, trial_of) -> None:
        data = trial_of(sites=60)
        group = np.where(np.arange(60) < 4, 2, (np.arange(60) // 2) % 2)
        found = group_effects(data, group, groups=3, compared=(0, 1, 2))
        assert isinstance(found, GroupEffects)
        assert refused(found.effects[2]).reason == "too-few-units"
        assert refused(found.interaction).reason == "too-few-units"
        assert refused(group_effects(data, np.arange(60) // 2, groups=30, compared=range(30))).reason == "too-few-units"


class TestGradient:
    def test_ridits(self) -> None:
        """Weights 1, 2, 1 of values 3, 1, 3: two of four below, one half of the two equal ones."""
        assert ridit(np.array([3.0, 1.0, 3.0]), np.array([1.0, 2.0, 1.0])) == pytest.approx([0.75, 0.25, 0.75])

    def test_a_widening_in_one_arm_is_found(self, trial_of) -> None:
        data = trial_of(sites=200, ratio=1.0)
        attribute = np.random.default_rng(8).permutation(200).astype(float)
        rank = ridit(attribute, data.totals(before=True)[1])
        numerator = data.numerator.copy()
        numerator[data.arm == 1, 6:] *= np.exp(0.3 * (rank[data.arm == 1] - 0.5))[:, None]
        found = gradient_change(data.with_numerator(numerator), attribute)
        assert isinstance(found, GradientChange)
        assert found.change.value == pytest.approx(0.3, abs=3.5 * found.change.std_error)
        before, after, over_before, over_after = found.indices
        assert math.exp(found.change.value) == pytest.approx(after / before / (over_after / over_before))

    def test_statsmodels_agrees(self, trial_of) -> None:
        data = trial_of(sites=60)
        attribute = np.arange(60.0)
        rank = ridit(attribute, data.totals(before=True)[1])
        (y0, d0), (y1, d1) = (data.totals(before=when) for when in (True, False))
        base = np.column_stack([np.ones(60), rank, data.arm, data.arm * rank])
        design = np.vstack([np.hstack([base, 0 * base]), np.hstack([base, base])])
        theirs = sm.GEE(
            np.concatenate([y0, y1]),
            design,
            groups=np.tile(np.arange(60), 2),
            offset=np.log(np.concatenate([d0, d1])),
            family=sm.families.Poisson(),
        ).fit(cov_type="bias_reduced")
        found = gradient_change(data, attribute, correction=ClusterCorrection.MANCL_DEROUEN)
        assert isinstance(found, GradientChange)
        assert found.change.value == pytest.approx(theirs.params[-1], rel=1e-5)
        assert found.change.std_error == pytest.approx(theirs.bse[-1], rel=1e-5)

    def test_it_needs_a_baseline_and_values(self, trial_of) -> None:
        data = trial_of(sites=20)
        assert refused(gradient_change(data, np.full(20, np.nan))).reason == "too-few-units"
        empty = trial_of(sites=20, before=0)
        assert refused(gradient_change(empty, np.arange(20.0))).reason == "no-baseline"
