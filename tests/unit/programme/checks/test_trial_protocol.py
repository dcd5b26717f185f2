"""What a protocol with random allocation must fit: each mistake, and what is then said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from enginehouse.core.errors import Problems
from enginehouse.programme.checks.designs import RULES, RUNNABLE_DESIGNS
from enginehouse.programme.checks.trial import _METHODS
from enginehouse.programme.enums import AllocationMethod, Average, Check, DesignType, Method
from enginehouse.programme.grouping import GROUPS, grouping
from enginehouse.programme.load import load_programme

PROTOCOL = "cycles/visits/protocol.yaml"
STRATEGY = "strategies/feedback-letter.yaml"
VISITS = "strategies/visits.yaml"
Said = Callable[[str, str, str], str]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), "utf-8")


def said_of(folder: Path) -> str:
    with pytest.raises(Problems) as found:
        load_programme(folder)
    return str(found.value).replace(f"{folder}/", "")


def test_a_trial_is_read_whole(trial: Path):
    programme = load_programme(trial)
    protocol = programme.protocols["visits"]
    assert protocol.eligibility is not None
    assert protocol.eligibility.attributes["list_size"].at_least == 1000
    assert [study.id for study in programme.studies] == ["smith-2019", "jones-2020"]
    assert list(programme.messages) == ["gap"]
    assert list(programme.contracts) == ["visits"]
    assert programme.candidates is not None
    assert [candidate.id for candidate in programme.candidates.candidates] == ["letters", "visits"]


ALLOCATION = (
    "  method: covariate-constrained\n  strata: [area, list_size_half]\n  balance: [list_size, deprivation, baseline]\n"
)
BLOCKS = "  method: stratified-blocks\n  strata: [area]\n  block_sizes: [{}]\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # Which parts the design needs and which mean nothing in it.
        ("contrasts:\n  - {arm: letter-and-visits, over: letter}\n", "", "1  contrasts\n  is missing; parallel must say which arm is compared with which. Add it."),
        ("arms:\n", "exposure: {arm: letter, title: North, sites: {within: {region: North}}, comparators: [{name: s, title: the South, sites: {within: {region: South}}}]}\narms:\n", "6  exposure\n  got exposure, but in a parallel design chance decides who gets which arm. Remove it."),
        ("  inequality: deprivation\n", "  inequality: deprivation\n  drift: {cluster: area, within: region}\n", "analysis.drift\n  got drift, but chance decides here, so places that drift apart do so in both arms. Remove it."),
        ("  inequality: deprivation\n", "  practice_models: {metered-dose-inhaler-share: quasi-poisson-fixed-effects}\n", "analysis.practice_models\n  got practice_models, but these models stand beside a controlled-its only."),
        ("  inequality: deprivation\n", "  embedded_trial: {baseline_months: 12, follow_up_months: 12}\n", "analysis.embedded_trial\n  got embedded_trial, but this is a trial already."),
        ("  horizon_years: 3\n", "  horizon_years: 3\n  campaign_cost: 100\n", "economics.campaign_cost\n  got campaign_cost, but the cost of an arm comes from what is logged of its strategies."),
        ("  horizon_years: 3\n", "", "economics.horizon_years\n  is missing; without it nothing is said of the years after the trial."),
        # Methods and checks of this design, and an estimand that is whole.
        ("primary: independence-gee", "primary: arm-difference-ar1", "analysis.primary\n  got 'arm-difference-ar1', which is no analysis of a parallel design; expected one of: independence-gee, site-mixed-model. For an average over patients, write 'independence-gee'."),
        ("primary: independence-gee", "primary: site-mixed-model", "analysis.primary\n  got 'site-mixed-model', whose effect is an average over 'sites'; estimand.average is 'patients'. For an average over patients, write 'independence-gee'."),
        ("checks: [other-average,", "checks: [placebo-dates,", "analysis.checks[1]\n  got 'placebo-dates', which is no check of a parallel design; expected one of: other-average, cluster-level, permutation, unadjusted. Remove it."),
        ("checks: [other-average,", "checks: [permutation,", "analysis.checks[3]\n  got the check 'permutation' a second time."),
        ("  opt_outs: kept-where-data-allow\n", "", "estimand.opt_outs\n  is missing; expected one of: kept-where-data-allow, excluded, none."),
        ("opt_outs: kept-where-data-allow", "opt_outs: none", "estimand.opt_outs\n  got 'none'; in a parallel design sites can opt out. Write one of: kept-where-data-allow, excluded."),
        ("mergers: as-randomised", "mergers: as-of-membership-month", "estimand.mergers\n  got 'as-of-membership-month'; in a parallel design a site counts in the arm that was drawn for it. Write one of: as-randomised, follow-successor."),
        # Who may take part.
        ("within: {region: North}", "within: {regoin: North}", "eligibility.within.regoin\n  got the level 'regoin'; expected one of: area, region. Did you mean 'region'?"),
        ("attributes: {list_size: {at_least: 1000, at_most: 30000}}", "attributes: {listsize: {at_least: 1000}}", "eligibility.attributes.listsize\n  got the attribute 'listsize'; expected one of: deprivation, list_size. Did you mean 'list_size'?"),
        ("{at_least: 1000, at_most: 30000}", "{at_least: 30000, at_most: 1000}", "eligibility.attributes.list_size\n  got at_least 30000, which is above at_most 1000. Exchange the two."),
        ("{at_least: 1000, at_most: 30000}", "{}", "eligibility.attributes.list_size\n  got neither at_least nor at_most."),
        ("  baseline_months: 9", "  baseline_months: 13", "eligibility.baseline_months\n  got 13, more than the 12 months of the baseline. Write 12 or fewer."),
        # How arms are drawn.
        ("unit: site", "unit: network", "allocation.network_level\n  is missing; the unit is a network, and nothing says whose groups the networks are."),
        ("unit: site", "unit: site\n  network_level: area", "allocation.network_level\n  got 'area', but the unit is a site. Write 'unit: network', or remove it."),
        ("unit: site", "unit: network\n  network_level: pcn", "allocation.network_level\n  got the level 'pcn'; expected one of: area, region."),
        ("unit: site", "unit: network\n  network_level: area", "allocation.strata[1]\n  got 'area', which is what is allocated: each stratum would hold one network."),
        ("strata: [area, list_size_half]", "strata: [aera]", "allocation.strata[1]\n  got the stratum 'aera'; expected a level (area, region) or an attribute in groups, for example list_size_half. Did you mean 'area'?"),
        ("strata: [area, list_size_half]", "strata: [list_size]", "allocation.strata[1]\n  got the stratum 'list_size'; expected a level (area, region) or an attribute in groups, for example list_size_half. Write list_size_half or list_size_third."),
        ("strata: [area, list_size_half]", "strata: [imd_half]", "allocation.strata[1]\n  got the attribute 'imd'; expected one of: baseline, deprivation, list_size."),
        ("strata: [area, list_size_half]", "strata: [area, area]", "allocation.strata[2]\n  got the stratum 'area' a second time."),
        ("balance: [list_size, deprivation, baseline]", "balance: [list_size, imd]", "allocation.balance[2]\n  got the attribute 'imd'; expected one of: baseline, deprivation, list_size."),
        ("  balance: [list_size, deprivation, baseline]\n", "", "allocation.balance\n  is missing; covariate-constrained chooses among schemes by how well they balance something. Name attributes, for example [list_size, baseline]."),
        ("unit: site", "unit: site\n  block_sizes: [4]", "allocation.block_sizes\n  got block sizes; covariate-constrained draws no blocks."),
        ("method: covariate-constrained", "method: stratified-blocks", "allocation.block_sizes\n  is missing; stratified-blocks needs the sizes of its blocks. Write for example [4, 6]: multiples of the 2 arms."),
        ("method: covariate-constrained", "method: stratified-blocks", "allocation.balance\n  got attributes to balance; stratified-blocks keeps arms equal inside strata and balances nothing else. Make strata of them (list_size_half), or use covariate-constrained."),
        (ALLOCATION, BLOCKS.format("4, 5"), "allocation.block_sizes[2]\n  got 5; expected a multiple of the number of arms (2)."),
        (ALLOCATION, BLOCKS.format("0"), "allocation.block_sizes[1]\n  got 0; expected a multiple of the number of arms (2)."),
        # Which arms are compared.
        ("{arm: letter-and-visits, over: letter}", "{arm: letters-and-visits, over: letter}", "contrasts[1].arm\n  got the arm 'letters-and-visits'; expected one of: letter, letter-and-visits. Did you mean 'letter-and-visits'?"),
        ("{arm: letter-and-visits, over: letter}", "{arm: letter, over: letter}", "contrasts[1].over\n  got 'letter' on both sides. Name the arm to compare with."),
        ("{arm: letter-and-visits, over: letter}", "{arm: letter-and-visits, over: letter}\n  - {arm: letter-and-visits, over: letter}", "contrasts[2]\n  got 'letter-and-visits' over 'letter' a second time."),
        ("letter-and-visits: [feedback-letter, visits]", "letter-and-visits: [feedback-letter]", "contrasts[1]\n  got 'letter-and-visits' over 'letter', which get the same strategies."),
        ("letter-and-visits: [feedback-letter, visits]", "letter-and-visits: [feedback-letter]", "arms\n  got the same strategies in every arm. Give at least one arm something else."),
        ("letter-and-visits: [feedback-letter, visits]", "letter-and-visits: [visits, feedback-letter, visits]", "arms.letter-and-visits[3]\n  got the strategy 'visits' a second time."),
        # Days and months in their order.
        ("opt_out_by: 2026-03-31", "opt_out_by: 2026-05-01", "eligibility.opt_out_by\n  got 2026-05-01, which is not before the start (2026-05). Sites opt out first, then they are allocated, then it starts."),
        ("first: 2026-05-12", "first: 2026-03-30", "delivery.first\n  got 2026-03-30, which is before sites can no longer opt out (2026-03-31). Send the first reports after the allocation."),
        ("first: 2026-05-12", "first: 2026-03-31", "delivery.first\n  got 2026-03-31, more than a month before the start (2026-05). What is sent in the baseline blurs it"),
        ("waves: 6,", "waves: 1,", "delivery.waves\n  got 1; feedback that is given once is soon forgotten, and the linter would let no report of it leave. Write 2 or more, within the follow-up."),
        ("waves: 6,", "waves: 7,", "delivery.waves\n  got 7 waves, 2 months apart, from 2026-05-12: the last is due in 2027-05, after the follow-up has ended (2027-04). Send fewer waves, or follow up for longer."),
        ("membership_as_of: 2026-01", "membership_as_of: 2026-06", "membership_as_of\n  got 2026-06, which is after the start (2026-05)."),
        # Margins and the effect to be found: low is good here.
        ("effect: 0.92", "effect: 1.08", "power.effect\n  got 1.08; expected an effect below 1. For 'metered-dose-inhaler-share' lower is better, and no difference is 1."),
        ("effect: 0.92", "effect: -0.08", "power.effect\n  got -0.08; a ratio is above 0. Write 0.98 for a fall of 2%"),
        ("worthwhile: 0.95", "worthwhile: 1.05", "analysis.worthwhile\n  got 1.05; expected a margin below 1."),
        ("worthwhile: 0.95", "worthwhile: 0.95\n  non_inferiority: 0.99", "analysis.non_inferiority\n  got 0.99; expected a margin above 1."),
        # What else the analysis names.
        ("deprivation_quintile", "imd_quintile", "analysis.subgroups[1]\n  got the attribute 'imd'; expected one of: baseline, deprivation, list_size."),
        ("deprivation_quintile", "list_size_third", "analysis.subgroups[2]\n  got the attribute 'list_size_third' a second time."),
        ("inequality: deprivation", "inequality: imd", "analysis.inequality\n  got the attribute 'imd'; expected one of: deprivation, list_size."),
        ("engaged: {strategy: visits,", "engaged: {strategy: visit,", "analysis.engaged.strategy\n  got 'visit', which no arm that is judged has; expected one of: feedback-letter, visits. Did you mean 'visits'?"),
        ("engaged: {strategy: visits,", "engaged: {strategy: feedback-letter,", "analysis.engaged.strategy\n  got 'feedback-letter', which the comparator letter gets too."),
        ("engaged: {strategy: visits,", "engaged: {strategy: feedback-letter,", "analysis.engaged.strategy\n  got 'feedback-letter', but nothing is logged of who received it. Add contact or delivered_by in strategies/feedback-letter.yaml"),
        ("horizon_years: 3", "horizon_years: 3\n  discount: {effects: 0.015}", "economics.discount.source\n  is missing; 3.5% for costs and 1.5% for effects are not the rates of NICE. Say who sets them, for example: HM Treasury, The Green Book"),
        # Other cycles.
        ("approvals:", "concurrent_with: [visits]\napprovals:", "concurrent_with[1]\n  got 'visits', which is this cycle."),
        ("approvals:", "concurrent_with: [inhalers]\napprovals:", "concurrent_with[1]\n  got the cycle 'inhalers'. There is no cycles/inhalers."),
        # Reports.
        ("delivery: {waves: 6, every_months: 2, first: 2026-05-12}\n", "", "delivery\n  is missing; the arm letter has the strategy 'feedback-letter', which sends reports. Add how many waves"),
        # Rehearsals.
        ("approvals:", "rehearsal: true\napprovals:", "delivery\n  got delivery, but nothing is sent in a rehearsal. Remove it, or remove rehearsal."),
        ("approvals:", "rehearsal: true\napprovals:", "approvals\n  got approvals, but a rehearsal asks nobody for leave, because nothing is done to any site."),
        ("approvals:", "rehearsal: true\napprovals:", "analysis.engaged\n  got engaged, but in a rehearsal nobody receives anything: arms are made up and sites pseudonymous."),
    ],
)  # fmt: skip
def test_what_a_trial_must_fit(old: str, new: str, said: str, spoil_trial: Said):
    message = spoil_trial(PROTOCOL, old, new)
    assert said in message
    assert message.startswith("cycles/visits/protocol.yaml:")


@pytest.mark.parametrize("key", ["eligibility", "allocation"])
def test_a_trial_without_one_of_its_parts(trial: Path, key: str):
    path = trial / PROTOCOL
    lines = path.read_text("utf-8").splitlines(keepends=True)
    start = lines.index(f"{key}:\n")
    end = next(n for n in range(start + 1, len(lines)) if not lines[n].startswith(" "))
    path.write_text("".join([*lines[:start], *lines[end:]]), "utf-8")
    assert f"protocol.yaml:1  {key}\n  is missing; parallel must say" in said_of(trial)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ALLOCATION, BLOCKS.format("2, 4")),
        ("waves: 6, every_months: 2, first: 2026-05-12", "waves: 7, every_months: 2, first: 2026-04-12"),
        ("first: 2026-05-12", "first: 2026-04-01"),
        ("opt_out_by: 2026-03-31", "opt_out_by: 2026-04-30"),
        ("membership_as_of: 2026-01", "membership_as_of: 2026-05"),
        ("  baseline_months: 9", "  baseline_months: 12"),
        ("opt_outs: kept-where-data-allow", "opt_outs: excluded"),
        ("balance: [list_size, deprivation, baseline]", "balance: [list-size]"),
        ("strata: [area, list_size_half]", "strata: [baseline_third]"),
        ("  average: patients\n", "  average: sites\n"),
        ("deprivation_quintile", "deprivation_half"),
        ("  - {arm: letter-and-visits, over: letter}", "  - {arm: letter, over: letter-and-visits}\n  - {arm: letter-and-visits, over: letter}"),
        ("comparator_could_not_receive: true", "comparator_could_not_receive: false"),
    ],
)  # fmt: skip
def test_what_is_no_problem(old: str, new: str, trial: Path):
    replace(trial / PROTOCOL, old, new)
    if "average: sites" in new:
        replace(trial / PROTOCOL, "primary: independence-gee", "primary: site-mixed-model")
    assert load_programme(trial).protocols


def rehearse(folder: Path) -> None:
    path = folder / PROTOCOL
    replace(
        path,
        "delivery: {waves: 6, every_months: 2, first: 2026-05-12}\napprovals: [data-protection]\n",
        "rehearsal: true\n",
    )
    replace(path, "  engaged: {strategy: visits, comparator_could_not_receive: true}\n", "")


def test_a_rehearsal_may_have_arms_that_differ_in_name_alone(trial: Path):
    rehearse(trial)
    replace(
        trial / PROTOCOL,
        "  letter: [feedback-letter]\n  letter-and-visits: [feedback-letter, visits]\n",
        "  a: []\n  b: []\n",
    )
    replace(trial / PROTOCOL, "{arm: letter-and-visits, over: letter}", "{arm: b, over: a}")
    assert load_programme(trial).protocols["visits"].rehearsal


OTHER = "cycles/other/protocol.yaml"


def test_sites_are_in_two_cycles_only_if_both_say_so(trial: Path):
    text = (trial / PROTOCOL).read_text("utf-8")
    (trial / OTHER).parent.mkdir()
    (trial / OTHER).write_text(text, "utf-8")
    replace(trial / PROTOCOL, "approvals:", "concurrent_with: [other]\napprovals:")
    assert said_of(trial) == (
        "cycles/visits/protocol.yaml:23  concurrent_with[1]\n  got 'other', whose protocol does not let its sites be in "
        "this cycle at the same time. Write 'concurrent_with: [visits]' in cycles/other/protocol.yaml too."
    )
    replace(trial / OTHER, "approvals:", "concurrent_with: [visits]\napprovals:")
    assert len(load_programme(trial).protocols) == 2
    replace(trial / OTHER, "concurrent_with: [visits]", "concurrent_with: [visist]")
    assert "got the cycle 'visist'; expected 'visits'. Did you mean 'visits'?" in said_of(trial)
    (trial / OTHER).write_text("title: [", "utf-8")
    assert "concurrent_with" not in said_of(trial)


def test_higher_is_better_turns_the_sides(trial: Path):
    replace(trial / "indicators/metered-dose-inhaler-share.yaml", "lower-is-better", "higher-is-better")
    message = said_of(trial)
    assert "power.effect\n  got 0.92; expected an effect above 1. For 'metered-dose-inhaler-share' higher is" in message
    assert "analysis.worthwhile\n  got 0.95; expected a margin above 1." in message


def test_a_difference_has_no_difference_at_nought(trial: Path):
    replace(trial / PROTOCOL, "summary: ratio", "summary: difference")
    assert "power.effect\n  got 0.92; expected an effect below 0." in said_of(trial)


class TestReports:
    """What must be there before an arm can send reports."""

    def test_settings(self, trial: Path):
        text = (trial / "programme.yaml").read_text("utf-8")
        start, end = text.index("feedback:"), text.index("sources:")
        (trial / "programme.yaml").write_text(text[:start] + text[end:], "utf-8")
        assert said_of(trial) == (
            "cycles/visits/protocol.yaml:7  arms.letter[1]\n  got 'feedback-letter', which sends reports, but "
            "programme.yaml has no section feedback. Add it: who sends the reports, who signs them, and where to reply."
        )

    def test_a_message(self, trial: Path):
        (trial / "messages/gap.yaml").unlink()
        message = said_of(trial)
        assert "arms.letter[1]\n  got 'feedback-letter', which sends reports, but no message is about" in message
        assert "arms.letter-and-visits[1]\n  got 'feedback-letter', which sends reports, but no message" in message

    def test_a_message_that_holds_no_more_than_the_strategy(self, spoil_trial: Said):
        message = spoil_trial(
            STRATEGY, "components: [feedback on behaviour, social comparison]", "components: [feedback on behaviour]"
        )
        assert (
            "protocol.yaml:7  arms.letter[1]\n  got 'feedback-letter', but every message about "
            "'metered-dose-inhaler-share' has components that it has not: social comparison. Write a message without them"
        ) in message

    def test_a_message_that_is_broken_may_be_the_one(self, spoil_trial: Said):
        assert "arms.letter" not in spoil_trial("messages/gap.yaml", "signal: gap", "signal: gaps")

    def test_a_strategy_that_is_broken_may_send_them(self, spoil_trial: Said):
        assert "delivery" not in spoil_trial(STRATEGY, "sends_report: true", "sends_report: often")

    def test_a_calendar_of_nothing(self, trial: Path):
        replace(trial / STRATEGY, "sends_report: true\n", "")
        replace(
            trial / STRATEGY,
            "  - {name: Printing, units: 1, unit: letter, unit_cost: 1.4, source: An assumption, per: report}\n",
            "",
        )
        replace(trial / STRATEGY, "activities:\n", "")
        assert "delivery\n  got a calendar of reports, but no arm has a strategy that sends one." in said_of(trial)


@pytest.mark.parametrize("key", ["rehearsal: true", "concurrent_with: [first]", "approvals: [x]", "power: {effect: 0.9, seed: 1}", "delivery: {waves: 1, every_months: 1, first: 2024-04-02}", "contrasts: [{arm: feedback, over: usual-care}]", "eligibility: {baseline_months: 1, opt_out_by: 2024-01-01}", "allocation: {unit: site, method: stratified-blocks, block_sizes: [2]}"])  # fmt: skip
def test_what_means_nothing_without_random_allocation(key: str, spoil: Said):
    name = key.split(":")[0]
    message = spoil("cycles/first/protocol.yaml", "prior_knowledge: >-", f"{key}\nprior_knowledge: >-")
    assert f"  {name}\n  got {name}, but " in message


def test_subgroups_of_a_series_have_a_middle(spoil: Said):
    message = spoil("cycles/first/protocol.yaml", "subgroups: [list_size, deprivation]", "subgroups: [list_size_half]")
    assert (
        "got 'list_size_half'; in a controlled-its subgroups are thirds or fifths. Write list_size_third or" in message
    )


@pytest.mark.parametrize(
    "key", ["inequality: deprivation", "engaged: {strategy: feedback-letter, comparator_could_not_receive: true}"]
)
def test_what_a_controlled_series_cannot_work_out(key: str, spoil: Said):
    message = spoil("cycles/first/protocol.yaml", "  worthwhile: 0.97", f"  {key}\n  worthwhile: 0.97")
    assert "this is worked out with random allocation only. Remove it." in message


def test_an_effect_that_varies_is_planted_in_trials_alone(spoil: Said):
    new = "truth: [{indicator: metered-dose-inhaler-share, ratio: 0.9, note: n, spread: 0.1}]\ndecision:\n"
    message = spoil("cycles/first/protocol.yaml", "decision:\n", new)
    assert "truth[1]\n  got an effect that varies between sites, but it is planted in every exposed site" in message


def test_the_tables_know_every_member():
    """A method belongs to one design, and every average of a design has a method."""
    assert set(RUNNABLE_DESIGNS) == {DesignType.PARALLEL, DesignType.CONTROLLED_ITS}
    assert set(_METHODS) == set(AllocationMethod)
    methods = [method for rules in RULES.values() for method in rules.methods]
    assert sorted(methods) == sorted(Method)
    assert {check for rules in RULES.values() for check in rules.checks} == set(Check)
    for rules in RULES.values():
        assert {average for averages in rules.methods.values() for average in averages} == set(Average)


@pytest.mark.parametrize("word", sorted(GROUPS))
def test_groups_are_those_of_the_rooms_above(word: str):
    from enginehouse.trials.attributes import parse_attribute

    for name in (f"list_size_{word}", f"list-size-{word}"):
        group = grouping(name)
        assert group.groups == len(parse_attribute(name).parts)
        assert group.attribute == parse_attribute(name).attribute


@pytest.mark.parametrize(
    ("copied", "second", "changes", "said"),
    [
        (
            VISITS,
            "training",
            {},
            "arms.letter-and-visits[3]\n  got 'training' beside 'visits': both consist of visits, and nothing says which "
            "of the two a visit was for. Each would be counted, and its cost charged, twice. Make one strategy of the "
            "two, or log the contacts of one as another kind (webinar, call).",
        ),
        (VISITS, "training", {"contact: visit": "contact: call"}, ""),
        (
            STRATEGY,
            "second-letter",
            {},
            "arms.letter-and-visits[3]\n  got 'second-letter' beside 'feedback-letter': both consist of reports, and "
            "nothing says which of the two a report was for. Each would be counted, and its cost charged, twice. Make "
            "one strategy of the two, or send only one of them as a report.",
        ),
    ],
)
def test_what_is_logged_of_two_strategies_of_one_arm_must_be_told_apart(
    trial: Path, copied: str, second: str, changes: dict[str, str], said: str
):
    """The log names the kind of a contact and the site, so one arm has one strategy of each kind."""
    copy = trial / f"strategies/{second}.yaml"
    name = Path(copied).stem
    copy.write_text((trial / copied).read_text("utf-8").replace(f"id: {name}\n", f"id: {second}\n"), "utf-8")
    for old, new in changes.items():
        replace(copy, old, new)
    replace(trial / PROTOCOL, "visits: [feedback-letter, visits]", f"visits: [feedback-letter, visits, {second}]")
    if said:
        assert said in said_of(trial)
    else:
        load_programme(trial)


def test_one_strategy_in_several_arms_is_counted_in_each(trial: Path):
    replace(trial / PROTOCOL, "  letter: [feedback-letter]\n", "  letter: [feedback-letter]\n  visits-only: [visits]\n")
    load_programme(trial)
