"""Budget impact on arithmetic; the published-style case is in tests/reference."""

from __future__ import annotations

import pytest

from enginehouse.economics.budget_impact import budget_impact


def test_one_year_by_hand():
    (year,) = budget_impact(
        eligible_first_year=1000,
        growth=0.0,
        uptake_without=[0.2],
        uptake_with=[0.3],
        cost_per_treated=10.0,
        saving_per_treated=4.0,
        strategy_cost_by_year=[50.0],
    )
    assert year.treated_extra == pytest.approx(100)
    assert year.net_budget_impact == pytest.approx(100 * 10 - 100 * 4 + 50)


def test_every_year_needs_every_input():
    with pytest.raises(ValueError, match="zip"):
        budget_impact(
            eligible_first_year=1000,
            growth=0.0,
            uptake_without=[0.2, 0.2],
            uptake_with=[0.3],
            cost_per_treated=10.0,
            saving_per_treated=4.0,
            strategy_cost_by_year=[50.0],
        )
