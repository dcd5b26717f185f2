"""The parts of a cycle's state: what single events left behind. How they are folded together is in `fold`.

Documents are named by their SHA-256. People are named as the record names them; `person_of` gives the bare id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from enginehouse.governance.stages import Act, Stage
from enginehouse.programme.enums import OptOutScope


def person_of(actor: str) -> str:
    """The person's id, without the way in which the record came to know it (`asserted:ann` is `ann`)."""
    return actor.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Done:
    """One act of the cycle's history and the stage that it left behind."""

    seq: int
    act: Act
    stage: Stage
    actor: str
    effective_on: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Amendment:
    """One open change of a locked protocol; `proposed_by` is the first of two people, where it took two."""

    effective_on: date
    actor: str
    previous_hash: str
    protocol_hash: str
    changes: tuple[str, ...]
    reason: str
    after_allocation: bool = False
    proposed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, why, and who dissented."""

    decision: str
    reason: str
    dissent: str
    actor: str
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The first of two people proposed `act` on this subject; it is open until the act is done or proposed anew."""

    act: Act
    subject: str
    actor: str
    effective_on: date
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval, in force from `given_on` (inclusive) to `expires_on` (exclusive; `None`: it does not expire)."""

    name: str
    reference: str
    given_on: date
    expires_on: date | None
    actor: str

    def holds(self, day: date) -> bool:
        """Whether it is in force on `day`."""
        return self.given_on <= day and (self.expires_on is None or day < self.expires_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """A site opted out of one thing, on a day, before or after sites were allocated."""

    site: str
    scope: OptOutScope
    reason: str
    effective_on: date
    after_allocation: bool
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One person signed one version of the decision contract."""

    person: str
    contract: str
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """A roster and the accepted schemes, fixed, with the commitment to a seed. Every one stays; the last one counts.

    `smallest_p` is decimal text, as in the record. `seed_by_hand` when its owner chose the seed.
    """

    roster: str
    plan: str
    accepted_set: str
    accepted: int
    smallest_p: str
    seed_commitment: str
    seed_by_hand: bool = False
    actor: str
    effective_on: date
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Sites whose reports left together, and the day."""

    effective_on: date
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One issue of feedback as it stands: what was prepared last, who approved exactly that, and what has left."""

    number: int
    manifest: str
    bundle: str
    panel: str
    sites: tuple[str, ...]
    """Those that a report was made for."""
    warnings: int
    prepared_by: str
    prepared_on: date
    approved_by: str | None = None
    approved_on: date | None = None
    batches: tuple[Batch, ...] = ()
    seq: int = 0
    """The entry of the record that prepared it."""

    @property
    def reports(self) -> int:
        """How many reports were made."""
        return len(self.sites)

    @property
    def is_approved(self) -> bool:
        """Whether somebody released exactly what is prepared now."""
        return self.approved_by is not None

    @property
    def sent_on(self) -> Mapping[str, date]:
        """Site -> the day on which its report left, in the order in which they left."""
        return {site: batch.effective_on for batch in self.batches for site in batch.sites}

    @property
    def sent(self) -> frozenset[str]:
        """Sites whose report left."""
        return frozenset(self.sent_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A document that was recorded beside the steps, what it is about, and the day.

    `about` is a wave (`wave-1`), a strategy, a last month, or a reason, as the kind of event has it.
    """

    document: str
    about: str
    count: int
    actor: str
    effective_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class UnregisteredAnalysis:
    """An analysis that was not registered: what it was, and why it was run."""

    analysis: str
    what: str
    reason: str
    actor: str
    effective_on: date
