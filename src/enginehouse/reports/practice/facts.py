"""What was drawn, read off the drawn files: so that the linter judges what the reader will see.

The HTML is always read, since every format is drawn from the same page; the number of pages is the PDF's where there
is one, and otherwise that of the measured lines (`fit.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import unescape

from enginehouse.feedback.content import Format, RenderFacts
from enginehouse.reports.charts.style import LOOKS
from enginehouse.reports.practice.style import least_contrast

FIELDS = {
    "headline": "headline",
    "standing": "own",
    "trend": "trend",
    "gap": "gap",
    "actions": "actions",
    "why": "why",
    "evidence": "evidence",
    "balancing": "balancing",
    "barriers": "barriers",
    "facilitation": "facilitation_words",
    "equity": "equity",
    "discussion": "discussion",
    "plan": "plan_words",
    "data": "credibility",
    "from": "credibility",
    "disagree": "disagree_words",
    "opt-out": "opt_out_words",
    "next": "issue",
}
"""Anchors of the page, and the field of the content that each shows."""
_SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)
_TEXT = re.compile(r"<text ([^>]*)>([^<]*)</text>")
_TAG = re.compile(r"<[^>]*>")
_SECTION = re.compile(r'<section id="([\w-]+)"')
_CHART = re.compile(r'<section id="(standing|trend)">.*?(<svg .*?</svg>)', re.DOTALL)
_HEADLINE = re.compile(r'<section id="headline".*?</section>', re.DOTALL)
_NUMBER = re.compile(r"[\N{MINUS SIGN}-]?\d[\d,]*(?:\.\d+)?%?")
_BAR = re.compile(r"<rect [^>]*>")
_LINE = re.compile(r'<path d="([^"]*)" stroke="(#[0-9A-Fa-f]{6})" stroke-width="([\d.]+)"')
_ALONE = re.compile(r"<circle [^>]*>")
_STROKE = re.compile(r'stroke="(#[0-9A-Fa-f]{6})"')
_MARK = 'stroke-width="1.4" stroke-dasharray="2 3"'
_OWN_WIDTH = f"{LOOKS['main'].width:g}"


def facts_of(html: str, *, formats: Sequence[Format], pages: int) -> RenderFacts:
    """The facts of one drawn report."""
    charts = dict(_CHART.findall(html))
    standing, trend = charts.get("standing", ""), charts.get("trend", "")
    values = _standing_values(standing)
    text = plain_text(html)
    return RenderFacts(
        formats=tuple(formats),
        pages=pages,
        charts=len(charts),
        headline_numbers=headline_numbers(html),
        chart_own=values[0] if values else None,
        chart_target=values[-1] if values else None,
        trend_points=_trend_points(trend),
        campaign_start_marked=_MARK in trend,
        least_contrast=least_contrast(),
        words=len(text.split()),
        text=text,
        order=tuple(dict.fromkeys(FIELDS[name] for name in _SECTION.findall(html))),
        chart_colours=_colours(standing, trend),
        told_apart_without_colour=_told_apart(standing, trend),
    )


def plain_text(html: str) -> str:
    """The words of the page's body; the charts speak by the words that stand for them."""
    body = _SVG.sub(_described, html[html.index("<body") :])
    return " ".join(unescape(_TAG.sub(" ", body)).split())


def headline_numbers(html: str) -> tuple[str, ...]:
    """The numbers of the headline area, as printed."""
    found = _HEADLINE.search(html)
    return tuple(_NUMBER.findall(unescape(_TAG.sub(" ", found[0])))) if found else ()


def _described(svg: re.Match[str]) -> str:
    start = svg[0].find("<desc")
    return svg[0][start : svg[0].index("</desc>")] if start >= 0 else " "


def _standing_values(svg: str) -> list[float]:
    """The values written beside the bars, in their order."""
    return [_value(unescape(text)) for attributes, text in _TEXT.findall(svg) if 'text-anchor="end"' in attributes]


def _value(text: str) -> float:
    found = _NUMBER.search(text)
    return math.nan if found is None else float(found[0].replace(",", "").replace("\N{MINUS SIGN}", "-").rstrip("%"))


def _trend_points(svg: str) -> int:
    """Points of the site's own line: corners of its parts, and months that stand alone (smaller than the last one)."""
    corners: int = sum(path.count("L") + 1 for path, _, width in _LINE.findall(svg) if width == _OWN_WIDTH)
    return corners + sum(f'r="{0.8 * LOOKS["main"].size:g}"' in circle for circle in _ALONE.findall(svg))


def _colours(standing: str, trend: str) -> tuple[str, ...]:
    """The colours of bars and lines, each once."""
    bars = [colour for bar in _BAR.findall(standing) for colour in _STROKE.findall(bar)]
    return tuple(dict.fromkeys([*bars, *(colour for _, colour, _ in _LINE.findall(trend))]))


def _told_apart(standing: str, trend: str) -> bool:
    """Whether each bar has its own value written beside it, and no two kinds of line have the same stroke."""
    bars = len(_BAR.findall(standing)) == len(_standing_values(standing))
    kinds = {(colour, width) for _, colour, width in _LINE.findall(trend)}
    return bars and len({width for _, width in kinds}) == len(kinds)
