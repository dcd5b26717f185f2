"""The fold of events into the state of a cycle, now and at past moments."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from enginehouse.core.errors import IntegrityError
from enginehouse.governance.stages import TRANSITIONS, Act, Stage
from enginehouse.governance.state import _KEEPS, CycleState, as_known, as_of, cycle_state

WHOLE = (Act.REGISTER, Act.FREEZE, Act.EVALUATE, Act.APPRAISE, Act.DECIDE, Act.CLOSE)
TRIAL = (
    Act.REGISTER,
    Act.OPEN_RECRUITMENT,
    Act.ALLOCATE,
    Act.START_DELIVERY,
    Act.START_FOLLOW_UP,
    Act.FREEZE,
    Act.EVALUATE,
    Act.DECIDE,
    Act.CLOSE,
)


def test_no_event_is_a_draft():
    state = cycle_state([])
    assert state == CycleState()
    assert state.stage is Stage.DRAFT
    assert not state.is_locked
    assert not state.is_frozen


def test_every_transition_has_a_fold():
    assert {row.payload for row in TRANSITIONS} == set(_KEEPS)


@pytest.mark.parametrize("acts", [WHOLE, TRIAL])
def test_a_whole_turn_ends_closed(make_events, acts):
    state = cycle_state(make_events(acts))
    assert state.stage is Stage.CLOSED
    assert [done.act for done in state.history] == list(acts)
    assert state.is_frozen


def test_the_documents_of_a_cycle_are_its_last_ones(make_event):
    state = cycle_state(
        [
            make_event(Act.REGISTER, 1, protocol="p1", protocol_hash="h1", definitions="d1", retrospective=True),
            make_event(Act.OPEN_RECRUITMENT, 2),
            make_event(
                Act.AMEND,
                3,
                day=1,
                protocol="p2",
                protocol_hash="h2",
                definitions="d2",
                previous_hash="h1",
                reason="a typing error",
            ),
            make_event(Act.ALLOCATE, 4, day=2, allocation="a1"),
            make_event(Act.START_DELIVERY, 5, day=2),
            make_event(Act.START_FOLLOW_UP, 6, day=2),
            make_event(Act.FREEZE, 7, day=3, panel="n1", identity="i1", sites="s1", account="t1"),
            make_event(Act.EVALUATE, 8, day=4, evaluation="e1", verdict="inconclusive"),
            make_event(Act.APPRAISE, 9, day=4, appraisal="c1"),
            make_event(Act.APPRAISE, 10, day=5, appraisal="c2"),
            make_event(Act.DECIDE, 11, day=6, decision="evaluate-further", reason="r", dissent="none", actor="chair"),
        ]
    )
    assert (state.protocol, state.protocol_hash, state.definitions, state.retrospective) == ("p2", "h2", "d2", True)
    assert (state.allocation, state.panel, state.panel_identity) == ("a1", "n1", "i1")
    assert (state.sites, state.account) == ("s1", "t1")
    assert (state.evaluation, state.verdict, state.appraisal) == ("e1", "inconclusive", "c2")
    assert state.decision is not None
    assert (state.decision.decision, state.decision.actor) == ("evaluate-further", "chair")
    (amendment,) = state.amendments
    assert (amendment.previous_hash, amendment.protocol_hash, amendment.reason) == ("h1", "h2", "a typing error")
    assert amendment.effective_on == date(2016, 4, 2)
    assert state.last_effective_on == date(2016, 4, 7)


@pytest.mark.parametrize("before", [1, 2, 3, 4, 5, 6])
def test_a_suspended_cycle_goes_on_from_where_it_stood(make_events, before):
    stood = cycle_state(make_events(TRIAL[:before])).stage
    suspended = cycle_state(make_events([*TRIAL[:before], Act.SUSPEND]))
    assert (suspended.stage, suspended.stood_in) == (Stage.SUSPENDED, stood)
    assert not suspended.is_frozen
    resumed = cycle_state(make_events([*TRIAL[:before], Act.SUSPEND, Act.RESUME]))
    assert (resumed.stage, resumed.stood_in) == (stood, None)


def test_a_withdrawn_cycle_remembers_where_it_stood(make_events):
    state = cycle_state(make_events([Act.REGISTER, Act.SUSPEND, Act.WITHDRAW]))
    assert (state.stage, state.stood_in) == (Stage.WITHDRAWN, Stage.REGISTERED)


def test_a_dossier_is_in_the_history_and_moves_nothing(make_event):
    events = [make_event(Act.REGISTER, 1), make_event(Act.WRITE_DOSSIER, 2, day=9)]
    state = cycle_state(events)
    assert state.stage is Stage.REGISTERED
    assert state.last_effective_on == date(2016, 4, 1)
    assert state.last(Act.WRITE_DOSSIER) is not None
    assert state.last(Act.FREEZE) is None


def test_events_of_the_programme_change_nothing(make_event):
    loaded = make_event(Act.LOAD_DATA, 1, cycle=None)
    own = make_event(Act.BUILD_PANEL, 2)
    assert cycle_state([loaded, own, make_event(Act.REGISTER, 3)]).stage is Stage.REGISTERED


def test_the_order_is_seq_not_the_order_of_reading(make_events):
    events = make_events(WHOLE)
    assert cycle_state(reversed(events)) == cycle_state(events)


def test_two_cycles_cannot_be_folded_into_one(make_event):
    with pytest.raises(ValueError, match="one cycle at a time"):
        cycle_state([make_event(Act.REGISTER, 1, cycle="a"), make_event(Act.REGISTER, 2, cycle="b")])


def test_a_record_whose_events_cannot_follow_each_other_is_refused(make_events):
    with pytest.raises(
        IntegrityError, match=r"ledger entry 2, cycle c\n  'cycle-evaluated' cannot follow the stage reg"
    ):
        cycle_state(make_events([Act.REGISTER, Act.EVALUATE]))


def test_as_of_shows_the_day_and_as_known_the_clock(make_event):
    events = (
        make_event(Act.REGISTER, 1, day=0, hour=0),
        make_event(Act.FREEZE, 2, day=10, hour=50),
    )
    assert cycle_state(as_of(events, date(2016, 4, 10))).stage is Stage.REGISTERED
    assert cycle_state(as_of(events, date(2016, 4, 11))).stage is Stage.FROZEN
    assert cycle_state(as_of(events, date(2016, 3, 31))).stage is Stage.DRAFT
    assert cycle_state(as_known(events, datetime(2026, 1, 5, 9, 0, tzinfo=UTC))).stage is Stage.REGISTERED
    assert cycle_state(as_known(events, datetime(2026, 1, 7, 11, 0, tzinfo=UTC))).stage is Stage.FROZEN


def test_an_instant_needs_its_time_zone(make_events):
    with pytest.raises(ValueError, match="time zone"):
        as_known(make_events(WHOLE), datetime(2026, 1, 5))
