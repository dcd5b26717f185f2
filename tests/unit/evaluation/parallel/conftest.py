"""A trial small enough to follow: practices with a list size and a deprivation score, two arms or three, and its record
as the evaluation takes it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from enginehouse.core.months import Month
from enginehouse.data.sites import Membership, Site, SiteRegister
from enginehouse.evaluation.parallel.inputs import AllocatedTrial, ComponentReach
from enginehouse.evaluation.parallel.results import TrialEvaluation
from enginehouse.evaluation.run import evaluate
from enginehouse.indicators.panel import FrozenPanel, HistoricalPanel, Panel
from enginehouse.programme.hashing import definition_hash
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.trials.draw import draw
from enginehouse.trials.plan import plan_allocation
from enginehouse.trials.roster import eligible_roster

START = Month(2025, 1)
BEFORE, AFTER = 12, 6
PROTOCOL: dict[str, Any] = {
    "schema": 1,
    "title": "Do visits add to feedback?",
    "question": "Do they?",
    "background": "Nobody knows.",
    "indicator": "opioids",
    "secondary": ["items"],
    "balancing": ["gabapentinoids"],
    "arms": {"feedback": ["letters"], "visits": ["letters", "practice-visits"]},
    "membership_as_of": "2024-12",
    "eligibility": {"within": {"region": "here"}, "baseline_months": 9, "opt_out_by": "2024-12-15"},
    "allocation": {"unit": "site", "method": "stratified-blocks", "strata": ["list_size_half"], "block_sizes": [4]},
    "contrasts": [{"arm": "visits", "over": "feedback"}],
    "design": {"type": "parallel", "starts": "2025-01", "baseline_months": BEFORE, "follow_up_months": AFTER},
    "prior_knowledge": "The history.",
    "estimand": {
        "average": "patients",
        "summary": "ratio",
        "window": "follow-up",
        "mergers": "as-randomised",
        "closures": "until-closed",
        "opt_outs": "kept-where-data-allow",
    },
    "analysis": {
        "primary": "independence-gee",
        "worthwhile": 0.95,
        "equivalence": [0.95, 1.05],
        "subgroups": ["list_size_third", "imd_third"],
        "inequality": "imd",
        "checks": ["other-average", "cluster-level", "permutation", "unadjusted"],
        "engaged": {"strategy": "practice-visits", "at_least": 1, "comparator_could_not_receive": True},
    },
    "decision": {"if_worthwhile": "Do it.", "if_equivalent": "Stop.", "otherwise": "Think."},
    "truth": [{"indicator": "opioids", "ratio": 0.85, "note": "Every visited site changed alike."}],
}
INDICATOR: dict[str, Any] = {
    "schema": 1,
    "version": 1,
    "status": "published",
    "why_it_matters": "They harm.",
    "direction": "lower-is-better",
    "per": "registered patients",
    "authored_by": "A",
    "checked_by": "B",
    "date_reviewed": "2023-01-01",
    "next_review": "2026-01-01",
}
KINDS = {"opioids": ("quantity", "mg"), "items": ("count", "items"), "gabapentinoids": ("quantity", "DDD")}


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    whole = copy.deepcopy(base)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict) and key != "arms":
            whole[key] = merged(whole[key], value)
        elif value is None:
            whole.pop(key, None)
        else:
            whole[key] = value
    return whole


def make_indicator(name: str) -> Indicator:
    kind, unit = KINDS[name]
    return Indicator.model_validate(
        INDICATOR
        | {
            "id": name,
            "title": name.capitalize(),
            "short_title": name.capitalize(),
            "numerator_kind": kind,
            "unit": unit,
            "gap_unit": unit,
            "from": {"totals": {"source": "made-up", "name": name}},
        },
        strict=False,
    )


@dataclass(frozen=True)
class Trial:
    """Everything that the evaluation of a trial takes."""

    protocol: Protocol
    panel: Panel
    sites: SiteRegister
    indicators: dict[str, Indicator]
    allocated: AllocatedTrial

    def frozen(self) -> FrozenPanel:
        return FrozenPanel(self.panel, self.panel.identity, definition_hash(self.protocol))

    def evaluate(self) -> TrialEvaluation:
        return evaluate(self.protocol, self.frozen(), self.sites, self.indicators, trial=self.allocated)


def make_trial(*, practices: int = 80, ratio: float = 0.85, seed: int = 11, **changes: Any) -> Trial:
    """A region of practices that was allocated, and in which `visits` multiplied opioids by `ratio`."""
    protocol = Protocol.model_validate(merged(PROTOCOL, changes), strict=False)
    names = tuple(f"x:P{place:03d}" for place in range(practices))
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(8.6, 0.5, practices)).round()
    imd = dict(zip(names, rng.normal(25, 8, practices).round(1).tolist(), strict=True))
    del imd[names[0]]
    register = SiteRegister(
        sites={name: Site(name, name) for name in names},
        memberships=tuple(
            Membership(name, level, group)
            for place, name in enumerate(names)
            for level, group in (("region", "here"), ("network", f"n{place // 2}"))
        ),
        attributes={"imd": imd},
    )
    months = [START + offset for offset in range(-BEFORE, AFTER)]
    level = np.exp(rng.normal(3, 0.3, practices))[:, None] * np.exp(rng.normal(0, 0.08, (practices, len(months))))
    base = {"opioids": level, "items": level / 40, "gabapentinoids": level / 3}
    values = {name: rate * size[:, None] for name, rate in base.items()}
    values["items"] = rng.poisson(values["items"]).astype(float)

    def panel(numerators: dict[str, np.ndarray]) -> Panel:
        return Panel.from_columns(
            indicator=[name for name in numerators for _ in range(level.size)],
            site=np.repeat(names, len(months)).tolist() * len(numerators),
            month=months * practices * len(numerators),
            numerator=np.concatenate([values.ravel() for values in numerators.values()]),
            denominator=np.tile(np.repeat(size, len(months)), len(numerators)),
        )

    history = HistoricalPanel.before(panel(values), START)
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    plan = plan_allocation(protocol, roster)
    allocation = draw(plan, "a seed of the tests")
    visited = (
        np.isin(names, allocation.sites_of("visits")) if "visits" in allocation.arms else np.zeros(practices, bool)
    )
    values["opioids"][visited, BEFORE:] *= ratio
    visits = {name: 1.0 + place % 2 for place, name in enumerate(names) if visited[place] and place % 5}
    allocated = AllocatedTrial(
        roster=roster,
        plan=plan,
        allocation=allocation,
        reach=(ComponentReach(component="practice-visits", title="visits to the practice", amounts=visits),),
        strategy_titles={"letters": "feedback by letter", "practice-visits": "visits to the practice"},
        permutations=499,
    )
    indicators = {name: make_indicator(name) for name in KINDS}
    return Trial(protocol, panel(values), register, indicators, allocated)


@pytest.fixture(scope="session")
def trial_of() -> Callable[..., Trial]:
    return make_trial


@pytest.fixture(scope="session")
def trial() -> Trial:
    return make_trial()


@pytest.fixture(scope="session")
def evaluated(trial: Trial) -> TrialEvaluation:
    return trial.evaluate()
