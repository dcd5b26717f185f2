"""Two parallel arms: means, proportions and rates. clusterPower counts one tail, CRTSize iterates t quantiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.trials.sample_size.comparison import Comparison, clusters_needed, power_of
from enginehouse.trials.sample_size.two_arms import means, proportions, rates

CLUSTERS = ("nclusters_per_arm_unrounded", "n_clusters_per_arm_unrounded")


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """Each output by its name; which outcome it is about is told by the inputs."""
    given = dict(case.inputs)
    kind = next(make for key, make in KINDS.items() if key in given)
    return {name: _number(name, given, kind, case) for name in case.expected}


def _number(name: str, given: Mapping[str, Any], kind: Callable[..., tuple[Comparison, float]], case: Case) -> Any:
    comparison, effect = kind(given, name)
    alpha = given.get("alpha", 0.05)
    if name in CLUSTERS:
        found = clusters_needed(
            comparison,
            effect,
            power=given.get("power", 0.8),
            alpha=alpha,
            tails="upper",
            approximation="iterated-t" if case.package == "CRTSize" else "exact",
        )
        return getattr(found, "unrounded", found)
    return power_of(comparison, effect, given["nclusters_per_arm"], alpha=alpha, tails="upper")


def _means(given: Mapping[str, Any], name: str) -> tuple[Comparison, float]:
    correction = "taylor" if name.endswith("taylor") else "weighted"
    comparison = means(
        given["m"], icc=given["icc"], sd=given.get("sd", 1.0), cv=given.get("cv", 0.0), correction=correction
    )
    return comparison, given.get("d", given.get("delta"))


def _proportions(given: Mapping[str, Any], name: str) -> tuple[Comparison, float]:
    one, other = (given["p1"], given["p2"]) if "p1" in given else (given["pc"], given["pe"])
    pooled = "pooled" in name and "unpooled" not in name
    comparison = proportions(
        given["m"], one, other, icc=given["icc"], cv=given.get("cv", 0.0), correction="weighted", pooled=pooled
    )
    return (comparison.as_normal() if "_z_" in name else comparison), other - one


def _rates(given: Mapping[str, Any], name: str) -> tuple[Comparison, float]:
    comparison = rates(given["person_time"], given["r1"], given["r2"], between_cv=given["cvb"])
    return comparison, given["r2"] - given["r1"]


def _incidence(given: Mapping[str, Any], name: str) -> tuple[Comparison, float]:
    """CRTSize adds no cluster for t, and iterates its quantiles with 2 (k - 1) degrees of freedom instead."""
    normal = rates(given["m"] * given["t"], given["lc"], given["le"], between_cv=given["cv"], plus_one=False)
    return Comparison(variance=normal.variance, df_per_cluster=2, df_lost=2), given["le"] - given["lc"]


KINDS = {"p1": _proportions, "pc": _proportions, "cvb": _rates, "lc": _incidence, "d": _means, "delta": _means}
"""The input that tells the outcome."""
