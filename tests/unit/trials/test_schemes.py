"""Schemes against naive counterparts written from the specification: one unit, one word, one list at a time."""

import itertools
import math

import numpy as np
import pytest

from enginehouse.core.errors import IntegrityError, UserError
from enginehouse.trials.accepted import (
    SchemeRules,
    accept,
    accepted_set,
    check_smallest_p,
    pairs_together,
    set_bytes,
    smallest_p,
)
from enginehouse.trials.sampler import Stream
from enginehouse.trials.schemes import SchemeSpace, all_schemes, sampled_schemes
from enginehouse.trials.scoring import RESOLUTION, scores

ONE_OVER_NONE = {1: (1,), 0: (-1,)}


def naive_scheme(space, key):
    stream = Stream(key)
    names = stream.shuffle(list(range(space.arms)))
    drawn, place = [0] * len(space.stratum_of_unit), 0
    for members in space.strata:
        labels = [names[(place + i) % space.arms] for i in range(len(members))]
        for unit, arm in zip(members, stream.shuffle(labels), strict=True):
            drawn[unit] = arm
        place += len(members)
    return tuple(drawn)


def naive_score(scheme, balance, arms):
    """Exact fractions, then cut to whole ten-millionths."""
    total = 0
    for values in balance:
        mean = sum(values) / len(values)
        for arm in range(arms):
            inside = [v for v, a in zip(values, scheme, strict=True) if a == arm]
            if inside:
                total += int(abs(sum(inside) / len(inside) - mean)) ** 2
    return total


@pytest.mark.parametrize(
    ("arms", "strata", "number"),
    [
        (2, (0, 0, 0, 0), 6),  # 4! / (2! 2!)
        (2, (0, 0, 0), 6),  # two sizes, 3 orders each
        (2, (0, 0, 1, 1), 4),  # 2 x 2
        (3, (0, 0, 0), 6),
        (2, (0, 1, 0, 1, 0, 1), 18),  # odd strata: 3 x 3 orders, twice
    ],
)
def test_possible_schemes_are_counted_and_listed(arms, strata, number):
    space = SchemeSpace(arms, strata)
    listed = [tuple(row) for row in all_schemes(space).tolist()]
    assert space.possible == number == len(set(listed))
    assert listed == sorted(listed)


@pytest.mark.parametrize(("arms", "strata"), [(2, (0,) * 7), (3, (0, 1, 0, 1, 1, 0, 0)), (4, (0, 0, 1, 1, 1, 2))])
def test_what_is_listed_is_what_the_rule_allows(arms, strata):
    """Every allocation whose counts by stratum some order of the arms gives, found by trying them all."""
    space = SchemeSpace(arms, strata)
    order = [u for members in space.strata for u in members]
    allowed = set()
    for names in itertools.permutations(range(arms)):
        counts: dict[tuple[int, int], int] = {}
        for i, unit in enumerate(order):
            cell = strata[unit], names[i % arms]
            counts[cell] = counts.get(cell, 0) + 1
        allowed.add(tuple(sorted(counts.items())))
    found = []
    for scheme in itertools.product(range(arms), repeat=len(strata)):
        counts = {}
        for stratum, arm in zip(strata, scheme, strict=True):
            counts[stratum, arm] = counts.get((stratum, arm), 0) + 1
        if tuple(sorted(counts.items())) in allowed:
            found.append(scheme)
    assert [tuple(row) for row in all_schemes(space).tolist()] == found


@pytest.mark.parametrize(("arms", "strata"), [(2, (0,) * 12), (3, (0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 0)), (2, (0, 1) * 5)])
def test_sampled_schemes_are_those_of_the_stream_each_once(arms, strata):
    space = SchemeSpace(arms, strata)
    wanted: list[tuple[int, ...]] = []
    number = 0
    while len(wanted) < 60:
        scheme = naive_scheme(space, f"public/{number}")
        number += 1
        if scheme not in wanted:
            wanted.append(scheme)
    assert [tuple(row) for row in sampled_schemes(space, "public", 60).tolist()] == wanted


def test_a_sample_of_nearly_everything_ends():
    space = SchemeSpace(2, (0,) * 6)
    assert len(sampled_schemes(space, "x", 19)) == 19  # of 20


@pytest.mark.parametrize(("arms", "units"), [(2, 10), (2, 9), (3, 10)])
def test_scores_are_sums_of_squared_deviations_of_arms_means(arms, units):
    rng = np.random.default_rng(units)
    balance = [[int(v) for v in rng.normal(0, RESOLUTION, units)] for _ in range(3)]
    schemes = sampled_schemes(SchemeSpace(arms, (0,) * units), "scores", 30)
    wanted = [naive_score(row, balance, arms) for row in schemes.tolist()]
    assert scores(schemes, balance, arms).tolist() == pytest.approx(wanted, rel=1e-6)


def test_two_equal_arms_swapped_have_one_score():
    balance = [[int(v) for v in np.random.default_rng(1).normal(0, RESOLUTION, 10)]]
    schemes = all_schemes(SchemeSpace(2, (0,) * 10))
    assert np.array_equal(scores(schemes, balance, 2), scores(1 - schemes, balance, 2))


def test_a_thousand_units_do_not_overflow():
    balance = [[31 * RESOLUTION] * 500 + [-31 * RESOLUTION] * 500] * 10
    worst = np.array([[1] * 500 + [0] * 500], dtype=np.int8)
    assert scores(worst, balance, 2)[0] == 10 * 2 * (31 * RESOLUTION) ** 2


def rules(schemes=500, share="0.1", units=12):
    rng = np.random.default_rng(units)
    balance = tuple(tuple(int(v) for v in rng.normal(0, RESOLUTION, units)) for _ in range(2))
    return SchemeRules(SchemeSpace(2, (0,) * units), balance, "public", schemes, share)


def test_the_best_share_is_accepted_with_its_ties():
    found, told = accept(rules(schemes=1000))
    assert (told.enumerated, told.made, told.keep) == (True, math.comb(12, 6), 93)  # 92.4 rounded up
    height = scores(found, rules().balance, 2)
    assert told.accepted == len(found) == 94  # every scheme has its mirror image, so the number is even
    assert height.max() == told.cutoff
    assert not found.flags.writeable


def test_the_share_is_counted_exactly():
    assert accept(rules(schemes=300, share="0.07"))[1].keep == 21  # 0.07 x 300 is 21.000000000000004 in floats


def test_the_set_is_written_one_scheme_a_line():
    assert set_bytes(np.array([[0, 1, 1], [1, 0, 10]], dtype=np.int8)) == b"011\n10a\n"


def test_pairs_by_counting():
    accepted = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 0, 1]], dtype=np.int8)
    found = pairs_together(accepted, ["a", "b", "c", "d"], 2)
    assert (found.highest, found.lowest) == (pytest.approx(2 / 3), 0.0)
    assert found.never == (("a", "d"), ("b", "c"))
    assert found.always == ()
    assert found.mean == pytest.approx((2 + 1 + 0 + 0 + 1 + 2) / 18)


def test_smallest_p_counts_a_scheme_and_its_mirror_image():
    one = np.array([[0, 0, 1, 1], [0, 1, 0, 1], [1, 0, 1, 0]], dtype=np.int8)
    assert smallest_p(one, [ONE_OVER_NONE]) == (pytest.approx(2 / 3),)
    assert smallest_p(one[:2], [ONE_OVER_NONE]) == (pytest.approx(1 / 2),)


def test_smallest_p_of_a_contrast_ignores_the_other_arms():
    schemes = np.array([[0, 1, 2, 3], [0, 1, 3, 2], [2, 3, 0, 1]], dtype=np.int8)
    assert smallest_p(schemes, [ONE_OVER_NONE]) == (pytest.approx(2 / 3),)


def test_a_set_that_is_too_small_is_refused():
    with pytest.raises(UserError, match=r"allows no p below 0.2, and alpha is 0.05\. Widen accepted_share") as caught:
        check_smallest_p(0.2, 0.05, accepted=10)
    assert caught.value.where == "protocol.yaml  allocation.accepted_share"


def test_a_plan_whose_set_was_changed_is_found(protocol, history, register):
    from dataclasses import replace

    from enginehouse.trials.plan import plan_allocation
    from enginehouse.trials.roster import eligible_roster

    plan = plan_allocation(protocol, eligible_roster(protocol, history, register, opt_outs={}, elsewhere={}))
    broken = replace(plan, acceptance=replace(plan.acceptance, set_hash="0" * 64))
    with pytest.raises(IntegrityError, match="not those whose hash the plan keeps"):
        accepted_set(broken)
