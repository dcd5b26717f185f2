"""What is due, by when, from whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from enginehouse.governance.due import Due, due
from enginehouse.governance.permissions import PERMISSIONS
from enginehouse.governance.recorded import Approval, Noted, OptOut, Proposal, Signature
from enginehouse.governance.rules import CycleRules
from enginehouse.governance.stages import ENDS, Act, Stage, path_for
from enginehouse.governance.state import CycleState
from enginehouse.programme.enums import DesignType, OptOutScope

TODAY = date(2016, 4, 10)
APPROVALS = tuple(
    Approval(name=name, reference="r", given_on=date(2016, 1, 1), expires_on=None, actor="p")
    for name in ("data-protection", "ethics")
)
SIGNED = tuple(Signature(person=p, contract="c" * 64, effective_on=date(2016, 4, 2)) for p in ("cora", "sam"))
READY = CycleState(approvals=APPROVALS, contract="c" * 64, signatures=SIGNED, deadline=date(2016, 4, 15))


def told(state: CycleState, rules: CycleRules, on: date = TODAY) -> list[tuple[str, date | None]]:
    return [(item.what, item.by) for item in due(state, rules, on)]


@pytest.mark.parametrize("stage", sorted(ENDS))
def test_nothing_is_due_once_a_cycle_is_over(rules, stage):
    assert due(replace(READY, stage=stage), rules, TODAY) == ()


@pytest.mark.parametrize("stage", path_for(DesignType.PARALLEL)[:-1])
def test_before_that_something_always_is(rules, stage):
    assert due(replace(READY, stage=stage), rules, TODAY)


def test_a_draft_with_nothing_yet(rules):
    assert told(CycleState(), rules) == [
        ("Next step: register", None),
        ("Nothing is allocated or sent before: the approval 'data-protection' was never given", None),
        ("Nothing is allocated or sent before: the approval 'ethics' was never given", None),
    ]


def test_while_sites_are_asked(rules):
    assert told(replace(READY, stage=Stage.RECRUITING), rules) == [
        ("Next step: prepare allocation", date(2016, 4, 15)),
        ("Opting out closes: record what sites answered", date(2016, 4, 15)),
    ]
    assert told(replace(READY, stage=Stage.RECRUITING), rules, date(2016, 4, 15)) == [
        ("Next step: prepare allocation", date(2016, 4, 15))
    ]
    assert told(replace(READY, stage=Stage.REGISTERED), rules)[0] == ("Next step: open recruitment", date(2016, 4, 15))


def test_a_contract_that_is_not_signed(rules):
    state = replace(READY, stage=Stage.REGISTERED, signatures=SIGNED[:1])
    (item,) = (item for item in due(state, rules, TODAY) if item.act is Act.SIGN_CONTRACT)
    assert (item.what, item.people) == ("The decision contract is not signed by sam", ("sam",))
    (item,) = (i for i in due(state, replace(rules, contract=None), TODAY) if i.act is Act.SIGN_CONTRACT)
    assert item.what == "Write the decision contract and have it signed"
    assert not [i for i in due(replace(state, stage=Stage.ALLOCATED), rules, TODAY) if i.act is Act.SIGN_CONTRACT]


def test_waves_are_due_by_the_calendar(rules, wave):
    first, second, third = (item.due_on for item in rules.waves)
    delivering = replace(READY, stage=Stage.DELIVERING)
    assert told(replace(READY, stage=Stage.ALLOCATED), rules) == [
        ("Feedback 1 of 3: prepare wave", first),
        ("Feedback 2 of 3", second),
    ]
    assert told(replace(delivering, waves=(wave(1),)), rules)[0] == ("Feedback 1 of 3: approve wave", first)
    assert told(replace(delivering, waves=(wave(1, approved=True),)), rules)[0] == ("Feedback 1 of 3: send wave", first)
    halfway = replace(
        delivering,
        waves=(wave(1, approved=True, sent=("a",), sites=("a",)), wave(2, approved=True, sent=("a",), sites=("a",))),
    )
    assert told(halfway, rules) == [("Feedback 3 of 3: prepare wave", third)]
    done = replace(delivering, waves=tuple(wave(n, approved=True, sent=("a",), sites=("a",)) for n in (1, 2, 3)))
    assert told(done, rules) == [("Next step: start follow up", None)]
    # A wave that stopped half-way is due still; a site that opted out meanwhile is not waited for.
    stopped = replace(delivering, waves=(wave(1, approved=True, sent=("a",), sites=("a", "b", "c", "d")),))
    assert told(stopped, rules)[0] == ("Feedback 1 of 3: send wave (3 reports are left)", first)
    out = OptOut(site="b", scope=OptOutScope.FEEDBACK, reason="", effective_on=TODAY, after_allocation=True, seq=9)
    assert told(replace(stopped, opt_outs=(out,)), rules)[0][0] == "Feedback 1 of 3: send wave (2 reports are left)"
    # A wave that a later one has overtaken is no longer due.
    assert told(replace(delivering, waves=(wave(2, approved=True, sent=("a",), sites=("a",)),)), rules) == [
        ("Feedback 3 of 3: prepare wave", third)
    ]


def test_an_approval_is_told_of_before_it_expires(rules):
    soon = replace(APPROVALS[0], expires_on=date(2016, 6, 9))  # 60 days from 10 April
    state = replace(READY, stage=Stage.FOLLOWING_UP, approvals=(soon, APPROVALS[1]))
    sending = replace(state, stage=Stage.ALLOCATED)
    assert ("The approval 'data-protection' expires", date(2016, 6, 9)) in told(sending, rules)
    assert told(sending, rules, date(2016, 4, 9))[0][0] == "Feedback 1 of 3: prepare wave"
    assert not [what for what, _ in told(sending, rules, date(2016, 4, 9)) if "expires" in what]
    assert (
        "Nothing is allocated or sent before: the approval 'data-protection' expired on 2016-06-09",
        None,
    ) in told(sending, rules, date(2016, 6, 9))
    assert told(state, rules, date(2016, 7, 1)) == [("Next step: freeze", date(2017, 4, 1))]


def test_a_cycle_that_stands_still_renews_its_approvals(rules):
    state = CycleState(stage=Stage.SUSPENDED, stood_in=Stage.DELIVERING)
    assert told(state, rules)[0] == ("Next step: resume", None)
    assert any("'ethics' was never given" in what for what, _ in told(state, rules))


def test_a_proposal_waits_for_a_second_person(rules):
    proposal = Proposal(act=Act.REGISTER, subject="s", actor="asserted:sam", effective_on=TODAY)
    (item,) = (i for i in due(replace(READY, proposals=(proposal,)), rules, TODAY) if "second" in i.what)
    assert item.what == "A second person: register, which 'sam' proposed"
    late = replace(READY, stage=Stage.FROZEN, proposals=(replace(proposal, act=Act.AMEND),))
    assert not [i for i in due(late, rules, TODAY) if "second" in i.what]  # nothing can be amended any more
    assert item.roles == PERMISSIONS[Act.REGISTER]


def test_a_registered_look_at_harms_is_due_until_it_is_taken(rules):
    rules = replace(rules, harm_looks=("2016-09", "2016-12"))
    first = ("Look at harms with the data up to 2016-09, as registered", date(2016, 10, 1))
    second = ("Look at harms with the data up to 2016-12, as registered", date(2017, 1, 1))
    running = replace(READY, stage=Stage.FOLLOWING_UP)
    assert [item for item in told(running, rules) if "harms" in item[0]] == [first, second]
    taken = Noted(document="h", about="2016-09", count=1, actor="asserted:gov", effective_on=date(2016, 10, 5))
    assert [item for item in told(replace(running, harms_looks=(taken,)), rules) if "harms" in item[0]] == [second]
    for stage in (Stage.RECRUITING, Stage.FROZEN, Stage.EVALUATED):
        assert not [item for item in told(replace(READY, stage=stage), rules) if "harms" in item[0]]


def test_after_the_result(rules):
    evaluated = replace(READY, stage=Stage.EVALUATED, evaluation="e")
    assert told(evaluated, rules) == [
        ("Next step: decide", None),
        ("Set costs and savings beside the effect", None),
        ("Hold the forecasts against the result", None),
        ("Post the result to the evidence library", None),
    ]
    done = replace(evaluated, appraisal="a", forecasts_scored="f", evidence_posted="p")
    assert told(done, rules) == [("Next step: decide", None)]
    rehearsal = CycleRules(design=DesignType.PARALLEL, rehearsal=True)
    assert told(replace(CycleState(stage=Stage.DECIDED), appraisal="a"), rehearsal) == [("Next step: close", None)]


def test_a_cycle_without_allocation(rules):
    retrospective = CycleRules(design=DesignType.CONTROLLED_ITS, follow_up_ends=date(2017, 4, 1))
    assert told(CycleState(stage=Stage.REGISTERED), retrospective) == [("Next step: freeze", date(2017, 4, 1))]


def test_a_thing_is_overdue_once_its_day_has_passed():
    item = Due(what="w", act=None, by=date(2016, 4, 10))
    assert not item.is_overdue(date(2016, 4, 10))
    assert item.is_overdue(date(2016, 4, 11))
    assert not Due(what="w", act=None).is_overdue(date(2030, 1, 1))


def test_what_is_due_names_whose_it_is(rules):
    for stage in path_for(DesignType.PARALLEL)[:-1]:
        for item in due(replace(READY, stage=stage), rules, TODAY):
            assert item.act is not None
            assert item.roles == PERMISSIONS[item.act]
