"""From a roster to a plan, from a plan and a seed to an allocation, and what is refused on the way."""

import json
import math

import numpy as np
import pytest

from enginehouse.core.errors import UserError
from enginehouse.programme.enums import OptOutScope
from enginehouse.trials.accepted import accepted_set
from enginehouse.trials.balance import balance_from_record, balance_table
from enginehouse.trials.blocks import log10_likeliest
from enginehouse.trials.draw import allocation_from_record, draw
from enginehouse.trials.plan import plan_allocation, plan_from_record
from enginehouse.trials.rerandomise import draws, is_exact, rerandomisations
from enginehouse.trials.roster import eligible_roster

SEED = "a seed nobody could guess"


@pytest.fixture(scope="session")
def roster(protocol, history, register):
    return eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})


@pytest.fixture(scope="session")
def plan(protocol, roster):
    return plan_allocation(protocol, roster)


@pytest.fixture(scope="session")
def blocked(protocol_of, roster):
    changes = {"method": "stratified-blocks", "strata": ["imd_half"], "balance": [], "block_sizes": [2, 4]}
    return plan_allocation(protocol_of(allocation=changes), roster)


def test_the_comparator_stands_first(plan):
    assert plan.arms == ("feedback", "visits")
    assert plan.contrasts == ((1, 0),)


def test_a_plan_survives_its_record(plan, blocked):
    for each in (plan, blocked):
        again = plan_from_record(json.loads(json.dumps(each.to_record())))
        assert again == each
        assert again.identity == each.identity


def test_what_is_balanced_is_standardised(plan, roster):
    imd = roster.covariate("imd").filled()
    z = (imd - imd.mean()) / imd.std(ddof=1)
    found = np.array(plan.balance[plan.covariates.index("imd")]) / 1e7
    assert found == pytest.approx(z, abs=1e-7)


def test_the_same_seed_gives_the_same_allocation_and_another_seed_another(plan):
    one = draw(plan, SEED)
    assert draw(plan, SEED) == one
    assert allocation_from_record(json.loads(json.dumps(one.to_record()))) == one
    assert draw(plan, SEED + "!").arm_of_site != one.arm_of_site


def test_the_draw_is_one_of_the_accepted_schemes(plan):
    found = draw(plan, SEED)
    assert accepted_set(plan)[found.scheme].tolist() == list(found.arm_of_site)
    assert found.seed == SEED
    assert sorted(found.sites_of("visits") + found.sites_of("feedback")) == list(plan.sites)
    assert found.arm_of(found.sites_of("visits")[0]) == "visits"


def test_every_accepted_scheme_is_drawn_as_often_as_another(plan):
    found = np.bincount([draw(plan, f"{SEED} {i}").scheme for i in range(500)], minlength=50)
    assert len(found) == plan.acceptance.accepted == 50
    assert ((found - 10) ** 2 / 10).sum() < 85.4  # chi-square, 49 degrees of freedom, p = 0.001


def test_a_seed_that_could_be_guessed_is_refused(plan):
    with pytest.raises(UserError, match=r"got a seed of 5 characters\. Give at least 16"):
        draw(plan, "short")


def test_an_arm_or_site_that_is_not_there(plan):
    found = draw(plan, SEED)
    with pytest.raises(UserError, match=r"got arm 'placebo'\. The arms are: feedback, visits"):
        found.sites_of("placebo")
    with pytest.raises(UserError, match="got 'x:none', which was not allocated"):
        found.arm_of("x:none")


def test_constrained_schemes_balance_better_than_chance(plan, roster):
    rng = np.random.default_rng(1)
    z = np.array(plan.balance) / 1e7
    differences = []
    for arms in (accepted_set(plan), np.array([rng.permutation(60) % 2 for _ in range(200)])):
        means = [(z @ (arms == a).T) / 30 for a in (0, 1)]
        differences.append(np.abs(means[1] - means[0]).mean())
    assert differences[0] < 0.6 * differences[1]


def test_strata_are_split_evenly(protocol_of, plan_of):
    plan = plan_of(protocol_of(allocation={"strata": ["area"]}))
    assert plan.strata == tuple(f"a{i}" for i in range(10))
    strata = np.array(plan.stratum_of_unit)
    for scheme in accepted_set(plan)[:20]:
        assert all((scheme[strata == s] == 1).sum() == 3 for s in range(10))


def test_attributes_in_parts_and_two_strata_at_once(protocol_of, plan_of):
    plan = plan_of(protocol_of(allocation={"strata": ["area", "list-size-half"]}))
    assert set(plan.strata) <= {f"a{i} / {part}" for i in range(10) for part in ("lower half", "upper half")}
    third = plan_of(protocol_of(allocation={"strata": ["imd_third"]}))
    assert third.strata == ("highest third", "lowest third", "middle third", "not known")


def test_networks_are_allocated_whole(protocol_of, history, register):
    protocol = protocol_of(allocation={"unit": "network", "network_level": "network"})
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    plan = plan_allocation(protocol, roster)
    found = draw(plan, SEED)
    assert len(plan.units) == 20
    for network in set(roster.networks):
        arms = {a for a, n in zip(found.arm_of_site, roster.networks, strict=True) if n == network}
        assert len(arms) == 1
    sizes = roster.covariate("list_size").filled()
    total = np.array([sizes[np.array(roster.networks) == unit].sum() for unit in plan.units])
    z = (total - total.mean()) / total.std(ddof=1)
    assert np.array(plan.balance[0]) / 1e7 == pytest.approx(z, abs=1e-7)


def test_three_arms(protocol_of, roster):
    protocol = protocol_of(
        arms={"letters": [], "calls": [], "visits": []},
        contrasts=[{"arm": "calls", "over": "letters"}, {"arm": "visits", "over": "letters"}],
    )
    plan = plan_allocation(protocol, roster)
    assert plan.arms == ("letters", "calls", "visits")
    assert plan.contrasts == ((1, 0), (2, 0))
    assert {len(draw(plan, SEED).sites_of(arm)) for arm in plan.arms} == {20}


def test_blocks_keep_the_arms_close_inside_strata(blocked):
    for number in range(30):
        arms = draw(blocked, f"{SEED} {number}").positions
        for stratum in range(len(blocked.strata)):
            inside = arms[np.array(blocked.stratum_of_unit) == stratum]
            assert abs((inside == 1).sum() - (inside == 0).sum()) <= 2


def test_whether_a_value_is_known_is_balanced_when_many_lack_it(protocol, history, register, sites):
    from dataclasses import replace

    known = {site: value for i, (site, value) in enumerate(register.attributes["imd"].items()) if i > 5}
    fewer = replace(register, attributes={"imd": known})
    plan = plan_allocation(protocol, eligible_roster(protocol, history, fewer, opt_outs={}, elsewhere={}))
    assert plan.covariates == ("list_size", "imd", "imd not known", "baseline")
    assert "imd is not known for 8 sites, which count with the median." in plan.notes


def test_what_does_not_vary_is_told_and_left_out(protocol, history, register, sites):
    from dataclasses import replace

    flat = replace(register, attributes={"imd": dict.fromkeys(sites, 3.0)})
    plan = plan_allocation(protocol, eligible_roster(protocol, history, flat, opt_outs={}, elsewhere={}))
    assert plan.covariates == ("list_size", "baseline")
    assert "imd does not vary, so there is nothing to balance." in plan.notes


BAD = [
    ({"allocation": {"accepted_share": 0.001}}, r"the accepted set of 1 scheme allows no p below 1, and alpha"),
    ({"allocation": {"strata": ["imd"]}}, r"got stratum 'imd', an attribute that is not cut.*Write imd_half"),
    ({"allocation": {"strata": ["rurality_half"]}}, "got 'rurality', of which nothing is known"),
    ({"allocation": {"balance": []}}, "nothing that varies is listed to balance"),
    (
        {"allocation": {"method": "stratified-blocks", "block_sizes": [3]}},
        "got block sizes 3 for 2 arms.*multiple of the number of arms",
    ),
    ({"contrasts": []}, r"got 2 arms and 0 contrasts"),
    ({"contrasts": [{"arm": "calls", "over": "feedback"}]}, "got calls for arms.*The arms are: feedback, visits"),
    ({"allocation": {"unit": "network"}}, "belongs to no network.*Name the level"),
]


@pytest.mark.parametrize(("changes", "words"), BAD)
def test_plans_that_cannot_be_are_refused(protocol_of, roster, changes, words):
    with pytest.raises(UserError, match=words):
        plan_allocation(protocol_of(**changes), roster)


def test_too_few_units_are_refused(protocol_of, history, register, sites):
    protocol = protocol_of(eligibility={"within": {"area": ["a1"]}})
    few = eligible_roster(
        protocol,
        history,
        register,
        opt_outs=dict.fromkeys(sites[1:31:10], frozenset({OptOutScope.RANDOMISATION})),
        elsewhere={},
    )
    with pytest.raises(UserError, match=r"got 3 units to allocate to 2 arms.*At least 4"):
        plan_allocation(protocol, few)


def test_blocks_too_few_for_a_test_are_refused(protocol_of, history, register):
    protocol = protocol_of(
        eligibility={"within": {"area": ["a1"]}},
        allocation={"method": "stratified-blocks", "balance": [], "block_sizes": [2]},
    )
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    with pytest.raises(UserError, match=r"the blocks allow no p below 0.25"):  # 2 / 2^3
        plan_allocation(protocol, roster)


def test_the_likeliest_division_by_hand():
    assert log10_likeliest((4,), (2,), (1, 1)) == pytest.approx(math.log10(1 / 4))
    assert log10_likeliest((4,), (4,), (1, 1)) == pytest.approx(math.log10(1 / 6))
    assert log10_likeliest((1,), (4,), (1, 1)) == pytest.approx(math.log10(1 / 2))
    assert log10_likeliest((4,), (2, 4), (1, 1)) == pytest.approx(
        math.log10((1 / 6 + (1 / 2) * 0.5 * (1 / 2 + 1 / 3)) / 2)
    )


def test_a_small_scheme_is_enumerated(protocol_of, history, register, plan):
    assert is_exact(plan, 50)
    whole = rerandomisations(plan, seed=1, count=1000)
    assert np.array_equal(whole, accepted_set(plan))
    protocol = protocol_of(
        eligibility={"within": {"area": ["a1", "a2"]}},
        allocation={"method": "stratified-blocks", "balance": [], "block_sizes": [4]},
    )
    blocks = plan_allocation(protocol, eligible_roster(protocol, history, register, opt_outs={}, elsewhere={}))
    every = rerandomisations(blocks, seed=1, count=216)  # 6 orders of each of 3 blocks
    assert is_exact(blocks, 216)
    assert not is_exact(blocks, 215)
    assert len({tuple(row) for row in every.tolist()}) == 216


def test_draws_from_the_accepted_set_belong_to_it(plan):
    some = rerandomisations(plan, seed=1, count=20)
    accepted = {tuple(row) for row in accepted_set(plan).tolist()}
    assert some.shape == (20, 60)
    assert {tuple(row) for row in some.tolist()} <= accepted
    assert np.array_equal(some, rerandomisations(plan, seed=1, count=20))


def test_blocks_drawn_many_at_once_are_distributed_as_one_by_one(protocol_of, roster):
    """The number of units in the second arm among the first five, and who goes with whom, by both routes."""
    changes = {"method": "stratified-blocks", "balance": [], "block_sizes": [2, 6]}
    plan = plan_allocation(protocol_of(allocation=changes), roster)
    fast = draws(plan, np.random.default_rng(1), 3000)
    slow = np.array([draw(plan, f"{SEED} {i}").positions for i in range(1500)])
    for statistic in (
        lambda arms: (arms[:, :5].sum(axis=1) == 3).mean(),
        lambda arms: (arms[:, 0] == arms[:, 1]).mean(),
        lambda arms: (arms[:, 57] == arms[:, 59]).mean(),
        lambda arms: arms.mean(),
    ):
        assert statistic(fast) == pytest.approx(statistic(slow), abs=0.05)
    assert np.abs(fast.sum(axis=1) - 30).max() <= 3


def test_the_balance_table_is_arithmetic(plan, roster):
    found = draw(plan, SEED)
    table = balance_table(roster, plan, found)
    assert balance_from_record(json.loads(json.dumps(table.to_record()))) == table
    values = np.array([np.nan if v is None else v for v in roster.covariate("imd").values])
    parts = [values[(found.positions == a) & np.isfinite(values)] for a in (0, 1)]
    row = next(row for row in table.rows if row.name == "imd")
    assert row.by_arm[1].mean == pytest.approx(parts[1].mean())
    assert row.by_arm[0].missing + row.by_arm[1].missing == 2
    assert row.difference == pytest.approx(
        (parts[1].mean() - parts[0].mean()) / np.sqrt((parts[0].var(ddof=1) + parts[1].var(ddof=1)) / 2)
    )
    assert [count.sites for count in table.arms] == [30, 30]
    assert table.strata[0].sites == (30, 30)


def test_a_row_worth_a_look_is_told(blocked, roster):
    tables = [balance_table(roster, blocked, draw(blocked, f"{SEED} {i}")) for i in range(20)]
    found = [words for table in tables for words in table.findings]
    assert found
    assert all("standard deviations, and was not among what was balanced." in words for words in found)


def test_a_roster_that_changed_is_refused(protocol, history, register, sites, plan):
    other = eligible_roster(
        protocol, history, register, opt_outs={sites[5]: frozenset({OptOutScope.DATA_USE})}, elsewhere={}
    )
    with pytest.raises(UserError, match="the roster is not the one that the allocation plan was made for"):
        balance_table(other, plan, draw(plan, SEED))
    with pytest.raises(UserError, match="the allocation was drawn from another plan"):
        balance_table(other, plan_allocation(protocol, other), draw(plan, SEED))
