"""Two published checklists, StaRI and TIDieR: each item points to a field of the record, or says *not recorded*.

What an item asks for is in `messages/checklists.yaml`; where the record has it, and when it does, is the table here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from enginehouse.evaluation.results import OutcomeRole
from enginehouse.reports.content import DataTable, Section
from enginehouse.reports.messages import say
from enginehouse.reports.trial_sections.basis import TrialBasis


class Stari(StrEnum):
    """The 27 items of the Standards for Reporting Implementation Studies."""

    TITLE = "title"
    ABSTRACT = "abstract"
    PROBLEM = "problem"
    RATIONALE = "rationale"
    AIMS = "aims"
    DESIGN = "design"
    CONTEXT = "context"
    SITES = "sites"
    DESCRIPTION = "description"
    SUBGROUPS_PLANNED = "subgroups-planned"
    OUTCOMES_PLANNED = "outcomes-planned"
    PROCESS_PLANNED = "process-planned"
    ECONOMICS_PLANNED = "economics-planned"
    SAMPLE_SIZE = "sample-size"
    ANALYSIS = "analysis"
    SUBGROUP_ANALYSIS = "subgroup-analysis"
    CHARACTERISTICS = "characteristics"
    OUTCOMES = "outcomes"
    PROCESS = "process"
    ECONOMICS = "economics"
    SUBGROUPS = "subgroups"
    FIDELITY = "fidelity"
    CONTEXT_CHANGES = "context-changes"
    HARMS = "harms"
    DISCUSSION = "discussion"
    IMPLICATIONS = "implications"
    STATEMENTS = "statements"


class Tidier(StrEnum):
    """The 12 items of the Template for Intervention Description and Replication."""

    NAME = "name"
    WHY = "why"
    MATERIALS = "materials"
    PROCEDURES = "procedures"
    PROVIDER = "provider"
    HOW = "how"
    WHERE = "where"
    WHEN = "when"
    TAILORING = "tailoring"
    MODIFICATIONS = "modifications"
    FIDELITY_PLANNED = "fidelity-planned"
    FIDELITY = "fidelity"


type Where = Callable[[TrialBasis], str]
"""Where the record has an item; empty where it does not."""


def stari_section(basis: TrialBasis) -> Section:
    return _section(basis, "stari", STARI)


def tidier_section(basis: TrialBasis) -> Section:
    return _section(basis, "tidier", TIDIER)


def _section(basis: TrialBasis, name: str, items: Mapping[StrEnum, Where]) -> Section:
    places = {item: where(basis) for item, where in items.items()}
    found = sum(bool(place) for place in places.values())
    table = DataTable(
        caption=_say(f"{name}_caption", found=found, missing=len(places) - found),
        header=(_say("item_header"), _say("where_header")),
        rows=tuple(
            (say(f"checklists.{name}.{item.value}"), place or f"**{_say('missing')}**")
            for item, place in places.items()
        ),
    )
    return Section(id=name, title=_say(f"{name}_title"), blocks=(table,), aside=True)


def _protocol(field: str) -> Where:
    """A field that every protocol has."""
    return lambda _basis: say("checklists.where.protocol", field=field)


def _shown(title: str, exists: Callable[[TrialBasis], object]) -> Where:
    """A section of this dossier, where there is something in it; `title` is a key of its title."""
    return lambda basis: say("checklists.where.section", title=say(title)) if exists(basis) else ""


def _planned(field: str, exists: Callable[[TrialBasis], object]) -> Where:
    """A field of the protocol that may be left out."""
    return lambda basis: say("checklists.where.protocol", field=field) if exists(basis) else ""


def _strategy(field: str) -> Where:
    """A field of the strategies, where they are in the record."""
    return lambda basis: say("checklists.where.strategy", field=field) if basis.facts.strategies else ""


def _record(field: str, exists: Callable[[TrialBasis], object]) -> Where:
    """Acts in the record."""
    return lambda basis: say("checklists.where.record", field=field) if exists(basis) else ""


def _has_balancing(basis: TrialBasis) -> bool:
    return any(outcome.role is OutcomeRole.BALANCING for outcome in basis.evaluation.outcomes)


def _was_followed(basis: TrialBasis) -> bool:
    return bool(basis.evaluation.fidelity or basis.facts.waves or basis.facts.contacts)


STARI: Mapping[StrEnum, Where] = {
    Stari.TITLE: _protocol("title"),
    Stari.ABSTRACT: _shown("trial.question.title", lambda _: True),
    Stari.PROBLEM: _protocol("background"),
    Stari.RATIONALE: _record(
        "strategies: evidence", lambda b: any(strategy.evidence for strategy in b.facts.strategies.values())
    ),
    Stari.AIMS: _protocol("question"),
    Stari.DESIGN: _protocol("design, allocation"),
    Stari.CONTEXT: _protocol("background, membership_as_of"),
    Stari.SITES: _planned("eligibility", lambda b: b.protocol.eligibility),
    Stari.DESCRIPTION: _strategy("description, components, activities"),
    Stari.SUBGROUPS_PLANNED: _planned("analysis.subgroups", lambda b: b.protocol.analysis.subgroups),
    Stari.OUTCOMES_PLANNED: _protocol("indicator, secondary, balancing"),
    Stari.PROCESS_PLANNED: _planned("delivery, analysis.engaged", lambda b: b.protocol.delivery),
    Stari.ECONOMICS_PLANNED: _planned("economics", lambda b: b.protocol.economics),
    Stari.SAMPLE_SIZE: _shown("trial.design.title", lambda b: b.design),
    Stari.ANALYSIS: _protocol("estimand, analysis"),
    Stari.SUBGROUP_ANALYSIS: _planned("analysis.subgroups", lambda b: b.protocol.analysis.subgroups),
    Stari.CHARACTERISTICS: _shown("trial.baseline.title", lambda b: b.balance),
    Stari.OUTCOMES: _shown("trial.effect.title", lambda _: True),
    Stari.PROCESS: _shown("trial.delivery.title", _was_followed),
    Stari.ECONOMICS: _shown("trial.costs.title", lambda b: b.appraisal),
    Stari.SUBGROUPS: _shown("trial.groups.title", lambda b: b.evaluation.subgroups),
    Stari.FIDELITY: _shown("trial.delivery.title", lambda b: b.evaluation.fidelity),
    Stari.CONTEXT_CHANGES: _record("amendments, interruptions", lambda b: b.record.amendments or b.facts.interruptions),
    Stari.HARMS: _shown("trial.balancing.title", _has_balancing),
    Stari.DISCUSSION: _shown("trial.checks.title", lambda b: b.evaluation.checks),
    Stari.IMPLICATIONS: _shown("trial.decision.title", lambda b: b.record.decision),
    Stari.STATEMENTS: _record("approvals, registration; of funding and interests nothing", lambda b: b.facts.approvals),
}
TIDIER: Mapping[StrEnum, Where] = {
    Tidier.NAME: _strategy("title"),
    Tidier.WHY: _record(
        "strategies: evidence", lambda b: any(strategy.evidence for strategy in b.facts.strategies.values())
    ),
    Tidier.MATERIALS: _record("waves: manifest and bundle of every report", lambda b: b.facts.waves),
    Tidier.PROCEDURES: _strategy("description, components"),
    Tidier.PROVIDER: _record(
        "strategies: delivered_by", lambda b: any(s.delivered_by for s in b.facts.strategies.values())
    ),
    Tidier.HOW: _strategy("channel"),
    Tidier.WHERE: _planned("eligibility", lambda b: b.protocol.eligibility),
    Tidier.WHEN: _planned("delivery", lambda b: b.protocol.delivery),
    Tidier.TAILORING: _record("waves: the message chosen for each site, with its reason", lambda b: b.facts.waves),
    Tidier.MODIFICATIONS: _record("amendments, interruptions", lambda b: b.record.amendments or b.facts.interruptions),
    Tidier.FIDELITY_PLANNED: _planned("delivery, analysis.engaged", lambda b: b.protocol.delivery),
    Tidier.FIDELITY: _shown("trial.delivery.title", lambda b: b.evaluation.fidelity),
}


def _say(key: str, **values: str | int) -> str:
    return say(f"trial.checklists.{key}", **values)
