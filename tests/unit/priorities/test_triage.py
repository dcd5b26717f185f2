"""The rule's branches that the published cases do not reach: infeasible designs, ties, gates, gains."""

from dataclasses import replace

import pytest

from enginehouse.priorities.results import GateValues, TriageReason
from enginehouse.priorities.triage import DEFAULT_GATES, Option, TrialDesign, break_even_trial_cost, triage
from enginehouse.programme.enums import Priority
from enginehouse.stats.gaussian import Normal

OPTION = Option(
    net_benefit=Normal(1.0, 10.0), units_a_year=10_000, roll_out_cost=0.0, horizon_years=4, discount_rate=0.0
)
DESIGN = TrialDesign(
    sites_per_arm=20,
    patients_per_site=50,
    std_error=5.0,
    preposterior_sd=8.0,
    cost=10_000.0,
    years=1.0,
    unit_years_per_arm=1000.0,
    sites_available=100,
)


def test_an_infeasible_design_is_shown_and_never_chosen():
    too_many = replace(DESIGN, sites_per_arm=51, preposterior_sd=9.9)
    found = triage(OPTION, [DESIGN, too_many])
    assert found.best is not None
    assert found.best.sites_per_arm == 20
    assert found.designs[1].enbs > found.designs[0].enbs
    assert found.designs[1].infeasible == "It needs 102 sites, and 100 could take part."


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"unit_years_per_arm": 5001.0}, "more patients than are eligible"),
        ({"years": 4.0}, "after the decision has ceased to matter"),
        ({"years": 9.0}, "after the decision has ceased to matter"),
    ],
)
def test_why_a_design_cannot_be_done(changes, why):
    found = triage(OPTION, [replace(DESIGN, **changes)])
    assert why in found.designs[0].infeasible
    assert found.best is None
    assert found.enbs is None
    assert (found.priority, found.reason) == (Priority.IMPLEMENT, TriageReason.EVALUATION_NOT_WORTH_ITS_COST)
    assert break_even_trial_cost(found, DEFAULT_GATES) is None


def test_every_design_can_be_held_back():
    found = triage(OPTION, [DESIGN], held_back="Nothing can be measured.")
    assert found.designs[0].infeasible == "Nothing can be measured."
    assert found.best is None


def test_half_of_the_sites_in_each_arm_is_feasible_in_spite_of_rounding():
    years = 1.0 / 3
    design = replace(DESIGN, years=years, unit_years_per_arm=50 * (10_000 / 100) * years * (1 + 1e-12))
    assert triage(OPTION, [design]).designs[0].infeasible == ""


def test_among_equals_the_smallest_design_wins():
    small, large = replace(DESIGN, sites_per_arm=10), DESIGN
    for order in ([small, large], [large, small]):
        best = triage(OPTION, order).best
        assert best is not None
        assert best.sites_per_arm == 10


def test_without_a_gain_as_large_as_asked_for_there_is_no_evaluation():
    gain = triage(OPTION, [DESIGN]).enbs
    assert gain is not None
    gates = GateValues(implement_at=0.9, drop_at=0.1, least_gain=gain)
    assert triage(OPTION, [DESIGN]).priority is Priority.IMPLEMENT_WITH_EVALUATION
    assert triage(OPTION, [DESIGN], gates).priority is Priority.IMPLEMENT


def test_at_the_break_even_cost_the_answer_flips():
    found = triage(OPTION, [DESIGN])
    limit = break_even_trial_cost(found, DEFAULT_GATES)
    assert limit is not None
    below, above = (triage(OPTION, [replace(DESIGN, cost=limit + step)]) for step in (-1, 1))
    assert (below.value_rule, above.value_rule) == (Priority.IMPLEMENT_WITH_EVALUATION, Priority.IMPLEMENT)


def test_the_gates_pass_by_a_trial_that_would_pay():
    sure = replace(OPTION, net_benefit=Normal(14.0, 10.0))
    found = triage(sure, [replace(DESIGN, cost=0.0, unit_years_per_arm=0.0)])
    assert (found.priority, found.reason) == (Priority.IMPLEMENT, TriageReason.CONFIDENT)
    assert found.value_rule is Priority.IMPLEMENT_WITH_EVALUATION
    assert not found.rules_agree
    assert {(a.implement_at, a.priority) for a in found.sensitivity} == {
        (0.8, Priority.IMPLEMENT),
        (0.9, Priority.IMPLEMENT),
        (0.95, Priority.IMPLEMENT_WITH_EVALUATION),
        (0.99, Priority.IMPLEMENT_WITH_EVALUATION),
    }


def test_own_gates_are_among_those_shown():
    gates = GateValues(implement_at=0.85, drop_at=0.3, least_gain=0.0)
    assert (0.85, 0.3) in {(a.implement_at, a.drop_at) for a in triage(OPTION, [], gates).sensitivity}


def test_a_certain_option_needs_no_trial():
    for mean, answer in ((1.0, Priority.IMPLEMENT), (-1.0, Priority.DO_NOT_PURSUE), (0.0, Priority.DO_NOT_PURSUE)):
        found = triage(replace(OPTION, net_benefit=Normal(mean, 0.0)))
        assert (found.priority, found.reason) == (answer, TriageReason.CONFIDENT)
        assert found.evpi == 0


@pytest.mark.parametrize(
    ("option", "gates", "message"),
    [
        (OPTION, GateValues(implement_at=0.1, drop_at=0.9, least_gain=0), "the first must be below the second"),
        (replace(OPTION, units_a_year=0), DEFAULT_GATES, "needs eligible units and a horizon"),
        (replace(OPTION, horizon_years=0), DEFAULT_GATES, "needs eligible units and a horizon"),
    ],
)
def test_what_cannot_be_triaged_is_refused(option, gates, message):
    with pytest.raises(ValueError, match=message):
        triage(option, [], gates)
