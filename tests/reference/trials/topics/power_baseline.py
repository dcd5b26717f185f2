"""Two arms with a baseline: the difference of differences of clusterPower (one tail) and analysis of covariance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.trials.sample_size.comparison import power_of
from enginehouse.trials.sample_size.two_arms import means_with_baseline


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """`power` is that of the change, `power_ancova_formula` that of analysis of covariance."""
    given = case.inputs
    found = {}
    for name in case.expected:
        comparison = means_with_baseline(
            given["m"],
            icc=given["icc"],
            cac=given["rho_c"],
            iac=given["rho_s"],
            sd=given.get("sd", 1.0),
            analysis="ancova" if "ancova" in name else "change",
        )
        clusters, alpha = given["nclusters_per_arm"], given.get("alpha", 0.05)
        found[name] = power_of(comparison, given["d"], clusters, alpha=alpha, tails="upper")
    return found
