"""A registered look at harms: the same numbers by a loop of one's own, what it may see, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from enginehouse.core.errors import DataError, UserError
from enginehouse.core.months import Month
from enginehouse.evaluation.parallel.harms import HarmsReport, HarmWord, harms_from_record, look_at_harms, word_of
from enginehouse.indicators.panel import HarmsPanel, Panel
from enginehouse.programme.enums import Direction
from enginehouse.stats.results import Estimate, NotEstimable

LOOK = Month(2025, 3)
LOOKS = {"harm_looks": ["2025-03", "2025-05"]}


def changed(trial, indicator: str, ratio: float, *, arm: str, first: Month, last: Month):
    """The trial with an indicator multiplied in an arm and in some months."""
    table = trial.panel.table
    month = table.column("month")
    here = pc.and_(
        pc.and_(
            pc.equal(table.column("indicator"), indicator),
            pc.is_in(table.column("site"), pa.array(trial.allocated.allocation.sites_of(arm))),
        ),
        pc.and_(
            pc.greater_equal(month, pa.scalar(first.first_day, pa.date32())),
            pc.less_equal(month, pa.scalar(last.first_day, pa.date32())),
        ),
    )
    values = pc.if_else(here, pc.multiply(table.column("numerator"), ratio), table.column("numerator"))
    place = table.column_names.index("numerator")
    return replace(trial, panel=Panel.from_table(table.set_column(place, "numerator", values)))


def look(trial, last: Month = LOOK) -> HarmsReport:
    panel = HarmsPanel.at_look(trial.panel, trial.protocol.balancing, last)
    return look_at_harms(trial.protocol, "p" * 64, panel, trial.sites, trial.indicators, trial.allocated)


@pytest.fixture(scope="module")
def looked_at(trial_of):
    return trial_of(analysis=LOOKS)


def estimated(answer: object) -> Estimate:
    assert isinstance(answer, Estimate), answer
    return answer


def sums(trial, months: slice) -> tuple[np.ndarray, np.ndarray]:
    arrays = trial.panel.arrays("gabapentinoids")
    rows = arrays.rows(trial.allocated.roster.sites)
    return arrays.numerator[rows, months].sum(axis=1), arrays.denominator[rows, months].sum(axis=1)


def poisson_by_hand(trial) -> tuple[float, float, float]:
    """The log ratio of the arms by Newton's steps, and its robust error without and with the largest correction."""
    (before, size_before), (after, size) = sums(trial, slice(0, 12)), sums(trial, slice(12, 15))
    allocation, plan = trial.allocated.allocation, trial.allocated.plan
    visits = (allocation.positions == allocation.arms.index("visits")).astype(float)
    stratum = np.array(plan.stratum_of_unit)[list(plan.unit_of_site)].astype(float)
    design = np.column_stack([np.ones(len(after)), visits, np.log(before / size_before), stratum])
    found = np.zeros(4)
    found[0] = np.log(after.sum() / size.sum())
    for _ in range(50):
        mean = size * np.exp(design @ found)
        bread = np.linalg.inv(design.T @ (design * mean[:, None]))
        found = found + bread @ design.T @ (after - mean)
    leverage = np.einsum("ij,jk,ik->i", design, bread, design) * mean
    errors = []
    for power in (0, 1):
        scores = design * ((after - mean) / (1 - leverage) ** power)[:, None]
        errors.append(float(np.sqrt((bread @ scores.T @ scores @ bread)[1, 1])))
    return float(found[1]), errors[0], errors[1]


def test_the_effect_is_that_of_a_loop_of_ones_own(looked_at):
    trial = changed(looked_at, "gabapentinoids", 1.2, arm="visits", first=Month(2025, 1), last=LOOK)
    effect = estimated(look(trial).outcome("gabapentinoids").headline)
    value, least, most = poisson_by_hand(trial)
    assert effect.value == pytest.approx(value, abs=1e-6)
    assert least < effect.std_error < most
    assert effect.df == 80 - 4


def test_arms_are_summed_over_the_months_so_far(looked_at):
    report = look(looked_at)
    assert (report.last_month, report.follow_up_months, report.baseline_months) == ("2025-03", 3, 12)
    (outcome,) = report.outcomes
    allocation = looked_at.allocated.allocation
    for arm in ("feedback", "visits"):
        rows = [site in allocation.sites_of(arm) for site in looked_at.allocated.roster.sites]
        top, bottom = (part[rows].sum() for part in sums(looked_at, slice(12, 15)))
        assert outcome.arm(arm).follow_up_value == pytest.approx(top / bottom)
        assert outcome.arm(arm).months[-1] == "2025-03"
        assert len(outcome.arm(arm).series) == 15


@pytest.mark.parametrize(
    ("ratio", "arm", "word", "said"),
    [
        (1.2, "visits", HarmWord.WORSE, "Worse in feedback by letter and visits to the practice: act. Gabapentinoids, compared with feedback by letter: +"),
        (1.0, "visits", HarmWord.NO_SIGN, "compared with feedback by letter: nothing that chance would not give, "),
        (1.2, "feedback", HarmWord.BETTER, "compared with feedback by letter: no harm, it moved the good way, -"),
    ],
)  # fmt: skip
def test_what_a_look_says(looked_at, ratio: float, arm: str, word: HarmWord, said: str):
    report = look(changed(looked_at, "gabapentinoids", ratio, arm=arm, first=Month(2025, 1), last=LOOK))
    (finding,) = report.findings
    assert finding.word is word
    assert said in finding.sentence
    assert "95% interval" in finding.sentence
    assert (report.worse == report.findings) == (word is HarmWord.WORSE)


def test_it_alarms_exactly_when_the_whole_interval_is_on_the_bad_side(looked_at):
    (contrast,) = look(looked_at).outcomes[0].contrasts

    def word(value: float, direction: Direction) -> HarmWord:
        effect = Estimate(value=value, std_error=0.1, df=float("inf"), scale="log-ratio", method="m")
        return word_of(replace(contrast, effect=effect), direction)

    # 1.96 standard errors are 0.196.
    assert word(0.195, Direction.LOWER_IS_BETTER) is HarmWord.NO_SIGN
    assert word(0.197, Direction.LOWER_IS_BETTER) is HarmWord.WORSE
    assert word(0.197, Direction.HIGHER_IS_BETTER) is HarmWord.BETTER
    assert word(-0.197, Direction.HIGHER_IS_BETTER) is HarmWord.WORSE
    nothing = replace(contrast, effect=NotEstimable(reason="few", detail="Too few."))
    assert word_of(nothing, Direction.LOWER_IS_BETTER) is HarmWord.CANNOT_BE_ESTIMATED


def test_neither_later_months_nor_the_primary_outcome_bear_on_it(looked_at):
    other = changed(looked_at, "gabapentinoids", 5.0, arm="visits", first=Month(2025, 4), last=Month(2025, 6))
    other = changed(other, "opioids", 3.0, arm="visits", first=Month(2024, 1), last=Month(2025, 6))
    assert look(other) == look(looked_at)
    assert [outcome.indicator for outcome in look(looked_at).outcomes] == ["gabapentinoids"]


def test_the_window_is_every_month_so_far_whatever_is_registered(looked_at):
    last_month = looked_at.protocol.estimand.model_copy(update={"window": "last-month"})
    other = replace(looked_at, protocol=looked_at.protocol.model_copy(update={"estimand": last_month}))
    assert look(other).outcomes == look(looked_at).outcomes


def test_a_difference_is_told_as_the_indicator_is_shown(trial_of):
    trial = trial_of(analysis={**LOOKS, "worthwhile": -0.5, "equivalence": None}, estimand={"summary": "difference"})
    scaled = trial.indicators["gabapentinoids"].model_copy(update={"scale": 1000})
    trial = replace(trial, indicators={**trial.indicators, "gabapentinoids": scaled})
    report = look(trial)
    effect = estimated(report.outcomes[0].headline)
    assert f"{1000 * effect.value:+.3g} (95% interval" in report.findings[0].sentence


def test_too_few_sites_give_no_word(looked_at):
    keep = looked_at.panel.table.filter(
        pc.invert(pc.is_in(looked_at.panel.table.column("site"), pa.array(looked_at.allocated.allocation.sites_of("visits")[1:])))
    )  # fmt: skip
    (finding,) = look(replace(looked_at, panel=Panel.from_table(keep))).findings
    assert finding.word is HarmWord.CANNOT_BE_ESTIMATED
    assert "cannot be estimated (One unit alone determines a coefficient" in finding.sentence


def test_it_is_read_back_from_its_record(looked_at):
    report = look(looked_at)
    assert harms_from_record(json.loads(json.dumps(report.to_record(), allow_nan=False))) == report
    assert report.contrast(report.findings[0]) == report.outcomes[0].registered
    assert report.registered_looks == ("2025-03", "2025-05")


def test_a_look_that_is_not_registered_is_refused(looked_at):
    with pytest.raises(UserError, match="a look at the data up to 2025-04; the registered looks are: 2025-03, 2025-05"):
        look(looked_at, Month(2025, 4))


def test_a_panel_of_other_indicators_is_refused(looked_at):
    panel = HarmsPanel.at_look(looked_at.panel, ("gabapentinoids", "opioids"), LOOK)
    with pytest.raises(UserError, match=r"a panel of gabapentinoids, opioids.*balancing indicators alone"):
        look_at_harms(looked_at.protocol, "p" * 64, panel, looked_at.sites, looked_at.indicators, looked_at.allocated)


def refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        make()


def test_a_panel_for_a_look_holds_the_months_and_indicators_of_the_look(looked_at):
    panel = looked_at.panel
    cut = HarmsPanel.at_look(panel, ("gabapentinoids",), LOOK)
    assert cut.panel.indicators == ("gabapentinoids",)
    assert cut.panel.last_month == LOOK
    refused(lambda: HarmsPanel(panel, ("gabapentinoids",), LOOK), "would see items, opioids as well")
    refused(lambda: HarmsPanel(panel.only(["items"]), ("items",), LOOK), "up to 2025-03 would see items up to 2025-06")
    refused(
        lambda: HarmsPanel.at_look(panel, ("items",), Month(2025, 8)), "up to 2025-08, and items has data up to 2025-06"
    )
    refused(lambda: HarmsPanel.at_look(panel, ("asthma",), LOOK), "and asthma has no data yet.*Load the month")
