"""Which documents each role may read in which stage: one table; and the rule that no estimate precedes the freeze.

The rule behind the table: **outcome joined with arm is unreadable before the freeze**. So until then the allocation is
open only to those who deliver, the panel only to those who analyse, and nobody holds both, not even one person with
two roles. On one's own machine this is policy and evidence, not cryptography.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.permissions import HasRoles, role_words
from enginehouse.governance.stages import AFTER_FREEZE, Stage
from enginehouse.governance.state import CycleState
from enginehouse.programme.enums import Role


class DocumentKind(StrEnum):
    """What a cycle's documents are."""

    PROTOCOL = "protocol"
    DATA_QUALITY = "data-quality"
    PANEL = "panel"
    ALLOCATION = "allocation"
    EVALUATION = "evaluation"
    APPRAISAL = "appraisal"
    DECISION = "decision"
    DOSSIER = "dossier"

    @property
    def words(self) -> str:
        """How a sentence calls it."""
        return self.value.replace("-", " ")


_EVERYONE = frozenset(Role)
_NOBODY: frozenset[Role] = frozenset()
_ANALYSE = frozenset({Role.ANALYST, Role.STATISTICIAN})
_DELIVER = frozenset({Role.PROGRAMME_MANAGER})
_INSPECT = frozenset({Role.GOVERNANCE_OFFICER, Role.AUDITOR})


def _stages(*groups: tuple[tuple[Stage, ...], frozenset[Role]]) -> Mapping[Stage, frozenset[Role]]:
    """Every stage with its readers; nobody where no group names it."""
    named = {stage: roles for stages, roles in groups for stage in stages}
    return {stage: named.get(stage, _NOBODY) for stage in Stage}


_ALLOCATED = (Stage.ALLOCATED, Stage.DELIVERING, Stage.FOLLOWING_UP, Stage.SUSPENDED, Stage.WITHDRAWN)
_EVALUATED = (Stage.EVALUATED, Stage.DECIDED, Stage.CLOSED)
_DECIDED = (Stage.DECIDED, Stage.CLOSED)
_RECORDED = tuple(stage for stage in Stage if stage is not Stage.DRAFT)

VISIBILITY: Mapping[DocumentKind, Mapping[Stage, frozenset[Role]]] = {
    DocumentKind.PROTOCOL: _stages((tuple(Stage), _EVERYONE)),
    DocumentKind.DATA_QUALITY: _stages((tuple(Stage), _EVERYONE)),
    DocumentKind.PANEL: _stages((tuple(Stage), _ANALYSE), (AFTER_FREEZE, _ANALYSE | _INSPECT)),
    DocumentKind.ALLOCATION: _stages((_ALLOCATED, _DELIVER), (AFTER_FREEZE, _ANALYSE | _DELIVER | _INSPECT)),
    DocumentKind.EVALUATION: _stages((_EVALUATED, _EVERYONE)),
    DocumentKind.APPRAISAL: _stages((_EVALUATED, _EVERYONE)),
    DocumentKind.DECISION: _stages((_DECIDED, _EVERYONE)),
    DocumentKind.DOSSIER: _stages((_RECORDED, _EVERYONE)),
}
"""Document x stage -> roles that may read it. While suspended or withdrawn, only what was open before the freeze is."""

# One person may hold two roles; the second of these is then closed to them until the freeze.
_NOT_TOGETHER_BEFORE_FREEZE = (DocumentKind.PANEL, DocumentKind.ALLOCATION)


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
    if VISIBILITY[document][state.stage] & person.roles:
        reason = f"'{person.id}' can read the panel, and outcomes joined with arms stay closed until the freeze."
        raise NotAllowed(reason, where=document, remedy=f"Ask a {role_words(_DELIVER)} without other roles.")
    raise NotAllowed(
        f"'{person.id}' ({role_words(person.roles) or 'no role'}) may not read the {document.words} "
        f"of a cycle that is {state.stage.words}.",
        where=document,
        remedy=_who_may(document, state.stage, person.roles),
    )


def check_may_estimate(state: CycleState) -> None:
    """Refuse any estimate before the data are frozen."""
    if state.is_frozen:
        return
    remedy = {
        Stage.SUSPENDED: "Next possible step: resume the cycle.",
        Stage.WITHDRAWN: "The cycle is withdrawn: nothing follows.",
        Stage.DRAFT: "Next possible step: register the protocol.",
    }.get(state.stage, "Freeze the data first.")
    raise NotAllowed(
        f"no estimate exists before the data are frozen, and the cycle is {state.stage.words}.",
        where="evaluate",
        remedy=remedy,
    )


def _would_unblind(document: DocumentKind, stage: Stage, roles: frozenset[Role]) -> bool:
    first, second = _NOT_TOGETHER_BEFORE_FREEZE
    return document is second and stage not in AFTER_FREEZE and bool(VISIBILITY[first][stage] & roles)


def _who_may(document: DocumentKind, stage: Stage, roles: frozenset[Role]) -> str:
    now = VISIBILITY[document][stage]
    if now:
        return f"Now it is open to: {role_words(now)}."
    later = next((s for s in Stage if VISIBILITY[document][s] & roles), None)
    return f"It opens when the cycle is {later.words}." if later else "It is never open to this role."
