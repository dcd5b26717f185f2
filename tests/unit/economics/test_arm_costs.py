"""What each arm cost, from what was logged: sums that a reader can redo, and what is unknown stays unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from enginehouse.core.errors import Problems
from enginehouse.economics.arm_costs import (
    ArmCost,
    ContactTotals,
    IncrementalCost,
    LoggedActivity,
    arm_costs,
    incremental_cost,
)
from enginehouse.programme.enums import ContactKind, CostedPer, Payer
from enginehouse.programme.strategy import Activity, Strategy
from enginehouse.stats.results import NotEstimable

ARMS = {"letters": ["feedback"], "letters-and-visits": ["feedback", "visits"]}
VISITS = ContactTotals(kind=ContactKind.VISIT, contacts=30, programme_minutes=1800.0, site_minutes=2400.0)
LOGS = (
    LoggedActivity(arm="letters", sites=10, reports=60),
    LoggedActivity(arm="letters-and-visits", sites=15, reports=90, contacts=(VISITS,)),
)


def activity(
    name: str, per: str, unit_cost: float | None, *, units: float = 1, borne_by: str = "programme"
) -> Activity:
    return Activity(
        name=name, units=units, unit="unit", unit_cost=unit_cost, source="example", per=per, borne_by=borne_by
    )


def strategy(id: str, activities: Sequence[Activity], **more: Any) -> Strategy:
    return Strategy(
        schema=1,
        id=id,
        title=id.capitalize(),
        description="x",
        channel="x",
        components=("x",),
        activities=tuple(activities),
        **more,
    )


FEEDBACK = strategy(
    "feedback",
    [
        activity("Preparing", "cycle", 500.0, units=2),
        activity("Posting", "report", 1.5),
        activity("Reading", "report", 2.0, units=10, borne_by="site"),
    ],
    sends_report=True,
)
FACILITATION = strategy(
    "visits",
    [
        activity("Training", "cycle", 900.0),
        activity("Travel", "contact", 20.0),
        activity("Facilitator's time", "contact-minute", 0.5),
        activity("Staff time", "contact-minute", 1.0, borne_by="site"),
        activity("A folder", "site", 3.0),
    ],
    contact="visit",
)
STRATEGIES = {"feedback": FEEDBACK, "visits": FACILITATION}

Costs = Callable[..., tuple[ArmCost, ArmCost, IncrementalCost]]


@pytest.fixture
def costs() -> Costs:
    def run(
        strategies: dict[str, Strategy] | None = None, logs: Sequence[LoggedActivity] = LOGS
    ) -> tuple[ArmCost, ArmCost, IncrementalCost]:
        letters, visited = arm_costs(ARMS, logs, {**STRATEGIES, **(strategies or {})})
        return letters, visited, incremental_cost(visited, letters)

    return run


def test_each_arm_costs_what_was_logged_times_its_price(costs: Costs):
    letters, visited, _ = costs()
    # Preparing 1,000 is shared by 25 sites: 10 of them here. Posting 60 x 1.5. Reading 60 x 10 x 2, by the sites.
    assert letters.programme == pytest.approx(1000 * 10 / 25 + 60 * 1.5)
    assert letters.borne_by_sites == pytest.approx(60 * 10 * 2.0)
    # Training 900, travel 30 x 20, 1,800 programme minutes at 0.5, a folder for 15 sites at 3; 2,400 site minutes at 1.
    assert visited.programme == pytest.approx(1000 * 15 / 25 + 90 * 1.5 + 900 + 600 + 900 + 45)
    assert visited.borne_by_sites == pytest.approx(90 * 10 * 2.0 + 2400)
    assert visited.total == pytest.approx(visited.known_part())
    assert visited.per_site == pytest.approx((600 + 135 + 900 + 600 + 900 + 45 + 1800 + 2400) / 15)


def test_what_both_arms_have_alike_cancels_for_each_site(costs: Costs):
    _, _, difference = costs()
    # Six reports for each site in both arms; only the visits differ.
    assert difference.programme_per_site == pytest.approx((900 + 600 + 900 + 45) / 15)
    assert difference.borne_by_sites_per_site == pytest.approx(2400 / 15)
    assert difference.per_site == pytest.approx((900 + 600 + 900 + 45 + 2400) / 15)
    assert difference.in_all == pytest.approx(900 + 600 + 900 + 45 + 2400)
    assert {line.activity: line.difference for line in difference.lines}["Posting"] == pytest.approx(0)


def test_a_second_way_to_the_same_sums(costs: Costs):
    """Activity by activity from the files, without the tables of the module."""
    _, visited, _ = costs()
    log = LOGS[1]
    total = 0.0
    for each in (FEEDBACK, FACILITATION):
        for line in each.activities:
            if line.per is CostedPer.CYCLE:
                count = log.sites / sum(other.sites for other in LOGS if each.id in ARMS[other.arm])
            elif line.per is CostedPer.SITE:
                count = log.sites
            elif line.per is CostedPer.REPORT:
                count = log.reports
            elif line.per is CostedPer.CONTACT:
                count = VISITS.contacts
            else:
                count = VISITS.site_minutes if line.borne_by is Payer.SITE else VISITS.programme_minutes
            assert line.unit_cost is not None
            total += count * line.units * line.unit_cost
    assert visited.total == pytest.approx(total)


def test_an_unknown_price_leaves_its_part_unknown_and_no_other(costs: Costs):
    unknown = strategy("visits", [activity("Travel", "contact", None), *FACILITATION.activities[3:]], contact="visit")
    letters, visited, difference = costs({"visits": unknown})
    assert isinstance(visited.programme, NotEstimable)
    assert visited.programme.detail == "The cost of letters-and-visits is not known; missing: Travel, cost per unit."
    assert isinstance(visited.total, NotEstimable)
    assert visited.borne_by_sites == pytest.approx(90 * 10 * 2.0 + 2400)
    assert letters.programme == pytest.approx(490.0)
    assert isinstance(difference.programme_per_site, NotEstimable)
    assert isinstance(difference.in_all, NotEstimable)
    assert difference.borne_by_sites_per_site == pytest.approx(2400 / 15)


def test_an_unknown_price_of_what_both_arms_have_alike_does_not_matter(costs: Costs):
    unknown = strategy(
        "feedback", [activity("Preparing", "cycle", None), activity("Posting", "report", None)], sends_report=True
    )
    letters, _, difference = costs({"feedback": unknown})
    assert isinstance(letters.total, NotEstimable)
    assert difference.per_site == pytest.approx((900 + 600 + 900 + 45 + 2400) / 15)


def test_an_unknown_price_of_what_one_arm_had_more_of_matters(costs: Costs):
    unknown = strategy("feedback", [activity("Posting", "report", None)], sends_report=True)
    more = (LOGS[0], LoggedActivity(arm="letters-and-visits", sites=15, reports=89, contacts=(VISITS,)))
    _, _, difference = costs({"feedback": unknown}, more)
    assert isinstance(difference.per_site, NotEstimable)
    assert "missing: Posting" in difference.per_site.detail


def test_an_unknown_price_of_what_never_happened_costs_nothing(costs: Costs):
    unknown = strategy("visits", [activity("Travel", "contact", None)], contact="visit")
    none = (LOGS[0], LoggedActivity(arm="letters-and-visits", sites=15, reports=90))
    _, visited, difference = costs({"visits": unknown}, none)
    assert visited.programme == pytest.approx(600 + 135)
    assert difference.programme_per_site == pytest.approx(0)


def test_a_strategy_without_activities_is_not_free(costs: Costs):
    _, visited, difference = costs({"visits": strategy("visits", [], contact="visit")})
    assert isinstance(visited.programme, NotEstimable)
    assert "Visits (no activities are listed)" in visited.programme.detail
    assert isinstance(visited.borne_by_sites, NotEstimable)
    assert isinstance(difference.per_site, NotEstimable)


@pytest.mark.parametrize(
    ("log", "says"),
    [
        (
            LoggedActivity(
                arm="letters",
                sites=10,
                reports=60,
                contacts=(ContactTotals(kind=ContactKind.CALL, contacts=3, programme_minutes=9.0, site_minutes=9.0),),
            ),
            r"3 contacts of the kind call, which is part of no strategy of letters",
        ),
    ],
)
def test_what_no_strategy_costs_makes_the_cost_unknown(costs: Costs, log: LoggedActivity, says: str):
    letters, *_ = costs(logs=(log, LOGS[1]))
    assert isinstance(letters.total, NotEstimable)
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(letters.total.detail)


def test_reports_that_no_strategy_sends_make_the_cost_unknown():
    (cost,) = arm_costs(
        {"visits-only": ["visits"]}, [LoggedActivity(arm="visits-only", sites=5, reports=4)], STRATEGIES
    )
    assert cost.missing == ("4 reports, which no strategy of visits-only sends",)


def test_faulty_logs_are_all_named():
    logs = (
        LoggedActivity(arm="letters", sites=0, reports=0),
        LoggedActivity(arm="letters", sites=3, reports=0),
        LoggedActivity(arm="lettres", sites=3, reports=0),
    )
    with pytest.raises(Problems) as caught:
        arm_costs(ARMS, logs, STRATEGIES)
    text = str(caught.value)
    assert "got 2 logs of the arm 'letters'. Give one for each arm." in text
    assert "got no log of the arm 'letters-and-visits'." in text
    assert "got the arm 'lettres', which the protocol does not have." in text
    assert "got 0 sites in the arm 'letters'; expected at least 1." in text
