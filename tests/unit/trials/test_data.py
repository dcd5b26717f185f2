"""The outcome as the estimand takes it: gaps, mergers, closures, opt-outs; nobody is lost in silence."""

import json
from dataclasses import replace

import numpy as np
import pytest

from enginehouse.core.errors import DataError, UserError
from enginehouse.core.months import Month
from enginehouse.data.sites import Site
from enginehouse.programme.enums import NumeratorKind, OptOutScope
from enginehouse.trials.account import SiteChange, account_from_record
from enginehouse.trials.data import (
    _KINDS,
    outcome_kind,
    trial_data,
    trial_data_with_account,
)
from enginehouse.trials.draw import draw
from enginehouse.trials.plan import plan_allocation
from enginehouse.trials.roster import eligible_roster

SEED = "a seed nobody could guess"


@pytest.fixture(scope="session")
def roster(protocol, history, register):
    return eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})


@pytest.fixture(scope="session")
def plan(protocol, roster):
    return plan_allocation(protocol, roster)


@pytest.fixture(scope="session")
def allocation(plan):
    return draw(plan, SEED)


@pytest.fixture(scope="session")
def arrays(panel):
    return panel.arrays("opioids")


@pytest.fixture
def made(protocol_of, indicator, arrays, roster, plan, allocation):
    """Data and account for an estimand, a register and opt-outs."""

    def make(register=None, left=None, of=arrays, **estimand):
        return trial_data_with_account(
            protocol_of(estimand=estimand),
            indicator,
            of,
            roster,
            plan,
            allocation,
            register=register,
            opt_outs=left,
        )

    return make


def closing(register, *changes):
    return replace(register, sites={**register.sites, **{site.id: site for site in changes}})


def row_of(data, site):
    return data.sites.index(site)


def test_sites_stand_as_they_were_randomised(made, roster, plan, allocation, arrays):
    data, account = made()
    assert data.sites == roster.sites
    assert data.arms == plan.arms
    assert data.arm.tolist() == list(allocation.arm_of_site)
    assert (data.n_before, data.numerator.shape) == (12, (60, 24))
    column = arrays.months.index(Month(2023, 1))
    assert np.array_equal(data.numerator, arrays.of_sites(roster.sites).numerator[:, column : column + 24])
    assert (account.allocated, account.in_data, account.changed) == (60, 60, ())
    assert account_from_record(json.loads(json.dumps(account.to_record()))) == account


def test_what_was_balanced_is_adjusted_for_but_the_baseline_is_the_analysis_own(made):
    data, _ = made()
    assert data.covariate_names == ("list_size", "imd")
    assert data.covariates.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    assert data.covariates.std(axis=0, ddof=1) == pytest.approx([1, 1])


def test_an_array_of_arms_will_do(protocol, indicator, arrays, roster, plan, allocation):
    data = trial_data(protocol, indicator, arrays, roster, plan, 1 - allocation.positions)
    assert data.arm.tolist() == (1 - allocation.positions).tolist()


def test_a_closed_site_counts_until_then(made, register, sites, arrays):
    known = closing(register, Site(sites[5], "closed", closed=Month(2024, 7)))
    gone = replace(arrays, numerator=arrays.numerator.copy(), denominator=arrays.denominator.copy())
    gone.numerator[5, -6:] = np.nan
    data, account = made(known, of=gone)
    assert np.isnan(data.numerator[row_of(data, sites[5]), -6:]).all()
    assert account.missing_site_months == 6
    assert [(c.site, c.change) for c in account.changed] == [(sites[5], SiteChange.CLOSED)]


def test_a_closed_site_is_left_out_where_registered(made, register, sites):
    known = closing(register, Site(sites[5], "closed", closed=Month(2024, 7)))
    data, account = made(known, closures="excluded")
    assert sites[5] not in data.sites
    assert account.left_out == (sites[5],)
    assert account.changed[0].change is SiteChange.CLOSED_EXCLUDED
    assert data.n_units == 59


def test_a_merged_site_is_not_a_closed_one(made, register, sites):
    known = closing(register, Site(sites[5], "merged", closed=Month(2024, 7), successor=sites[6]))
    data, account = made(known, closures="excluded")
    assert sites[5] in data.sites
    assert account.changed[0].change is SiteChange.MERGED


def test_a_merger_is_followed_by_shares_and_no_patient_counts_twice(made, register, sites, arrays):
    known = closing(register, Site(sites[5], "merged", closed=Month(2024, 7), successor=sites[6]))
    merged = replace(arrays, numerator=arrays.numerator.copy(), denominator=arrays.denominator.copy())
    after = arrays.months.index(Month(2024, 7))
    merged.numerator[6, after:] += merged.numerator[5, after:]
    merged.denominator[6, after:] += merged.denominator[5, after:]
    merged.numerator[5, after:] = merged.denominator[5, after:] = np.nan
    data, account = made(known, of=merged, mergers="follow-successor")
    own, other = (arrays.denominator[row, after - 1] for row in (5, 6))  # list sizes stand still in these data
    share = own / (own + other)
    left, right = row_of(data, sites[5]), row_of(data, sites[6])
    assert data.numerator[left, 18:] == pytest.approx(share * merged.numerator[6, after:])
    assert data.denominator[left, 18:] == pytest.approx(arrays.denominator[5, after:])
    assert data.numerator[left, 18:] + data.numerator[right, 18:] == pytest.approx(merged.numerator[6, after:])
    assert account.changed[0].change is SiteChange.FOLLOWED
    assert account.changed[0].detail == f"closed in 2024-07; {share:.1%} of {sites[6]} from then on"


def test_nobody_is_followed_into_a_successor_that_withdrew_its_data(made, register, sites, arrays):
    known = closing(register, Site(sites[5], "merged", closed=Month(2024, 7), successor=sites[6]))
    gone = replace(arrays, numerator=arrays.numerator.copy(), denominator=arrays.denominator.copy())
    after = arrays.months.index(Month(2024, 7))
    gone.numerator[5, after:] = gone.denominator[5, after:] = np.nan
    data, account = made(known, of=gone, left={sites[6]: {OptOutScope.DATA_USE}}, mergers="follow-successor")
    assert np.isnan(data.numerator[row_of(data, sites[5]), 18:]).all()
    assert sites[6] not in data.sites
    told = {c.site: c.change for c in account.changed}
    assert told == {sites[5]: SiteChange.MERGED, sites[6]: SiteChange.DATA_WITHDRAWN}


def test_a_chain_of_mergers_ends_somewhere(made, register, sites):
    known = closing(
        register,
        Site(sites[5], "one", closed=Month(2024, 3), successor=sites[6]),
        Site(sites[6], "two", closed=Month(2024, 6), successor=sites[7]),
    )
    _, account = made(known, mergers="follow-successor")
    assert {c.site: c.detail.split(" of ")[1].split()[0] for c in account.changed} == {
        sites[5]: sites[7],
        sites[6]: sites[7],
    }
    circle = closing(
        register,
        Site(sites[5], "one", closed=Month(2024, 3), successor=sites[6]),
        Site(sites[6], "two", closed=Month(2024, 6), successor=sites[5]),
    )
    assert {c.change for c in made(circle)[1].changed} == {SiteChange.CLOSED}


OPT_OUTS = [
    ("kept-where-data-allow", OptOutScope.FEEDBACK, SiteChange.OPTED_OUT_KEPT, True),
    ("kept-where-data-allow", OptOutScope.RANDOMISATION, SiteChange.OPTED_OUT_KEPT, True),
    ("kept-where-data-allow", OptOutScope.DATA_USE, SiteChange.DATA_WITHDRAWN, False),
    ("excluded", OptOutScope.FEEDBACK, SiteChange.OPTED_OUT_EXCLUDED, False),
    ("excluded", OptOutScope.DATA_USE, SiteChange.DATA_WITHDRAWN, False),
]


@pytest.mark.parametrize(("rule", "scope", "change", "kept"), OPT_OUTS)
def test_opt_outs_after_allocation(made, sites, rule, scope, change, kept):
    data, account = made(left={sites[5]: frozenset({scope})}, opt_outs=rule)
    assert (sites[5] in data.sites) is kept
    assert account.changed[0].change is change


def test_a_site_without_follow_up_is_told_and_kept(made, sites, arrays):
    silent = replace(arrays, numerator=arrays.numerator.copy())
    silent.numerator[5, -12:] = np.nan
    data, account = made(of=silent)
    assert sites[5] in data.sites
    assert [(c.site, c.change) for c in account.changed] == [(sites[5], SiteChange.NO_FOLLOW_UP)]


def test_a_month_without_a_denominator_is_a_gap(made, arrays):
    zero = replace(arrays, denominator=arrays.denominator.copy())
    zero.denominator[5, -1] = 0
    data, account = made(of=zero)
    assert np.isnan(data.numerator[5, -1])
    assert account.missing_site_months == 1


def test_networks_are_the_units(protocol_of, indicator, history, register, arrays):
    protocol = protocol_of(allocation={"unit": "network", "network_level": "network"})
    roster = eligible_roster(protocol, history, register, opt_outs={}, elsewhere={})
    plan = plan_allocation(protocol, roster)
    data = trial_data(protocol, indicator, arrays, roster, plan, draw(plan, SEED))
    assert data.n_units == 20
    assert [data.unit.tolist().count(u) for u in range(20)] == [3] * 20


def test_months_that_are_missing_altogether_are_an_error(protocol, indicator, history, roster, plan, allocation):
    with pytest.raises(DataError, match="opioids has no data for 12 of 24 months"):
        trial_data(protocol, indicator, history.panel.arrays("opioids"), roster, plan, allocation)


def test_another_roster_is_refused(protocol, indicator, arrays, history, register, plan, allocation, sites):
    other = eligible_roster(
        protocol, history, register, opt_outs={sites[5]: frozenset({OptOutScope.DATA_USE})}, elsewhere={}
    )
    with pytest.raises(UserError, match="the roster is not the one"):
        trial_data(protocol, indicator, arrays, other, plan, allocation)


def test_nobody_left_is_an_error(made, sites):
    with pytest.raises(UserError, match="no allocated site is left to analyse"):
        made(left=dict.fromkeys(sites, frozenset({OptOutScope.DATA_USE})))


def test_every_kind_of_numerator_has_a_kind_of_outcome(indicator_of):
    assert set(_KINDS) == set(NumeratorKind)
    assert outcome_kind(indicator_of(numerator_kind="patients", is_proportion=True)) == "proportion"
    assert outcome_kind(indicator_of(numerator_kind="money")) == "quantity"
