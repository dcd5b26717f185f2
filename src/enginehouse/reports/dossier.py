"""The dossier: the whole record of one cycle as one readable document, written from the record and nothing else."""

from __future__ import annotations

from enginehouse.economics.appraise import Appraisal
from enginehouse.evaluation.results import Evaluation
from enginehouse.programme.protocol import Protocol
from enginehouse.reports.content import Document
from enginehouse.reports.facts import DossierFacts
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.checks import checks_section, models_section, subgroups_section
from enginehouse.reports.sections.claims import claims_section
from enginehouse.reports.sections.cluster import cluster_section
from enginehouse.reports.sections.costs import costs_section
from enginehouse.reports.sections.data import data_section
from enginehouse.reports.sections.effect import effect_section, figure_section
from enginehouse.reports.sections.lineage import lineage_section
from enginehouse.reports.sections.question import question_section
from enginehouse.reports.sections.registered import registered_section
from enginehouse.reports.sections.verdict import change_section, verdict_section

SECTIONS = (
    question_section,
    registered_section,
    data_section,
    figure_section,
    effect_section,
    cluster_section,
    checks_section,
    claims_section,
    costs_section,
    verdict_section,
    change_section,
    models_section,
    subgroups_section,
    lineage_section,
)
"""In the order in which a commissioner reads; a section that has nothing to say is left out."""


def dossier_document(
    *, protocol: Protocol, evaluation: Evaluation, appraisal: Appraisal | None, facts: DossierFacts
) -> Document:
    """The dossier of one evaluated cycle."""
    basis = Basis(protocol=protocol, evaluation=evaluation, appraisal=appraisal, facts=facts)
    sections = (section(basis) for section in SECTIONS)
    return Document(
        title=protocol.title,
        subtitle=say("dossier.subtitle", programme=facts.programme),
        kind=say("dossier.kind"),
        sections=tuple(section for section in sections if section is not None),
        banner=say("dossier.banner") if facts.synthetic else "",
        footer=_footer(facts),
    )


def _footer(facts: DossierFacts) -> str:
    attribution = " ".join(dict.fromkeys(source.attribution for source in facts.sources if source.attribution))
    written = say("dossier.footer", software=facts.software, head_seq=facts.head_seq)
    return f"{written} {attribution}".strip()
