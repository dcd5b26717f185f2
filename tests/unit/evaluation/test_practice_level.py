"""Single sites: the models, the subgroups and the trial that could have been, on made-up practices."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from enginehouse.evaluation.embedded_trial import ancova_std_error
from enginehouse.evaluation.practice_level import PRACTICE_METHODS
from enginehouse.evaluation.results import Evaluation, evaluation_from_record
from enginehouse.evaluation.subgroups import group_sites
from enginehouse.indicators.panel import Panel
from enginehouse.programme.enums import PracticeMethod
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.trials.attributes import NOT_KNOWN, in_groups

type Make = Callable[..., Any]
ALL_METHODS = [method.value for method in PracticeMethod]


def test_every_practice_method_has_a_function() -> None:
    assert set(PRACTICE_METHODS) == set(PracticeMethod)


@pytest.fixture(scope="module")
def modelled(practices: Make) -> Evaluation:
    return practices(
        ratio=0.9,
        practices_per_area=20,
        analysis={"practice_models": {"ome": ALL_METHODS}, "subgroups": ["list_size", "imd_third", "rurality"]},
    ).evaluate()


@pytest.mark.parametrize("number", range(4))
def test_every_model_finds_the_planted_ratio(modelled: Evaluation, number: int) -> None:
    result = modelled.practice_models[number]
    assert result.method.value == ALL_METHODS[number]
    assert (result.sites, result.exposed_sites, result.months) == (120, 20, 27)
    for estimate in result.windows.values():
        assert isinstance(estimate, Estimate)
        assert estimate.interval(0.999).contains(np.log(0.9))
    assert [c.name for c in result.coefficients] == [
        "level change of the exposed",
        "trend of the exposed, a month",
        "slope change of the exposed, a month",
    ]


def test_models_of_single_sites_never_carry_the_headline(modelled: Evaluation) -> None:
    assert isinstance(modelled.headline, Estimate)
    assert "with drift between areas" in modelled.headline.method
    assert all("whole areas drifting" in result.notes[-1] for result in modelled.practice_models)


def test_the_whole_record_round_trips(modelled: Evaluation) -> None:
    assert evaluation_from_record(json.loads(json.dumps(modelled.to_record(), allow_nan=False))) == modelled


def test_area_totals_are_not_single_sites(campaign: Make) -> None:
    found = campaign(
        analysis={"practice_models": {"ome": ["quasi-poisson-fixed-effects"]}, "subgroups": ["practices"]}
    ).evaluate()
    model = found.practice_models[0]
    assert all(isinstance(e, NotEstimable) and e.reason == "too-few-sites" for e in model.windows.values())
    assert found.subgroups[0].interaction == NotEstimable(
        reason="totals-of-areas", detail="Subgroups need data of single sites, and these are totals of areas."
    )
    assert found.embedded_trial is not None
    assert found.no_embedded_trial is None
    assert (found.embedded_trial.computed, found.embedded_trial.std_error) == (False, 0.01)


def test_models_of_counts_refuse_quantities(practices: Make) -> None:
    case = practices(analysis={"practice_models": {"ome": ALL_METHODS}})
    columns = case.panel.table.to_pydict()
    columns["numerator"] = [n + 0.5 for n in columns["numerator"]]
    panel = Panel.from_table(case.panel.table.from_pydict(columns, schema=case.panel.table.schema))
    found = dataclasses.replace(case, panel=panel).evaluate().practice_models
    refused = [isinstance(model.windows["follow-up"], NotEstimable) for model in found]
    assert refused == [True, True, False, False]


def test_only_sites_with_every_month_are_modelled(practices: Make) -> None:
    case = practices(practices_per_area=12, analysis={"practice_models": {"ome": ["log-linear-fixed-effects"]}})
    table = case.panel.table
    keep = [
        not (site == "p:0000" and month.year == 2015 and month.month == 5)
        for site, month in zip(table["site"].to_pylist(), table["month"].to_pylist(), strict=True)
    ]
    found = dataclasses.replace(case, panel=Panel.from_table(table.filter(keep))).evaluate()
    assert found.practice_models[0].exposed_sites == 11
    assert found.primary.exposed_sites == 12


def test_subgroups_add_up_and_the_interaction_carries_drift(modelled: Evaluation) -> None:
    by_size, by_imd, _ = modelled.subgroups
    assert [g.group for g in by_size.groups] == ["lowest third", "middle third", "highest third"]
    assert sum(g.exposed_sites for g in by_size.groups) == 20
    assert by_imd.groups[-1].group == NOT_KNOWN
    assert by_imd.groups[-1].exposed_sites == 3
    assert isinstance(by_size.interaction, Estimate | NotEstimable)


def test_a_group_of_fewer_than_five_sites_is_not_estimated(modelled: Evaluation) -> None:
    unknown = modelled.subgroups[1].groups[-1]
    assert isinstance(unknown.months_only, NotEstimable)


def test_an_attribute_that_no_site_has(modelled: Evaluation) -> None:
    answer = modelled.subgroups[2].interaction
    assert isinstance(answer, NotEstimable)
    assert answer.detail == "No site has a value for 'rurality'."


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("imd_quintile", ("imd", 5)),
        ("list-size-third", ("list_size", 3)),
        ("deprivation_half", ("deprivation", 2)),
        ("imd_2015_score", ("imd_2015_score", 3)),
    ],
)
def test_how_a_subgroup_is_written(name: str, expected: tuple[str, int]) -> None:
    found = in_groups(name)
    assert (found.attribute, len(found.parts)) == expected


def test_groups_are_cut_among_the_analysed_sites() -> None:
    values, sites = np.array([1.0, 2.0, 3.0, 100.0, np.nan]), ("a", "b", "c", "d", "e")
    grouping = group_sites(values, sites, {"a", "b", "c"}, 3)
    assert grouping is not None
    assert {name: sorted(members) for name, members in grouping.sites_of.items()} == {
        "lowest third": ["a"],
        "middle third": ["b"],
        "highest third": ["c", "d"],
        NOT_KNOWN: ["e"],
    }
    assert group_sites(np.ones(5), sites, set(sites), 3) is None


def test_the_embedded_trial_agrees_with_one_regression_for_each_allocation() -> None:
    rng = np.random.default_rng(1)
    n, allocations = 30, 40
    weights = rng.uniform(1000, 9000, n)
    before = rng.normal(1, 0.3, n)
    after = 0.2 + 0.7 * before + rng.normal(0, 0.1, n)
    arms = np.random.default_rng(2).permuted(np.tile((np.arange(n) < n // 2).astype(float), (allocations, 1)), axis=1)
    found = []
    for arm in arms:
        x = np.column_stack([np.ones(n), arm, before])
        information = x.T @ (x * weights[:, None])
        beta = np.linalg.solve(information, x.T @ (weights * after))
        variance = float(weights @ (after - x @ beta) ** 2) / (n - 3)
        found.append(np.sqrt(variance * np.linalg.inv(information)[1, 1]))
    mine = ancova_std_error(before, after, weights, rng=np.random.default_rng(2), allocations=allocations)
    assert mine == pytest.approx(np.mean(found), rel=1e-9)


def test_the_embedded_trial_is_computed_where_there_are_sites(modelled: Evaluation) -> None:
    trial = modelled.embedded_trial
    assert trial is not None
    assert (trial.computed, trial.sites, trial.allocations) == (True, 20, 1000)
    assert trial.half_width > 1.96 * trial.std_error
    assert trial.note.endswith("weighted by patients; mean over 1,000 random halves.")
    # z of 0.8 is 0.8416: the estimate clears its interval's half width in four out of five trials.
    assert trial.detectable == pytest.approx(trial.half_width + 0.8416 * trial.std_error)


def test_no_embedded_trial_without_history_or_quotation(practices: Make) -> None:
    plan = {"baseline_months": 24, "follow_up_months": 12, "quoted_std_error": None, "source": "x"}
    found = practices(analysis={"embedded_trial": plan}).evaluate()
    assert (found.embedded_trial, found.no_embedded_trial) == (
        None,
        NotEstimable(
            reason="too-few-months",
            detail="The data do not reach over 24 months before the start and 12 after.",
        ),
    )
    assert evaluation_from_record(json.loads(json.dumps(found.to_record(), allow_nan=False))) == found
    unregistered = practices(analysis={"embedded_trial": None}).evaluate()
    assert (unregistered.embedded_trial, unregistered.no_embedded_trial) == (None, None)


@pytest.mark.parametrize(("sites", "words"), [(1, "Only 1 exposed site has a"), (4, "Only 4 exposed sites have a")])
def test_no_embedded_trial_on_a_handful_of_sites(practices: Make, sites: int, words: str) -> None:
    plan = {"baseline_months": 12, "follow_up_months": 12, "quoted_std_error": None, "source": "x"}
    found = practices(practices_per_area=sites, analysis={"embedded_trial": plan}).evaluate().no_embedded_trial
    assert found is not None
    assert found.reason == "too-few-sites"
    assert found.detail.startswith(words)


def test_subgroups_of_too_few_sites_say_how_many(practices: Make) -> None:
    found = practices(practices_per_area=4, analysis={"subgroups": ["list_size"]}).evaluate().subgroups[0].interaction
    assert isinstance(found, NotEstimable)
    assert found.detail.startswith("3 groups need at least 15 sites in each arm; there are 4 exposed sites and ")


def test_an_attribute_with_one_value_cannot_be_cut(practices: Make) -> None:
    case = practices(practices_per_area=20, analysis={"subgroups": ["list_size"]})
    same = {"list_size": dict.fromkeys(case.sites.sites, 5000.0)}
    found = dataclasses.replace(case, sites=dataclasses.replace(case.sites, attributes=same)).evaluate()
    answer = found.subgroups[0].interaction
    assert isinstance(answer, NotEstimable)
    assert "too few distinct values to cut it into 3 parts" in answer.detail
    assert group_sites(np.array([np.nan, 1.0]), ("a", "b"), {"a", "b"}, 3) is None


def test_without_drift_an_interaction_cannot_be_estimated(practices: Make) -> None:
    case = practices(practices_per_area=20, analysis={"subgroups": ["list_size"], "drift": None})
    answer = case.evaluate().subgroups[0].interaction
    assert isinstance(answer, NotEstimable)
    assert answer.reason == "no-drift-registered"


def test_subgroups_without_a_log_ratio_say_so(practices: Make) -> None:
    case = practices(practices_per_area=20, analysis={"subgroups": ["list_size"]})
    columns = case.panel.table.to_pydict()
    columns["numerator"] = [0.0] * len(columns["numerator"])
    panel = Panel.from_table(case.panel.table.from_pydict(columns, schema=case.panel.table.schema))
    result = dataclasses.replace(case, panel=panel).evaluate().subgroups[0]
    assert {type(group.months_only) for group in result.groups} == {NotEstimable}
    assert isinstance(result.interaction, NotEstimable)
    assert result.interaction.reason == "zero-months"
