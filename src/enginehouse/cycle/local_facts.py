"""What the panel's history says about each candidate here: baseline, patients, and how exact a trial would be."""

from __future__ import annotations

import numpy as np

from enginehouse.core.months import Month, Period
from enginehouse.cycle.workspace import Workspace
from enginehouse.indicators.panel import Panel, PanelArrays
from enginehouse.priorities.results import LocalFacts, TrialSize
from enginehouse.programme.candidates import Candidate
from enginehouse.programme.enums import Average, Direction, Summary
from enginehouse.programme.indicator import Indicator
from enginehouse.stats.results import NotEstimable
from enginehouse.stats.trial_data import TrialData
from enginehouse.trials.data import outcome_kind
from enginehouse.trials.history import Question, moments
from enginehouse.trials.power_formula import std_error

YEAR = 12


def local_facts(workspace: Workspace, panel: Panel, *, before: Month) -> dict[str, LocalFacts]:
    """By candidate: what is known here up to the month before `before`. One whose indicator has no year of data is
    left out, and cannot be weighed yet.
    """
    candidates = workspace.programme.candidates
    assert candidates is not None
    found = {}
    for candidate in candidates.candidates:
        if candidate.indicator in panel.indicators:
            facts = _facts(candidate, workspace.programme.indicators[candidate.indicator], panel, before)
            if facts is not None:
                found[candidate.id] = facts
    return found


def _facts(candidate: Candidate, indicator: Indicator, panel: Panel, before: Month) -> LocalFacts | None:
    arrays = panel.arrays(candidate.indicator)
    last = min(arrays.months[-1], before + -1)
    year = Period(last + -(YEAR - 1), last + 1)
    if year.start < arrays.months[0]:
        return None
    numerator, denominator = arrays.in_period(year).totals()
    sites = len(arrays.in_period(year).complete().sites)
    return LocalFacts(
        baseline=float(numerator.sum() / denominator.sum()),
        denominator=float(denominator.mean()),
        sites=sites,
        sites_available=sites,
        lower_is_better=indicator.direction is not Direction.HIGHER_IS_BETTER,
        unit=indicator.unit,
        per=indicator.per,
        last_month=str(last),
        trial_sizes=_trial_sizes(candidate, indicator, arrays, last),
    )


def _trial_sizes(candidate: Candidate, indicator: Indicator, arrays: PanelArrays, last: Month) -> tuple[TrialSize, ...]:
    """The standard error of a log ratio for each size, from the last two years (or as long as the history is)."""
    if candidate.trial is None:
        return ()
    months = min(2 * YEAR, last - arrays.months[0] + 1)
    history = arrays.in_period(Period(last + -(months - 1), last + 1)).complete()
    question = Question(
        indicator=candidate.indicator,
        summary=Summary.RATIO,
        average=Average.PATIENTS,
        lower_is_better=indicator.direction is not Direction.HIGHER_IS_BETTER,
        equivalence=None,
    )
    found = moments(_as_trial(history, indicator, n_before=months // 2), question)
    if isinstance(found, NotEstimable):
        return ()
    return tuple(
        TrialSize(sites_per_arm=size, std_error=std_error(found, per_arm=size))
        for size in candidate.trial.sites_per_arm
    )


def _as_trial(arrays: PanelArrays, indicator: Indicator, *, n_before: int) -> TrialData:
    count = len(arrays.sites)
    nobody = np.zeros(count, dtype=np.intp)
    return TrialData(
        sites=arrays.sites,
        arms=("all",),
        arm=nobody,
        numerator=arrays.numerator,
        denominator=arrays.denominator,
        n_before=n_before,
        kind=outcome_kind(indicator),
        unit=np.arange(count, dtype=np.intp),
        covariates=np.zeros((count, 0)),
        covariate_names=(),
        stratum=nobody,
    )
