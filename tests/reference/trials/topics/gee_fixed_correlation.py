"""Estimating equations at a working correlation that the case fixes: every correction by its definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data
from tests.reference.trials.topics.gee_inputs import correlation_of, errors, rows_of

from enginehouse.stats.gee import ClusterCorrection, Moments

CORRECTIONS = {
    "se_lz": ClusterCorrection.LIANG_ZEGER,
    "se_df_K_over_K_minus_p": ClusterCorrection.DEGREES_OF_FREEDOM,
    "se_kc": ClusterCorrection.KAUERMANN_CARROLL,
    "se_md": ClusterCorrection.MANCL_DEROUEN,
    "se_fg": ClusterCorrection.FAY_GRAUBARD,
    "se_mbn": ClusterCorrection.MOREL_BOKOSSA_NEERCHAL,
    "avg_kc_md": ClusterCorrection.KC_MD_AVERAGE,
}


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    rows = rows_of(case, data)
    fit = rows.fit(correlation_of(case.inputs, rows.clusters), Moments.RESIDUAL_DF)
    return {
        "beta": rows.named(fit.coefficients),
        "phi_pearson": fit.dispersion,
        "se_naive_phi1": rows.named(np.sqrt(np.diag(fit.model_covariance(dispersion=1.0)))),
        **{key: rows.named(errors(fit, correction)) for key, correction in CORRECTIONS.items()},
    }
