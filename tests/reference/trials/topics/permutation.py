"""Permutation tests: all equal splits of the clusters, the sequences of a stepped wedge, cvcrand's constrained schemes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data, Table
from tests.reference.trials.topics.two_stages import cluster_means, first_stage

from enginehouse.stats.allocations import every_allocation
from enginehouse.stats.permutation import (
    PermutationTest,
    difference_of_means,
    permutation_interval,
    permutation_test,
)
from enginehouse.stats.results import Interval
from enginehouse.stats.sequence_permutation import within_period_permutation

Array = npt.NDArray[np.float64]
FEW_LEVELS = 3
"""A covariate with so few values is a category, as the example's call has it."""


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """By what is given: a constrained space, an interval, a design in periods, or a test of cluster means."""
    given, table = case.inputs, data.table(case.data or "")
    if "constrained_space" in given:
        return _constrained(given, table, data)
    if "period" in given.get("statistic", ""):
        return _in_periods(table)
    values = _values(given, table)
    arm = cluster_means(table, "arm").astype(np.intp)
    space = every_allocation([int((arm == 0).sum()), int((arm == 1).sum())])
    if "level" in given:
        found = permutation_interval(values, arm, space, exact=True, confidence_level=given["level"])
        assert isinstance(found, Interval), found
        return {"lower": found.low, "upper": found.high}
    return _told(permutation_test(difference_of_means(values), arm, space, exact=True))


def _values(given: Mapping[str, Any], table: Table) -> Array:
    """Cluster means of the outcome, or of its residuals from a regression without the arm."""
    if "residual" not in given.get("statistic", ""):
        return cluster_means(table, given["outcome"])
    stage = first_stage(given["statistic"], given["outcome"], table)
    return (stage.observed - stage.expected) / stage.rows


def _in_periods(table: Table) -> Mapping[str, Any]:
    clusters, periods = table.labels("cluster"), table.labels("period")
    outcome = table.numbers("y_cont")
    sizes, sums = np.zeros((2, clusters.max() + 1, periods.max() + 1))
    np.add.at(sizes, (clusters, periods), 1.0)
    np.add.at(sums, (clusters, periods), outcome)
    first = np.array([table.labels("start")[clusters == cluster][0] for cluster in range(len(sizes))])
    treated = np.zeros((first.max() + 1, sizes.shape[1]), dtype=bool)
    treated[first[clusters], periods] = table.numbers("treat") > 0
    space = every_allocation(np.bincount(first).tolist())
    return _told(within_period_permutation(sums / sizes, None, treated, first, space, exact=True))


def _constrained(given: Mapping[str, Any], table: Table, data: Data) -> Mapping[str, Any]:
    space = data.table(given["constrained_space"].split(":")[0])
    columns = [name for name in space if name != "SchemeChosen"]
    schemes = np.column_stack([space.numbers(name) for name in columns]).astype(np.intp)
    chosen = schemes[space.numbers("SchemeChosen") == 1][0]
    few = [name for name in given["adjust"] if len(np.unique(table.labels(name))) <= FEW_LEVELS]
    categorical = given.get("categorical", few)
    terms = [f"factor({name})" if name in categorical else name for name in given["adjust"]]
    stage = first_stage("logistic regression on " + " + ".join(terms), given["outcome"], table, "county")
    residuals = (stage.observed - stage.expected) / stage.rows
    found = _told(permutation_test(difference_of_means(residuals), chosen, schemes, exact=True))
    return {
        **found,
        "p_value": found["p_two_sided"],
        "p_value_rounded4": round(found["p_two_sided"], 4),
        "n_schemes": len(schemes),
        "treated_counties": (np.flatnonzero(chosen) + 1).tolist(),
        # cvcrand's statistic is the difference of the sums of residuals, whose means are compared here.
        "statistic": abs(found["statistic"]) * len(chosen) / 2,
    }


def _told(found: object) -> dict[str, Any]:
    assert isinstance(found, PermutationTest), found
    return {
        "statistic": found.statistic,
        "n_allocations": found.allocations,
        "p_two_sided": found.p_value,
        "p_upper": found.p_upper,
    }
