"""Intra-cluster correlations: analysis of variance, ICCbin's estimators, and those of mixed models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.formula import read_model
from tests.reference.trials.tables import Data, Table

from enginehouse.stats.binary_icc import BinaryIcc, BinaryIccEstimate, binary_icc
from enginehouse.stats.glmm import Family, MixedFit, fit_glmm
from enginehouse.stats.glmm.correlation import MixedCorrelation, mixed_correlation
from enginehouse.stats.lmm.correlation import ClusterCorrelations, Correlation, cluster_correlations
from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.structures import NestedExchangeable
from enginehouse.stats.variance import VarianceComponents, anova_icc

ICCBIN = {
    "aov": BinaryIcc.ANOVA,
    "aovs": BinaryIcc.ANOVA_MODIFIED,
    "keq": BinaryIcc.KLEINMAN_EQUAL,
    "kpr": BinaryIcc.KLEINMAN_SIZE,
    "keqs": BinaryIcc.KLEINMAN_EQUAL_MODIFIED,
    "kprs": BinaryIcc.KLEINMAN_SIZE_MODIFIED,
    "stab": BinaryIcc.STABILISED,
    "ub": BinaryIcc.UNBIASED_EQUATION,
    "fc": BinaryIcc.FLEISS_CUZICK,
    "mak": BinaryIcc.MAK,
    "peq": BinaryIcc.PAIRS_EQUAL,
    "pgp": BinaryIcc.PAIRS_BY_SITE,
    "ppr": BinaryIcc.PAIRS_BY_SIZE,
    "rm": BinaryIcc.PAIRS_INSIDE_AND_ACROSS,
}
"""By the package's names."""
OF_MODELS = ("lin", "sim")
"""Those that lme4's logistic model gives: linearised, and on the observed scale (simulated there, integrated here)."""


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """By what is asked: an ICCbin method, the models of one data set, a stepped wedge's model, or analysis of variance."""
    given, table = case.inputs, data.table(case.data or "")
    if not given:
        return _of_models(table)
    if "method" in given:
        return _iccbin(given, table)
    return _stepped(given["model"], table) if "model" in given else _anova(given, table)


def _anova(given: Mapping[str, Any], table: Table) -> Mapping[str, Any]:
    found = anova_icc(table.numbers(given["outcome"]), table.labels(given["cluster"]))
    assert isinstance(found, VarianceComponents), found
    interval = found.interval()
    return {
        "K": found.sites,
        "N": found.individuals,
        "n0": found.average_size,
        "msb": found.mean_square_between,
        "msw": found.mean_square_within,
        "icc": found.icc,
        "F": found.mean_square_between / found.mean_square_within,
        "ci95_F": [interval.low, interval.high],
        "se_smith": found.std_error_of_unequal_sizes,
    }


def _iccbin(given: Mapping[str, Any], table: Table) -> Mapping[str, Any]:
    clusters = table.labels(given["cluster"])
    if given["method"] in OF_MODELS:
        fitted = _logistic(table.numbers(given["outcome"]), clusters, nodes=1)
        return {"icc": fitted.linearised if given["method"] == "lin" else fitted.observed.value}
    found = binary_icc(
        np.bincount(clusters, table.numbers(given["outcome"])),
        np.bincount(clusters),
        estimator=ICCBIN[given["method"]],
        convention="iccbin",
    )
    assert isinstance(found, BinaryIccEstimate), found
    return {"icc": found.value if 0 <= found.value <= 1 else math.nan}


def _stepped(model: str, table: Table) -> Mapping[str, Any]:
    """Correlations inside a period and between periods, of a cluster and a cluster-period effect."""
    read = read_model(model, table)
    alone = next(term for term in read.random if ":" not in term.group)
    crossed = next(term for term in read.random if ":" in term.group)
    column = next(part for part in crossed.group.split(":") if part != alone.group)
    periods = NestedExchangeable(periods=table.labels(column)[read.rows])
    fit = fit_lmm(read.outcome, read.design, clusters=alone.members, structure=periods)
    assert isinstance(fit, LmmFit), fit
    found = cluster_correlations(fit)
    assert isinstance(found, ClusterCorrelations), found
    assert isinstance(found.cac, Correlation), found
    return {
        "within_period_icc": found.icc.value,
        "between_period_icc": found.icc.value * found.cac.value,
        "cac": found.cac.value,
    }


def _of_models(table: Table) -> Mapping[str, Any]:
    """The restricted likelihood's share of a linear model; on the logit scale that of the latent variable."""
    clusters = table.labels("practice")
    fit = fit_lmm(table.numbers("y_cont"), np.ones((table.rows, 1)), clusters=clusters)
    assert isinstance(fit, LmmFit), fit
    found = cluster_correlations(fit)
    assert isinstance(found, ClusterCorrelations), found
    latent = _logistic(table.numbers("y_bin"), clusters, nodes=9).latent
    assert isinstance(latent, Correlation), latent
    return {"icc_reml": found.icc.value, "icc_logit_latent": latent.value}


def _logistic(outcome: np.ndarray, clusters: np.ndarray, *, nodes: int) -> MixedCorrelation:
    fit = fit_glmm(outcome, np.ones((len(outcome), 1)), clusters=clusters, family=Family.BINOMIAL, nodes=nodes)
    assert isinstance(fit, MixedFit), fit
    found = mixed_correlation(fit)
    assert isinstance(found, MixedCorrelation), found
    return found
