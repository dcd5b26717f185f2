"""What each design draws, from its protocol: sequences, the four cells of a 2x2, and the second draw of a SMART."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from enginehouse.core.errors import UserError
from enginehouse.trials.draw import Allocation, accepted_set, draw
from enginehouse.trials.freedom import pair_table
from enginehouse.trials.plan import plan_allocation
from enginehouse.trials.plan_record import AllocationPlan, plan_from_record
from enginehouse.trials.roster import Roster, eligible_roster
from enginehouse.trials.second_plan import second_arms, second_plan

SEED, AGAIN = "a first seed for these tests", "a second seed for these tests"
SMART: dict[str, Any] = {
    "arms": {"letters": ["letters"], "plans": ["plans"], "letters-visits": ["letters", "visits"], "plans-visits": ["plans", "visits"]},
    "design": {"type": "smart"},
    "second_stage": {
        "decide_on": "2024-06-15",
        "starts": "2024-07",
        "response": {"indicator": "opioids", "months": 3, "compared_with": "baseline", "ratio": 0.95, "unmeasured": "non-responder", "expected_lag_months": 2},
        "again": {"letters": ["letters", "letters-visits"], "plans": ["plans", "plans-visits"]},
        "regimes": {
            "letters-stay": {"first": "letters", "then": "letters", "title": "letters"},
            "letters-up": {"first": "letters", "then": "letters-visits", "title": "letters, then visits"},
            "plans-stay": {"first": "plans", "then": "plans", "title": "plans"},
            "plans-up": {"first": "plans", "then": "plans-visits", "title": "plans, then visits"},
        },
    },
    "contrasts": [{"arm": "letters-up", "over": "letters-stay"}],
}  # fmt: skip
BLOCKS = {"method": "stratified-blocks", "balance": [], "block_sizes": [4]}
METHODS: dict[str, dict[str, Any]] = {
    "constrained": {},
    "blocks": BLOCKS,
    "minimisation": {"method": "minimisation", "balance": ["list_size_third", "baseline_half"]},
}


@pytest.fixture
def rostered(protocol_of, history, register) -> Callable[..., tuple[Any, Roster]]:
    def of(**changes: Any) -> tuple[Any, Roster]:
        protocol = protocol_of(**changes)
        return protocol, eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})

    return of


def arms_of(allocation: Allocation) -> dict[str, str]:
    return {
        site: allocation.arms[arm] for site, arm in zip(allocation.sites, allocation.arm_of_site, strict=True)
    }  # fmt: skip


def test_a_stepped_wedge_draws_its_sequences(rostered):
    steps = {
        f"step-{month}": [{"starts": "2024-01", "arm": "feedback"}, {"starts": f"2024-0{month}", "arm": "visits"}]
        for month in (3, 5, 7)
    }
    protocol, roster = rostered(design={"type": "stepped-wedge"}, sequences=steps)
    plan = plan_allocation(protocol, roster)
    assert plan.arms == ("step-3", "step-5", "step-7")
    assert plan.scoring is not None
    assert plan.scoring.places == tuple(sorted(plan.scoring.places))
    assert max(Counter(arms_of(draw(plan, SEED)).values()).values()) - 60 // 3 <= 1


def test_a_factorial_draws_its_cells_and_balances_its_margins(rostered):
    protocol, roster = rostered(
        arms={"neither": [], "letters": ["letters"], "visits": ["visits"], "both": ["letters", "visits"]},
        pooled_arms={"with": ["visits", "both"], "without": ["neither", "letters"], "sent": ["letters", "both"], "unsent": ["neither", "visits"]},
        contrasts=[{"arm": "with", "over": "without"}, {"arm": "sent", "over": "unsent"}],
        design={"type": "factorial"},
    )  # fmt: skip
    plan = plan_allocation(protocol, roster)
    assert set(plan.arms) == {"neither", "letters", "visits", "both"}
    named = {frozenset(plan.arms[arm] for arm in group) for group in plan.pooled}
    assert {frozenset({"visits", "both"}), frozenset({"letters", "both"})} <= named
    assert Counter(arms_of(draw(plan, SEED)).values()) == {"neither": 15, "letters": 15, "visits": 15, "both": 15}


@pytest.mark.parametrize("method", METHODS)
def test_the_second_draw_is_of_those_who_did_not_respond(rostered, method: str):
    protocol, roster = rostered(**SMART, allocation=METHODS[method])
    first = plan_allocation(protocol, roster)
    assert first.arms == ("letters", "plans")
    allocation = draw(first, SEED)
    responders = {site: number % 3 == 0 for number, site in enumerate(roster.sites)}
    plan = second_plan(protocol, first, allocation, responders, roster)
    assert set(plan.sites) == {site for site, responded in responders.items() if not responded}
    second = draw(plan, AGAIN)
    assert second == draw(plan_from_record(plan.to_record()), AGAIN)
    before, after = arms_of(allocation), dict(zip(roster.sites, second_arms(allocation, second), strict=True))
    stage = protocol.second_stage
    for site in roster.sites:
        if responders[site]:
            assert after[site] is None
        else:
            assert after[site] in stage.again[before[site]]
    if method != "minimisation":  # which keeps arms alike likely, and not for sure
        counts = Counter(arm for arm in after.values() if arm is not None)
        for choices in stage.again.values():
            assert abs(counts[choices[0]] - counts[choices[1]]) <= 2


def test_what_the_first_draw_left_unequal_is_carried_over(rostered):
    protocol, roster = rostered(**SMART)
    first = plan_allocation(protocol, roster)
    plan = second_plan(
        protocol, first, draw(first, SEED), {site: i < 20 for i, site in enumerate(roster.sites)}, roster
    )
    assert plan.scoring is not None
    carried = plan.scoring.carried
    assert carried is not None
    assert carried.units == 60
    assert sum(carried.stay) == 20
    assert carried.totals == tuple(sum(values) for values in first.balance)


@pytest.mark.parametrize(
    ("responders", "words"),
    [
        (lambda sites: dict.fromkeys(sites[1:], False), "not told whether 1 site responded"),
        (lambda sites: dict.fromkeys(sites, True), "nobody is drawn again: every unit responded"),
    ],
)
def test_a_second_draw_that_cannot_be_made(rostered, responders, words: str):
    protocol, roster = rostered(**SMART)
    first = plan_allocation(protocol, roster)
    with pytest.raises(UserError, match=words):
        second_plan(protocol, first, draw(first, SEED), responders(roster.sites), roster)


def test_a_second_draw_needs_a_second_stage(rostered):
    protocol, roster = rostered()
    plan = plan_allocation(protocol, roster)
    with pytest.raises(UserError, match="the protocol has no second stage"):
        second_plan(protocol, plan, draw(plan, SEED), dict.fromkeys(roster.sites, False), roster)


def test_how_often_pairs_are_together_against_every_scheme(rostered):
    protocol, roster = rostered()
    plan: AllocationPlan = plan_allocation(protocol, roster)
    schemes = accepted_set(plan)
    naive = {
        (plan.units[i], plan.units[j]): sum(row[i] == row[j] for row in schemes.tolist()) / len(schemes)
        for i, j in combinations(range(len(plan.units)), 2)
    }
    assert {(pair.one, pair.other): pair.together for pair in pair_table(plan)} == pytest.approx(naive)
