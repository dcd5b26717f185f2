"""Every design is judged on the same months, says what it withholds, and what it cannot tell."""

import json
import math
from dataclasses import replace

import pytest

from enginehouse.core.months import Month
from enginehouse.indicators.panel import HistoricalPanel, Panel
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.trials.design_report import DesignOption, DesignPrecision, PlaceboAreas
from enginehouse.trials.designs import LINES, compare_designs, designs_from_record, network_level
from enginehouse.trials.history import pseudo_trial
from enginehouse.trials.placebo_areas import placebo_areas
from enginehouse.trials.plan import plan_allocation
from enginehouse.trials.power import power_on_history
from enginehouse.trials.roster import eligible_roster


def nothing_found(data):
    return Estimate(value=0.0, std_error=0.05, df=50, scale="log-ratio", method="test")


@pytest.fixture(scope="module")
def compared(indicator, history, register):
    def compare(protocol, sites=register, of=history):
        roster = eligible_roster(protocol, of, sites, opt_outs={}, elsewhere={})
        power = power_on_history(
            protocol, indicator, of, roster, nothing_found, lambda e: "inconclusive", replications=20, workers=1
        )
        return compare_designs(protocol, indicator, of, roster, sites, power, plan=plan_allocation(protocol, roster))

    return compare


@pytest.fixture(scope="module")
def report(compared, protocol):
    return compared(protocol)


def test_every_design_has_a_line_and_the_registered_one_is_first(report):
    assert set(LINES) == {line.option for line in report.lines} == set(DesignOption)
    assert report.lines[0].registered
    assert [line.registered for line in report.lines] == [True, *[False] * (len(DesignOption) - 1)]
    assert designs_from_record(json.loads(json.dumps(report.to_record()))) == report


def test_half_the_sites_have_the_error_times_root_two(report):
    whole, half = (report.line(o).precision for o in (DesignOption.PARALLEL_BY_SITE, DesignOption.FEWER_SITES))
    assert half.std_error == pytest.approx(whole.std_error * math.sqrt(2))
    assert half.power < whole.power
    assert half.detectable < whole.detectable < 1
    assert report.line(DesignOption.PARALLEL_BY_SITE).precision.std_error == report.power.formula.std_error


def test_networks_are_judged_as_units(report):
    line = report.line(DesignOption.PARALLEL_BY_NETWORK)
    assert line.precision.units == 20
    assert line.why == "20 groups at the level 'network' could be allocated."


def test_all_at_once_shows_its_placebo_areas(report):
    line = report.line(DesignOption.ALL_AT_ONCE)
    assert isinstance(line.placebo, PlaceboAreas)
    assert (line.placebo.level, line.placebo.areas) == ("area", 10)
    assert line.precision.std_error == pytest.approx(math.hypot(line.placebo.naive_std_error, line.placebo.tau))
    assert line.precision.df == 10
    assert f"{line.placebo.false_positive:.0%} showed an effect" in line.caution
    assert line.precision.std_error > report.lines[0].precision.std_error


def test_what_is_withheld_is_said(report):
    words = {line.option: line.withheld for line in report.lines}
    assert words[DesignOption.PARALLEL_BY_SITE] == (
        "Half of the sites go without visits for 12 months; they get letters."
    )
    assert words[DesignOption.STEPPED_WEDGE] == (
        "Nobody goes without visits for good; the last group waits 10 months longer than the first."
    )


def test_a_trial_that_cannot_show_equivalence_is_warned_about(report):
    assert report.power.equivalent_if_none == 0
    assert any(words.startswith("This trial cannot show equivalence") for words in report.warnings)
    assert any("with probability 0.00" in words for words in report.warnings)


def test_registered_networks_stand_first(compared, protocol_of):
    found = compared(protocol_of(allocation={"unit": "network", "network_level": "network", "accepted_share": 0.3}))
    assert found.lines[0].option is DesignOption.PARALLEL_BY_NETWORK
    assert "Staff shared between sites" in found.line(DesignOption.PARALLEL_BY_SITE).caution


def test_a_register_without_networks_says_so(compared, protocol_of, register):
    flat = replace(register, memberships=())
    everywhere = protocol_of().eligibility.model_copy(update={"within": {}})
    found = compared(protocol_of().model_copy(update={"eligibility": everywhere}), flat)
    line = found.line(DesignOption.PARALLEL_BY_NETWORK)
    assert not line.feasible
    assert line.why == "The register knows no level of networks."
    assert isinstance(found.line(DesignOption.ALL_AT_ONCE).placebo, NotEstimable)
    assert not found.line(DesignOption.ALL_AT_ONCE).feasible


def test_too_few_areas_cannot_be_judged(compared, protocol_of, register, history):
    few = replace(
        register,
        memberships=tuple(
            replace(m, group=f"a{int(m.group[1:]) % 4}") if m.level == "area" else m for m in register.memberships
        ),
    )
    protocol = protocol_of(eligibility={"within": {"area": ["a1", "a2", "a3", "a0"]}})
    line = compared(protocol, replace(few, memberships=tuple(m for m in few.memberships if m.level == "area"))).line(
        DesignOption.ALL_AT_ONCE
    )
    assert line.precision.reason == "too-few-placebo-areas"


def test_the_finest_level_of_several_sites_is_the_network(protocol, register, history):
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    assert network_level(protocol, register, roster) == "network"


def test_placebo_areas_are_like_the_trial_in_size(protocol, indicator, history, register, sites):
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    trial = pseudo_trial(protocol, indicator, history.panel.arrays("opioids"), roster)
    lone = replace(
        register,
        memberships=tuple(
            replace(m, group="tiny") if m.level == "area" and m.site == sites[0] else m for m in register.memberships
        ),
    )
    found = placebo_areas(protocol, history.panel.arrays("opioids"), lone, trial.window, trial_sites=60)
    assert found.areas == 10


def test_stepped_wedges_keep_nobody_out_and_say_what_each_number_of_groups_gives(report):
    line = report.line(DesignOption.STEPPED_WEDGE)
    assert line.precision.df == 60 - int(line.why[0]) - 2
    assert [f"{n} groups" in line.why for n in range(2, 7)] == [True] * 5


def test_designs_that_share_a_formula_agree(report):
    """Each half of a factorial is a parallel arm; one more arm has two thirds of the units in a comparison."""
    parallel = report.line(DesignOption.PARALLEL_BY_SITE).precision
    assert report.line(DesignOption.FACTORIAL).precision.std_error == pytest.approx(parallel.std_error)
    more = report.line(DesignOption.ONE_MORE_ARM).precision
    assert more.std_error == pytest.approx(parallel.std_error * math.sqrt(3 / 2))
    assert "none is registered" in report.line(DesignOption.INCOMPLETE_BLOCK).why
    assert all(line.months == 12 and line.cannot_answer for line in report.lines)


def test_a_smart_finds_as_much_as_those_who_are_drawn_again_allow(report):
    """Of a share p drawn again: error sqrt(p) and effect p of a parallel trial's, so z goes by sqrt(p)."""
    p = 1 - report.response.called_responders
    smart, parallel = (report.line(o).precision for o in (DesignOption.SMART, DesignOption.PARALLEL_BY_SITE))
    assert smart.std_error == pytest.approx(parallel.std_error * math.sqrt(p))
    assert smart.power < parallel.power


def test_curves_pass_through_the_registered_design(report):
    curves, formula = report.curves, report.power.formula
    at_effect = min(curves.by_effect, key=lambda point: abs(point.at - report.effect))
    assert at_effect.power == pytest.approx(formula.power, abs=1e-9)
    here = next(point for point in curves.by_units if point.at == 60)
    assert here.power == pytest.approx(formula.power, abs=1e-9)
    assert here.equivalent == pytest.approx(formula.equivalent_if_none, abs=1e-9)
    assert curves.by_effect[0].power == pytest.approx(0.05)  # no effect: the level of the test
    powers = [point.power for point in curves.by_effect]
    assert powers == sorted(powers)
    assert [p.power for p in curves.by_units] == sorted(p.power for p in curves.by_units)


def test_precisions_are_numbers_or_say_why(report):
    for line in report.lines:
        assert isinstance(line.precision, DesignPrecision | NotEstimable)
        assert line.withheld
        assert line.why


def test_a_history_too_short_leaves_every_design_unjudged_and_says_why(compared, protocol_of, panel):
    table = [row for row in panel.table.to_pylist() if Month(2023, 8) <= Month.of(row["month"]) < Month(2024, 1)]
    short = Panel.from_columns(
        indicator=[row["indicator"] for row in table],
        site=[row["site"] for row in table],
        month=[Month.of(row["month"]) for row in table],
        numerator=[row["numerator"] for row in table],
        denominator=[row["denominator"] for row in table],
    )
    found = compared(protocol_of(eligibility={"baseline_months": 1}), of=HistoricalPanel.before(short, Month(2024, 1)))
    assert all(isinstance(line.precision, NotEstimable) for line in found.lines)
    assert "The history has 5 months" in found.line(DesignOption.PARALLEL_BY_SITE).precision.detail
    assert found.warnings == ("What this trial could show cannot be told from the history.",)
    assert designs_from_record(json.loads(json.dumps(found.to_record()))) == found


def test_without_a_registered_effect_the_worthwhile_one_is_tried(protocol_of, indicator, history, register, report):
    protocol = protocol_of(power=None)
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    assert compare_designs(protocol, indicator, history, roster, register, report.power).effect == 0.95


def test_an_arm_of_usual_care_goes_on_as_it_is(compared, protocol_of):
    found = compared(
        protocol_of(arms={"usual": [], "visits": ["visits"]}, contrasts=[{"arm": "visits", "over": "usual"}])
    )
    assert found.line(DesignOption.FEWER_SITES).withheld.endswith(
        "go without visits for 12 months; they have usual care."
    )


def test_history_that_does_not_vary_cannot_be_judged(compared, protocol_of, panel, history):
    table = history.panel.table.to_pylist()
    flat = Panel.from_columns(
        indicator=[row["indicator"] for row in table],
        site=[row["site"] for row in table],
        month=[Month.of(row["month"]) for row in table],
        numerator=[3 * row["denominator"] for row in table],
        denominator=[row["denominator"] for row in table],
    )
    found = compared(protocol_of(allocation={"balance": ["imd"]}), of=HistoricalPanel.before(flat, Month(2024, 1)))
    assert {line.option: line.precision.reason for line in found.lines if isinstance(line.precision, NotEstimable)} == {
        DesignOption.PARALLEL_BY_SITE: "no-variation",
        DesignOption.PARALLEL_BY_NETWORK: "no-variation",
        DesignOption.FEWER_SITES: "no-variation",
        DesignOption.ONE_MORE_ARM: "no-variation",
        DesignOption.FACTORIAL: "not-feasible",
        DesignOption.INCOMPLETE_BLOCK: "not-feasible",
        DesignOption.STEPPED_WEDGE: "no-variation",
        DesignOption.STAIRCASE: "no-variation",
        DesignOption.CROSSOVER: "no-variation",
        DesignOption.SMART: "no-variation",
        DesignOption.ALL_AT_ONCE: "too-few-placebo-areas",
    }
