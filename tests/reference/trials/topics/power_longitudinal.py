"""Designs in periods as SteppedPower counts them: total variance 1, normal test, both tails."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.trials.correlation import closed_cohort, period_covariance
from enginehouse.trials.longitudinal import treatment_variance
from enginehouse.trials.sample_size.t_power import t_power


def read_schedule(text: str) -> np.ndarray:
    """`011/001`: a digit for each period, a dot where nothing is measured."""
    return np.array([[math.nan if mark in ".N" else float(mark) for mark in row] for row in text.split("/")])


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """Variance and power of the immediate effect."""
    given = case.inputs
    schedule = read_schedule(given["schedule"])
    correlation = closed_cohort(
        given["icc"], iac=given.get("closed_iac", 0.0), decay=given.get("decay", 1.0), cac=given.get("cac", 1.0)
    )
    covariance = period_covariance(correlation, given["n"], periods=schedule.shape[1])
    clusters = np.broadcast_to(np.asarray(given["clusters_per_sequence"], dtype=float), len(schedule))
    variance = treatment_variance(schedule, clusters, covariance)
    if not isinstance(variance, float):
        return {"var_delta": variance, "power": variance}
    power = t_power(given["delta"], math.sqrt(variance), math.inf, alpha=given.get("alpha", 0.05))
    return {"var_delta": variance, "power": power}
