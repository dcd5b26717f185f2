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
_PLAN = frozenset({Role.STATISTICIAN, Role.PROGRAMME_MANAGER})
_DELIVERY = frozenset({Role.PROGRAMME_MANAGER})
_STOP = frozenset({Role.PROGRAMME_MANAGER, Role.GOVERNANCE_OFFICER})

PERMISSIONS: Mapping[Act, frozenset[Role]] = {
    Act.LOAD_DATA: _DATA,
    Act.BUILD_PANEL: _DATA,
    Act.REGISTER: _PLAN,
    Act.AMEND: _PLAN,
    Act.OPEN_RECRUITMENT: _DELIVERY,
    Act.ALLOCATE: frozenset({Role.STATISTICIAN}),
    Act.START_DELIVERY: _DELIVERY,
    Act.START_FOLLOW_UP: _DELIVERY,
    Act.FREEZE: _DATA,
    Act.EVALUATE: frozenset({Role.STATISTICIAN}),
    Act.APPRAISE: _DATA,
    Act.DECIDE: frozenset({Role.COMMISSIONER}),
    Act.CLOSE: frozenset({Role.COMMISSIONER, Role.PROGRAMME_MANAGER}),
    Act.SUSPEND: _STOP,
    Act.RESUME: _STOP,
    Act.WITHDRAW: _STOP,
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
