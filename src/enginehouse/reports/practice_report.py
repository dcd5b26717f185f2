"""The report to one site: HTML, a tagged PDF and plain text of the same content, and the facts of what was drawn.

What it says is finished in `feedback.content.ReportContent`; here it is only laid out on one page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from enginehouse.feedback.content import Format, RenderFacts, ReportContent
from enginehouse.reports.charts.draw import draw
from enginehouse.reports.practice.facts import facts_of
from enginehouse.reports.practice.fit import Fit, fit_of
from enginehouse.reports.practice.html import render_practice_html
from enginehouse.reports.practice.page import PracticePage, practice_page
from enginehouse.reports.practice.pdf import page_count, render_practice_pdf
from enginehouse.reports.practice.style import DENSITIES, Density
from enginehouse.reports.practice.text import render_practice_text

FORMATS: tuple[Format, ...] = ("html", "text", "pdf")
_BATCH = 20
_SECONDS: Mapping[Format, float] = {"html": 0.004, "text": 0.001, "pdf": 0.02}
"""About what one report takes in each format."""
_WORTH_A_PROCESS = 4.0
"""Seconds of work. With less for each, starting processes takes longer than they save."""
_BOX = re.compile(r'viewBox="0 0 [\d.]+ ([\d.]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedReport:
    """The bytes of one report by format, and what is on them."""

    files: Mapping[Format, bytes]
    facts: RenderFacts


def render_report(content: ReportContent, formats: Sequence[Format] = FORMATS) -> RenderedReport:
    """The report in each of `formats`; the same content gives the same bytes."""
    page = practice_page(content)
    charts = page_charts(page)
    fit = fit_of(page, [drawn_height(chart) for chart in charts])
    files: dict[Format, bytes] = {}
    if "pdf" in formats:
        files["pdf"], fit = _one_page_pdf(page, charts, fit)
    elif fit.pages > 1:  # the measure of lines errs on the long side: set the page to know
        _, fit = _one_page_pdf(page, charts, fit)
    html = render_practice_html(page, charts, fit.density)
    if "html" in formats:
        files["html"] = html
    if "text" in formats:
        files["text"] = render_practice_text(page)
    facts = facts_of(html.decode("utf-8"), formats=formats, pages=fit.pages)
    return RenderedReport(files={name: files[name] for name in formats}, facts=facts)


def render_reports(
    contents: Sequence[ReportContent], formats: Sequence[Format] = FORMATS, *, workers: int = 1
) -> list[RenderedReport]:
    """Many reports, in the order given. At most `workers` processes share the work where it is worth starting them;
    they change no byte.
    """
    render = partial(render_report, formats=tuple(formats))
    workers = min(workers, processes_worth_starting(len(contents), formats))
    if workers <= 1:
        return [render(content) for content in contents]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(render, contents, chunksize=_BATCH))


def processes_worth_starting(reports: int, formats: Sequence[Format]) -> int:
    """How many processes so many reports keep busy for long enough; 0 for few reports."""
    return int(reports * sum(_SECONDS[name] for name in formats) // _WORTH_A_PROCESS)


def page_charts(page: PracticePage) -> tuple[str, ...]:
    """The charts of a page, drawn once for every format."""
    return tuple(
        draw(figure.chart, title=figure.caption, description=figure.alt, name=f"chart-{number}")
        for number, figure in enumerate(page.figures, 1)
    )


def drawn_height(svg: str) -> float:
    """The height of a drawn chart, in its own units."""
    found = _BOX.search(svg)
    if found is None:
        raise AssertionError("a chart has no view box")
    return float(found[1])


def _one_page_pdf(page: PracticePage, charts: Sequence[str], fit: Fit) -> tuple[bytes, Fit]:
    """The PDF in the measured density, or the first closer one that gives one page; the last one whatever it gives."""
    pdf, pages = b"", 0
    density = fit.density
    for density in _from(fit.density):
        pdf = render_practice_pdf(page, charts, density)
        pages = page_count(pdf)
        if pages == 1:
            break
    return pdf, Fit(density=density, pages=pages)


def _from(density: Density) -> tuple[Density, ...]:
    return DENSITIES[DENSITIES.index(density) :]
