"""Sizes of cluster SMARTs: NeCamp, Kilbourne and Almirall, equations 5 to 7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.trials.sample_size.comparison import ClustersNeeded, clusters_needed
from enginehouse.trials.sample_size.smart import regimes


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """The paper counts one tail of a two-sided test with normal quantiles."""
    given = case.inputs
    comparison = regimes(
        given["m"],
        icc=given["icc"],
        design="adept" if given["design"].lower() == "adept" else "prototypical",
        responds=(given["p_resp_1"], given["p_resp_m1"]),
        covariate_correlation=given["cor_y_x"],
    )
    found = clusters_needed(
        comparison, given["delta"], power=given["power"], alpha=given.get("alpha", 0.05), tails="upper"
    )
    return {"n_clusters": found.clusters if isinstance(found, ClustersNeeded) else found}
