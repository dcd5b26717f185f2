"""Arms taken together: main effects at the margins, simple effects and the interaction of a 2x2 factorial."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm

from enginehouse.stats.cluster_level import trial_cluster_level
from enginehouse.stats.comparison import arms_of, comparison, interaction
from enginehouse.stats.compliers import engaged_effect
from enginehouse.stats.patient_average import PatientAverage, fit_patient_average, patient_average
from enginehouse.stats.permutation import PermutationTest
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.stats.site_average import SiteAverage, fit_site_average, site_average
from enginehouse.stats.trial_columns import adjustment
from enginehouse.stats.trial_interactions import GroupEffects, group_effects
from enginehouse.stats.trial_permutation import trial_permutation

# Arms 0 to 3: neither component, the first, the second, both.
WITH, WITHOUT = (1, 3), (0, 2)
OTHER_WITH, OTHER_WITHOUT = (2, 3), (0, 1)


def estimated(answer: object) -> Estimate:
    assert isinstance(answer, Estimate), answer
    return answer


@pytest.fixture(scope="module")
def data(trial_of):
    """80 sites of four arms of unequal numbers."""
    whole = trial_of(arms=4, sites=80, kind="quantity", seed=5)
    arm = whole.arm.copy()
    arm[[0, 4, 8, 12]] = 3
    return whole.with_arm(arm)


def values(data) -> np.ndarray:
    top, bottom = data.totals(before=False)
    return np.array([top[data.arm == arm].sum() / bottom[data.arm == arm].sum() for arm in range(4)])


def test_arms_of_a_side_count_the_same(data) -> None:
    cells = values(data)
    ratio = estimated(patient_average(data, arm=WITH, over=WITHOUT, adjust=False))
    logs = np.log(cells)
    assert ratio.value == pytest.approx((logs[1] + logs[3] - logs[0] - logs[2]) / 2)
    difference = estimated(patient_average(data, arm=WITH, over=WITHOUT, adjust=False, scale="difference"))
    assert difference.value == pytest.approx((cells[1] + cells[3] - cells[0] - cells[2]) / 2)


def test_a_main_effect_is_the_mean_of_the_simple_effects_and_the_interaction_their_difference(data) -> None:
    fit = fit_patient_average(data)
    assert isinstance(fit, PatientAverage)
    without, with_other = (estimated(fit.effect(arm=arm, over=over)) for arm, over in ((1, 0), (3, 2)))
    main = estimated(fit.effect(arm=WITH, over=WITHOUT))
    both = estimated(fit.weighted(interaction((WITH, WITHOUT), (OTHER_WITH, OTHER_WITHOUT))))
    assert main.value == pytest.approx((without.value + with_other.value) / 2)
    assert both.value == pytest.approx(with_other.value - without.value)
    assert both.std_error == pytest.approx(2 * main.std_error, rel=0.2)


def test_the_cluster_level_by_coding_of_plus_and_minus_a_half(data) -> None:
    """statsmodels: coefficients of half-coded components are main effects at the margins."""
    top, bottom = data.totals(before=False)
    first, second = np.isin(data.arm, WITH) - 0.5, np.isin(data.arm, OTHER_WITH) - 0.5
    design = np.column_stack([np.ones(80), first, second, first * second, adjustment(data, np.arange(80)).values])
    theirs = sm.OLS(np.log(top / bottom), design).fit()
    for place, sides in ((1, (WITH, WITHOUT)), (2, (OTHER_WITH, OTHER_WITHOUT))):
        own = estimated(trial_cluster_level(data, arm=sides[0], over=sides[1]))
        assert own.value == pytest.approx(theirs.params[place])
        assert own.std_error == pytest.approx(theirs.bse[place])
        assert own.df == theirs.df_resid


def test_the_mixed_model_of_sites(data) -> None:
    fit = fit_site_average(data)
    assert isinstance(fit, SiteAverage)
    main = estimated(fit.effect(arm=WITH, over=WITHOUT))
    simple = [estimated(site_average(data, arm=arm, over=over)).value for arm, over in ((1, 0), (3, 2))]
    assert main.value == pytest.approx(np.mean(simple), abs=1e-8)
    both = estimated(fit.weighted(interaction((WITH, WITHOUT), (OTHER_WITH, OTHER_WITHOUT))))
    assert both.value == pytest.approx(simple[1] - simple[0], abs=1e-8)
    assert main.std_error < estimated(site_average(data, arm=1, over=0)).std_error


def test_the_permutation_test_takes_the_two_sides(data) -> None:
    """Sides of two arms are the same as one arm on either side under other names."""
    rng = np.random.default_rng(3)
    allocations = np.array([rng.permutation(data.arm) for _ in range(99)])
    two = data.with_arm(np.isin(data.arm, WITH).astype(int))
    pooled = trial_permutation(data, allocations, arm=WITH, over=WITHOUT, exact=False, average="sites")
    plain = trial_permutation(two, np.isin(allocations, WITH).astype(int), exact=False, average="sites")
    assert isinstance(pooled, PermutationTest)
    assert pooled == plain


def test_groups_have_a_margin_of_their_own(data) -> None:
    group = np.arange(80) // 40
    found = group_effects(data, group, groups=2, compared=range(2), arm=WITH, over=WITHOUT)
    assert isinstance(found, GroupEffects)
    cells = [
        estimated(group_effects(data, group, groups=2, compared=range(2), arm=arm, over=over).effects[0]).value
        for arm, over in ((1, 0), (3, 2))
    ]
    assert estimated(found.effects[0]).value == pytest.approx(np.mean(cells), abs=0.02)
    both = estimated(found.effects[1]).value - estimated(found.effects[0]).value
    assert estimated(found.interaction).value == pytest.approx(both)


def test_engaged_sites_of_either_arm(data) -> None:
    engaged = np.isin(data.arm, WITH)
    found = estimated(
        engaged_effect(data, engaged, comparator_could_not_receive=True, arm=WITH, over=WITHOUT, adjust=False)
    )
    top, bottom = data.totals(before=False)
    sides = [top[np.isin(data.arm, side)].sum() / bottom[np.isin(data.arm, side)].sum() for side in (WITH, WITHOUT)]
    assert found.ratio == pytest.approx(sides[0] / sides[1])


def test_correlation_of_comparisons_with_one_control(data) -> None:
    """Equal arms: a half, whatever the model; the covariance of sums is that of its parts."""
    fit = fit_patient_average(data)
    assert isinstance(fit, PatientAverage)
    compared = [comparison(arm, 0) for arm in (1, 2, 3)]
    found = fit.correlation(compared, scale="log-ratio")
    assert np.diag(found) == pytest.approx(np.ones(3))
    for one, two in itertools.combinations(range(3), 2):
        assert found[one, two] == pytest.approx(0.5, abs=0.25)
    model = fit_site_average(data)
    assert isinstance(model, SiteAverage)
    assert model.correlation(compared)[0, 1] == pytest.approx(0.5, abs=0.1)


def test_an_arm_of_a_side_without_sites_is_told(data) -> None:
    arm = np.where(data.arm == 2, 0, data.arm)
    found = patient_average(data.with_arm(arm), arm=WITH, over=WITHOUT)
    assert isinstance(found, NotEstimable)
    assert (found.reason, "'c'" in found.detail) == ("too-few-units", True)


def test_sides_and_cells_that_mean_nothing() -> None:
    with pytest.raises(ValueError, match="sides need arms of their own"):
        comparison((1, 2), (2, 0))
    with pytest.raises(ValueError, match="sides need arms of their own"):
        comparison((), 0)
    with pytest.raises(ValueError, match="each cell of a 2x2 factorial is one arm"):
        interaction((WITH, WITHOUT), (WITH, WITHOUT))
    assert arms_of(1, (0, 1)) == (1, 0)
    assert math.fsum(comparison((1, 2, 3), 0).values()) == pytest.approx(0)
