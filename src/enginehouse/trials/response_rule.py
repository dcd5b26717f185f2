"""How far a rule of who responded misleads: tried on the sites' own history, to which nothing was done.

The rule itself is registered (`programme.schedule.Response`); who responded in a real SMART is for `cycle`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Summary
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.design_report import Misclassified
from enginehouse.trials.history import Question
from enginehouse.trials.roster import Roster

Array = npt.NDArray[np.float64]
ASSUMED_MONTHS = 3
ASSUMED_LAG = 2
YEAR = 12
FEWEST_SITES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Months taken together, the multiple that counts as a response, lag, months to the decision, what it is held to.

    With `year_before` the same months a year before are the earlier value, otherwise the `baseline` months.
    """

    months: int
    ratio: float
    lag: int
    after: int
    baseline: int
    year_before: bool


def misclassified(
    protocol: Protocol, arrays: PanelArrays, roster: Roster, question: Question
) -> Misclassified | NotEstimable:
    """The share of sites that the response rule calls responders in a history in which nothing was done.

    Parameters
    ----------
    protocol
        Its second stage's rule; without one a fall (or rise) by the registered margin over three months, two months
        late, half-way through the follow-up.
    arrays
        The response's indicator, before the start.
    roster
        Whose sites are judged.
    question
        Which way is good, and the registered effect's scale.

    Returns
    -------
    Misclassified or NotEstimable
        `too-short-history` where no start leaves room for baseline and decision.

    Notes
    -----
    Every month that leaves room is taken as the start in turn; at each, the rule is applied to every site as data would
    have stood on the day of the decision (`lag` months old), and shares are averaged over starts. A site that began
    badly by chance falls back by itself, so the third that began worst is called responding more often. `missed`
    multiplies the later months by the registered effect.
    """
    rule = rule_of(protocol)
    rows = arrays.rows(roster.sites)
    top, bottom = arrays.numerator[rows], arrays.denominator[rows]
    first = YEAR + rule.lag + rule.months if rule.year_before else rule.baseline
    starts = [s for s in range(first, len(arrays.months) + 1) if s + rule.after <= len(arrays.months)]
    effect = _as_ratio(protocol, question, top, bottom)
    found = [
        t for start in starts if (t := _at(start, rule, top, bottom, question.lower_is_better, effect)) is not None
    ]
    if not found:
        detail = f"The history has {len(arrays.months)} months, too few to try a decision {rule.after} months in."
        return NotEstimable(reason="too-short-history", detail=detail)
    means = np.array([t[:4] for t in found]).mean(axis=0).tolist()
    return Misclassified(
        months=rule.months,
        ratio=rule.ratio,
        lag=rule.lag,
        after=rule.after,
        starts=len(found),
        sites=round(float(np.median([t[4] for t in found]))),
        called_responders=means[0],
        low_third=means[1],
        high_third=means[2],
        missed=means[3],
    )


def rule_of(protocol: Protocol) -> Rule:
    """The registered rule, or the one that is assumed for the comparison of designs."""
    second, design = protocol.second_stage, protocol.design
    if second is None:
        ratio = protocol.analysis.worthwhile if protocol.estimand.summary is Summary.RATIO else 0.95
        half = max(design.follow_up_months // 2, 1)
        months, lag = min(ASSUMED_MONTHS, half), min(ASSUMED_LAG, max(half - 1, 0))
        return Rule(months=months, ratio=ratio, lag=lag, after=half, baseline=design.baseline_months, year_before=False)
    response = second.response
    return Rule(
        months=response.months,
        ratio=response.ratio,
        lag=response.expected_lag_months,
        after=max(Month.of(second.decide_on) - design.starts, 1),
        baseline=design.baseline_months,
        year_before=response.compared_with == "same-months-a-year-before",
    )


def _as_ratio(protocol: Protocol, question: Question, top: Array, bottom: Array) -> float:
    """The registered effect in a site, as a ratio."""
    effect = protocol.power.effect if protocol.power is not None else protocol.analysis.worthwhile
    if question.summary is Summary.RATIO:
        return effect
    seen = np.isfinite(top) & (np.nan_to_num(bottom) > 0)
    return max(1 + effect * float(bottom[seen].sum() / top[seen].sum()), 0.0)


def _at(
    start: int, rule: Rule, top: Array, bottom: Array, lower_is_better: bool, effect: float
) -> tuple[float, float, float, float, int] | None:
    """Shares called responders (all, best third, worst third) and missed, with the number of sites, at one start."""
    newest = start + rule.after - rule.lag
    now = slice(newest - rule.months, newest)
    before = slice(now.start - YEAR, now.stop - YEAR) if rule.year_before else slice(start - rule.baseline, start)
    later, earlier = (_rate(top[:, months], bottom[:, months]) for months in (now, before))
    seen = np.isfinite(later) & np.isfinite(earlier) & (np.nan_to_num(earlier) > 0)
    if seen.sum() < FEWEST_SITES:
        return None
    later, earlier = later[seen], earlier[seen]
    treated = np.clip((now.stop - max(now.start, start)) / rule.months, 0.0, 1.0)
    responds = _responds(later / earlier, rule.ratio, lower_is_better)
    with_effect = _responds(later / earlier * (1 + treated * (effect - 1)), rule.ratio, lower_is_better)
    thirds = np.argsort(np.argsort(earlier if lower_is_better else -earlier)) * 3 // len(earlier)
    return (
        float(responds.mean()),
        float(responds[thirds == 0].mean()),
        float(responds[thirds == 2].mean()),
        float(1 - with_effect.mean()),
        len(later),
    )


def _responds(change: Array, ratio: float, lower_is_better: bool) -> npt.NDArray[np.bool_]:
    return np.asarray(change <= ratio if lower_is_better else change >= ratio)


def _rate(top: Array, bottom: Array) -> Array:
    seen = np.isfinite(top) & (np.nan_to_num(bottom) > 0)
    tops, bottoms = (np.where(seen, values, 0.0).sum(axis=1) for values in (top, bottom))
    return np.asarray(np.divide(tops, bottoms, out=np.full(len(tops), np.nan), where=bottoms > 0))
