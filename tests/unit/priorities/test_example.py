"""The example programme's five candidates, weighed with what its synthetic region shows: every answer is given once."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from enginehouse.evidence.studies import Library
from enginehouse.priorities.results import LocalFacts, TrialSize
from enginehouse.priorities.weigh import weigh
from enginehouse.programme.enums import Priority
from enginehouse.programme.load import load_programme

OPIOIDS = {30: 0.037, 50: 0.029, 75: 0.023, 100: 0.020, 140: 0.017}
TRIMETHOPRIM = {50: 0.0077, 100: 0.0055, 140: 0.0046}
ANSWERS = {
    "feedback-on-opioids": Priority.IMPLEMENT,
    "facilitation-on-opioids": Priority.EVALUATE_ONLY,
    "letter-on-trimethoprim": Priority.IMPLEMENT_WITH_EVALUATION,
    "webinars-on-trimethoprim": Priority.DO_NOT_PURSUE,
    "decision-support-on-high-doses": Priority.NOT_YET_EVALUABLE,
}


def facts(baseline: float, denominator: float, errors: dict[int, float]) -> LocalFacts:
    return LocalFacts(
        baseline=baseline,
        denominator=denominator,
        sites=299,
        sites_available=299,
        lower_is_better=True,
        unit="units",
        per="one",
        last_month="2025-03",
        trial_sizes=tuple(TrialSize(sites_per_arm=k, std_error=e) for k, e in errors.items()),
    )


@pytest.fixture(scope="module")
def programme():
    return load_programme(Path(str(files("enginehouse") / "programmes" / "head-to-head")))


@pytest.fixture(scope="module")
def found(programme):
    """With baselines, denominators and precisions as the synthetic region has them, rounded."""
    local = {
        "feedback-on-opioids": facts(20.2, 3_230_000, OPIOIDS),
        "facilitation-on-opioids": facts(20.2, 3_230_000, OPIOIDS),
        "letter-on-trimethoprim": facts(0.517, 34_000, TRIMETHOPRIM),
        "webinars-on-trimethoprim": facts(0.517, 34_000, TRIMETHOPRIM),
        "decision-support-on-high-doses": facts(0.0015, 3_230_000, TRIMETHOPRIM),
    }
    library = Library.of(programme.studies)
    return weigh(programme.candidates, library, local, as_of=date(2025, 4, 10), currency="GBP", price_year=2025)


@pytest.mark.parametrize("name", ANSWERS)
def test_each_candidate_has_its_answer(found, name):
    assert found.candidate(name).priority is ANSWERS[name]


def test_every_answer_is_given_once(found):
    assert {weighed.priority for weighed in found.weighed} == set(Priority)
    assert set(ANSWERS) == {weighed.candidate for weighed in found.weighed}


def test_every_value_is_called_an_assumption(programme):
    assert all(c.value is not None and c.value.is_assumption for c in programme.candidates.candidates)


def test_every_study_says_where_it_is_from_and_how_its_error_was_found(programme):
    assert all("tandard error" in study.source or "interval" in study.source for study in programme.studies)
    assert {study.strategy for study in programme.studies} <= set(programme.strategies)
