"""Cluster SMARTs: NeCamp's estimator, and weighted and replicated estimating equations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc
from tests.reference.trials.cases import Case
from tests.reference.trials.formula import read_model
from tests.reference.trials.tables import Data, Table
from tests.reference.trials.topics.gee_inputs import family_of

from enginehouse.stats.gee import ClusterCorrection, GeeFit, Moments, gee
from enginehouse.stats.smart.means import RegimeFit, regime_means
from enginehouse.stats.smart.weights import regime_weights, replicate

Array = npt.NDArray[np.float64]
PLAIN = ClusterCorrection.LIANG_ZEGER
EVERY = ((1, 1), (1, -1), (-1, 1), (-1, -1))
ADEPT = ((1, 1), (1, -1), (-1, 0))
"""Only non-responders to arm 1 are drawn again; a second stage of 0 is none."""


class Trial:
    """What was drawn for each cluster of a data set, and which regimes it is consistent with."""

    def __init__(self, table: Table) -> None:
        self.clusters = table.labels("clust")
        first_rows = np.unique(self.clusters, return_index=True)[1]
        self.first, self.responded, self.second = (table.numbers(name)[first_rows] for name in ("A1", "R", "A2"))
        self.again = np.isfinite(self.second)
        self.is_adept = not np.any(self.again & (self.first == -1))
        self.regimes = ADEPT if self.is_adept else EVERY
        self.weights = regime_weights(np.full(len(self.first), 0.5), self.again, np.full(len(self.first), 0.5))
        self.consistent = np.column_stack(
            [(self.first == a) & (~self.again | (self.second == b)) for a, b in self.regimes]
        )


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """By what is given: a formula for replicated rows, or outcome and covariates for NeCamp's estimator."""
    table = data.table(case.data or "")
    trial = Trial(table)
    return _replicated(case.inputs, table, trial) if "model" in case.inputs else _necamp(case.inputs, table, trial)


def _necamp(given: Mapping[str, Any], table: Table, trial: Trial) -> Mapping[str, Any]:
    names = re.split(r"[,+\s]+", given["covariates"]) if given.get("covariates") else []
    covariates = np.column_stack([table.numbers(name) for name in names]) if names else None
    stages = np.array([[1, a, b] if trial.is_adept else [1, a, b, a * b] for a, b in trial.regimes], dtype=float)
    found = regime_means(
        table.numbers(given["outcome"]),
        clusters=trial.clusters,
        consistent=trial.consistent,
        weights=trial.weights,
        regime_design=stages,
        covariates=covariates,
    )
    assert isinstance(found, RegimeFit), found
    betas = [f"beta_{place}" for place in range(stages.shape[1])]
    return {
        "coef_names": [*betas, *(f"eta{place + 1}" for place in range(len(names)))],
        "coef": found.coefficients.tolist(),
        "vcov": found.covariance(PLAIN).tolist(),
        "dtr": [f"({a},{b or '.'})" for a, b in trial.regimes],
        "dtr_means": found.means.tolist(),
        "dtr_vcov": found.means_covariance(PLAIN).tolist(),
    }


def _replicated(given: Mapping[str, Any], table: Table, trial: Trial) -> Mapping[str, Any]:
    rows = replicate(trial.clusters, trial.consistent, trial.weights)
    second = np.array([b for _, b in trial.regimes], dtype=float)[rows.regime]
    copied = table.take(rows.rows)
    copied = copied.with_columns(A2r=second, I1=(copied.numbers("A1") == 1).astype(float))
    model = read_model(given["model"], copied)
    family, link = family_of(given["family"])
    fit = gee(
        model.outcome,
        model.design,
        clusters=trial.clusters[rows.rows],
        family=family,
        link=link,
        weights=rows.weights,
        moments=Moments.RESIDUAL_DF,
        names=model.names,
    )
    assert isinstance(fit, GeeFit), fit
    covariance = fit.covariances(PLAIN)[0]
    errors = np.sqrt(np.diag(covariance))
    table_of = {
        name: {"Estimate": value, "Std.err": error, "Wald": (value / error) ** 2, "Pr(>|W|)": chdtrc(1, (value / error) ** 2)}
        for name, value, error in zip(fit.names, fit.coefficients.tolist(), errors.tolist(), strict=True)
    }  # fmt: skip
    return {"fixed": table_of, "vcov": covariance.tolist(), "n_rows": len(rows.rows)}
