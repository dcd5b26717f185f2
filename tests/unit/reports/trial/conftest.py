"""One trial's records as stored for documents, with the facts that the record would add."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enginehouse.economics.trial_appraisal import trial_appraisal_from_record
from enginehouse.evaluation.parallel.results import trial_evaluation_from_record
from enginehouse.evidence.results import forecast_scores_from_record
from enginehouse.priorities.results import Priorities, priorities_from_record
from enginehouse.programme.read import contract_from_json, protocol_from_json, strategy_from_json
from enginehouse.reports.trial_facts import TrialFacts
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.stats.records import from_plain
from enginehouse.trials.balance import balance_from_record
from enginehouse.trials.design_report import DesignReport, designs_from_record
from enginehouse.trials.monitoring import MonitoringReport, monitoring_from_record
from enginehouse.trials.plan import plan_from_record
from enginehouse.trials.roster import roster_from_record

TRIAL = Path(__file__).parents[3] / "golden" / "reports" / "trial"


def stored(name: str) -> Any:
    return json.loads((TRIAL / f"{name}.json").read_text(encoding="utf-8"))


def raw(name: str) -> bytes:
    return (TRIAL / f"{name}.json").read_bytes()


@pytest.fixture(scope="session")
def trial_facts() -> TrialFacts:
    facts: TrialFacts = from_plain(TrialFacts, stored("facts"))
    strategies = {name: strategy_from_json(raw(name)) for name in ("bimonthly-feedback", "facilitation")}
    return replace(facts, strategies=strategies)


@pytest.fixture(scope="session")
def design_report() -> DesignReport:
    return designs_from_record(stored("design"))


@pytest.fixture(scope="session")
def monitoring_report() -> MonitoringReport:
    return monitoring_from_record(stored("monitoring"))


@pytest.fixture(scope="session")
def priorities() -> Priorities:
    return priorities_from_record(stored("priorities"))


@pytest.fixture(scope="session")
def priorities_before() -> Priorities:
    return priorities_from_record(stored("priorities-before"))


@pytest.fixture(scope="session")
def trial(trial_facts: TrialFacts, design_report: DesignReport) -> TrialBasis:
    return TrialBasis(
        protocol=protocol_from_json(raw("protocol")),
        evaluation=trial_evaluation_from_record(stored("evaluation")),
        facts=trial_facts,
        appraisal=trial_appraisal_from_record(stored("appraisal")),
        roster=roster_from_record(stored("roster")),
        plan=plan_from_record(stored("plan")),
        balance=balance_from_record(stored("balance")),
        design=design_report,
        contract=contract_from_json(raw("contract")),
        scores=forecast_scores_from_record(stored("scores")),
    )
