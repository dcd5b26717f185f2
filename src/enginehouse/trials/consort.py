"""Counts from the register to the roster, for the flow diagram of a cluster trial. No site is chosen here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ExclusionReason(StrEnum):
    """Why a site that was assessed is not eligible; each site has the first that holds."""

    LEFT_OUT = "in a place that the protocol leaves out"
    NOT_OPEN = "not open when the trial starts"
    UNKNOWN_ATTRIBUTE = "an attribute that eligibility asks for is not known"
    OUT_OF_RANGE = "an attribute is outside its limits"
    NO_BASELINE = "no baseline data of the primary indicator"
    TOO_FEW_MONTHS = "too few baseline months of the primary indicator"
    NO_NETWORK = "belongs to no network"
    OTHER_CYCLE = "takes part in another cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One site that is not eligible, why, and the detail that a reader needs to check it."""

    site: str
    reason: ExclusionReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """How many sites were excluded for one reason."""

    reason: ExclusionReason
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCount:
    """How many sites of one network (or of none: an empty name) were assessed, eligible and are on the roster."""

    network: str
    assessed: int
    eligible: int
    opted_out: int
    on_roster: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Consort:
    """From the register to the roster.

    `assessed` are the sites in the places that the protocol means; `elsewhere` counts the other sites of the register.
    assessed = excluded + eligible, eligible = opted out + on roster.
    """

    registered: int
    elsewhere: int
    assessed: int
    excluded: int
    by_reason: tuple[ReasonCount, ...]
    eligible: int
    opted_out_of_randomisation: int
    opted_out_of_data_use: int
    opted_out: int
    on_roster: int
    opted_out_of_feedback_only: int
    by_network: tuple[NetworkCount, ...]
