"""The data and their faults."""

from __future__ import annotations

from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, DataTable, Paragraph, Section
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis


def data_section(basis: Basis) -> Section:
    blocks: list[Block] = [Paragraph(text=_arms(basis))]
    if basis.evaluation.left_out_areas:
        blocks.append(Paragraph(text=_say("left_out", count=fmt.count(len(basis.evaluation.left_out_areas)))))
    blocks.append(_faults(basis))
    if basis.facts.sources:
        blocks.append(_sources(basis))
    return Section(id="data", title=_say("title"), blocks=tuple(blocks))


def _arms(basis: Basis) -> str:
    outcome, comparison = basis.primary, basis.comparison
    names = {
        "exposed_title": basis.evaluation.exposed_title,
        "exposed": fmt.count(outcome.exposed_members),
        "control": fmt.count(comparison.control_members),
        "comparator": comparison.title,
        "noun": basis.facts.noun,
    }
    if outcome.exposed_members != outcome.exposed_sites:
        return _say("arms_areas", **names)
    first, last = fmt.count(outcome.exposed_sites_first_month), fmt.count(outcome.exposed_sites_last_month)
    return _say("arms", first=first, last=last, **names)


def _faults(basis: Basis) -> Block:
    notes = [
        _say("notes", outcome=outcome.short_title, note=note)
        for outcome in basis.evaluation.outcomes
        for note in outcome.notes
    ]
    faults = [
        _say(
            "fault", severity=f.severity, what=f.what, source=f.source, count=fmt.count(f.count), remedy=f.remedy
        ).strip()
        for f in basis.facts.faults
    ]
    left_out = [_say("left_out_rows", what=what) for what in basis.facts.left_out]
    if not (faults or left_out or notes):
        return Paragraph(text=_say("no_faults"))
    return Bullets(items=(*faults, *left_out, *notes))


def _sources(basis: Basis) -> DataTable:
    rows = tuple(
        (source.name, fmt.count(source.files), fmt.count(source.rows), fmt.count(source.quarantined))
        for source in basis.facts.sources
    )
    return DataTable(
        caption=_say("sources"),
        header=tuple(_say(f"{name}_header") for name in ("source", "files", "rows", "quarantined")),
        rows=rows,
        numeric=frozenset({1, 2, 3}),
        note=_say("quarantined_note"),
    )


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.data.{key}", **values)
