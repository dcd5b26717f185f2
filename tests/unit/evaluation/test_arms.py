"""Who is in which arm, how sites are weighed, and which areas stand in as placebos."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from enginehouse.core.months import Month
from enginehouse.data.sites import Membership
from enginehouse.evaluation.arms import Contributions, choose_arms, contributions, member_counts
from enginehouse.evaluation.placebo_areas import plan_placebos
from enginehouse.evaluation.results import Evaluation
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Average

type Make = Callable[..., Any]
NAN = float("nan")
ARRAYS = PanelArrays(
    indicator="x",
    sites=("a", "b", "c"),
    months=(Month(2020, 1), Month(2020, 2)),
    numerator=np.array([[10.0, 20.0], [1.0, NAN], [0.0, 3.0]]),
    denominator=np.array([[100.0, 100.0], [10.0, NAN], [0.0, 30.0]]),
)


def test_patient_averages_add_numerators_and_denominators() -> None:
    numerator, denominator = Contributions.of(ARRAYS, Average.PATIENTS).arm(("a", "b"))
    assert (numerator.tolist(), denominator.tolist()) == ([10 + 1, 20], [100 + 10, 100])


def test_site_averages_add_rates_and_count_sites() -> None:
    data = Contributions.of(ARRAYS, Average.SITES)
    numerator, denominator = data.arm(("a", "b", "c"))
    assert numerator == pytest.approx([10 / 100 + 1 / 10, 20 / 100 + 3 / 30])
    assert denominator.tolist() == [2, 2]
    assert [values.tolist() for values in data.totals(("a", "b"))] == [[11, 20], [110, 100]]


def test_sites_count_in_the_months_that_they_have() -> None:
    data = Contributions.of(ARRAYS, Average.PATIENTS)
    assert data.with_data(("a", "b", "c", "unknown")) == ("a", "b", "c")
    assert data.with_data(("a", "b", "c"), month=0) == ("a", "b")
    assert data.with_data(("a", "b", "c"), month=-1) == ("a", "c")


def test_closures_excluded_keeps_only_sites_with_every_month(practices: Make) -> None:
    case = practices(estimand={"closures": "excluded"})
    span = case.protocol.design.span
    arrays = case.panel.arrays("ome")
    holed = dataclasses.replace(arrays, denominator=arrays.denominator.copy())
    holed.denominator[0, 3] = NAN
    assert len(contributions(holed, case.protocol, span).sites) == len(arrays.sites) - 1
    kept = practices(estimand={"closures": "until-closed"}).protocol
    assert len(contributions(holed, kept, span).sites) == len(arrays.sites)


def test_areas_stand_for_their_practices(area_sites: Any) -> None:
    counts = member_counts(area_sites, ("area:west-yorkshire", "area:E54000005"))
    assert counts == {"area:west-yorkshire": 318, "area:E54000005": 17}


def test_placebo_areas_are_those_of_at_least_a_quarter_of_the_exposed_practices(evaluated: Evaluation) -> None:
    placebo = evaluated.primary.registered.registered_window.placebo
    assert placebo is not None
    assert len(placebo.areas) == 27
    assert min(area.sites for area in placebo.areas) >= 0.25 * 318
    assert {(area.sites, area.reason) for area in evaluated.left_out_areas} == {
        (size, f"too small ({size} against at least 80)") for size in (17, 57, 72, 79, 40)
    }


def plan(case: Any) -> Any:
    arms = choose_arms(case.protocol, case.sites)
    data = contributions(case.panel.arrays("ome"), case.protocol, case.protocol.design.span)
    return plan_placebos(case.protocol, case.sites, arms, data)


def test_exposed_sites_are_on_neither_side_of_a_placebo(practices: Make) -> None:
    exposed = {f"p:00{i:02d}" for i in range(10)}
    for area in plan(practices()).areas:
        assert not exposed & {*area.sites, *area.controls}
        assert not {*area.sites} & {*area.controls}
        assert len(area.controls) == (4 if area.region == "region-0" else 5) * 10


def test_a_partly_exposed_area_is_a_control_but_no_placebo(practices: Make) -> None:
    case = practices(exposure={"sites": {"within": {"half": "first"}}})
    halves = tuple(Membership(f"p:00{i:02d}", "half", "first" if i < 5 else "second") for i in range(10))
    case = dataclasses.replace(
        case, sites=dataclasses.replace(case.sites, memberships=(*case.sites.memberships, *halves))
    )
    found = plan(case)
    assert [(left.area, left.reason) for left in found.left_out] == [("area-00", "part of it was exposed")]
    neighbour = next(area for area in found.areas if area.region == "region-0")
    assert {f"p:00{i:02d}" for i in range(5, 10)} < set(neighbour.controls)


def test_an_area_alone_in_its_region_has_no_controls(practices: Make) -> None:
    case = practices()
    moved = tuple(
        dataclasses.replace(m, group="region-9") if m.level == "region" and m.site.startswith("p:02") else m
        for m in case.sites.memberships
    )
    found = plan(dataclasses.replace(case, sites=dataclasses.replace(case.sites, memberships=moved)))
    assert [(left.area, left.reason) for left in found.left_out] == [
        ("area-02", "no other untreated area in its region")
    ]


def test_one_misplaced_site_does_not_move_its_area(practices: Make) -> None:
    case = practices()
    moved = tuple(
        dataclasses.replace(m, group="region-1") if m.level == "region" and m.site == "p:0200" else m
        for m in case.sites.memberships
    )
    found = plan(dataclasses.replace(case, sites=dataclasses.replace(case.sites, memberships=moved)))
    assert {area.id: area.region for area in found.areas}["area-02"] == "region-0"


def test_no_drift_means_no_placebo_areas(practices: Make) -> None:
    assert plan(practices(analysis={"drift": None})).areas == ()


def test_site_averages_and_patient_averages_differ(practices: Make) -> None:
    by_patients = practices().evaluate()
    by_sites = practices(estimand={"average": "sites"}).evaluate()
    assert by_patients.headline.value != by_sites.headline.value  # type: ignore[union-attr]
    assert "every site counts the same" in by_sites.estimand
    assert "every registered patient counts the same" in by_patients.estimand


def merged_away(case: Any, site: str, successor: str) -> Any:
    sites = {**case.sites.sites, site: dataclasses.replace(case.sites.sites[site], successor=successor)}
    return dataclasses.replace(case, sites=dataclasses.replace(case.sites, sites=sites))


def test_merged_sites_go_with_their_successor_only_where_registered(practices: Make) -> None:
    """The exposed p:0000 became p:0200, which became p:0300."""
    for mergers, expected in (("as-of-membership-month", 10), ("follow-successor", 9)):
        case = practices(estimand={"mergers": mergers})
        case = merged_away(merged_away(case, "p:0000", "p:0200"), "p:0200", "p:0300")
        assert case.evaluate().primary.exposed_sites == expected


def test_a_circle_of_successors_ends(practices: Make) -> None:
    case = practices(estimand={"mergers": "follow-successor"})
    case = merged_away(merged_away(case, "p:0000", "p:0001"), "p:0001", "p:0000")
    assert case.evaluate().primary.exposed_sites == 10


def test_a_successor_that_is_not_registered_is_ignored(practices: Make) -> None:
    case = merged_away(practices(estimand={"mergers": "follow-successor"}), "p:0000", "p:9999")
    assert case.evaluate().primary.exposed_sites == 10
