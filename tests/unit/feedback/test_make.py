"""What a report says: texts filled, numbers as printed, bound to its arm, honest where nothing can be said."""

from dataclasses import fields

import numpy as np
import pytest

from enginehouse.core.errors import UserError
from enginehouse.feedback.content import DRAWN, ReportContent, content_from_record, drawn_texts
from enginehouse.feedback.figures import decimals_for, number, percent, rounded
from enginehouse.feedback.make import make_report, make_reports
from enginehouse.feedback.values import protected_values, values_at
from enginehouse.programme.enums import Disclosure
from enginehouse.programme.message_fields import PLACEHOLDERS, placeholders_in


def steady(make, *levels, months=24):
    return make.arrays(np.repeat(np.array(levels, dtype=float)[:, None], months, axis=1) * 5000)


def first(make, inputs, *levels, arm="plain-arm", **changes):
    arrays = steady(make, *levels)
    return make_report(inputs(arrays, **changes), arrays.sites[0], arm=arm)


OTHERS = tuple(range(1, 22))  # typical 11, target 6


def test_numbers_stand_beside_the_words(make, inputs):
    content = first(make, inputs, 20, *OTHERS)
    assert (
        content.headline == "Your practice is at 20.0 mg per registered patient a month. The best quarter are at 6.0."
    )
    assert content.comparison_words == "To get there takes 70,000 mg of oral morphine less a month."
    assert content.own.value == 20
    assert content.comparator.typical == 11
    assert content.gap.amount == pytest.approx(14 * 5000)
    assert content.gap.unit == "mg of oral morphine"
    assert content.gap.patients is None
    assert (content.figures.own, content.figures.target, content.figures.gap) == ("20.0", "6.0", "70,000")
    assert content.goal == "Reach 6.0 mg per registered patient a month by the last issue of this feedback."


def test_a_proportion_is_shown_in_per_cent(make, inputs):
    kind = make.indicator(
        numerator_kind="count", is_proportion=True, unit="trimethoprim items", per="items", gap_unit="items"
    )
    arrays = make.arrays(np.repeat(np.array([[60.0], *[[float(n)] for n in range(20, 40)]]), 24, axis=1), 100.0)
    content = make_report(inputs(arrays, indicator=kind), arrays.sites[0], arm="plain-arm")
    assert content.figures.own == "60.0%"
    assert content.own.value == pytest.approx(60)
    assert content.display_unit == "% of items"
    assert content.value_format.format(content.own.value) == "60.0%"
    assert content.headline.startswith("Your practice is at 60.0% of items.")


def test_a_rate_is_shown_for_its_scale(make, inputs):
    kind = make.indicator(numerator_kind="count", unit="items", scale=1000)
    arrays = make.arrays(np.repeat(np.array([[600.0], *[[float(n)] for n in range(200, 220)]]), 24, axis=1), 5000.0)
    content = make_report(inputs(arrays, indicator=kind), arrays.sites[0], arm="plain-arm")
    assert content.figures.own == "120.0"
    assert content.display_unit == "items per 1,000 registered patients a month"


def test_patients_only_by_a_sourced_conversion_or_of_patients(make, inputs):
    by_source = make.indicator(conversion={"patients_per_unit": 0.001, "source": "A survey"})
    content = first(make, inputs, 20, *OTHERS, indicator=by_source)
    assert (content.gap.patients, content.gap.about) == (pytest.approx(70), True)
    assert content.gap.conversion_source == "A survey"
    assert content.figures.patients == "70"


def test_every_placeholder_is_filled(make, inputs):
    text = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    content = first(make, inputs, 20, *OTHERS, messages={"all": make.message("all", why=text)})
    expected = (
        "Surgery A 20.0 mg per registered patient a month 11.0 6.0 70,000 mg of oral morphine 21 12 0.0% "
        "May 2025 March 2025 June 2025"
    )
    assert content.why == expected
    assert not list(placeholders_in(content.why))


def test_the_offer_is_in_the_arm_that_has_it_and_in_no_other(make, inputs):
    with_offer = first(make, inputs, 20, *OTHERS, arm="visited-arm")
    without = first(make, inputs, 20, *OTHERS)
    assert with_offer.facilitation_words == (
        "A visit by a pharmacist: a pharmacist comes to you twice. To arrange it, write to feedback@region.example."
    )
    assert without.facilitation_words == ""
    a, b = drawn_texts(with_offer), drawn_texts(without)
    assert a.pop("facilitation_words")
    assert a == b


def test_what_another_arm_alone_has_is_withheld(make, inputs):
    full, bare = make.strategies()["letter"], make.strategies()["letter"]
    bare = bare.model_copy(
        update={"id": "bare", "components": tuple(c for c in make.components if c != "action planning")}
    )
    protocol = make.protocol(arms={"plain-arm": ["bare"], "visited-arm": ["letter"]})
    messages = {
        "full": make.message("full"),
        "bare": make.message("bare", components=list(bare.components), weight=0.5),
    }
    changes = {"protocol": protocol, "strategies": {"letter": full, "bare": bare}, "messages": messages}
    assert first(make, inputs, 20, *OTHERS, arm="plain-arm", **changes).plan_words == ""
    assert first(make, inputs, 20, *OTHERS, arm="plain-arm", **changes).chosen.message == "bare"
    assert "Write down who does what" in first(make, inputs, 20, *OTHERS, arm="visited-arm", **changes).plan_words


def test_without_the_newest_month_it_says_so_and_gives_no_number(make, inputs):
    arrays = steady(make, 20, *OTHERS)
    arrays.numerator[0, -1] = np.nan
    content = make_report(inputs(arrays), arrays.sites[0], arm="plain-arm")
    assert content.headline == "Opioids: we cannot say this time where Surgery A stands."
    assert content.cannot_be_said == "There are no data for Surgery A in May 2025."
    assert (content.own, content.comparator is not None, content.gap) == (None, True, None)
    assert content.comparison_words == content.uncertainty_words == content.trend_words == ""
    assert content.figures.own == content.figures.gap == ""
    assert content.chosen.reason == "No own figure can be said."
    assert content.actions
    assert content.goal == "Keep what is prescribed to what is good for each patient."


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda x, d: d.__setitem__((0, slice(None)), 30.0), "Too few are counted at Surgery A."),
        (lambda x, d: x.__setitem__((0, slice(0, 20)), np.nan), "There are too few months of data for Surgery A"),
    ],
)
def test_tiny_and_new_sites_get_honest_words(make, inputs, spoil, words):
    arrays = steady(make, 20, *OTHERS)
    spoil(arrays.numerator, arrays.denominator)
    content = make_report(inputs(arrays), arrays.sites[0], arm="plain-arm")
    assert content.cannot_be_said.startswith(words)
    assert content.own is None


def test_without_enough_others_there_is_no_comparison(make, inputs):
    content = first(make, inputs, 20, 1, 2, 3)
    assert content.cannot_be_said == "There are too few practices with data to compare yours with."
    assert content.headline.endswith("There is no comparison this time.")
    assert content.own.value == 20
    assert content.comparator is None
    assert content.gap is None


def test_a_site_that_the_panel_lacks_gets_a_report_all_the_same(make, inputs):
    arrays = steady(make, 20, *OTHERS)
    content = make_report(inputs(arrays), "ods:NEW", arm="plain-arm")
    assert "we cannot say" in content.headline


SMALL = "Numbers in groups of your patients are too small to show."


def equity_of(inputs, arrays, groups, **changes):
    return make_report(
        inputs(arrays, strata={"deprivation": groups}, **changes), arrays.sites[0], arm="plain-arm"
    ).equity


def test_a_division_of_patients_is_one_line_and_whole_or_not_at_all(make, inputs):
    arrays = steady(make, 20, *OTHERS)
    groups = {"the most deprived fifth": steady(make, 25, *OTHERS), "the others": steady(make, 15, *OTHERS)}
    assert equity_of(inputs, arrays, groups).lines == (
        "By deprivation, in mg per registered patient a month: the most deprived fifth, 25.0 (25.0 to 25.0); "
        "the others, 15.0 (15.0 to 15.0).",
    )
    groups["the others"].denominator[0] = 40
    small = equity_of(inputs, arrays, groups)
    assert (small.lines, small.reason) == ((), SMALL)
    published = equity_of(inputs, arrays, groups, disclosure=Disclosure.NONE)
    assert published.lines[0].endswith("the most deprived fifth, 25.0 (25.0 to 25.0); the others, cannot be said.")
    bare = make_report(inputs(arrays), arrays.sites[0], arm="plain-arm")
    assert bare.equity.reason.startswith("The data hold no groups of patients")


@pytest.mark.parametrize(
    ("rule", "younger"),
    [
        # 42 and 6 items of 15,000 and 15,000 patients in three months.
        (Disclosure.ROUND_AND_SUPPRESS, None),
        (Disclosure.MIDPOINT_6, 1000 * 3 / 15003),
        (Disclosure.NONE, 1000 * 6 / 15000),
    ],
)
def test_small_counts_of_groups_follow_the_rule_of_their_source(make, inputs, rule, younger):
    kind = make.indicator(numerator_kind="count", unit="items", scale=1000)
    arrays = make.arrays(np.repeat(np.array([[16.0]] + [[float(n)] for n in range(100, 121)]), 24, axis=1))
    older, young = (make.arrays(np.full((22, 24), number)) for number in (14.0, 2.0))
    found = equity_of(inputs, arrays, {"older": older, "younger": young}, indicator=kind, disclosure=rule)
    if younger is None:
        assert (found.lines, found.reason) == ((), SMALL)
    else:
        assert f"; younger, {younger:.1f} (" in found.lines[0]


def test_a_count_of_a_group_is_rounded_before_its_value_is_made(make):
    kind = make.indicator(numerator_kind="count", unit="items")
    values = values_at(make.arrays(np.full((1, 24), 14.0), 1001.0), kind)  # 42 of 3,003 in three months
    shown = protected_values(values, Disclosure.ROUND_AND_SUPPRESS).of(0)
    assert (shown.numerator, shown.denominator, shown.value) == (40.0, 3005 / 3, 40 / 3005)
    # Byar's limits of 40 events: 28.58 and 54.47.
    assert (shown.low * 3005, shown.high * 3005) == pytest.approx((28.58, 54.47), abs=0.01)


def test_the_issue_says_when_and_of_how_many(make, inputs):
    issue = first(make, inputs, 20, *OTHERS).issue
    assert (issue.wave, issue.of) == (1, 6)
    assert (issue.first_month, issue.last_month, issue.data_age_days) == ("2025-03", "2025-05", 12)
    assert (issue.due_on, issue.next_on) == ("2025-06-12", "2025-08-12")
    assert first(make, inputs, 20, *OTHERS, next_on=None).issue.next_on == ""


def test_it_can_be_believed_and_answered(make, inputs):
    content = first(make, inputs, 20, *OTHERS)
    assert content.credibility.denominator == 5000
    assert content.credibility.interval_words == "Ranges (95% intervals) come from how much your own months vary."
    assert len(content.credibility.signed_by) == 2
    assert "feedback@region.example" in content.disagree_words
    assert content.opt_out_words.startswith("Reply with the words no feedback")


def test_similar_sites_are_named_with_the_reason(make, inputs):
    arrays = steady(make, 20, *range(1, 36))
    by_size = make.settings(similar_by=["list_size"])
    content = make_report(inputs(arrays, settings=by_size), arrays.sites[0], arm="plain-arm")
    assert content.comparator.title == "similar practices"
    assert content.comparator.reason.startswith("they are closest to you in list size.")
    assert content.comparator.target_title == "the best quarter of similar practices"
    few = make_report(inputs(steady(make, 20, *OTHERS), settings=by_size), arrays.sites[0], arm="plain-arm")
    assert few.comparator.reason.startswith("too few practices are close to you in list size, so all are shown.")
    odd = make_report(inputs(arrays, settings=make.settings(target_percentile=15)), arrays.sites[0], arm="plain-arm")
    assert odd.comparator.target_title == "the best 15% of other practices"


def test_sources_that_are_not_public_need_twenty_similar_sites(make, inputs):
    arrays = steady(make, 20, *range(1, 36))
    settings = make.settings(similar_by=["list_size"])
    guarded = settings.model_copy(update={"sources": {}})
    content = make_report(inputs(arrays, settings=guarded), arrays.sites[0], arm="plain-arm")
    assert content.comparator.sites == 35


def test_the_pool_limits_the_comparison(make, inputs):
    arrays = steady(make, 20, *OTHERS)
    content = make_report(inputs(arrays, pool=arrays.sites[:12]), arrays.sites[0], arm="plain-arm")
    assert content.comparator.sites == 11


def test_one_report_is_as_in_the_batch(make, inputs):
    arrays = make.noisy()
    arms = {site: ("plain-arm", "visited-arm")[row % 2] for row, site in enumerate(arrays.sites)}
    batch = make_reports(inputs(arrays), arms)
    for site in arrays.sites[::7]:
        assert make_report(inputs(arrays), site, arm=arms[site]) == batch[site]


def test_a_record_is_read_back_as_it_was(make, inputs):
    content = first(make, inputs, 20, *OTHERS)
    assert content_from_record(content.to_record()) == content


def test_drawn_fields_are_fields_and_leave_out_what_no_reader_may_see():
    names = {field.name for field in fields(ReportContent)}
    assert set(DRAWN) <= names
    assert not {"arm", "components", "chosen", "cycle"} & set(DRAWN)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"settings": "none"}, "got no feedback settings"),
        ({"messages": {}}, "got no message on opioids whose components are all among"),
        ({"protocol": {"plain-arm": ["visits"]}}, "got a site of an arm that gets no report"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_remedy(make, inputs, changes, message):
    if "settings" in changes:
        changes = {"settings": make.settings().model_copy(update={"feedback": None})}
    if "protocol" in changes:
        changes = {"protocol": make.protocol(arms=changes["protocol"])}
    with pytest.raises(UserError, match=message):
        first(make, inputs, 20, *OTHERS, **changes)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (number(-1234.56, 1), "\N{MINUS SIGN}1,234.6"),
        (number(-0.04, 1), "0.0"),
        (rounded(123_456), "120,000"),
        (rounded(4.56), "4.6"),
        (rounded(0.0456), "0.046"),
        (rounded(0), "0"),
        (percent(-0.0423), "4.2%"),
        (percent(0.38), "38%"),
        (decimals_for(123), 0),
        (decimals_for(12.3), 1),
        (decimals_for(0.0123), 4),
        (decimals_for(0), 1),
    ],
)
def test_numbers_have_no_more_digits_than_they_carry(made, words):
    assert made == words
