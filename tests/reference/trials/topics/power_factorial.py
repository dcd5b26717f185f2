"""The 2x2 factorial design: main effects and their interaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.trials.sample_size.comparison import power_of
from enginehouse.trials.sample_size.several_arms import factorial


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """Power with both tails."""
    given = case.inputs
    clusters, alpha = given["clusters_per_cell"], given.get("alpha", 0.05)
    main = factorial(given["m"], icc=given["icc"], sd=given.get("sd", 1.0))
    interaction = factorial(given["m"], icc=given["icc"], effect="interaction", sd=given.get("sd", 1.0))
    return {
        "power_main": power_of(main, given["main_effect"], clusters, alpha=alpha),
        "power_interaction": power_of(interaction, given["interaction"], clusters, alpha=alpha),
    }
