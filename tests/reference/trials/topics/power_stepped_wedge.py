"""Stepped wedges as swCRTdesign counts them: variance components or icc, cac and iac with a residual sd; normal test."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.trials.correlation import Correlation, period_covariance
from enginehouse.trials.longitudinal import stepped_schedule, treatment_variance
from enginehouse.trials.sample_size.t_power import t_power


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """Each cluster is a row of its own, since sizes may differ."""
    given = case.inputs
    each = by_cluster(given)
    people = cluster_sizes(given.get("n", given.get("n_per_cluster_period")), each.shape)
    covariance = period_covariance(components(given), people, periods=each.shape[1], treated=each)
    variance = treatment_variance(each, np.ones(len(each)), covariance)
    delta = given["delta"] if "delta" in given else given["mu1"] - given["mu0"]
    if not isinstance(variance, float):
        return dict.fromkeys(("power", "var", "var_delta"), variance)
    power = t_power(delta, math.sqrt(variance), math.inf, alpha=given.get("alpha", 0.05))
    return {"power": power, "var": variance, "var_delta": variance}


def by_cluster(given: Mapping[str, Any]) -> np.ndarray:
    """The schedule with one row for each cluster."""
    clusters = given["clusters_per_sequence"]
    counts = [clusters] * int(given["sequences"]) if "sequences" in given else clusters
    schedule = stepped_schedule(len(counts), after=int(given.get("extra_treated_periods") or 0))
    return np.repeat(schedule, counts, axis=0)


def cluster_sizes(people: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A number, one for each cluster, or one for each cluster and period."""
    sizes = np.asarray(people, dtype=float)
    return np.broadcast_to(sizes[:, None] if sizes.ndim == 1 else sizes, shape)


def components(given: Mapping[str, Any], *, binomial_from_mean: bool = True) -> Correlation:
    """Variance components, by standard deviations or by icc, cac and iac."""
    if "icc" in given:
        return _from_icc(given)
    if given["distribution"] == "binomial" and binomial_from_mean:
        mean = (given["mu0"] + given["mu1"]) / 2
        within = mean * (1 - mean)
    else:
        within = (given.get("sigma") or 0.0) ** 2
    level, time = given["tau"] ** 2, (given.get("gamma") or 0.0) ** 2
    between = level + time
    plain = Correlation(
        between=between,
        within=within,
        person=(given.get("zeta") or 0.0) ** 2,
        cac=level / between if between else 1.0,
    )
    return plain.with_effect(given.get("eta") or 0.0, correlation=given.get("rho") or 0.0)


def _from_icc(given: Mapping[str, Any]) -> Correlation:
    residual = given.get("sigma_residual", given.get("sigma")) ** 2
    iac = given.get("iac") or 0.0
    person = residual * iac / (1 - iac)
    between = (residual + person) * given["icc"] / (1 - given["icc"])
    return Correlation(between=between, within=residual, person=person, cac=given.get("cac", 1.0))
