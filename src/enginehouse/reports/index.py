"""The one page that links everything that was made, in groups, each with a sentence that says what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enginehouse.reports.content import Block, Document, Link, Links, Paragraph, Section
from enginehouse.reports.messages import say

PAGES = (
    "index",
    "dossier",
    "pdf",
    "board",
    "board-pdf",
    "priorities",
    "design",
    "monitoring",
    "insight",
    "quality",
    "timeline",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkGroup:
    """Links under one heading; `blocks` stand between the sentence and the links."""

    id: str
    title: str
    text: str
    links: tuple[Link, ...]
    blocks: tuple[Block, ...] = ()


def index_document(
    groups: Sequence[LinkGroup],
    *,
    title: str,
    subtitle: str,
    synthetic: bool = False,
    footer: str = "",
    top: Sequence[Block] = (),
) -> Document:
    """The page; `synthetic` when any page that it links is, `top` what stands before the links, such as a figure."""
    first = (Section(id="top", title="", blocks=tuple(top)),) if top else ()
    return Document(
        title=title,
        subtitle=subtitle,
        kind=say("index.kind"),
        sections=(*first, *(_section(group) for group in groups)),
        banner=say("index.banner") if synthetic else "",
        footer=footer,
    )


def page_links(pages: Mapping[str, str] | None) -> tuple[Link, ...]:
    """Links to the pages beside a page, from their addresses by kind: in the order of `PAGES`, whatever was given."""
    given = pages or {}
    unknown = set(given) - set(PAGES)
    if unknown:
        raise ValueError(f"no page is of the kind {sorted(unknown)}; known: {', '.join(PAGES)}")
    return tuple(Link(label=say(f"page.pages.{kind}"), href=given[kind]) for kind in PAGES if given.get(kind))


def _section(group: LinkGroup) -> Section:
    blocks = (Paragraph(text=group.text), *group.blocks, Links(items=group.links))
    return Section(id=group.id, title=group.title, blocks=blocks)
