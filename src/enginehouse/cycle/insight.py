"""Step: what the newest panel shows of variation and room to improve, as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enginehouse.core.errors import DataError, UserError, did_you_mean
from enginehouse.core.months import Month, Period
from enginehouse.cycle.build_indicators import current_panel
from enginehouse.cycle.disclosure import rule_with_sites
from enginehouse.cycle.outcomes import check_may_show
from enginehouse.cycle.pages import INSIGHT, pages_beside, write_page
from enginehouse.cycle.sources import source_facts
from enginehouse.cycle.workspace import Workspace
from enginehouse.data.register import build_register
from enginehouse.data.sites import SiteRegister
from enginehouse.indicators.panel import Panel, PanelArrays
from enginehouse.insight.deciles import deciles
from enginehouse.insight.groups import ReleasedGroups, by_group, release_groups
from enginehouse.insight.headroom import Benchmark, Headroom, headroom
from enginehouse.insight.variation import variation
from enginehouse.programme.enums import Disclosure
from enginehouse.programme.indicator import Indicator
from enginehouse.reports.content import Document
from enginehouse.reports.effects import attribution_words
from enginehouse.reports.html import render_html
from enginehouse.reports.insight import IndicatorInsight, insight_document
from enginehouse.stats.records import to_plain
from enginehouse.stats.results import NotEstimable

YEAR = 12


@dataclass(frozen=True, slots=True)
class WrittenInsight:
    """The page, its content, what it says of each indicator, and the numbers as plain values."""

    html: Path
    document: Document
    found: tuple[IndicatorInsight, ...]
    record: Mapping[str, Any]


def write_insight(
    workspace: Workspace,
    *,
    indicators: Sequence[str] = (),
    benchmark: str = Benchmark.BEST_QUARTER.value,
    until: Month | None = None,
    reader: str | None = None,
) -> WrittenInsight:
    """Describe each indicator of the newest panel, up to a month (inclusive) or to its last; headroom is over its last
    twelve months. `reader` must be named while a trial runs of which they are outcomes.
    """
    panel = current_panel(workspace)
    register = build_register(workspace.warehouse, workspace.programme.settings)
    measured = {name: _up_to(_arrays(workspace, panel, name), until) for name in indicators or panel.indicators}
    check_may_show(workspace, {name: arrays.months[-1] for name, arrays in measured.items()}, reader=reader)
    found = [_insight(workspace, arrays, register, _benchmark(benchmark)) for arrays in measured.values()]
    settings = workspace.programme.settings
    document = insight_document(
        found,
        programme=settings.title,
        setting=settings.setting,
        site_noun=settings.site_noun,
        synthetic=settings.synthetic,
        footer=attribution_words(fact.attribution for fact in source_facts(workspace)),
        pages=pages_beside(workspace, "insight"),
    )
    page = workspace.output / INSIGHT
    write_page(workspace, page, render_html(document))
    return WrittenInsight(page, document, tuple(found), {each.indicator.id: _record(each) for each in found})


def _benchmark(name: str) -> Benchmark:
    try:
        return Benchmark(name)
    except ValueError:
        remedy = did_you_mean(name, [each.value for each in Benchmark])
        raise UserError(f"got benchmark '{name}'.", where="--benchmark", remedy=remedy) from None


def _arrays(workspace: Workspace, panel: Panel, name: str) -> PanelArrays:
    defined = workspace.programme.indicators
    if name not in defined:
        raise UserError(f"got indicator '{name}'.", where="indicators", remedy=did_you_mean(name, defined))
    return panel.arrays(name)


def _up_to(arrays: PanelArrays, until: Month | None) -> PanelArrays:
    first, last = arrays.months[0], arrays.months[-1]
    if until is None or until >= last:
        return arrays
    if until < first:
        raise DataError(f"{arrays.indicator} begins in {first}.", where="--until", remedy="Name a later month.")
    return arrays.in_period(Period(first, until + 1))


def _insight(
    workspace: Workspace, arrays: PanelArrays, register: SiteRegister, benchmark: Benchmark
) -> IndicatorInsight:
    indicator = workspace.programme.indicators[arrays.indicator]
    period = _last_year(arrays)
    room = headroom(
        arrays,
        direction=indicator.direction,
        benchmark=benchmark,
        is_proportion=indicator.is_proportion,
        period=period,
    )
    return IndicatorInsight(
        indicator=indicator,
        variation=variation(arrays, is_proportion=indicator.is_proportion),
        deciles=deciles(arrays),
        headroom=room,
        groups=tuple(
            _groups(arrays, register, room, period, indicator, rule_with_sites(workspace.programme, indicator))
        ),
    )


def _groups(
    arrays: PanelArrays,
    register: SiteRegister,
    room: Headroom | NotEstimable,
    period: Period,
    indicator: Indicator,
    rule: Disclosure,
) -> Iterator[ReleasedGroups | NotEstimable]:
    """One table for each attribute that the register has."""
    known = room if isinstance(room, Headroom) else None
    for name in sorted(register.attributes):
        found = by_group(arrays, register.attribute(name, arrays.sites), name=name, period=period, headroom=known)
        yield (
            found
            if isinstance(found, NotEstimable)
            else release_groups(found, kind=indicator.numerator_kind, rule=rule)
        )


def _last_year(arrays: PanelArrays) -> Period:
    end = arrays.months[-1] + 1
    return Period(max(arrays.months[0], end + -YEAR), end)


def _record(found: IndicatorInsight) -> dict[str, Any]:
    """The numbers without any of a single site: those leave by `show_indicator`."""
    variation = to_plain(found.variation)
    for of_one_site in ("smallest", "largest"):
        variation["sizes"].pop(of_one_site, None)
    return {
        "variation": variation,
        "deciles": to_plain(found.deciles),
        "headroom": _headroom_record(found.headroom),
        "groups": [_groups_record(table) for table in found.groups],
    }


def _headroom_record(room: Headroom | NotEstimable) -> Any:
    if isinstance(room, NotEstimable):
        return to_plain(room)
    names = ("benchmark", "benchmark_value", "period", "total", "share", "sites_with_half", "left_out")
    return {name: to_plain(getattr(room, name)) for name in names} | {"sites": len(room.sites)}


def _groups_record(found: ReleasedGroups | NotEstimable) -> Any:
    if isinstance(found, NotEstimable):
        return to_plain(found)
    table = found.table
    return {
        "attribute": found.attribute,
        "period": str(found.period),
        "header": list(table.header),
        "rows": [list(row) for row in table.rows],
        "rule": table.rule.value,
        "note": table.note,
    }
