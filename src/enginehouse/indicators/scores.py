"""Numerators from published scores: what a percentage and its denominator say about counts, and what others do not.

Many systems publish a score and how many cases it is of, not the numerator. A share of cases gives the numerator back.
A score adjusted by a model, a ratio to an expected number or a median does not, and is refused with the reason.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from enginehouse.core.errors import DataError
from enginehouse.stats.results import NotEstimable

Floats = npt.NDArray[np.float64]


class ScoreKind(StrEnum):
    """What a published score is."""

    PROPORTION = "proportion"
    PERCENTAGE = "percentage"
    RISK_STANDARDISED = "risk-standardised"
    RATIO_TO_EXPECTED = "ratio-to-expected"
    MEDIAN = "median"
    COMPOSITE = "composite"


SHARES: dict[ScoreKind, float] = {ScoreKind.PROPORTION: 1.0, ScoreKind.PERCENTAGE: 100.0}

REFUSALS: dict[ScoreKind, str] = {
    ScoreKind.RISK_STANDARDISED: (
        "A risk-standardised score comes from a model that pulls small sites towards the mean; multiplied by the cases "
        "it is not a number of events."
    ),
    ScoreKind.RATIO_TO_EXPECTED: "A ratio to an expected number says nothing of events without the expected number.",
    ScoreKind.MEDIAN: "A median is not a share of cases.",
    ScoreKind.COMPOSITE: "A composite of several measures has no denominator of its own.",
}


def numerators(scores: Floats, denominators: Floats, kind: ScoreKind) -> Floats | NotEstimable:
    """The numerators that shares of cases imply.

    Parameters
    ----------
    scores, denominators
        One for each site; `nan` where there is none.
    kind
        What the scores are. Only a proportion (0 to 1) and a percentage (0 to 100) have a numerator.

    Returns
    -------
    score * denominator (/ 100 for percentages), not rounded: published scores are rounded themselves.

    Raises
    ------
    DataError
        A share is outside its range, or a denominator negative.
    """
    if kind not in SHARES:
        return NotEstimable(reason=kind.value, detail=REFUSALS[kind])
    top = SHARES[kind]
    known = np.isfinite(scores) & np.isfinite(denominators)
    if ((scores[known] < 0) | (scores[known] > top)).any():
        worst = float(np.nanmax(scores[known]))
        raise DataError(
            f"got a {kind.value} of {worst:g}, outside 0 to {top:g}.",
            where="scores",
            remedy="Say what the scores are: proportion, percentage or one of those that have no numerator.",
        )
    if (denominators[known] < 0).any():
        raise DataError("got a negative denominator.", where="scores", remedy="Correct the denominators.")
    return np.asarray(np.where(known, scores * denominators / top, np.nan))
