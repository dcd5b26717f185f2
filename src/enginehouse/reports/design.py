"""The design as a document: what each feasible way of asking could show, before one is registered."""

from __future__ import annotations

from collections.abc import Mapping

from enginehouse.reports.content import Document
from enginehouse.trials.design_report import DesignReport


def design_document(
    report: DesignReport,
    *,
    programme: str,
    indicator_title: str,
    noun: str = "practices",
    synthetic: bool = False,
    pages: Mapping[str, str] | None = None,
) -> Document:
    """The page of one comparison of designs."""
    raise NotImplementedError
