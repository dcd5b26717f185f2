"""Where the numbers come from: hashes, versions and the head of the record, in small print."""

from __future__ import annotations

from enginehouse.reports.content import Lineage, LineageEntry, Paragraph, Section
from enginehouse.reports.effects import method_words, page_words, plain_name
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis


def lineage_section(basis: Basis) -> Section:
    facts = basis.facts
    named = (
        ("programme", facts.programme),
        ("cycle", facts.cycle),
        ("protocol", facts.protocol),
        ("definitions", facts.definitions),
        ("panel", facts.panel),
        ("evaluation", facts.evaluation),
        ("appraisal", facts.appraisal),
        ("method", method_words(basis.evaluation.method)),
        ("software", facts.software),
    )
    entries = [LineageEntry(label=_say(key), value=value) for key, value in named if value]
    entries += [
        LineageEntry(label=_say("snapshot", source=plain_name(s.name)), value=s.snapshot) for s in facts.sources
    ]
    entries.append(LineageEntry(label=_say("head", seq=facts.head_seq), value=facts.head_hash))
    blocks = (
        Paragraph(text=_say("intro")),
        Paragraph(text=_say("estimand", estimand=page_words(basis.evaluation.estimand))),
        Lineage(entries=tuple(entries)),
    )
    return Section(id="lineage", title=_say("title"), blocks=blocks, aside=True)


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.lineage.{key}", **values)
