"""Bounds of confseq."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.stats.confidence_sequences import (
    log_normal_mixture,
    normal_mixture_bound,
    proportion_sequence,
    stitching_bound,
)


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """A proportion, a stitched bound or a normal mixture, by what is given."""
    given = case.inputs
    if "successes" in given:
        return _proportion(given)
    return _stitched(given) if "v_min" in given else _mixture(given)


def _mixture(given: Mapping[str, Any]) -> Mapping[str, Any]:
    v, alpha, best = given["intrinsic_time"], given["alpha"], given["v_opt"]
    return {
        "bound_one_sided": normal_mixture_bound(v, alpha=alpha, tightest_at=best, two_sided=False),
        "bound_two_sided": normal_mixture_bound(v, alpha=alpha, tightest_at=best),
        "log_mixture_two_sided_at_2sqrtv": log_normal_mixture(2 * math.sqrt(v), v, alpha=alpha, tightest_at=best),
    }


def _stitched(given: Mapping[str, Any]) -> Mapping[str, Any]:
    bound = stitching_bound(
        given["intrinsic_time"],
        alpha=given["alpha"],
        starts_at=given["v_min"],
        scale=given["c"],
        exponent=given["s"],
        growth=given["eta"],
    )
    return {"bound": bound}


def _proportion(given: Mapping[str, Any]) -> Mapping[str, Any]:
    found = proportion_sequence(
        given["successes"],
        given["n"],
        alpha=given["alpha"],
        tightest_at=given["t_opt"],
        tuned_for=given.get("alpha_opt"),
    )
    return {"ci": [found.low, found.high]}
