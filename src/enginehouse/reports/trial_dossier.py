"""The dossier of a trial: what was asked, who was allocated, what was done and found, what it cost and what follows.

Written from the record and nothing else; every section is in `trial_sections`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from enginehouse.economics.trial_appraisal import TrialAppraisal
from enginehouse.evaluation.parallel.results import TrialEvaluation, UnregisteredAnalysis
from enginehouse.evidence.results import ForecastScores
from enginehouse.programme.contract import Contract
from enginehouse.programme.protocol import Protocol
from enginehouse.reports.content import Document
from enginehouse.reports.trial_facts import TrialFacts
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.trials.balance import BalanceTable
from enginehouse.trials.design_report import DesignReport
from enginehouse.trials.plan_record import AllocationPlan
from enginehouse.trials.roster import Roster


def trial_dossier_document(
    *,
    protocol: Protocol,
    evaluation: TrialEvaluation,
    facts: TrialFacts,
    appraisal: TrialAppraisal | None = None,
    roster: Roster | None = None,
    plan: AllocationPlan | None = None,
    balance: BalanceTable | None = None,
    design: DesignReport | None = None,
    contract: Contract | None = None,
    scores: ForecastScores | None = None,
    unregistered: Sequence[UnregisteredAnalysis] = (),
    pages: Mapping[str, str] | None = None,
) -> Document:
    """The dossier of one evaluated trial; what the record does not have is None, and its section says so."""
    basis = TrialBasis(
        protocol=protocol,
        evaluation=evaluation,
        facts=facts,
        appraisal=appraisal,
        roster=roster,
        plan=plan,
        balance=balance,
        design=design,
        contract=contract,
        scores=scores,
        unregistered=tuple(unregistered),
        pages=pages or {},
    )
    raise NotImplementedError(basis)
