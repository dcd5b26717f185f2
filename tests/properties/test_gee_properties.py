"""What must not change the answer of estimating equations: order, units of weight, rows merged into one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enginehouse.stats.gee import (
    Autoregressive,
    ClusterCorrection,
    Exchangeable,
    Fixed,
    GeeFamily,
    GeeFit,
    Independence,
    NestedExchangeable,
    gee,
)

SEEDS = st.integers(0, 10_000)
ANY = tuple(set(ClusterCorrection) - {ClusterCorrection.BELL_MCCAFFREY})
"""For every working correlation."""
FEW = settings(max_examples=25, deadline=None)


class Trial:
    """Ten clusters of 2 to 6 rows at different times, with weights."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.clusters = np.repeat(np.arange(10), rng.integers(2, 7, 10))
        n = len(self.clusters)
        self.times = np.concatenate(
            [np.sort(rng.choice(8, size, replace=False)) for size in np.bincount(self.clusters)]
        )
        self.design = np.column_stack([np.ones(n), self.clusters % 2, rng.normal(size=n)])
        self.weights = rng.integers(1, 4, n).astype(float)
        self.outcome = np.clip(rng.normal(5, 1, n) + 0.5 * rng.normal(size=10)[self.clusters], 0.1, None)

    def fit(self, correlation, rows=slice(None), *, scale: float = 1.0, family=GeeFamily.POISSON) -> GeeFit:
        found = gee(
            self.outcome[rows],
            self.design[rows],
            clusters=self.clusters[rows],
            weights=scale * self.weights[rows],
            correlation=correlation,
            family=family,
        )
        assert isinstance(found, GeeFit), found
        return found


def same(one: GeeFit, other: GeeFit, corrections=ANY) -> None:
    assert one.coefficients == pytest.approx(other.coefficients, rel=1e-6, abs=1e-7)
    for correction in corrections:
        for row in np.eye(3):
            assert one.std_error(row, correction) == pytest.approx(other.std_error(row, correction), rel=1e-5)


@FEW
@given(SEEDS)
def test_the_order_of_rows_and_the_names_of_clusters_say_nothing(seed: int) -> None:
    trial = Trial(seed)
    order = trial.rng.permutation(len(trial.clusters))
    first = trial.fit(Autoregressive(times=trial.times, alpha=0.5))
    shuffled = trial.fit(Autoregressive(times=trial.times[order], alpha=0.5), order)
    same(first, shuffled)
    plain = trial.fit(Exchangeable(alpha=0.2))
    trial.clusters = 100 - 7 * trial.clusters
    same(plain, trial.fit(Exchangeable(alpha=0.2), order))


@FEW
@given(SEEDS)
def test_equal_rows_merged_are_one_row_of_twice_the_weight(seed: int) -> None:
    """With rows unrelated; a correlation would ask which of them are alike."""
    trial = Trial(seed)
    twice = np.repeat(np.arange(len(trial.clusters)), 2)
    by_rows = {ClusterCorrection.CLUSTERS_AND_ROWS, ClusterCorrection.MOREL_BOKOSSA_NEERCHAL}
    kept = tuple(set(ANY) - by_rows - {ClusterCorrection.MODEL_BASED})
    same(trial.fit(Independence(), twice), trial.fit(Independence(), scale=2.0), kept)


@FEW
@given(SEEDS, st.floats(0.01, 100))
def test_the_unit_of_weights_goes_into_the_dispersion(seed: int, scale: float) -> None:
    trial = Trial(seed)
    one, other = trial.fit(Exchangeable()), trial.fit(Exchangeable(), scale=scale)
    same(one, other, (ClusterCorrection.KC_MD_AVERAGE, ClusterCorrection.MODEL_BASED))
    assert other.dispersion == pytest.approx(scale * one.dispersion, rel=1e-6)
    assert dict(other.correlation) == pytest.approx(dict(one.correlation), abs=1e-7)


@FEW
@given(SEEDS, st.floats(-0.15, 0.9))
def test_one_structure_is_a_case_of_another(seed: int, alpha: float) -> None:
    trial = Trial(seed)
    exchangeable = trial.fit(Exchangeable(alpha=alpha), family=GeeFamily.GAUSSIAN)
    nested = NestedExchangeable(periods=trial.times // 3, within=alpha, between=alpha)
    same(exchangeable, trial.fit(nested, family=GeeFamily.GAUSSIAN))
    matrix = np.full((8, 8), max(alpha, -0.1)) + (1 - max(alpha, -0.1)) * np.eye(8)
    fixed = trial.fit(Fixed(matrix=matrix, positions=trial.times), family=GeeFamily.GAUSSIAN)
    same(trial.fit(Exchangeable(alpha=max(alpha, -0.1)), family=GeeFamily.GAUSSIAN), fixed)
    toeplitz = np.abs(alpha) ** np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    decaying = trial.fit(Fixed(matrix=toeplitz, positions=trial.times), family=GeeFamily.GAUSSIAN)
    same(trial.fit(Autoregressive(times=trial.times, alpha=abs(alpha)), family=GeeFamily.GAUSSIAN), decaying)


@FEW
@given(SEEDS)
def test_no_correlation_is_independence(seed: int) -> None:
    trial = Trial(seed)
    plain = trial.fit(Independence())
    same(plain, trial.fit(Exchangeable(alpha=0.0)))
    same(plain, trial.fit(Autoregressive(times=trial.times, alpha=0.0)))


@FEW
@given(SEEDS)
def test_corrections_are_in_their_order(seed: int) -> None:
    """Leverages lie between 0 and 1, so LZ < KC < their mean < MD in every contrast."""
    fit = Trial(seed).fit(Exchangeable())
    for row in np.eye(3):
        errors = [
            fit.std_error(row, correction)
            for correction in (
                ClusterCorrection.LIANG_ZEGER,
                ClusterCorrection.CLUSTERS,
                ClusterCorrection.DEGREES_OF_FREEDOM,
            )
        ]
        assert errors == sorted(errors)
        kc, mean, md = (
            fit.std_error(row, correction)
            for correction in (
                ClusterCorrection.KAUERMANN_CARROLL,
                ClusterCorrection.KC_MD_AVERAGE,
                ClusterCorrection.MANCL_DEROUEN,
            )
        )
        assert min(kc, md) <= mean <= max(kc, md)
