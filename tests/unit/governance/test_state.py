"""The fold of events into the state of a cycle, now and at past moments."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from enginehouse.core.errors import IntegrityError
from enginehouse.governance.fold import KEEPS
from enginehouse.governance.recorded import person_of
from enginehouse.governance.stages import TRANSITIONS, Act, Stage
from enginehouse.governance.state import CycleState, as_known, as_of, cycle_state

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
    assert {row.payload for row in TRANSITIONS} == set(KEEPS)


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


def test_a_draft_may_have_a_record_and_stays_a_draft(make_event):
    state = cycle_state(
        [
            make_event(Act.COMPARE_DESIGNS, 1, report="r1"),
            make_event(
                Act.RECORD_APPROVAL, 2, day=1, approval="ethics", given_on="2016-03-01", expires_on="2017-03-01"
            ),
            make_event(Act.PROPOSE, 3, day=2, act="register", subject="s1", actor="asserted:sam"),
        ]
    )
    assert (state.stage, state.is_locked, state.design_report) == (Stage.DRAFT, False, "r1")
    assert state.last_effective_on == date(2016, 4, 3)
    (approval,) = state.approvals
    assert (approval.name, approval.given_on, approval.expires_on) == ("ethics", date(2016, 3, 1), date(2017, 3, 1))
    assert approval.holds(date(2017, 2, 28))
    assert not approval.holds(date(2017, 3, 1))
    assert not approval.holds(date(2016, 2, 29))


def test_a_proposal_is_open_until_its_act_is_done_or_proposed_anew(make_event):
    first = make_event(Act.PROPOSE, 1, act="register", subject="s1", actor="sam")
    again = make_event(Act.PROPOSE, 2, act="register", subject="s2", actor="mia")
    done = make_event(Act.REGISTER, 3)
    assert [(p.subject, p.actor) for p in cycle_state([first]).proposals] == [("s1", "sam")]
    assert [(p.subject, p.actor) for p in cycle_state([first, again]).proposals] == [("s2", "mia")]
    assert cycle_state([first, again]).proposal(Act.ALLOCATE) is None
    assert cycle_state([first, again, done]).proposals == ()


def test_an_approval_without_an_end_does_not_expire(make_event):
    (approval,) = cycle_state([make_event(Act.RECORD_APPROVAL, expires_on="")]).approvals
    assert approval.expires_on is None
    assert approval.holds(date(2116, 1, 1))


def test_a_signature_counts_for_the_contract_that_was_signed(make_event):
    state = cycle_state(
        [
            make_event(Act.REGISTER, 1),
            make_event(Act.SIGN_CONTRACT, 2, contract="c1", actor="asserted:cora"),
            make_event(Act.SIGN_CONTRACT, 3, contract="c1", actor="asserted:sam"),
        ]
    )
    assert (state.contract, state.signatories) == ("c1", {"cora", "sam"})
    changed = cycle_state(
        [
            make_event(Act.REGISTER, 1),
            make_event(Act.SIGN_CONTRACT, 2, contract="c1", actor="asserted:cora"),
            make_event(Act.SIGN_CONTRACT, 3, contract="c2", actor="asserted:sam"),
        ]
    )
    assert (changed.contract, changed.signatories, len(changed.signatures)) == ("c2", {"sam"}, 2)


@pytest.fixture
def running(make_event):
    """A trial from its registration to a first wave of which two reports have left."""
    return [
        make_event(Act.REGISTER, 1),
        make_event(Act.OPEN_RECRUITMENT, 2, opt_out_by="2016-04-15", notice="n1", sites=12),
        make_event(Act.RECORD_OPT_OUT, 3, site="ods:A1", scope="randomisation", reason="busy"),
        make_event(Act.PREPARE_ALLOCATION, 4, day=14, roster="r1", plan="p1", seed_commitment="k1"),
        make_event(Act.PREPARE_ALLOCATION, 5, day=15, roster="r2", plan="p2", seed_commitment="k2", accepted=7),
        make_event(Act.ALLOCATE, 6, day=15, allocation="a1", balance="b1", seed="s", second_seed="t", sites=11),
        make_event(
            Act.PREPARE_WAVE,
            7,
            day=16,
            wave=1,
            manifest="m1",
            bundle="u1",
            sites=("ods:A", "ods:B", "ods:C"),
            actor="asserted:mia",
        ),
        make_event(Act.APPROVE_WAVE, 8, day=17, wave=1, manifest="m1", actor="asserted:gus"),
        make_event(Act.START_DELIVERY, 9, day=18, wave=1),
        make_event(Act.SEND_WAVE, 10, day=18, wave=1, manifest="m1", sites=("ods:B", "ods:A")),
        make_event(Act.SEND_WAVE, 11, day=19, wave=1, manifest="m1", sites=("ods:C",)),
    ]


def test_what_a_trial_leaves_behind(running):
    state = cycle_state(running)
    assert (state.deadline, state.notice, state.sites_told) == (date(2016, 4, 15), "n1", 12)
    assert (state.roster, state.plan, state.seed_commitment) == ("r2", "p2", "k2")
    assert [preparation.plan for preparation in state.preparations] == ["p1", "p2"]
    assert (state.allocation, state.balance, state.seed, state.sites_allocated) == ("a1", "b1", "s", 11)
    assert (state.second_seed, state.second_by_hand, state.prepared.seed_by_hand) == ("t", True, True)
    assert state.is_allocated
    (wave,) = state.waves
    assert (wave.number, wave.manifest, wave.bundle, wave.reports) == (1, "m1", "u1", 3)
    assert (wave.prepared_by, wave.approved_by, wave.is_approved) == ("asserted:mia", "asserted:gus", True)
    assert wave.sent == {"ods:A", "ods:B", "ods:C"}
    assert wave.sent_on == {"ods:B": date(2016, 4, 19), "ods:A": date(2016, 4, 19), "ods:C": date(2016, 4, 20)}
    assert state.wave(1) == wave
    assert state.wave(2) is None


def test_a_wave_that_is_prepared_anew_is_approved_anew(running, make_event):
    prepared_again = [*running[:8], make_event(Act.PREPARE_WAVE, 9, day=18, wave=1, manifest="m2")]
    (wave,) = cycle_state(prepared_again).waves
    assert (wave.manifest, wave.is_approved) == ("m2", False)


def test_waves_are_in_the_order_of_their_numbers(running, make_event):
    events = [
        *running,
        make_event(Act.PREPARE_WAVE, 12, day=20, wave=3),
        make_event(Act.PREPARE_WAVE, 13, day=20, wave=2),
    ]
    assert [wave.number for wave in cycle_state(events).waves] == [1, 2, 3]


def test_an_opt_out_after_the_allocation_keeps_the_arm(running, make_event):
    late = make_event(Act.RECORD_OPT_OUT, 12, day=25, site="ods:C", scope="randomisation", reason="")
    state = cycle_state([*running, late])
    assert [(o.site, o.after_allocation) for o in state.opt_outs] == [("ods:A1", False), ("ods:C", True)]


def test_an_amendment_says_whether_sites_had_been_allocated(running, make_event):
    early = make_event(Act.AMEND, 6, day=15, protocol_hash="h2")
    late = make_event(Act.AMEND, 12, day=30, protocol_hash="h3")
    assert [a.after_allocation for a in cycle_state([*running[:5], early]).amendments] == [False]
    assert [a.after_allocation for a in cycle_state([*running, late]).amendments] == [True]


def test_an_amendment_of_two_people_says_who_proposed_it(running, make_event):
    proposed = make_event(Act.PROPOSE, 12, day=29, act="amend", reason="No postage.", actor="asserted:sam")
    state = cycle_state([*running, proposed])
    assert state.proposal(Act.AMEND).reason == "No postage."
    amended = make_event(Act.AMEND, 13, day=30, protocol_hash="h3", actor="asserted:mia")
    (amendment,) = cycle_state([*running, proposed, amended]).amendments
    assert (amendment.proposed_by, amendment.actor) == ("asserted:sam", "asserted:mia")
    assert cycle_state([*running, proposed, amended]).proposal(Act.AMEND) is None
    (alone,) = cycle_state([*running, make_event(Act.AMEND, 12, day=30, protocol_hash="h3")]).amendments
    assert alone.proposed_by is None


def test_what_goes_alongside_is_kept_in_order_with_its_day(running, make_event):
    state = cycle_state(
        [
            *running,
            make_event(Act.EXPORT_LISTS, 12, day=20, strategy="alerts", list="l1"),
            make_event(Act.NOTE_DELIVERY, 13, day=21, wave=1, states="d1", count=4),
            make_event(Act.LOG_CONTACTS, 14, day=22, contacts="v1", count=6),
            make_event(Act.IMPORT_EXPOSURE, 15, day=23, strategy="alerts", exposure="x1", sites=5),
            make_event(Act.MONITOR, 16, day=24, report="o1", last_month="2016-03", actor="ana"),
            make_event(Act.MONITOR, 17, day=25, report="o2", last_month="2016-04"),
            make_event(Act.LOOK_AT_HARMS, 18, day=26, report="h1", last_month="2016-09", reason="registered"),
        ]
    )
    assert state.stage is Stage.DELIVERING
    assert [(n.document, n.about, n.count) for n in state.lists] == [("l1", "alerts", 1)]
    assert [(n.document, n.about, n.count) for n in state.delivery_notes] == [("d1", "wave-1", 4)]
    assert [(n.document, n.about, n.count) for n in state.contacts] == [("v1", "", 6)]
    assert [(n.document, n.about, n.count) for n in state.exposures] == [("x1", "alerts", 5)]
    assert [(n.document, n.about, n.actor) for n in state.monitored] == [
        ("o1", "2016-03", "ana"),
        ("o2", "2016-04", "p"),
    ]
    assert [(n.document, n.about) for n in state.harms_looks] == [("h1", "2016-09")]
    assert state.harms_looks[0].effective_on == date(2016, 4, 27)


def test_what_is_learnt_from_a_result(make_events, make_event):
    events = make_events((Act.REGISTER, Act.FREEZE, Act.EVALUATE))
    state = cycle_state(
        [
            *events,
            make_event(Act.ANALYSE_UNREGISTERED, 4, day=4, analysis="u1", what="by region", reason="the board asked"),
            make_event(Act.SCORE_FORECASTS, 5, day=5, scores="s1"),
            make_event(Act.POST_EVIDENCE, 6, day=6, study="e1"),
        ]
    )
    assert [(u.analysis, u.what, u.reason) for u in state.unregistered] == [("u1", "by region", "the board asked")]
    assert (state.forecasts_scored, state.evidence_posted, state.stage) == ("s1", "e1", Stage.EVALUATED)


def test_while_a_cycle_stands_still_sites_opt_out_and_approvals_are_renewed(running, make_event):
    state = cycle_state(
        [
            *running,
            make_event(Act.SUSPEND, 12, day=30),
            make_event(Act.RECORD_APPROVAL, 13, day=31),
            make_event(Act.RECORD_OPT_OUT, 14, day=32, site="ods:C"),
        ]
    )
    assert (state.stage, state.stood_in, len(state.approvals), len(state.opt_outs)) == (
        Stage.SUSPENDED,
        Stage.DELIVERING,
        1,
        2,
    )


@pytest.mark.parametrize(
    ("act", "values", "said"),
    [
        (Act.RECORD_APPROVAL, {"given_on": "yesterday"}, "Invalid isoformat string: 'yesterday'"),
        (Act.PROPOSE, {"act": "dance"}, "'dance' is not a valid Act"),
    ],
)
def test_content_that_no_version_would_have_written_is_a_broken_record(make_event, act, values, said):
    with pytest.raises(IntegrityError, match=said):
        cycle_state([make_event(act, **values)])


def test_a_wave_that_was_never_prepared_cannot_have_left(running, make_event):
    with pytest.raises(IntegrityError, match="wave 2 was never prepared"):
        cycle_state([*running, make_event(Act.SEND_WAVE, 12, day=30, wave=2)])


def test_a_person_is_one_however_the_record_knows_them():
    assert person_of("asserted:ann") == person_of("ann") == "ann"


def test_events_that_differ_in_anything_are_folded_anew(make_event):
    """What was folded before counts for the same events alone, not for others of the same number and hash."""
    first, second = make_event(Act.REGISTER, 1, protocol="p1"), make_event(Act.REGISTER, 1, protocol="p2")
    assert first.hash == second.hash
    assert [cycle_state([event]).protocol for event in (first, second, first)] == ["p1", "p2", "p1"]
    assert cycle_state([first, make_event(Act.FREEZE, 2)]).stage is not cycle_state([first]).stage
