"""The campaign's economics as its protocol states them, and estimates to appraise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from enginehouse.economics.costing import CampaignCost, campaign_cost
from enginehouse.programme.protocol import Economics
from enginehouse.programme.strategy import Activity, Strategy
from enginehouse.stats.results import Estimate


@pytest.fixture(scope="session")
def estimate() -> Callable[..., Estimate]:
    def make(value: float, std_error: float, df: float = math.inf, **more: Any) -> Estimate:
        return Estimate(value=value, std_error=std_error, df=df, method="example", **{"scale": "log-ratio", **more})

    return make


@pytest.fixture(scope="session")
def economics() -> Callable[..., Economics]:
    """Inputs with a price of 17 a gram between 14 and 30, in milligrams; anything may be replaced."""

    def make(**changes: Any) -> Economics:
        price = {
            "indicator": "opioids",
            "per_unit": 0.017,
            "low": 0.014,
            "high": 0.030,
            "price_year": 2017,
            "source": "four practices",
            "is_assumption": True,
            **changes.pop("price", {}),
        }
        return Economics.model_validate({"price": price, "substitution_note": "Cannot be tested here.", **changes})

    return make


@pytest.fixture(scope="session")
def costs() -> Callable[..., CampaignCost]:
    """The cost of one strategy whose activities are (units, unit cost)."""

    def make(*activities: tuple[float, float | None]) -> CampaignCost:
        lines = tuple(
            Activity(name=f"Activity {i}", units=units, unit="unit", unit_cost=cost, source="payroll")
            for i, (units, cost) in enumerate(activities, 1)
        )
        strategy = Strategy(
            schema=1,
            id="feedback",
            title="Feedback",
            description="Reports",
            channel="e-mail",
            components=("feedback",),
            activities=lines,
        )
        return campaign_cost([strategy])

    return make
