"""Degrees of freedom and F tests of linear mixed models against whole matrices and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.freedom import SENTENCES, DfMethod, recommended
from enginehouse.stats.lmm.structures import (
    DiscreteTimeDecay,
    InterceptAndSlope,
    NestedExchangeable,
    RandomIntercept,
    crossed,
)


def fitted(answer: object) -> LmmFit:
    assert isinstance(answer, LmmFit), answer
    return answer


def balanced(clusters: int = 10, size: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A parallel trial of equal clusters: outcome, design and cluster."""
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(clusters), size)
    arm = (cluster % 2).astype(float)
    outcome = rng.normal(size=clusters)[cluster] + 0.5 * arm + rng.normal(size=len(cluster))
    return outcome, np.column_stack([np.ones(len(cluster)), arm]), cluster


@pytest.mark.parametrize("method", [DfMethod.SATTERTHWAITE, DfMethod.KENWARD_ROGER, DfMethod.BETWEEN_WITHIN])
def test_equal_clusters_give_the_t_test_of_their_means(method: DfMethod) -> None:
    outcome, design, cluster = balanced()
    means = outcome.reshape(10, 4).mean(axis=1)
    t = stats.ttest_ind(means[1::2], means[::2])
    found = fitted(fit_lmm(outcome, design, clusters=cluster)).estimate([0, 1], method=method)
    assert found.df == pytest.approx(8, rel=1e-6)
    assert found.value / found.std_error == pytest.approx(t.statistic, rel=1e-7)
    assert found.p_value() == pytest.approx(t.pvalue, rel=1e-6)


STRUCTURES = ("intercept", "slope", "nested")


def parts_of(name: str, trial, same) -> tuple[object, list[np.ndarray]]:
    n, slope = len(trial.cluster), trial.period - 1.0
    cluster, row = same(trial.cluster), np.eye(n)
    if name == "intercept":
        return RandomIntercept(), [cluster, row]
    if name == "nested":
        return NestedExchangeable(periods=trial.period), [cluster, same(crossed(trial.cluster, trial.period, n)), row]
    mixed = cluster * (slope[:, None] + slope[None, :])
    return InterceptAndSlope(column=slope), [cluster, cluster * np.outer(slope, slope), mixed, row]


@pytest.mark.parametrize(
    "contrasts", [[[0, 1, 0, 0]], [[0, 1, 0, 0], [0, 0, 1, 1]], [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, -1]]]
)
@pytest.mark.parametrize("name", STRUCTURES)
def test_kenward_and_roger_by_whole_matrices(name: str, contrasts: list, trial, dense, same_member) -> None:
    structure, parts = parts_of(name, trial, same_member)
    fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, structure=structure))
    at = np.array([part.value for part in fit.components()])
    covariance, statistic, df, p_value = dense(trial.outcome, trial.design, parts).kenward_roger(
        at, np.array(contrasts, float)
    )
    test = fit.joint_test(contrasts, method=DfMethod.KENWARD_ROGER)
    assert test.statistic == pytest.approx(statistic, rel=1e-6)
    assert test.denominator_df == pytest.approx(df, rel=1e-6)
    assert test.p_value == pytest.approx(p_value, rel=1e-5)
    if len(contrasts) == 1:
        alone = fit.estimate(contrasts[0], method=DfMethod.KENWARD_ROGER)
        assert alone.std_error == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-7)
        assert alone.df == pytest.approx(df, rel=1e-6)


def test_kenward_and_roger_with_weights(trial, dense, same_member) -> None:
    fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, weights=trial.weights))
    at = np.array([part.value for part in fit.components()])
    parts = [same_member(trial.cluster), np.diag(1 / trial.weights)]
    covariance, _, df, _ = dense(trial.outcome, trial.design, parts).kenward_roger(at, np.array([[0.0, 1, 0, 0]]))
    alone = fit.estimate([0, 1, 0, 0], method=DfMethod.KENWARD_ROGER)
    assert alone.std_error == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-7)
    assert alone.df == pytest.approx(df, rel=1e-6)


def test_kenward_and_roger_of_decay_by_whole_matrices(trial, dense, same_member) -> None:
    """V bends as r changes: the paper's formula with the second derivatives, R_ij = X'V^-1 (d2V) V^-1 X, by loops."""
    structure = DiscreteTimeDecay(times=trial.period)
    fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, structure=structure))
    a, s = (part.value for part in fit.components())
    gap, cluster, x = np.abs(trial.period[:, None] - trial.period), same_member(trial.cluster), trial.design
    power = [cluster * np.where(gap >= k, fit.decay ** (gap - k), 0.0) for k in range(3)]
    first = [power[0], a * gap * power[1], np.eye(len(gap))]
    none = np.zeros_like(gap, dtype=float)
    second = [[none, gap * power[1], none], [gap * power[1], a * gap * (gap - 1) * power[2], none], [none, none, none]]
    inverse = np.linalg.inv(a * power[0] + s * np.eye(len(gap)))
    phi = np.linalg.inv(x.T @ inverse @ x)
    p = [-x.T @ inverse @ one @ inverse @ x for one in first]
    information, shift = np.empty((3, 3)), np.zeros_like(phi)
    for i, j in np.ndindex(3, 3):
        q = x.T @ inverse @ first[i] @ inverse @ first[j] @ inverse @ x
        information[i, j] = np.trace(inverse @ first[i] @ inverse @ first[j]) - 2 * np.trace(phi @ q)
        information[i, j] += np.trace(phi @ p[i] @ phi @ p[j])
    spread = 2 * np.linalg.inv(information)
    for i, j in np.ndindex(3, 3):
        q = x.T @ inverse @ first[i] @ inverse @ first[j] @ inverse @ x
        bend = x.T @ inverse @ second[i][j] @ inverse @ x
        shift += spread[i, j] * (q - p[i] @ phi @ p[j] - bend / 4)
    adjusted = phi + 2 * phi @ shift @ phi
    found = fit.estimate([0, 1, 0, 0], method=DfMethod.KENWARD_ROGER)
    assert found.std_error == pytest.approx(math.sqrt(adjusted[1, 1]), rel=1e-6)
    moved = np.array([-(phi @ one @ phi)[1, 1] for one in p])
    assert found.df == pytest.approx(2 * phi[1, 1] ** 2 / (moved @ spread @ moved), rel=1e-6)


def numeric_moments(dense, trial, variances, parts_at, weights) -> tuple[float, float]:
    """Variance of a contrast and Satterthwaite's degrees of freedom, all derivatives by differences."""
    step = 1e-4 * np.abs(variances)

    def deviance(at):
        return dense(trial.outcome, trial.design, [parts_at(at)]).deviance(np.ones(1))

    def variance(at):
        return float(weights @ dense(trial.outcome, trial.design, [parts_at(at)]).beta(np.ones(1))[1] @ weights)

    r = len(variances)
    shifts = np.diag(step)
    gradient = np.array([(variance(variances + s) - variance(variances - s)) / (2 * s.sum()) for s in shifts])
    hessian = np.array(
        [
            [
                sum(a * b * deviance(variances + a * shifts[i] + b * shifts[j]) for a in (1, -1) for b in (1, -1))
                / (4 * step[i] * step[j])
                for j in range(r)
            ]
            for i in range(r)
        ]
    )
    spread = gradient @ np.linalg.solve(hessian / 2, gradient)
    return variance(variances), 2 * variance(variances) ** 2 / spread


@pytest.mark.parametrize("name", [*STRUCTURES, "decay"])
def test_satterthwaite_by_differences(name: str, trial, dense, same_member) -> None:
    weights = np.array([0.0, 1, 0, 0])
    if name == "decay":
        structure: object = DiscreteTimeDecay(times=trial.period)
        gap = np.abs(trial.period[:, None] - trial.period[None, :])

        def at(values):
            return values[0] * same_member(trial.cluster) * values[2] ** gap + values[1] * np.eye(len(gap))
    else:
        structure, parts = parts_of(name, trial, same_member)

        def at(values):
            return sum(value * part for value, part in zip(values, parts, strict=True))

    fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, structure=structure))
    values = np.array([*(part.value for part in fit.components()), *([fit.decay] if fit.decay else [])])
    variance, df = numeric_moments(dense, trial, values, at, weights)
    found = fit.estimate(weights, method=DfMethod.SATTERTHWAITE)
    assert found.std_error == pytest.approx(math.sqrt(variance), rel=1e-7)
    assert found.df == pytest.approx(df, rel=1e-3)


def test_several_satterthwaite_contrasts_are_taken_along_their_axes(trial) -> None:
    """One contrast is its t squared; the basis of several does not matter (but to Fai and Cornelius, as in lmerTest)."""
    fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster))
    alone, test = fit.estimate([0, 1, 0, 0]), fit.joint_test([[0, 1, 0, 0]])
    assert test.statistic == pytest.approx((alone.value / alone.std_error) ** 2)
    assert test.p_value == pytest.approx(alone.p_value())
    for method in set(DfMethod) - {DfMethod.SATTERTHWAITE}:
        one = fit.joint_test([[0, 1, 0, 0], [0, 0, 1, 0]], method=method)
        two = fit.joint_test([[0, 1, 1, 0], [0, 2, -1, 0]], method=method)
        assert one.statistic == pytest.approx(two.statistic)
        assert one.denominator_df == pytest.approx(two.denominator_df, rel=1e-6)
    with pytest.raises(ValueError, match="must not follow from one another"):
        fit.joint_test([[0, 1, 0, 0], [0, 2, 0, 0]])


def test_between_and_within_columns() -> None:
    outcome, design, cluster = balanced()
    within = np.tile(np.arange(4.0), 10)
    fit = fitted(fit_lmm(outcome, np.column_stack([design, within]), clusters=cluster))
    assert fit.estimate([0, 1, 0], method=DfMethod.BETWEEN_WITHIN).df == 10 - 2
    assert fit.estimate([0, 0, 1], method=DfMethod.BETWEEN_WITHIN).df == 40 - 10 - 1
    assert fit.estimate([0, 1, 1], method=DfMethod.BETWEEN_WITHIN).df == 10 - 2


def test_the_error_that_allows_for_estimated_variances_is_larger(trial) -> None:
    """By hand: the joint information of all parameters, by differences of the deviance in the coefficients as well."""
    fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster))
    plain = fit.estimate([0, 1, 0, 0], method=DfMethod.NORMAL)
    wider = fit.estimate([0, 1, 0, 0], method=DfMethod.KACKAR_HARVILLE)
    moved = []
    for step in (1e-4, -1e-4):
        solved = fit.objective.at(fit.solved.theta + step)
        moved.append(float((fit.model.turn @ solved.coefficients)[1]))
    rate = (moved[0] - moved[1]) / 2e-4
    extra = 2 * rate**2 / float(fit.derivatives.profiled[0, 0])
    assert wider.std_error**2 == pytest.approx(plain.std_error**2 + extra, rel=1e-6)


def test_the_recommended_method_is_named(trial) -> None:
    few = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster))
    assert recommended(few) is DfMethod.KENWARD_ROGER
    assert few.estimate([0, 1, 0, 0]).notes[0] == SENTENCES[DfMethod.KENWARD_ROGER]
    many = fitted(fit_lmm(*balanced(60)[:2], clusters=balanced(60)[2]))
    assert recommended(many) is DfMethod.SATTERTHWAITE
    plain = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, reml=False))
    assert recommended(plain) is DfMethod.SATTERTHWAITE
    with pytest.raises(ValueError, match="fit with reml=True"):
        plain.estimate([0, 1, 0, 0], method=DfMethod.KENWARD_ROGER)
    assert set(SENTENCES) == set(DfMethod)
