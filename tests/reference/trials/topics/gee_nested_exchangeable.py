"""Estimating equations with second equations for the correlation of patients (geeCRT's geemaee)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.formula import read_model
from tests.reference.trials.tables import Data
from tests.reference.trials.topics.gee_inputs import Rows, errors, family_of

from enginehouse.stats.gee import ClusterCorrection, Exchangeable, GeeFamily, Moments, NestedExchangeable

CORRECTIONS = {
    "se_beta_BC0": ClusterCorrection.LIANG_ZEGER,
    "se_beta_BC1": ClusterCorrection.KAUERMANN_CARROLL_PRODUCT,
    "se_beta_BC2": ClusterCorrection.MANCL_DEROUEN,
    "se_beta_BC3": ClusterCorrection.FAY_GRAUBARD,
}
OUTCOMES = {GeeFamily.GAUSSIAN: "y_cont", GeeFamily.BINOMIAL: "y_bin", GeeFamily.POISSON: "y_count"}


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    inputs, table = case.inputs, data.table(case.data or "")
    family, link = family_of(inputs["family"])
    if "y" not in table and OUTCOMES[family] in table:
        table = table.with_columns(y=table[OUTCOMES[family]])
    model = read_model(inputs["model"], table)
    rows = Rows(model, table, table.labels(inputs["cluster"])[model.rows], family, link)
    nested = "nested" in inputs["correlation"]
    structure = NestedExchangeable(periods=table.labels("period")[model.rows]) if nested else Exchangeable()
    moments = Moments.PAIRED_ADJUSTED if inputs["bias_adjusted_alpha"] else Moments.PAIRED
    fit = rows.fit(structure, moments)
    return {
        "beta": fit.coefficients.tolist(),
        "alpha": list(fit.correlation.values()),
        "se_beta_MB": np.sqrt(np.diag(fit.model_covariance())).tolist(),
        **{key: errors(fit, correction) for key, correction in CORRECTIONS.items()},
    }
