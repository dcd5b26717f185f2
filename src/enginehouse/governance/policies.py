"""In which stage, on which day and under which conditions an act is possible. Who may do it is in `permissions`.

Every refusal says the reason and the next possible step. Each `check_x` raises `NotAllowed`; `can_x` is its boolean.
The checks of a room of their own (`two_people`, `payload_checks`, `allocating`) can be imported from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.allocating import check_roster, check_seed_commitment
from enginehouse.governance.commands import command
from enginehouse.governance.conditions import lacks_on, lacks_to_start
from enginehouse.governance.lack import refuse_lacks
from enginehouse.governance.opt_outs import reports_left
from enginehouse.governance.payload_checks import check_payload
from enginehouse.governance.rules import CycleRules
from enginehouse.governance.stages import (
    ENDS,
    NOT_TRANSITIONS,
    PROGRAMME_ACTS,
    Act,
    Stage,
    acts_in,
    path_for,
    sources_of,
    transition,
)
from enginehouse.governance.state import CycleState
from enginehouse.governance.two_people import (
    SECOND_PERSON,
    TWO_PEOPLE,
    check_proposal,
    check_second_person,
    is_first_of_two,
    subject,
    subject_of,
)
from enginehouse.programme.enums import DesignType

__all__ = [
    "SECOND_PERSON",
    "TWO_PEOPLE",
    "can_act",
    "check_act",
    "check_day",
    "check_payload",
    "check_proposal",
    "check_roster",
    "check_second_person",
    "check_seed_commitment",
    "delivery_period",
    "is_first_of_two",
    "next_acts",
    "next_step",
    "subject",
    "subject_of",
]

_TOO_EARLY: Mapping[Act, str] = {
    Act.AMEND: "A draft is not locked: edit its file.",
    Act.EVALUATE: "No estimate exists before the data are frozen.",
    Act.APPRAISE: "An appraisal needs an evaluation.",
    Act.DECIDE: "A decision follows an evaluation.",
    Act.CLOSE: "A result is decided on before its cycle is closed.",
    Act.PREPARE_ALLOCATION: "Sites are told first, and may opt out until the protocol's deadline.",
    Act.ALLOCATE: "The protocol is locked and sites are told before anyone is allocated.",
    Act.EXPORT_LISTS: "No site has an arm yet.",
    Act.PREPARE_WAVE: "No site has an arm yet.",
    Act.SEND_WAVE: "Reports leave once delivery has started.",
    Act.NOTE_DELIVERY: "No report has left yet.",
    Act.LOG_CONTACTS: "Contacts belong to the cycle's delivery.",
    Act.IMPORT_EXPOSURE: "What others deliver belongs to the cycle's delivery.",
    Act.MONITOR: "There is nothing to monitor before sites are allocated.",
    Act.LOOK_AT_HARMS: "There are no arms to look at before sites are allocated.",
    Act.RECORD_OPT_OUT: "Sites are asked once the protocol is locked.",
    Act.SIGN_CONTRACT: "The contract belongs to a locked protocol.",
    Act.ANALYSE_UNREGISTERED: "The registered analysis comes first.",
    Act.SCORE_FORECASTS: "There is no result to hold forecasts against.",
    Act.POST_EVIDENCE: "There is no result to post.",
    Act.SUSPEND: "A draft is not locked: nothing runs that could be stopped.",
    Act.WITHDRAW: "A draft is not locked: delete its file.",
}
_TOO_LATE: Mapping[Act, str] = {
    Act.REGISTER: "Its protocol is locked.",
    Act.AMEND: "After the freeze, a changed plan would no longer have been written before the data were seen.",
    Act.FREEZE: "Data are frozen once.",
    Act.COMPARE_DESIGNS: "The design is fixed once sites are allocated.",
    Act.SIGN_CONTRACT: "A forecast made after the allocation would no longer be one.",
    Act.RECORD_APPROVAL: "After the freeze nothing is allocated or sent any more.",
    Act.RECORD_OPT_OUT: "The result exists: it holds for the next cycle.",
    Act.PREPARE_ALLOCATION: "Sites are allocated once.",
    Act.ALLOCATE: "Sites are allocated once.",
    Act.PREPARE_WAVE: "Delivery has ended.",
    Act.APPROVE_WAVE: "Delivery has ended.",
    Act.SEND_WAVE: "Delivery has ended.",
    Act.LOG_CONTACTS: "After the freeze the data no longer change.",
    Act.IMPORT_EXPOSURE: "After the freeze the data no longer change.",
    Act.NOTE_DELIVERY: "After the freeze the data no longer change.",
    Act.EVALUATE: "The registered analysis is run once on the record.",
    Act.SUSPEND: "A result exists, whatever it is: it is decided on and closed.",
    Act.WITHDRAW: "A result exists, whatever it is: it is decided on and closed, not withdrawn.",
}
"""Why an act is refused before and after the stages in which it is possible, where their names alone do not tell."""

_DONE: Mapping[Act, str] = {
    Act.REGISTER: "registered",
    Act.OPEN_RECRUITMENT: "opened for recruitment",
    Act.ALLOCATE: "allocated",
    Act.FREEZE: "frozen",
    Act.EVALUATE: "evaluated",
    Act.DECIDE: "decided on",
    Act.CLOSE: "closed",
    Act.WITHDRAW: "withdrawn",
}
"""Acts that are done once, and how the cycle is called when they have been."""


def check_act(
    state: CycleState,
    act: Act,
    *,
    design: DesignType,
    effective_on: date,
    today: date | None = None,
    rules: CycleRules | None = None,
) -> None:
    """Refuse an act that the stage, the design, the day or (where `rules` are given) the protocol does not permit.

    `today` is the day of recording. Everything that is lacking is said at once.
    """
    if act not in PROGRAMME_ACTS:
        _check_stage(state, act, design, rules)
    check_day(state, act, effective_on, today)
    lacking = list(lacks_to_start(state, act, rules))
    if rules is not None:
        lacking += lacks_on(state, act, rules, effective_on)
    refuse_lacks(lacking, where=act)


def can_act(
    state: CycleState,
    act: Act,
    *,
    design: DesignType,
    effective_on: date,
    today: date | None = None,
    rules: CycleRules | None = None,
) -> bool:
    """Whether `check_act` would let it pass."""
    try:
        check_act(state, act, design=design, effective_on=effective_on, today=today, rules=rules)
    except NotAllowed:
        return False
    return True


def check_day(state: CycleState, act: Act, effective_on: date, today: date | None = None) -> None:
    """Refuse a day in the future, or one before the cycle's last transition."""
    today = today or date.today()
    if effective_on > today:
        raise NotAllowed(
            f"got {effective_on} as the day from which it holds, which is after today ({today}).",
            where=act,
            remedy="Record an act on the day it is done, or date it back with --on.",
        )
    last = state.last_effective_on
    if act not in PROGRAMME_ACTS and last is not None and effective_on < last:
        raise NotAllowed(
            f"got {effective_on} as the day from which it holds, which is before the cycle's last transition ({last}).",
            where=act,
            remedy=f"Use {last} or a later day with --on.",
        )


def next_acts(state: CycleState, *, design: DesignType, rules: CycleRules | None = None) -> tuple[Act, ...]:
    """The steps that can be done now: what the cycle waits for first, then the step forward, then the rest."""
    possible = [act for act in acts_in(state.stage, design=design) if not any(lacks_to_start(state, act, rules))]
    return tuple(sorted(possible, key=lambda act: not _is_awaited(state, act, rules)))


def next_step(state: CycleState, *, design: DesignType, rules: CycleRules | None = None) -> str:
    """The sentence that says what can be done now."""
    if state.stage in ENDS:
        return f"The cycle is {state.stage.words}: nothing follows; register a new cycle to go on."
    first, *others = next_acts(state, design=design, rules=rules)
    rest = f"; or {', '.join(act.words for act in others)}" if others else ""
    return f"Next possible step: {first.words} ({command(first)}){rest}."


def delivery_period(state: CycleState, *, on: date) -> tuple[date, date]:
    """The first and the last day of delivery as it stands on `on`, both inclusive.

    Raises
    ------
    NotAllowed
        Delivery has not started.
    """
    started, ended = state.last(Act.START_DELIVERY), state.last(Act.START_FOLLOW_UP)
    if started is None:
        raise NotAllowed(
            "delivery has not started: no contact can belong to this cycle.",
            where=Act.LOG_CONTACTS,
            remedy=f"Start delivery first ({command(Act.START_DELIVERY)}).",
        )
    return started.effective_on, min(ended.effective_on, on) if ended else on


def _is_awaited(state: CycleState, act: Act, rules: CycleRules | None) -> bool:
    """Whether a step that stays in its stage is what the cycle waits for now."""
    if act is Act.PREPARE_ALLOCATION:
        return any(lacks_to_start(state, Act.ALLOCATE, None))
    if act is Act.APPROVE_WAVE:
        return any(not wave.is_approved for wave in state.waves)
    if act is Act.SEND_WAVE:
        return any(reports_left(state, wave) for wave in state.waves)
    if act is Act.PREPARE_WAVE and rules is not None:
        waiting = any(not wave.is_approved or reports_left(state, wave) for wave in state.waves)
        return not waiting and any(state.wave(due.number) is None for due in rules.waves)
    return False


def _check_stage(state: CycleState, act: Act, design: DesignType, rules: CycleRules | None) -> None:
    if act in NOT_TRANSITIONS:
        allowed = state.stage is not Stage.DRAFT
    else:
        allowed = transition(act, state.stage, design=design) is not None
    if not allowed:
        raise NotAllowed(_reason(state, act, design), where=act, remedy=next_step(state, design=design, rules=rules))


def _reason(state: CycleState, act: Act, design: DesignType) -> str:
    """Why not, in a sentence or two."""
    stands = f"The cycle is {state.stage.words}"
    if state.stage is Stage.SUSPENDED and state.stood_in is not None:
        stands += f" (it stood in {state.stood_in.words})"
    sources = () if act in NOT_TRANSITIONS else sources_of(act, design=design)
    if act in NOT_TRANSITIONS:
        return f"{stands}: there is no record to {act.words} from before it is registered."
    if not sources:
        return f"{stands}, and a {design} design has no step to {act.words}: nobody is allocated at random."
    done = state.last(act)
    if done is not None and act in _DONE:
        again = _TOO_LATE.get(act, "")
        return f"The cycle was {_DONE[act]} already, on {done.effective_on}. {again}".rstrip()
    where = " or ".join(stage.words for stage in sources)
    return f"{stands}: to {act.words} it must be {where}. {_why(act, state.stage, design)}".rstrip()


def _why(act: Act, stage: Stage, design: DesignType) -> str:
    """What is said when the act comes too early or too late on the path; nothing beside the path."""
    path = path_for(design)
    possible = [path.index(source) for source in sources_of(act, design=design) if source in path]
    if stage not in path or not possible:
        return ""
    return (_TOO_EARLY if path.index(stage) < min(possible) else _TOO_LATE).get(act, "")
