"""What a campaign cost, activity by activity. A cost that nobody knows stays unknown; it is never 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from enginehouse.programme.strategy import Activity, Strategy
from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One activity: so many units at so much each; `unit_cost` and `amount` are `None` where the price is unknown."""

    strategy: str
    activity: str
    units: float
    unit: str
    unit_cost: float | None
    amount: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignCost:
    """What the strategies of a campaign cost together.

    Attributes
    ----------
    lines
        One for each activity, in the order of the files.
    missing
        What would have to be known for a total: activities without a unit cost, strategies without activities.
    """

    lines: tuple[CostLine, ...]
    missing: tuple[str, ...]

    @property
    def known_part(self) -> float:
        """The sum of what is known: a floor for the cost, never the cost."""
        return sum(line.amount for line in self.lines if line.amount is not None)

    @property
    def total(self) -> float | NotEstimable:
        """The whole cost, or *not known* with what is missing."""
        if not self.missing:
            return self.known_part
        return NotEstimable(
            reason="cost-not-known", detail=f"The campaign cost is not known; missing: {'; '.join(self.missing)}."
        )


def campaign_cost(strategies: Iterable[Strategy]) -> CampaignCost:
    """The cost of a campaign by activity.

    Parameters
    ----------
    strategies
        The strategies that were carried out; one that appears twice (in two arms) is counted once.

    Returns
    -------
    CampaignCost
        Lines in the programme's currency and prices; a total only where every unit cost is known.

    Notes
    -----
    cost = sum over activities of units x unit cost. A strategy that lists no activity has an unknown cost, not none.

    Examples
    --------
    >>> from enginehouse.programme.strategy import Activity, Strategy
    >>> visit = Activity(name="Visits", units=20, unit="visit", unit_cost=150.0, source="payroll")
    >>> facilitation = Strategy(
    ...     schema=1, id="visits", title="Visits", description="A visit", channel="in person",
    ...     components=("action planning",), activities=(visit,),
    ... )
    >>> campaign_cost([facilitation]).total
    3000.0
    """
    distinct = tuple({strategy.id: strategy for strategy in strategies}.values())
    lines = tuple(_line(strategy, activity) for strategy in distinct for activity in strategy.activities)
    missing = [f"{s.title} (no activities are listed)" for s in distinct if not s.activities]
    missing += [f"{line.activity}, cost per {line.unit}" for line in lines if line.amount is None]
    if not distinct:
        missing.append("the strategies of the campaign")
    return CampaignCost(lines=lines, missing=tuple(missing))


def _line(strategy: Strategy, activity: Activity) -> CostLine:
    cost = activity.unit_cost
    return CostLine(
        strategy=strategy.id,
        activity=activity.name,
        units=activity.units,
        unit=activity.unit,
        unit_cost=cost,
        amount=None if cost is None else activity.units * cost,
        source=activity.source,
    )
