"""One candidate in numbers, against arithmetic and against draws of effect and price together."""

import math

import numpy as np
import pytest

from enginehouse.priorities.judge import judge
from enginehouse.programme.enums import EvidenceScale, Priority
from enginehouse.stats.gaussian import Normal

PRIOR = Normal(-0.03, 0.06)
SCALE = EvidenceScale.LOG_RATIO
RUNNING = 620 * 300 / 3_000_000


def test_worth_by_hand(facts, prices, gates):
    found = judge(PRIOR, scale=SCALE, local=facts(), prices=prices(), gates=gates).worth
    ratio = math.exp(-0.03 + 0.0018)
    assert found.expected_change == pytest.approx(ratio - 1)
    assert found.units_a_year == pytest.approx(12 * 20 * (1 - ratio) * 3e6)
    assert found.value_a_year == pytest.approx(0.01 * found.units_a_year)
    assert found.cost_a_year == 186_000
    assert found.mean_per_unit == pytest.approx(0.01 * 240 * (1 - ratio) - RUNNING)
    years = 1 + 1 / 1.035 + 1 / 1.035**2
    assert found.break_even_change == pytest.approx(-(RUNNING + 6000 / (3e6 * years)) / (0.01 * 240))
    assert found.break_even_value == pytest.approx((RUNNING + 6000 / (3e6 * years)) / (240 * (1 - ratio)))


def test_mean_and_spread_by_draws_of_effect_and_value(facts, prices, gates):
    rng, draws = np.random.default_rng(4), 400_000
    theta = rng.normal(PRIOR.mean, PRIOR.sd, draws)
    value = rng.normal(0.01, 0.006 / (2 * 1.959964), draws)
    benefit = value * 240 * (1 - np.exp(theta)) - RUNNING
    found = judge(PRIOR, scale=SCALE, local=facts(), prices=prices(), gates=gates)
    assert found.worth.mean_per_unit == pytest.approx(benefit.mean(), abs=5 * benefit.std() / math.sqrt(draws))
    assert found.worth.sd_per_unit == pytest.approx(benefit.std(), rel=0.01)
    effective = benefit - 6000 / found.triage.discounted_units
    # the rule reads a nearly normal quantity as normal: within a hundredth here
    assert found.triage.prob_cost_effective == pytest.approx((effective > 0).mean(), abs=0.015)


def test_a_trial_by_draws_of_what_it_would_show(facts, prices, gates):
    """Value of a trial that reports after a year, decided by what is believed then; the effect alone is learnt."""
    rng, draws, error = np.random.default_rng(5), 400_000, 0.02
    theta = rng.normal(PRIOR.mean, PRIOR.sd, draws)
    seen = theta + rng.normal(0, error, draws)
    kept = PRIOR.sd**2 / (PRIOR.sd**2 + error**2)
    mean, sd = PRIOR.mean + kept * (seen - PRIOR.mean), PRIOR.sd * math.sqrt(1 - kept)
    believed = 0.01 * 240 * (1 - np.exp(mean + sd**2 / 2)) - RUNNING
    gain = np.maximum(believed, 0).mean() - max(believed.mean(), 0)
    found = judge(PRIOR, scale=SCALE, local=facts(), prices=prices(), gates=gates)
    design = next(d for d in found.triage.designs if d.sites_per_arm == 100)
    assert design.evsi_per_unit == pytest.approx(gain, rel=0.04)
    after = 3e6 * (1 / 1.035 + 1 / 1.035**2)
    assert design.evsi == pytest.approx(after * design.evsi_per_unit)


def test_a_doubtful_value_is_part_of_the_doubt_but_no_trial_settles_it(facts, prices, gates):
    sure = judge(PRIOR, scale=SCALE, local=facts(), prices=prices(value_low=0.01, value_high=0.01), gates=gates)
    doubtful = judge(PRIOR, scale=SCALE, local=facts(), prices=prices(value_low=0.001, value_high=0.019), gates=gates)
    assert sure.worth.sd_per_unit == pytest.approx(sure.worth.sd_of_effect)
    assert doubtful.worth.sd_per_unit > sure.worth.sd_per_unit
    assert doubtful.worth.sd_of_effect == sure.worth.sd_of_effect
    assert [d.evsi for d in doubtful.triage.designs] == [d.evsi for d in sure.triage.designs]
    assert doubtful.triage.evpi > sure.triage.evpi


def test_more_sites_than_exist_are_infeasible(facts, prices, gates):
    found = judge(PRIOR, scale=SCALE, local=facts(), prices=prices(), gates=gates).triage
    assert [bool(d.infeasible) for d in found.designs] == [False, False, False, True]
    assert found.best is not None
    assert found.best.sites_per_arm < 200


def test_the_whole_region_in_a_trial_of_any_length_is_feasible(facts, prices, gates):
    local = facts(trial_sizes=(facts().trial_sizes[2],), sites=200, sites_available=200)
    for years in (0.5, 1.0, 1.75):
        found = judge(PRIOR, scale=SCALE, local=local, prices=prices(trial_years=years), gates=gates).triage
        assert found.designs[0].infeasible == ""


def test_without_a_trial_price_there_is_no_design(facts, prices, gates):
    found = judge(PRIOR, scale=SCALE, local=facts(), prices=prices(trial_fixed=None), gates=gates)
    assert found.triage.designs == ()
    assert found.worth.break_even_trial_cost is None


def test_more_than_all_of_it_cannot_be_saved(facts, prices, gates):
    dear = prices(cost_per_site_year=50_000.0)
    assert judge(PRIOR, scale=SCALE, local=facts(), prices=dear, gates=gates).worth.break_even_change is None
    share = {"baseline": 0.9, "lower_is_better": False, "denominator": 30_000.0}
    odds = {"scale": EvidenceScale.LOG_ODDS_RATIO, "prices": prices(value=2.0), "gates": gates}
    assert judge(Normal(0.1, 0.1), local=facts(**share), **odds).worth.break_even_change is None
    more = judge(Normal(0.1, 0.1), local=facts(**share | {"baseline": 0.5}), **odds).worth
    assert more.break_even_change == pytest.approx(more.cost_a_year / 30_000 / (2 * 12 * 0.5), rel=0.02)


def test_harm_has_no_value_at_which_it_pays(facts, prices, gates):
    found = judge(Normal(0.1, 0.02), scale=SCALE, local=facts(), prices=prices(), gates=gates)
    assert found.worth.break_even_value is None
    assert found.triage.priority is Priority.DO_NOT_PURSUE
