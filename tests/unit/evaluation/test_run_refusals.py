"""What an evaluation refuses, and what it answers where there is no estimate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from enginehouse.core.errors import DataError, NotAllowed, UserError
from enginehouse.evaluation.run import evaluate
from enginehouse.indicators.panel import FrozenPanel, Panel
from enginehouse.programme.enums import Direction, Verdict
from enginehouse.stats.results import NotEstimable

type Make = Callable[..., Any]


def test_a_panel_that_is_not_frozen_is_refused(campaign: Make) -> None:
    case = campaign()
    with pytest.raises(NotAllowed, match="the panel is not frozen"):
        evaluate(case.protocol, case.panel, case.sites, case.indicators)


def test_a_panel_frozen_for_another_protocol_is_refused(campaign: Make) -> None:
    case, other = campaign(), campaign(analysis={"worthwhile": 0.97})
    with pytest.raises(NotAllowed, match=r"frozen for protocol [0-9a-f]{12}, and this protocol is [0-9a-f]{12}"):
        evaluate(other.protocol, case.frozen(), case.sites, case.indicators)


def test_a_panel_that_is_not_what_was_frozen_is_refused(campaign: Make) -> None:
    case = campaign()
    with pytest.raises(DataError, match="the panel is not the one that was frozen"):
        FrozenPanel(case.panel, "0" * 64, "1" * 64)


def test_missing_months_are_an_error_and_not_a_gap(campaign: Make) -> None:
    case = campaign(design={"follow_up_months": 36})
    with pytest.raises(DataError, match=r"has no data for 12 of 51 months \(2018-04 first\)"):
        case.evaluate()


def test_too_few_months_cannot_be_estimated(campaign: Make) -> None:
    found = campaign(design={"baseline_months": 2}, untargeted=[]).evaluate()
    assert isinstance(found.headline, NotEstimable)
    assert "2 months before" in found.headline.detail
    assert found.verdict.word is Verdict.CANNOT_BE_ESTIMATED


def test_an_indicator_that_the_panel_lacks(campaign: Make, indicator: Make) -> None:
    case = campaign(secondary=["no-such"])
    case = dataclasses.replace(case, indicators={**case.indicators, "no-such": indicator("no-such")})
    with pytest.raises(DataError, match="got indicator 'no-such'"):
        case.evaluate()


def test_definitions_that_were_not_locked_with_the_protocol(campaign: Make) -> None:
    case = dataclasses.replace(campaign(), indicators={})
    with pytest.raises(UserError, match=r"no definition was given of ome, high-dose"):
        case.evaluate()


def test_a_protocol_without_controls(campaign: Make) -> None:
    with pytest.raises(UserError, match="the protocol names no comparator"):
        campaign(exposure={"comparators": []}).evaluate()


def test_exposed_sites_among_the_controls(campaign: Make) -> None:
    everyone = {"name": "all", "title": "everyone", "sites": {"within": {"region": "North East and Yorkshire"}}}
    with pytest.raises(UserError, match=r"1 site is both exposed and in"):
        campaign(exposure={"comparators": [everyone]}).evaluate()


def test_an_unknown_area(campaign: Make) -> None:
    with pytest.raises(DataError, match="got area 'east-yorkshire'"):
        campaign(exposure={"sites": {"within": {"area": "east-yorkshire"}}}).evaluate()


def test_a_comparator_without_sites(campaign: Make) -> None:
    none = {
        "name": "none",
        "title": "nobody",
        "sites": {"within": {"region": "North West", "area": "E54000005"}},
    }
    with pytest.raises(UserError, match="no site belongs to 'nobody' in 2018-01"):
        campaign(exposure={"comparators": [none]}).evaluate()


def test_sites_written_otherwise_than_in_the_panel(campaign: Make) -> None:
    case = campaign()
    table = case.panel.table.filter([site != "area:west-yorkshire" for site in case.panel.table["site"].to_pylist()])
    with pytest.raises(UserError, match="no exposed site has data for ome between 2015-01 and 2017-03"):
        dataclasses.replace(case, panel=Panel.from_table(table)).evaluate()


def test_a_method_for_another_design(campaign: Make) -> None:
    with pytest.raises(UserError, match="got the method 'arm-difference-ar1' for a design of type 'parallel'"):
        campaign(design={"type": "parallel"}).evaluate()


def test_a_primary_indicator_without_direction(campaign: Make, indicator: Make) -> None:
    case = campaign()
    undirected = {**case.indicators, "ome": indicator("ome", direction=Direction.NONE.value)}
    with pytest.raises(UserError, match="the primary indicator 'ome' says no direction"):
        dataclasses.replace(case, indicators=undirected).evaluate()


def test_a_truth_of_an_indicator_that_is_not_evaluated(practices: Make) -> None:
    with pytest.raises(UserError, match="got a planted truth for 'other'"):
        practices(truth=[{"indicator": "other", "ratio": 0.8, "note": "planted"}]).evaluate()


def test_opt_outs_that_nobody_listed_cannot_be_excluded(campaign: Make) -> None:
    with pytest.raises(UserError, match="got 'excluded' for opt-outs"):
        campaign(estimand={"opt_outs": "excluded"}).evaluate()


def test_a_model_of_single_sites_for_an_indicator_that_is_not_evaluated(campaign: Make) -> None:
    models = {"antibiotics": ["log-linear-fixed-effects"]}
    with pytest.raises(UserError, match="got a model of single sites for antibiotics"):
        campaign(analysis={"practice_models": models}).evaluate()


def test_a_planted_ratio_is_not_set_against_a_difference(practices: Make) -> None:
    found = practices(
        estimand={"summary": "difference"},
        analysis={"worthwhile": -0.001, "equivalence": None},
        truth=[{"indicator": "ome", "ratio": 0.8, "note": "planted"}],
    ).evaluate()
    assert found.truth[0].covered is None
