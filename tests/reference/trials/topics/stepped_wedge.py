"""Stepped-wedge trials by linear mixed models described in words: immediate or exposure-time effects, nested or decaying."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import ndtr
from tests.reference.trials.cases import Case
from tests.reference.trials.formula import read_model
from tests.reference.trials.tables import Data, Table

from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.freedom import DfMethod
from enginehouse.stats.lmm.structures import DiscreteTimeDecay, NestedExchangeable, RandomIntercept, Structure
from enginehouse.stats.results import NotEstimable


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """The model that the words name, and every number that such a case may ask for."""
    words = case.inputs["model"]
    table = data.table(case.data or "")
    outcome = words.split("~")[0].strip()
    effect = "factor(exposure)" if "exposure" in words else "treat"
    model = read_model(f"{outcome} ~ factor(period) + {effect}", table)
    fit = fit_lmm(
        model.outcome,
        model.design,
        clusters=table.labels("cluster")[model.rows],
        structure=_structure(words, table, model.rows),
        names=model.names,
        reml=" ML" not in words,
    )
    if isinstance(fit, NotEstimable):
        raise ValueError(fit.detail)
    found: dict[str, Any] = {
        "minus2_reml" if fit.reml else "minus2loglik": fit.deviance,
        "residual_sd": fit.residual_sd,
    }
    return {**found, **_variation(fit), **(_immediate(fit, case.package) if effect == "treat" else _by_exposure(fit))}


def _structure(words: str, table: Table, rows: np.ndarray) -> Structure:
    periods = table.numbers("period")[rows]
    if "AR(1)" in words or "decay" in words:
        return DiscreteTimeDecay(times=periods)
    nested = "cluster:period" in words.replace(" ", "") or "nested" in words
    return NestedExchangeable(periods=periods) if nested else RandomIntercept()


def _variation(fit: LmmFit) -> dict[str, float]:
    sds = [float(np.sqrt(fit.random_covariance(number)[0, 0])) for number in range(len(fit.model.terms))]
    if fit.decay is not None:
        return {"sd_cluster_period": sds[0], "decay_r": fit.decay}
    return dict(zip(("sd_cluster", "sd_cluster_period"), sds, strict=False))


def _immediate(fit: LmmFit, package: str) -> dict[str, Any]:
    """The errors of glmmTMB are of all parameters jointly, those of lme4 of the fixed effects alone."""
    method = DfMethod.KACKAR_HARVILLE if package == "glmmTMB" else DfMethod.NORMAL
    found = fit.estimate({"treat": 1.0}, method=method)
    z = found.value / found.std_error
    row = {"Estimate": found.value, "Std. Error": found.std_error, "z value": z, "Pr(>|z|)": 2 * ndtr(-abs(z))}
    return {"treat": row, "estimate": found.value, "se": found.std_error}


def _by_exposure(fit: LmmFit) -> dict[str, Any]:
    """The time-averaged effect is the mean of the exposure times' coefficients, the long-term effect the last one."""
    names = [name for name in fit.names if "exposure" in name]
    average = fit.estimate(dict.fromkeys(names, 1 / len(names)), method=DfMethod.NORMAL)
    longest = fit.estimate({names[-1]: 1.0}, method=DfMethod.NORMAL)
    return {
        "tate": average.value,
        "se": average.std_error,
        "long_term_effect": longest.value,
        "long_term_se": longest.std_error,
    }
