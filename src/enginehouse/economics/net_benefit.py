"""What an effect is worth less what it costs, with its interval and the probability that it is worth more.

The doubt of the effect is that of its t distribution, the doubt of the price a triangle (`price_doubt`); the cost was
logged and is known. Nothing is drawn at random: the price is integrated out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtr

from enginehouse.economics.amounts import Amount, Range
from enginehouse.economics.price_doubt import PriceDistribution
from enginehouse.economics.savings import expected_ratio
from enginehouse.programme.enums import Direction
from enginehouse.stats.results import Estimate, Estimated, NotEstimable, Scale, t_quantile

METHOD: Literal["t of the effect, price integrated out"] = "t of the effect, price integrated out"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetBenefit:
    """The incremental net benefit of one arm over another for so many sites and years.

    Attributes
    ----------
    sites, years
        What the sums refer to.
    quantity
        What the effect is a share of: the numerator that would have been used over these sites and years without the
        arm (for a difference: the denominators, month by month, together).
    units
        Units of the numerator that were avoided (or gained, where more is better), from the effect alone.
    value
        Their value at the price used, from the effect alone, and its expectation over effect and price.
    cost
        The incremental cost, or *not known*.
    from_effect
        Value less cost at the price used; its interval is that of the effect.
    net
        Value less cost with the doubt of effect and price together; `point` is that of `from_effect`.
    expected
        The expectation of value less cost: what the decision goes by.
    probability
        That value exceeds cost, effect and price in doubt.
    probability_at_price
        The same at the price used.
    break_even_cost
        The cost at which the expected net benefit is 0.
    break_even_effect
        The effect (a ratio, or a difference) at which value and cost are equal at the price used.
    method
        How interval and probability were found.
    """

    sites: int
    years: float
    quantity: float
    units: Range
    value: Amount
    cost: float | NotEstimable
    from_effect: Range | NotEstimable
    net: Range | NotEstimable
    expected: float | NotEstimable
    probability: float | NotEstimable
    probability_at_price: float | NotEstimable
    break_even_cost: float | NotEstimable
    break_even_effect: float | NotEstimable
    method: str = METHOD


def net_benefit(
    effect: Estimated,
    *,
    quantity: float,
    price: PriceDistribution,
    direction: Direction,
    cost: float | NotEstimable,
    sites: int,
    years: float,
    confidence_level: float = 0.95,
) -> NetBenefit | NotEstimable:
    """The incremental net benefit: value of the units avoided less the incremental cost.

    Parameters
    ----------
    effect
        Of the arm over its comparator: a log ratio, or a difference of the value per denominator and month.
    quantity
        Over the sites and years meant: the counterfactual numerator (ratio), or the sum of the denominators of all
        months (difference). More than 0.
    price
        What one unit is worth, and how uncertain that is.
    direction
        Whether less or more of the numerator is better.
    cost
        The incremental cost over the same sites and years; may be negative.
    sites, years
        What quantity and cost refer to.
    confidence_level
        Of the intervals (0-1).

    Returns
    -------
    NetBenefit or NotEstimable
        *Cannot be estimated* when the effect cannot be. With an unknown cost, the value and what would break even.

    Raises
    ------
    ValueError
        The quantity is not positive, or the indicator has no direction.

    Notes
    -----
    units(theta) = Q (1 - exp(theta)) for a log ratio where low is good (the sign turned where high is good), or
    -theta Q for a difference; INB = p units(theta) - C. For a fixed price this is monotone in theta, so
    P(INB <= x | p) is a tail of the effect's t distribution; P(INB <= x) is its mean over the prices, by quadrature,
    and the limits of INB are where that reaches the two tail areas. E[INB] = E[p] E[units] - C, price and effect being
    independent; E[exp(theta)] as in `savings.expected_ratio`. As everywhere here, the t distribution of confidence in
    the effect is read as one of belief without prior knowledge.

    Examples
    --------
    >>> e = Estimate(value=-0.05, std_error=0.02, df=float("inf"), scale="log-ratio", method="example")
    >>> fixed = PriceDistribution(low=0.1, top=0.1, high=0.1)
    >>> result = net_benefit(
    ...     e, quantity=100_000.0, price=fixed, direction=Direction.LOWER_IS_BETTER, cost=200.0, sites=10, years=1.0
    ... )
    >>> round(result.value.range.point, 1)  # 10 000 x (1 - exp(-0.05))
    487.7
    >>> round(result.probability, 3)  # P(theta < log(1 - 200 / 10 000)) = Phi((-0.0202 + 0.05) / 0.02)
    0.932
    """
    if isinstance(effect, NotEstimable):
        return NotEstimable(reason=effect.reason, detail=f"No net benefit: the effect is not known. {effect.detail}")
    if not quantity > 0 or not math.isfinite(quantity):
        raise ValueError("the quantity that the effect is a share of must be more than 0")
    worth = _Worth(effect, quantity, price, _sign(direction))
    if isinstance(cost, NotEstimable):
        return _without_cost(worth, cost, sites=sites, years=years, level=confidence_level)
    priced = _without_cost(worth, _NO_COST_YET, sites=sites, years=years, level=confidence_level)
    return replace(
        priced,
        cost=cost,
        from_effect=priced.value.less(cost).range,
        net=worth.net(cost, confidence_level),
        expected=priced.value.less(cost).expected,
        probability=worth.exceeds(cost),
        probability_at_price=worth.exceeds_at(price.top, cost),
        break_even_effect=worth.break_even_effect(cost),
    )


_NO_COST_YET = NotEstimable(reason="cost-not-known", detail="")


def _without_cost(worth: _Worth, unknown: NotEstimable, *, sites: int, years: float, level: float) -> NetBenefit:
    """What can be said of the value alone; all that takes a cost is unknown."""
    value = worth.value(level)
    return NetBenefit(
        sites=sites,
        years=years,
        quantity=worth.quantity,
        units=worth.units(level),
        value=value,
        cost=unknown,
        from_effect=unknown,
        net=unknown,
        expected=unknown,
        probability=unknown,
        probability_at_price=unknown,
        break_even_cost=value.expected,
        break_even_effect=unknown,
    )


def _sign(direction: Direction) -> int:
    if direction is Direction.NONE:
        raise ValueError("an indicator without direction has no net benefit")
    return -1 if direction is Direction.LOWER_IS_BETTER else 1


@dataclass(frozen=True, slots=True)
class _Worth:
    """The units that an effect is worth, as a monotone function of it, and the distribution of their value."""

    effect: Estimate
    quantity: float
    price: PriceDistribution
    sign: int

    def units(self, level: float) -> Range:
        """Units at the estimate and at its limits, the lower limit first."""
        limits = self.effect.interval(level)
        ends = sorted((self._units_at(limits.low), self._units_at(limits.high)))
        return Range(point=self._units_at(self.effect.value), low=ends[0], high=ends[1], confidence_level=level)

    def value(self, level: float) -> Amount:
        """The units at the price used; its expectation is over effect and price."""
        units = self.units(level)
        return Amount(range=units.shifted(factor=self.price.top), expected=self.expected())

    def expected(self) -> float | NotEstimable:
        if self.effect.scale == "difference":
            return self.price.mean * self.sign * self.quantity * self.effect.value
        mean = expected_ratio(self.effect)
        return mean if isinstance(mean, NotEstimable) else self.price.mean * self.sign * self.quantity * (mean - 1)

    def exceeds_at(self, price: float, cost: float) -> float:
        """P(value > cost) at one price: a tail of the effect."""
        return self._tail(cost / (price * self.quantity))

    def exceeds(self, cost: float) -> float:
        """P(value > cost) over the prices."""
        prices, weights = self.price.nodes()
        tails = [self.exceeds_at(float(price), cost) for price in prices]
        return float(np.clip(np.dot(weights, tails), 0.0, 1.0))

    def net(self, cost: float, level: float) -> Range:
        """Value less cost at the estimate and the price used, between the limits over effect and price."""
        point = self.price.top * self._units_at(self.effect.value) - cost
        below = (1 - level) / 2
        return Range(
            point=point,
            low=self._quantile(below) - cost,
            high=self._quantile(1 - below) - cost,
            confidence_level=level,
        )

    def break_even_effect(self, cost: float) -> float | NotEstimable:
        """The effect at which value and cost are equal at the price used."""
        share = self.sign * cost / (self.price.top * self.quantity)
        if self.effect.scale == "difference":
            return share
        if share <= -1:
            return NotEstimable(
                reason="cost-exceeds-all",
                detail="It costs more than all that could be saved: no effect breaks even.",
            )
        return 1 + share

    def _quantile(self, probability: float) -> float:
        """The value below which the given share of belief lies: between its values at the extreme prices."""
        units = self._units_quantile(probability)
        low, high = sorted((self.price.low * units, self.price.high * units))
        # Prices that differ by rounding alone are one price: between them there is nothing to search.
        if self.effect.std_error == 0 or high - low <= 1e-9 * max(abs(low), abs(high)):
            return units * self.price.quantile(probability if units > 0 else 1 - probability)
        margin = 1e-6 * (high - low)

        def below(value: float) -> float:
            return 1 - self.exceeds(value) - probability

        return float(brentq(below, low - margin, high + margin, xtol=1e-9 * (high - low), rtol=1e-12))

    def _units_quantile(self, probability: float) -> float:
        """The units below which the given share of belief lies."""
        of_effect = probability if self.sign > 0 else 1 - probability
        return self._units_at(self.effect.value + t_quantile(of_effect, self.effect.df) * self.effect.std_error)

    def _units_at(self, effect: float) -> float:
        return self.sign * self.quantity * _change(effect, self.effect.scale)

    def _tail(self, share: float) -> float:
        """P(sign x change > share), the change being exp(theta) - 1 or theta."""
        bound = _inverse(self.sign * share, self.effect.scale)
        distance = self.sign * (self.effect.value - bound) if math.isfinite(bound) else -self.sign * bound
        if self.effect.std_error == 0:
            return float(distance > 0)
        return float(stdtr(min(self.effect.df, 1e10), distance / self.effect.std_error))


def _change(effect: float, scale: Scale) -> float:
    """The change for each unit of the quantity."""
    return math.expm1(min(effect, 700.0)) if scale == "log-ratio" else effect


def _inverse(change: float, scale: Scale) -> float:
    """The effect of a change; minus infinity where more than everything would have to go."""
    if scale == "difference":
        return change
    return math.log1p(change) if change > -1 else -math.inf
