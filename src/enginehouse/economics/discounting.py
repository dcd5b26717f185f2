"""Years that count for less the later they are. The rates are registered with a protocol; none is set here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from enginehouse.programme.protocol import Economics


class Discounting(StrEnum):
    """When in a year its costs and benefits fall. Every page prints which."""

    START_OF_YEAR = "start of year, year 0 undiscounted"
    MIDDLE_OF_YEAR = "middle of year"
    END_OF_YEAR = "end of year"
    CONTINUOUS = "continuous, at the force of interest ln(1 + r)"
    CONTINUOUS_NOMINAL = "continuous, with the yearly rate as force of interest"


_NO_FORCE = 1e-12
"""A force of interest below this leaves years as they are, to the last digit that a float of them holds."""
_SHIFT = {Discounting.START_OF_YEAR: 0.0, Discounting.MIDDLE_OF_YEAR: 0.5, Discounting.END_OF_YEAR: 1.0}


def discounted_years(
    start: float, end: float, rate: float, convention: Discounting = Discounting.START_OF_YEAR
) -> float:
    """The years from `start` to `end`, later ones counting for less: D(a, b).

    Parameters
    ----------
    start, end : float
        Years from now, 0 <= start <= end; parts of a year are allowed.
    rate : float
        The yearly rate, 0 or more (0.035 for 3.5%).
    convention : Discounting
        When in a year its costs and benefits fall.

    Returns
    -------
    float
        Years; times a yearly amount it is that amount's present value.

    Raises
    ------
    ValueError
        The years are out of order, or the rate is below 0.

    Notes
    -----
    Yearly conventions: D(0, n) = sum over t = 0..n-1 of (1+r)^-(t+c), c = 0, 1/2 or 1. A part of a year counts as that
    part of its year's weight, so that D(a, b) + D(b, c) = D(a, c) throughout. Continuous: (1 - exp(-d x)) / d, with
    d = ln(1+r), or d = r (which is another rate, offered because software uses it).

    References
    ----------
    HM Treasury. The Green Book, annex 6 (start of year, year 0 undiscounted).

    Examples
    --------
    >>> round(discounted_years(0, 5, 0.035), 5), round(discounted_years(1, 5, 0.035), 5)
    (4.67308, 3.67308)
    """
    if not 0 <= start <= end or rate < 0:
        raise ValueError(f"got years {start} to {end} at rate {rate}; years must rise from 0, and the rate with them")
    return _from_now(end, rate, convention) - _from_now(start, rate, convention)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountUsed:
    """The yearly rates, whose they are, and how many years of full weight the horizon comes to at each."""

    costs: float
    effects: float
    source: str
    years_of_costs: float
    years_of_effects: float


def discount_used(economics: Economics | None) -> DiscountUsed | None:
    """The registered rates and what the horizon comes to at each; `None` where no horizon is registered."""
    if economics is None or economics.horizon_years is None:
        return None
    rates, years = economics.discount, economics.horizon_years
    return DiscountUsed(
        costs=rates.costs,
        effects=rates.effects,
        source=rates.source,
        years_of_costs=discounted_years(0, years, rates.costs),
        years_of_effects=discounted_years(0, years, rates.effects),
    )


def discount_words(years: float, used: DiscountUsed) -> str:
    """How later years count, in a sentence for pages."""
    return (
        f"Years after the first count for less: by {used.costs:.1%} a year for costs, so that {years:g} years count as "
        f"{used.years_of_costs:.4f}, and by {used.effects:.1%} for what the effect is worth "
        f"({used.years_of_effects:.4f}). The rates are those of: {used.source}."
    )


def _from_now(years: float, rate: float, convention: Discounting) -> float:
    """D(0, years)."""
    if convention in _SHIFT:
        whole = math.floor(years)
        weights = [math.pow(1 + rate, -(t + _SHIFT[convention])) for t in range(whole + 1)]
        return math.fsum(weights[:-1]) + (years - whole) * weights[-1]
    force = math.log1p(rate) if convention is Discounting.CONTINUOUS else rate
    return years if force < _NO_FORCE else -math.expm1(-force * years) / force
