"""The programme's timeline as a document: improvement and evaluation side by side, as a figure and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from enginehouse.reports import format as fmt
from enginehouse.reports.charts.spec import TimelineItem, TimelineLane
from enginehouse.reports.content import Block, DataTable, Document, Link, Links, Section
from enginehouse.reports.figures import timeline_figure
from enginehouse.reports.index import page_links
from enginehouse.reports.messages import say


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One thing on a lane (a cycle or an activity): dates are YYYY-MM-DD.

    `end` is the last day, and empty for what happened on one day.
    """

    lane: str
    kind: Literal["improvement", "evaluation"]
    label: str
    start: str
    end: str = ""


def timeline_document(
    entries: Sequence[TimelineEntry],
    *,
    programme: str,
    today: str = "",
    synthetic: bool = False,
    links: Sequence[Link] = (),
    pages: Mapping[str, str] | None = None,
) -> Document:
    """Lanes in the order of their first entry, entries of one day in the order given; `today` is marked when given."""
    ordered = sorted(entries, key=lambda entry: entry.start)
    sections = [_figure(ordered, today), _table(ordered)] if ordered else []
    if links:
        sections.append(Section(id="documents", title=say("timeline.links"), blocks=(Links(items=tuple(links)),)))
    return Document(
        title=say("timeline.title"),
        subtitle=_subtitle(ordered, programme),
        kind=say("timeline.kind"),
        sections=tuple(sections),
        banner=say("timeline.banner") if synthetic else "",
        pages=page_links(pages),
    )


def lanes_of(entries: Sequence[TimelineEntry]) -> tuple[TimelineLane, ...]:
    """The entries by lane, in the order given."""
    names = dict.fromkeys(entry.lane for entry in entries)
    return tuple(TimelineLane(title=name, items=tuple(_item(e) for e in entries if e.lane == name)) for name in names)


def _item(entry: TimelineEntry) -> TimelineItem:
    return TimelineItem(label=entry.label, start=entry.start, end=entry.end, kind=entry.kind)


def _figure(entries: Sequence[TimelineEntry], today: str) -> Section:
    blocks: tuple[Block, ...] = (timeline_figure(lanes_of(entries), today=today),)
    return Section(id="timeline", title=say("timeline.figure"), blocks=blocks)


def _table(entries: Sequence[TimelineEntry]) -> Section:
    table = DataTable(
        caption=say("timeline.entries.caption"),
        header=tuple(say(f"timeline.entries.{name}") for name in ("when", "lane", "kind", "what")),
        rows=tuple((_when(entry), entry.lane, entry.kind, entry.label) for entry in entries),
    )
    return Section(id="entries", title=say("timeline.entries.title"), blocks=(table,))


def _when(entry: TimelineEntry) -> str:
    start = fmt.date_words(entry.start)
    return say("timeline.entries.span", start=start, end=fmt.date_words(entry.end)) if entry.end else start


def _subtitle(entries: Sequence[TimelineEntry], programme: str) -> str:
    if not entries:
        return say("timeline.subtitle_empty", programme=programme)
    last = max(entry.end or entry.start for entry in entries)
    first, last = fmt.month_words(entries[0].start), fmt.month_words(last)
    return say("timeline.subtitle", programme=programme, first=first, last=last)
