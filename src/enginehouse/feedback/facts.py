"""The facts of a site, from the panel and the register: its value, its trend, its comparison, its gap. No words here.

Values are ratios of numerator to denominator, before any scale for display. What cannot be said is `NotEstimable`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from enginehouse.core.errors import DataError
from enginehouse.core.months import Month
from enginehouse.data.sites import SiteRegister
from enginehouse.feedback.lines import SMALLEST_CHANGE, lines_through, t_of
from enginehouse.feedback.similar import LEAST_SIMILAR, Comparison, Groups, comparison_for, site_groups
from enginehouse.feedback.values import LEAST_HISTORY, Floats, OwnValue, Values, protected_values, values_at
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Direction, Disclosure
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.programme import FeedbackSettings
from enginehouse.stats.results import NotEstimable

TREND_MONTHS = 24
"""Months of trend that are shown at most."""
TREND_SPAN = 12
"""Months over which a trend is judged, unless a message asks for another number."""
MISSING_MONTH = "missing-month"
TOO_FEW_MONTHS = "too-few-months"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendFact:
    """The straight line through the last `months` months: its change from first to last, with 95% interval.

    `began` is the line's start. `certain` when the interval excludes no change.
    """

    months: int
    change: float
    low: float
    high: float
    began: float
    certain: bool

    @property
    def share(self) -> float:
        """The change as a share of where it began; 0 where that was 0."""
        return self.change / abs(self.began) if self.began else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFact:
    """From the own value to the target: positive where the target is not reached, in ratio units.

    `amount` is in the numerator's unit for one month of the site, never negative. `sure` is the part of `size` (0 to 1)
    that remains at the favourable end of the own interval. `certain` when some of it remains.
    """

    size: float
    share: float
    amount: float
    sure: float

    @property
    def certain(self) -> bool:
        return self.sure > 0

    @property
    def reached(self) -> bool:
        return self.size <= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFacts:
    """What is known of one site.

    `own` and `others` are by month, over `months` (at most `TREND_MONTHS`); `others` is the middle of the comparison.
    `trends` are by the number of months asked for. `year_ago` is the own value twelve months before. `groups` are the
    own values of groups of the site's patients, by division (*age*) and group; unless the data are
    published, a division is told whole or not at all. `sign` is 1 where lower is better, else -1.
    """

    site: str
    sign: float
    months: tuple[Month, ...]
    own: tuple[float | None, ...]
    others: tuple[float | None, ...]
    now: OwnValue | NotEstimable
    year_ago: OwnValue | NotEstimable
    comparison: Comparison | NotEstimable
    gap: GapFact | NotEstimable
    trends: Mapping[int, TrendFact | NotEstimable]
    groups: Mapping[str, Mapping[str, OwnValue | NotEstimable]] = field(default_factory=dict)
    groups_are_whole_or_none: bool = True

    def trend(self, months: int | None = None) -> TrendFact | NotEstimable:
        """The trend over the last so many months."""
        return self.trends[months or TREND_SPAN]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AllFacts:
    """What the facts of every site of a wave are read from: worked out once for all sites."""

    arrays: PanelArrays
    ratio: Floats
    indicator: Indicator
    sign: float
    percentile: int
    least_similar: int
    row_of: Mapping[str, int]
    now: Values
    year_ago: Values | None
    groups: Mapping[str, Groups]
    trends: Mapping[int, tuple[TrendFact | NotEstimable, ...]]
    strata: Mapping[str, Mapping[str, tuple[Mapping[str, int], Values]]]
    rule: Disclosure


def all_facts(
    arrays: PanelArrays,
    register: SiteRegister,
    indicator: Indicator,
    settings: FeedbackSettings,
    *,
    spans: Sequence[int] = (),
    strata: Mapping[str, Mapping[str, PanelArrays]] | None = None,
    rule: Disclosure = Disclosure.ROUND_AND_SUPPRESS,
    least_similar: int = LEAST_SIMILAR,
) -> AllFacts:
    """Work out what all sites share. `spans` are the months over which trends are wanted beside `TREND_SPAN`.

    Raises
    ------
    DataError
        The indicator has no direction, or the panel no month.
    """
    if indicator.direction is Direction.NONE or not arrays.months:
        raise DataError(
            f"got {indicator.id}, which has {'no direction' if arrays.months else 'no data'}.",
            where="feedback",
            remedy="Choose an indicator of which it can be said which way is better, and load its data.",
        )
    now = values_at(arrays, indicator)
    before = len(arrays.months) - 1 - TREND_SPAN
    return AllFacts(
        arrays=arrays,
        ratio=arrays.ratio[:, -TREND_MONTHS:],
        indicator=indicator,
        sign=1.0 if indicator.direction is Direction.LOWER_IS_BETTER else -1.0,
        percentile=settings.target_percentile,
        least_similar=least_similar,
        row_of={site: row for row, site in enumerate(arrays.sites)},
        now=now,
        year_ago=values_at(arrays, indicator, last=before) if before >= 0 else None,
        groups=site_groups(settings.similar_by, register, now),
        trends={span: _trends(arrays, span) for span in {TREND_SPAN, *spans}},
        strata={
            stratum: {group: _group_values(part, indicator, rule) for group, part in groups.items()}
            for stratum, groups in (strata or {}).items()
        },
        rule=rule,
    )


def facts_of(found: AllFacts, site: str) -> SiteFacts:
    """The facts of one site. A site that the panel does not have is told so in every fact."""
    row = found.row_of.get(site)
    if row is None:
        return _unknown(found, site)
    now = found.now.of(row)
    comparison = comparison_for(
        row, found.now, found.groups, sign=found.sign, percentile=found.percentile, least=found.least_similar
    )
    return SiteFacts(
        site=site,
        sign=found.sign,
        months=found.arrays.months[-TREND_MONTHS:],
        own=_listed(found.ratio[row]),
        others=_middle(found.ratio, comparison),
        now=now,
        year_ago=_missing(TOO_FEW_MONTHS) if found.year_ago is None else found.year_ago.of(row),
        comparison=comparison,
        gap=_gap(now, comparison, found.sign),
        trends={span: trends[row] for span, trends in found.trends.items()},
        groups=_groups(found, site),
        groups_are_whole_or_none=found.rule is not Disclosure.NONE,
    )


def _unknown(found: AllFacts, site: str) -> SiteFacts:
    months = found.arrays.months[-TREND_MONTHS:]
    nothing = _missing(MISSING_MONTH)
    return SiteFacts(
        site=site,
        sign=found.sign,
        months=months,
        own=(None,) * len(months),
        others=(None,) * len(months),
        now=nothing,
        year_ago=nothing,
        comparison=nothing,
        gap=nothing,
        trends=dict.fromkeys(found.trends, nothing),
        groups=_groups(found, site),
        groups_are_whole_or_none=found.rule is not Disclosure.NONE,
    )


def _missing(reason: str) -> NotEstimable:
    return NotEstimable(reason=reason, detail=reason)


def _group_values(part: PanelArrays, indicator: Indicator, rule: Disclosure) -> tuple[dict[str, int], Values]:
    rows = {site: row for row, site in enumerate(part.sites)}
    return rows, protected_values(values_at(part, indicator), rule)


def _groups(found: AllFacts, site: str) -> dict[str, dict[str, OwnValue | NotEstimable]]:
    return {
        stratum: {group: _of_stratum(rows, values, site) for group, (rows, values) in groups.items()}
        for stratum, groups in found.strata.items()
    }


def _of_stratum(rows: Mapping[str, int], values: Values, site: str) -> OwnValue | NotEstimable:
    return values.of(rows[site]) if site in rows else _missing(MISSING_MONTH)


def _listed(row: Floats) -> tuple[float | None, ...]:
    values: list[float] = row.tolist()
    return tuple(value if math.isfinite(value) else None for value in values)


def _middle(ratio: Floats, comparison: Comparison | NotEstimable) -> tuple[float | None, ...]:
    """The median of the comparison's values in each month that at least half of them have."""
    if isinstance(comparison, NotEstimable):
        return (None,) * int(ratio.shape[1])
    part: Floats = np.sort(ratio[comparison.rows], axis=0)
    count = np.isfinite(part).sum(axis=0)
    upper, lower = count // 2, np.maximum(count - 1, 0) // 2
    columns = np.arange(part.shape[1])
    middle: Floats = (part[lower, columns] + part[np.minimum(upper, len(part) - 1), columns]) / 2
    return _listed(np.where(2 * count >= len(part), middle, np.nan))


def _gap(now: OwnValue | NotEstimable, comparison: Comparison | NotEstimable, sign: float) -> GapFact | NotEstimable:
    if isinstance(now, NotEstimable):
        return now
    if isinstance(comparison, NotEstimable):
        return comparison
    size = sign * (now.value - comparison.target)
    best = now.low if sign > 0 else now.high
    remains = sign * (best - comparison.target)
    return GapFact(
        size=size,
        share=size / abs(now.value) if now.value else float(size > 0),
        amount=max(0.0, size) * now.denominator,
        sure=min(1.0, max(0.0, remains / size)) if size > 0 else 0.0,
    )


def _trends(arrays: PanelArrays, span: int) -> tuple[TrendFact | NotEstimable, ...]:
    """The trend of every site over the last `span` months; three quarters of them, and the newest, must be there."""
    ratio = arrays.ratio[:, -span:]
    lines = lines_through(ratio)
    there = np.isfinite(ratio)
    enough = (there.sum(axis=1) >= max(LEAST_HISTORY, 0.75 * span)) & there[:, -1]
    t = t_of(lines.df)
    found: list[TrendFact | NotEstimable] = []
    for row in range(len(ratio)):
        if not enough[row]:
            found.append(_missing(TOO_FEW_MONTHS))
            continue
        slope, half = float(lines.slope[row]), float(t[row] * lines.slope_error[row])
        found.append(_trend(slope, half, float(lines.fitted[row, 0]), float(lines.fitted[row, -1]), ratio.shape[1]))
    return tuple(found)


def _trend(slope: float, half: float, began: float, ended: float, months: int) -> TrendFact:
    steps = months - 1
    moves = abs(slope) * steps > SMALLEST_CHANGE * max(abs(began), abs(ended))
    return TrendFact(
        months=months,
        change=slope * steps,
        low=(slope - half) * steps,
        high=(slope + half) * steps,
        began=began,
        certain=moves and abs(slope) > half,
    )
