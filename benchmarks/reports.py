"""Reports for 600 sites as PDF, HTML and text: CPU seconds, memory, and the ratio to Typst alone on the same pages.

    python benchmarks/reports.py

The peer is Typst itself, given the finished inputs of the same pages (words, sizes, charts) and asked for the same
PDF/UA-1 files. What is beyond it is ours: words, two charts, HTML, text, and reading off what was drawn.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from enginehouse.feedback.content import OwnTrend, ReportContent, Value, content_from_record
from enginehouse.reports.practice.fit import fit_of
from enginehouse.reports.practice.page import practice_page
from enginehouse.reports.practice.pdf import compile_page, page_inputs
from enginehouse.reports.practice_report import RenderedReport, drawn_height, page_charts, render_reports

SAMPLE = Path(__file__).parents[1] / "tests" / "golden" / "reports" / "practice" / "content.json"
REPORTS, MOST, MEMORY_MB = 600, 1.5, 1024


def sample() -> ReportContent:
    return content_from_record(json.loads(SAMPLE.read_text(encoding="utf-8")))


def contents(count: int) -> list[ReportContent]:
    """As many reports, no two with the same numbers, so that nothing is drawn once for many."""
    like = sample()
    return [_other(like, number) for number in range(count)]


def _other(like: ReportContent, number: int) -> ReportContent:
    factor = 1 + number / 4001
    own, trend = like.own, like.trend
    assert own is not None
    value = f"{own.value * factor:.1f}"
    return replace(
        like,
        site_name=f"Practice {number}",
        figures=replace(like.figures, own=value),
        headline=like.headline.replace("49.8", value),
        own=Value(value=own.value * factor, low=own.low * factor, high=own.high * factor),
        trend=OwnTrend(
            months=trend.months,
            own=tuple(v if v is None else v * factor for v in trend.own),
            comparison=trend.comparison,
            campaign_start=trend.campaign_start,
        ),
    )


def inputs_of(content: ReportContent) -> str:
    page = practice_page(content)
    charts = page_charts(page)
    return page_inputs(page, charts, fit_of(page, [drawn_height(chart) for chart in charts]).density)


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    many = contents(REPORTS)
    compile_page(inputs_of(many[0]))  # fonts and templates are read once, before anything is timed
    prepared = [inputs_of(content) for content in many]
    peer: list[bytes] = []
    alone = cpu_seconds(lambda: peer.extend(compile_page(inputs) for inputs in prepared))
    made: list[RenderedReport] = []
    ours = cpu_seconds(lambda: made.extend(render_reports(many)))
    short = cpu_seconds(lambda: render_reports(many, ("html", "text")))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert [report.files["pdf"] for report in made] == peer
    assert all(report.facts.pages == 1 for report in made)
    html = sum(len(report.files["html"]) for report in made) / REPORTS / 1000
    print(f"{REPORTS} reports as PDF, HTML and text: {ours:.1f} s of CPU; HTML and text alone {short:.1f} s")
    print(f"Typst alone on the same pages: {alone:.1f} s of CPU")
    print(f"peak memory: {memory:.0f} MB (at most {MEMORY_MB}); one HTML page: {html:.0f} kB")
    print(f"ratio {ours / alone:.2f} (at most {MOST})")


if __name__ == "__main__":
    main()
