"""Profile intervals, correlations of clusters, explained variance, predictions, residuals and influence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import chi2

from enginehouse.stats.lmm.correlation import ClusterCorrelations, cluster_correlations
from enginehouse.stats.lmm.explained import explained_variance
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.influence import Influence, influence
from enginehouse.stats.lmm.prediction import ClusterResiduals, cluster_residuals, member_effects, residuals
from enginehouse.stats.lmm.profile import profile_interval, variance_intervals
from enginehouse.stats.lmm.structures import (
    DiscreteTimeDecay,
    InterceptAndSlope,
    NestedExchangeable,
    RandomTerm,
    RandomTerms,
    crossed,
)
from enginehouse.stats.results import Interval, NotEstimable

HEIGHT = chi2.ppf(0.95, 1)
LINKED = "linked-clusters"


def fitted(answer: object) -> LmmFit:
    assert isinstance(answer, LmmFit), answer
    return answer


def slope_fit(trial, *, reml: bool = True) -> LmmFit:
    return fitted(
        fit_lmm(
            trial.outcome,
            trial.design,
            clusters=trial.cluster,
            structure=InterceptAndSlope(column=trial.period - 1.0),
            reml=reml,
        )
    )


def nested_fit(trial, *, reml: bool = True) -> LmmFit:
    structure = NestedExchangeable(periods=trial.period)
    return fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, structure=structure, reml=reml))


class TestProfiles:
    def test_at_the_ends_the_deviance_has_risen_by_the_quantile(self, trial) -> None:
        """With the effect held by an offset and its column left out."""
        fit = nested_fit(trial, reml=False)
        interval = profile_interval(fit, [0, 1, 0, 0])
        assert isinstance(interval, Interval)
        for end in (interval.low, interval.high):
            held = fitted(
                fit_lmm(
                    trial.outcome,
                    trial.design[:, [0, 2, 3]],
                    clusters=trial.cluster,
                    structure=NestedExchangeable(periods=trial.period),
                    reml=False,
                    offset=end * trial.treated,
                )
            )
            assert held.deviance - fit.deviance == pytest.approx(HEIGHT, abs=1e-5)

    def test_a_contrast_is_a_coefficient_in_other_columns(self, trial) -> None:
        fit = nested_fit(trial)
        turn = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, -1, 1, 0], [0, 0, 0, 1.0]])
        structure = NestedExchangeable(periods=trial.period)
        other = fitted(fit_lmm(trial.outcome, trial.design @ turn, clusters=trial.cluster, structure=structure))
        one, two = profile_interval(fit, turn[2] * -1), profile_interval(other, turn.T @ (turn[2] * -1))
        assert isinstance(one, Interval)
        assert isinstance(two, Interval)
        assert (one.low, one.high) == pytest.approx((two.low, two.high), rel=1e-5)

    def test_one_coefficient_alone(self) -> None:
        rng = np.random.default_rng(4)
        cluster = np.repeat(np.arange(8), 5)
        outcome = rng.normal(size=8)[cluster] + rng.normal(size=40)
        found = profile_interval(fitted(fit_lmm(outcome, np.ones((40, 1)), clusters=cluster)), [1.0])
        assert isinstance(found, Interval)
        assert found.low < outcome.mean() < found.high

    def test_standard_deviations_and_correlations_by_whole_matrices(self, trial, dense, same_member) -> None:
        fit = slope_fit(trial, reml=False)
        slope, cluster = trial.period - 1.0, same_member(trial.cluster)
        parts = [cluster, cluster * np.outer(slope, slope), cluster * (slope[:, None] + slope), np.eye(len(slope))]
        whole = dense(trial.outcome, trial.design, parts, reml=False)

        def deviance(numbers: np.ndarray) -> float:
            """By the standard deviations of level, slope and rows and the correlation."""
            one, two, rho, row = numbers
            if min(one, two, row) < 0 or abs(rho) > 1:
                return math.inf
            return whole.deviance(np.array([one**2, two**2, rho * one * two, row**2]))

        found = variance_intervals(fit)
        assert not isinstance(found, NotEstimable)
        order = [0, 2, 1, 3]  # of lme4: level, correlation, slope, rows
        values = np.array([found[place].value for place in order])
        assert deviance(values) == pytest.approx(fit.deviance, abs=1e-6)
        for number, place in enumerate(order):
            for end in (found[place].interval.low, found[place].interval.high):
                if abs(end) in (0.0, 1.0):
                    continue
                free = [k for k in range(4) if k != number]
                start = values.copy()
                start[number] = end

                def held(rest: np.ndarray, start=start, free=free) -> float:
                    at = start.copy()
                    at[free] = rest
                    return deviance(at)

                lowest = minimize(held, start[free], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7})
                lowest = minimize(held, lowest.x * 1.1, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7})
                assert lowest.fun - fit.deviance == pytest.approx(HEIGHT, abs=2e-3)

    def test_limits_at_the_edge(self) -> None:
        rng = np.random.default_rng(2)
        cluster = np.repeat(np.arange(20), 4)
        found = variance_intervals(fitted(fit_lmm(rng.normal(size=80), np.ones((80, 1)), clusters=cluster)))
        assert not isinstance(found, NotEstimable)
        assert found[0].interval.low == 0
        assert found[0].interval.high > 0

    def test_decay_has_a_standard_deviation_and_r(self, trial) -> None:
        fit = fitted(
            fit_lmm(
                trial.outcome, trial.design, clusters=trial.cluster, structure=DiscreteTimeDecay(times=trial.period)
            )
        )
        found = variance_intervals(fit)
        assert not isinstance(found, NotEstimable)
        assert [part.other for part in found] == [None, "one unit of time later", None]
        for part in found:
            assert part.interval.low <= part.value <= part.interval.high


class TestCorrelations:
    def test_one_level(self, trial) -> None:
        """The rise of the restricted deviance at the ends, the variances being held in that proportion."""
        fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster))
        found = cluster_correlations(fit)
        assert isinstance(found, ClusterCorrelations)
        between, within = (part.value for part in fit.components())
        assert found.icc.value == pytest.approx(between / (between + within))
        assert found.cac is None
        for end in (found.icc.interval.low, found.icc.interval.high):
            theta = np.array([math.sqrt(end / (1 - end))])
            assert fit.objective.at(theta).value - fit.deviance == pytest.approx(HEIGHT, abs=1e-5)

    def test_nested(self, trial, dense, same_member) -> None:
        fit = nested_fit(trial)
        found = cluster_correlations(fit)
        assert isinstance(found, ClusterCorrelations)
        cluster, period, row = (part.value for part in fit.components())
        assert found.icc.value == pytest.approx((cluster + period) / (cluster + period + row))
        assert not isinstance(found.cac, NotEstimable)
        assert found.cac.value == pytest.approx(cluster / (cluster + period))
        parts = [same_member(trial.cluster), same_member(crossed(trial.cluster, trial.period, len(trial.cluster)))]
        whole = dense(trial.outcome, trial.design, [*parts, np.eye(len(trial.cluster))])
        end = found.icc.interval.high

        def deviance(numbers: np.ndarray) -> float:
            total, share = math.exp(numbers[0]), 1 / (1 + math.exp(-numbers[1]))
            return whole.deviance(total * np.array([end * share, end * (1 - share), 1 - end]))

        lowest = minimize(deviance, [1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7})
        assert lowest.fun - fit.deviance == pytest.approx(HEIGHT, abs=1e-3)

    def test_decay(self, trial) -> None:
        fit = fitted(
            fit_lmm(
                trial.outcome, trial.design, clusters=trial.cluster, structure=DiscreteTimeDecay(times=trial.period)
            )
        )
        found = cluster_correlations(fit)
        assert isinstance(found, ClusterCorrelations)
        assert not isinstance(found.cac, NotEstimable)
        assert found.cac.value == pytest.approx(fit.decay)
        assert found.cac.interval.low < fit.decay < found.cac.interval.high
        low = found.cac.interval.low
        lowest = minimize_scalar(
            lambda sd: fit.objective.at(np.array([sd, math.acos(low)])).value, bounds=(0, 5), method="bounded"
        )
        assert lowest.fun - fit.deviance == pytest.approx(HEIGHT, abs=1e-4)

    def test_clusters_that_do_not_differ(self) -> None:
        rng = np.random.default_rng(2)
        cluster, period = np.repeat(np.arange(10), 8), np.tile(np.arange(4), 20)
        outcome = rng.normal(size=80)
        outcome -= np.bincount(cluster, outcome)[cluster] / 8
        fit = fitted(fit_lmm(outcome, np.ones((80, 1)), clusters=cluster, structure=NestedExchangeable(periods=period)))
        found = cluster_correlations(fit)
        assert isinstance(found, ClusterCorrelations)
        assert found.icc.interval.low == 0
        if found.icc.value == 0:
            assert isinstance(found.cac, NotEstimable)
            assert found.cac.reason == "no-variation"

    def test_a_slope_has_no_single_correlation(self, trial) -> None:
        found = cluster_correlations(slope_fit(trial))
        assert isinstance(found, NotEstimable)
        assert found.reason == "no-single-correlation"


def test_explained_variance(trial) -> None:
    fit = slope_fit(trial)
    found, covariance, slope = explained_variance(fit), fit.random_covariance(), trial.period - 1.0
    rows = np.column_stack([np.ones(len(slope)), slope])
    random = np.mean([row @ covariance @ row for row in rows])
    fixed = np.var(trial.design @ fit.fixed_effects, ddof=1)
    total = fixed + random + fit.residual_variance
    assert found.marginal == pytest.approx(fixed / total)
    assert found.conditional == pytest.approx((fixed + random) / total)
    decay = fitted(
        fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, structure=DiscreteTimeDecay(times=trial.period))
    )
    assert explained_variance(decay).random == pytest.approx(decay.components()[0].value)


class TestPredictions:
    def test_henderson_s_equations(self, trial) -> None:
        """Fixed effects and predictions solve one system of equations of whole matrices."""
        fit = slope_fit(trial)
        labels, slope = np.unique(trial.cluster), trial.period - 1.0
        dummies = (trial.cluster[:, None] == labels).astype(float)
        z = np.column_stack([dummies, dummies * slope[:, None]])
        covariance = np.kron(fit.random_covariance(), np.eye(len(labels)))
        both, s2 = np.column_stack([trial.design, z]), fit.residual_variance
        matrix = both.T @ both / s2
        matrix[4:, 4:] += np.linalg.inv(covariance)
        solution = np.linalg.solve(matrix, both.T @ trial.outcome / s2)
        found = member_effects(fit)[0]
        assert found.values.T.ravel() == pytest.approx(solution[4:], rel=1e-6, abs=1e-8)
        assert fit.fixed_effects == pytest.approx(solution[:4], rel=1e-7)
        given_fixed = np.linalg.inv(matrix[4:, 4:])
        assert found.std_errors.T.ravel() == pytest.approx(np.sqrt(np.diag(given_fixed)), rel=1e-6)
        left = residuals(fit)
        assert left.marginal == pytest.approx(trial.outcome - trial.design @ fit.fixed_effects)
        assert left.conditional == pytest.approx(trial.outcome - both @ solution, abs=1e-7)

    def test_members_of_every_term_have_their_labels(self, trial) -> None:
        cluster, period = member_effects(nested_fit(trial))
        assert list(cluster.labels) == list(range(12))
        assert len(period.values) == len(np.unique(crossed(trial.cluster, trial.period, len(trial.cluster))))
        assert cluster.effects == ("intercept",)

    def test_distances_of_clusters(self, trial, same_member) -> None:
        fit = nested_fit(trial)
        found = cluster_residuals(fit)
        assert isinstance(found, ClusterResiduals)
        parts = [same_member(trial.cluster), same_member(crossed(trial.cluster, trial.period, len(trial.cluster)))]
        variances = [part.value for part in fit.components()]
        v = variances[0] * parts[0] + variances[1] * parts[1] + variances[2] * np.eye(len(trial.cluster))
        left = residuals(fit).marginal
        for number, label in enumerate(found.labels):
            mine = trial.cluster == label
            expected = left[mine] @ np.linalg.solve(v[np.ix_(mine, mine)], left[mine])
            assert found.distance[number] == pytest.approx(expected)
            assert found.mean[number] == pytest.approx(left[mine].mean())
            assert found.p_value[number] == pytest.approx(chi2.sf(expected, mine.sum()))


class TestInfluence:
    def test_without_each_cluster_it_is_the_fit_of_the_others(self, trial) -> None:
        fit = nested_fit(trial)
        found = influence(fit, [0, 1, 0, 0])
        assert isinstance(found, Influence)
        assert list(found.labels) == list(range(12))
        for number, label in enumerate(found.labels):
            rest = trial.cluster != label
            structure = NestedExchangeable(periods=trial.period[rest])
            alone = fitted(
                fit_lmm(trial.outcome[rest], trial.design[rest], clusters=trial.cluster[rest], structure=structure)
            )
            assert found.values[number] == pytest.approx(alone.fixed_effects[1], rel=1e-5)
            assert found.std_errors[number] == pytest.approx(alone.std_errors[1], rel=1e-5)
            change = (fit.fixed_effects[1] - alone.fixed_effects[1]) / fit.std_errors[1]
            assert found.changes[number] == pytest.approx(change, rel=1e-4, abs=1e-6)

    def test_with_the_variances_kept(self, trial, dense, same_member) -> None:
        fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, weights=trial.weights))
        found = influence(fit, {"x2": 1.0}, refit=False)
        assert isinstance(found, Influence)
        between, row = (part.value for part in fit.components())
        rest = trial.cluster != 3
        parts = [same_member(trial.cluster[rest]), np.diag(1 / trial.weights[rest])]
        beta, covariance = dense(trial.outcome[rest], trial.design[rest], parts).beta(np.array([between, row]))
        assert found.values[3] == pytest.approx(beta[1])
        assert found.std_errors[3] == pytest.approx(math.sqrt(covariance[1, 1]))

    def test_a_cluster_that_carries_a_column_alone_is_named(self, trial) -> None:
        alone = np.column_stack([trial.design, (trial.cluster == 4) & (trial.period > 1)]).astype(float)
        found = influence(fitted(fit_lmm(trial.outcome, alone, clusters=trial.cluster)), [0, 1, 0, 0, 0])
        assert isinstance(found, Influence)
        assert found.needed == (4,)
        assert len(found.values) == 11

    def test_linked_clusters_cannot_be_taken_one_by_one(self, trial) -> None:
        structure = RandomTerms((RandomTerm(), RandomTerm(groups=trial.item)))
        fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, structure=structure))
        for answer in (influence(fit, [0, 1, 0, 0]), cluster_residuals(fit)):
            assert isinstance(answer, NotEstimable)
            assert answer.reason == LINKED
