"""The data and their faults, as much as a commissioner needs; a data manager has a page of their own."""

from __future__ import annotations

import re

from enginehouse.core.words import counted
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, DataTable, Link, Links, Paragraph, Section
from enginehouse.reports.effects import page_words, title_name
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis

_EXAMPLES = re.compile(r"\s*\(such as [^)]*\)")
_SINGULAR = (
    ("site-months", "site-month"),
    ("rows", "row"),
    ("codes", "code"),
    ("code patterns that match", "code pattern that matches"),
)
_MINOR = ("note", "information")


def data_section(basis: Basis) -> Section:
    blocks: list[Block] = [Paragraph(text=_arms(basis))]
    if basis.evaluation.left_out_areas:
        blocks.append(Paragraph(text=_say("left_out", count=fmt.count(len(basis.evaluation.left_out_areas)))))
    blocks += _faults(basis)
    if basis.facts.sources:
        blocks.append(_sources(basis))
    page = basis.pages.get("quality")
    if page:
        link = Link(label=say("page.pages.quality"), href=page, note=_say("quality_note"))
        blocks.append(Links(items=(link,)))
    return Section(id="data", title=_say("title"), blocks=tuple(blocks), aside=True)


def _arms(basis: Basis) -> str:
    outcome, comparison, noun = basis.primary, basis.comparison, basis.facts.noun
    names = {
        "exposed_title": basis.evaluation.exposed_title,
        "exposed": counted(outcome.exposed_members, noun),
        "control": counted(comparison.control_members, noun),
        "comparator": comparison.title,
    }
    if outcome.exposed_members != outcome.exposed_sites:
        return _say("arms_areas", **names)
    first, last = outcome.exposed_sites_first_month, outcome.exposed_sites_last_month
    if first == last == outcome.exposed_members:
        return _say("arms_throughout", **names)
    return _say("arms", first=fmt.count(first), last=fmt.count(last), **names)


def _faults(basis: Basis) -> list[Block]:
    """What bears on the result, each; what is only noted, counted."""
    notes = [
        _say("notes", outcome=outcome.short_title, note=page_words(note))
        for outcome in basis.evaluation.outcomes
        for note in outcome.notes
    ]
    grave = [fault for fault in basis.facts.faults if fault.severity.lower() not in _MINOR]
    faults = [
        _say("fault", severity=title_name(f.severity), what=_ended(f.what), source=title_name(f.source)) for f in grave
    ]
    left_out = [_say("left_out_rows", what=_left_out(basis, what)) for what in basis.facts.left_out]
    minor = len(basis.facts.faults) - len(grave)
    if not (faults or left_out or notes or minor):
        return [Paragraph(text=_say("no_faults"))]
    more = [_say("minor", count=counted(minor, "note"))] if minor else []
    return [Bullets(items=(*faults, *left_out, *notes, *more))]


def _left_out(basis: Basis, what: str) -> str:
    """What was left out of the panel, with outcomes by their titles and without codes."""
    for outcome in basis.evaluation.outcomes:
        what = what.replace(f"{outcome.indicator}: ", f"{outcome.short_title}: ")
    words = _EXAMPLES.sub("", what).rstrip(".")
    for many, one in _SINGULAR:
        words = re.sub(rf"(?<!\S)1 {many}(?!\w)", f"1 {one}", words)
    return page_words(words)


def _ended(text: str) -> str:
    return f"{text.rstrip('.')}."


def _sources(basis: Basis) -> DataTable:
    rows = tuple(
        (title_name(source.name), fmt.count(source.files), fmt.count(source.rows), fmt.count(source.quarantined))
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
