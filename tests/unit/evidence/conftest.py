"""Studies, libraries and results of cycles, each with whatever a test wants otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from enginehouse.evidence.posting import Posting
from enginehouse.evidence.predictive import Question
from enginehouse.evidence.studies import LibraryStudy
from enginehouse.programme.enums import EvidenceScale, StudyDesign
from enginehouse.programme.study import Study
from enginehouse.stats.results import Estimate

STUDY: dict[str, Any] = {
    "id": "one",
    "strategy": "facilitation",
    "over": "bimonthly-feedback",
    "target": "Opioids per patient",
    "scale": EvidenceScale.LOG_RATIO,
    "effect": -0.05,
    "std_error": 0.02,
    "lower_is_better": True,
    "design": StudyDesign.CLUSTER_TRIAL,
    "setting": "somewhere",
    "completed": 2019,
    "source": "a journal",
}


@pytest.fixture(scope="session")
def file_study() -> Callable[..., Study]:
    return lambda **changes: Study(**{**STUDY, **changes})


@pytest.fixture(scope="session")
def study() -> Callable[..., LibraryStudy]:
    return lambda **changes: LibraryStudy(**{**STUDY, **changes})


@pytest.fixture(scope="session")
def own(study: Callable[..., LibraryStudy]) -> Callable[..., LibraryStudy]:
    """A result of the programme itself."""

    def make(number: int, **changes: Any) -> LibraryStudy:
        return study(
            **{
                "id": f"own-cycle-{number}",
                "cycle": f"cycle-{number}",
                "posted_on": f"202{number}-07-01",
                "completed": 2020 + number,
                "indicator": "opioids",
                **changes,
            }
        )

    return make


@pytest.fixture(scope="session")
def question() -> Callable[..., Question]:
    def make(**changes: Any) -> Question:
        return Question(
            **{
                "strategy": "facilitation",
                "over": "bimonthly-feedback",
                "scale": EvidenceScale.LOG_RATIO,
                "lower_is_better": True,
                "indicator": "opioids",
                **changes,
            }
        )

    return make


@pytest.fixture(scope="session")
def posting() -> Callable[..., Posting]:
    def make(**changes: Any) -> Posting:
        return Posting(
            **{
                "cycle": "facilitation",
                "posted_on": date(2026, 9, 1),
                "evaluation": "ab" * 32,
                "strategy": "facilitation",
                "over": "bimonthly-feedback",
                "setting": "A region",
                "last_month": "2026-05",
                "components": ("problem solving",),
                **changes,
            }
        )

    return make


@pytest.fixture(scope="session")
def estimate() -> Callable[..., Estimate]:
    def make(value: float = -0.1, std_error: float = 0.02, **changes: Any) -> Estimate:
        return Estimate(
            **{
                "value": value,
                "std_error": std_error,
                "df": math.inf,
                "scale": "log-ratio",
                "method": "example",
                **changes,
            }
        )

    return make


@pytest.fixture(scope="session")
def protocol() -> Callable[..., Any]:
    """The part of a protocol that says what is compared: arms, and a contrast of two of them or an exposure."""

    def make(arm: tuple[str, ...], over: tuple[str, ...] | None) -> Any:
        arms = {"a": arm} if over is None else {"a": arm, "b": over}
        contrasts = () if over is None else (SimpleNamespace(arm="a", over="b"),)
        return SimpleNamespace(arms=arms, contrasts=contrasts, exposure=SimpleNamespace(arm="a"))

    return make
