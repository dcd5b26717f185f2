"""The outcomes of a protocol with their roles, and whether their definitions are at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from enginehouse.core.errors import UserError
from enginehouse.evaluation.results import OutcomeRole
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol


def outcome_roles(protocol: Protocol) -> dict[str, OutcomeRole]:
    """Each indicator of the protocol with its first role, primary first."""
    roles: dict[str, OutcomeRole] = {}
    for role, names in (
        (OutcomeRole.PRIMARY, (protocol.indicator,)),
        (OutcomeRole.SECONDARY, protocol.secondary),
        (OutcomeRole.UNTARGETED, protocol.untargeted),
        (OutcomeRole.BALANCING, protocol.balancing),
    ):
        for name in names:
            roles.setdefault(name, role)
    return roles


def check_definitions(names: Iterable[str], indicators: Mapping[str, Indicator]) -> None:
    """Whether every outcome has its locked definition.

    Raises
    ------
    UserError
        One is missing.
    """
    missing = [name for name in names if name not in indicators]
    if missing:
        raise UserError(
            f"no definition was given of {', '.join(missing)}.",
            where="indicators",
            remedy="Evaluate with the definitions that were locked with the protocol.",
        )


def unmeasured_truth(indicator: str) -> UserError:
    """A planted effect in something that the protocol does not measure."""
    return UserError(
        f"got a planted truth for '{indicator}', which the protocol does not evaluate.",
        where="protocol.yaml  truth",
        remedy="Name the primary, a secondary, an untargeted or a balancing indicator.",
    )
