"""One trial's records as stored for documents, with the facts that the record would add."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from enginehouse.economics.trial_appraisal import trial_appraisal_from_record
from enginehouse.evaluation.parallel.results import trial_evaluation_from_record
from enginehouse.evidence.results import forecast_scores_from_record
from enginehouse.programme.read import contract_from_json, protocol_from_json, strategy_from_json
from enginehouse.reports.facts import AmendmentFact, DecisionFact, DossierFacts, FaultFact, SourceFact
from enginehouse.reports.trial_facts import (
    AllocationFact,
    ApprovalFact,
    ContactFact,
    InterruptionFact,
    SignatureFact,
    TrialFacts,
    WaveFact,
)
from enginehouse.reports.trial_sections.basis import TrialBasis
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
    record = DossierFacts(
        programme="Opioids, head to head",
        cycle="facilitation",
        registered_on="2025-04-10",
        registered_by="A. Statistician",
        retrospective=False,
        frozen_on="2026-07-01",
        last_month="2026-05",
        evaluated_on="2026-07-02",
        software="enginehouse 0.1.0",
        head_seq=88,
        head_hash="ab" * 32,
        protocol="01" * 32,
        definitions="02" * 32,
        panel="03" * 32,
        evaluation="04" * 32,
        appraisal="05" * 32,
        synthetic=True,
        amendments=(
            AmendmentFact(
                on="2025-09-01", by="A. Statistician", changes=("harms: nsaid added",), reason="The board asked"
            ),
        ),
        decision=DecisionFact(
            on="2026-07-20", by="The board", decision="evaluate-further", reason="As agreed.", dissent="One member."
        ),
        sources=(SourceFact(name="prescribing", snapshot="s-1", files=24, rows=90_000, quarantined=3),),
        faults=(FaultFact(severity="Caution", source="prescribing", what="One month came late", count=1),),
    )
    return TrialFacts(
        record=record,
        allocation=AllocationFact(
            prepared_on="2025-05-17",
            prepared_by="B. Manager",
            allocated_on="2025-05-18",
            allocated_by="A. Statistician",
            seed="a-secret-seed",
            seed_commitment="07" * 32,
            roster="06" * 32,
            plan="08" * 32,
            allocation="09" * 32,
            script="audit_allocation.py",
            command="python audit_allocation.py plan.json seed.txt",
            files=("audit_allocation.py", "plan.json", "seed.txt"),
        ),
        approvals=(
            ApprovalFact(approval="data-protection", reference="DP-12", given_on="2025-04-12", expires_on="2027-04-12"),
            ApprovalFact(approval="research-ethics-screening", reference="not research", given_on="2025-04-14"),
        ),
        notice_on="2025-04-15",
        notice_sites=294,
        waves=(
            WaveFact(
                wave=1, due_on="2025-06-12", sent_on="2025-06-12", reports=292, bounced=3, opened=201, discussed=60
            ),
            WaveFact(wave=2, due_on="2025-08-12", sent_on="", reports=0),
        ),
        contacts=(
            ContactFact(
                kind="visit",
                arm="feedback-plus-facilitation",
                contacts=371,
                sites=124,
                programme_minutes=44_520.0,
                site_minutes=33_390.0,
            ),
        ),
        signatures=(
            SignatureFact(person="The board", on="2025-05-01"),
            SignatureFact(person="C. Lead", on="2025-05-02"),
        ),
        interruptions=(
            InterruptionFact(
                on="2025-10-01", by="B. Manager", what="wave 3 stopped half-way", reason="A wrong address"
            ),
        ),
        harms_looked_on=("2025-12-01",),
        evidence_posted="facilitation-2026",
        designs_compared_on="2025-04-02",
        strategies={name: strategy_from_json(raw(name)) for name in ("bimonthly-feedback", "facilitation")},
        people={"board": "The board", "clinical-lead": "C. Lead", "chief-pharmacist": "D. Pharmacist"},
    )


@pytest.fixture(scope="session")
def design_report() -> DesignReport:
    return designs_from_record(stored("design"))


@pytest.fixture(scope="session")
def monitoring_report() -> MonitoringReport:
    return monitoring_from_record(stored("monitoring"))


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
