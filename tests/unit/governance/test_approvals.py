"""The register of approvals: what is in force on a day, and what is said of the rest."""

from __future__ import annotations

from datetime import date

import pytest

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.approvals import _WORDS, Standing, approvals_on, lacking_approvals
from enginehouse.governance.lack import refuse_lacks
from enginehouse.governance.recorded import Approval
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState


def given(name: str, start: date, end: date | None = None, reference: str = "ref") -> Approval:
    return Approval(name=name, reference=reference, given_on=start, expires_on=end, actor="p")


ETHICS = given("ethics", date(2016, 1, 1))
PROTECTION = given("data-protection", date(2016, 1, 1), date(2016, 5, 1), "DP/1")
RENEWED = given("data-protection", date(2016, 4, 1), date(2017, 4, 1), "DP/2")
BOTH = CycleState(approvals=(PROTECTION, ETHICS))


def test_every_standing_has_its_words():
    assert set(_WORDS) == set(Standing)


@pytest.mark.parametrize(
    ("day", "standing", "since", "until"),
    [
        (date(2015, 12, 31), Standing.NOT_YET, date(2016, 1, 1), None),
        (date(2016, 1, 1), Standing.IN_FORCE, date(2016, 1, 1), date(2016, 5, 1)),  # the first day is in
        (date(2016, 4, 30), Standing.IN_FORCE, date(2016, 1, 1), date(2016, 5, 1)),
        (date(2016, 5, 1), Standing.EXPIRED, date(2016, 5, 1), None),  # the last is not
    ],
)
def test_an_approval_holds_from_its_first_day_up_to_its_end(rules, day, standing, since, until):
    found = approvals_on(BOTH, rules, day)[0]
    assert (found.name, found.standing, found.since, found.until) == ("data-protection", standing, since, until)


def test_a_renewal_counts(rules):
    state = CycleState(approvals=(PROTECTION, ETHICS, RENEWED))
    now, later = (approvals_on(state, rules, day)[0] for day in (date(2016, 4, 20), date(2016, 6, 1)))
    assert (now.reference, now.until) == ("DP/2", date(2017, 4, 1))
    assert (later.standing, later.since) == (Standing.IN_FORCE, date(2016, 4, 1))
    assert not list(lacking_approvals(state, rules, date(2016, 6, 1)))


def test_what_is_missing_is_named_and_since_when(rules):
    lacks = lacking_approvals(CycleState(approvals=(PROTECTION,)), rules, date(2016, 6, 1))
    with pytest.raises(NotAllowed) as refused:
        refuse_lacks(lacks, where=Act.SEND_WAVE)
    assert str(refused.value) == (
        "send-wave\n  On 2016-06-01 the approval 'data-protection' expired on 2016-05-01: nothing is allocated or sent "
        "without it. On 2016-06-01 the approval 'ethics' was never given: nothing is allocated or sent without it. "
        "Record the approval with its reference once it is given (enginehouse approval CYCLE APPROVAL --reference NUMBER --given-on DAY)."
    )
    with pytest.raises(NotAllowed, match=r"the approval 'ethics' is in force from 2016-01-01 on only"):
        refuse_lacks(lacking_approvals(CycleState(approvals=(ETHICS,)), rules, date(2015, 6, 1)), where=Act.ALLOCATE)


def test_an_approval_that_is_not_required_changes_nothing(rules):
    state = CycleState(approvals=(*BOTH.approvals, given("museum", date(2016, 1, 1))))
    assert [found.name for found in approvals_on(state, rules, date(2016, 4, 1))] == ["data-protection", "ethics"]
