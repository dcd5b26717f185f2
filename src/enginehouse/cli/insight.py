"""`enginehouse insight`: variation between sites, its stability, and the room to improve."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from enginehouse.cli.arguments import add_programme, add_reading, open_for
from enginehouse.cli.output import Output, columns
from enginehouse.core.months import Month

if TYPE_CHECKING:
    from enginehouse.reports.insight import IndicatorInsight

EXAMPLES = (
    "enginehouse insight",
    "enginehouse insight opioids-ome-per-patient --benchmark best-quarter",
    "enginehouse insight --until 2025-05   # before a trial's start: nobody is asked who reads",
)
HEADER = ("indicator", "sites", "10th", "median", "90th", "ICC", "headroom")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("indicators", nargs="*", help="which indicators (default: all)")
    parser.add_argument(
        "--benchmark", default="best-quarter", help="what sites are held against (default: best-quarter)"
    )
    add_reading(parser)
    add_programme(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.insight import write_insight

    written = write_insight(
        open_for(args, need_cycles=False),
        indicators=args.indicators,
        benchmark=args.benchmark,
        until=Month.parse(args.until) if args.until else None,
        reader=args.person,
    )
    lines = [
        *([written.document.banner.replace("**", "")] if written.document.banner else []),
        columns([HEADER, *(_row(each) for each in written.found)]),
        *dict.fromkeys(reason for each in written.found for reason in _reasons(each)),
        "10th, median and 90th: of the sites' values in the last month. ICC: how far one month tells sites apart, "
        f"from 0 to 1. Headroom: what reaching the benchmark ({args.benchmark}) would come to over the last year.",
        f"The page is {written.html}",
    ]
    return Output(text="\n".join(lines), record=written.record)


def _row(found: IndicatorInsight) -> tuple[str, ...]:
    """One line; a dash where something cannot be estimated."""
    from enginehouse.reports import format as fmt
    from enginehouse.reports.insight import shown_value
    from enginehouse.stats.results import NotEstimable

    indicator, spread, stability = found.indicator, found.variation.spread, found.variation.stability
    values = [fmt.EN_DASH] * 4
    if not isinstance(spread, NotEstimable):
        shown = (shown_value(value, indicator) for value in (spread.p10, spread.p50, spread.p90))
        values = [fmt.count(spread.sites), *shown]
    icc = fmt.EN_DASH if isinstance(stability, NotEstimable) else fmt.significant(stability.icc, 2)
    room = found.headroom
    headroom = (
        fmt.EN_DASH
        if isinstance(room, NotEstimable)
        else f"{fmt.big_number(room.total)} {indicator.gap_unit} ({fmt.percent(room.share)})"
    )
    return indicator.short_title, *values, icc, headroom


def _reasons(found: IndicatorInsight) -> tuple[str, ...]:
    from enginehouse.stats.results import NotEstimable

    answers = (found.variation.spread, found.variation.stability, found.headroom)
    return tuple(f"{found.indicator.short_title}: {a.detail}" for a in answers if isinstance(a, NotEstimable))
