"""A report that meets every rule, the page that was drawn of it, and what it is held against."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from enginehouse.feedback.content import RenderFacts, ReportContent, drawn_texts
from enginehouse.feedback.linter import LintContext, lint_context
from enginehouse.feedback.make import make_report


@pytest.fixture
def content(make: Any, inputs: Any) -> ReportContent:
    """A site at 20 whose similar sites have their middle at 11 and their best quarter at 6."""
    rows = np.repeat(np.array([20.0, *range(1, 22)])[:, None], 24, axis=1) * 5000
    rows[0] += np.tile([200.0, -200.0], 12)
    arrays = make.arrays(rows)
    strata = {"deprivation": {"the most deprived fifth": arrays}}
    return make_report(inputs(arrays, strata=strata), arrays.sites[0], arm="visited-arm")


@pytest.fixture
def context(make: Any) -> LintContext:
    return lint_context(make.protocol(), make.strategies(), make.settings().feedback, arm="visited-arm")


@pytest.fixture
def facts(content: ReportContent) -> RenderFacts:
    return facts_of(content)


def facts_of(content: ReportContent, **changes: Any) -> RenderFacts:
    """What drawing the report well would give."""
    base = RenderFacts(
        formats=("html", "pdf", "text"),
        pages=1,
        charts=2,
        headline_numbers=("20.0", "6.0"),
        chart_own=20.0,
        chart_target=6.0,
        trend_points=24,
        campaign_start_marked=True,
        least_contrast=7.0,
        words=400,
        text=" ".join((*drawn_texts(content).values(), "May 2025")),
        order=("site_name", "headline", "own", "trend", "actions"),
        told_apart_without_colour=True,
    )
    return replace(base, **changes)
