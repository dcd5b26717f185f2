"""In which stage, on which day and with which documents an act is possible. Who may do it is in `permissions`.

Every refusal says the reason and the next possible step. Each `check_x` raises `NotAllowed`; `can_x` is its boolean.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from enginehouse.core.errors import NotAllowed
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
from enginehouse.ledger import events
from enginehouse.programme.enums import DesignType

SECOND_PERSON: Mapping[Act, Act] = {Act.DECIDE: Act.EVALUATE}
"""Acts that take a second person: who did the act on the right may not do the one on the left."""

_TOO_EARLY: Mapping[Act, str] = {
    Act.AMEND: "A draft is not locked: edit its file.",
    Act.EVALUATE: "No estimate exists before the data are frozen.",
    Act.APPRAISE: "An appraisal needs an evaluation.",
    Act.DECIDE: "A decision follows an evaluation.",
    Act.CLOSE: "A result is decided on before its cycle is closed.",
    Act.SUSPEND: "A draft is not in the record yet.",
    Act.WITHDRAW: "A draft is not in the record yet: delete its file.",
}
_TOO_LATE: Mapping[Act, str] = {
    Act.REGISTER: "Its protocol is locked.",
    Act.AMEND: "After the freeze, a changed plan would no longer have been written before the data were seen.",
    Act.FREEZE: "Data are frozen once.",
    Act.ALLOCATE: "Sites are allocated once.",
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

_AS_AT: Mapping[str, tuple[str, str]] = {
    "protocol_hash": ("protocol_hash", "protocol"),
    "previous_hash": ("protocol_hash", "protocol"),
    "panel": ("panel", "panel"),
    "evaluation": ("evaluation", "evaluation"),
}
_NAMES_OTHERS: Mapping[type[events.Payload], tuple[str, ...]] = {
    events.ProtocolAmended: ("previous_hash",),
    events.DataFrozen: ("protocol_hash",),
    events.CycleEvaluated: ("protocol_hash", "panel"),
    events.CycleAppraised: ("evaluation",),
    events.CycleDecided: ("evaluation",),
}
"""Fields by which an event points at what was recorded before it."""


def check_act(
    state: CycleState, act: Act, *, design: DesignType, effective_on: date, today: date | None = None
) -> None:
    """Refuse an act that the stage, the design or the day does not permit. `today` is the day of recording."""
    if act not in PROGRAMME_ACTS:
        _check_stage(state, act, design)
    check_day(state, act, effective_on, today)


def can_act(state: CycleState, act: Act, *, design: DesignType, effective_on: date, today: date | None = None) -> bool:
    """Whether `check_act` would let it pass."""
    try:
        check_act(state, act, design=design, effective_on=effective_on, today=today)
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


def next_acts(state: CycleState, *, design: DesignType) -> tuple[Act, ...]:
    """What can be done now, the step forward first."""
    return acts_in(state.stage, design=design)


def next_step(state: CycleState, *, design: DesignType) -> str:
    """The sentence that says what can be done now."""
    if state.stage in ENDS:
        return f"The cycle is {state.stage.words}: nothing follows; register a new cycle to go on."
    first, *others = next_acts(state, design=design)
    rest = f" (or {', '.join(act.words for act in others)})" if others else ""
    return f"Next possible step: {first.words}{rest}."


def check_payload(state: CycleState, payload: events.Payload) -> None:
    """Refuse an event that points at another protocol, panel or evaluation than the cycle's own."""
    for field in _NAMES_OTHERS.get(type(payload), ()):
        attribute, noun = _AS_AT[field]
        recorded, received = getattr(state, attribute), getattr(payload, field)
        if received != recorded:
            raise NotAllowed(
                f"the {noun} ({_short(received)}) is not the one in the record ({_short(recorded)}).",
                where=payload.type,
                remedy=f"Use the recorded {noun}"
                + ("; a change after the lock takes an open amendment first." if noun == "protocol" else "."),
            )


def check_second_person(state: CycleState, act: Act, actor: str) -> None:
    """Refuse an act that takes a second person from the one who did the first."""
    first = SECOND_PERSON.get(act)
    done = state.last(first) if first else None
    if done is not None and done.actor == actor:
        raise NotAllowed(
            f"'{actor}' did {done.act.words} this cycle and so may not {act.words} it.",
            where=act,
            remedy="This act takes a second person, with an id of their own.",
        )


def _check_stage(state: CycleState, act: Act, design: DesignType) -> None:
    if act in NOT_TRANSITIONS:
        allowed = state.stage is not Stage.DRAFT
    else:
        allowed = transition(act, state.stage, design=design) is not None
    if not allowed:
        raise NotAllowed(_reason(state, act, design), where=act, remedy=next_step(state, design=design))


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


def _short(sha256: str | None) -> str:
    return "none" if sha256 is None else sha256[:12]
