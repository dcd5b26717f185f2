"""A small made-up region: its register, its history and a protocol that allocates its sites."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from enginehouse.core.months import Month
from enginehouse.data.sites import Membership, Site, SiteRegister
from enginehouse.indicators.panel import HistoricalPanel, Panel
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.trials.plan import plan_allocation
from enginehouse.trials.roster import eligible_roster

START = Month(2024, 1)
PROTOCOL: dict[str, Any] = {
    "schema": 1,
    "title": "Do visits add to feedback?",
    "question": "Do they?",
    "background": "Nobody knows.",
    "indicator": "opioids",
    "arms": {"feedback": ["letters"], "visits": ["letters", "visits"]},
    "membership_as_of": "2023-12",
    "eligibility": {
        "within": {"area": ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"]},
        "baseline_months": 9,
        "opt_out_by": "2023-12-15",
    },
    "allocation": {
        "unit": "site",
        "method": "covariate-constrained",
        "balance": ["list_size", "imd", "baseline"],
        "schemes": 500,
    },
    "contrasts": [{"arm": "visits", "over": "feedback"}],
    "design": {"type": "parallel", "starts": "2024-01", "baseline_months": 12, "follow_up_months": 12},
    "prior_knowledge": "The history.",
    "estimand": {
        "average": "patients",
        "summary": "ratio",
        "window": "follow-up",
        "mergers": "as-randomised",
        "closures": "until-closed",
        "opt_outs": "kept-where-data-allow",
    },
    "analysis": {"primary": "independence-gee", "worthwhile": 0.95, "equivalence": [0.95, 1.05]},
    "power": {"effect": 0.9, "effect_sd": 0.05, "fidelity": 0.8, "replications": 100, "seed": 7},
    "decision": {"if_worthwhile": "Do it.", "if_equivalent": "Stop.", "otherwise": "Think."},
}
INDICATOR: dict[str, Any] = {
    "schema": 1,
    "id": "opioids",
    "version": 1,
    "title": "Opioids",
    "short_title": "Opioids",
    "status": "published",
    "why_it_matters": "They harm.",
    "direction": "lower-is-better",
    "numerator_kind": "quantity",
    "unit": "mg",
    "per": "registered patient",
    "gap_unit": "mg",
    "from": {"totals": {"source": "made-up", "name": "opioids"}},
    "authored_by": "A",
    "checked_by": "B",
    "date_reviewed": "2023-01-01",
    "next_review": "2025-01-01",
}


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    whole = copy.deepcopy(base)
    for key, value in changes.items():
        if key == "arms":
            whole[key] = value
            continue
        whole[key] = (
            _merged(whole[key], value) if isinstance(value, dict) and isinstance(whole.get(key), dict) else value
        )
    return whole


@pytest.fixture(scope="session")
def protocol_of() -> Callable[..., Protocol]:
    """The protocol with changes, merged into its parts."""
    return lambda **changes: Protocol.model_validate(_merged(PROTOCOL, changes))


@pytest.fixture(scope="session")
def protocol(protocol_of) -> Protocol:
    return protocol_of()


@pytest.fixture(scope="session")
def indicator_of() -> Callable[..., Indicator]:
    return lambda **changes: Indicator.model_validate(_merged(INDICATOR, changes))


@pytest.fixture(scope="session")
def indicator(indicator_of) -> Indicator:
    return indicator_of()


@pytest.fixture(scope="session")
def sites() -> tuple[str, ...]:
    return tuple(f"x:S{i:02d}" for i in range(60))


@pytest.fixture(scope="session")
def register(sites) -> SiteRegister:
    """Sixty sites in ten areas and twenty networks; the deprivation of two is not known."""
    rng = np.random.default_rng(3)
    imd = dict(zip(sites, rng.normal(25, 8, len(sites)).round(1).tolist(), strict=True))
    del imd[sites[0]], imd[sites[1]]
    return SiteRegister(
        sites={site: Site(site, f"Site {site}") for site in sites},
        memberships=tuple(
            Membership(site, level, f"{level[0]}{i % groups}")
            for i, site in enumerate(sites)
            for level, groups in (("area", 10), ("network", 20))
        ),
        attributes={"imd": imd},
    )


@pytest.fixture(scope="session")
def panel(sites) -> Panel:
    """Thirty months before the start and twelve after it; areas drift apart."""
    rng = np.random.default_rng(4)
    months = [START + offset for offset in range(-30, 12)]
    shape = (len(sites), len(months))
    size = np.exp(rng.normal(8.5, 0.4, shape[0])).round()
    drift = np.cumsum(rng.normal(0, 0.02, (10, shape[1])), axis=1)[np.arange(shape[0]) % 10]
    rates = np.exp(rng.normal(5, 0.3, shape[0])[:, None] + drift + rng.normal(0, 0.15, shape))
    return Panel.from_columns(
        indicator=["opioids"] * shape[0] * shape[1],
        site=np.repeat(sites, shape[1]).tolist(),
        month=months * shape[0],
        numerator=(rates * size[:, None]).ravel(),
        denominator=np.repeat(size, shape[1]),
    )


@pytest.fixture(scope="session")
def history(panel) -> HistoricalPanel:
    return HistoricalPanel.before(panel, START)


@pytest.fixture(scope="session")
def plan_of(history, register):
    """The roster of a protocol where nobody opted out, and its plan."""
    return lambda protocol: plan_allocation(
        protocol, eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    )
