"""Figures say in words what they show; the campaign's figure holds the numbers of the reference case."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from scipy.special import stdtrit

from enginehouse.programme.enums import Direction
from enginehouse.reports.charts.draw import draw
from enginehouse.reports.charts.spec import CurveChart, IntervalChart, SeriesChart
from enginehouse.reports.figures import (
    ControlledSeries,
    Effect,
    OneCluster,
    controlled_series_figure,
    cost_curve_figure,
    cost_label,
    decile_figure,
    expected_by_chance,
    one_cluster_figure,
)

MONTHS_DF = 27 - 4


def per_cent(log_ratio: float) -> float:
    return 100 * math.expm1(log_ratio)


@pytest.fixture
def campaign(shared_file: Callable[[str], Path]) -> OneCluster:
    cases = json.loads(shared_file("reference/campaign/expected.json").read_text(encoding="utf-8"))["cases"]
    found = next(c["expected"] for c in cases if c["id"] == "placebo_areas_opioidome_average_year")
    t = float(stdtrit(MONTHS_DF, 0.975))

    def effect(value: float, std_error: float) -> Effect:
        low, high = value - t * std_error, value + t * std_error
        return Effect(value=per_cent(value), low=per_cent(low), high=per_cent(high))

    return OneCluster(
        treated_name="West Yorkshire",
        window="averaged over April 2016 to March 2017",
        noun="practices",
        placebo_areas=tuple(effect(b, s) for b, s in zip(found["log_ratio"], found["se"], strict=True)),
        months_only=effect(found["treated_log_ratio"], found["treated_se"]),
        with_drift=Effect(
            value=per_cent(found["treated_log_ratio"]),
            low=per_cent(found["interval_low"]),
            high=per_cent(found["interval_high"]),
        ),
        trial_half_width=1.96,
        margins=(-2.0, 2.0),
    )


def test_one_cluster_shows_4_of_27(campaign: OneCluster) -> None:
    figure = one_cluster_figure(campaign)
    assert isinstance(figure.chart, IntervalChart)
    crowd, treated, trial = figure.chart.groups
    assert crowd.callout == "4 of 27"
    assert [row.emphasis for row in crowd.rows].count("flagged") == 4
    assert [row.value for row in crowd.rows] == sorted(row.value for row in crowd.rows)
    assert [row.emphasis for row in treated.rows] == ["comparison", "main"]
    assert trial.rows[0].emphasis == "counterfactual"
    assert trial.rows[0].words == "would tell ±2.0%"
    assert trial.rows[0].bracket
    assert math.isnan(trial.rows[0].value)
    assert (trial.rows[0].low, trial.rows[0].high) == (-1.96, 1.96)
    assert figure.chart.guide == treated.rows[1].value


def test_one_cluster_says_so_in_words(campaign: OneCluster) -> None:
    alt = one_cluster_figure(campaign).alt
    assert (
        "in 4 of the 27 the interval from months alone excludes no difference, where about one would by chance" in alt
    )
    assert "estimated at −1.1%" in alt
    assert "−2.9% to 0.8% from months alone and −3.7% to 1.5% with the drift" in alt


def test_an_estimate_beyond_every_area_is_not_said_to_be_inside_their_range(campaign: OneCluster) -> None:
    from dataclasses import replace

    beyond = replace(campaign.with_drift, value=min(area.value for area in campaign.placebo_areas) - 1)
    assert "inside that range" in one_cluster_figure(campaign).alt
    assert "outside that range" in one_cluster_figure(replace(campaign, with_drift=beyond)).alt


@pytest.mark.parametrize(
    ("direction", "labels"),
    [
        (Direction.LOWER_IS_BETTER, ("← better", "worse →")),
        (Direction.HIGHER_IS_BETTER, ("← worse", "better →")),
        (Direction.NONE, ("", "")),
    ],
)
def test_the_sides_of_the_figure_say_which_is_better(
    campaign: OneCluster, direction: Direction, labels: tuple[str, str]
) -> None:
    from dataclasses import replace

    chart = one_cluster_figure(replace(campaign, direction=direction)).chart
    assert isinstance(chart, IntervalChart)
    assert (chart.low_label, chart.high_label) == labels
    svg = draw(chart, title="t", description="d", name="x")
    assert all(f">{label}</text>" in svg for label in labels if label)


def test_without_a_trial_there_is_no_trial_row(campaign: OneCluster) -> None:
    from dataclasses import replace

    figure = one_cluster_figure(replace(campaign, trial_half_width=None))
    assert isinstance(figure.chart, IntervalChart)
    assert len(figure.chart.groups) == 2
    assert "trial" not in figure.alt
    assert "bracket" not in figure.caption


@pytest.mark.parametrize(
    ("count", "expected"),
    [(27, "about one"), (60, "about three"), (8, "less than one"), (11, "less than one"), (300, "about 15")],
)
def test_how_many_chance_would_flag(count: int, expected: str) -> None:
    assert expected_by_chance(count) == expected


def test_the_series_figure_marks_the_start_and_says_its_ends() -> None:
    data = ControlledSeries(
        months=("2016-02", "2016-03", "2016-04", "2016-05"),
        starts="2016-04",
        treated_name="West Yorkshire",
        control_name="the rest",
        treated=(40.0, 41.0, 40.0, 39.0),
        control=(45.0, 46.0, 46.0, 46.0),
        without=(None, None, 41.0, 41.0),
        label="mg per patient",
        value_format="{:.0f}",
    )
    figure = controlled_series_figure(data)
    assert isinstance(figure.chart, SeriesChart)
    assert [s.emphasis for s in figure.chart.series] == ["comparison", "counterfactual", "main"]
    assert figure.chart.markers[0].label == "April 2016: start"
    assert "In May 2016, West Yorkshire stood at 39, against 41 expected" in figure.alt


def test_the_cost_curve_says_its_marks() -> None:
    figure = cost_curve_figure(
        (0.0, 100_000.0), (0.8, 0.6), [(70_000.0, "as published", 0.66)], period="in 2016", saving="gross"
    )
    assert isinstance(figure.chart, CurveChart)
    assert figure.chart.y_range == (0.0, 1.0)
    assert figure.alt.endswith("£70,000: as published: 66%.")
    assert cost_label(70_000, "£70,000: as published", "GBP") == "£70,000: as published"


def test_deciles_say_what_they_show() -> None:
    lines = [[float(10 * level), float(11 * level)] for level in range(1, 10)]
    figure = decile_figure(
        ("2016-01", "2016-02"), lines, label="Items", count=300, sites="practices", value_format="{:.0f}"
    )
    assert "median went from 50 to 55" in figure.alt
    assert "one in ten was below 11 and one in ten above 99" in figure.alt
