"""Evaluations of every kind of design, read back from the documents that keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enginehouse.evaluation.parallel.results import TRIAL_KIND, TrialEvaluation, trial_evaluation_from_record
from enginehouse.evaluation.results import Evaluation, evaluation_from_record

type AnyEvaluation = Evaluation | TrialEvaluation


def any_evaluation_from_record(record: Mapping[str, Any]) -> AnyEvaluation:
    """What `to_record` of an evaluation of either kind wrote; a record without a kind is a controlled time series.

    Raises
    ------
    ValueError
        The record was written by a later version.
    """
    if record.get("kind") == TRIAL_KIND:
        return trial_evaluation_from_record(record)
    return evaluation_from_record(record)
