"""Step: look at what was loaded, and write the report that a data manager can act on."""

from __future__ import annotations

from pathlib import Path

from enginehouse.cycle.data_account import quality_of
from enginehouse.cycle.pages import QUALITY, pages_beside, write_page
from enginehouse.cycle.sources import source_facts
from enginehouse.cycle.workspace import Workspace
from enginehouse.data.checks import DataQuality
from enginehouse.reports.html import render_html
from enginehouse.reports.quality import quality_document


def check_loaded_data(workspace: Workspace) -> tuple[DataQuality, Path]:
    """The findings, and the page that was written of them."""
    settings = workspace.programme.settings
    quality = quality_of(workspace)
    document = quality_document(
        quality.findings,
        sources=source_facts(workspace),
        programme=settings.title,
        synthetic=settings.synthetic,
        pages=pages_beside(workspace, "quality"),
    )
    page = workspace.output / QUALITY
    write_page(workspace, page, render_html(document))
    return quality, page
