"""What one look at a group-sequential trial says: stop or go on, and estimates that allow for the looks before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scipy.optimize import brentq
from scipy.special import ndtri

from enginehouse.stats.group_sequential.bounds import Bounds, bounds_that_spend, finished
from enginehouse.stats.group_sequential.recursion import REACH, Path
from enginehouse.stats.group_sequential.spending import SpendingFunction, check_fractions
from enginehouse.stats.results import Estimate, Interval


class Stop(StrEnum):
    """What a look says."""

    GO_ON = "go on"
    EFFECT = "stop: an effect"
    OTHER_WAY = "stop: an effect the other way"
    NO_EFFECT_SHOWN = "end: no effect shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The latest look, with bounds for the information that was really there.

    Attributes
    ----------
    stop
        What it says.
    z
        The estimate over its standard error.
    bounds
        Up to and including this look.
    repeated
        The repeated confidence interval: it holds at all looks together, whether or not the trial stops.
    p_value
        By stage-wise ordering, one-sided for high z (two-sided: twice the smaller tail); None where the trial goes on.
    median_unbiased
        The effect that the observed path exceeds with probability one half, in the same ordering; None likewise.
    """

    stop: Stop
    z: float
    bounds: Bounds
    repeated: Interval
    p_value: float | None
    median_unbiased: float | None


def look(
    estimates: Sequence[Estimate],
    *,
    planned_information: float,
    spending: SpendingFunction,
    alpha: float = 0.05,
    sides: int = 2,
    last: bool = False,
) -> Look:
    """What the latest of several looks says, by alpha spending on the information of the effect's estimate.

    Parameters
    ----------
    estimates : sequence of Estimate
        Of the effect at every look so far, on one scale, the information 1 / std_error^2 rising. High values speak for
        an effect: turn the sign where low is good.
    planned_information : float
        What the whole trial was planned to have: ((z(1 - alpha/sides) + z(power)) / effect)^2 times the inflation.
    spending, alpha, sides
        As registered.
    last : bool
        Whether this is the final look: all of alpha that is left is then spent, whatever the information.

    Returns
    -------
    Look

    Raises
    ------
    ValueError
        There is no estimate, the information does not rise, or the planned information is not positive.

    Notes
    -----
    Information beyond what was planned counts as all of it. A small number of clusters makes z only roughly normal; the
    bound is then compared with a t statistic turned into the z with the same tail (`Estimate.p_value`).

    References
    ----------
    Jennison and Turnbull 2000, sections 7.4, 8.4 and 9.1. Tsiatis AA, Rosner GL, Mehta CR. Biometrics 1984;40:797-803.
    """
    if not estimates or not planned_information > 0:
        raise ValueError(f"got {len(estimates)} estimate(s) and the planned information {planned_information:g}")
    information = [1 / e.std_error**2 for e in estimates]
    planned = [min(i / planned_information, 1.0) for i in information]
    whole = information[-1] if last else planned_information
    bounds = _bounds([min(i / whole, 1.0) for i in information], planned, spending, alpha, sides, last=last)
    z, now = _as_normal(estimates[-1]), estimates[-1]
    stop = _says(z, bounds, ended=bounds.fractions[-1] >= 1)
    half = bounds.upper[-1] * now.std_error
    ended = stop is not Stop.GO_ON
    return Look(
        stop=stop,
        z=z,
        bounds=bounds,
        repeated=Interval(
            low=now.value - half,
            high=now.value + half if sides == 2 else math.inf,
            confidence_level=1 - alpha,
            method="repeated",
        ),
        p_value=_p_value(bounds, z) if ended else None,
        median_unbiased=_median(bounds, z) * math.sqrt(bounds.fractions[-1]) * now.std_error if ended else None,
    )


def _as_normal(estimate: Estimate) -> float:
    """The z with the same tail as the estimate's t statistic."""
    return math.copysign(-float(ndtri(estimate.p_value() / 2)), estimate.value)


def _bounds(
    fractions: Sequence[float],
    planned: Sequence[float],
    spending: SpendingFunction,
    alpha: float,
    sides: int,
    *,
    last: bool,
) -> Bounds:
    """Bounds for the information that was there: each look spends what was due by the plan, the last what is left."""
    times, tail = check_fractions(fractions), alpha / sides
    due = [spending.spent(t, tail) for t in planned]
    upper, lower = bounds_that_spend(times, [*due[:-1], tail] if last else due, sides=sides)
    return finished(times, upper, lower, alpha=alpha, sides=sides)


def _says(z: float, bounds: Bounds, *, ended: bool) -> Stop:
    if z >= bounds.upper[-1]:
        return Stop.EFFECT
    if z <= bounds.lower[-1]:
        return Stop.OTHER_WAY
    return Stop.NO_EFFECT_SHOWN if ended else Stop.GO_ON


def _p_value(bounds: Bounds, z: float) -> float:
    upper = _as_extreme(bounds, z, 0.0)
    return upper if bounds.sides == 1 else min(1.0, 2 * min(upper, 1 - upper))


def _as_extreme(bounds: Bounds, z: float, drift: float) -> float:
    """The probability of a path as extreme as the observed one: stopping above earlier, or here at `z` or more."""
    path, found = Path.start(drift), 0.0
    for time, high, low in zip(bounds.fractions[:-1], bounds.upper[:-1], bounds.lower[:-1], strict=True):
        found += path.above(high, time)
        path = path.onward(low, high, time)
    return found + path.above(z, bounds.fractions[-1])


def _median(bounds: Bounds, z: float) -> float:
    """The mean of z at the full information for which the observed path is in the middle."""
    middle = z / math.sqrt(bounds.fractions[-1])
    return float(brentq(lambda drift: _as_extreme(bounds, z, drift) - 0.5, middle - REACH, middle + REACH, xtol=1e-9))
