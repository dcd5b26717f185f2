"""Appraisals of every kind of design, read back from the documents that keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enginehouse.economics.appraise import Appraisal, appraisal_from_record
from enginehouse.economics.trial_appraisal import APPRAISAL_KIND, TrialAppraisal, trial_appraisal_from_record

type AnyAppraisal = Appraisal | TrialAppraisal


def any_appraisal_from_record(record: Mapping[str, Any]) -> AnyAppraisal:
    """What `to_record` of an appraisal of either kind wrote; a record without a kind is that of a campaign.

    Raises
    ------
    ValueError
        The record was written by a later version.
    """
    if record.get("kind") == APPRAISAL_KIND:
        return trial_appraisal_from_record(record)
    return appraisal_from_record(record)
