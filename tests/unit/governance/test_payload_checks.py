"""Whether an event fits what is recorded: what it points at, what it would do twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.payload_checks import CHECKS, NAMES_OTHERS, check_payload
from enginehouse.governance.recorded import Noted, OptOut
from enginehouse.governance.stages import TRANSITIONS, Act, Stage
from enginehouse.governance.state import CycleState
from enginehouse.programme.enums import OptOutScope

STATE = CycleState(stage=Stage.EVALUATED, protocol_hash="h" * 64, panel="n" * 64, evaluation="e" * 64)
SEED = "a seed that nobody knows"


@pytest.mark.parametrize(
    ("act", "good", "wrong", "noun"),
    [
        (Act.AMEND, {"previous_hash": "h" * 64}, {"previous_hash": "z" * 64}, "protocol"),
        (Act.FREEZE, {"protocol_hash": "h" * 64}, {"protocol_hash": "z" * 64}, "protocol"),
        (Act.EVALUATE, {"protocol_hash": "h" * 64, "panel": "n" * 64}, {"panel": "z" * 64}, "panel"),
        (Act.APPRAISE, {"evaluation": "e" * 64}, {"evaluation": "z" * 64}, "evaluation"),
        (Act.DECIDE, {"evaluation": "e" * 64}, {"evaluation": "z" * 64}, "evaluation"),
        (Act.SCORE_FORECASTS, {"evaluation": "e" * 64}, {"evaluation": "z" * 64}, "evaluation"),
        (Act.POST_EVIDENCE, {"evaluation": "e" * 64}, {"evaluation": "z" * 64}, "evaluation"),
    ],
)
def test_an_event_points_at_the_cycles_own_documents(make_event, act, good, wrong, noun):
    check_payload(STATE, make_event(act, **good).payload)
    with pytest.raises(NotAllowed, match=rf"the {noun} \(zzzzzzzzzzzz\) is not the one in the record.*recorded {noun}"):
        check_payload(STATE, make_event(act, **{**good, **wrong}).payload)


def test_events_that_point_at_nothing_pass(make_event):
    check_payload(STATE, make_event(Act.CLOSE).payload)
    assert type(make_event(Act.CLOSE).payload) not in NAMES_OTHERS


def test_checks_are_of_events_of_a_cycle():
    assert set(CHECKS) | set(NAMES_OTHERS) <= {row.payload for row in TRANSITIONS}


def test_an_allocation_is_the_prepared_one_with_the_committed_seed(make_event, preparation):
    state = CycleState(stage=Stage.RECRUITING, preparations=(preparation,))
    good = {"plan": preparation.plan, "seed_commitment": preparation.seed_commitment, "seed": SEED}
    check_payload(state, make_event(Act.ALLOCATE, **good).payload)
    with pytest.raises(NotAllowed, match=r"the allocation plan \(zzzzzzzzzzzz\) is not the one in the record"):
        check_payload(state, make_event(Act.ALLOCATE, **{**good, "plan": "z" * 64}).payload)
    with pytest.raises(NotAllowed, match=r"the commitment to a seed \(zzzzzzzzzzzz\) is not the one in the record"):
        check_payload(state, make_event(Act.ALLOCATE, **{**good, "seed_commitment": "z" * 64}).payload)
    with pytest.raises(NotAllowed, match="the seed is not the one that was committed to"):
        check_payload(state, make_event(Act.ALLOCATE, **{**good, "seed": "a nicer seed"}).payload)
    with pytest.raises(NotAllowed, match="both people gave the same seed: the draw would be in the hands of one"):
        check_payload(state, make_event(Act.ALLOCATE, **{**good, "second_seed": SEED}).payload)
    with pytest.raises(NotAllowed, match="is not the one in the record \\(none\\)"):
        check_payload(CycleState(), make_event(Act.ALLOCATE, **good).payload)


@pytest.fixture
def sending(wave) -> CycleState:
    """Wave 1 is approved, for A to E, and A has its report; B opted out of feedback, C of the use of its data."""
    return CycleState(
        stage=Stage.DELIVERING,
        waves=(wave(1, approved=True, sent=("A",), sites=tuple("ABCDE")), wave(2)),
        opt_outs=tuple(
            OptOut(site=site, scope=scope, reason="", effective_on=date(2016, 4, 1), after_allocation=True, seq=9)
            for site, scope in (
                ("B", OptOutScope.FEEDBACK),
                ("C", OptOutScope.DATA_USE),
                ("D", OptOutScope.RANDOMISATION),
            )
        ),
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sites": ("A", "E")}, r"wave 1 would reach these sites twice: A\."),
        ({"sites": ("E", "E")}, r"wave 1 would reach these sites twice: E\."),
        ({"sites": ("B", "C", "D")}, r"opted out of feedback, or of the use of their data: B, C\."),
        ({"sites": ()}, "no site is named"),
        ({"sites": ("E", "X")}, r"no report of wave 1 was made for these sites: X\. Send what was approved"),
        (
            {"sites": ("E",), "manifest": "z" * 64},
            r"the manifest \(zzzzzzzzzzzz\) is not the one that was approved \(111",
        ),
        ({"sites": ("E",), "wave": 2, "manifest": "2" * 64}, "wave 2 is not approved: no report leaves without"),
        ({"sites": ("E",), "wave": 3}, "wave 3 is not prepared"),
    ],
)
def test_reports_that_must_not_leave(make_event, sending, values, said):
    event = make_event(Act.SEND_WAVE, **{"wave": 1, "manifest": "1" * 64, **values})
    with pytest.raises(NotAllowed, match=said):
        check_payload(sending, event.payload)


def test_reports_that_may_leave(make_event, sending):
    check_payload(sending, make_event(Act.SEND_WAVE, wave=1, manifest="1" * 64, sites=("D", "E")).payload)


def test_a_site_twice_and_an_opt_out_are_told_together(make_event, sending):
    with pytest.raises(NotAllowed, match=r"twice: A\. these sites opted out .*: B\. Send only to .* Leave them out"):
        check_payload(sending, make_event(Act.SEND_WAVE, wave=1, manifest="1" * 64, sites=("A", "B")).payload)


def test_a_wave_is_approved_as_it_is_prepared_and_once(make_event, sending):
    check_payload(sending, make_event(Act.APPROVE_WAVE, wave=2, manifest="2" * 64).payload)
    for values, said in (
        ({"wave": 2, "manifest": "z" * 64}, r"the manifest \(zzzzzzzzzzzz\) is not that of wave 2 as it is prepared"),
        ({"wave": 1, "manifest": "1" * 64}, "wave 1 was approved already, on 2016-04-01"),
        ({"wave": 3}, "wave 3 is not prepared"),
    ):
        with pytest.raises(NotAllowed, match=said):
            check_payload(sending, make_event(Act.APPROVE_WAVE, **values).payload)


def test_a_wave_is_prepared_while_nothing_of_it_has_left(make_event, sending, rules, wave):
    check_payload(sending, make_event(Act.PREPARE_WAVE, wave=2).payload, rules)
    with pytest.raises(NotAllowed, match=r"1 report of wave 1 left already: it cannot be made anew"):
        check_payload(sending, make_event(Act.PREPARE_WAVE, wave=1).payload, rules)
    with pytest.raises(NotAllowed, match=r"got wave 4; the protocol has 3\."):
        check_payload(sending, make_event(Act.PREPARE_WAVE, wave=4).payload, rules)
    overtaken = replace(sending, waves=(wave(2, approved=True, sent=("A",)),))
    with pytest.raises(NotAllowed, match="reports of wave 2 have left already: those of wave 1 would come after them"):
        check_payload(overtaken, make_event(Act.PREPARE_WAVE, wave=1).payload)


def test_a_wave_that_stopped_halfway_goes_on_unless_a_later_one_has_left(make_event, wave):
    first = wave(1, approved=True, sent=("A",), sites=("A", "E"))
    rest = make_event(Act.SEND_WAVE, wave=1, manifest="1" * 64, sites=("E",)).payload
    check_payload(CycleState(stage=Stage.DELIVERING, waves=(first, wave(2, approved=True))), rest)
    later = CycleState(stage=Stage.DELIVERING, waves=(first, wave(2, approved=True, sent=("A",))))
    with pytest.raises(NotAllowed, match="reports of wave 2 have left already: those of wave 1 would come after them"):
        check_payload(later, rest)


def test_before_delivery_only_the_first_wave_is_prepared(make_event):
    state = CycleState(stage=Stage.ALLOCATED)
    check_payload(state, make_event(Act.PREPARE_WAVE, wave=1).payload)
    with pytest.raises(NotAllowed, match="before delivery has started only wave 1 can be prepared"):
        check_payload(state, make_event(Act.PREPARE_WAVE, wave=2).payload)


def test_only_reports_that_left_have_a_fate(make_event, sending):
    check_payload(sending, make_event(Act.NOTE_DELIVERY, wave=1).payload)
    with pytest.raises(NotAllowed, match=r"no report of wave 2 has left"):
        check_payload(sending, make_event(Act.NOTE_DELIVERY, wave=2).payload)


def test_a_site_opts_out_of_one_thing_once(make_event, sending):
    check_payload(sending, make_event(Act.RECORD_OPT_OUT, site="B", scope="randomisation").payload)
    with pytest.raises(NotAllowed, match="B opted out of feedback already, on 2016-04-01"):
        check_payload(sending, make_event(Act.RECORD_OPT_OUT, site="B", scope="feedback").payload)


def test_an_approval_is_one_that_the_protocol_requires_and_ends_after_it_begins(make_event, rules):
    event = make_event(Act.RECORD_APPROVAL, approval="ethics", given_on="2016-05-01", expires_on="2016-05-01")
    with pytest.raises(NotAllowed, match="'ethics' would expire on 2016-05-01, which is not after 2016-05-01"):
        check_payload(CycleState(), event.payload, rules)
    typo = make_event(Act.RECORD_APPROVAL, approval="ethic").payload
    with pytest.raises(NotAllowed, match=r"got 'ethic', which is not an approval .*Did you mean 'ethics'\?"):
        check_payload(CycleState(), typo, rules)
    check_payload(CycleState(), typo)
    check_payload(CycleState(), typo, replace(rules, approvals=()))


def test_what_is_signed_is_the_contract_in_the_file(make_event, rules):
    check_payload(CycleState(), make_event(Act.SIGN_CONTRACT, contract="c" * 64).payload, rules)
    with pytest.raises(NotAllowed, match=r"the contract \(zzzzzzzzzzzz\) is not the one in the file \(cccccccccccc\)"):
        check_payload(CycleState(), make_event(Act.SIGN_CONTRACT, contract="z" * 64).payload, rules)


def test_sites_are_told_the_protocols_deadline(make_event, rules):
    check_payload(CycleState(), make_event(Act.OPEN_RECRUITMENT, opt_out_by="2016-04-15").payload, rules)
    with pytest.raises(NotAllowed, match="opt out until 2016-04-14, and the protocol says 2016-04-15"):
        check_payload(CycleState(), make_event(Act.OPEN_RECRUITMENT, opt_out_by="2016-04-14").payload, rules)


def test_what_can_be_proposed(make_event, preparation):
    check_payload(CycleState(), make_event(Act.PROPOSE, act="register").payload)
    check_payload(CycleState(preparations=(preparation,)), make_event(Act.PROPOSE, act="allocate").payload)
    locked, drawn = CycleState(protocol_hash="h"), CycleState(preparations=(preparation,), allocation="a")
    check_payload(locked, make_event(Act.PROPOSE, act="amend").payload)
    with pytest.raises(NotAllowed, match=r"no reason was given for the amendment\. Say in a sentence why"):
        check_payload(locked, make_event(Act.PROPOSE, act="amend", reason=" ").payload)
    for state, act, said in (
        (
            CycleState(),
            "freeze",
            r"got 'freeze' as the act that is proposed\. Expected one of: allocate, amend, register",
        ),
        (CycleState(), "allocate", "no allocation is prepared: there is nothing to propose"),
        (drawn, "allocate", "sites are allocated already: there is nothing to propose"),
        (CycleState(), "amend", r"no protocol is locked: there is nothing to amend\. A draft is changed in its file"),
        (CycleState(protocol_hash="h"), "register", "the protocol is locked already: there is nothing to propose"),
    ):
        with pytest.raises(NotAllowed, match=said):
            check_payload(state, make_event(Act.PROPOSE, act=act).payload)


def test_a_look_at_harms_is_registered_and_taken_once(make_event, rules):
    look = make_event(Act.LOOK_AT_HARMS, last_month="2016-09").payload
    registered = replace(rules, harm_looks=("2016-09", "2016-12"))
    check_payload(CycleState(), look, registered)
    with pytest.raises(NotAllowed, match=r"up to 2016-09 is not registered; the registered looks are: none\. Only reg"):
        check_payload(CycleState(), look, rules)
    other = make_event(Act.LOOK_AT_HARMS, last_month="2016-10").payload
    with pytest.raises(NotAllowed, match=r"the registered looks are: 2016-09, 2016-12\..*by an open amendment"):
        check_payload(CycleState(), other, registered)
    taken = Noted(document="h", about="2016-09", count=1, actor="asserted:gov", effective_on=date(2016, 10, 5))
    with pytest.raises(NotAllowed, match="up to 2016-09 was taken already, on 2016-10-05"):
        check_payload(CycleState(harms_looks=(taken,)), look, registered)


@pytest.mark.parametrize(
    ("act", "field", "said"),
    [
        (Act.SCORE_FORECASTS, "forecasts_scored", "the forecasts were scored already"),
        (Act.POST_EVIDENCE, "evidence_posted", "the evidence was posted already"),
    ],
)
def test_a_result_counts_once(make_event, act, field, said):
    payload = make_event(act, evaluation="e" * 64).payload
    check_payload(STATE, payload)
    with pytest.raises(NotAllowed, match=said):
        check_payload(replace(STATE, **{field: "d" * 64}), payload)
