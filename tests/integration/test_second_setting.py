"""Insight on hospitals of the United States, two publications fifteen months apart: the same functions, unchanged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

from enginehouse.core.months import Month
from enginehouse.indicators.panel import Panel, PanelArrays
from enginehouse.indicators.scores import ScoreKind, numerators
from enginehouse.insight.deciles import Deciles, deciles
from enginehouse.insight.groups import GroupTable, by_group
from enginehouse.insight.headroom import Benchmark, Headroom, headroom
from enginehouse.insight.selection import Inclusion
from enginehouse.insight.variation import BetweenSites, Sizes, Spread, Stability, variation
from enginehouse.programme.enums import Direction
from enginehouse.stats.results import NotEstimable

DATES = {"202104": Month(2021, 4), "202207": Month(2022, 7)}
SHARES = {"SEP_1": Direction.HIGHER_IS_BETTER, "OP_10": Direction.LOWER_IS_BETTER, "OP_22": Direction.LOWER_IS_BETTER}
NOT_SHARES = {
    "MORT_30_AMI": ScoreKind.RISK_STANDARDISED,
    "READM_30_HOSP_WIDE": ScoreKind.RISK_STANDARDISED,
    "HAI_1": ScoreKind.RATIO_TO_EXPECTED,
    "OP_18B": ScoreKind.MEDIAN,
    "PSI_90": ScoreKind.COMPOSITE,
}

Read = Callable[[str, ScoreKind], PanelArrays | NotEstimable]


@pytest.fixture
def read(shared_file: Callable[[str], Path]) -> Read:
    """The adapter of this setting: a measure's score and denominator at both dates, as a panel."""

    def adapt(measure: str, kind: ScoreKind) -> PanelArrays | NotEstimable:
        sites: list[str] = []
        months: list[Month] = []
        tops, bottoms = [], []
        for date, month in DATES.items():
            path = shared_file(f"data/us_hospitals/cms_care_compare_input_{date}.parquet")
            found = duckdb.sql(
                f"SELECT PROVIDER_ID, {measure}, {denominator_of(measure)} FROM '{path}' WHERE {measure} IS NOT NULL"
            ).fetchnumpy()
            score = np.ma.filled(np.ma.asarray(found[measure], dtype=np.float64), np.nan)
            cases = np.ma.filled(np.ma.asarray(found[denominator_of(measure)], dtype=np.float64), np.nan)
            numerator = numerators(score, cases, kind)
            if isinstance(numerator, NotEstimable):
                return numerator
            there = np.isfinite(numerator)
            sites += [f"ccn:{p}" for p in found["PROVIDER_ID"][there]]
            months += [month] * int(there.sum())
            tops.append(numerator[there])
            bottoms.append(cases[there])
        panel = Panel.from_columns(
            indicator=[measure.lower()] * len(sites),
            site=sites,
            month=months,
            numerator=np.concatenate(tops),
            denominator=np.concatenate(bottoms),
        )
        return panel.arrays(measure.lower())

    return adapt


def denominator_of(measure: str) -> str:
    return f"{measure}_DEN_VOL" if measure.startswith("HAI") else f"{measure}_DEN"


@pytest.mark.parametrize("measure", SHARES)
def test_variation_of_hospitals(measure: str, read: Read) -> None:
    arrays = read(measure, ScoreKind.PROPORTION)
    assert isinstance(arrays, PanelArrays)
    found = variation(arrays, is_proportion=True, include=Inclusion(minimum_denominator=10), lags=(1, 15))
    assert isinstance(found.spread, Spread)
    assert 0 <= found.spread.p10 <= found.spread.p50 <= found.spread.p90 <= 1
    assert isinstance(found.absolute, BetweenSites)
    assert isinstance(found.stability, Stability)
    assert found.stability.months == 2  # the fourteen months in between have no data and are not counted
    assert 0 < found.stability.icc < 1
    assert isinstance(found.stability.autocorrelation[1], NotEstimable)
    assert isinstance(found.stability.autocorrelation[15], float)
    assert isinstance(found.sizes, Sizes)
    assert found.sizes.cv > 0
    assert found.turnover.gaps == 0
    assert found.turnover.throughout + found.turnover.joining + found.turnover.leaving == found.turnover.sites


def test_a_season_that_was_published_twice_is_seen(read: Read) -> None:
    """Influenza vaccination of staff: both files carry the same season, so nothing varies within hospitals."""
    arrays = read("IMM_3", ScoreKind.PROPORTION)
    assert isinstance(arrays, PanelArrays)
    found = variation(arrays, is_proportion=True).stability
    assert isinstance(found, Stability)
    assert found.icc == pytest.approx(1.0)


def test_the_spread_is_that_of_the_file(read: Read, shared_file: Callable[[str], Path]) -> None:
    """The same percentiles by SQL on the published scores (quantile_cont is type 7)."""
    path = shared_file("data/us_hospitals/cms_care_compare_input_202207.parquet")
    expected = duckdb.sql(f"SELECT quantile_cont(SEP_1, [0.1, 0.5, 0.9]) FROM '{path}' WHERE SEP_1_DEN > 0").fetchall()
    arrays = read("SEP_1", ScoreKind.PROPORTION)
    assert isinstance(arrays, PanelArrays)
    found = variation(arrays, is_proportion=True).spread
    assert isinstance(found, Spread)
    np.testing.assert_allclose([found.p10, found.p50, found.p90], expected[0][0], rtol=1e-12)


@pytest.mark.parametrize(("measure", "direction"), SHARES.items())
@pytest.mark.parametrize("benchmark", Benchmark)
def test_headroom_of_hospitals(measure: str, direction: Direction, benchmark: Benchmark, read: Read) -> None:
    arrays = read(measure, ScoreKind.PROPORTION)
    assert isinstance(arrays, PanelArrays)
    found = headroom(arrays, direction=direction, benchmark=benchmark, is_proportion=True)
    assert isinstance(found, Headroom)
    assert found.total > 0
    assert found.total == pytest.approx(found.by_site.sum())


def test_deciles_and_groups_of_hospitals(read: Read, shared_file: Callable[[str], Path]) -> None:
    arrays = read("SEP_1", ScoreKind.PROPORTION)
    assert isinstance(arrays, PanelArrays)
    over_time = deciles(arrays)
    assert isinstance(over_time, Deciles)
    assert [m.month for m in over_time.estimated] == list(DATES.values())
    stars = duckdb.sql(
        f"SELECT 'ccn:' || PROVIDER_ID, star_rating_202207 FROM '{shared_file('data/us_hospitals/hospital_info.parquet')}'"
    ).fetchall()
    rating = {site: float(star) for site, star in stars if star is not None}
    table = by_group(arrays, np.array([rating.get(s, np.nan) for s in arrays.sites]), name="star rating", groups=3)
    assert isinstance(table, GroupTable)
    assert table.rows[-1].label == "not known"
    known = [row.value for row in table.rows[:-1]]
    assert known == sorted(known)  # better rated hospitals give sepsis care as recommended more often


@pytest.mark.parametrize(("measure", "kind"), NOT_SHARES.items())
def test_scores_without_a_numerator_are_refused_with_the_reason(measure: str, kind: ScoreKind, read: Read) -> None:
    found = read(measure, kind)
    assert isinstance(found, NotEstimable)
    assert found.reason == kind.value
    assert found.detail.endswith(".")


def test_insight_has_no_word_of_england(checkout: Path) -> None:
    words = re.compile(
        r"\b(NHS|practices?|GPs?|CCGs?|ICBs?|BNF|England|English|OpenPrescribing|prescrib\w*)\b", re.IGNORECASE
    )
    files = list((checkout / "src/enginehouse/insight").rglob("*.py"))
    assert files
    found = [f"{path.name}: {match[0]}" for path in files for match in words.finditer(path.read_text(encoding="utf-8"))]
    assert found == []
