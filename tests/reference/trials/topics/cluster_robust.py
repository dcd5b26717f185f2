"""Cluster-robust tests of linear and generalised linear models (clubSandwich's coef_test)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.formula import read_model
from tests.reference.trials.tables import Data
from tests.reference.trials.topics.gee_inputs import Rows, family_of

from enginehouse.stats.gee import ClusterCorrection, GeeDf, GeeFit, Independence, Moments

CORRECTIONS = {
    "CR0": ClusterCorrection.LIANG_ZEGER,
    "CR1": ClusterCorrection.CLUSTERS,
    "CR1p": ClusterCorrection.DEGREES_OF_FREEDOM,
    "CR1S": ClusterCorrection.CLUSTERS_AND_ROWS,
    "CR2": ClusterCorrection.BELL_MCCAFFREY,
    "CR3": ClusterCorrection.MANCL_DEROUEN,
}
EPSILON, LARGEST, SMALLEST = sys.float_info.epsilon, sys.float_info.max, sys.float_info.min


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for text in case.inputs["models"]:
        word, fit = _fitted(text, case, data)
        for key, correction in CORRECTIONS.items():
            rows = zip(fit.names, np.eye(len(fit.names)), strict=True)
            found[f"{word}_{key}"] = {name: _tests(fit, weights, correction) for name, weights in rows}
    return found


def _fitted(text: str, case: Case, data: Data) -> tuple[str, GeeFit]:
    """`lm y ~ x` or `glm binomial y ~ x`."""
    head, terms = text.split("~", 1)
    word, *family, outcome = head.split()
    table = data.table(case.data or "")
    model = read_model(f"{outcome} ~ {terms}", table)
    clusters = table.labels(case.inputs["cluster"])[model.rows]
    kind, link = family_of(family[0] if family else "gaussian")
    return word, Rows(model, table, clusters, kind, link).fit(Independence(), Moments.RESIDUAL_DF)


def _tests(fit: GeeFit, weights: Any, correction: ClusterCorrection) -> Mapping[str, float]:
    naive = fit.contrast(weights, correction=correction, df_method=GeeDf.CLUSTERS_LESS_ONE)
    satterthwaite = fit.contrast(weights, correction=correction, df_method=GeeDf.SATTERTHWAITE)
    saddle = fit.saddlepoint(weights, correction=correction, find_root=uniroot)
    return {
        "beta": naive.value,
        "SE": naive.std_error,
        "tstat": naive.value / naive.std_error,
        "df_t": naive.df,
        "p_t": naive.p_value(),
        "df_Satt": satterthwaite.df,
        "p_Satt": satterthwaite.p_value(),
        "saddlepoint": saddle.point,
        "p_saddle": saddle.p_value,
    }


def uniroot(function: Callable[[float], float], low: float, high: float) -> float:
    """A root as R's `uniroot` leaves it by default: Brent's method, ended when the bracket is about 1.2e-4 wide."""
    a, b = low, high
    f_a, f_b = (max(min(function(x), LARGEST), -LARGEST) for x in (a, b))
    c, f_c = a, f_a
    for _ in range(1000):
        before = b - a
        if abs(f_c) < abs(f_b):
            a, b, c, f_a, f_b, f_c = b, c, b, f_b, f_c, f_b
        nearest, step = 2 * EPSILON * abs(b) + EPSILON**0.25 / 2, (c - b) / 2
        if abs(step) <= nearest or f_b == 0:
            return b
        if abs(before) >= nearest and abs(f_a) > abs(f_b):
            p, q = _interpolated((a, b, c), (f_a, f_b, f_c))
            if p < min(0.75 * (c - b) * q - abs(nearest * q) / 2, abs(before * q / 2)):
                step = p / q
        a, f_a = b, f_b
        # A first step towards an infinite value is below the smallest normal number, which R takes for none.
        b += step if abs(step) > nearest else nearest if step > SMALLEST else -nearest
        f_b = function(b)
        if (f_b > 0) == (f_c > 0):
            c, f_c = a, f_a
    raise ValueError("no root")


def _interpolated(x: tuple[float, float, float], f: tuple[float, float, float]) -> tuple[float, float]:
    """The step p / q of the secant, or of the inverse parabola where there are three places; p is not negative."""
    (a, b, c), (f_a, f_b, f_c) = x, f
    if a == c:
        p, q = (c - b) * f_b / f_a, 1 - f_b / f_a
    else:
        q, r, s = f_a / f_c, f_b / f_c, f_b / f_a
        p, q = s * ((c - b) * q * (q - r) - (b - a) * (r - 1)), (q - 1) * (r - 1) * (s - 1)
    return (p, -q) if p > 0 else (-p, q)
