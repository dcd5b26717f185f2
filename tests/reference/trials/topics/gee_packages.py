"""Estimating equations as R's packages print them: geepack, gee with geesmv, gee with saws."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data
from tests.reference.trials.topics.gee_inputs import Rows, correlation_of, errors, rows_of

from enginehouse.stats.gee import ClusterCorrection, GeeDf, GeeFit, Moments

GEESMV = {
    "se_lz": ClusterCorrection.LIANG_ZEGER,
    "se_md": ClusterCorrection.MANCL_DEROUEN,
    "se_kc": ClusterCorrection.KAUERMANN_CARROLL,
    "se_fg": ClusterCorrection.FAY_GRAUBARD,
    "se_mk": ClusterCorrection.DEGREES_OF_FREEDOM,
    "se_mbn": ClusterCorrection.MOREL_BOKOSSA_NEERCHAL,
}
SAWS = {
    "d1": (ClusterCorrection.LIANG_ZEGER, GeeDf.NORMAL),
    "d2": (ClusterCorrection.LIANG_ZEGER, GeeDf.FAY_GRAUBARD_EMPIRICAL),
    "d3": (ClusterCorrection.LIANG_ZEGER, GeeDf.FAY_GRAUBARD),
    "d4": (ClusterCorrection.FAY_GRAUBARD, GeeDf.FAY_GRAUBARD_EMPIRICAL),
    "d5": (ClusterCorrection.FAY_GRAUBARD, GeeDf.FAY_GRAUBARD),
    "dm": (ClusterCorrection.MODEL_BASED, GeeDf.NORMAL),
}


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    for word, made in PROGRAMS.items():
        if word in case.package:
            moments, shown = made
            rows = rows_of(case, data)
            return shown(rows, rows.fit(correlation_of(case.inputs, rows.clusters), moments))
    raise ValueError(f"no conventions of {case.package!r}")


def _geepack(rows: Rows, fit: GeeFit) -> Mapping[str, Any]:
    return {
        "fixed": {name: _wald(fit, weights) for name, weights in zip(fit.names, np.eye(len(fit.names)), strict=True)},
        "alpha": list(fit.correlation.values()),
        "phi": fit.dispersion,
        "se_jackknife_approx": rows.named(errors(fit, ClusterCorrection.JACKKNIFE)),
    }


def _wald(fit: GeeFit, weights: Any) -> Mapping[str, float]:
    found = fit.contrast(weights, correction=ClusterCorrection.LIANG_ZEGER, df_method=GeeDf.NORMAL)
    return {
        "Estimate": found.value,
        "Std.err": found.std_error,
        "Wald": (found.value / found.std_error) ** 2,
        "Pr(>|W|)": found.p_value(),
    }


def _geesmv(_rows: Rows, fit: GeeFit) -> Mapping[str, Any]:
    return {
        "coefficient_names": list(fit.names),
        "beta": fit.coefficients.tolist(),
        "naive_se": np.sqrt(np.diag(fit.model_covariance())).tolist(),
        "robust_se_gee": errors(fit, ClusterCorrection.LIANG_ZEGER),
        "alpha": next(iter(fit.correlation.values()), 0.0),
        "phi": fit.dispersion,
        **{key: errors(fit, correction) for key, correction in GEESMV.items()},
    }


def _saws(_rows: Rows, fit: GeeFit) -> Mapping[str, Any]:
    return {key: _tests(fit, *convention) for key, convention in SAWS.items()}


def _tests(fit: GeeFit, correction: ClusterCorrection, df_method: GeeDf) -> Mapping[str, Any]:
    found = [fit.contrast(row, correction=correction, df_method=df_method) for row in np.eye(len(fit.names))]
    return {
        "names": list(fit.names),
        "coef": [one.value for one in found],
        "se": [one.std_error for one in found],
        "df": [None if math.isinf(one.df) else one.df for one in found],
        "p": [one.p_value() for one in found],
    }


PROGRAMS: Mapping[str, tuple[Moments, Callable[[Rows, GeeFit], Mapping[str, Any]]]] = {
    "geepack": (Moments.GEEPACK, _geepack),
    "geesmv": (Moments.RESIDUAL_DF, _geesmv),
    "saws": (Moments.RESIDUAL_DF, _saws),
}
