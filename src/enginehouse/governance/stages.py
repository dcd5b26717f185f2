"""The stages of a cycle and the acts that lead from one to the next: one table.

The checks in `policies`, the fold in `state` and the diagram in the docs all read `TRANSITIONS`. It does not say who
may act (`permissions`) nor on which day (`policies`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from enginehouse.ledger import events
from enginehouse.programme.enums import DesignType


class Stage(StrEnum):
    """Where a cycle stands."""

    DRAFT = "draft"
    REGISTERED = "registered"
    RECRUITING = "recruiting"
    ALLOCATED = "allocated"
    DELIVERING = "delivering"
    FOLLOWING_UP = "following-up"
    FROZEN = "frozen"
    EVALUATED = "evaluated"
    DECIDED = "decided"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"

    @property
    def words(self) -> str:
        """How a sentence calls it."""
        return self.value.replace("-", " ")


class Act(StrEnum):
    """What a person does that is recorded."""

    LOAD_DATA = "load-data"
    BUILD_PANEL = "build-panel"
    REGISTER = "register"
    AMEND = "amend"
    OPEN_RECRUITMENT = "open-recruitment"
    ALLOCATE = "allocate"
    START_DELIVERY = "start-delivery"
    START_FOLLOW_UP = "start-follow-up"
    FREEZE = "freeze"
    EVALUATE = "evaluate"
    APPRAISE = "appraise"
    DECIDE = "decide"
    CLOSE = "close"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    WRITE_DOSSIER = "write-dossier"

    @property
    def words(self) -> str:
        """How a sentence calls it."""
        return self.value.replace("-", " ")


class Move(StrEnum):
    """Where an act leads when it does not lead to one fixed stage."""

    STAYS = "stays"
    RETURNS = "returns"


@dataclass(frozen=True, slots=True)
class Transition:
    """From each of `sources`, `act` leads to `target`, is recorded as `payload`, and exists for `designs`.

    `Move.STAYS` leaves the stage as it is; `Move.RETURNS` goes back to the stage in which a suspended cycle stood.
    """

    act: Act
    sources: frozenset[Stage]
    target: Stage | Move
    payload: type[events.Payload]
    designs: frozenset[DesignType]

    @property
    def goes_forward(self) -> bool:
        """Whether it is a step of the path from draft to closed."""
        return isinstance(self.target, Stage) and self.target not in ASIDE


ASIDE = frozenset({Stage.SUSPENDED, Stage.WITHDRAWN})
"""Stages beside the path."""

ENDS = frozenset({Stage.CLOSED, Stage.WITHDRAWN})
"""Stages from which nothing follows."""

ALL_DESIGNS = frozenset(DesignType)
NOT_ALLOCATED = frozenset({DesignType.CONTROLLED_ITS, DesignType.STAGGERED})
"""Designs in which no one is allocated at random: from registered straight to frozen."""
RANDOMISED = ALL_DESIGNS - NOT_ALLOCATED

BEFORE_FREEZE = (Stage.REGISTERED, Stage.RECRUITING, Stage.ALLOCATED, Stage.DELIVERING, Stage.FOLLOWING_UP)
"""Locked, and nobody has yet seen outcomes by arm: the stages in which a protocol may be amended openly."""

AFTER_FREEZE = (Stage.FROZEN, Stage.EVALUATED, Stage.DECIDED, Stage.CLOSED)
"""The data are fixed: estimates may exist."""

# A cycle that has been evaluated can no longer be stopped quietly: a null result is a result, and it is decided on.
STOPPABLE = (*BEFORE_FREEZE, Stage.FROZEN)


def _row(
    act: Act,
    sources: Iterable[Stage],
    target: Stage | Move,
    payload: type[events.Payload],
    designs: frozenset[DesignType] = ALL_DESIGNS,
) -> Transition:
    return Transition(act, frozenset(sources), target, payload, designs)


TRANSITIONS: tuple[Transition, ...] = (
    _row(Act.REGISTER, [Stage.DRAFT], Stage.REGISTERED, events.CycleRegistered),
    _row(Act.AMEND, BEFORE_FREEZE, Move.STAYS, events.ProtocolAmended),
    _row(Act.OPEN_RECRUITMENT, [Stage.REGISTERED], Stage.RECRUITING, events.RecruitmentOpened, RANDOMISED),
    _row(Act.ALLOCATE, [Stage.RECRUITING], Stage.ALLOCATED, events.SitesAllocated, RANDOMISED),
    _row(Act.START_DELIVERY, [Stage.ALLOCATED], Stage.DELIVERING, events.DeliveryStarted, RANDOMISED),
    _row(Act.START_FOLLOW_UP, [Stage.DELIVERING], Stage.FOLLOWING_UP, events.FollowUpStarted, RANDOMISED),
    _row(Act.FREEZE, [Stage.FOLLOWING_UP], Stage.FROZEN, events.DataFrozen, RANDOMISED),
    _row(Act.FREEZE, [Stage.REGISTERED], Stage.FROZEN, events.DataFrozen, NOT_ALLOCATED),
    _row(Act.EVALUATE, [Stage.FROZEN], Stage.EVALUATED, events.CycleEvaluated),
    _row(Act.APPRAISE, [Stage.EVALUATED, Stage.DECIDED], Move.STAYS, events.CycleAppraised),
    _row(Act.DECIDE, [Stage.EVALUATED], Stage.DECIDED, events.CycleDecided),
    _row(Act.CLOSE, [Stage.DECIDED], Stage.CLOSED, events.CycleClosed),
    _row(Act.SUSPEND, STOPPABLE, Stage.SUSPENDED, events.CycleSuspended),
    _row(Act.RESUME, [Stage.SUSPENDED], Move.RETURNS, events.CycleResumed),
    _row(Act.WITHDRAW, [*STOPPABLE, Stage.SUSPENDED], Stage.WITHDRAWN, events.CycleWithdrawn),
)

NOT_TRANSITIONS: Mapping[Act, type[events.Payload]] = {
    Act.LOAD_DATA: events.DataLoaded,
    Act.BUILD_PANEL: events.PanelBuilt,
    Act.WRITE_DOSSIER: events.DossierWritten,
}
"""Acts that are recorded but change no cycle: two belong to the programme, one only reads."""

PROGRAMME_ACTS = frozenset({Act.LOAD_DATA, Act.BUILD_PANEL})
"""Acts that belong to no cycle."""


def payload_of(act: Act) -> type[events.Payload]:
    """The payload that records `act`."""
    return NOT_TRANSITIONS.get(act) or next(row.payload for row in TRANSITIONS if row.act == act)


def act_of(payload: type[events.Payload]) -> Act:
    """The act that `payload` records."""
    return next(act for act in Act if payload_of(act) is payload)


def transition(act: Act, stage: Stage, *, design: DesignType | None = None) -> Transition | None:
    """The row for `act` in `stage`, or none. Without a `design`, any design's row will do."""
    return next((row for row in _rows(act, design) if stage in row.sources), None)


def sources_of(act: Act, *, design: DesignType) -> tuple[Stage, ...]:
    """The stages in which `act` is possible for `design`, in the order of the path."""
    reachable = {*path_for(design), *ASIDE}
    return tuple(stage for stage in Stage if stage in reachable and transition(act, stage, design=design))


def acts_in(stage: Stage, *, design: DesignType) -> tuple[Act, ...]:
    """What can be done with a cycle in `stage`: first the step forward, then the rest in the order of the acts."""
    possible = [row for act in Act if (row := transition(act, stage, design=design))]
    return tuple(row.act for row in sorted(possible, key=lambda row: not row.goes_forward))


def path_for(design: DesignType) -> tuple[Stage, ...]:
    """The stages of a cycle of this design from draft to closed."""
    path = [Stage.DRAFT]
    while path[-1] not in ENDS:
        path.append(_step_forward(path[-1], design))
    return tuple(path)


def mermaid_diagram() -> str:
    """The table as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2", *(f'    state "{s.words}" as {_node(s)}' for s in Stage if "-" in s)]
    lines.append(f"    [*] --> {_node(Stage.DRAFT)}")
    lines += [line for row in TRANSITIONS for line in _edges(row)]
    lines += [f"    {_node(stage)} --> [*]" for stage in Stage if stage in ENDS]
    return "\n".join(lines) + "\n"


def _rows(act: Act, design: DesignType | None) -> list[Transition]:
    return [row for row in TRANSITIONS if row.act == act and (design is None or design in row.designs)]


def _step_forward(stage: Stage, design: DesignType) -> Stage:
    (target,) = {
        row.target
        for row in TRANSITIONS
        if row.goes_forward and stage in row.sources and design in row.designs and isinstance(row.target, Stage)
    }
    return target


def _edges(row: Transition) -> list[str]:
    note = {RANDOMISED: " (allocated)", NOT_ALLOCATED: " (not allocated)"}.get(row.designs, "")
    sources = [stage for stage in Stage if stage in row.sources]
    if row.target is Move.RETURNS:
        pairs = [(Stage.SUSPENDED, stage) for stage in STOPPABLE]
    else:
        pairs = [(stage, row.target if isinstance(row.target, Stage) else stage) for stage in sources]
    return [f"    {_node(source)} --> {_node(target)}: {row.act.words}{note}" for source, target in pairs]


def _node(stage: Stage) -> str:
    return stage.value.replace("-", "_")
