"""Who may be allocated, each exclusion with its reason, counts that add up, and how those who left differ."""

from dataclasses import replace

import numpy as np
import pytest

from enginehouse.core.errors import DataError, UserError
from enginehouse.core.months import Month
from enginehouse.data.sites import Site, SiteRegister
from enginehouse.indicators.panel import HistoricalPanel, Panel
from enginehouse.programme.enums import OptOutScope
from enginehouse.trials.consort import ExclusionReason
from enginehouse.trials.eligibility import _RULES
from enginehouse.trials.roster import eligible_roster, roster_from_record

NONE = {"opt_outs": {}, "elsewhere": {}}


def reasons(roster):
    return {exclusion.site: exclusion.reason for exclusion in roster.exclusions}


def without(panel, site, months):
    """The panel without the first `months` of one site's baseline."""
    table = panel.table.to_pylist()
    gone = {(Month(2023, 1) + i).first_day for i in range(months)}
    kept = [row for row in table if row["site"] != site or row["month"] not in gone]
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


def test_everyone_who_fits_is_on_the_roster(protocol, history, register, sites):
    roster = eligible_roster(protocol, history, register, **NONE)
    assert roster.sites == sites
    assert roster.consort.on_roster == roster.consort.assessed == 60
    assert roster.differences == ()
    assert roster_from_record(roster.to_record()) == roster


def test_every_reason_has_a_rule():
    assert set(_RULES) == set(ExclusionReason)


def test_each_exclusion_has_its_first_reason(protocol_of, panel, register, sites):
    changed = dict(register.sites)
    changed[sites[2]] = Site(sites[2], "closing", closed=Month(2024, 1))
    changed[sites[3]] = Site(sites[3], "opening", opened=Month(2024, 2))
    known = SiteRegister(changed, register.memberships, register.attributes)
    protocol = protocol_of(
        eligibility={"outside": {"area": ["a9"]}, "attributes": {"imd": {"at_least": 5, "at_most": 40}}}
    )
    out_of_range = {site for site, imd in register.attributes["imd"].items() if not 5 <= imd <= 40}
    found = reasons(
        eligible_roster(protocol, without(panel, sites[4], 4), known, opt_outs={}, elsewhere={sites[5]: "other"})
    )
    assert found[sites[9]] is ExclusionReason.LEFT_OUT
    assert found[sites[2]] is ExclusionReason.NOT_OPEN
    assert found[sites[3]] is ExclusionReason.NOT_OPEN
    assert found[sites[0]] is ExclusionReason.UNKNOWN_ATTRIBUTE
    assert found[sites[4]] is ExclusionReason.TOO_FEW_MONTHS
    assert found[sites[5]] is ExclusionReason.OTHER_CYCLE
    assert {site for site, r in found.items() if r is ExclusionReason.OUT_OF_RANGE} == out_of_range - {
        s for i, s in enumerate(sites) if i % 10 == 9
    }


def test_a_site_that_closes_after_the_start_is_let_in(protocol, history, register, sites):
    changed = {**register.sites, sites[2]: Site(sites[2], "closing", closed=Month(2024, 2))}
    roster = eligible_roster(
        protocol, history, SiteRegister(changed, register.memberships, register.attributes), **NONE
    )
    assert sites[2] in roster.sites


def test_nine_of_twelve_months_are_enough_and_eight_are_not(protocol, panel, register, sites):
    nine = eligible_roster(protocol, without(panel, sites[4], 3), register, **NONE)
    eight = eligible_roster(protocol, without(panel, sites[4], 4), register, **NONE)
    assert sites[4] in nine.sites
    assert eight.exclusions[0].detail == "8 of the baseline months have data, and 9 are asked for"


def test_a_site_without_any_baseline_says_so(protocol, panel, register, sites):
    roster = eligible_roster(protocol, without(panel, sites[4], 12), register, **NONE)
    assert reasons(roster) == {sites[4]: ExclusionReason.NO_BASELINE}


def test_opt_outs_by_scope(protocol, history, register, sites):
    roster = eligible_roster(
        protocol,
        history,
        register,
        opt_outs={
            sites[6]: frozenset({OptOutScope.RANDOMISATION}),
            sites[7]: frozenset({OptOutScope.DATA_USE, OptOutScope.FEEDBACK}),
            sites[8]: frozenset({OptOutScope.FEEDBACK}),
            "x:nobody": frozenset({OptOutScope.FEEDBACK}),
        },
        elsewhere={},
    )
    consort = roster.consort
    assert consort.eligible == 60
    assert (consort.opted_out, consort.on_roster, consort.opted_out_of_feedback_only) == (2, 58, 1)
    assert sites[8] in roster.sites
    assert sites[7] not in roster.sites
    assert any(": nobody." in note for note in roster.notes)


def test_how_those_who_left_differ_is_arithmetic(protocol, history, register, sites):
    left = [sites[10], sites[20], sites[30]]
    roster = eligible_roster(
        protocol, history, register, opt_outs={s: frozenset({OptOutScope.RANDOMISATION}) for s in left}, elsewhere={}
    )
    imd = register.attributes["imd"]
    gone = np.array([imd[s] for s in left])
    stayed = np.array([imd[s] for s in sites if s in imd and s not in left])
    found = next(d for d in roster.differences if d.name == "imd")
    assert found.left_mean == pytest.approx(gone.mean())
    assert (found.left, found.stayed) == (3, 55)
    assert found.standardised == pytest.approx(
        (gone.mean() - stayed.mean()) / np.sqrt((gone.var(ddof=1) + stayed.var(ddof=1)) / 2)
    )


def test_baseline_and_list_size_are_sums_over_the_baseline_months(protocol, history, register, sites, panel):
    roster = eligible_roster(protocol, history, register, **NONE)
    rows = [
        row
        for row in panel.table.to_pylist()
        if row["site"] == sites[0] and Month(2023, 1) <= Month.of(row["month"]) < Month(2024, 1)
    ]
    tops, bottoms = ([row[name] for row in rows] for name in ("numerator", "denominator"))
    assert roster.covariate("baseline").values[0] == pytest.approx(sum(tops) / sum(bottoms))
    assert roster.covariate("list-size").values[0] == pytest.approx(sum(bottoms) / 12)


def test_a_list_size_of_the_register_goes_before_the_denominator(protocol, history, register, sites):
    known = replace(register, attributes={**register.attributes, "list_size": dict.fromkeys(sites, 1234.0)})
    roster = eligible_roster(protocol, history, known, **NONE)
    assert set(roster.covariate("list_size").values) == {1234.0}


def test_what_is_not_known_counts_with_the_median_and_is_told(protocol, history, register, sites):
    roster = eligible_roster(protocol, history, register, **NONE)
    imd = roster.covariate("imd")
    assert (imd.missing, imd.values[0]) == (2, None)
    assert imd.filled()[0] == imd.median == np.median(list(register.attributes["imd"].values()))
    assert "imd is not known for 2 of 60 sites; they count with the median." in roster.notes


def test_networks_are_counted(protocol_of, history, register, sites):
    protocol = protocol_of(allocation={"unit": "network", "network_level": "network"})
    short = replace(
        register,
        memberships=tuple(m for m in register.memberships if not (m.site == sites[0] and m.level == "network")),
    )
    roster = eligible_roster(protocol, history, short, opt_outs={}, elsewhere={})
    assert reasons(roster) == {sites[0]: ExclusionReason.NO_NETWORK}
    by_network = {count.network: count for count in roster.consort.by_network}
    assert (by_network["n1"].assessed, by_network["n1"].on_roster) == (3, 3)
    assert (by_network[""].assessed, by_network[""].eligible) == (1, 0)
    assert sum(count.assessed for count in roster.consort.by_network) == 60


def test_sites_in_other_places_are_not_assessed(protocol_of, history, register):
    roster = eligible_roster(protocol_of(eligibility={"within": {"area": ["a1"]}}), history, register, **NONE)
    assert (roster.consort.registered, roster.consort.elsewhere, roster.consort.assessed) == (60, 54, 6)


def test_an_unknown_attribute_is_refused(protocol_of, history, register):
    with pytest.raises(DataError, match=r"got attribute 'imb'.*Did you mean 'imd'"):
        eligible_roster(protocol_of(eligibility={"attributes": {"imb": {"at_least": 1}}}), history, register, **NONE)


def test_a_roster_with_nobody_says_why(protocol_of, history, register):
    protocol = protocol_of(eligibility={"attributes": {"list_size": {"at_least": 10**9}}})
    with pytest.raises(UserError, match=r"none of the 60 sites assessed is eligible .*outside its limits: 60"):
        eligible_roster(protocol, history, register, **NONE)


def test_a_roster_that_everyone_left_is_refused(protocol, history, register, sites):
    with pytest.raises(UserError, match="all 60 eligible sites opted out"):
        eligible_roster(
            protocol,
            history,
            register,
            opt_outs=dict.fromkeys(sites, frozenset({OptOutScope.RANDOMISATION})),
            elsewhere={},
        )


@pytest.mark.parametrize("part", ["eligibility", "allocation"])
def test_a_protocol_that_allocates_nobody_is_refused(protocol_of, history, register, part):
    with pytest.raises(UserError, match=f"the protocol has no '{part}'"):
        eligible_roster(protocol_of(**{part: None}), history, register, **NONE)


def test_asking_for_a_covariate_that_is_not_there(protocol, history, register):
    with pytest.raises(UserError, match=r"got 'rurality'.*Known are: list_size, baseline, imd"):
        eligible_roster(protocol, history, register, **NONE).covariate("rurality")
