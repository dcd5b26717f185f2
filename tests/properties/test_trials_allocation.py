"""Whatever the units, strata, arms and covariates: schemes keep their promises, and an auditor finds the same."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import enginehouse.trials
from enginehouse.programme.enums import AllocationMethod, AllocationUnit
from enginehouse.stats.inject import inject_ratios
from enginehouse.trials.accepted import accept, accepted_set, rules_of, set_bytes, smallest_p
from enginehouse.trials.draw import draw
from enginehouse.trials.plan_record import AllocationPlan, plan_from_record
from enginehouse.trials.rerandomise import draws
from enginehouse.trials.schemes import SchemeSpace
from enginehouse.trials.seeds import seed_of_two

SCRIPT = runpy.run_path(str(Path(enginehouse.trials.__file__).parent / "audit_allocation.py"))
SEEDS = ("a seed nobody could guess", "another of another person")
SEED = seed_of_two(*SEEDS)
DRAWN = (AllocationMethod.STRATIFIED_BLOCKS, AllocationMethod.COVARIATE_CONSTRAINED)


@st.composite
def plans(draw_, *, method=None):
    """Plans of 4 to 14 units in 1 to 3 strata and 2 or 3 arms, one or two sites to a unit."""
    arms = draw_(st.integers(2, 3))
    units = draw_(st.integers(2 * arms, 14))
    strata = draw_(st.lists(st.integers(0, 2), min_size=units, max_size=units))
    names = sorted(set(strata))
    values = st.integers(-30_000_000, 30_000_000)
    sites = [unit for unit in range(units) for _ in range(draw_(st.integers(1, 2)))]
    chosen = method or draw_(st.sampled_from(DRAWN))
    constrained = chosen is AllocationMethod.COVARIATE_CONSTRAINED
    balance = draw_(st.lists(st.lists(values, min_size=units, max_size=units), min_size=1, max_size=2))
    return AllocationPlan(
        method=chosen,
        unit=AllocationUnit.NETWORK,
        arms=("none", "some", "more")[:arms],
        contrasts=((1, 0),),
        sites=tuple(f"x:é{i}" for i in range(len(sites))),
        unit_of_site=tuple(sites),
        units=tuple(f"u{i}" for i in range(units)),
        strata=tuple(f"s{s}" for s in names),
        stratum_of_unit=tuple(names.index(s) for s in strata),
        block_sizes=() if constrained else tuple(arms * draw_(st.integers(1, 2)) for _ in range(2)),
        covariates=tuple(f"c{i}" for i in range(len(balance))) if constrained else (),
        balance=tuple(tuple(row) for row in balance) if constrained else (),
        public_seed=draw_(st.text("abcdef0123456789", min_size=4, max_size=8)),
        schemes=draw_(st.integers(10, 60)),
        accepted_share=draw_(st.sampled_from(["0.1", "0.25", "0.07", "1.0"])),
        alpha="0.05",
        acceptance=None,
        pairs=None,
        log10_possible=0.0,
        smallest_p=1.0,
        roster="",
        notes=(),
    )


def finished(plan):
    """With what is recorded of the accepted set, as `plan_allocation` leaves it."""
    from dataclasses import replace

    if plan.method is AllocationMethod.STRATIFIED_BLOCKS:
        return plan
    return replace(plan, acceptance=accept(rules_of(plan))[1])


@given(plans())
@settings(max_examples=60, deadline=None)
def test_an_auditor_finds_the_same_allocation(plan):
    plan = finished(plan)
    allocation = draw(plan, SEED)
    record = allocation.to_record()
    assert SCRIPT["audit"](plan.to_record(), SEEDS, record) == []
    changed = {**record, "arm_of_site": [(arm + 1) % len(plan.arms) for arm in record["arm_of_site"]]}
    assert any("in another arm than was drawn" in words for words in SCRIPT["audit"](plan.to_record(), SEEDS, changed))


@given(plans(method=AllocationMethod.COVARIATE_CONSTRAINED))
@settings(max_examples=60, deadline=None)
def test_the_accepted_schemes_are_the_auditors(plan):
    plan = finished(plan)
    assert [tuple(row) for row in accepted_set(plan).tolist()] == SCRIPT["accepted"](plan.to_record())


@given(plans(method=AllocationMethod.COVARIATE_CONSTRAINED))
@settings(max_examples=60, deadline=None)
def test_arms_are_within_one_of_each_other_in_all_and_in_each_stratum(plan):
    strata = np.array(plan.stratum_of_unit)
    for scheme in accepted_set(plan)[:10]:
        for inside in (np.ones(len(strata), dtype=bool), *(strata == s for s in range(len(plan.strata)))):
            counts = np.bincount(scheme[inside], minlength=len(plan.arms))
            assert counts.max() - counts.min() <= 1


@given(plans(method=AllocationMethod.COVARIATE_CONSTRAINED))
@settings(max_examples=40, deadline=None)
def test_schemes_differ_and_p_is_at_least_one_over_their_number(plan):
    accepted, told = accept(rules_of(plan))
    assert len({row.tobytes() for row in accepted}) == len(accepted) == told.accepted >= told.keep
    assert told.best <= told.cutoff <= told.worst
    assert told.made == min(plan.schemes, SchemeSpace(len(plan.arms), plan.stratum_of_unit).possible)
    assert 1 / len(accepted) <= max(smallest_p(accepted, [{1: (1,), 0: (-1,)}])) <= 1
    assert set_bytes(accepted).count(b"\n") == len(accepted)


@given(plans(method=AllocationMethod.STRATIFIED_BLOCKS), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_blocks_keep_arms_within_a_block_of_each_other(plan, seed):
    strata = np.array(plan.stratum_of_unit)
    first = [plan.unit_of_site.index(unit) for unit in range(len(plan.units))]
    both = [np.array(draw(plan, SEED).arm_of_site), *draws(plan, np.random.default_rng(seed), 5)]
    for arms in both:
        for stratum in range(len(plan.strata)):
            counts = np.bincount(arms[first][strata == stratum], minlength=len(plan.arms))
            assert counts.max() - counts.min() <= max(plan.block_sizes) // len(plan.arms)


@given(plans())
@settings(max_examples=40, deadline=None)
def test_plans_survive_their_record_and_sites_of_a_unit_stay_together(plan):
    plan = finished(plan)
    assert plan_from_record(plan.to_record()) == plan
    allocation = draw(plan, SEED)
    by_unit = {}
    for unit, arm in zip(plan.unit_of_site, allocation.arm_of_site, strict=True):
        assert by_unit.setdefault(unit, arm) == arm


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=8),
    st.floats(0, 3),
    st.sampled_from(["count", "quantity", "proportion"]),
    st.integers(0, 2**31),
)
@settings(max_examples=150, deadline=None)
def test_an_effect_moves_outcomes_the_right_way_and_within_their_limits(values, ratio, kind, seed):
    numerator = np.array(values, dtype=float)[:, None]
    denominator = numerator + np.arange(len(values))[:, None]
    changed = inject_ratios(
        numerator,
        np.full(len(values), ratio),
        np.ones(1, dtype=bool),
        kind=kind,
        rng=np.random.default_rng(seed),
        denominator=denominator,
    )
    assert (changed >= 0).all()
    assert (changed <= numerator).all() if ratio <= 1 else (changed >= numerator).all()
    if kind == "proportion":
        assert (changed <= denominator).all()
    if kind == "quantity":
        assert changed == pytest.approx(numerator * ratio)
