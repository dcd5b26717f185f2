"""The whole way from a registered protocol to a verdict, many times on made-up regions allocated anew.

Each time: a draw from the plan by the specified sampler, a panel frozen for the protocol, the registered analysis, the
word. It must reject at its nominal rate, say *equivalent* as often as power on history predicted, and hold a planted
effect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from enginehouse.core.months import Month
from enginehouse.data.sites import Membership, Site, SiteRegister
from enginehouse.evaluation.parallel.analysis import registered_analysis
from enginehouse.evaluation.parallel.inputs import AllocatedTrial
from enginehouse.evaluation.parallel.results import TrialEvaluation
from enginehouse.evaluation.run import evaluate
from enginehouse.evaluation.verdict import rule_for, word_for
from enginehouse.indicators.panel import FrozenPanel, HistoricalPanel, Panel
from enginehouse.programme.enums import Verdict
from enginehouse.programme.hashing import definition_hash
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.inject import inject_effect
from enginehouse.stats.results import Estimate, Estimated
from enginehouse.trials.data import trial_data
from enginehouse.trials.draw import draw
from enginehouse.trials.history import question_of
from enginehouse.trials.plan import plan_allocation
from enginehouse.trials.power import power
from enginehouse.trials.power_results import Replicated
from enginehouse.trials.roster import eligible_roster

Array = npt.NDArray[np.float64]
START, BEFORE, AFTER = Month(2024, 1), 12, 12
RATIO, RATIO_SD = 0.95, 0.05
A_REGION = 100
"""Evaluations of one made-up region; then another is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """So many practices, what is summed, and how they are allocated."""

    practices: int
    kind: str
    method: str


SCENARIOS = (
    Scenario(practices=120, kind="count", method="stratified-blocks"),
    Scenario(practices=120, kind="quantity", method="covariate-constrained"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Shares of evaluations without an effect that reject and that read *equivalent*, and what power had predicted.

    `covers` is the share of 95% intervals that hold the planted effect.
    """

    scenario: Scenario
    replicates: int
    rejects: float
    rejects_predicted: float
    equivalent: float
    equivalent_predicted: float
    covers: float


def run(scenario: Scenario, *, replicates: int, seed: int) -> Row:
    """Simulate one scenario; the same seed gives the same shares."""
    parts = [_in_region(scenario, min(replicates, A_REGION), seed + number) for number in range(_regions(replicates))]
    shares = np.mean(parts, axis=0).tolist()
    return Row(
        scenario=scenario,
        replicates=min(replicates, A_REGION) * len(parts),
        rejects=shares[0],
        rejects_predicted=shares[1],
        equivalent=shares[2],
        equivalent_predicted=shares[3],
        covers=shares[4],
    )


def _regions(replicates: int) -> int:
    return max(1, replicates // A_REGION)


def _in_region(scenario: Scenario, replicates: int, seed: int) -> tuple[float, ...]:
    """The five shares of a `Row`, of one made-up region allocated anew."""
    region = _Region.make(scenario, seed)
    predicted = region.predicted(replicates)
    rng = np.random.default_rng([seed, scenario.practices])
    seeds = [f"simulated seed {seed} {number}" for number in range(replicates)]
    found = [region.evaluate(each) for each in seeds]
    planted = [region.evaluate(each, rng) for each in seeds]
    return (
        float(np.mean([not _holds(each, 0.0) for each in found])),
        predicted.excludes_none.value,
        float(np.mean([each.verdict.word is Verdict.EQUIVALENT for each in found])),
        predicted.probability(Verdict.EQUIVALENT.value).value,
        float(np.mean([_holds(each, math.log(RATIO)) for each in planted])),
    )


PAGE = """# From a registered protocol to a verdict, many times

Made-up regions of {practices} practices, each allocated anew {a_region} times by its registered plan, their outcomes
frozen, evaluated and judged as a real cycle would be ({replicates:,} times in all; Monte Carlo error at 5% about
{error:.1%}). What *predicted* says
was found by [power on history](independence-gee.md) before: another way to the same arrays, other draws.

| summed, allocated | rejects (5% is meant) | predicted | reads *equivalent* | predicted | interval holds {ratio} |
|---|---|---|---|---|---|
{rows}

With an effect planted, it differs between practices (standard deviation {sd}). In one region alone the test rejects a
percentage point or two more or less often: what a design page prints is its own region's rate.
"""


def page(rows: Sequence[Row]) -> str:
    """The generated docs page."""
    replicates = min(row.replicates for row in rows)
    return PAGE.format(
        practices=rows[0].scenario.practices,
        a_region=A_REGION,
        replicates=replicates,
        error=math.sqrt(0.05 * 0.95 / replicates),
        ratio=RATIO,
        sd=RATIO_SD,
        rows="\n".join(_line(row) for row in rows),
    )


def _line(row: Row) -> str:
    shares = (row.rejects, row.rejects_predicted, row.equivalent, row.equivalent_predicted, row.covers)
    cells = " | ".join(f"{100 * share:.1f}%" for share in shares)
    return f"| {row.scenario.kind}, {row.scenario.method} | {cells} |"


def _holds(found: TrialEvaluation, truth: float) -> bool:
    headline = found.headline
    assert isinstance(headline, Estimate)
    return headline.interval().contains(truth)


@dataclass(frozen=True, slots=True)
class _Judge:
    protocol: Protocol
    indicator: Indicator

    def __call__(self, estimate: Estimated) -> str:
        return word_for(estimate, rule_for(self.protocol, self.indicator.direction)).value


@dataclass(frozen=True, slots=True, eq=False)
class _Region:
    """The practices, their outcomes and the plan: all that does not change from one evaluation to the next."""

    protocol: Protocol
    indicator: Indicator
    register: SiteRegister
    numerator: Array
    denominator: Array
    trial: AllocatedTrial

    @classmethod
    def make(cls, scenario: Scenario, seed: int) -> _Region:
        rng = np.random.default_rng([seed, 1])
        shape = (scenario.practices, BEFORE + AFTER)
        size = np.exp(rng.normal(8.8, 0.55, shape[0])).round()
        drift = rng.normal(0, 0.05, (shape[0], 2)).repeat([BEFORE, AFTER], axis=1)
        rates = 0.02 * np.exp(rng.normal(0, 0.3, shape[0])[:, None] + drift + rng.normal(0, 0.1, shape))
        numerator = rates * size[:, None]
        if scenario.kind == "count":
            numerator = rng.poisson(numerator).astype(np.float64)
        names = tuple(f"x:P{place:03d}" for place in range(shape[0]))
        register = SiteRegister(
            sites={name: Site(name, name) for name in names},
            memberships=tuple(Membership(name, "region", "here") for name in names),
            attributes={"imd": dict(zip(names, rng.normal(25, 8, shape[0]).tolist(), strict=True))},
        )
        protocol, indicator = _protocol(scenario), _indicator(scenario)
        history = HistoricalPanel.before(_panel(names, numerator, np.repeat(size[:, None], shape[1], axis=1)), START)
        roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
        plan = plan_allocation(protocol, roster)
        trial = AllocatedTrial(roster=roster, plan=plan, allocation=draw(plan, "a seed to begin with"))
        return cls(protocol, indicator, register, numerator, np.repeat(size[:, None], shape[1], axis=1), trial)

    def evaluate(self, seed: str, rng: np.random.Generator | None = None) -> TrialEvaluation:
        """One whole evaluation of a new allocation; with `rng` an effect is planted."""
        trial = replace(self.trial, allocation=draw(self.trial.plan, seed))
        numerator = self.numerator if rng is None else self._planted(trial, rng)
        panel = _panel(trial.plan.sites, numerator, self.denominator)
        frozen = FrozenPanel(panel, panel.identity, definition_hash(self.protocol))
        return evaluate(self.protocol, frozen, self.register, {self.indicator.id: self.indicator}, trial=trial)

    def predicted(self, replicates: int) -> Replicated:
        """Power's own replications without a difference, on the same outcomes."""
        panel = _panel(self.trial.plan.sites, self.numerator, self.denominator)
        data = trial_data(
            self.protocol,
            self.indicator,
            panel.arrays(self.indicator.id),
            self.trial.roster,
            self.trial.plan,
            self.trial.allocation,
        )
        assert self.protocol.power is not None
        found = power(
            data,
            self.trial.plan,
            self.protocol.power,
            registered_analysis(self.protocol, self.indicator),
            _Judge(self.protocol, self.indicator),
            question=question_of(self.protocol, self.indicator),
            replications=replicates,
            workers=1,
        )
        assert isinstance(found.none, Replicated)
        return found.none

    def _planted(self, trial: AllocatedTrial, rng: np.random.Generator) -> Array:
        spread = math.sqrt(math.log(1 + (RATIO_SD / RATIO) ** 2))
        sites = trial.allocation.sites_of("visits")
        ratios = RATIO * np.exp(rng.normal(-(spread**2) / 2, spread, len(sites)))
        return inject_effect(
            self.numerator,
            trial.plan.sites,
            [START + offset for offset in range(-BEFORE, AFTER)],
            ratio_by_site=dict(zip(sites, ratios.tolist(), strict=True)),
            from_month=START,
            kind="count" if self.indicator.numerator_kind.value == "count" else "quantity",
            rng=rng,
        )


def _panel(sites: Sequence[str], numerator: Array, denominator: Array) -> Panel:
    months = [START + offset for offset in range(-BEFORE, AFTER)]
    return Panel.from_columns(
        indicator=["items"] * numerator.size,
        site=np.repeat(np.array(sites), len(months)).tolist(),
        month=months * len(sites),
        numerator=numerator.ravel(),
        denominator=denominator.ravel(),
    )


def _protocol(scenario: Scenario) -> Protocol:
    allocation: dict[str, Any] = {"unit": "site", "method": scenario.method}
    if scenario.method == "stratified-blocks":
        allocation |= {"strata": ["list_size_half"], "block_sizes": [4]}
    else:
        allocation |= {"balance": ["list_size", "imd", "baseline"], "schemes": 5000}
    fields = {
        "schema": 1,
        "title": "Do visits add to letters?",
        "question": "Do they?",
        "background": "Nobody knows.",
        "indicator": "items",
        "arms": {"letters": ["letters"], "visits": ["letters", "visits"]},
        "membership_as_of": "2023-12",
        "eligibility": {"within": {"region": "here"}, "baseline_months": BEFORE, "opt_out_by": "2023-12-15"},
        "allocation": allocation,
        "contrasts": [{"arm": "visits", "over": "letters"}],
        "design": {"type": "parallel", "starts": "2024-01", "baseline_months": BEFORE, "follow_up_months": AFTER},
        "prior_knowledge": "The history.",
        "estimand": {
            "average": "patients",
            "summary": "ratio",
            "window": "follow-up",
            "mergers": "as-randomised",
            "closures": "until-closed",
            "opt_outs": "none",
        },
        "analysis": {"primary": "independence-gee", "worthwhile": 0.95, "equivalence": [0.95, 1.05]},
        "power": {"effect": RATIO, "effect_sd": RATIO_SD, "seed": 7},
        "decision": {"if_worthwhile": "Do it.", "if_equivalent": "Stop.", "otherwise": "Think."},
    }
    return Protocol.model_validate(fields, strict=False)


def _indicator(scenario: Scenario) -> Indicator:
    fields = {
        "schema": 1,
        "id": "items",
        "version": 1,
        "title": "Items",
        "short_title": "Items",
        "status": "published",
        "why_it_matters": "A simulation.",
        "direction": "lower-is-better",
        "numerator_kind": scenario.kind,
        "unit": "items",
        "per": "registered patient",
        "gap_unit": "items",
        "from": {"totals": {"source": "made-up", "name": "items"}},
        "authored_by": "A",
        "checked_by": "B",
        "date_reviewed": "2023-01-01",
        "next_review": "2026-01-01",
    }
    return Indicator.model_validate(fields, strict=False)
