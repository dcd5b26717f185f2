"""Return on a campaign: both ratios with their definitions, break-even, and the probability that it paid.

No return is a headline where the interval of the effect includes no effect; the type refuses to hold one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import stdtr

from enginehouse.economics.amounts import Amount, Range
from enginehouse.economics.savings import Saving
from enginehouse.stats.results import Estimate, NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRatios:
    """The two ratios that are both called *return*: saving over cost, and (saving - cost) over cost."""

    benefit_cost_ratio: Range
    return_on_investment: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignReturn:
    """What a campaign of known cost returned.

    Attributes
    ----------
    cost
        In the same money as the saving.
    saving
        The sum that is set against the cost.
    net_benefit
        Saving less cost.
    headline_return
        The two ratios; *cannot be estimated* where the interval of the saving includes 0 or the cost is 0.
    probability
        That the saving exceeds the cost.
    break_even_effect
        The ratio of the exposed to the counterfactual at which the saving equals the cost.

    Raises
    ------
    ValueError
        A return would be a headline although the interval of the effect includes no effect.
    """

    cost: float
    saving: Amount
    net_benefit: Amount
    headline_return: ReturnRatios | NotEstimable
    probability: float
    break_even_effect: float | NotEstimable

    def __post_init__(self) -> None:
        if self.saving.range.contains(0.0) and isinstance(self.headline_return, ReturnRatios):
            raise ValueError("no return is a headline where the interval of the effect includes no effect")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """The probability that the saving exceeds one cost."""

    cost: float
    probability: float


def benefit_cost_ratio(benefit: float, cost: float) -> float | NotEstimable:
    """The gross benefit for each unit of money spent: B / C.

    Examples
    --------
    >>> round(benefit_cost_ratio(777_777.78, 77_777.78), 3)
    10.0
    """
    return _no_cost() if cost <= 0 else benefit / cost


def return_on_investment(benefit: float, cost: float) -> float | NotEstimable:
    """The net benefit for each unit of money spent: (B - C) / C, always one less than the benefit-cost ratio.

    Examples
    --------
    >>> return_on_investment(770_000.0, 70_000.0)
    10.0
    """
    return _no_cost() if cost <= 0 else (benefit - cost) / cost


def break_even_effect(*, counterfactual_cost: float, cost: float) -> float | NotEstimable:
    """The ratio (exposed over counterfactual) at which the saving equals the cost: 1 - C / V.

    Parameters
    ----------
    counterfactual_cost
        V, what the whole quantity would have cost without the campaign.
    cost
        C, what the campaign cost.

    Returns
    -------
    float or NotEstimable
        Below it the campaign paid. *Cannot be estimated* where the cost exceeds all there is to save.

    Examples
    --------
    >>> break_even_effect(counterfactual_cost=20_000_000.0, cost=200_000.0)
    0.99
    """
    if cost >= counterfactual_cost:
        return NotEstimable(
            reason="cost-exceeds-all",
            detail="No effect would have paid: the cost is as large as all there was to save.",
        )
    return 1 - cost / counterfactual_cost


def probability_of_return(effect: Estimate, *, counterfactual_cost: float, cost: float, target: float = 1.0) -> float:
    """The probability that the benefit-cost ratio exceeds `target`: P(saving > target x cost).

    Parameters
    ----------
    effect
        A log ratio.
    counterfactual_cost
        What the whole quantity would have cost without the campaign; 0 where all of it was spent on something else
        instead, and then no saving exceeds anything.
    cost
        What the campaign cost, 0 or more.
    target
        The benefit-cost ratio to be exceeded; 1 is break-even.

    Notes
    -----
    P((1 - exp(theta)) V > k C) = P(theta < log(1 - k C / V)), theta following the estimate's t distribution: the
    distribution of confidence in the effect, read as one of belief without prior knowledge.

    Examples
    --------
    >>> e = Estimate(value=-0.02, std_error=0.01, df=float("inf"), scale="log-ratio", method="example")
    >>> round(probability_of_return(e, counterfactual_cost=1e6, cost=0.0), 4)  # P(z < 2)
    0.9772
    """
    if counterfactual_cost <= 0:
        return 0.0
    share_needed = target * cost / counterfactual_cost
    if share_needed >= 1:
        return 0.0
    distance = math.log1p(-share_needed) - effect.value
    if effect.std_error == 0:
        return float(distance > 0)
    return float(stdtr(min(effect.df, 1e10), distance / effect.std_error))


def return_curve(
    effect: Estimate, *, counterfactual_cost: float, highest_cost: float, points: int = 101
) -> tuple[CurvePoint, ...]:
    """The probability of return as a curve over the cost, from 0 to `highest_cost` in equal steps."""
    costs = [highest_cost * i / (points - 1) for i in range(points)]
    return tuple(
        CurvePoint(cost=c, probability=probability_of_return(effect, counterfactual_cost=counterfactual_cost, cost=c))
        for c in costs
    )


def highest_cost_shown(saving: Saving, marks: Sequence[float]) -> float:
    """How far a curve must run: past every mark and past the upper limit of the saving, to a round number."""
    reach = max([*(1.2 * mark for mark in marks), 1.2 * saving.headline.range.high, 1e-9])
    step = 10.0 ** math.floor(math.log10(reach)) / 2
    return step * math.ceil(reach / step)


def campaign_return(effect: Estimate, *, saving: Saving, cost: float) -> CampaignReturn:
    """The return of a campaign whose cost is known.

    Parameters
    ----------
    effect
        The log ratio from which the saving was made.
    saving
        Its headline sum is set against the cost.
    cost
        What the campaign cost, 0 or more, in the same money.

    Notes
    -----
    BCR = B / C and ROI = (B - C) / C; the cost is taken as known, so limits are the saving's limits over it (for an
    uncertain cost see `uncertain_return`).
    """
    headline = saving.headline
    return CampaignReturn(
        cost=cost,
        saving=headline,
        net_benefit=headline.less(cost),
        headline_return=headline_ratios(headline, cost),
        probability=probability_of_return(effect, counterfactual_cost=saving.counterfactual_cost, cost=cost),
        break_even_effect=break_even_effect(counterfactual_cost=saving.counterfactual_cost, cost=cost),
    )


def headline_ratios(amount: Amount, cost: float) -> ReturnRatios | NotEstimable:
    """The two ratios of a saving to a known cost, or why no return is a headline."""
    if amount.range.low == amount.range.high == 0:
        return NotEstimable(
            reason="nothing-saved", detail="All that was saved was spent on something else instead: there is no return."
        )
    if amount.range.contains(0.0):
        level = round(100 * amount.range.confidence_level)
        return NotEstimable(
            reason="interval-includes-no-effect",
            detail=(
                f"The {level}% interval of the effect includes no effect, so no return is given; "
                "the probability of return and the break-even cost are."
            ),
        )
    if cost <= 0:
        return _no_cost()
    ratio = amount.scaled(1 / cost)
    return ReturnRatios(benefit_cost_ratio=ratio.range, return_on_investment=ratio.less(1.0).range)


def _no_cost() -> NotEstimable:
    return NotEstimable(reason="no-cost", detail="A return on a cost of 0 is not defined.")
