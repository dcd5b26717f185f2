"""Effects put on another scale at a stated baseline, by someone who means it; nothing else in the house converts.

Standard errors go by the slope at the effect (delta method). The formula is part of the answer, for the study's source.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from enginehouse.core.errors import UserError
from enginehouse.programme.enums import EvidenceScale
from enginehouse.stats.results import t_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """An effect on its new scale, with the formula and the baseline that made it."""

    effect: float
    std_error: float
    scale: EvidenceScale
    formula: str


def log_odds_ratio_to_difference(effect: float, std_error: float, *, baseline: float) -> Converted:
    """The difference of two proportions that an odds ratio means at a baseline.

    Parameters
    ----------
    effect, std_error : float
        Natural logarithm of the odds ratio, and its standard error.
    baseline : float
        The proportion without the strategy, above 0 and below 1.

    Returns
    -------
    Converted
        p1 - p0 with p1 = OR p0 / (1 - p0 + OR p0); standard error x p1 (1 - p1).

    Raises
    ------
    UserError
        The baseline is no proportion.

    Examples
    --------
    >>> round(log_odds_ratio_to_difference(math.log(0.82), 0.087, baseline=0.30).effect, 5)
    -0.03996
    """
    _check_proportion(baseline)
    after = probability_after(effect, baseline)
    return Converted(
        effect=after - baseline,
        std_error=std_error * after * (1 - after),
        scale=EvidenceScale.DIFFERENCE,
        formula=f"p1 - p0 with p1 = OR p0 / (1 - p0 + OR p0) at p0 = {baseline:g}; standard error times p1 (1 - p1)",
    )


def log_odds_ratio_to_log_ratio(effect: float, std_error: float, *, baseline: float) -> Converted:
    """The logarithm of the ratio of two proportions that an odds ratio means at a baseline.

    Parameters
    ----------
    effect, std_error : float
        Natural logarithm of the odds ratio, and its standard error.
    baseline : float
        The proportion without the strategy, above 0 and below 1.

    Returns
    -------
    Converted
        log(p1 / p0); standard error x (1 - p1).

    Raises
    ------
    UserError
        The baseline is no proportion.

    Examples
    --------
    >>> round(log_odds_ratio_to_log_ratio(math.log(0.82), 0.087, baseline=0.05).effect, 4)
    -0.1894
    """
    _check_proportion(baseline)
    after = probability_after(effect, baseline)
    return Converted(
        effect=math.log(after / baseline),
        std_error=std_error * (1 - after),
        scale=EvidenceScale.LOG_RATIO,
        formula=f"log(p1 / p0) with p1 = OR p0 / (1 - p0 + OR p0) at p0 = {baseline:g}; standard error times (1 - p1)",
    )


def difference_to_log_ratio(effect: float, std_error: float, *, baseline: float) -> Converted:
    """The logarithm of the ratio that a difference means at a baseline.

    Parameters
    ----------
    effect, std_error : float
        The difference, in the outcome's unit, and its standard error.
    baseline : float
        The outcome without the strategy, in the same unit, above 0.

    Returns
    -------
    Converted
        log((b + d) / b); standard error / (b + d).

    Raises
    ------
    UserError
        The baseline, or baseline and difference together, are not above 0.

    Examples
    --------
    >>> round(difference_to_log_ratio(126.98 - 131.25, 1.0, baseline=131.25).effect, 4)
    -0.0331
    """
    if baseline <= 0 or baseline + effect <= 0:
        raise UserError(
            f"got a difference of {effect:g} at a baseline of {baseline:g}; both ends of a ratio must be above 0.",
            where="evidence",
            remedy="State the outcome without the strategy, in the unit of the difference.",
        )
    return Converted(
        effect=math.log1p(effect / baseline),
        std_error=std_error / (baseline + effect),
        scale=EvidenceScale.LOG_RATIO,
        formula=f"log((b + d) / b) at b = {baseline:g}; standard error divided by (b + d)",
    )


def std_error_of_interval(low: float, high: float, *, confidence_level: float, is_ratio: bool) -> float:
    """The standard error behind a published interval, at the level that the paper states.

    Parameters
    ----------
    low, high : float
        The limits, `low` below `high`; of a ratio, above 0.
    confidence_level : float
        0-1, as published (0.975 in some trials with two outcomes).
    is_ratio : bool
        Whether they are limits of a ratio; the standard error is then that of its natural logarithm.

    Returns
    -------
    float
        (high - low) / (2 z), of the logarithms for a ratio.

    Raises
    ------
    UserError
        The limits are no interval.

    Examples
    --------
    >>> round(std_error_of_interval(0.67, 0.99, confidence_level=0.975, is_ratio=True), 3)
    0.087
    """
    if not low < high or (is_ratio and low <= 0):
        raise UserError(
            f"got the interval {low:g} to {high:g}.",
            where="evidence",
            remedy="Its ends must rise, and be above 0 for a ratio.",
        )
    width = math.log(high / low) if is_ratio else high - low
    return width / (2 * t_quantile(0.5 + confidence_level / 2, math.inf))


def probability_after(log_odds_ratio: float, baseline: float) -> float:
    """OR p0 / (1 - p0 + OR p0)."""
    return 1.0 / (1.0 + (1.0 - baseline) / baseline * math.exp(-log_odds_ratio))


def _check_proportion(baseline: float) -> None:
    if not 0 < baseline < 1:
        raise UserError(
            f"got a baseline of {baseline:g}.",
            where="evidence",
            remedy="An odds ratio is converted at a proportion above 0 and below 1.",
        )
