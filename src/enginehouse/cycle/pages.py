"""Which pages lie beside one in a programme's output folder, so that each links the others that are there.

Where a page links all of a programme's (`Workspace.index`, as in the demo), all are about to be written.
"""

from __future__ import annotations

from enginehouse.cycle.workspace import Workspace

INSIGHT, QUALITY, TIMELINE = "insight.html", "data-quality.html", "timeline.html"


def dossier_pages(cycle: str) -> dict[str, str]:
    """The names of a cycle's dossier, as page and for paper."""
    return {"dossier": f"{cycle}-dossier.html", "pdf": f"{cycle}-dossier.pdf"}


def pages_beside(workspace: Workspace, kind: str, *, cycle: str | None = None) -> dict[str, str]:
    """Addresses by kind of the pages that exist, but for the page's own `kind`. Without `cycle` the only dossier."""
    names = {"insight": INSIGHT, "quality": QUALITY, "timeline": TIMELINE}
    cycle = cycle or _only_dossier(workspace)
    if cycle is not None:
        names |= dossier_pages(cycle)
    found = {name: file for name, file in names.items() if name != kind and _is_there(workspace, file)}
    return ({"index": workspace.index} if workspace.index else {}) | found


def _is_there(workspace: Workspace, file: str) -> bool:
    return bool(workspace.index) or (workspace.output / file).exists()


def _only_dossier(workspace: Workspace) -> str | None:
    """A page about the data can link one dossier; where there are several, the timeline links them."""
    written = [cycle for cycle in workspace.cycles if _is_there(workspace, dossier_pages(cycle)["dossier"])]
    return written[0] if len(written) == 1 else None
