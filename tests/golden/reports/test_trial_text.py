"""The dossier of a trial and the board's page, word for word.

When the wording is meant to change: `ENGINEHOUSE_UPDATE_GOLDEN=1 pytest tests/golden/reports`, then read the difference.
The records come from a trial that was run: `record_trial.py`.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enginehouse.economics.trial_appraisal import trial_appraisal_from_record
from enginehouse.evaluation.parallel.results import trial_evaluation_from_record
from enginehouse.evidence.results import forecast_scores_from_record
from enginehouse.programme.read import contract_from_json, protocol_from_json, strategy_from_json
from enginehouse.reports.board import board_document
from enginehouse.reports.text import render_text
from enginehouse.reports.trial_dossier import trial_dossier_of
from enginehouse.reports.trial_facts import TrialFacts
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.stats.records import from_plain
from enginehouse.trials.balance import balance_from_record
from enginehouse.trials.design_report import designs_from_record
from enginehouse.trials.plan import plan_from_record
from enginehouse.trials.roster import roster_from_record

TRIAL = Path(__file__).parent / "trial"


def stored(name: str) -> Any:
    return json.loads((TRIAL / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def trial() -> TrialBasis:
    strategies = {
        name: strategy_from_json((TRIAL / f"{name}.json").read_bytes())
        for name in ("bimonthly-feedback", "facilitation")
    }
    facts: TrialFacts = from_plain(TrialFacts, stored("facts"))
    return TrialBasis(
        protocol=protocol_from_json((TRIAL / "protocol.json").read_bytes()),
        evaluation=trial_evaluation_from_record(stored("evaluation")),
        facts=replace(facts, strategies=strategies),
        appraisal=trial_appraisal_from_record(stored("appraisal")),
        roster=roster_from_record(stored("roster")),
        plan=plan_from_record(stored("plan")),
        balance=balance_from_record(stored("balance")),
        design=designs_from_record(stored("design")),
        contract=contract_from_json((TRIAL / "contract.json").read_bytes()),
        scores=forecast_scores_from_record(stored("scores")),
    )


def check(name: str, text: str) -> None:
    golden = TRIAL / name
    if os.environ.get("ENGINEHOUSE_UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_the_dossier_of_a_trial(trial: TrialBasis) -> None:
    check("dossier.txt", render_text(trial_dossier_of(trial)))


def test_the_page_for_the_board(trial: TrialBasis) -> None:
    check("board.txt", render_text(board_document(trial, next_steps=("Weigh the priorities again.",))))
