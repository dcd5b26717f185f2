"""Bounds of a group-sequential design: from alpha spending, with futility from beta spending, or of the classical
shapes. What a look then says is in `look.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from enginehouse.stats.group_sequential.recursion import Path, bound_for
from enginehouse.stats.group_sequential.spending import SpendingFunction, check_fractions


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bounds on the z statistic at each look; high z speaks for an effect.

    Attributes
    ----------
    fractions
        Information at the looks, as fractions of the final information.
    upper, lower
        Stop for an effect at or above `upper`. At or below `lower` stop for futility (one-sided), or for an effect the
        other way (two-sided); minus infinity where there is no such bound.
    alpha, sides
        The error over all looks, and whether both tails count (2) or the upper alone (1).
    spent
        The error spent up to and including each look, where nothing is the matter (both tails, if there are two).
    nominal
        The error of each look by itself: what its bound would mean if it were the only one (both tails, if two).
    inflation
        The final information, as a multiple of what a trial without looks needs for the same power; None without power.
    """

    fractions: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...]
    alpha: float
    sides: int
    spent: tuple[float, ...]
    nominal: tuple[float, ...]
    inflation: float | None = None


def spending_bounds(
    fractions: Sequence[float],
    spending: SpendingFunction,
    *,
    alpha: float = 0.05,
    sides: int = 2,
    power: float | None = None,
) -> Bounds:
    """Bounds on z at each look that spend alpha as a function of the information, however many looks there are.

    Parameters
    ----------
    fractions : sequence of float
        Information at the looks over the planned final information, rising, in (0, 1].
    spending : SpendingFunction
        Applied to each tail with its own share of alpha.
    alpha : float
        The error over all looks, in (0, 1).
    sides : {1, 2}
        Tails that count.
    power : float, optional
        With it the inflation of the information is worked out; the last fraction must then be 1.

    Returns
    -------
    Bounds

    Raises
    ------
    ValueError
        Fractions, alpha, sides or power are not what they should be.

    Notes
    -----
    At look k the bound c_k solves::

        P(z_1, ..., z_{k-1} inside their bounds, z_k >= c_k | no effect) = spent(t_k) - spent(t_{k-1})

    In a cluster trial the information is that of the effect's estimate, 1 / SE^2, never the number of patients.
    Few clusters make z only roughly normal: the nominal error of a look is then compared with a t distribution.

    References
    ----------
    Lan KKG, DeMets DL. Biometrika 1983;70:659-663. Jennison C, Turnbull BW. Group Sequential Methods, 2000, ch. 7
    and 19.

    Examples
    --------
    The bounds of four equal looks that are widely tabulated:

    >>> from enginehouse.stats.group_sequential.spending import Spending
    >>> found = spending_bounds([0.25, 0.5, 0.75, 1], SpendingFunction(Spending.OBRIEN_FLEMING))
    >>> [round(z, 3) for z in found.upper]
    [4.333, 2.963, 2.359, 2.014]
    """
    times = check_fractions(fractions)
    _check_errors(alpha, sides)
    spent = [spending.spent(t, alpha / sides) for t in times]
    upper, lower = bounds_that_spend(times, spent, sides=sides)
    return finished(times, upper, lower, alpha=alpha, sides=sides, power=power)


def bounds_that_spend(
    fractions: Sequence[float], spent: Sequence[float], *, sides: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Upper and lower bounds on z that have spent so much of the error of one tail by each look."""
    upper: list[float] = []
    path, before = Path.start(0.0), 0.0
    for time, goal in zip(fractions, spent, strict=True):
        bound = bound_for(goal - before, partial(path.above, information=time), falling=True)
        upper.append(bound)
        path, before = path.onward(-bound if sides == 2 else -math.inf, bound, time), goal
    return tuple(upper), tuple(-bound if sides == 2 else -math.inf for bound in upper)


def classical_bounds(
    looks: int, *, shape: float, alpha: float = 0.05, sides: int = 2, power: float | None = None
) -> Bounds:
    """Bounds C (k/K)^(shape - 1/2) at K equal looks: shape 0 is O'Brien and Fleming's, 1/2 Pocock's.

    Parameters
    ----------
    looks : int
        K, at least 1.
    shape : float
        Delta of Wang and Tsiatis, 0 to 0.5.
    alpha, sides, power
        As in `spending_bounds`.

    Returns
    -------
    Bounds

    Raises
    ------
    ValueError
        As there; or no look, or a shape outside [0, 0.5].

    References
    ----------
    Wang SK, Tsiatis AA. Biometrics 1987;43:193-199. Jennison and Turnbull 2000, tables 2.1 and 2.3.
    """
    if looks < 1 or not 0 <= shape <= 0.5:
        raise ValueError(f"got {looks} looks and the shape {shape:g}; expected at least 1, and 0 to 0.5")
    _check_errors(alpha, sides)
    times = tuple((k + 1) / looks for k in range(looks))

    def bounds(constant: float) -> tuple[float, ...]:
        return tuple(constant * t ** (shape - 0.5) for t in times)

    def excess(constant: float) -> float:
        return crossing(times, bounds(constant), sides=sides, drift=0.0)[-1] - alpha

    constant = float(brentq(excess, 0.5, 12.0, xtol=1e-10))
    upper = bounds(constant)
    lower = tuple(-b if sides == 2 else -math.inf for b in upper)
    return finished(times, upper, lower, alpha=alpha, sides=sides, power=power)


def bounds_with_futility(
    fractions: Sequence[float],
    spending: SpendingFunction,
    futility: SpendingFunction,
    *,
    alpha: float = 0.025,
    power: float = 0.9,
    binding: bool = False,
) -> Bounds:
    """One-sided bounds for an effect by alpha spending, and for futility by beta spending, which meet at the last look.

    Parameters
    ----------
    fractions : sequence of float
        As in `spending_bounds`; the last is 1.
    spending, futility : SpendingFunction
        Of alpha under no effect, and of 1 - power under the effect that the trial is planned for.
    alpha, power : float
        In (0, 1).
    binding : bool
        False (the usual choice): the upper bounds hold even if nobody stops for futility.

    Returns
    -------
    Bounds
        With `inflation`.

    Raises
    ------
    ValueError
        As in `spending_bounds`; or the last fraction is not 1.

    Notes
    -----
    The drift theta sqrt(I) at the final look is the one at which both bounds meet there. Inflation is its square over
    (z(1 - alpha) + z(power))^2.

    References
    ----------
    Pampallona S, Tsiatis AA, Kim K. Drug Inf J 2001;35:1113-1121. Jennison and Turnbull 2000, ch. 7.
    """
    times = check_fractions(fractions)
    _check_errors(alpha, 1, power)
    _check_last(times)
    fixed = float(ndtri(1 - alpha) + ndtri(power))
    goal_alpha = [spending.spent(t, alpha) for t in times]
    goal_beta = [futility.spent(t, 1 - power) for t in times]

    def both(drift: float) -> tuple[list[float], list[float]]:
        return _two_bounds(times, goal_alpha, goal_beta, drift, binding=binding)

    def gap(drift: float) -> float:
        upper, lower = both(drift)
        return lower[-1] - upper[-1]

    drift = float(brentq(gap, 0.5 * fixed, 2.5 * fixed, xtol=1e-11))
    upper, lower = both(drift)
    lower[-1] = upper[-1]
    spent = crossing(times, tuple(upper), sides=1, drift=0.0, lower=tuple(lower) if binding else None)
    return Bounds(
        fractions=times,
        upper=tuple(upper),
        lower=tuple(lower),
        alpha=alpha,
        sides=1,
        spent=spent,
        nominal=tuple(float(ndtr(-z)) for z in upper),
        inflation=(drift / fixed) ** 2,
    )


def _two_bounds(
    times: Sequence[float], goal_alpha: Sequence[float], goal_beta: Sequence[float], drift: float, *, binding: bool
) -> tuple[list[float], list[float]]:
    upper: list[float] = []
    lower: list[float] = []
    null, effect = Path.start(0.0), Path.start(drift)
    for place, time in enumerate(times):
        steps = [goal[place] - (goal[place - 1] if place else 0.0) for goal in (goal_alpha, goal_beta)]
        high = bound_for(steps[0], partial(null.above, information=time), falling=True)
        low = bound_for(steps[1], partial(effect.below, information=time), falling=False)
        upper.append(high)
        lower.append(low)
        null = null.onward(low if binding else -math.inf, high, time)
        effect = effect.onward(low, high, time)
    return upper, lower


def crossing(
    fractions: Sequence[float],
    upper: Sequence[float],
    *,
    sides: int,
    drift: float,
    lower: Sequence[float] | None = None,
) -> tuple[float, ...]:
    """The probability of having crossed a bound by each look, where z at the last look has the mean `drift`.

    With two sides both tails count; with one, the upper alone, and `lower` (if given) ends the trial otherwise.
    """
    below = [-b for b in upper] if sides == 2 else list(lower or [-math.inf] * len(upper))
    crossed, path, told = 0.0, Path.start(drift), []
    for time, high, low in zip(fractions, upper, below, strict=True):
        crossed += path.above(high, time) + (path.below(low, time) if sides == 2 else 0.0)
        told.append(crossed)
        path = path.onward(low, high, time)
    return tuple(told)


def finished(
    times: tuple[float, ...],
    upper: tuple[float, ...],
    lower: tuple[float, ...],
    *,
    alpha: float,
    sides: int,
    power: float | None = None,
) -> Bounds:
    """Bounds with what follows from them."""
    return Bounds(
        fractions=times,
        upper=upper,
        lower=lower,
        alpha=alpha,
        sides=sides,
        spent=crossing(times, upper, sides=sides, drift=0.0),
        nominal=tuple(sides * float(ndtr(-z)) for z in upper),
        inflation=None if power is None else _inflation(times, upper, alpha, sides, power),
    )


def _inflation(times: tuple[float, ...], upper: tuple[float, ...], alpha: float, sides: int, power: float) -> float:
    """The information for the power, over that of a single look; the far tail of two is left out of both."""
    _check_errors(alpha, sides, power)
    _check_last(times)
    fixed = float(ndtri(1 - alpha / sides) + ndtri(power))
    lower = tuple(-b for b in upper) if sides == 2 else None

    def lack(drift: float) -> float:
        return crossing(times, upper, sides=1, drift=drift, lower=lower)[-1] - power

    drift = float(brentq(lack, 0.5 * fixed, 2.5 * fixed, xtol=1e-11))
    return (drift / fixed) ** 2


def _check_errors(alpha: float, sides: int, power: float = 0.5) -> None:
    if not 0 < alpha < 1 or sides not in (1, 2) or not 0 < power < 1:
        raise ValueError(f"got alpha {alpha:g}, {sides} side(s) and power {power:g}; expected 0-1, 1 or 2, 0-1")


def _check_last(times: tuple[float, ...]) -> None:
    if abs(times[-1] - 1) > 1e-12:
        raise ValueError(
            f"got {times[-1]:g} for the last information fraction; power is of the whole trial: end with 1"
        )
