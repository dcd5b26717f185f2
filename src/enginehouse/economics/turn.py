"""What one turn of the loop costs beside its strategies, and how much of that is evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from enginehouse.programme.protocol import TurnCost
from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnLine:
    """One line: so many days at so much a day. `is_evaluation` when it would not be needed without an evaluation."""

    name: str
    days: float
    cost_per_day: float
    amount: float
    is_evaluation: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOfTheLoop:
    """The cost of this turn of the loop.

    Attributes
    ----------
    lines
        What the protocol lists beside the strategies: design, governance, data, evaluation.
    strategies
        What the strategies of all arms cost the programme, or *not known*.
    """

    lines: tuple[TurnLine, ...]
    strategies: float | NotEstimable

    @property
    def days(self) -> float:
        """Staff days of the lines."""
        return math.fsum(line.days for line in self.lines)

    @property
    def evaluation_days(self) -> float:
        """Staff days that would not be needed without an evaluation."""
        return math.fsum(line.days for line in self.lines if line.is_evaluation)

    @property
    def beside_strategies(self) -> float:
        """The cost of the lines."""
        return math.fsum(line.amount for line in self.lines)

    @property
    def evaluation(self) -> float:
        """The cost of what would not be needed without an evaluation."""
        return math.fsum(line.amount for line in self.lines if line.is_evaluation)

    @property
    def total(self) -> float | NotEstimable:
        """Lines and strategies together."""
        return (
            self.strategies if isinstance(self.strategies, NotEstimable) else self.beside_strategies + self.strategies
        )

    @property
    def evaluation_share(self) -> float | NotEstimable:
        """The evaluation's share (0-1) of the whole turn."""
        total = self.total
        if isinstance(total, NotEstimable):
            return total
        if total == 0:
            return NotEstimable(reason="no-cost", detail="This turn cost nothing, so no part of it has a share.")
        return self.evaluation / total


def turn_of_the_loop(lines: Sequence[TurnCost], *, strategies: float | NotEstimable) -> TurnOfTheLoop:
    """The cost of one turn of the loop, and the evaluation's part of it.

    Parameters
    ----------
    lines
        The protocol's `economics.turn`.
    strategies
        What the strategies of all arms cost the programme.

    Notes
    -----
    amount = days x cost per day. The share of evaluation = lines marked `is_evaluation` / (all lines + strategies).

    Examples
    --------
    >>> design = TurnCost(name="Design", days=3, cost_per_day=400, is_evaluation=False, source="payroll")
    >>> analysis = TurnCost(name="Analysis", days=2, cost_per_day=400, is_evaluation=True, source="payroll")
    >>> turn = turn_of_the_loop([design, analysis], strategies=6000.0)
    >>> turn.total, turn.evaluation, turn.evaluation_share  # 1200 + 800 + 6000
    (8000.0, 800.0, 0.1)
    """
    return TurnOfTheLoop(lines=tuple(_line(line) for line in lines), strategies=strategies)


def _line(line: TurnCost) -> TurnLine:
    return TurnLine(
        name=line.name,
        days=line.days,
        cost_per_day=line.cost_per_day,
        amount=line.days * line.cost_per_day,
        is_evaluation=line.is_evaluation,
        source=line.source,
    )
