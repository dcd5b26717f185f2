"""The appraisal of one cycle: what its effect saved, what it cost, and whether it is likely to have paid.

It checks that its own inputs agree and refuses them where they do not; published sums are set against each other
and reported, never used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enginehouse.core.errors import Problem, Problems
from enginehouse.core.money import Money
from enginehouse.economics.amounts import Amount
from enginehouse.economics.consistency import (
    Consistency,
    check_consistency,
)
from enginehouse.economics.costing import CampaignCost
from enginehouse.economics.returns import (
    CampaignReturn,
    CurvePoint,
    ReturnRatios,
    break_even_effect,
    campaign_return,
    highest_cost_shown,
    probability_of_return,
    return_curve,
)
from enginehouse.economics.savings import Saving, saving
from enginehouse.programme.protocol import CostMark, Economics
from enginehouse.stats.records import from_plain, to_plain
from enginehouse.stats.results import Estimate, Estimated, NotEstimable

COSTS_AGREE_WITHIN = 0.005
"""Two statements of one cost may differ by rounding, not by more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedCost:
    """A cost worth marking on the curve: the probability of return there, and the effect that would break even."""

    cost: float
    label: str
    probability: float | NotEstimable
    break_even_effect: float | NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUsed:
    """The price of one unit of the numerator, and what kind of a figure it is."""

    indicator: str
    per_unit: float
    low: float
    high: float
    price_year: int
    source: str
    is_assumption: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """Costs beside the effect of one cycle.

    Attributes
    ----------
    currency, price
        The money of every sum, and the price they rest on.
    effect, counterfactual_quantity
        What was appraised: the log ratio, and what the numerator would have been without the campaign.
    saving
        What the effect saved, or why that cannot be said.
    campaign_cost
        By activity.
    cost
        The cost that is set against the saving, or *not known*.
    campaign_return
        The return at that cost; *cannot be estimated* without an effect or a cost.
    break_even_cost
        The saving itself: the cost at which the campaign would just have paid, with its interval and expectation.
    curve, marks
        The probability of return over the cost, and at the costs that the protocol marks.
    published
        What published sums imply; `None` where the protocol names none.
    notes
        What a reader must be told.
    """

    currency: str
    price: PriceUsed
    effect: Estimated
    counterfactual_quantity: float
    saving: Saving | NotEstimable
    campaign_cost: CampaignCost
    cost: float | NotEstimable
    campaign_return: CampaignReturn | NotEstimable
    break_even_cost: Amount | NotEstimable
    curve: tuple[CurvePoint, ...]
    marks: tuple[MarkedCost, ...]
    published: Consistency | None
    notes: tuple[str, ...]

    @property
    def headline_return(self) -> ReturnRatios | NotEstimable:
        """The two ratios, or why no return is a headline."""
        if isinstance(self.campaign_return, NotEstimable):
            return self.campaign_return
        return self.campaign_return.headline_return

    def money(self, amount: float) -> Money:
        """A sum of this appraisal as money."""
        return Money.of(amount, self.currency, self.price.price_year)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `appraisal_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def appraisal_from_record(record: Mapping[str, Any]) -> Appraisal:
    """Read back what `Appraisal.to_record` wrote."""
    appraisal: Appraisal = from_plain(Appraisal, record)
    return appraisal


def appraise(
    economics: Economics,
    *,
    effect: Estimated,
    counterfactual_quantity: float,
    strategy_costs: CampaignCost,
    currency: str,
    price_year: int | None = None,
    confidence_level: float = 0.95,
) -> Appraisal:
    """The appraisal of an effect on a priced quantity.

    Parameters
    ----------
    economics
        The protocol's inputs: price, cost, substitution, marks, published sums.
    effect
        The log ratio of the exposed to what they would have been.
    counterfactual_quantity
        What the numerator of the exposed would have been over the window without the campaign, in its own unit;
        not looked at where the effect cannot be estimated.
    strategy_costs
        The campaign's cost by activity.
    currency, price_year
        Of the programme; a price of another year is refused.
    confidence_level
        Of the intervals (0-1).

    Returns
    -------
    Appraisal
        With *cannot be estimated* in place of whatever the inputs do not allow.

    Raises
    ------
    Problems
        The inputs contradict each other: every contradiction at once.

    Notes
    -----
    See `savings.saving`, `returns.campaign_return` and `consistency.check_consistency` for the equations. The caller
    guarantees that effect, quantity and price speak of the same indicator, sites and months.
    """
    problems = [
        *price_problems(economics, price_year),
        *_cost_problems(economics, strategy_costs, currency),
        *_quantity_problems(effect, counterfactual_quantity),
    ]
    if problems:
        raise Problems(problems)
    saved = saving(
        effect,
        counterfactual_quantity=counterfactual_quantity,
        price=economics.price,
        substitution=economics.substitution,
        substitution_note=economics.substitution_note,
        confidence_level=confidence_level,
    )
    cost = strategy_costs.total if economics.campaign_cost is None else economics.campaign_cost
    return Appraisal(
        currency=currency,
        price=PriceUsed(**economics.price.model_dump()),
        effect=effect,
        counterfactual_quantity=counterfactual_quantity,
        saving=saved,
        campaign_cost=strategy_costs,
        cost=cost,
        campaign_return=_return(effect, saved, cost),
        break_even_cost=saved if isinstance(saved, NotEstimable) else saved.headline,
        curve=_curve(effect, saved, economics.cost_marks),
        marks=tuple(_marked(effect, saved, mark) for mark in economics.cost_marks),
        published=_published(economics, currency),
        notes=_notes(economics, saved, cost),
    )


def _return(
    effect: Estimated, saved: Saving | NotEstimable, cost: float | NotEstimable
) -> CampaignReturn | NotEstimable:
    if isinstance(saved, NotEstimable):
        return saved
    if isinstance(cost, NotEstimable):
        return cost
    assert isinstance(effect, Estimate), "a saving has an effect"
    return campaign_return(effect, saving=saved, cost=cost)


def _curve(effect: Estimated, saved: Saving | NotEstimable, marks: tuple[CostMark, ...]) -> tuple[CurvePoint, ...]:
    if isinstance(saved, NotEstimable) or isinstance(effect, NotEstimable):
        return ()
    highest = highest_cost_shown(saved, [mark.amount for mark in marks])
    return return_curve(effect, counterfactual_cost=saved.counterfactual_cost, highest_cost=highest)


def _marked(effect: Estimated, saved: Saving | NotEstimable, mark: CostMark) -> MarkedCost:
    if isinstance(saved, NotEstimable):
        return MarkedCost(cost=mark.amount, label=mark.label, probability=saved, break_even_effect=saved)
    assert isinstance(effect, Estimate), "a saving has an effect"
    at_stake = saved.counterfactual_cost
    return MarkedCost(
        cost=mark.amount,
        label=mark.label,
        probability=probability_of_return(effect, counterfactual_cost=at_stake, cost=mark.amount),
        break_even_effect=break_even_effect(counterfactual_cost=at_stake, cost=mark.amount),
    )


def _published(economics: Economics, currency: str) -> Consistency | None:
    sums = economics.published
    if sums is None:
        return None
    return check_consistency(net=sums.net, gross=sums.gross, cost=sums.cost, ratio=sums.ratio, currency=currency)


def _notes(economics: Economics, saved: Saving | NotEstimable, cost: float | NotEstimable) -> tuple[str, ...]:
    price = economics.price
    notes = [f"The price is {'an assumption' if price.is_assumption else 'sourced'}, at {price.price_year} prices."]
    if not isinstance(saved, NotEstimable):
        notes.append(f"The saving is {saved.label}. {economics.substitution_note}".strip())
    if isinstance(cost, NotEstimable):
        notes.append(cost.detail)
    return tuple(notes)


def price_problems(economics: Economics, price_year: int | None) -> list[Problem]:
    """A price outside its own limits, or of another year than the programme's."""
    price, problems = economics.price, []
    if not price.low <= price.per_unit <= price.high:
        problems.append(
            Problem(
                "economics.price",
                f"got {price.per_unit:g} for a price between {price.low:g} and {price.high:g}.",
                "Give a lowest and a highest price with the price between them.",
            )
        )
    if price_year is not None and price.price_year != price_year:
        problems.append(
            Problem(
                "economics.price.price_year",
                f"got prices of {price.price_year} in a programme whose prices are of {price_year}.",
                "Convert the price to the programme's price year, and say so in its source.",
            )
        )
    return problems


def _cost_problems(economics: Economics, costs: CampaignCost, currency: str) -> list[Problem]:
    """A cost that is stated must agree with the activities: with their sum, or at least with the known part of it."""
    stated, total = economics.campaign_cost, costs.total
    if stated is None:
        return []
    allowed = COSTS_AGREE_WITHIN * max(stated, costs.known_part)
    if isinstance(total, NotEstimable):
        wrong, says = costs.known_part - stated > allowed, "the known activities alone cost"
    else:
        wrong, says = abs(total - stated) > allowed, "the activities of its strategies add up to"
    if not wrong:
        return []
    year = economics.price.price_year
    sums = (Money.of(stated, currency, year), Money.of(costs.known_part, currency, year))
    return [
        Problem(
            "economics.campaign_cost",
            f"got {sums[0]} for the campaign, and {says} {sums[1]}.",
            "Correct one of the two, or leave out campaign_cost.",
        )
    ]


def _quantity_problems(effect: Estimated, quantity: float) -> list[Problem]:
    """Without an effect there is no counterfactual, and none is needed."""
    if isinstance(effect, NotEstimable) or (math.isfinite(quantity) and quantity > 0):
        return []
    return [
        Problem(
            "counterfactual quantity",
            f"got {quantity:g} for what would have been used without the campaign.",
            "It must be more than 0: check the indicator's numerator over the window.",
        )
    ]
