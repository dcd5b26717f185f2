"""Power on history: what is drawn, put in, counted, and that the number of processes does not matter."""

import json
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from enginehouse.core.errors import UserError
from enginehouse.core.months import Month
from enginehouse.indicators.panel import HistoricalPanel, Panel
from enginehouse.programme.enums import Average, Summary
from enginehouse.stats.results import Estimate, NotEstimable
from enginehouse.trials.history import moments, pseudo_trial, question_of, unit_rates
from enginehouse.trials.power import Late, power, power_from_record, power_on_history
from enginehouse.trials.power_formula import formula_power, in_whole_arm
from enginehouse.trials.replications import reported_late
from enginehouse.trials.roster import eligible_roster


def log_ratio_by_ancova(data):
    """A plain analysis of sites: the log rate on the log of the baseline rate and the arm."""
    (top0, bottom0), (top1, bottom1) = data.totals(before=True), data.totals(before=False)
    y, x = np.log(top1 / bottom1), np.log(top0 / bottom0)
    design = np.column_stack([np.ones(len(y)), x, data.arm == 1])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    residual = y - design @ coefficients
    df = len(y) - 3
    error = math.sqrt(residual @ residual / df * inverse[2, 2])
    return Estimate(value=float(coefficients[2]), std_error=error, df=df, scale="log-ratio", method="test")


def fails_sometimes(data):
    if data.arm[0] == 1:
        return NotEstimable(reason="first-site", detail="The first site is in the second arm.")
    return log_ratio_by_ancova(data)


def word(estimate):
    if isinstance(estimate, NotEstimable):
        return "cannot be estimated"
    wide, narrow = estimate.ratio_interval(0.95), estimate.ratio_interval(0.9)
    if wide.high <= 0.95:
        return "worthwhile"
    if narrow.low >= 0.95 and narrow.high <= 1.05:
        return "equivalent"
    return "better" if wide.high < 1 else "worse" if wide.low > 1 else "inconclusive"


@pytest.fixture(scope="module")
def roster(protocol, history, register):
    return eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})


@pytest.fixture(scope="module")
def trial(protocol, indicator, history, roster):
    return pseudo_trial(protocol, indicator, history.panel.arrays("opioids"), roster)


@pytest.fixture(scope="module")
def result(protocol, indicator, history, roster):
    return power_on_history(
        protocol, indicator, history, roster, log_ratio_by_ancova, word, replications=300, workers=1
    )


def test_the_latest_months_stand_in_for_the_trial(trial):
    assert (trial.window.first, trial.window.last) == ("2022-01", "2023-12")
    assert trial.window.as_registered
    assert (trial.data.n_before, trial.data.numerator.shape) == (12, (60, 24))


def test_what_is_balanced_lies_before_what_is_compared(trial, roster):
    """The registered baseline is the pseudo-trial's follow-up: balancing it would balance the outcome."""
    tops, bottoms = trial.data.totals(before=True)
    rates = tops / bottoms
    z = np.array(trial.plan.balance[trial.plan.covariates.index("baseline")]) / 1e7
    assert z == pytest.approx((rates - rates.mean()) / rates.std(ddof=1), abs=1e-6)
    assert np.corrcoef(z, roster.covariate("baseline").filled())[0, 1] < 0.99


def test_a_result_survives_its_record(result):
    assert power_from_record(json.loads(json.dumps(result.to_record()))) == result


def test_words_add_up_and_power_is_what_is_counted(result):
    for side in (result.none, result.effect):
        assert sum(found.probability.value for found in side.words) == pytest.approx(1)
        assert side.analysed == side.replications == 300
    assert result.power == result.effect.excludes_none.value
    assert result.equivalent_if_none == result.none.probability("equivalent").value
    share = result.effect.excludes_none.value
    assert result.effect.excludes_none.monte_carlo_error == pytest.approx(math.sqrt(share * (1 - share) / 300))


def test_without_a_difference_one_in_twenty_is_found_and_with_one_the_truth_is_covered(result):
    """Limits of three Monte Carlo errors, 0.05 +- 0.038."""
    assert 0.01 <= result.none.excludes_none.value <= 0.09
    assert 0.9 <= result.none.coverage.value <= 0.99
    assert 0.9 <= result.effect.coverage.value <= 1.0
    assert result.effect.in_whole_arm == pytest.approx(1 + 0.8 * (0.9 - 1))
    assert result.effect.mean_estimate == pytest.approx(math.log(0.92), abs=0.01)
    assert result.none.mean_std_error == pytest.approx(result.none.empirical_sd, rel=0.15)


def test_the_formula_agrees_with_the_simulation(protocol_of, indicator, history, roster):
    """The analysis here counts each site once, so the formula is asked for the average over sites."""
    protocol = protocol_of(estimand={"average": "sites"})
    found = power_on_history(
        protocol, indicator, history, roster, log_ratio_by_ancova, word, replications=200, workers=1
    )
    assert found.formula.std_error == pytest.approx(found.none.mean_std_error, rel=0.15)
    assert found.formula.power == pytest.approx(found.effect.excludes_none.value, abs=0.1)
    assert found.formula.equivalent_if_none == pytest.approx(found.equivalent_if_none, abs=0.1)


def test_any_number_of_processes_gives_the_same(protocol, trial, indicator, result):
    arguments = (trial.data, trial.plan, protocol.power, log_ratio_by_ancova, word)
    question = question_of(protocol, indicator)
    here = power(*arguments, question=question, replications=60, workers=1)
    assert power(*arguments, question=question, replications=60, workers=2) == here
    assert power(*arguments, question=question, replications=60) == here


def test_what_cannot_be_estimated_is_counted(protocol, trial, indicator):
    found = power(
        trial.data,
        trial.plan,
        protocol.power,
        fails_sometimes,
        word,
        question=question_of(protocol, indicator),
        replications=100,
        workers=1,
    )
    failed = found.none.replications - found.none.analysed
    assert 30 < failed < 70
    assert [(f.reason, f.replications) for f in found.none.not_estimable] == [("first-site", failed)]
    assert found.none.probability("cannot be estimated").value == failed / 100
    assert found.none.probability("never said").value == 0


def test_progress_is_told(protocol, trial, indicator):
    told = []
    power(
        trial.data,
        trial.plan,
        protocol.power,
        log_ratio_by_ancova,
        word,
        question=question_of(protocol, indicator),
        replications=50,
        progress=lambda message, done=0, total=0: told.append((done, total)),
        workers=1,
    )
    assert told == [(done, 200) for done in range(25, 201, 25)]  # two sides on real, two on drawn histories


def test_a_difference_is_injected_as_a_difference(protocol_of, indicator, history, roster):
    protocol = protocol_of(
        estimand={"summary": "difference"},
        analysis={"worthwhile": -10, "equivalence": [-10, 10]},
        power={"effect": -12, "effect_sd": 0},
    )

    def rate_difference(data):
        rates = [t / b for t, b in (data.totals(before=True), data.totals(before=False))]
        design = np.column_stack([np.ones(len(rates[0])), rates[0], data.arm == 1])
        inverse = np.linalg.inv(design.T @ design)
        b = inverse @ design.T @ rates[1]
        left = rates[1] - design @ b
        error = math.sqrt(left @ left / (len(left) - 3) * inverse[2, 2])
        return Estimate(value=float(b[2]), std_error=error, df=len(left) - 3, scale="difference", method="test")

    found = power_on_history(
        protocol, indicator, history, roster, rate_difference, lambda e: "a word", replications=100, workers=1
    )
    assert found.effect.in_whole_arm == pytest.approx(-12 * 0.8)
    assert found.effect.mean_estimate == pytest.approx(-12 * 0.8, rel=0.2)


def shortened(panel, months):
    first = Month(2024, 1) + -months
    table = panel.table.to_pylist()
    kept = [row for row in table if first <= Month.of(row["month"]) < Month(2024, 1)]
    return HistoricalPanel.before(
        Panel.from_columns(
            indicator=[row["indicator"] for row in kept],
            site=[row["site"] for row in kept],
            month=[Month.of(row["month"]) for row in kept],
            numerator=[row["numerator"] for row in kept],
            denominator=[row["denominator"] for row in kept],
        ),
        Month(2024, 1),
    )


def test_a_short_history_is_used_in_proportion_and_that_is_told(protocol_of, indicator, panel, register):
    history = shortened(panel, 16)
    protocol = protocol_of()
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    found = power_on_history(
        protocol, indicator, history, roster, log_ratio_by_ancova, word, replications=100, workers=1
    )
    assert (found.window.baseline_months, found.window.follow_up_months) == (8, 8)
    assert not found.window.as_registered
    assert "8 and 8 months instead of 12 and 12" in found.notes[1]


def test_a_history_too_short_says_what_there_is(protocol_of, indicator, panel, register):
    history = shortened(panel, 5)
    protocol = protocol_of(eligibility={"baseline_months": 1})
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    found = power_on_history(
        protocol, indicator, history, roster, log_ratio_by_ancova, word, replications=100, workers=1
    )
    assert isinstance(found.none, NotEstimable)
    assert found.formula.reason == "too-short-history"
    assert "The history has 5 months in a row before the start; the design uses 12 and 12" in found.formula.detail
    assert found.power is None
    assert power_from_record(found.to_record()) == found


def test_a_protocol_without_power_is_refused(protocol_of, indicator, history, roster):
    with pytest.raises(UserError, match="does not say what the design is tried against"):
        power_on_history(protocol_of(power=None), indicator, history, roster, log_ratio_by_ancova, word)


def test_outcomes_of_other_sites_are_refused(protocol, indicator, trial):
    other = replace(trial.data, sites=("x:other", *trial.data.sites[1:]))
    with pytest.raises(UserError, match="not those of the plan's sites"):
        power(other, trial.plan, protocol.power, log_ratio_by_ancova, word, question=question_of(protocol, indicator))


@pytest.mark.parametrize("average", list(Average))
def test_the_variance_of_an_arm_is_the_sum_of_its_units(trial, protocol, indicator, average):
    """(1 + cv^2) s^2 / k against sum w^2 (y - mean)^2 / (sum w)^2, for logarithms weighted by what a unit adds."""
    question = replace(question_of(protocol, indicator), average=average, summary=Summary.RATIO)
    found = moments(trial.data, question)
    rates = unit_rates(trial.data, trial.data.n_before)
    w = rates.weights * rates.after if average is Average.PATIENTS else np.ones(60)
    logs = np.log(rates.after)
    direct = (w**2 * (logs - (w * logs).sum() / w.sum()) ** 2).sum() / w.sum() ** 2
    assert found.between_sd**2 * (1 + found.size_cv**2) / 60 == pytest.approx(direct * 60 / 59)


def test_moments_that_do_not_exist(trial, protocol, indicator):
    question = question_of(protocol, indicator)
    few = replace(
        trial.data, **{name: getattr(trial.data, name)[:5] for name in ("numerator", "denominator", "unit", "arm")}
    )
    assert moments(few, question).reason == "too-few-units"
    assert moments(trial.data.with_numerator(trial.data.numerator * 0), question).reason == "zero"
    flat = trial.data.with_numerator(trial.data.denominator * 2)
    assert moments(flat, question).reason == "no-variation"
    assert formula_power(flat, protocol.power, question).reason == "no-variation"


def test_too_few_units_for_the_model(protocol_of, indicator, history, register):
    protocol = protocol_of(eligibility={"within": {"area": ["a1"]}}, allocation={"accepted_share": 0.9, "alpha": 0.2})
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    trial = pseudo_trial(protocol, indicator, history.panel.arrays("opioids"), roster)
    found = formula_power(trial.data, protocol.power, question_of(protocol, indicator))
    assert found.reason == "too-few-units"
    assert found.detail == "6 units in 2 arms leave too little to adjust for 3 terms."


def test_fidelity_dilutes(protocol):
    assert in_whole_arm(protocol.power, Summary.RATIO) == pytest.approx(0.92)
    assert in_whole_arm(protocol.power.model_copy(update={"effect": -5.0}), Summary.DIFFERENCE) == pytest.approx(-4)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["covariate-constrained", "stratified-blocks"])
def test_on_history_allocated_anew_one_in_twenty_is_found_and_the_truth_is_covered(
    protocol_of, indicator, history, register, method
):
    """1,500 replications: three Monte Carlo errors of 0.05 are 0.017.

    The analysis does not adjust for list size and deprivation, which are balanced and mean nothing here, so that its
    size is the nominal one under either scheme.
    """
    protocol = protocol_of(
        allocation={"method": method, "block_sizes": [2, 4] if method == "stratified-blocks" else [], "schemes": 5000}
    )
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    found = power_on_history(
        protocol, indicator, history, roster, log_ratio_by_ancova, word, replications=1500, workers=1
    )
    assert found.none.excludes_none.value == pytest.approx(0.05, abs=0.02)
    assert found.effect.coverage.value == pytest.approx(0.95, abs=0.02)


class Elsewhere:
    """A stand-in for another machine's executor: what is sent and what comes back goes through bytes."""

    def __init__(self):
        self.calls = 0

    def submit(self, fn, /, *args):
        self.calls += 1
        sent = pickle.loads(pickle.dumps((fn, args)))
        return SimpleNamespace(result=lambda: pickle.loads(pickle.dumps(sent[0](*sent[1]))))


def test_one_two_or_three_processes_or_any_executor_give_identical_numbers(protocol, trial, indicator):
    arguments = (trial.data, trial.plan, protocol.power, log_ratio_by_ancova, word)
    question = question_of(protocol, indicator)
    here = power(*arguments, question=question, replications=30, workers=1)
    executor = Elsewhere()
    assert power(*arguments, question=question, replications=30, executor=executor) == here
    assert executor.calls == 8  # 30 replications of four kinds, in parts of 25
    with ThreadPoolExecutor(2) as threads:
        assert power(*arguments, question=question, replications=30, executor=threads) == here
    for workers in (2, 3):
        assert power(*arguments, question=question, replications=30, workers=workers) == here


def test_drawn_histories_and_the_formula_tell_the_same(protocol_of, indicator, history, roster):
    """Both rest on one model, of an analysis that counts sites alike; 200 draws leave 0.035 of error at most."""
    protocol = protocol_of(estimand={"average": "sites"}, power={"fidelity": 1, "effect_sd": 0})
    found = power_on_history(
        protocol, indicator, history, roster, log_ratio_by_ancova, word, replications=200, workers=1
    )
    assert found.drawn_none.replications == found.drawn_effect.replications == 100
    assert found.drawn_none.excludes_none.value <= 0.12
    assert found.drawn_effect.mean_estimate == pytest.approx(math.log(0.9), abs=0.02)
    assert found.drawn_none.mean_std_error == pytest.approx(found.formula.std_error, rel=0.15)
    assert found.drawn_effect.excludes_none.value == pytest.approx(found.formula.power, abs=0.15)


def test_months_that_are_reported_late_widen_the_interval_and_are_told(protocol, trial, indicator):
    arguments = (trial.data, trial.plan, protocol.power, log_ratio_by_ancova, word)
    question = question_of(protocol, indicator)
    on_time, late = (
        power(*arguments, question=question, replications=50, workers=1, late=lag)
        for lag in (None, Late(share=1.0, months=9))
    )
    assert late.none.mean_std_error > on_time.none.mean_std_error
    assert late.notes == ("The newest 9 months were taken as not yet reported by 100% of sites.",)
    kept = reported_late(trial.data, Late(share=1.0, months=99), np.random.default_rng(1))
    assert np.isfinite(kept.numerator[:, 12]).all()  # a month of the follow-up always stays
    assert not np.isfinite(kept.numerator[:, 13:]).any()
    assert reported_late(trial.data, Late(share=1.0, months=0), np.random.default_rng(1)) is trial.data


def test_power_rises_with_the_effect(protocol_of, trial, indicator):
    question = question_of(protocol_of(), indicator)
    powers = [
        formula_power(trial.data, protocol_of(power={"effect": effect}).power, question).power
        for effect in (0.98, 0.95, 0.9, 0.8)
    ]
    assert powers == sorted(powers)
