"""Runs every rule on one report: once before it is drawn and once after."""

from __future__ import annotations

from enginehouse.feedback.content import RenderFacts, ReportContent
from enginehouse.feedback.linter.context import LintContext
from enginehouse.feedback.linter.report import LintReport


def lint(content: ReportContent, facts: RenderFacts | None = None, *, context: LintContext) -> LintReport:
    """Every rule on one report. Without `facts` the rules about the drawing are listed as `after-drawing`."""
    raise NotImplementedError
