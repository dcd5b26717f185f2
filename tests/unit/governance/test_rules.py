"""The rules of a cycle, read off its protocol and contract."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from enginehouse.core.months import add_months
from enginehouse.governance.rules import CycleRules, WaveDate, rules_of
from enginehouse.programme.contract import Contract
from enginehouse.programme.enums import DesignType, Verdict
from enginehouse.programme.hashing import definition_hash
from enginehouse.programme.protocol import Protocol

TRIAL: dict[str, Any] = {
    "schema": 1,
    "title": "t",
    "question": "q",
    "background": "b",
    "indicator": "i",
    "arms": {"more": ["visit"], "less": []},
    "membership_as_of": "2025-03",
    "eligibility": {"baseline_months": 9, "opt_out_by": "2025-05-16"},
    "allocation": {"unit": "site", "method": "stratified-blocks", "block_sizes": [2]},
    "contrasts": [{"arm": "more", "over": "less"}],
    "delivery": {"waves": 3, "every_months": 1, "first": "2025-12-31"},
    "approvals": ["ethics", "data-protection"],
    "design": {"type": "parallel", "starts": "2025-06", "baseline_months": 12, "follow_up_months": 9},
    "prior_knowledge": "none",
    "estimand": {
        "average": "patients",
        "summary": "ratio",
        "window": "follow-up",
        "mergers": "as-randomised",
        "closures": "until-closed",
        "opt_outs": "none",
    },
    "analysis": {"primary": "independence-gee", "worthwhile": 0.95},
    "decision": {"if_worthwhile": "a", "if_equivalent": "b", "otherwise": "c"},
}


def protocol(**changes: Any) -> Protocol:
    kept = {key: value for key, value in {**TRIAL, **changes}.items() if value is not None}
    return Protocol.model_validate_json(json.dumps(kept))


@pytest.fixture
def contract() -> Contract:
    forecast = {"effect": 0.97, "low": 0.9, "high": 1.0, "verdicts": {"inconclusive": 1.0}}
    return Contract.model_validate_json(
        json.dumps(
            {
                "schema": 1,
                "under": {verdict.value: {"decision": "implement", "action": "a"} for verdict in Verdict},
                "forecasts": [{"person": "sam", **forecast}, {"person": "cora", **forecast}],
            }
        )
    )


def test_the_rules_of_a_trial(contract):
    assert rules_of(protocol(), contract) == CycleRules(
        design=DesignType.PARALLEL,
        rehearsal=False,
        opt_out_by=date(2025, 5, 16),
        approvals=("ethics", "data-protection"),
        needs_contract=True,
        contract=definition_hash(contract),
        signatories=("sam", "cora"),
        # The last day of a shorter month, and back to the 31st in a longer one.
        waves=(WaveDate(1, date(2025, 12, 31)), WaveDate(2, date(2026, 1, 31)), WaveDate(3, date(2026, 2, 28))),
        # June 2025 and eight more months: February 2026 is the last.
        follow_up_ends=date(2026, 3, 1),
    )


def test_a_trial_without_a_contract_still_needs_one():
    rules = rules_of(protocol())
    assert (rules.needs_contract, rules.contract, rules.signatories) == (True, None, ())


def test_a_rehearsal_asks_for_nothing(contract):
    rules = rules_of(protocol(rehearsal=True), contract)
    assert rules == CycleRules(design=DesignType.PARALLEL, rehearsal=True, follow_up_ends=date(2026, 3, 1))


def test_without_allocation_nobody_signs_and_nothing_is_sent():
    retrospective = protocol(
        eligibility=None,
        allocation=None,
        contrasts=None,
        delivery=None,
        approvals=None,
        design={**TRIAL["design"], "type": "controlled-its"},
    )
    rules = rules_of(retrospective)
    assert (rules.needs_contract, rules.opt_out_by, rules.approvals, rules.waves) == (False, None, (), ())


def test_looks_at_harms_are_read_off_the_protocol_of_a_rehearsal_too():
    analysis = {**TRIAL["analysis"], "harm_looks": ["2025-09", "2025-12"]}
    for rehearsal in (False, True):
        found = rules_of(protocol(analysis=analysis, rehearsal=rehearsal))
        assert found.harm_looks == ("2025-09", "2025-12")


def test_a_wave_is_found_by_its_number(rules):
    assert rules.wave(2) == WaveDate(2, date(2016, 6, 1))
    assert rules.wave(4) is None


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2025, 5, 12), 0, date(2025, 5, 12)),
    ],
)
def test_months_later_is_the_same_day_or_the_last(day, months, expected):
    assert add_months(day, months) == expected
