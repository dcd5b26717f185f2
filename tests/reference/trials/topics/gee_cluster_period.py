"""Estimating equations for proportions of cluster-periods (geeCRT's cpgeeSWD)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.formula import read_model
from tests.reference.trials.tables import Data
from tests.reference.trials.topics.gee_inputs import errors, family_of
from tests.reference.trials.topics.gee_nested_exchangeable import CORRECTIONS

from enginehouse.stats.gee import DecayKind, GeeFit, Link, cluster_period_gee

KINDS = {
    "exchangeable": DecayKind.EXCHANGEABLE,
    "nest_exch": DecayKind.NESTED_EXCHANGEABLE,
    "exp_decay": DecayKind.EXPONENTIAL_DECAY,
}


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    inputs, table = case.inputs, data.table(case.data or "")
    outcome, terms = (part.strip() for part in inputs["model"].split(" on ")[0].split("~"))
    events, patients = (part.strip() for part in outcome.split("/"))
    model = read_model(f"{events} ~ {terms}", table)
    fit = cluster_period_gee(
        table.numbers(events)[model.rows],
        table.numbers(patients)[model.rows],
        model.design,
        clusters=table.labels(inputs.get("cluster", "cluster"))[model.rows],
        periods=table.numbers("period")[model.rows],
        kind=KINDS[inputs["correlation"]],
        link=family_of(inputs["family"])[1] or Link.LOGIT,
        is_adjusted=inputs["bias_adjusted_alpha"],
        names=model.names,
    )
    if not isinstance(fit, GeeFit):
        raise ValueError(f"{fit.reason}: {fit.detail}")
    return {
        "beta": fit.coefficients.tolist(),
        "alpha": list(fit.correlation.values()),
        "se_beta_MB": np.sqrt(np.diag(fit.model_covariance())).tolist(),
        **{key: errors(fit, correction) for key, correction in CORRECTIONS.items()},
    }
