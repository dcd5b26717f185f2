"""The dossier of a trial: what was asked, who was allocated, what was done and found, what it cost and what follows.

Written from the record and nothing else; every section is in `trial_sections`.
"""

from __future__ import annotations

from enginehouse.reports.content import Document
from enginehouse.reports.effects import attribution_words
from enginehouse.reports.index import page_links
from enginehouse.reports.messages import say
from enginehouse.reports.trial_sections.annex import audit_section, data_section, design_section, lineage_section
from enginehouse.reports.trial_sections.baseline import baseline_section
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.checklists import stari_section, tidier_section
from enginehouse.reports.trial_sections.checks import checks_section, rehearsal_section
from enginehouse.reports.trial_sections.costs import cost_details_section, costs_section
from enginehouse.reports.trial_sections.decision import decision_section, unregistered_section
from enginehouse.reports.trial_sections.delivery import delivery_section, left_section
from enginehouse.reports.trial_sections.effect import effect_section
from enginehouse.reports.trial_sections.flow import flow_section
from enginehouse.reports.trial_sections.groups import balancing_section, groups_section
from enginehouse.reports.trial_sections.question import question_section
from enginehouse.reports.trial_sections.registered import registered_section
from enginehouse.reports.trial_sections.words import dates_words

STORY = (
    question_section,
    registered_section,
    flow_section,
    baseline_section,
    effect_section,
    rehearsal_section,
    checks_section,
    groups_section,
    balancing_section,
    delivery_section,
    left_section,
    costs_section,
    decision_section,
    unregistered_section,
)
"""In the order in which a commissioner reads; a section that has nothing to say is left out."""
ANNEX = (
    design_section,
    cost_details_section,
    data_section,
    stari_section,
    tidier_section,
    audit_section,
    lineage_section,
)


def trial_dossier_of(basis: TrialBasis) -> Document:
    """The dossier of what `basis` holds."""
    sections = (section(basis) for section in (*STORY, *ANNEX))
    record = basis.record
    return Document(
        title=basis.protocol.title,
        subtitle=say("trial.subtitle", programme=record.programme),
        kind=say("trial.kind_rehearsal" if basis.facts.rehearsal else "trial.kind"),
        sections=tuple(section for section in sections if section is not None),
        banner=banner_words(basis),
        footer=_footer(basis),
        pages=page_links(basis.pages),
    )


def banner_words(basis: TrialBasis) -> str:
    """What every page must say: made-up data, made-up arms, an amended protocol."""
    amended = dates_words(change.on for change in basis.record.amendments)
    said = (
        say("trial.banner.rehearsal") if basis.facts.rehearsal else "",
        say("trial.banner.synthetic") if basis.record.synthetic else "",
        say("trial.banner.amended", dates=amended) if amended else "",
    )
    return " ".join(text for text in said if text)


def _footer(basis: TrialBasis) -> str:
    record = basis.record
    attribution = attribution_words(source.attribution for source in record.sources)
    return f"{say('trial.footer', software=record.software, head_seq=record.head_seq)} {attribution}".strip()
