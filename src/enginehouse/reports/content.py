"""What a document says, before it is drawn: sections of blocks, one model for HTML, PDF and text.

Inline text knows one mark, `**strong**`. Every figure carries the words that replace it for a reader who cannot see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from enginehouse.reports.charts.spec import ChartSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """A box: the finding itself, something to be careful about, or the notice that data are synthetic."""

    title: str
    text: str
    tone: Literal["finding", "caution", "note"] = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNumber:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNumbers:
    """Up to four numbers that a reader should take away."""

    items: tuple[KeyNumber, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`alt` says what a reader who cannot see the chart must know; `caption` stands below it for all."""

    chart: ChartSpec
    caption: str
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTable:
    """Cells are finished text; `numeric` names the columns (by position) to align right."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageEntry:
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where the numbers come from: hashes and versions, in small print."""

    entries: tuple[LineageEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A relative link to another file that was made; in PDF only the label is printed."""

    label: str
    href: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    items: tuple[Link, ...]


type Block = Paragraph | Bullets | Callout | KeyNumbers | Figure | DataTable | Lineage | Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`id` is the anchor; `aside` sections are drawn smaller and after the story (method detail, lineage)."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One page or dossier. `banner` is printed on top of every page, for example that all data are synthetic.

    `pages` link to the pages beside this one. A `compact` document is set smaller, so that it keeps to one page.
    """

    title: str
    subtitle: str
    kind: str
    sections: tuple[Section, ...]
    banner: str = ""
    footer: str = ""
    language: str = "en-GB"
    pages: tuple[Link, ...] = ()
    compact: bool = False


def annex_start(document: Document) -> str:
    """The id of the section that opens the annex: the first aside of several after a story; empty without one."""
    asides = [section.id for section in document.sections if section.aside]
    return asides[0] if 1 < len(asides) < len(document.sections) else ""
