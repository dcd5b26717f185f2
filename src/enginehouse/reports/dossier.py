"""The dossier: the whole record of one cycle as one readable document, written from the record and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from enginehouse.economics.appraise import Appraisal
from enginehouse.evaluation.results import Evaluation
from enginehouse.programme.protocol import Protocol
from enginehouse.reports.content import Document
from enginehouse.reports.effects import attribution_words
from enginehouse.reports.facts import DossierFacts
from enginehouse.reports.index import page_links
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.change import change_section
from enginehouse.reports.sections.checks import (
    check_details_section,
    checks_section,
    models_section,
    subgroups_section,
)
from enginehouse.reports.sections.claims import claims_section
from enginehouse.reports.sections.cluster import cluster_section
from enginehouse.reports.sections.costs import cost_details_section, costs_section
from enginehouse.reports.sections.data import data_section
from enginehouse.reports.sections.effect import effect_section, figure_section
from enginehouse.reports.sections.lineage import lineage_section
from enginehouse.reports.sections.question import question_section
from enginehouse.reports.sections.registered import registered_section
from enginehouse.reports.sections.verdict import verdict_section

STORY = (
    question_section,
    registered_section,
    figure_section,
    effect_section,
    cluster_section,
    checks_section,
    claims_section,
    costs_section,
    verdict_section,
    change_section,
)
"""In the order in which a commissioner reads; a section that has nothing to say is left out."""
ANNEX = (
    check_details_section,
    data_section,
    cost_details_section,
    models_section,
    subgroups_section,
    lineage_section,
)


def dossier_document(
    *,
    protocol: Protocol,
    evaluation: Evaluation,
    appraisal: Appraisal | None,
    facts: DossierFacts,
    pages: Mapping[str, str] | None = None,
) -> Document:
    """The dossier of one evaluated cycle; `pages` are the pages beside it, as `page_links` takes them."""
    basis = Basis(protocol=protocol, evaluation=evaluation, appraisal=appraisal, facts=facts, pages=pages or {})
    sections = (section(basis) for section in (*STORY, *ANNEX))
    return Document(
        title=protocol.title,
        subtitle=say("dossier.subtitle", programme=facts.programme),
        kind=say("dossier.kind"),
        sections=tuple(section for section in sections if section is not None),
        banner=say("dossier.banner") if facts.synthetic else "",
        footer=_footer(facts),
        pages=page_links(pages),
    )


def _footer(facts: DossierFacts) -> str:
    attribution = attribution_words(source.attribution for source in facts.sources)
    written = say("dossier.footer", software=facts.software, head_seq=facts.head_seq)
    return f"{written} {attribution}".strip()
