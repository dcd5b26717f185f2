"""Opt-outs: three scopes that are separate, days that are inclusive, and the arm that is kept."""

from __future__ import annotations

from datetime import date

import pytest

from enginehouse.governance.opt_outs import (
    _REACHES,
    has_opted_out,
    held_back,
    may_be_sent,
    may_use_data,
    overtaken,
    reports_left,
    scopes_by_site,
)
from enginehouse.governance.recorded import OptOut
from enginehouse.governance.state import CycleState
from enginehouse.programme.enums import OptOutScope

DAY = date(2016, 4, 10)
FEEDBACK, RANDOMISATION, DATA_USE = OptOutScope


def out(site: str, scope: OptOutScope, day: date = DAY, *, late: bool = False, seq: int = 1) -> OptOut:
    return OptOut(site=site, scope=scope, reason="", effective_on=day, after_allocation=late, seq=seq)


def test_every_scope_reaches_something():
    assert set(_REACHES) == set(OptOutScope)


def may_be_drawn(state, site):
    return not has_opted_out(state, site, RANDOMISATION)


@pytest.mark.parametrize(
    ("scope", "allocated", "sent", "data"),
    [
        (None, True, True, True),
        (FEEDBACK, True, False, True),  # stays in the trial
        (RANDOMISATION, False, True, True),  # still gets its report, where one is sent outside the trial
        (DATA_USE, False, False, False),  # can be told nothing about itself
    ],
)
def test_scopes_are_separate(scope, allocated, sent, data):
    state = CycleState(opt_outs=(out("a", scope),) if scope else ())
    assert (may_be_drawn(state, "a"), may_be_sent(state, "a"), may_use_data(state, "a")) == (allocated, sent, data)
    assert (may_be_drawn(state, "b"), may_be_sent(state, "b"), may_use_data(state, "b")) == (True, True, True)


def test_an_opt_out_holds_from_its_day_on():
    state = CycleState(opt_outs=(out("a", FEEDBACK),))
    assert may_be_sent(state, "a", on=date(2016, 4, 9))
    assert not may_be_sent(state, "a", on=DAY)
    assert not may_be_sent(state, "a")


def test_what_was_recorded_is_told_by_site():
    state = CycleState(opt_outs=(out("a", FEEDBACK), out("b", DATA_USE), out("a", RANDOMISATION, date(2016, 4, 20))))
    assert scopes_by_site(state) == {"a": {FEEDBACK, RANDOMISATION}, "b": {DATA_USE}}
    assert scopes_by_site(state, on=date(2016, 4, 10)) == {"a": {FEEDBACK}, "b": {DATA_USE}}
    assert scopes_by_site(state, on=date(2016, 4, 9)) == {}
    assert has_opted_out(state, "b", FEEDBACK)


def test_who_is_held_back_from_a_wave():
    state = CycleState(opt_outs=(out("b", FEEDBACK), out("a", DATA_USE), out("c", RANDOMISATION)))
    assert held_back(state, ("c", "b", "a", "d")) == ("b", "a")


def test_how_many_reports_are_left(wave):
    sent = wave(1, approved=True, sent=("a", "b"), sites=("a", "b", "c", "d", "f"), seq=3)
    outs = (
        out("c", FEEDBACK, seq=4),  # opted out after the wave was made: held back
        out("a", DATA_USE, seq=5),  # has got the report already
        out("d", RANDOMISATION, seq=6),  # still gets it
        out("e", FEEDBACK, seq=2),  # was never in it
        out("e", DATA_USE, seq=7),  # and is not missed when it opts out of more
        out("x", FEEDBACK, seq=8),  # is in no arm that gets reports, or not in the trial: nothing was made for it
        out("y", DATA_USE, seq=9),
    )
    state = CycleState(waves=(sent,), opt_outs=outs)
    assert reports_left(state, sent) == 5 - 2 - 1
    assert reports_left(state, wave(1)) == 0  # not approved
    assert reports_left(CycleState(waves=(sent, wave(2, approved=True, sent=("a",)))), sent) == 0  # overtaken
    assert overtaken(state, 1) is None
