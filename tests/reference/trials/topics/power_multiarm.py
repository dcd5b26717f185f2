"""Several arms: the omnibus F test of clusterPower, and Dunnett's critical values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.stats.dunnett import dunnett_critical_value
from enginehouse.trials.sample_size.several_arms import omnibus_power


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """A critical value or a power, by what is given."""
    return _dunnett(case.inputs) if "n_comparisons_with_control" in case.inputs else _omnibus(case.inputs)


def _omnibus(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """clusterPower tests at half the level, and takes the ratio of mean squares for the noncentrality."""
    power = omnibus_power(
        given["narms"],
        given["nclusters_per_arm"],
        given["m"],
        arm_variance=given["vara"],
        cluster_variance=given["varc"],
        residual_variance=given["vare"],
        alpha=given.get("alpha", 0.05) / 2,
        noncentrality="mean-square-ratio",
    )
    return {"power": power}


def _dunnett(given: Mapping[str, Any]) -> Mapping[str, Any]:
    df = float(given["df"])
    value = dunnett_critical_value(
        given["n_comparisons_with_control"],
        df,
        correlation=given["correlation"],
        alpha=given["alpha"],
        sides=given.get("sides", 2),
    )
    return {"critical_value": value}
