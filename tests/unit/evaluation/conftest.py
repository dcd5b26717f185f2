"""A campaign small enough to follow by eye: the real area totals that ship with the package, and made-up panels."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from enginehouse.core.months import Month
from enginehouse.data.sites import Membership, Site, SiteRegister
from enginehouse.evaluation.results import Evaluation
from enginehouse.evaluation.run import evaluate
from enginehouse.indicators.panel import FrozenPanel, Panel
from enginehouse.programme.hashing import definition_hash
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol

INDICATORS = {
    "ome": ("Oral morphine equivalence per patient", "quantity", "mg", "registered patient"),
    "high-dose": ("High-dose opioid items per patient", "count", "items", "registered patient"),
    "high-dose-share": ("High-dose share of opioid items", "count", "items", "opioid item"),
    "trimethoprim": ("Trimethoprim share", "count", "items", "item"),
}
TABLE_NAMES = {
    "opioidome": "ome",
    "opioidper1000": "high-dose",
    "opioidspercent": "high-dose-share",
    "trimethoprim": "trimethoprim",
}


def make_indicator(name: str, **changes: Any) -> Indicator:
    title, kind, unit, per = INDICATORS.get(name, (name, "count", "items", "patient"))
    return Indicator.model_validate(
        {
            "schema": 1,
            "id": name,
            "version": 1,
            "title": title,
            "short_title": title,
            "status": "published",
            "why_it_matters": "A test.",
            "direction": "lower-is-better",
            "numerator_kind": kind,
            "unit": unit,
            "per": per,
            "gap_unit": unit,
            "from": {"totals": {"source": "a", "name": name}},
            "authored_by": "a",
            "checked_by": "b",
            "date_reviewed": "2024-01-01",
            "next_review": "2026-01-01",
        }
        | changes,
        strict=False,
    )


def protocol_fields() -> dict[str, Any]:
    """The registered campaign protocol, as a file would say it."""
    return {
        "schema": 1,
        "title": "Feedback in West Yorkshire",
        "question": "Did it help?",
        "background": "Published: less.",
        "indicator": "ome",
        "secondary": ["high-dose", "high-dose-share"],
        "untargeted": ["trimethoprim"],
        "arms": {"feedback": ["bimonthly-feedback"], "usual-care": []},
        "membership_as_of": "2018-01",
        "exposure": {
            "arm": "feedback",
            "title": "West Yorkshire",
            "sites": {"within": {"area": "west-yorkshire"}},
            "comparators": [
                {
                    "name": "rest-of-region",
                    "title": "the rest of the region",
                    "sites": {
                        "within": {"region": "North East and Yorkshire"},
                        "outside": {"area": "west-yorkshire"},
                    },
                },
                {
                    "name": "other-regions",
                    "title": "other regions",
                    "sites": {"outside": {"region": "North East and Yorkshire"}},
                },
            ],
        },
        "design": {"type": "controlled-its", "starts": "2016-04", "baseline_months": 15, "follow_up_months": 12},
        "prior_knowledge": "Everything.",
        "estimand": {
            "average": "patients",
            "summary": "ratio",
            "window": "follow-up",
            "mergers": "as-of-membership-month",
            "closures": "until-closed",
            "opt_outs": "none",
        },
        "analysis": {
            "primary": "arm-difference-ar1",
            "worthwhile": 0.98,
            "equivalence": [0.98, 1.02],
            "drift": {"cluster": "area", "within": "region"},
            "checks": [
                "placebo-dates",
                "pre-trend",
                "leave-one-area-out",
                "untargeted-outcome",
                "alternative-span",
            ],
            "embedded_trial": {
                "baseline_months": 12,
                "follow_up_months": 12,
                "quoted_std_error": 0.01,
                "source": "README of the campaign table",
            },
        },
        "decision": {"if_worthwhile": "a", "if_equivalent": "b", "otherwise": "c"},
        "claims": [
            {"text": "Less opioid.", "source": "P", "indicator": "ome"},
            {"text": "5.6% less.", "source": "P", "indicator": "ome", "ratio": 0.944},
            {"text": "Fewer people.", "source": "P", "not_testable": "Prescribing data do not count people."},
        ],
    }


@dataclass(frozen=True)
class Case:
    """Everything that an evaluation takes, easy to change in a test."""

    protocol: Protocol
    panel: Panel
    sites: SiteRegister
    indicators: Mapping[str, Indicator]

    def frozen(self) -> FrozenPanel:
        return FrozenPanel(self.panel, self.panel.identity, definition_hash(self.protocol))

    def evaluate(self) -> Evaluation:
        return evaluate(self.protocol, self.frozen(), self.sites, self.indicators)


def merged(fields: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` with nested changes; `None` takes a key out."""
    result = dict(fields)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), dict) and key != "within":
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


@pytest.fixture(scope="session")
def indicator() -> Callable[..., Indicator]:
    return make_indicator


@pytest.fixture(scope="session")
def area_panel() -> Panel:
    """The real totals by area and month."""
    columns: dict[str, list[Any]] = {"indicator": [], "site": [], "month": [], "numerator": [], "denominator": []}
    text = files("enginehouse").joinpath("programmes/opioid-campaign/data/areas_by_month.csv").read_text()
    for row in csv.DictReader(text.splitlines()):
        columns["indicator"].append(TABLE_NAMES[row["indicator"]])
        columns["site"].append(f"area:{row['area']}")
        columns["month"].append(Month.parse(row["month"]))
        columns["numerator"].append(float(row["numerator"]))
        columns["denominator"].append(float(row["denominator"]))
    return Panel.from_columns(**columns)


@pytest.fixture(scope="session")
def area_sites() -> SiteRegister:
    """The areas, each its own member of level `area`, with their number of practices."""
    text = files("enginehouse").joinpath("programmes/opioid-campaign/data/areas.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    memberships = []
    for row in rows:
        site = f"area:{row['area']}"
        memberships += [Membership(site, "area", row["area"]), Membership(site, "region", row["region"])]
    return SiteRegister(
        sites={f"area:{row['area']}": Site(f"area:{row['area']}", row["name"]) for row in rows},
        memberships=tuple(memberships),
        attributes={"practices": {f"area:{row['area']}": float(row["practices"]) for row in rows}},
        group_names={("area", row["area"]): row["name"] for row in rows},
    )


@pytest.fixture(scope="session")
def campaign(area_panel: Panel, area_sites: SiteRegister) -> Callable[..., Case]:
    """The registered campaign on real area totals, with nested changes to the protocol."""

    def make(**changes: Any) -> Case:
        protocol = Protocol.model_validate(merged(protocol_fields(), changes))
        return Case(protocol, area_panel, area_sites, {name: make_indicator(name) for name in INDICATORS})

    return make


@pytest.fixture(scope="session")
def evaluated(campaign: Callable[..., Case]) -> Evaluation:
    """The registered evaluation, run once."""
    return campaign().evaluate()


@pytest.fixture(scope="session")
def practices() -> Callable[..., Case]:
    """A made-up region of single practices: 12 areas in two regions, the first of them exposed, no drift planted."""

    def make(
        *, ratio: float = 1.0, practices_per_area: int = 10, months: int = 27, seed: int = 1, **changes: Any
    ) -> Case:
        rng = np.random.default_rng(seed)
        start = Month(2015, 1)
        names = [
            (f"p:{a:02d}{i:02d}", f"area-{a:02d}", f"region-{a % 2}")
            for a in range(12)
            for i in range(practices_per_area)
        ]
        size = rng.integers(2000, 15000, len(names))
        rate = 0.05 * np.exp(rng.normal(0, 0.3, len(names)))
        columns: dict[str, list[Any]] = {k: [] for k in ("indicator", "site", "month", "numerator", "denominator")}
        for (site, area, _), patients, level in zip(names, size, rate, strict=True):
            for t in range(months):
                effect = ratio if area == "area-00" and t >= 15 else 1.0
                columns["indicator"].append("ome")
                columns["site"].append(site)
                columns["month"].append(start + t)
                columns["numerator"].append(float(rng.poisson(patients * level * effect)))
                columns["denominator"].append(float(patients))
        register = SiteRegister(
            sites={site: Site(site, site) for site, _, _ in names},
            memberships=tuple(
                Membership(site, level, group)
                for site, area, region in names
                for level, group in (("area", area), ("region", region))
            ),
            attributes={
                "list_size": {site: float(s) for (site, _, _), s in zip(names, size, strict=True)},
                "imd": {site: float(rng.normal(20, 5)) for site, _, _ in names[3:]},
            },
        )
        exposed = {"sites": {"within": {"area": "area-00"}}}
        comparator = {
            "name": "rest",
            "title": "the rest",
            "sites": {"within": {"region": "region-0"}, "outside": {"area": "area-00"}},
        }
        base = merged(
            protocol_fields(),
            {
                "secondary": [],
                "untargeted": [],
                "exposure": {**exposed, "title": "Area 0", "comparators": [comparator]},
                "membership_as_of": "2016-01",
            },
        )
        protocol = Protocol.model_validate(merged(base, changes))
        return Case(
            protocol, Panel.from_columns(**columns), register, {"ome": make_indicator("ome", numerator_kind="count")}
        )

    return make
