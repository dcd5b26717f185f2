"""The linter: thirty rules that a feedback report must meet, each with source and level. It mends nothing."""

from enginehouse.feedback.linter.context import LintContext, lint_context
from enginehouse.feedback.linter.report import Finding, Level, LintReport, Outcome
from enginehouse.feedback.linter.run import lint, lint_drawing

__all__ = ["Finding", "Level", "LintContext", "LintReport", "Outcome", "lint", "lint_context", "lint_drawing"]
