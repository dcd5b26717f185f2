"""Candidates, local facts and libraries, each with whatever a test wants otherwise."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from enginehouse.economics.discounting import Discounting
from enginehouse.evidence.studies import Library
from enginehouse.priorities.results import GateValues, LocalFacts, Prices, Priorities, TrialSize
from enginehouse.priorities.weigh import weigh
from enginehouse.programme.candidates import Candidates
from enginehouse.programme.enums import EvidenceScale, StudyDesign
from enginehouse.programme.study import Study

CANDIDATE: dict[str, Any] = {
    "id": "visits-on-opioids",
    "title": "Visits on opioids",
    "indicator": "opioids",
    "strategy": "facilitation",
    "over": "bimonthly-feedback",
    "scale": "log-ratio",
    "value": {"per_unit": 0.01, "low": 0.007, "high": 0.013, "is_assumption": True, "source": "assumed"},
    "roll_out_cost": 6000,
    "cost_per_site_year": 700,
    "trial": {"fixed": 9000, "per_site": 15, "years": 1, "sites_per_arm": [30, 50, 100, 200]},
}
FILE: dict[str, Any] = {
    "schema": 1,
    "horizon_years": 3,
    "discount_rate": 0.035,
    "prior_mean": -0.03,
    "prior_sd": 0.06,
    "candidates": [CANDIDATE],
}
ERRORS = {30: 0.037, 50: 0.029, 100: 0.020, 200: 0.014}


@pytest.fixture(scope="session")
def candidates() -> Callable[..., Candidates]:
    """One candidate, with changes; `file` changes what is the same for all."""

    def make(*, file: Mapping[str, Any] | None = None, **changes: Any) -> Candidates:
        whole = copy.deepcopy(FILE) | dict(file or {})
        if file is None or "candidates" not in file:
            whole["candidates"] = [copy.deepcopy(CANDIDATE) | changes]
        return Candidates.model_validate(whole)

    return make


@pytest.fixture(scope="session")
def facts() -> Callable[..., LocalFacts]:
    def make(**changes: Any) -> LocalFacts:
        return LocalFacts(
            **{
                "baseline": 20.0,
                "denominator": 3_000_000.0,
                "sites": 300,
                "sites_available": 300,
                "lower_is_better": True,
                "unit": "mg",
                "per": "registered patient",
                "last_month": "2025-03",
                "trial_sizes": tuple(TrialSize(sites_per_arm=k, std_error=e) for k, e in ERRORS.items()),
                **changes,
            }
        )

    return make


@pytest.fixture(scope="session")
def prices() -> Callable[..., Prices]:
    def make(**changes: Any) -> Prices:
        return Prices(
            **{
                "value": 0.01,
                "value_low": 0.007,
                "value_high": 0.013,
                "value_is_assumption": True,
                "value_source": "assumed",
                "roll_out_cost": 6000.0,
                "cost_per_site_year": 620.0,
                "trial_fixed": 9000.0,
                "trial_per_site": 15.0,
                "trial_years": 1.0,
                "horizon_years": 3.0,
                "discount_rate": 0.035,
                "discounting": Discounting.START_OF_YEAR,
                **changes,
            }
        )

    return make


@pytest.fixture(scope="session")
def gates() -> GateValues:
    return GateValues(implement_at=0.9, drop_at=0.1, least_gain=0.0)


@pytest.fixture(scope="session")
def file_study() -> Callable[..., Study]:
    def make(**changes: Any) -> Study:
        return Study(
            **{
                "id": "one",
                "strategy": "facilitation",
                "over": "bimonthly-feedback",
                "target": "Opioids",
                "scale": EvidenceScale.LOG_RATIO,
                "effect": -0.05,
                "std_error": 0.02,
                "lower_is_better": True,
                "design": StudyDesign.CLUSTER_TRIAL,
                "setting": "somewhere",
                "completed": 2019,
                "source": "a journal",
                **changes,
            }
        )

    return make


@pytest.fixture(scope="session")
def weighed(candidates: Callable[..., Candidates], facts: Callable[..., LocalFacts]) -> Callable[..., Priorities]:
    """A weighing of one candidate (or of `file`'s), on one day."""

    def make(
        file: Candidates | None = None,
        library: Library | None = None,
        local: Mapping[str, LocalFacts] | None = None,
        on: date = date(2025, 4, 10),
        **more: Any,
    ) -> Priorities:
        return weigh(
            file or candidates(),
            library or Library(),
            {"visits-on-opioids": facts()} if local is None else local,
            **{"as_of": on, "currency": "GBP", "price_year": 2025, "site_noun": "practice", **more},
        )

    return make
