"""A decision is held against the signed contract: as agreed it needs no other reason, otherwise it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import enginehouse as eh
from enginehouse.cli.main import main
from enginehouse.core.errors import UserError
from enginehouse.cycle.decide import AS_AGREED, agreed
from enginehouse.programme.enums import DecisionWord
from enginehouse.reports.text import render_text


@pytest.fixture
def evaluated(trial_at: Callable[..., Any]) -> Any:
    return trial_at("evaluated")


def other_than(trial: Any) -> DecisionWord:
    """A decision that was not agreed for the verdict that was found."""
    kept = agreed(trial.workspace, trial.cycle).undertaking.decision
    return next(word for word in DecisionWord if word is not kept)


def dossier(trial: Any) -> str:
    workspace = trial.workspace
    by = eh.acting(workspace, "statistician")
    return " ".join(render_text(eh.dossier_of(workspace, trial.cycle, by=by)).split())


def test_what_was_agreed_is_the_contracts_word_for_the_verdict(evaluated):
    found = agreed(evaluated.workspace, evaluated.cycle)
    contract = evaluated.workspace.programme.contracts[evaluated.cycle]
    assert found.verdict == evaluated.state.verdict
    assert found.undertaking == contract.under[found.verdict]


def test_as_agreed_no_other_reason_is_needed(evaluated):
    kept = agreed(evaluated.workspace, evaluated.cycle).undertaking
    event = evaluated.do("decide", "board", "2026-07-30", decision=kept.decision)
    assert event.reason == AS_AGREED
    text = dossier(evaluated)
    assert "This is what had been agreed." in text
    assert "otherwise than agreed" not in text


def test_otherwise_a_reason_is_required_and_stays(evaluated):
    word = other_than(evaluated)
    with pytest.raises(UserError, match=rf"got '{word}', and the contract says .* otherwise than agreed") as refused:
        evaluated.do("decide", "board", "2026-07-30", decision=word, reason="  ")
    assert "--reason" in str(refused.value)
    assert evaluated.events("cycle-decided") == []
    evaluated.do("decide", "board", "2026-07-30", decision=word, reason="The facilitators left.")
    assert evaluated.state.decision.reason == "The facilitators left."
    text = dossier(evaluated)
    assert "The facilitators left." in text
    assert "it was decided otherwise than agreed, and the reason above is theirs" in text


def test_the_command_says_what_was_agreed_both_ways(evaluated, capsys):
    kept = agreed(evaluated.workspace, evaluated.cycle).undertaking
    base = ("decide", evaluated.cycle)
    tail = ("--as", "board", "--on", "2026-07-30", "-p", str(evaluated.folder), "--dry-run")
    assert main((*base, kept.decision.value, *tail)) == 0
    said = capsys.readouterr().out
    assert f"The contract for the verdict '{evaluated.state.verdict}': {kept.decision}. {kept.action}" in said
    assert "This is what was agreed." in said
    assert main((*base, other_than(evaluated).value, "--reason", "No money.", *tail)) == 0
    assert "Decided otherwise than agreed. Reason: No money." in capsys.readouterr().out
    assert main((*base, other_than(evaluated).value, *tail)) != 0
    assert "Say in a sentence why; it is printed beside what was agreed." in capsys.readouterr().err
