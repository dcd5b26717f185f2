"""The pages of a programme's output folder: their names, how each links the others that are there, and the one page
that links them all.

Where another page links all of a programme's (`Workspace.index`, as in the demo), that one stands in its place, and
the pages of a whole cycle are about to be written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from enginehouse.core.files import write_whole
from enginehouse.cycle.workspace import Workspace
from enginehouse.reports.content import Link
from enginehouse.reports.html import render_html
from enginehouse.reports.index import LinkGroup, index_document
from enginehouse.reports.messages import say

INDEX, INSIGHT, QUALITY, TIMELINE, PRIORITIES = (
    "index.html",
    "insight.html",
    "data-quality.html",
    "timeline.html",
    "priorities.html",
)
PROGRAMME_PAGES: Mapping[str, str] = {
    "priorities": PRIORITIES,
    "insight": INSIGHT,
    "quality": QUALITY,
    "timeline": TIMELINE,
}
CYCLE_PAGES: Mapping[str, str] = {
    "board": "{cycle}-board.html",
    "board-pdf": "{cycle}-board.pdf",
    "dossier": "{cycle}-dossier.html",
    "pdf": "{cycle}-dossier.pdf",
    "design": "{cycle}-design.html",
    "notice": "{cycle}-notice.html",
    "monitoring": "{cycle}-monitoring.html",
}
"""By what they are; the order is that of the page that links them all."""

_ALWAYS_WRITTEN = frozenset({"insight", "quality", "timeline", "dossier", "pdf"})
"""What is there at the end of every cycle of a demo."""
_NOT_BESIDE = frozenset({"notice"})


def cycle_page(cycle: str, kind: str) -> str:
    """The name of one page of a cycle."""
    return CYCLE_PAGES[kind].format(cycle=cycle)


def dossier_pages(cycle: str) -> dict[str, str]:
    """The names of a cycle's dossier, as page and for paper."""
    return {kind: cycle_page(cycle, kind) for kind in ("dossier", "pdf")}


def pages_beside(workspace: Workspace, kind: str, *, cycle: str | None = None) -> dict[str, str]:
    """Addresses by kind of the pages that exist, but for the page's own `kind`. Without `cycle` those of the only one
    that has pages; where there are several, the page that links all is the way to them.
    """
    cycle = cycle or _only_cycle(workspace)
    names = dict(PROGRAMME_PAGES) | ({name: cycle_page(cycle, name) for name in CYCLE_PAGES} if cycle else {})
    found = {
        name: file
        for name, file in names.items()
        if name not in (kind, *_NOT_BESIDE) and _is_there(workspace, name, file)
    }
    return {"index": workspace.index or INDEX} | found


def write_page(workspace: Workspace, page: Path, content: bytes) -> None:
    """Write a page, and anew the page that links all."""
    write_whole(page, content)
    if not workspace.index:
        write_whole(workspace.output / INDEX, _index(workspace))


def _index(workspace: Workspace) -> bytes:
    settings = workspace.programme.settings
    document = index_document(
        tuple(_groups(workspace)),
        title=settings.title,
        subtitle=say("index.own.subtitle"),
        synthetic=settings.synthetic,
    )
    return render_html(document)


def _groups(workspace: Workspace) -> Iterator[LinkGroup]:
    """The programme's own pages, then those of each cycle, the newest first."""
    own = _links(workspace, PROGRAMME_PAGES)
    if own:
        yield LinkGroup(id="programme", title=say("index.own.programme"), text=say("index.own.text"), links=own)
    for cycle in reversed(workspace.cycles):
        links = _links(workspace, {kind: cycle_page(cycle, kind) for kind in CYCLE_PAGES})
        protocol = workspace.programme.protocols.get(cycle)
        if links:
            title, text = (protocol.title, protocol.question) if protocol else (cycle, say("index.own.gone"))
            yield LinkGroup(id=f"cycle-{cycle}", title=title, text=text, links=links)


def _links(workspace: Workspace, pages: Mapping[str, str]) -> tuple[Link, ...]:
    there = {kind: file for kind, file in pages.items() if (workspace.output / file).exists()}
    return tuple(
        Link(label=say(f"index.links.{kind}"), href=file, note=say(f"index.links.{kind}_note"))
        for kind, file in there.items()
    )


def _is_there(workspace: Workspace, kind: str, file: str) -> bool:
    return (bool(workspace.index) and kind in _ALWAYS_WRITTEN) or (workspace.output / file).exists()


def _only_cycle(workspace: Workspace) -> str | None:
    with_pages = [
        cycle
        for cycle in workspace.cycles
        if any(_is_there(workspace, kind, cycle_page(cycle, kind)) for kind in CYCLE_PAGES)
    ]
    return with_pages[0] if len(with_pages) == 1 else None
