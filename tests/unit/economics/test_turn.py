"""What a turn of the loop cost, and how much of it was evaluation."""

from __future__ import annotations

import pytest

from enginehouse.economics.turn import turn_of_the_loop
from enginehouse.programme.protocol import TurnCost
from enginehouse.stats.results import NotEstimable

LINES = tuple(
    TurnCost(name=name, days=days, cost_per_day=rate, is_evaluation=evaluation, source="example")
    for name, days, rate, evaluation in (
        ("Protocol", 4, 380, False),
        ("Data", 6, 320, False),
        ("Allocation", 2, 450, True),
        ("Analysis", 3, 450, True),
    )
)


def test_the_sums():
    turn = turn_of_the_loop(LINES, strategies=10_000.0)
    assert (turn.days, turn.evaluation_days) == (15, 5)
    assert turn.beside_strategies == 4 * 380 + 6 * 320 + 5 * 450
    assert turn.evaluation == 5 * 450
    assert turn.total == 10_000 + 5690
    assert turn.evaluation_share == pytest.approx(2250 / 15_690)


def test_strategies_of_unknown_cost_leave_the_whole_unknown_and_the_evaluation_known():
    unknown = NotEstimable(reason="cost-not-known", detail="The visits have no price.")
    turn = turn_of_the_loop(LINES, strategies=unknown)
    assert turn.total == turn.evaluation_share == unknown
    assert turn.evaluation == 2250


def test_a_turn_that_cost_nothing_has_no_shares():
    turn = turn_of_the_loop((), strategies=0.0)
    assert turn.total == 0
    assert isinstance(turn.evaluation_share, NotEstimable)
    assert turn.evaluation_share.reason == "no-cost"
