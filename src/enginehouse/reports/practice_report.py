"""The report to one site: HTML, a tagged PDF and plain text of the same content, and the facts of what was drawn.

What it says is finished in `feedback.content.ReportContent`; here it is only laid out on one page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enginehouse.feedback.content import Format, RenderFacts, ReportContent

FORMATS: tuple[Format, ...] = ("html", "text", "pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedReport:
    """The bytes of one report by format, and what is on them."""

    files: Mapping[Format, bytes]
    facts: RenderFacts


def render_report(content: ReportContent, formats: Sequence[Format] = FORMATS) -> RenderedReport:
    """The report in each of `formats`; the same content gives the same bytes."""
    raise NotImplementedError


def render_reports(
    contents: Sequence[ReportContent], formats: Sequence[Format] = FORMATS, *, workers: int = 1
) -> list[RenderedReport]:
    """Many reports, in the order given; `workers` processes share the work and change no byte."""
    raise NotImplementedError
