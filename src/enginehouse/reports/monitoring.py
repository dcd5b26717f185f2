"""Monitoring as a document: fidelity, missing months, balance kept, the outcome of all sites together. No arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.reports.content import Document
from enginehouse.trials.monitoring import MonitoringReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownIndicator:
    """How an indicator's values are shown: its title, the words of its axis, the factor and the format."""

    title: str
    label: str
    factor: float = 1.0
    value_format: str = "{:,.1f}"


def monitoring_document(
    report: MonitoringReport,
    *,
    cycle_title: str,
    programme: str,
    indicators: Mapping[str, ShownIndicator],
    rehearsal: bool = False,
    synthetic: bool = False,
    pages: Mapping[str, str] | None = None,
) -> Document:
    """The page of one look at a running cycle."""
    raise NotImplementedError
