"""What is due in a cycle: what, by when, from whom. For `status`; it decides nothing and records nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from enginehouse.core.months import Month
from enginehouse.core.words import agreeing
from enginehouse.governance.allocating import opt_out_deadline
from enginehouse.governance.approvals import Standing, approvals_on
from enginehouse.governance.opt_outs import overtaken, reports_left
from enginehouse.governance.permissions import PERMISSIONS
from enginehouse.governance.policies import next_acts
from enginehouse.governance.recorded import person_of
from enginehouse.governance.rules import CycleRules, WaveDate
from enginehouse.governance.signatures import unsigned
from enginehouse.governance.stages import ENDS, Act, Stage, transition
from enginehouse.governance.state import CycleState
from enginehouse.programme.enums import Role

EXPIRING = timedelta(days=60)
"""How long before its end an approval's renewal is due to be thought of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One thing that is due. `by` is the day on which it should be done; `None` when no day is set.

    `roles` may do it; `people` are those of whom it is expected by name, where the record or the contract names them.
    """

    what: str
    act: Act | None
    by: date | None = None
    wave: int | None = None
    roles: frozenset[Role] = frozenset()
    people: tuple[str, ...] = ()

    def is_overdue(self, on: date) -> bool:
        """Whether its day has passed."""
        return self.by is not None and self.by < on


def due(state: CycleState, rules: CycleRules, on: date) -> tuple[Due, ...]:
    """Everything that is due on `on` in this cycle, by day, what has no day last."""
    if state.stage in ENDS:
        return ()
    found = [item for part in _PARTS for item in part(state, rules, on)]
    return tuple(sorted(dict.fromkeys(found), key=lambda item: (item.by is None, item.by or date.max)))


def _steps(state: CycleState, rules: CycleRules, _on: date) -> Iterator[Due]:
    """The next step; waves have an entry of their own."""
    if _waves_left(state, rules):
        return
    first = next_acts(state, design=rules.design, rules=rules)[0]
    yield _of(first, f"Next step: {first.words}", by=_day_of(first, state, rules))


def _waves(state: CycleState, rules: CycleRules, _on: date) -> Iterator[Due]:
    left = _waves_left(state, rules)
    if left:
        act = _wave_step(state, left[0])
        rest = _stopped_halfway(state, left[0].number)
        yield _of(
            act,
            f"Feedback {left[0].number} of {len(rules.waves)}: {act.words}{rest}",
            by=left[0].due_on,
            wave=left[0].number,
        )
        for later in left[1:2]:
            yield _of(
                Act.PREPARE_WAVE, f"Feedback {later.number} of {len(rules.waves)}", by=later.due_on, wave=later.number
            )


def _proposals(state: CycleState, _rules: CycleRules, _on: date) -> Iterator[Due]:
    for proposal in state.proposals:
        if transition(proposal.act, state.stage) is not None:
            who = person_of(proposal.actor)
            yield _of(proposal.act, f"A second person: {proposal.act.words}, which '{who}' proposed")


def _deadline(state: CycleState, rules: CycleRules, on: date) -> Iterator[Due]:
    deadline = opt_out_deadline(state, rules)
    if state.stage in (Stage.REGISTERED, Stage.RECRUITING) and deadline is not None and on < deadline:
        yield _of(Act.RECORD_OPT_OUT, "Opting out closes: record what sites answered", by=deadline)


def _approvals(state: CycleState, rules: CycleRules, on: date) -> Iterator[Due]:
    if not _may_still_send(state):
        return
    for found in approvals_on(state, rules, on):
        if found.standing is not Standing.IN_FORCE:
            yield _of(Act.RECORD_APPROVAL, f"Nothing is allocated or sent before: {found.words}")
        elif found.until is not None and found.until <= on + EXPIRING:
            yield _of(Act.RECORD_APPROVAL, f"The approval '{found.name}' expires", by=found.until)


def _signatures(state: CycleState, rules: CycleRules, _on: date) -> Iterator[Due]:
    missing = unsigned(state, rules)
    if state.stage in (Stage.REGISTERED, Stage.RECRUITING) and rules.needs_contract:
        if rules.contract is None:
            yield _of(Act.SIGN_CONTRACT, "Write the decision contract and have it signed")
        elif not rules.signatories:
            yield _of(Act.SIGN_CONTRACT, "Add a forecast of each signatory to the decision contract and have it signed")
        elif missing:
            yield Due(
                what=f"The decision contract is not signed by {', '.join(missing)}",
                act=Act.SIGN_CONTRACT,
                roles=PERMISSIONS[Act.SIGN_CONTRACT],
                people=missing,
            )


def _harm_looks(state: CycleState, rules: CycleRules, _on: date) -> Iterator[Due]:
    """Registered looks that can still be taken; the day is the first after their last month of data."""
    if state.stage not in (Stage.ALLOCATED, Stage.DELIVERING, Stage.FOLLOWING_UP):
        return
    taken = {look.about for look in state.harms_looks}
    for month in rules.harm_looks:
        if month not in taken:
            day = (Month.parse(month) + 1).first_day
            yield _of(Act.LOOK_AT_HARMS, f"Look at harms with the data up to {month}, as registered", by=day)


def _after_the_result(state: CycleState, rules: CycleRules, _on: date) -> Iterator[Due]:
    if state.stage not in (Stage.EVALUATED, Stage.DECIDED):
        return
    if state.appraisal is None:
        yield _of(Act.APPRAISE, "Set costs and savings beside the effect")
    if state.signatures and state.forecasts_scored is None:
        yield _of(Act.SCORE_FORECASTS, "Hold the forecasts against the result")
    if state.evidence_posted is None and not rules.rehearsal:
        yield _of(Act.POST_EVIDENCE, "Post the result to the evidence library")


_PARTS: tuple[Callable[[CycleState, CycleRules, date], Iterator[Due]], ...] = (
    _steps,
    _waves,
    _proposals,
    _deadline,
    _approvals,
    _signatures,
    _harm_looks,
    _after_the_result,
)

_DAY_OF: Mapping[Act, Callable[[CycleState, CycleRules], date | None]] = {
    Act.OPEN_RECRUITMENT: lambda _state, rules: rules.opt_out_by,
    Act.PREPARE_ALLOCATION: opt_out_deadline,
    Act.ALLOCATE: opt_out_deadline,
    Act.FREEZE: lambda _state, rules: rules.follow_up_ends,
}
"""Steps that have a day."""


def _day_of(act: Act, state: CycleState, rules: CycleRules) -> date | None:
    return _DAY_OF[act](state, rules) if act in _DAY_OF else None


def _waves_left(state: CycleState, rules: CycleRules) -> list[WaveDate]:
    """Waves of the calendar that can still leave, whole or in part, and that no later wave has overtaken."""
    if state.stage not in (Stage.ALLOCATED, Stage.DELIVERING):
        return []
    newest = max((wave.number for wave in state.waves if wave.batches and not reports_left(state, wave)), default=0)
    return [wave for wave in rules.waves if wave.number > newest and overtaken(state, wave.number) is None]


def _stopped_halfway(state: CycleState, number: int) -> str:
    wave = state.wave(number)
    return f" ({agreeing(reports_left(state, wave), 'report')} left)" if wave is not None and wave.batches else ""


def _wave_step(state: CycleState, due_wave: WaveDate) -> Act:
    wave = state.wave(due_wave.number)
    if wave is None:
        return Act.PREPARE_WAVE
    return Act.SEND_WAVE if wave.is_approved else Act.APPROVE_WAVE


def _may_still_send(state: CycleState) -> bool:
    stage = state.stood_in or state.stage
    return stage in (Stage.DRAFT, Stage.REGISTERED, Stage.RECRUITING, Stage.ALLOCATED, Stage.DELIVERING)


def _of(act: Act, what: str, *, by: date | None = None, wave: int | None = None) -> Due:
    return Due(what=what, act=act, by=by, wave=wave, roles=PERMISSIONS[act])
