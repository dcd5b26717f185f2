"""Stepped wedges with counts as swCRTdesign's swGlmPwr counts them: a linearised mixed model, random effects by sd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data
from tests.reference.trials.topics.power_stepped_wedge import by_cluster, cluster_sizes, components

from enginehouse.trials.longitudinal_counts import MixedPower, mixed_power


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """`time` is one number for all periods but the first, or one for each of them."""
    given = case.inputs
    each = by_cluster(given)
    time = np.broadcast_to(np.asarray(given["time"], dtype=float), each.shape[1] - 1)
    found = mixed_power(
        each,
        np.ones(len(each)),
        np.array(cluster_sizes(given["n"], each.shape)),
        family=given["distribution"],
        control=(given["intercept"] + np.r_[0.0, time]).tolist(),
        effect=given["treatment"],
        correlation=components(given, binomial_from_mean=False),
        weights=given.get("H"),
        alpha=given.get("alpha", 0.05),
    )
    if not isinstance(found, MixedPower):
        return {"power": found}
    return {"power": found.power, "var": found.variance, "var_null": found.null_variance}
