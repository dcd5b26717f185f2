"""The data-quality report as a document: what was loaded, and every finding with what to do about it, gravest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Callout, DataTable, Document, Paragraph, Section
from enginehouse.reports.effects import attribution_words, page_words, title_name
from enginehouse.reports.facts import SourceFact
from enginehouse.reports.index import page_links
from enginehouse.reports.messages import say

GRAVEST_FIRST = ("error", "serious", "warning", "caution", "note", "information")
_MOST_EXAMPLES = 3


class Finding(Protocol):
    """What a check of the data says; `data.checks.Finding` is one."""

    @property
    def check(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def examples(self) -> tuple[str, ...]: ...
    @property
    def remedy(self) -> str: ...


def quality_document(
    findings: Sequence[Finding],
    *,
    sources: Sequence[SourceFact],
    programme: str,
    synthetic: bool = False,
    pages: Mapping[str, str] | None = None,
) -> Document:
    """One table of findings for each severity, under what was loaded."""
    count = len(findings)
    subtitle = (
        say("quality.subtitle", programme=programme, count=fmt.count(count))
        if count
        else say("quality.subtitle_none", programme=programme)
    )
    return Document(
        title=say("quality.title"),
        subtitle=subtitle,
        kind=say("quality.kind"),
        sections=(_findings(findings), _loaded(sources)),
        banner=say("quality.banner") if synthetic else "",
        footer=attribution_words(source.attribution for source in sources),
        pages=page_links(pages),
    )


def by_severity(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Findings by severity, gravest first; a severity that is not known comes last."""
    names = dict.fromkeys(str(finding.severity) for finding in findings)
    known = {name: place for place, name in enumerate(GRAVEST_FIRST)}
    ordered = sorted(names, key=lambda name: known.get(name.lower(), len(known)))
    return {name: [f for f in findings if str(f.severity) == name] for name in ordered}


def _findings(findings: Sequence[Finding]) -> Section:
    blocks: list[Block] = [_table(name, group) for name, group in by_severity(findings).items()]
    if not blocks:
        title = say("quality.findings.none_title")
        blocks.append(Callout(title=title, text=say("quality.findings.none"), tone="note"))
    return Section(id="findings", title=say("quality.findings.title"), blocks=tuple(blocks))


def _table(severity: str, findings: Sequence[Finding]) -> DataTable:
    return DataTable(
        caption=say("quality.findings.caption", severity=severity.capitalize(), count=fmt.count(len(findings))),
        header=tuple(say(f"quality.findings.{name}") for name in ("what", "source", "count", "remedy")),
        rows=tuple((_what(f), title_name(f.source), fmt.count(f.count), f.remedy) for f in findings),
        numeric=frozenset({2}),
    )


def _what(finding: Finding) -> str:
    if not finding.examples:
        return page_words(finding.what)
    shown = "; ".join(finding.examples[:_MOST_EXAMPLES])
    return f"{page_words(finding.what)} {say('quality.findings.examples', examples=shown)}"


def _loaded(sources: Sequence[SourceFact]) -> Section:
    title = say("quality.loaded.title")
    if not sources:
        return Section(id="loaded", title=title, blocks=(Paragraph(text=say("quality.loaded.none")),))
    table = DataTable(
        caption=say("quality.loaded.caption"),
        header=tuple(say(f"quality.loaded.{name}") for name in ("source", "files", "rows", "quarantined", "snapshot")),
        rows=tuple(
            (title_name(s.name), fmt.count(s.files), fmt.count(s.rows), fmt.count(s.quarantined), s.snapshot)
            for s in sources
        ),
        numeric=frozenset({1, 2, 3}),
        note=say("quality.loaded.note"),
    )
    return Section(id="loaded", title=title, blocks=(table,))
