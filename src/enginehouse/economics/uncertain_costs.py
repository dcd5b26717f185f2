"""Return when the cost is uncertain too: Fieller's interval and the probability of reaching a ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.special import ndtr, ndtri

from enginehouse.economics.amounts import Range
from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertainReturn:
    """A return whose benefit and cost are both estimated, independently.

    Attributes
    ----------
    benefit_cost_ratio, return_on_investment
        Ratios of means with Fieller's limits, or *cannot be estimated* where the cost may be 0.
    net, net_std_error
        Benefit less cost.
    probability_net_positive
        P(benefit > cost).
    probability_at_least
        P(benefit-cost ratio >= target), by target.
    """

    benefit_cost_ratio: Range | NotEstimable
    return_on_investment: Range | NotEstimable
    net: float
    net_std_error: float
    probability_net_positive: float
    probability_at_least: Mapping[float, float]


def uncertain_return(
    *,
    benefit_mean: float,
    benefit_std_error: float,
    cost_mean: float,
    cost_std_error: float,
    targets: Sequence[float] = (1.0,),
    confidence_level: float = 0.95,
) -> UncertainReturn:
    """The ratio of a mean benefit to a mean cost, both with a standard error.

    Parameters
    ----------
    benefit_mean, benefit_std_error, cost_mean, cost_std_error
        In the same money; independent and approximately normal.
    targets
        Benefit-cost ratios whose probability is wanted.
    confidence_level
        Of the limits (0-1).

    Notes
    -----
    Fieller: the limits are the roots r of (B - r C)^2 = z^2 (se_B^2 + r^2 se_C^2). P(BCR >= k) = P(B - k C >= 0).
    A ratio of means, not a mean of ratios.

    References
    ----------
    Fieller EC. Some problems in interval estimation. J R Stat Soc B 1954;16:175-185.

    Examples
    --------
    >>> r = uncertain_return(benefit_mean=777_778, benefit_std_error=190_000, cost_mean=77_778, cost_std_error=9_000)
    >>> round(r.benefit_cost_ratio.low, 3), round(r.benefit_cost_ratio.high, 3)
    (5.076, 16.009)
    """
    ratio = _fieller(benefit_mean, benefit_std_error, cost_mean, cost_std_error, confidence_level)

    def at_least(target: float) -> float:
        spread = math.hypot(benefit_std_error, target * cost_std_error)
        surplus = benefit_mean - target * cost_mean
        return float(ndtr(surplus / spread)) if spread > 0 else float(surplus >= 0)

    return UncertainReturn(
        benefit_cost_ratio=ratio,
        return_on_investment=ratio if isinstance(ratio, NotEstimable) else _less_one(ratio),
        net=benefit_mean - cost_mean,
        net_std_error=math.hypot(benefit_std_error, cost_std_error),
        probability_net_positive=at_least(1.0),
        probability_at_least={target: at_least(target) for target in targets},
    )


def _fieller(benefit: float, benefit_se: float, cost: float, cost_se: float, level: float) -> Range | NotEstimable:
    z = float(ndtri(0.5 + level / 2))
    a = cost**2 - (z * cost_se) ** 2
    if a <= 0 or cost <= 0:
        return NotEstimable(
            reason="cost-may-be-zero", detail="The cost is so uncertain that it may be 0: the ratio has no limits."
        )
    root = math.sqrt((benefit * cost) ** 2 - a * (benefit**2 - (z * benefit_se) ** 2))
    return Range(
        point=benefit / cost, low=(benefit * cost - root) / a, high=(benefit * cost + root) / a, confidence_level=level
    )


def _less_one(ratio: Range) -> Range:
    return Range(point=ratio.point - 1, low=ratio.low - 1, high=ratio.high - 1, confidence_level=ratio.confidence_level)
