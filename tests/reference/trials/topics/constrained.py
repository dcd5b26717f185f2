"""cvcrand's constrained randomisation: scores of every scheme, the cutoff, and how freely the accepted ones mix units.

Not given: the scheme that R's generator chose. cvcrand compares floats with the cutoff, so that rounding leaves out one
of two mirror images that score alike; here both are accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data, Table, factor

from enginehouse.stats.allocations import every_allocation
from enginehouse.trials.accepted import together_counts
from enginehouse.trials.scoring import Scoring, scores

USUAL = ("location", "inciis", "uptodateonimmunizations", "hispanic", "incomecat")
FINE = 5 * 10**8
"""Standardised values as whole numbers, finer than a plan has them: the cases are compared to a millionth."""


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """Scores, their quantiles and the accepted schemes; a case that names no more than a metric is of the usual ones."""
    given, table = case.inputs, data.table(case.data or "")
    names = given.get("covariates", USUAL)
    balance = _balance(table, names, given.get("categorical", [n for n in names if _is_text(table, n)]))
    units, treated = balance.shape[1], given.get("n_treated", balance.shape[1] // 2)
    schemes = every_allocation([units - treated, treated]).astype(np.int8)
    height = _scores(schemes, balance, treated, given["metric"])
    share = given.get("cutoff_quantile", 0.1)
    cutoff = float(np.quantile(height, share))
    accepted = schemes[height <= cutoff]
    return {
        **_told(height, cutoff, share, given["metric"]),
        **_named(balance, treated, given["metric"]),
        **_mixed(accepted),
        "n_schemes": len(schemes),
        "n_acceptable": len(accepted),
    }


def _is_text(table: Table, name: str) -> bool:
    return getattr(table[name], "dtype", np.dtype(float)).kind == "U"


def _balance(table: Table, names: Any, categorical: Any) -> npt.NDArray[np.int64]:
    columns: list[npt.NDArray[Any]] = []
    for name in names:
        if name in categorical:
            levels = factor(table[name])
            columns += [(levels.codes == code).astype(float) for code in range(1, len(levels.levels))]
        else:
            columns.append(table.numbers(name))
    z = np.array(columns, dtype=float)
    z = (z - z.mean(axis=1, keepdims=True)) / z.std(axis=1, ddof=1, keepdims=True)
    return np.rint(z * FINE).astype(np.int64)


def _scores(schemes: Any, balance: Any, treated: int, metric: str) -> Any:
    """Ours adds both arms' deviations of means; cvcrand's has the sum over the treated: a fixed multiple."""
    power, control = (1 if metric == "l1" else 2), schemes.shape[1] - treated
    found = scores(schemes, balance.tolist(), 2, Scoring(score=metric))
    return found / (1 / treated**power + 1 / control**power) / float(FINE) ** power


def _named(balance: Any, treated: int, metric: str) -> dict[str, float]:
    units = balance.shape[1]
    half = [1] * treated + [0] * (units - treated)
    turns = [1 - i % 2 for i in range(units)]
    found = _scores(np.array([half, turns], dtype=np.int8), balance, treated, metric)
    return {"score_of_first_half_treated": float(found[0]), "score_alternating_treated": float(found[1])}


def _told(height: Any, cutoff: float, share: float, metric: str) -> dict[str, Any]:
    at = [0, 5, 10, 20, 25, 30, 50, 75, 95, 100]
    quantiles = {f"{q}%": float(np.quantile(height, q / 100)) for q in at}
    text = {f"{q}%": _three(quantiles[f"{q}%"]) for q in at[1:-1]}
    lowest, highest, mean, sd = height.min(), height.max(), height.mean(), height.std(ddof=1)
    words = f"The quantile cutoff value is {share:g} based on the {metric} balance metric"
    return {
        "score_min": lowest,
        "score_max": highest,
        "score_mean": mean,
        "score_sd": sd,
        "cutoff_score": cutoff,
        "quantiles_type7": quantiles,
        "cvcrand_table": f"{words}, the cutoff balance score is {_three(cutoff)}",
        "cvcrand_bscores": {
            "cutoff score": _three(cutoff),
            "Mean": _three(mean),
            "SD": _three(sd),
            "Min": _three(lowest),
            **text,
            "Max": _three(highest),
        },
    }


def _three(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _mixed(accepted: Any) -> dict[str, Any]:
    together, inside = together_counts(accepted, 2)
    share = together[np.triu_indices(len(together), k=1)] / len(accepted)
    return {
        "pair_same_arm_proportion_max": share.max(),
        "pair_same_arm_proportion_min": share.min(),
        "pair_same_arm_proportion_mean": share.mean(),
        "n_pairs_above_075": int((share > 0.75).sum()),
        "n_pairs_below_025": int((share < 0.25).sum()),
        "treated_proportion_by_cluster": inside[1].tolist(),
    }
