"""The one page that links everything that was made, in groups, each with a sentence that says what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enginehouse.reports.content import Block, Document, Link, Links, Paragraph, Section
from enginehouse.reports.messages import say


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkGroup:
    """Links under one heading; `blocks` stand between the sentence and the links."""

    id: str
    title: str
    text: str
    links: tuple[Link, ...]
    blocks: tuple[Block, ...] = ()


def index_document(
    groups: Sequence[LinkGroup], *, title: str, subtitle: str, synthetic: bool = False, footer: str = ""
) -> Document:
    """The page; `synthetic` when any page that it links is."""
    return Document(
        title=title,
        subtitle=subtitle,
        kind=say("index.kind"),
        sections=tuple(_section(group) for group in groups),
        banner=say("index.banner") if synthetic else "",
        footer=footer,
    )


def _section(group: LinkGroup) -> Section:
    blocks = (Paragraph(text=group.text), *group.blocks, Links(items=group.links))
    return Section(id=group.id, title=group.title, blocks=blocks)
