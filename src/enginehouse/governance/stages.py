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
    WEIGH_PRIORITIES = "weigh-priorities"
    OVERRIDE_PRIORITY = "override-priority"
    COMPARE_DESIGNS = "compare-designs"
    PROPOSE = "propose"
    REGISTER = "register"
    AMEND = "amend"
    RECORD_APPROVAL = "record-approval"
    SIGN_CONTRACT = "sign-contract"
    OPEN_RECRUITMENT = "open-recruitment"
    RECORD_OPT_OUT = "record-opt-out"
    PREPARE_ALLOCATION = "prepare-allocation"
    ALLOCATE = "allocate"
    EXPORT_LISTS = "export-lists"
    START_DELIVERY = "start-delivery"
    PREPARE_WAVE = "prepare-wave"
    APPROVE_WAVE = "approve-wave"
    SEND_WAVE = "send-wave"
    NOTE_DELIVERY = "note-delivery"
    LOG_CONTACTS = "log-contacts"
    IMPORT_EXPOSURE = "import-exposure"
    MONITOR = "monitor"
    LOOK_AT_HARMS = "look-at-harms"
    START_FOLLOW_UP = "start-follow-up"
    FREEZE = "freeze"
    EVALUATE = "evaluate"
    ANALYSE_UNREGISTERED = "analyse-unregistered"
    APPRAISE = "appraise"
    DECIDE = "decide"
    SCORE_FORECASTS = "score-forecasts"
    POST_EVIDENCE = "post-evidence"
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

_TRIAL_RUNS = (Stage.ALLOCATED, Stage.DELIVERING, Stage.FOLLOWING_UP)
_REPORTS_OUT = (Stage.DELIVERING, Stage.FOLLOWING_UP)
_RESULT_EXISTS = (Stage.EVALUATED, Stage.DECIDED, Stage.CLOSED)

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
    # A draft may be compared, approved and proposed: its record begins then, and it stays a draft. What can be
    # proposed in which stage is what can be done in it (`payload_checks`).
    _row(
        Act.COMPARE_DESIGNS,
        [Stage.DRAFT, Stage.REGISTERED, Stage.RECRUITING],
        Move.STAYS,
        events.DesignCompared,
        RANDOMISED,
    ),
    _row(Act.PROPOSE, [Stage.DRAFT, *BEFORE_FREEZE], Move.STAYS, events.ActProposed, RANDOMISED),
    _row(Act.REGISTER, [Stage.DRAFT], Stage.REGISTERED, events.CycleRegistered),
    _row(Act.AMEND, BEFORE_FREEZE, Move.STAYS, events.ProtocolAmended),
    # An approval may lapse, and a site may opt out, while the cycle stands still.
    _row(Act.RECORD_APPROVAL, [Stage.DRAFT, *BEFORE_FREEZE, Stage.SUSPENDED], Move.STAYS, events.ApprovalRecorded),
    _row(Act.SIGN_CONTRACT, [Stage.REGISTERED, Stage.RECRUITING], Move.STAYS, events.ContractSigned),
    _row(Act.OPEN_RECRUITMENT, [Stage.REGISTERED], Stage.RECRUITING, events.RecruitmentOpened, RANDOMISED),
    # What was frozen stays frozen, yet a site that opts out then is heard: the record says so beside the result.
    _row(
        Act.RECORD_OPT_OUT,
        [*BEFORE_FREEZE, Stage.FROZEN, Stage.SUSPENDED],
        Move.STAYS,
        events.OptOutRecorded,
        RANDOMISED,
    ),
    _row(Act.PREPARE_ALLOCATION, [Stage.RECRUITING], Move.STAYS, events.AllocationPrepared, RANDOMISED),
    _row(Act.ALLOCATE, [Stage.RECRUITING], Stage.ALLOCATED, events.SitesAllocated, RANDOMISED),
    _row(Act.EXPORT_LISTS, [Stage.ALLOCATED, Stage.DELIVERING], Move.STAYS, events.ListsExported, RANDOMISED),
    _row(Act.START_DELIVERY, [Stage.ALLOCATED], Stage.DELIVERING, events.DeliveryStarted, RANDOMISED),
    _row(Act.PREPARE_WAVE, [Stage.ALLOCATED, Stage.DELIVERING], Move.STAYS, events.WavePrepared, RANDOMISED),
    _row(Act.APPROVE_WAVE, [Stage.ALLOCATED, Stage.DELIVERING], Move.STAYS, events.WaveApproved, RANDOMISED),
    _row(Act.SEND_WAVE, [Stage.DELIVERING], Move.STAYS, events.ReportsSent, RANDOMISED),
    _row(Act.NOTE_DELIVERY, _REPORTS_OUT, Move.STAYS, events.DeliveryNoted, RANDOMISED),
    _row(Act.LOG_CONTACTS, _REPORTS_OUT, Move.STAYS, events.ContactsLogged, RANDOMISED),
    _row(Act.IMPORT_EXPOSURE, _REPORTS_OUT, Move.STAYS, events.ExposureImported, RANDOMISED),
    _row(Act.MONITOR, _TRIAL_RUNS, Move.STAYS, events.CycleMonitored, RANDOMISED),
    _row(Act.LOOK_AT_HARMS, _TRIAL_RUNS, Move.STAYS, events.HarmsLooked, RANDOMISED),
    _row(Act.START_FOLLOW_UP, [Stage.DELIVERING], Stage.FOLLOWING_UP, events.FollowUpStarted, RANDOMISED),
    _row(Act.FREEZE, [Stage.FOLLOWING_UP], Stage.FROZEN, events.DataFrozen, RANDOMISED),
    _row(Act.FREEZE, [Stage.REGISTERED], Stage.FROZEN, events.DataFrozen, NOT_ALLOCATED),
    _row(Act.EVALUATE, [Stage.FROZEN], Stage.EVALUATED, events.CycleEvaluated),
    _row(Act.ANALYSE_UNREGISTERED, _RESULT_EXISTS, Move.STAYS, events.UnregisteredAnalysed),
    _row(Act.APPRAISE, [Stage.EVALUATED, Stage.DECIDED], Move.STAYS, events.CycleAppraised),
    _row(Act.DECIDE, [Stage.EVALUATED], Stage.DECIDED, events.CycleDecided),
    _row(Act.SCORE_FORECASTS, _RESULT_EXISTS, Move.STAYS, events.ForecastsScored),
    _row(Act.POST_EVIDENCE, _RESULT_EXISTS, Move.STAYS, events.EvidencePosted),
    _row(Act.CLOSE, [Stage.DECIDED], Stage.CLOSED, events.CycleClosed),
    _row(Act.SUSPEND, STOPPABLE, Stage.SUSPENDED, events.CycleSuspended),
    _row(Act.RESUME, [Stage.SUSPENDED], Move.RETURNS, events.CycleResumed),
    _row(Act.WITHDRAW, [*STOPPABLE, Stage.SUSPENDED], Stage.WITHDRAWN, events.CycleWithdrawn),
)

NOT_TRANSITIONS: Mapping[Act, type[events.Payload]] = {
    Act.LOAD_DATA: events.DataLoaded,
    Act.BUILD_PANEL: events.PanelBuilt,
    Act.WEIGH_PRIORITIES: events.PrioritiesWeighed,
    Act.OVERRIDE_PRIORITY: events.PriorityOverridden,
    Act.WRITE_DOSSIER: events.DossierWritten,
}
"""Acts that are recorded but change no cycle: the programme's own, and one that only reads."""

PROGRAMME_ACTS = frozenset({Act.LOAD_DATA, Act.BUILD_PANEL, Act.WEIGH_PRIORITIES, Act.OVERRIDE_PRIORITY})
"""Acts that belong to no cycle."""

STEPS_THAT_STAY = frozenset(
    {Act.AMEND, Act.PREPARE_ALLOCATION, Act.PREPARE_WAVE, Act.APPROVE_WAVE, Act.SEND_WAVE, Act.APPRAISE}
)
"""Acts that leave the stage as it is and are yet steps of a cycle: named among the next steps, drawn in the diagram."""

ALONGSIDE = frozenset(row.act for row in TRANSITIONS if row.target is Move.STAYS) - STEPS_THAT_STAY
"""What goes on beside the steps, whenever it comes: approvals, opt-outs, contacts, monitoring. No step waits for it
to be named."""


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
    """The steps of a cycle in `stage`: first the step forward, then the rest in the order of the acts."""
    possible = [row for act in Act if act not in ALONGSIDE and (row := transition(act, stage, design=design))]
    return tuple(row.act for row in sorted(possible, key=lambda row: not row.goes_forward))


def acts_alongside(stage: Stage, *, design: DesignType) -> tuple[Act, ...]:
    """What else may be recorded in `stage`, in the order of the acts."""
    return tuple(act for act in Act if act in ALONGSIDE and transition(act, stage, design=design))


def path_for(design: DesignType) -> tuple[Stage, ...]:
    """The stages of a cycle of this design from draft to closed."""
    path = [Stage.DRAFT]
    while path[-1] not in ENDS:
        path.append(_step_forward(path[-1], design))
    return tuple(path)


def mermaid_diagram() -> str:
    """The table as a Mermaid state diagram, for the docs. What goes on alongside is left out."""
    lines = ["stateDiagram-v2", *(f'    state "{s.words}" as {_node(s)}' for s in Stage if "-" in s)]
    lines.append(f"    [*] --> {_node(Stage.DRAFT)}")
    lines += [line for row in TRANSITIONS if row.act not in ALONGSIDE for line in _edges(row)]
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
