"""What must hold for an act beside its stage: two tables keyed by act.

`STANDING` asks the state (and the rules, where they are known) and no clock: these also decide which step is named
next. `DATED` asks what holds on the day. Each condition yields everything that is lacking; it raises nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from enginehouse.governance.allocating import after_deadline, before_deadline, unprepared
from enginehouse.governance.approvals import lacking_approvals
from enginehouse.governance.commands import command
from enginehouse.governance.lack import Lack
from enginehouse.governance.rules import CycleRules
from enginehouse.governance.signatures import lacking_signatures
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState

Standing = Callable[[CycleState, CycleRules | None], Iterator[Lack]]
Dated = Callable[[CycleState, CycleRules, date], Iterator[Lack]]


def _needs_preparation(state: CycleState, _rules: CycleRules | None) -> Iterator[Lack]:
    yield from unprepared(state)


def _nothing_leaves(_state: CycleState, rules: CycleRules | None) -> Iterator[Lack]:
    if rules is not None and rules.rehearsal:
        yield Lack(
            "This is a rehearsal: its arms are made up, so nothing is sent, handed over or counted.",
            f"Go on to the freeze: {command(Act.START_DELIVERY)}, {command(Act.START_FOLLOW_UP)}, "
            f"{command(Act.FREEZE)}.",
        )


def _no_evidence(_state: CycleState, rules: CycleRules | None) -> Iterator[Lack]:
    if rules is not None and rules.rehearsal:
        yield Lack(
            "A rehearsal never becomes evidence: its arms are made up.",
            f"Nothing is posted; close the cycle ({command(Act.CLOSE)}).",
        )


def _has_waves(_state: CycleState, rules: CycleRules | None) -> Iterator[Lack]:
    if rules is not None and not rules.rehearsal and not rules.waves:
        yield Lack("The protocol has no calendar of feedback.", "Name its waves under delivery before it is locked.")


def _something_to_approve(state: CycleState, _rules: CycleRules | None) -> Iterator[Lack]:
    if all(wave.is_approved for wave in state.waves):
        what = "Every wave that was prepared is approved." if state.waves else "No wave is prepared."
        yield Lack(what, f"Prepare the next wave first ({command(Act.PREPARE_WAVE)}).")


def _something_to_send(state: CycleState, _rules: CycleRules | None) -> Iterator[Lack]:
    if not any(wave.is_approved for wave in state.waves):
        yield Lack(
            "No wave is approved: no report leaves before a second person has seen the proofs.",
            f"Prepare and approve a wave first ({command(Act.PREPARE_WAVE)}; {command(Act.APPROVE_WAVE)}).",
        )


def _something_sent(state: CycleState, _rules: CycleRules | None) -> Iterator[Lack]:
    if not any(wave.batches for wave in state.waves):
        yield Lack(
            "No report has left yet: nothing can have become of one.", f"Send a wave first ({command(Act.SEND_WAVE)})."
        )


def _approvals(state: CycleState, rules: CycleRules, on: date) -> Iterator[Lack]:
    yield from lacking_approvals(state, rules, on)


def _contract(state: CycleState, rules: CycleRules, _on: date) -> Iterator[Lack]:
    yield from lacking_signatures(state, rules)


STANDING: Mapping[Act, tuple[Standing, ...]] = {
    Act.ALLOCATE: (_needs_preparation,),
    Act.EXPORT_LISTS: (_nothing_leaves,),
    Act.PREPARE_WAVE: (_nothing_leaves, _has_waves),
    Act.APPROVE_WAVE: (_nothing_leaves, _something_to_approve),
    Act.SEND_WAVE: (_nothing_leaves, _something_to_send),
    Act.NOTE_DELIVERY: (_nothing_leaves, _something_sent),
    Act.LOG_CONTACTS: (_nothing_leaves,),
    Act.IMPORT_EXPOSURE: (_nothing_leaves,),
    Act.POST_EVIDENCE: (_no_evidence,),
}

DATED: Mapping[Act, tuple[Dated, ...]] = {
    Act.OPEN_RECRUITMENT: (after_deadline,),
    Act.PREPARE_ALLOCATION: (before_deadline, _approvals),
    Act.ALLOCATE: (before_deadline, _approvals, _contract),
    Act.EXPORT_LISTS: (_approvals,),
    Act.START_DELIVERY: (_approvals,),
    Act.SEND_WAVE: (_approvals,),
}


def lacks_to_start(state: CycleState, act: Act, rules: CycleRules | None) -> Iterator[Lack]:
    """What stands in the way whatever the day is."""
    for condition in STANDING.get(act, ()):
        yield from condition(state, rules)


def lacks_on(state: CycleState, act: Act, rules: CycleRules, on: date) -> Iterator[Lack]:
    """What stands in the way on this day."""
    for condition in DATED.get(act, ()):
        yield from condition(state, rules, on)
