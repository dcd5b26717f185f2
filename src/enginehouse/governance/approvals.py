"""The register of approvals: which of those that a protocol requires are in force on a day.

Nothing is allocated or sent while one is missing. A rehearsal requires none (`rules`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from enginehouse.governance.commands import command
from enginehouse.governance.lack import Lack
from enginehouse.governance.recorded import Approval
from enginehouse.governance.rules import CycleRules
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState


class Standing(StrEnum):
    """How a required approval stands on a day."""

    IN_FORCE = "in force"
    MISSING = "missing"
    EXPIRED = "expired"
    NOT_YET = "not yet in force"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalStanding:
    """One required approval on one day.

    `since` is the day from which it has been so; `None` for one that was never given. `until` is the first day on
    which one in force no longer is; `None` when it does not expire.
    """

    name: str
    standing: Standing
    reference: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def words(self) -> str:
        """What a sentence says of it."""
        return _WORDS[self.standing].format(name=self.name, since=self.since)


_WORDS = {
    Standing.IN_FORCE: "the approval '{name}' is in force since {since}",
    Standing.MISSING: "the approval '{name}' was never given",
    Standing.EXPIRED: "the approval '{name}' expired on {since}",
    Standing.NOT_YET: "the approval '{name}' is in force from {since} on only",
}


def approvals_on(state: CycleState, rules: CycleRules, day: date) -> tuple[ApprovalStanding, ...]:
    """Every approval that the protocol requires, as it stands on `day`, in the protocol's order."""
    return tuple(
        _standing(name, [given for given in state.approvals if given.name == name], day) for name in rules.approvals
    )


def lacking_approvals(state: CycleState, rules: CycleRules, on: date) -> Iterator[Lack]:
    """Every required approval that is not in force."""
    for found in approvals_on(state, rules, on):
        if found.standing is not Standing.IN_FORCE:
            yield Lack(
                f"On {on} {found.words}: nothing is allocated or sent without it.",
                f"Record the approval with its reference once it is given ({command(Act.RECORD_APPROVAL)}).",
            )


def _standing(name: str, given: Sequence[Approval], day: date) -> ApprovalStanding:
    """A renewal counts beside the approval that it renews: the one that lasts longest speaks."""
    holding = [approval for approval in given if approval.holds(day)]
    if holding:
        best = max(holding, key=lambda approval: approval.expires_on or date.max)
        return _stands(best, Standing.IN_FORCE, since=best.given_on, until=best.expires_on)
    lapsed = [approval for approval in given if approval.expires_on is not None and approval.expires_on <= day]
    if lapsed:
        latest = max(lapsed, key=lambda approval: approval.expires_on or date.min)
        return _stands(latest, Standing.EXPIRED, since=latest.expires_on)
    if given:
        first = min(given, key=lambda approval: approval.given_on)
        return _stands(first, Standing.NOT_YET, since=first.given_on)
    return ApprovalStanding(name=name, standing=Standing.MISSING)


def _stands(
    approval: Approval, standing: Standing, *, since: date | None, until: date | None = None
) -> ApprovalStanding:
    return ApprovalStanding(
        name=approval.name, standing=standing, reference=approval.reference, since=since, until=until
    )
