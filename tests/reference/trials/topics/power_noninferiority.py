"""Non-inferiority of means, with rpact's normal quantiles; people in all and clusters in all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.trials.sample_size.comparison import ClustersNeeded
from enginehouse.trials.sample_size.margins import non_inferiority_clusters
from enginehouse.trials.sample_size.two_arms import means


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """Without clusters each person is one."""
    given = case.inputs
    return {
        "n_individual_total": _total(given, 1.0, 0.0),
        "n_clusters_total_unrounded": _total(given, given["m"], given["icc"]),
    }


def _total(given: Mapping[str, Any], m: float, icc: float) -> Any:
    found = non_inferiority_clusters(
        means(m, icc=icc, sd=given["sd"]).as_normal(),
        given["margin"],
        truth=given["true_diff"],
        power=given["power"],
        alpha=given["alpha_one_sided"],
    )
    return 2 * found.unrounded if isinstance(found, ClustersNeeded) else found
