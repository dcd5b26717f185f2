"""Type I error of linear mixed models' tests with few clusters: no effect is there, and one in twenty is found.

Parallel trials of patients, clusters equal or unequal (coefficient of variation about 0.6), and stepped wedges with
levels that differ by period. The whole table is slow; a seeded part of it runs always.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from enginehouse.stats.lmm.fit import LmmFit, fit_outcome
from enginehouse.stats.lmm.freedom import DfMethod
from enginehouse.stats.lmm.model import LmmModel, prepare_lmm
from enginehouse.stats.lmm.structures import NestedExchangeable, RandomIntercept

ICC = 0.1
NOMINAL = 0.05
# Of 30 comparisons at 3.5 standard errors one in seventy tables would fail by chance.
MONTE_CARLO = 3.5


def parallel(clusters: int, *, unequal: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clusters, periods (one) and design of a parallel trial with 20 patients in a cluster on average."""
    sizes = (
        3 + rng.multinomial(17 * clusters, rng.dirichlet(np.full(clusters, 2.0))) if unequal else np.full(clusters, 20)
    )
    cluster = np.repeat(np.arange(clusters), sizes)
    return cluster, np.zeros(len(cluster)), np.column_stack([np.ones(len(cluster)), cluster % 2])


def wedge(clusters: int, *, unequal: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of a stepped wedge with four sequences and five periods, 4 patients in each cell."""
    counts = rng.integers(1, 8, clusters * 5) if unequal else np.full(clusters * 5, 4)
    cell = np.repeat(np.arange(clusters * 5), counts)
    cluster, period = cell // 5, cell % 5
    treated = period > cluster % 4
    return cluster, period, np.column_stack([period[:, None] == np.arange(5), treated]).astype(float)


DESIGNS = {"parallel": parallel, "wedge": wedge}


def rejected(design: str, clusters: int, *, unequal: bool, method: DfMethod, replicates: int, seed: int) -> float:
    """The share of trials without any effect that the test calls significant."""
    rng = np.random.default_rng(seed)
    cluster, period, columns = DESIGNS[design](clusters, unequal=unequal, rng=rng)
    structure = RandomIntercept() if design == "parallel" else NestedExchangeable(periods=period)
    model = prepare_lmm(columns, clusters=cluster, structure=structure)
    assert isinstance(model, LmmModel)
    between = math.sqrt(ICC / (1 - ICC))
    cell = np.unique(cluster * 5 + period.astype(int), return_inverse=True)[1]
    weights = np.eye(columns.shape[1])[-1]
    found = 0
    for _ in range(replicates):
        levels = between * rng.normal(size=clusters)[cluster]
        if design == "wedge":
            levels = math.sqrt(0.8) * levels + math.sqrt(0.2) * between * rng.normal(size=cell.max() + 1)[cell]
        fit = fit_outcome(model, levels + rng.normal(size=len(cluster)))
        assert isinstance(fit, LmmFit)
        found += fit.estimate(weights, method=method).p_value() < NOMINAL
    return found / replicates


def assert_size(design: str, clusters: int, unequal: bool, replicates: int) -> None:
    share = rejected(
        design, clusters, unequal=unequal, method=DfMethod.KENWARD_ROGER, replicates=replicates, seed=clusters
    )
    error = math.sqrt(NOMINAL * (1 - NOMINAL) / replicates)
    # A variance that cannot be negative makes small trials cautious: below is allowed, above is not.
    assert NOMINAL - 0.025 - MONTE_CARLO * error <= share <= NOMINAL + 0.005 + MONTE_CARLO * error, share


@pytest.mark.parametrize(("design", "clusters", "unequal"), [("parallel", 8, True), ("wedge", 12, True)])
def test_a_few_hundred_trials_keep_the_size(design: str, clusters: int, unequal: bool) -> None:
    assert_size(design, clusters, unequal, replicates=400)


def test_the_normal_interval_of_few_clusters_is_too_short() -> None:
    """What the small-sample tests are for: with 8 clusters about one in ten or more is found."""
    share = rejected("parallel", 8, unequal=False, method=DfMethod.NORMAL, replicates=600, seed=1)
    assert share > 0.075


@pytest.mark.slow
@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize("clusters", [8, 12, 20, 40])
@pytest.mark.parametrize("design", DESIGNS)
def test_the_size_is_kept(design: str, clusters: int, unequal: bool) -> None:
    assert_size(design, clusters, unequal, replicates=4000)
