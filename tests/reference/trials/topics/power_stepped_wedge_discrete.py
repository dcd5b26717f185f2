"""Stepped wedges as swdpwr counts them: marginal models, and conditional ones that are exact for yes and no."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data
from tests.reference.trials.topics.power_longitudinal import read_schedule

from enginehouse.trials.longitudinal_counts import Course, marginal_variance, straight_course
from enginehouse.trials.longitudinal_exact import ConditionalEffect, conditional_variance
from enginehouse.trials.sample_size.t_power import t_power


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """The program prints three decimals."""
    given = case.inputs
    schedule = read_schedule(given["schedule"])
    clusters = np.broadcast_to(np.asarray(given["clusters_per_sequence"], dtype=float), len(schedule))
    course = _course(given, schedule.shape[1])
    if given["model"] == "conditional" and given["family"] == "binomial":
        exact = conditional_variance(schedule, clusters, given["K"], course, icc=_between(given))
        if not isinstance(exact, ConditionalEffect):
            return {"power": exact, "beta": exact}
        effect, variance = exact.effect, exact.variance
    else:
        effect, variance = course.effect, _marginal(schedule, clusters, course, given)
    power = t_power(effect, math.sqrt(variance), math.inf, alpha=given.get("typeIerror", 0.05))
    shown = given.get("effectsize_beta")
    return {"power": round(power, 3), "beta": round(effect if shown is None else shown, 3)}


def _course(given: Mapping[str, Any], periods: int) -> Course:
    link = "identity" if given["family"] == "gaussian" else given.get("link", "identity")
    start = given.get("meanresponse_start")
    end = given.get("meanresponse_end0", start)
    if given.get("effectsize_beta") is None:
        return straight_course(start, end, given["meanresponse_end1"], periods=periods, link=link)
    plain = straight_course(start or 0.0, end or 0.0, end or 0.0, periods=periods, link=link)
    return Course(link=link, control=plain.control, effect=given["effectsize_beta"])


def _between(given: Mapping[str, Any]) -> float:
    return given.get("alpha1", given.get("alpha0", 0.1) / 2)


def _marginal(schedule: np.ndarray, clusters: np.ndarray, course: Course, given: Mapping[str, Any]) -> float:
    return marginal_variance(
        schedule,
        clusters,
        given["K"],
        course,
        family=given["family"],
        within_period=given.get("alpha0", 0.1),
        between_periods=_between(given),
        within_person=given.get("alpha2") if given.get("type") == "cohort" else None,
        variance=given.get("sigma2") or 1.0,
    )
