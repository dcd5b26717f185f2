"""Whatever the data: words never contradict them, noise is never called a difference, arms never show, nothing varies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from enginehouse.core.months import Month
from enginehouse.data.sites import Site, SiteRegister
from enginehouse.feedback.claims import numbers_in
from enginehouse.feedback.content import ReportContent, content_from_record, drawn_texts
from enginehouse.feedback.linter import Outcome, lint, lint_context
from enginehouse.feedback.make import Said, WaveInputs, make_reports
from enginehouse.indicators.panel import PanelArrays
from enginehouse.programme.enums import Direction, NumeratorKind
from enginehouse.programme.load import Programme, load_programme

FEW = settings(max_examples=30, deadline=None)
CYCLE = "facilitation"
DATA_RULES = (8, 10, 11, 13, 27)


@cache
def programme() -> Programme:
    """The example's programme, with its own messages."""
    return load_programme(Path(str(files("enginehouse"))) / "programmes" / "head-to-head")


levels = st.one_of(st.just(0.0), st.floats(min_value=1e-3, max_value=1e5))
sizes = st.one_of(st.just(0.0), st.floats(min_value=1.0, max_value=2e4))
kinds = st.sampled_from(
    [
        (NumeratorKind.QUANTITY, False, Direction.LOWER_IS_BETTER),
        (NumeratorKind.QUANTITY, False, Direction.HIGHER_IS_BETTER),
        (NumeratorKind.COUNT, False, Direction.LOWER_IS_BETTER),
        (NumeratorKind.COUNT, True, Direction.LOWER_IS_BETTER),
        (NumeratorKind.PATIENTS, True, Direction.HIGHER_IS_BETTER),
    ]
)


@st.composite
def wild(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Any numbers at all: zeros, constants, one month, tiny sites."""
    shape = (draw(st.integers(1, 14)), draw(st.integers(1, 15)))
    numerator = draw(hnp.arrays(np.float64, shape, elements=levels))
    denominator = draw(hnp.arrays(np.float64, (shape[0], 1), elements=sizes))
    return numerator, np.broadcast_to(denominator, shape).copy()


@st.composite
def lifelike(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Sites that differ, drift and vary from month to month, each a little or a lot."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (draw(st.integers(6, 18)), draw(st.integers(8, 26)))
    spread, drift, noise = (
        draw(st.sampled_from(options)) for options in ([0, 0.2, 0.6], [0, 0.02, 0.06], [0, 0.05, 0.4])
    )
    logs = rng.normal(-1.5, spread, (shape[0], 1)) + rng.normal(0, drift, (shape[0], 1)) * np.arange(shape[1])
    denominator = np.round(rng.lognormal(8, 0.6, (shape[0], 1)) * np.ones(shape))
    return denominator * np.exp(logs + rng.normal(0, noise, shape)), denominator


@st.composite
def panels(draw: st.DrawFn) -> tuple[PanelArrays, tuple[NumeratorKind, bool, Direction]]:
    """Wild or lifelike, of every kind of numerator, with gaps."""
    kind = draw(kinds)
    numerator, denominator = draw(st.one_of(wild(), lifelike(), lifelike()))
    if kind[1]:
        numerator = np.minimum(numerator, denominator)
    if kind[0] is not NumeratorKind.QUANTITY:
        numerator = np.floor(numerator)
    gaps = np.random.default_rng(draw(st.integers(0, 99))).random(numerator.shape) < draw(
        st.sampled_from([0.0, 0.0, 0.1])
    )
    numerator, denominator = np.where(gaps, np.nan, numerator), np.where(gaps, np.nan, denominator)
    sites, months = numerator.shape
    first = Month.parse("2025-05") + -(months - 1)
    names = tuple(f"ods:P{row:02d}" for row in range(sites))
    return PanelArrays("x", names, tuple(first + step for step in range(months)), numerator, denominator), kind


def inputs_of(
    arrays: PanelArrays,
    kind: tuple[NumeratorKind, bool, Direction],
    said: Mapping[str, tuple[Said, ...]] | None = None,
) -> WaveInputs:
    protocol = programme().protocols[CYCLE]
    indicator = (
        programme()
        .indicators[protocol.indicator]
        .model_copy(update={"numerator_kind": kind[0], "is_proportion": kind[1], "direction": kind[2]})
    )
    return WaveInputs(
        cycle=CYCLE,
        settings=programme().settings,
        protocol=protocol,
        strategies=programme().strategies,
        indicator=indicator,
        messages=programme().messages,
        arrays=arrays,
        register=SiteRegister(sites={site: Site(site, site.removeprefix("ods:")) for site in arrays.sites}),
        wave=2,
        due_on=date(2025, 6, 12),
        sent_on=date(2025, 6, 12),
        next_on=None,
        said=said or {},
    )


def reports(inputs: WaveInputs) -> dict[str, ReportContent]:
    names = list(programme().protocols[CYCLE].arms)
    return make_reports(inputs, {site: names[row % 2] for row, site in enumerate(inputs.arrays.sites)})


@FEW
@given(panel=panels())
def test_words_never_contradict_the_data_and_noise_is_never_a_difference(panel):
    inputs = inputs_of(*panel)
    for content in reports(inputs).values():
        context = lint_context(inputs.protocol, inputs.strategies, inputs.settings.feedback, arm=content.arm)
        failed = [
            f for f in lint(content, context=context).findings if f.outcome is Outcome.FAILED and f.rule in DATA_RULES
        ]
        assert not failed, (content.headline, content.comparison_words, content.trend_words)


@FEW
@given(panel=panels())
def test_praise_and_blame_follow_from_the_values_alone(panel):
    """A second way of looking: message by message, from the arrays, with none of the room's own judging."""
    arrays, kind = panel
    sign = 1 if kind[2] is Direction.LOWER_IS_BETTER else -1
    for content in reports(inputs_of(arrays, kind)).values():
        own, other = content.own, content.comparator
        if own is None or other is None:
            assert content.chosen.message in ("", "trend-better", "trend-worse")
            continue
        worst, best = (own.high, own.low) if sign > 0 else (own.low, own.high)
        if content.chosen.message == "achievement":
            assert sign * (own.value - other.target) <= 0
            assert sign * (worst - other.typical) < 0
        if content.chosen.message in ("gap-large", "gap-moderate", "gap-for-pharmacists"):
            assert sign * (best - other.target) > 0
        if content.chosen.message.startswith("trend"):
            change = content.trend.change
            assert change.low * change.high > 0
            assert (sign * change.amount < 0) is (content.chosen.message == "trend-better")
        if content.chosen.message == "gap-within-chance":
            assert sign * (best - other.target) <= 0 < sign * (own.value - other.target)


@FEW
@given(panel=panels())
def test_nothing_is_made_up_where_the_newest_month_is_missing(panel):
    arrays, kind = panel
    for row, content in enumerate(reports(inputs_of(arrays, kind)).values()):
        there = np.isfinite(arrays.numerator[row, -1]) and np.nan_to_num(arrays.denominator[row, -1]) > 0
        if not there:
            assert content.own is None
            assert content.cannot_be_said
            assert not set(numbers_in(content.headline)) - set(numbers_in(content.site_name))
        if content.own is not None:
            assert content.own.low <= content.own.value * (1 + 1e-9) + 1e-9
            assert content.own.value <= content.own.high * (1 + 1e-9) + 1e-9
            assert all(np.isfinite([content.own.value, content.own.low, content.own.high]))
        assert content_from_record(content.to_record()) == content


@FEW
@given(panel=panels())
def test_the_same_data_give_the_same_reports_whatever_the_order_of_sites(panel):
    arrays, kind = panel
    inputs = inputs_of(arrays, kind)
    arms = {site: next(iter(inputs.protocol.arms)) for site in arrays.sites}
    once = make_reports(inputs, arms)
    assert make_reports(inputs, arms) == once
    backwards = inputs_of(arrays.of_sites(reversed(arrays.sites)), kind)
    again = make_reports(backwards, arms)
    for site, content in once.items():
        assert drawn_texts(again[site]) == drawn_texts(content)


@FEW
@given(panel=panels(), name=st.from_regex(r"\Aq[a-z]{5}-q[a-z]{5}\Z"))
def test_the_name_of_an_arm_changes_no_word_and_stands_in_none(panel, name):
    arrays, kind = panel
    inputs = inputs_of(arrays, kind)
    arm = list(inputs.protocol.arms)[1]
    renamed = inputs.protocol.model_copy(update={"arms": {name: inputs.protocol.arms[arm]}})
    changed = WaveInputs(**{f: getattr(inputs, f) for f in inputs.__dataclass_fields__} | {"protocol": renamed})
    old = make_reports(inputs, dict.fromkeys(arrays.sites, arm))
    new = make_reports(changed, dict.fromkeys(arrays.sites, name))
    for site in arrays.sites:
        assert drawn_texts(new[site]) == drawn_texts(old[site])
        assert name not in " ".join(drawn_texts(new[site]).values())


@FEW
@given(panel=panels())
def test_what_others_get_changes_no_report(panel):
    arrays, kind = panel
    inputs = inputs_of(arrays, kind)
    first, second = inputs.protocol.arms
    alone = make_reports(inputs, {arrays.sites[0]: first})[arrays.sites[0]]
    among = make_reports(inputs, dict.fromkeys(arrays.sites, second) | {arrays.sites[0]: first})[arrays.sites[0]]
    assert alone == among
