"""Fits of linear mixed models against whole matrices, their invariances, and what is refused."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enginehouse.stats.lmm import fit as fit_module
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm, fit_outcome
from enginehouse.stats.lmm.model import LmmModel, prepare_lmm
from enginehouse.stats.lmm.structures import (
    DiscreteTimeDecay,
    InterceptAndSlope,
    NestedExchangeable,
    RandomIntercept,
    RandomTerm,
    RandomTerms,
    crossed,
)
from enginehouse.stats.results import NotEstimable


def fitted(answer: object) -> LmmFit:
    assert isinstance(answer, LmmFit), answer
    return answer


def refused(answer: object) -> NotEstimable:
    assert isinstance(answer, NotEstimable), answer
    return answer


def structures(trial, same):
    """Each structure, and the parts of V with the variance parameters that a fit finds for them."""
    n, slope = len(trial.cluster), trial.period - 1.0
    cluster, row = same(trial.cluster), np.eye(n)
    within = same(crossed(trial.cluster, trial.period, n))
    sloped = cluster * np.outer(slope, slope)
    mixed = cluster * (slope[:, None] + slope[None, :])
    return {
        "intercept": (RandomIntercept(), [cluster, row]),
        "slope": (InterceptAndSlope(column=slope), [cluster, sloped, mixed, row]),
        "apart": (InterceptAndSlope(column=slope, correlated=False), [cluster, sloped, row]),
        "nested": (NestedExchangeable(periods=trial.period), [cluster, within, row]),
        "crossed": (
            RandomTerms(
                (RandomTerm(), RandomTerm(groups=trial.person), RandomTerm(groups=trial.cluster * 3 + trial.item))
            ),
            [cluster, same(trial.person), same(trial.cluster * 3 + trial.item), row],
        ),
        "linked": (
            RandomTerms((RandomTerm(), RandomTerm(groups=trial.item, name="item"))),
            [cluster, same(trial.item), row],
        ),
    }


NAMES = ("intercept", "slope", "apart", "nested", "crossed", "linked")


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_whole_matrices_agree(name: str, reml: bool, trial, dense, same_member) -> None:
    structure, parts = structures(trial, same_member)[name]
    fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, structure=structure, reml=reml))
    found = np.array([part.value for part in fit.components()])
    whole = dense(trial.outcome, trial.design, parts, reml=reml)
    assert fit.deviance == pytest.approx(whole.deviance(found), abs=1e-8)
    beta, covariance = whole.beta(found)
    assert fit.fixed_effects == pytest.approx(beta, rel=1e-8)
    assert fit.covariance == pytest.approx(covariance, rel=1e-7, abs=1e-12)
    # Nothing lower is found by a search without derivatives that begins elsewhere.
    assert (
        fit.deviance
        <= whole.minimum(np.where(found > 1e-6, 1.2 * found, 0.05), any_sign=(2,) if name == "slope" else ()) + 1e-5
    )
    assert fit.converged


def test_decay_by_whole_matrices(trial, dense, same_member) -> None:
    fit = fitted(
        fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, structure=DiscreteTimeDecay(times=trial.period))
    )
    gap = np.abs(trial.period[:, None] - trial.period[None, :])
    cluster, row = same_member(trial.cluster), np.eye(len(gap))

    def deviance(variance: float, r: float, residual: float) -> float:
        return dense(trial.outcome, trial.design, [cluster * r**gap, row]).deviance(np.array([variance, residual]))

    variance, residual = (part.value for part in fit.components())
    assert fit.decay is not None
    best = deviance(variance, fit.decay, residual)
    assert fit.deviance == pytest.approx(best, abs=1e-8)
    for factor in (0.97, 1.03):
        assert deviance(variance * factor, fit.decay, residual) > best
        assert deviance(variance, fit.decay * factor, residual) > best
        assert deviance(variance, fit.decay, residual * factor) > best


def test_decay_between_moments_that_are_not_whole(trial) -> None:
    """Stretching time changes r to its root and nothing else."""
    whole, stretched = (
        fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, structure=DiscreteTimeDecay(times=times)))
        for times in (trial.period, trial.period * 2.5)
    )
    assert whole.deviance == pytest.approx(stretched.deviance, abs=1e-6)
    assert stretched.decay == pytest.approx(whole.decay ** (1 / 2.5), rel=1e-4)


def test_decay_that_ends_at_one_is_a_random_intercept() -> None:
    rng = np.random.default_rng(1)
    cluster, period = np.repeat(np.arange(30), 8), np.tile(np.arange(4), 60)
    outcome = 2 * rng.normal(size=30)[cluster] + rng.normal(size=240)
    outcome -= np.bincount(cluster * 4 + period, outcome, 120)[cluster * 4 + period] / 2
    outcome += 2 * rng.normal(size=30)[cluster]
    design = np.ones((240, 1))
    decay = fitted(fit_lmm(outcome, design, clusters=cluster, structure=DiscreteTimeDecay(times=period)))
    level = fitted(fit_lmm(outcome, design, clusters=cluster))
    assert decay.deviance == pytest.approx(level.deviance, abs=1e-4)
    assert decay.boundary == ("The periods of cluster were estimated as perfectly correlated.",)


def test_weights_divide_the_residual_variance(trial, dense, same_member) -> None:
    fit = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster, weights=trial.weights))
    parts = [same_member(trial.cluster), np.diag(1 / trial.weights)]
    found = np.array([part.value for part in fit.components()])
    whole = dense(trial.outcome, trial.design, parts)
    assert fit.deviance == pytest.approx(whole.deviance(found), abs=1e-8)
    assert fit.deviance <= whole.minimum(found * 1.2) + 1e-5
    assert fit.fixed_effects == pytest.approx(whole.beta(found)[0], rel=1e-8)


def test_an_offset_is_taken_off(trial) -> None:
    plain = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster))
    shifted = fitted(fit_lmm(trial.outcome + 3 * trial.age, trial.design, clusters=trial.cluster, offset=3 * trial.age))
    assert shifted.fixed_effects == pytest.approx(plain.fixed_effects)
    assert shifted.deviance == pytest.approx(plain.deviance)


def test_the_size_of_the_numbers_does_not_matter(trial) -> None:
    """A million added, a thousand times as large, columns far from orthogonal."""
    plain = fitted(fit_lmm(trial.outcome, trial.design, clusters=trial.cluster))
    turn = np.array([[1, 0, 2020, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1e4]])
    other = fitted(fit_lmm(1e3 * trial.outcome + 1e6, trial.design @ turn, clusters=trial.cluster))
    assert other.fixed_effects[1] == pytest.approx(1e3 * plain.fixed_effects[1], rel=1e-7)
    assert other.std_errors[1] == pytest.approx(1e3 * plain.std_errors[1], rel=1e-7)
    assert other.residual_sd == pytest.approx(1e3 * plain.residual_sd, rel=1e-7)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_rows_and_the_names_of_clusters_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 7, 40)
    design, outcome = np.column_stack([np.ones(40), rng.normal(size=40)]), rng.normal(size=40) + cluster / 3
    order, names = rng.permutation(40), rng.permutation(7)
    one = fitted(fit_lmm(outcome, design, clusters=cluster))
    two = fitted(fit_lmm(outcome[order], design[order], clusters=names[cluster[order]]))
    assert one.deviance == pytest.approx(two.deviance, abs=1e-8)
    assert one.fixed_effects == pytest.approx(two.fixed_effects, rel=1e-6, abs=1e-8)


def test_a_prepared_design_fits_any_outcome(trial) -> None:
    model = prepare_lmm(trial.design, clusters=trial.cluster, structure=NestedExchangeable(periods=trial.period))
    assert isinstance(model, LmmModel)
    first = fitted(fit_outcome(model, trial.outcome))
    later = fitted(fit_outcome(model, trial.outcome + trial.age**2))
    warm = fitted(fit_outcome(model, trial.outcome + trial.age**2, like=first))
    alone = fitted(
        fit_lmm(
            trial.outcome + trial.age**2,
            trial.design,
            clusters=trial.cluster,
            structure=NestedExchangeable(periods=trial.period),
        )
    )
    assert later.deviance == pytest.approx(alone.deviance, abs=1e-9)
    assert warm.deviance == pytest.approx(alone.deviance, abs=1e-9)


class TestBoundary:
    def test_clusters_that_do_not_differ_are_told(self) -> None:
        rng = np.random.default_rng(2)
        site = np.repeat(np.arange(20), 10)
        value = rng.normal(size=200)
        value -= np.repeat(value.reshape(20, 10).mean(axis=1), 10)
        found = fitted(fit_lmm(value, np.ones((200, 1)), clusters=site))
        assert found.on_boundary
        assert found.components()[0].value == 0
        assert found.boundary == ("The variance of the intercept between members of cluster was estimated as zero.",)
        assert found.boundary[0] in found.estimate([1.0]).notes

    def test_a_slope_that_follows_from_the_level(self) -> None:
        rng = np.random.default_rng(3)
        site, time = np.repeat(np.arange(30), 6), np.tile(np.arange(6.0), 30)
        value = rng.normal(size=30)[site] * (1 + time / 5) + 0.5 * rng.normal(size=180)
        found = fitted(
            fit_lmm(
                value, np.column_stack([np.ones(180), time]), clusters=site, structure=InterceptAndSlope(column=time)
            )
        )
        covariance = found.random_covariance()
        correlation = covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])
        assert (correlation == pytest.approx(1.0)) == found.on_boundary


class TestRefusals:
    def test_aliased_columns(self) -> None:
        twice = np.ones((6, 2))
        assert refused(fit_lmm(np.arange(6.0), twice, clusters=[1, 1, 2, 2, 3, 3])).reason == "aliased-columns"

    def test_one_cluster(self) -> None:
        found = refused(fit_lmm(np.arange(6.0) ** 2, np.ones((6, 1)), clusters=[1] * 6))
        assert found.reason == "too-few-clusters"
        assert "at least 2" in found.detail

    def test_one_cluster_in_each_arm(self) -> None:
        design = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
        found = refused(fit_lmm(np.arange(6.0) ** 2, design, clusters=[1, 1, 1, 2, 2, 2]))
        assert found.reason == "no-freedom-between-clusters"

    def test_no_row_left(self) -> None:
        found = refused(fit_lmm(np.arange(6.0), np.eye(6), clusters=[1, 1, 2, 2, 3, 3]))
        assert found.reason == "too-few-rows"

    def test_an_effect_for_every_row(self) -> None:
        found = refused(fit_lmm(np.arange(6.0), np.ones((6, 1)), clusters=np.arange(6)))
        assert found.reason == "no-residual-freedom"
        assert "as many effects (6) as there are rows (6)" in found.detail

    def test_nothing_varies(self) -> None:
        design, clusters = np.column_stack([np.ones(8), np.arange(8.0)]), [1, 1, 2, 2, 3, 3, 4, 4]
        assert refused(fit_lmm(2 * np.arange(8.0), design, clusters=clusters)).reason == "no-variation"
        within = np.repeat([1.0, 5.0, 2.0, 9.0], 2)
        assert refused(fit_lmm(within, np.ones((8, 1)), clusters=clusters)).reason == "no-variation"

    def test_what_does_not_match(self) -> None:
        x = np.column_stack([np.ones(6), np.arange(6)])
        with pytest.raises(ValueError, match="do not match 6 rows"):
            fit_lmm(np.arange(5.0), x, clusters=[1, 1, 2, 2, 3, 3])
        with pytest.raises(ValueError, match="got 5 cluster labels for 6 rows"):
            fit_lmm(np.arange(6.0), x, clusters=np.zeros(5))
        with pytest.raises(ValueError, match="outcome and offset must be finite"):
            fit_lmm(np.full(6, np.nan), x, clusters=[1, 1, 2, 2, 3, 3])
        with pytest.raises(ValueError, match="or are not finite"):
            fit_lmm(np.arange(6.0), x * np.nan, clusters=[1, 1, 2, 2, 3, 3])
        with pytest.raises(ValueError, match="weights must be finite and above zero"):
            fit_lmm(np.arange(6.0), x, clusters=[1, 1, 2, 2, 3, 3], weights=[0, 1, 1, 1, 1, 1])
        with pytest.raises(ValueError, match="columns that vary need 6 finite rows"):
            fit_lmm(
                np.arange(6.0),
                x,
                clusters=[1, 1, 2, 2, 3, 3],
                structure=InterceptAndSlope(column=np.ones(5), correlated=False),
            )
        with pytest.raises(ValueError, match="got 5 labels of members for 6 rows"):
            fit_lmm(
                np.arange(6.0), x, clusters=[1, 1, 2, 2, 3, 3], structure=RandomTerms((RandomTerm(groups=np.ones(5)),))
            )
        with pytest.raises(ValueError, match="got 5 times for 6 rows"):
            fit_lmm(np.arange(6.0), x, clusters=[1, 1, 2, 2, 3, 3], structure=DiscreteTimeDecay(times=np.ones(5)))


def test_the_example_of_the_docstring() -> None:
    assert doctest.testmod(fit_module).failed == 0


def test_a_failed_search_is_told() -> None:
    """The note stands beside the boundary's."""
    rng = np.random.default_rng(0)
    fit = fitted(fit_lmm(rng.normal(size=20), np.ones((20, 1)), clusters=np.repeat(np.arange(5), 4)))
    object.__setattr__(fit, "converged", False)
    assert "stopped before its tolerance" in fit.notes[-1]
