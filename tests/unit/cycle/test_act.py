"""Authorise, then record: what is checked before an act, and again inside the transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

import enginehouse as eh
from enginehouse.core.errors import NotAllowed
from enginehouse.cycle.act import authorise, authorise_for_programme, record_act
from enginehouse.governance.stages import Act
from enginehouse.ledger.events import CycleDecided, DataFrozen

CYCLE = "first"
A = "a" * 64


def test_a_step_returns_the_state_in_which_it_happens(workspace, me):
    assert authorise(workspace, Act.REGISTER, CYCLE, me).stage.value == "draft"


def test_an_event_that_points_at_another_protocol_is_refused_inside_the_transaction(workspace, me):
    eh.register(workspace, CYCLE, by=me)
    frozen = DataFrozen(
        panel=A, identity=A, sites=A, account=A, protocol_hash=A, last_month="2025-03", withdrawn=(), withdrawn_rows=0
    )
    with pytest.raises(NotAllowed, match="is not the one in the record"):
        record_act(workspace, Act.FREEZE, frozen, cycle=CYCLE, by=me)
    assert [event.type for event in workspace.record.store.events()] == ["cycle-registered"]


def test_a_stage_that_changed_in_between_is_noticed_inside_the_transaction(workspace, me):
    """Two people decide at once: the second is refused although both were authorised."""
    decided = CycleDecided(decision="implement", reason="x", dissent="", evaluation=A)
    with pytest.raises(NotAllowed, match="The cycle is draft"):
        record_act(workspace, Act.DECIDE, decided, cycle=CYCLE, by=me)


def test_an_act_of_the_programme_needs_a_role_and_a_day_that_has_come(me, board):
    authorise_for_programme(Act.LOAD_DATA, me)
    with pytest.raises(NotAllowed, match="may not load data"):
        authorise_for_programme(Act.LOAD_DATA, board)
    with pytest.raises(NotAllowed, match="which is after today"):
        authorise_for_programme(Act.LOAD_DATA, replace(me, on=date.today() + timedelta(days=1)))
