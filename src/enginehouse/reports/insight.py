"""Insight as a document: for each indicator its spread over time, its stability, and the room to improve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from enginehouse.core.words import counted, plural
from enginehouse.governance.disclosure import SUPPRESSED, Cell
from enginehouse.insight.deciles import Deciles, MonthDeciles
from enginehouse.insight.groups import ReleasedGroups
from enginehouse.insight.headroom import Headroom
from enginehouse.insight.variation import BetweenSites, Number, Sizes, Spread, Stability, Variation
from enginehouse.programme.enums import Disclosure
from enginehouse.programme.indicator import Indicator
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, DataTable, Document, Figure, Paragraph, Section
from enginehouse.reports.effects import attribute_words, scaled_per, value_format
from enginehouse.reports.figures import decile_figure
from enginehouse.reports.index import page_links
from enginehouse.reports.messages import say
from enginehouse.stats.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorInsight:
    """Everything that insight says of one indicator."""

    indicator: Indicator
    variation: Variation
    deciles: Deciles | NotEstimable
    headroom: Headroom | NotEstimable
    groups: tuple[ReleasedGroups | NotEstimable, ...] = ()


def insight_document(
    found: Sequence[IndicatorInsight],
    *,
    programme: str,
    setting: str,
    site_noun: str,
    synthetic: bool = False,
    footer: str = "",
    pages: Mapping[str, str] | None = None,
) -> Document:
    """One section for each indicator."""
    return Document(
        title=say("insight.title"),
        subtitle=say("insight.subtitle", programme=programme, setting=setting),
        kind=say("insight.kind"),
        sections=tuple(_section(insight, site_noun) for insight in found),
        banner=say("insight.banner") if synthetic else "",
        footer=footer,
        pages=page_links(pages),
    )


def shown_value(value: float, indicator: Indicator) -> str:
    """A ratio as the indicator is displayed: per cent, or for its scale."""
    return fmt.percent(value) if indicator.is_proportion else fmt.significant(value * indicator.scale)


def _section(insight: IndicatorInsight, noun: str) -> Section:
    blocks: list[Block] = [Paragraph(text=say("insight.why", text=insight.indicator.why_it_matters))]
    blocks.append(Paragraph(text=_spread(insight, noun)))
    blocks.append(_deciles(insight, noun))
    blocks.append(Paragraph(text=_headroom(insight, noun)))
    blocks += [_group_table(table, insight.indicator, noun) for table in insight.groups]
    blocks.append(_stability(insight, noun))
    return Section(id=insight.indicator.id, title=insight.indicator.title, blocks=tuple(blocks))


def _cannot(answer: NotEstimable) -> str:
    return say("insight.cannot", reason=answer.detail)


def _spread(insight: IndicatorInsight, noun: str) -> str:
    spread, indicator = insight.variation.spread, insight.indicator
    if not isinstance(spread, Spread):
        return _cannot(spread)
    text = say(
        "insight.spread",
        month=fmt.month_words(spread.month),
        sites=fmt.count(spread.sites),
        noun=plural(noun),
        low=shown_value(spread.p10, indicator),
        high=shown_value(spread.p90, indicator),
        median=shown_value(spread.p50, indicator),
    )
    if isinstance(spread.ratio_90_10, NotEstimable):
        return text
    return f"{text} {say('insight.ratio', ratio=fmt.significant(spread.ratio_90_10, 2))}"


def _deciles(insight: IndicatorInsight, noun: str) -> Block:
    found, indicator = insight.deciles, insight.indicator
    if isinstance(found, NotEstimable):
        return Paragraph(text=_cannot(found))
    factor = 100.0 if indicator.is_proportion else float(indicator.scale)
    values = [m.values if isinstance(m, MonthDeciles) else None for m in found.months]
    lines = [[None if v is None else v[level] * factor for v in values] for level in range(len(found.levels))]
    figure: Figure = decile_figure(
        tuple(str(month) for month in found.calendar),
        lines,
        label=_label(indicator),
        count=found.estimated[-1].sites,
        sites=plural(noun),
        value_format=value_format((v for line in lines for v in line), is_percent=indicator.is_proportion),
    )
    return figure


def _label(indicator: Indicator) -> str:
    if indicator.is_proportion:
        return say("insight.percent_label", title=indicator.short_title)
    per = scaled_per(indicator.per, indicator.scale)
    return say("insight.label", title=indicator.short_title, unit=indicator.unit, per=per)


def _headroom(insight: IndicatorInsight, noun: str) -> str:
    found, indicator = insight.headroom, insight.indicator
    if isinstance(found, NotEstimable):
        return _cannot(found)
    return say(
        f"insight.headroom.{indicator.direction.value}",
        noun_one=noun,
        noun=plural(noun),
        benchmark=say(f"insight.benchmark.{found.benchmark.value}"),
        value=shown_value(found.benchmark_value, indicator),
        period=_period(found.period.start, found.period.last),
        total=fmt.big_number(found.total),
        unit=indicator.gap_unit,
        share=fmt.percent(found.share),
        half=fmt.count(found.sites_with_half),
        sites=fmt.count(len(found.sites)),
    )


def _period(first: object, last: object) -> str:
    if first == last:
        return fmt.month_words(str(first))
    return say("timeline.entries.span", start=fmt.month_words(str(first)), end=fmt.month_words(str(last)))


COUNT_ATTRIBUTES = frozenset({"list_size", "practices"})
"""Attributes that count things, also where they are averages over months."""
_GROUP_COLUMNS = ("group", "sites", "value", "median", "headroom")


def _group_table(found: ReleasedGroups | NotEstimable, indicator: Indicator, noun: str) -> Block:
    if isinstance(found, NotEstimable):
        return Paragraph(text=_cannot(found))
    table = found.table
    rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
    is_count = found.attribute in COUNT_ATTRIBUTES or _are_whole(rows)
    shown = [name for name in _GROUP_COLUMNS if any(row.get(name, SUPPRESSED) != SUPPRESSED for row in rows)]
    return DataTable(
        caption=say(
            "insight.groups.caption",
            attribute=attribute_words(found.attribute),
            period=_period(found.period.start, found.period.last),
        ),
        header=tuple(plural(noun).capitalize() if name == "sites" else say(f"insight.groups.{name}") for name in shown),
        rows=tuple(tuple(_group_cell(name, row, indicator, is_count) for name in shown) for row in rows),
        numeric=frozenset(range(1, len(shown))),
        note="" if table.rule is Disclosure.NONE else table.note,
    )


def _group_cell(name: str, row: Mapping[str, Cell], indicator: Indicator, is_count: bool) -> str:
    cell = row[name]
    if name == "group":
        return _group_label(str(cell), row["low"], row["high"], is_count=is_count)
    if isinstance(cell, str):
        return cell  # suppressed, or empty
    if name == "sites":
        return fmt.count(int(cell))
    return fmt.big_number(cell) if name == "headroom" else shown_value(cell, indicator)


def _are_whole(rows: Sequence[Mapping[str, Cell]]) -> bool:
    limits = [row[name] for row in rows for name in ("low", "high") if not isinstance(row[name], str)]
    return bool(limits) and all(float(limit).is_integer() for limit in limits)


def _group_label(label: str, low: Cell, high: Cell, *, is_count: bool) -> str:
    if isinstance(low, str) or isinstance(high, str):
        return label
    limits = [fmt.count(round(limit)) if is_count else fmt.significant(limit) for limit in (low, high)]
    return say("insight.groups.range", label=label, low=limits[0], high=limits[1])


def _stability(insight: IndicatorInsight, noun: str) -> DataTable:
    turnover, many = insight.variation.turnover, plural(noun)
    note = say(
        "insight.stability.note",
        throughout=fmt.count(turnover.throughout),
        sites=fmt.count(turnover.sites),
        noun=many,
        first=fmt.month_words(turnover.first),
        last=fmt.month_words(turnover.last),
        joining=fmt.count(turnover.joining),
        leaving=fmt.count(turnover.leaving),
        gaps=fmt.count(turnover.gaps),
    )
    if turnover.missing_months:
        missing = ", ".join(fmt.month_words(month) for month in turnover.missing_months)
        note = f"{note} {say('insight.stability.missing', noun_one=noun, months=missing)}"
    return DataTable(
        caption=say("insight.stability.caption"),
        header=(say("insight.stability.name"), say("insight.stability.value")),
        rows=(*_stability_rows(insight.variation.stability, noun), *_size_rows(insight.variation, many)),
        numeric=frozenset({1}),
        note=note,
    )


def _stability_rows(found: Stability | NotEstimable, noun: str) -> list[tuple[str, str]]:
    name = say("insight.stability.icc", noun=plural(noun))
    if not isinstance(found, Stability):
        return [(name, _cannot(found))]
    rows = [(name, _number(found.icc))]
    rows += [
        (say("insight.stability.autocorrelation", noun_one=noun, lag=counted(lag, "month")), _number(value))
        for lag, value in found.autocorrelation.items()
    ]
    return rows


def _size_rows(variation: Variation, many: str) -> list[tuple[str, str]]:
    rows = []
    relative, sizes = variation.relative, variation.sizes
    if isinstance(relative, BetweenSites):
        name = say("insight.stability.relative", noun=many, scale=relative.scale)
        rows.append((name, _number(relative.between_sd)))
    if isinstance(sizes, Sizes):
        rows.append((say("insight.stability.mean"), fmt.big_number(sizes.mean)))
        rows.append((say("insight.stability.cv"), _number(sizes.cv)))
    return rows


def _number(value: Number) -> str:
    return _cannot(value) if isinstance(value, NotEstimable) else fmt.number(value, 2)
