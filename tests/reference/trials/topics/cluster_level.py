"""Analyses of one number for each cluster: t tests, weights, two stages, and baselines of a panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logit
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data, Table
from tests.reference.trials.topics.two_stages import cluster_means, first_stage

from enginehouse.stats.cluster_level import cluster_ancova, cluster_rank_sum, cluster_t_test, residual_summaries
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.results import Estimate

Array = npt.NDArray[np.float64]


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """By what is given: weights, residuals of a first stage, a panel's baseline, or means."""
    given, table = case.inputs, data.table(case.data or "")
    if "weights" in given:
        return _weighted(given, table)
    if "post vs pre" in given["outcome"]:
        return _of_panel(table)
    return _two_means(_summaries(given, table), cluster_means(table, "arm"))


def _summaries(given: Mapping[str, Any], table: Table) -> Array:
    if "residual" in given:
        text = given.get("stage1", "logistic regression on list_size_z + age without arm")
        stage = first_stage(text, given["outcome"], table)
        scale = "log-ratio" if "log" in given["residual"] else "difference"
        return residual_summaries(stage.observed, stage.expected, stage.rows, scale=scale)
    means = cluster_means(table, given["outcome"])
    return np.log(means) if given["summary"].startswith("log") else means


def _two_means(values: Array, arm: Array) -> Mapping[str, Any]:
    pooled, welch = (_estimated(cluster_t_test(values, arm, variance=kind)) for kind in ("equal", "welch"))
    interval = pooled.interval()
    return {
        "difference": pooled.value,
        "t_equal_var": pooled.value / pooled.std_error,
        "df_equal": pooled.df,
        "p_equal": pooled.p_value(),
        "ci95_equal": [interval.low, interval.high],
        "df_welch": welch.df,
        "p_welch": welch.p_value(),
        "wilcoxon_exact_p": cluster_rank_sum(values, arm),
    }


def _weighted(given: Mapping[str, Any], table: Table) -> Mapping[str, Any]:
    """Weights of one over the variance of a cluster's mean, by the components of a mixed model."""
    outcome = given["weights"].split(" of ")[1].split("~")[0]
    arm, clusters = table.numbers("arm"), table.labels("practice")
    model = fit_lmm(table.numbers(outcome), np.column_stack([np.ones_like(arm), arm]), clusters=clusters)
    assert isinstance(model, LmmFit), model
    weights = 1 / (model.random_covariance()[0, 0] + model.residual_variance / np.bincount(clusters))
    means = [cluster_means(table, column) for column in (outcome, "arm")]
    found = _estimated(cluster_ancova(*means, weights=weights))
    return {
        "coef": found.value,
        "se": found.std_error,
        "t": found.value / found.std_error,
        "p": found.p_value(),
        "df": found.df,
    }


def _of_panel(table: Table) -> Mapping[str, Any]:
    clusters, post = table.labels("practice"), table.numbers("post")
    parts = [
        np.bincount(clusters, table.numbers("numerator") * (post == when))
        / np.bincount(clusters, table.numbers("denominator") * (post == when))
        for when in (0, 1)
    ]
    before, after = parts
    arm = cluster_means(table, "arm")
    return {
        "ancova": _row(cluster_ancova(after, arm, covariates=before)),
        "ancova_logit": _row(cluster_ancova(logit(after), arm, covariates=logit(before))),
        "change_score": _row(cluster_ancova(after - before, arm)),
    }


def _row(found: object) -> Mapping[str, float]:
    estimate = _estimated(found)
    return {
        "Estimate": estimate.value,
        "Std. Error": estimate.std_error,
        "t value": estimate.value / estimate.std_error,
        "Pr(>|t|)": estimate.p_value(),
    }


def _estimated(found: object) -> Estimate:
    assert isinstance(found, Estimate), found
    return found
