"""What a payer's budget feels in each year: undiscounted, without valuing health."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetYear:
    """One year of the payer's budget; `offset` is negative where other spending falls."""

    year: int
    eligible: float
    treated_extra: float
    treatment_cost: float
    offset: float
    strategy_cost: float

    @property
    def net_budget_impact(self) -> float:
        """What the year costs the payer more than without the strategy."""
        return self.treatment_cost + self.offset + self.strategy_cost


def budget_impact(
    *,
    eligible_first_year: float,
    growth: float,
    uptake_without: Sequence[float],
    uptake_with: Sequence[float],
    cost_per_treated: float,
    saving_per_treated: float,
    strategy_cost_by_year: Sequence[float],
) -> tuple[BudgetYear, ...]:
    """The budget impact of a change in uptake, year by year.

    Parameters
    ----------
    eligible_first_year, growth
        Patients who are eligible in year 0, and the yearly growth of their number (0.01 is 1%).
    uptake_without, uptake_with
        The share (0-1) treated in each year without and with the strategy.
    cost_per_treated, saving_per_treated
        What one more treated patient costs, and saves elsewhere, in a year.
    strategy_cost_by_year
        What the strategy costs in each year.

    Notes
    -----
    Payer's view: nothing is discounted. treated_extra = eligible x (uptake with - uptake without).

    Examples
    --------
    >>> (year,) = budget_impact(
    ...     eligible_first_year=60_000, growth=0.01, uptake_without=[0.45], uptake_with=[0.48],
    ...     cost_per_treated=85.0, saving_per_treated=38.0, strategy_cost_by_year=[180_000.0],
    ... )
    >>> round(year.net_budget_impact)
    264600
    """
    rows = []
    for year, (without, with_, cost) in enumerate(zip(uptake_without, uptake_with, strategy_cost_by_year, strict=True)):
        eligible = eligible_first_year * (1 + growth) ** year
        extra = eligible * (with_ - without)
        rows.append(
            BudgetYear(
                year=year,
                eligible=eligible,
                treated_extra=extra,
                treatment_cost=extra * cost_per_treated,
                offset=-extra * saving_per_treated,
                strategy_cost=cost,
            )
        )
    return tuple(rows)
