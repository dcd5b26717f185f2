"""What a dossier needs to know of the record, as plain facts: `cycle` reads them from events, documents print them."""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.programme.enums import NumeratorKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFact:
    """One snapshot that the panel was built from."""

    name: str
    snapshot: str
    files: int
    rows: int
    quarantined: int
    attribution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultFact:
    """Something wrong with the data that a reader should know."""

    severity: str
    source: str
    what: str
    count: int
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentFact:
    """An open change of the locked protocol. `on` is YYYY-MM-DD, as all days here."""

    on: str
    by: str
    changes: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFact:
    """What was decided after the verdict."""

    on: str
    by: str
    decision: str
    reason: str
    dissent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFacts:
    """The record of one cycle, and whom to name. People are named as the programme names them.

    `noun` is what the exposed sites' members are called, in the plural; `left_out` says of which rows there were
    none in the panel, and why.
    """

    programme: str
    cycle: str
    registered_on: str
    registered_by: str
    retrospective: bool
    frozen_on: str
    last_month: str
    evaluated_on: str
    software: str
    head_seq: int
    head_hash: str
    protocol: str
    definitions: str
    panel: str
    evaluation: str
    appraisal: str = ""
    noun: str = "practices"
    primary_is_proportion: bool = False
    primary_numerator_kind: NumeratorKind = NumeratorKind.QUANTITY
    synthetic: bool = False
    amendments: tuple[AmendmentFact, ...] = ()
    decision: DecisionFact | None = None
    sources: tuple[SourceFact, ...] = ()
    faults: tuple[FaultFact, ...] = ()
    left_out: tuple[str, ...] = ()
