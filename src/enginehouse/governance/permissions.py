"""Who may do what: one table of acts and roles. In which stage it may be done is in `policies`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.stages import Act
from enginehouse.programme.enums import Role


class HasRoles(Protocol):
    """A person as far as permissions go; `programme.people.Person` is one."""

    @property
    def id(self) -> str: ...
    @property
    def roles(self) -> frozenset[Role]: ...


_DATA = frozenset({Role.ANALYST, Role.STATISTICIAN})
_STATISTICS = frozenset({Role.STATISTICIAN})
_PLAN = frozenset({Role.STATISTICIAN, Role.PROGRAMME_MANAGER})
_DELIVERY = frozenset({Role.PROGRAMME_MANAGER})
_OVERSIGHT = frozenset({Role.PROGRAMME_MANAGER, Role.GOVERNANCE_OFFICER})
_BOARD = frozenset({Role.COMMISSIONER, Role.PROGRAMME_MANAGER})
# The second person of an allocation need not be a statistician: the sampler is fixed, and only its button is pressed.
_DRAW = frozenset({Role.STATISTICIAN, Role.GOVERNANCE_OFFICER})

PERMISSIONS: Mapping[Act, frozenset[Role]] = {
    Act.LOAD_DATA: _DATA,
    Act.BUILD_PANEL: _DATA,
    Act.WEIGH_PRIORITIES: _DATA,
    Act.OVERRIDE_PRIORITY: _BOARD,
    Act.COMPARE_DESIGNS: _DATA,
    # Whose proposal it may be depends on what is proposed: `two_people` checks that as well.
    Act.PROPOSE: _PLAN | _DRAW,
    Act.REGISTER: _PLAN,
    Act.AMEND: _PLAN,
    Act.RECORD_APPROVAL: _OVERSIGHT,
    # Signatories are named in the contract: `contract` checks that it is one of them.
    Act.SIGN_CONTRACT: frozenset(Role) - {Role.AUDITOR},
    Act.OPEN_RECRUITMENT: _DELIVERY,
    Act.RECORD_OPT_OUT: _OVERSIGHT,
    Act.PREPARE_ALLOCATION: _STATISTICS,
    Act.ALLOCATE: _DRAW,
    # These know the arm of a site, and so must not be able to read the panel (visibility.py).
    Act.EXPORT_LISTS: _DELIVERY,
    Act.START_DELIVERY: _DELIVERY,
    Act.PREPARE_WAVE: _DELIVERY,
    Act.APPROVE_WAVE: _OVERSIGHT,
    Act.SEND_WAVE: _DELIVERY,
    Act.NOTE_DELIVERY: _DELIVERY,
    Act.LOG_CONTACTS: _DELIVERY,
    Act.IMPORT_EXPOSURE: _DELIVERY,
    Act.MONITOR: _DATA | _DELIVERY,
    # By arm, before the end: someone who neither runs the analysis nor delivers.
    Act.LOOK_AT_HARMS: frozenset({Role.GOVERNANCE_OFFICER}),
    Act.START_FOLLOW_UP: _DELIVERY,
    Act.FREEZE: _DATA,
    Act.EVALUATE: _STATISTICS,
    Act.ANALYSE_UNREGISTERED: _DATA,
    Act.APPRAISE: _DATA,
    Act.DECIDE: frozenset({Role.COMMISSIONER}),
    Act.SCORE_FORECASTS: _DATA,
    Act.POST_EVIDENCE: _DATA,
    Act.CLOSE: _BOARD,
    Act.SUSPEND: _OVERSIGHT,
    Act.RESUME: _OVERSIGHT,
    Act.WITHDRAW: _OVERSIGHT,
    # A dossier holds only what every role may read at that stage (visibility.py).
    Act.WRITE_DOSSIER: frozenset(Role),
}


def may(act: Act, person: HasRoles) -> bool:
    """Whether one of the person's roles permits the act."""
    return bool(PERMISSIONS[act] & person.roles)


def check_permission(act: Act, person: HasRoles) -> None:
    """Refuse an act that none of the person's roles permits, saying whose it is."""
    if may(act, person):
        return
    allowed = role_words(PERMISSIONS[act])
    held = role_words(person.roles) or "no role"
    raise NotAllowed(
        f"'{person.id}' ({held}) may not {act.words}.",
        where=act,
        remedy=f"It takes the role {allowed}: ask a person who has it, or change the roles in people.csv.",
    )


def role_words(roles: frozenset[Role]) -> str:
    """Roles as a list in words, in a fixed order."""
    return " or ".join(role.value.replace("-", " ") for role in Role if role in roles)
