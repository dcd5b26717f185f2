"""Whatever is drawn and however it is scored: the auditor's script, written apart, finds the same."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import enginehouse.trials
from enginehouse.core.errors import UserError
from enginehouse.programme.enums import AllocationMethod, AllocationUnit
from enginehouse.trials.accepted import accept, rules_of
from enginehouse.trials.draw import draw
from enginehouse.trials.minimise import minimised, order_of
from enginehouse.trials.plan_record import AllocationPlan, Minimisation, plan_from_record
from enginehouse.trials.rerandomise import draws
from enginehouse.trials.scoring import Carried, Scoring
from enginehouse.trials.seeds import seed_of_two

SCRIPT = runpy.run_path(str(Path(enginehouse.trials.__file__).parent / "audit_allocation.py"))
SEEDS = ("a seed nobody could guess", "another of another person")
VALUES = st.integers(-30_000_000, 30_000_000)


@st.composite
def plans(draw_, method):
    """Plans of 8 to 12 units: three arms with an order, a pool and bounds, or a second draw with choices of its own."""
    units, again = draw_(st.integers(8, 12)), draw_(st.booleans())
    before = tuple(i % 2 for i in range(units)) if again else (0,) * units
    choices = ((0, 1), (2, 0)) if again else ()
    constrained = method is AllocationMethod.COVARIATE_CONSTRAINED
    balance = draw_(st.lists(st.lists(VALUES, min_size=units, max_size=units), min_size=1, max_size=2))
    carried = Carried(
        first_arms=("a", "b"),
        before=before,
        again=choices,
        stay=(2, 3),
        sums=tuple((draw_(VALUES), draw_(VALUES)) for _ in balance),
        units=units + 5,
        totals=tuple(draw_(VALUES) for _ in balance),
    )
    scoring = Scoring(
        score=draw_(st.sampled_from(["l1", "l2"])),
        places=() if again else draw_(st.sampled_from([(), (0, 3, 7), (1, 1, 1)])),
        bounds=draw_(st.sampled_from([(), (None, 40_000_000), (30_000_000, None)]))[: len(balance)],
        carried=carried if again else None,
    )
    levels = tuple(tuple(draw_(st.integers(0, 2)) for _ in range(units)) for _ in range(2))
    rules = Minimisation(
        factors=("f", "g"),
        level_of_unit=levels,
        weights=(1000, draw_(st.integers(1, 3000))),
        distance=draw_(st.sampled_from(["range", "sd", "variance"])),
        probability=draw_(st.sampled_from(["0.8", "0.75", "1.0"])),
        order=order_of("cafe", units),
    )
    return AllocationPlan(
        method=method,
        unit=AllocationUnit.SITE,
        arms=("none", "some", "more"),
        contrasts=((1, 0),),
        sites=tuple(f"x:{i}" for i in range(units)),
        unit_of_site=tuple(range(units)),
        units=tuple(f"u{i}" for i in range(units)),
        strata=("a", "b") if again else ("all",),
        stratum_of_unit=before,
        block_sizes=(3, 6) if method is AllocationMethod.STRATIFIED_BLOCKS else (),
        covariates=(),
        balance=tuple(map(tuple, balance)) if constrained else (),
        public_seed="cafe",
        schemes=draw_(st.sampled_from([30, 60, 100_000])) if again else 40,
        accepted_share="0.2",
        alpha="0.05",
        acceptance=None,
        pairs=None,
        log10_possible=0.0,
        smallest_p=1.0,
        roster="",
        notes=(),
        pooled=() if again else ((0, 1), (1, 2)),
        scoring=scoring if constrained else None,
        accepted_at_least=draw_(st.sampled_from([1, 20])),
        minimisation=rules if method is AllocationMethod.MINIMISATION else None,
        choices=choices,
    )


@pytest.mark.parametrize("method", list(AllocationMethod))
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_an_auditor_finds_the_same_allocation(method, data):
    plan = data.draw(plans(method))
    if method is AllocationMethod.COVARIATE_CONSTRAINED:
        try:
            plan = replace(plan, acceptance=accept(rules_of(plan))[1])
        except UserError:
            assume(False)  # no scheme keeps to the bounds
    record = draw(plan, seed_of_two(*SEEDS)).to_record()
    assert plan_from_record(plan.to_record()) == plan
    assert SCRIPT["audit"](plan.to_record(), SEEDS, record) == []
    allowed = [plan.choices[s] if plan.choices else (0, 1, 2) for s in plan.stratum_of_unit]
    for arms in (record["arm_of_site"], *draws(plan, np.random.default_rng(1), 3).tolist()):
        assert all(arm in choice for arm, choice in zip(arms, allowed, strict=True))


@pytest.mark.parametrize("distance", ["range", "sd", "variance"])
def test_minimisation_many_at_once_is_distributed_as_one_by_one(distance):
    rng = np.random.default_rng(5)
    levels = tuple(tuple(int(v) for v in rng.integers(0, 3, 12)) for _ in range(2))
    rules = Minimisation(
        factors=("f", "g"),
        level_of_unit=levels,
        weights=(1000, 500),
        distance=distance,
        probability="0.8",
        order=order_of("cafe", 12),
    )
    plan = AllocationPlan(
        method=AllocationMethod.MINIMISATION,
        unit=AllocationUnit.SITE,
        arms=("a", "b"),
        contrasts=((1, 0),),
        sites=tuple(f"x:{i}" for i in range(12)),
        unit_of_site=tuple(range(12)),
        units=tuple(f"u{i}" for i in range(12)),
        strata=("all",),
        stratum_of_unit=(0,) * 12,
        block_sizes=(),
        covariates=(),
        balance=(),
        public_seed="cafe",
        schemes=100,
        accepted_share="0.1",
        alpha="0.05",
        acceptance=None,
        pairs=None,
        log10_possible=0.0,
        smallest_p=1.0,
        roster="",
        notes=(),
        minimisation=rules,
    )
    fast = draws(plan, np.random.default_rng(1), 4000)
    slow = np.array([minimised(plan, f"key {i}") for i in range(1500)])
    together = [np.array([(runs == runs[:, [i]]).mean(axis=0) for i in range(12)]) for runs in (fast, slow)]
    assert np.abs(together[0] - together[1]).max() < 0.07
    assert np.abs(fast.mean(axis=0) - 0.5).max() < 0.04  # each unit is as likely to be in one arm as in the other
