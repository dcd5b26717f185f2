"""Events of what is learnt beyond one cycle: forecasts, evidence, priorities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from enginehouse.ledger.events.base import Payload, Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastsScored(Payload):
    """The signatories' forecasts were set against the result."""

    type: ClassVar[str] = "forecasts-scored"
    scores: Sha256
    evaluation: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePosted(Payload):
    """The result entered the evidence library; what it was, whatever it was."""

    type: ClassVar[str] = "evidence-posted"
    study: Sha256
    evaluation: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class PrioritiesWeighed(Payload):
    """The candidates were weighed with the evidence and the panel of that day."""

    type: ClassVar[str] = "priorities-weighed"
    priorities: Sha256
    evidence: Sha256
    panel: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityOverridden(Payload):
    """People decided otherwise than the rule, and said why."""

    type: ClassVar[str] = "priority-overridden"
    candidate: str
    computed: str
    chosen: str
    reason: str
    priorities: Sha256


EVIDENCE_EVENTS: tuple[type[Payload], ...] = (
    ForecastsScored,
    EvidencePosted,
    PrioritiesWeighed,
    PriorityOverridden,
)
