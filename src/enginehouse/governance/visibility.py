"""Which documents each role may read in which stage: one table; and the rule that no estimate precedes the freeze.

The rule behind the table: **outcome joined with arm is unreadable before the freeze**. So until then whatever tells an
arm is open only to those who deliver, the panel only to those who analyse, and nobody holds both, not even one person
with two roles. Two kinds of document join them by their nature: a wave shows each site its own outcome beside what its
arm gets, and is open to those who release it, who cannot read the panel; a registered look at harms is open to the
governance officer alone. On one's own machine this is policy and evidence, not cryptography.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.commands import command
from enginehouse.governance.permissions import HasRoles, role_words
from enginehouse.governance.stages import AFTER_FREEZE, ENDS, Act, Stage
from enginehouse.governance.state import CycleState
from enginehouse.programme.enums import Role


class DocumentKind(StrEnum):
    """What the documents of a cycle and of its programme are."""

    PRIORITIES = "priorities"
    EVIDENCE = "evidence"
    DESIGN_REPORT = "design-report"
    PROTOCOL = "protocol"
    CONTRACT = "contract"
    DATA_QUALITY = "data-quality"
    PANEL = "panel"
    NOTICE = "notice"
    ROSTER = "roster"
    PLAN = "plan"
    BALANCE = "balance"
    ALLOCATION = "allocation"
    LISTS = "lists"
    MANIFEST = "manifest"
    BUNDLE = "bundle"
    DELIVERY_STATES = "delivery-states"
    CONTACTS = "contacts"
    EXPOSURE = "exposure"
    MONITORING = "monitoring"
    HARMS = "harms"
    EVALUATION = "evaluation"
    UNREGISTERED = "unregistered-analysis"
    APPRAISAL = "appraisal"
    DECISION = "decision"
    FORECASTS = "forecasts"
    DOSSIER = "dossier"

    @property
    def words(self) -> str:
        """How a sentence calls it."""
        return self.value.replace("-", " ")


_EVERYONE = frozenset(Role)
_NOBODY: frozenset[Role] = frozenset()
_ANALYSE = frozenset({Role.ANALYST, Role.STATISTICIAN})
_DELIVER = frozenset({Role.PROGRAMME_MANAGER})
_RELEASE = _DELIVER | {Role.GOVERNANCE_OFFICER}
_INSPECT = frozenset({Role.GOVERNANCE_OFFICER, Role.AUDITOR})


def _stages(*groups: tuple[tuple[Stage, ...], frozenset[Role]]) -> Mapping[Stage, frozenset[Role]]:
    """Every stage with its readers; nobody where no group names it."""
    named = {stage: roles for stages, roles in groups for stage in stages}
    return {stage: named.get(stage, _NOBODY) for stage in Stage}


_STOPPED = (Stage.SUSPENDED, Stage.WITHDRAWN)
_ALLOCATED = (Stage.ALLOCATED, Stage.DELIVERING, Stage.FOLLOWING_UP, *_STOPPED)
_RECRUITED = (Stage.RECRUITING, *_ALLOCATED, *AFTER_FREEZE)
_EVALUATED = (Stage.EVALUATED, Stage.DECIDED, Stage.CLOSED)
_DECIDED = (Stage.DECIDED, Stage.CLOSED)
_RECORDED = tuple(stage for stage in Stage if stage is not Stage.DRAFT)
_ALWAYS = _stages((tuple(Stage), _EVERYONE))
# Whatever tells a site's arm: those who deliver until the freeze, then those who analyse and inspect as well.
_TELLS_ARMS = _stages((_ALLOCATED, _DELIVER), (AFTER_FREEZE, _ANALYSE | _DELIVER | _INSPECT))
_WAVES = _stages((_ALLOCATED, _RELEASE), (AFTER_FREEZE, _ANALYSE | _DELIVER | _INSPECT))
_RESULTS = _stages((_EVALUATED, _EVERYONE))

VISIBILITY: Mapping[DocumentKind, Mapping[Stage, frozenset[Role]]] = {
    DocumentKind.PRIORITIES: _ALWAYS,
    DocumentKind.EVIDENCE: _ALWAYS,
    DocumentKind.DESIGN_REPORT: _ALWAYS,
    DocumentKind.PROTOCOL: _ALWAYS,
    DocumentKind.CONTRACT: _ALWAYS,
    DocumentKind.DATA_QUALITY: _ALWAYS,
    DocumentKind.PANEL: _stages((tuple(Stage), _ANALYSE), (AFTER_FREEZE, _ANALYSE | _INSPECT)),
    DocumentKind.NOTICE: _stages((_RECRUITED, _EVERYONE)),
    # Sites and their baseline, no arm: whoever plans, delivers or inspects.
    DocumentKind.ROSTER: _stages((_RECRUITED, _ANALYSE | _DELIVER | _INSPECT)),
    DocumentKind.PLAN: _stages((_RECRUITED, _ANALYSE | _DELIVER | _INSPECT)),
    # Counts and baseline means of each arm, of no single site.
    DocumentKind.BALANCE: _stages((_ALLOCATED, _EVERYONE), (AFTER_FREEZE, _EVERYONE)),
    DocumentKind.ALLOCATION: _TELLS_ARMS,
    DocumentKind.LISTS: _TELLS_ARMS,
    DocumentKind.MANIFEST: _WAVES,
    DocumentKind.BUNDLE: _WAVES,
    DocumentKind.DELIVERY_STATES: _TELLS_ARMS,
    DocumentKind.CONTACTS: _TELLS_ARMS,
    DocumentKind.EXPOSURE: _TELLS_ARMS,
    # Pooled over the arms.
    DocumentKind.MONITORING: _stages((_ALLOCATED, _EVERYONE), (AFTER_FREEZE, _EVERYONE)),
    DocumentKind.HARMS: _stages(
        (_ALLOCATED, frozenset({Role.GOVERNANCE_OFFICER})), ((Stage.FROZEN,), _INSPECT), (_EVALUATED, _EVERYONE)
    ),
    DocumentKind.EVALUATION: _RESULTS,
    DocumentKind.UNREGISTERED: _RESULTS,
    DocumentKind.APPRAISAL: _RESULTS,
    DocumentKind.DECISION: _stages((_DECIDED, _EVERYONE)),
    DocumentKind.FORECASTS: _RESULTS,
    DocumentKind.DOSSIER: _stages((_RECORDED, _EVERYONE)),
}
"""Document x stage -> roles that may read it. While suspended or withdrawn, only what was open before the freeze is."""

TELLS_OUTCOMES = frozenset({DocumentKind.PANEL})
"""Outcomes of every site, without arms."""

TELLS_ARMS = frozenset(
    {
        DocumentKind.ALLOCATION,
        DocumentKind.LISTS,
        DocumentKind.MANIFEST,
        DocumentKind.BUNDLE,
        DocumentKind.DELIVERY_STATES,
        DocumentKind.CONTACTS,
        DocumentKind.EXPOSURE,
        DocumentKind.HARMS,
    }
)
"""Whatever tells, or lets one guess, the arm of a site, or compares arms. Closed until the freeze to whoever may read
outcomes: one person may hold two roles."""

OPENS: Mapping[Act, DocumentKind] = {
    Act.EXPORT_LISTS: DocumentKind.LISTS,
    Act.PREPARE_WAVE: DocumentKind.BUNDLE,
    Act.APPROVE_WAVE: DocumentKind.BUNDLE,
    Act.SEND_WAVE: DocumentKind.BUNDLE,
    Act.NOTE_DELIVERY: DocumentKind.DELIVERY_STATES,
    Act.LOG_CONTACTS: DocumentKind.CONTACTS,
    Act.IMPORT_EXPOSURE: DocumentKind.EXPOSURE,
    Act.LOOK_AT_HARMS: DocumentKind.HARMS,
}
"""Acts that put a document that tells arms before whoever does them: the permission to act is not enough."""


def may_read(document: DocumentKind, *, stage: Stage, roles: frozenset[Role]) -> bool:
    """Whether someone with these roles may read the document in this stage."""
    return bool(VISIBILITY[document][stage] & roles) and not _would_unblind(document, stage, roles)


def readable(*, stage: Stage, roles: frozenset[Role]) -> frozenset[DocumentKind]:
    """Every document that someone with these roles may read in this stage."""
    return frozenset(document for document in DocumentKind if may_read(document, stage=stage, roles=roles))


def check_may_read(document: DocumentKind, *, state: CycleState, person: HasRoles) -> None:
    """Refuse to open a document, saying who may read it and when."""
    if may_read(document, stage=state.stage, roles=person.roles):
        return
    readers = VISIBILITY[document][state.stage]
    if readers & person.roles:
        reason = f"'{person.id}' can read the panel, and outcomes joined with arms stay closed until the freeze."
        raise NotAllowed(reason, where=document, remedy=f"Ask a {role_words(readers)} without other roles.")
    raise NotAllowed(
        f"'{person.id}' ({role_words(person.roles) or 'no role'}) may not read the {document.words} "
        f"of a cycle that is {state.stage.words}.",
        where=document,
        remedy=_who_may(document, state.stage, person.roles),
    )


def check_may_open(act: Act, *, state: CycleState, person: HasRoles) -> None:
    """Refuse an act that would show its person what they may not read, whichever of their roles permits the act."""
    if act in OPENS:
        check_may_read(OPENS[act], state=state, person=person)


def arms_without_result(state: CycleState) -> bool:
    """Whether sites have arms, the data are not yet fixed, and the cycle may still come to a result."""
    return state.is_allocated and state.panel is None and state.stage not in ENDS


def opens_arms(*, stage: Stage, roles: frozenset[Role]) -> bool:
    """Whether someone with these roles may open a document that tells arms, or lets one guess them."""
    return any(may_read(document, stage=stage, roles=roles) for document in OPENS.values())


def check_may_see_outcomes(state: CycleState, person: HasRoles, *, what: str, instead: str) -> None:
    """Refuse outcomes by site to whoever may open the arms; `what` names them, `instead` what is open all the same."""
    if arms_without_result(state) and opens_arms(stage=state.stage, roles=person.roles):
        raise NotAllowed(
            f"'{person.id}' ({role_words(person.roles)}) may open who is in which arm, and outcomes joined with arms "
            f"stay closed until the freeze. {what}",
            where=DocumentKind.PANEL,
            remedy=instead,
        )


def check_may_estimate(state: CycleState) -> None:
    """Refuse any estimate before the data are frozen."""
    if state.is_frozen:
        return
    remedy = {
        Stage.SUSPENDED: f"Next possible step: resume the cycle ({command(Act.RESUME)}).",
        Stage.WITHDRAWN: "The cycle is withdrawn: nothing follows.",
        Stage.DRAFT: f"Next possible step: register the protocol ({command(Act.REGISTER)}).",
    }.get(state.stage, f"Freeze the data first ({command(Act.FREEZE)}).")
    raise NotAllowed(
        f"no estimate exists before the data are frozen, and the cycle is {state.stage.words}.",
        where="evaluate",
        remedy=remedy,
    )


def _would_unblind(document: DocumentKind, stage: Stage, roles: frozenset[Role]) -> bool:
    if document not in TELLS_ARMS or stage in AFTER_FREEZE:
        return False
    return any(VISIBILITY[outcomes][stage] & roles for outcomes in TELLS_OUTCOMES)


def _who_may(document: DocumentKind, stage: Stage, roles: frozenset[Role]) -> str:
    now = VISIBILITY[document][stage]
    if now:
        return f"Now it is open to: {role_words(now)}."
    later = next((s for s in Stage if VISIBILITY[document][s] & roles), None)
    return f"It opens when the cycle is {later.words}." if later else "It is never open to this role."
