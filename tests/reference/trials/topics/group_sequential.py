"""Bounds of ldbounds (both tails together), gsDesign (one tail, with or without futility) and rpact (classical shapes)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.reference.trials.cases import Case
from tests.reference.trials.tables import Data

from enginehouse.stats.group_sequential.bounds import Bounds, bounds_with_futility, classical_bounds, spending_bounds
from enginehouse.stats.group_sequential.spending import Spending, SpendingFunction

LDBOUNDS = {
    1: Spending.OBRIEN_FLEMING,
    2: Spending.POCOCK,
    3: Spending.POWER,
    4: Spending.HWANG_SHIH_DECANI,
}
"""By `iuse`."""
NAMED = {"O'Brien": Spending.OBRIEN_FLEMING, "OBrien": Spending.OBRIEN_FLEMING, "Pocock": Spending.POCOCK}


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """By what is given: information times, a classical type, or the spending functions of both bounds."""
    given = case.inputs
    if "information_times" in given:
        return _ldbounds(given)
    return _classical(given) if "type" in given else _gs_design(given)


def _ldbounds(given: Mapping[str, Any]) -> Mapping[str, Any]:
    number = re.search(r"iuse=(\d)", given["spending"])
    shape = LDBOUNDS[int(number[1])] if number else spending_of(given["spending"]).shape
    found = spending_bounds(
        given["information_times"],
        SpendingFunction(shape, float(given.get("phi", 1))),
        alpha=given["alpha"],
        sides=given["sides"],
    )
    return {"upper": found.upper, "exit_probability": found.spent, "nominal_alpha": found.nominal, "lower": found.lower}


def _classical(given: Mapping[str, Any]) -> Mapping[str, Any]:
    shape = 0.0 if "Brien" in given["type"] else 0.5
    delta = re.search(r"[Dd]elta\s*=?\s*([\d.]+)", given["type"])
    found = classical_bounds(
        given["k"],
        shape=float(delta[1]) if delta else float(given.get("delta", shape)),
        alpha=given["alpha"],
        sides=given.get("sided", 1),
        power=1 - given["beta"],
    )
    return _told(found) | {"inflation": found.inflation}


def _gs_design(given: Mapping[str, Any]) -> Mapping[str, Any]:
    times = given.get("timing") or [(look + 1) / given["k"] for look in range(given["k"])]
    alpha, power = given["alpha"], 1 - given["beta"]
    if "sfl" in given:
        found = bounds_with_futility(
            times,
            spending_of(given["sfu"]),
            spending_of(given["sfl"]),
            alpha=alpha,
            power=power,
            binding="non-binding" not in given.get("test", "non-binding"),
        )
    else:
        sides = 2 if "two-sided" in given.get("test", "") else 1
        found = spending_bounds(times, spending_of(given.get("sfu", given.get("spending"))), alpha=alpha * sides, sides=sides, power=power)  # fmt: skip
    return _told(found) | {"inflation_max_information": found.inflation}


def _told(found: Bounds) -> dict[str, Any]:
    return {"upper": found.upper, "lower": found.lower, "cumulative_spend": found.spent, "nominal_alpha": found.nominal}


def spending_of(text: str) -> SpendingFunction:
    """`HSD(-4)`, `power(2)`, or a name."""
    number = re.search(r"\(([-\d.]+)\)", text)
    if number:
        power = text.lower().startswith("pow")
        return SpendingFunction(Spending.POWER if power else Spending.HWANG_SHIH_DECANI, float(number[1]))
    return SpendingFunction(next(shape for name, shape in NAMED.items() if name in text))
