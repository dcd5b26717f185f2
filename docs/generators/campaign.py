"""The shipped campaign, evaluated as any user would, and what the docs show of it: one figure and its numbers."""

from __future__ import annotations

import math
import re
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import enginehouse as eh
from enginehouse.economics.amounts import Amount
from enginehouse.economics.appraise import Appraisal
from enginehouse.evaluation.results import Evaluation, PlaceboSet, WindowResult
from enginehouse.programme.protocol import Protocol
from enginehouse.reports import format as fmt
from enginehouse.reports.charts.draw import draw
from enginehouse.reports.effects import display_effect, limits_words, point_words
from enginehouse.reports.figures import Effect, OneCluster, expected_by_chance, one_cluster_figure
from enginehouse.stats.results import Estimate

CYCLE, TEMPLATE = "west-yorkshire", "opioid-campaign"
PAGE_TEMPLATE = Path(__file__).resolve().parents[1] / "templates" / "one-cluster.md"


@dataclass(frozen=True, slots=True)
class CampaignResult:
    """The locked protocol with its evaluation and appraisal."""

    protocol: Protocol
    evaluation: Evaluation
    appraisal: Appraisal

    @property
    def window(self) -> WindowResult:
        return self.evaluation.primary.registered.registered_window

    @property
    def placebo(self) -> PlaceboSet:
        assert self.window.placebo is not None
        return self.window.placebo

    @property
    def with_drift(self) -> Estimate:
        assert isinstance(self.window.with_drift, Estimate)
        return self.window.with_drift

    @property
    def months_only(self) -> Estimate:
        assert isinstance(self.window.months_only, Estimate)
        return self.window.months_only

    @property
    def break_even(self) -> Amount:
        assert isinstance(self.appraisal.break_even_cost, Amount)
        return self.appraisal.break_even_cost


def evaluate_campaign() -> CampaignResult:
    """Every step from an empty folder to the appraisal, by the calls that any user has."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "campaign"
        eh.new_programme(folder, template=TEMPLATE)
        workspace = eh.open_workspace(folder)
        me = eh.acting(workspace, "me", date.today())
        eh.register(workspace, CYCLE, by=me)
        eh.load_data(workspace, by=me)
        eh.build_indicators(workspace, by=me)
        eh.freeze(workspace, CYCLE, by=me)
        evaluation = eh.evaluate_cycle(workspace, CYCLE, by=me)
        return CampaignResult(workspace.protocol(CYCLE), evaluation, eh.appraise_cycle(workspace, CYCLE, by=me))


def one_cluster_svg(result: CampaignResult) -> str:
    """The figure of the dossier, as a picture by itself."""
    trial, margins = result.evaluation.embedded_trial, result.protocol.analysis.equivalence
    assert trial is not None
    assert margins is not None
    figure = one_cluster_figure(
        OneCluster(
            treated_name=result.evaluation.exposed_title,
            window="over the campaign year",
            noun="practices",
            placebo_areas=tuple(_per_cent(area.estimate, area.low, area.high) for area in result.placebo.areas),
            months_only=display_effect(result.months_only),
            with_drift=display_effect(result.with_drift),
            trial_half_width=_half_width(result),
            margins=(100 * (margins[0] - 1), 100 * (margins[1] - 1)),
            direction=result.evaluation.primary.direction,
        )
    )
    return _on_paper(draw(figure.chart, title="One region is one cluster", description=figure.alt)) + "\n"


def one_cluster_page(result: CampaignResult) -> str:
    """The template with the campaign's numbers in place of its `{{names}}`."""
    values = numbers(result)
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], PAGE_TEMPLATE.read_text(encoding="utf-8"))


def numbers(result: CampaignResult) -> dict[str, str]:
    """Every number of the page in words."""
    placebo, areas = result.placebo, len(result.placebo.areas)
    outcomes = {outcome.indicator: outcome for outcome in result.evaluation.outcomes}
    money = {str(round(mark.cost)): mark.probability for mark in result.appraisal.marks}
    saving = result.break_even.range
    shares = [_significant(outcomes[name].registered.registered_window) for name in result.protocol.secondary]
    return {
        "point": point_words(result.with_drift),
        "wide": limits_words(result.with_drift),
        "narrow": limits_words(result.months_only),
        "ninety": limits_words(result.with_drift, level=0.9),
        "areas": str(areas),
        "significant": str(placebo.significant),
        "significant_others": " and ".join(shares),
        "expected": expected_by_chance(areas),
        "farther": str(round(placebo.rank_p * (areas + 1)) - 1),
        "tau": f"{fmt.number(100 * placebo.tau, 1)}%",
        "practices": fmt.count(result.evaluation.primary.exposed_members),
        "months": str(len(result.protocol.design.span)),
        "half": f"{fmt.number(_half_width(result), 1)}%",
        "half_of_four": f"{fmt.number(_half_width(result) / 2, 1)}%",
        "detectable": _detectable(result),
        "verdict": result.evaluation.verdict.word.value,
        "saving": fmt.pounds(saving.point, "GBP"),
        "saving_low": fmt.pounds(saving.low, "GBP"),
        "saving_high": fmt.pounds(saving.high, "GBP"),
        "chance_low_cost": _chance(money["70000"]),
        "chance_high_cost": _chance(money["200000"]),
    }


def _significant(window: WindowResult) -> str:
    assert window.placebo is not None
    return str(window.placebo.significant)


def _chance(probability: object) -> str:
    assert isinstance(probability, float)
    return fmt.probability(probability)


def _half_width(result: CampaignResult) -> float:
    """Half of the trial's interval in per cent."""
    assert result.evaluation.embedded_trial is not None
    return 100 * result.evaluation.embedded_trial.half_width


def _detectable(result: CampaignResult) -> str:
    assert result.evaluation.embedded_trial is not None
    return f"{fmt.number(100 * result.evaluation.embedded_trial.detectable, 1)}%"


def _per_cent(*logs: float) -> Effect:
    value, low, high = (100 * math.expm1(log) for log in logs)
    return Effect(value=value, low=low, high=high)


def _on_paper(svg: str) -> str:
    """A white ground, so that the picture can be read on pages with a dark one."""
    return re.sub(r"(<svg[^>]*>)", r'\1<rect width="100%" height="100%" fill="#ffffff"/>', svg, count=1)
