"""Which message is chosen, why, and why each of the others was passed over."""

import re
from datetime import date

import numpy as np
import pytest

from enginehouse.feedback.arms import allowed_components
from enginehouse.feedback.candidates import Said
from enginehouse.feedback.make import make_report, make_reports


def report(make, inputs, own, **changes):
    rows = np.array([list(own), *[[level] * 24 for level in range(1, 22)]], dtype=float)
    arrays = make.arrays(rows * 5000)
    return make_report(inputs(arrays, **changes), arrays.sites[0], arm="plain-arm")


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ([20] * 24, "gap-large"),
        ([7] * 24, "gap-small"),
        ([3] * 24, "achievement"),
        ([10 - 0.15 * month for month in range(24)], "better"),
        ([8] * 12 + [7.1 - 0.1 * month for month in range(12)], "better"),
        ([5.0] * 12 + [5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9], "loss"),
        ([7.5 - (-1) ** month * 3 for month in range(24)], "within-chance"),
    ],
)
def test_the_message_fits_the_data(make, inputs, own, message):
    assert report(make, inputs, own).chosen.message == message


def test_the_reason_gives_size_noise_weight_and_history(make, inputs):
    chosen = report(make, inputs, [20] * 24).chosen
    assert chosen.reason == "Gap of 70%, of which 100% is beyond noise; weight 1.2; not said before; score 0.8400."


def test_all_others_have_their_reason(make, inputs):
    chosen = report(make, inputs, [20] * 24).chosen
    assert len(chosen.others) == len(make.messages()) - 1
    assert "gap-small: score 0.7000 (gap of 70%)" in chosen.others
    assert "achievement: the data show no achievement" in chosen.others
    assert "within-chance: the gap is more than noise" in chosen.others


def test_what_was_said_last_time_counts_half(make, inputs):
    said = {"ods:A000": (Said(wave=1, message="gap-large"),)}
    again = report(make, inputs, [20] * 24, wave=2, said=said)
    assert again.chosen.message == "gap-small"
    assert "gap-large: score 0.4200 (gap of 70%)" in again.chosen.others
    later = report(make, inputs, [20] * 24, wave=3, said=said)
    assert "gap-small: score 0.7000 (gap of 70%)" not in later.chosen.others  # three quarters of 0.84 are 0.63
    assert later.chosen.message == "gap-small"
    long_after = report(make, inputs, [20] * 24, wave=4, said=said)
    assert long_after.chosen.message == "gap-large"
    assert "said in wave 1" in long_after.chosen.reason


def test_of_equal_scores_the_first_by_name_is_taken(make, inputs):
    twins = {name: make.message(name) for name in ("b", "a")}
    assert report(make, inputs, [20] * 24, messages=twins).chosen.message == "a"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"indicator": "other"}, "speaks of another indicator"),
        (
            {"components": ["feedback on behaviour", "hypnosis"]},
            r"has parts that this report may not have \(hypnosis\)",
        ),
        ({"when": {"certain": False}}, "the gap is more than noise"),
        ({"when": {"gap_at_least": 0.8}}, "the gap is 70%, less than 80%"),
        ({"signal": "trend"}, "the data show no trend"),
        ({"when": {"change_at_least": 0.1}}, r"the change is 0\.0%, less than 10%"),
        ({"comparison": "Your practice is about average."}, "that it is average"),
        ({"headline": "Your practice is below {target}."}, "would say 'below', which the data do not show"),
        ({"headline": "Your figure has risen."}, "would say 'has risen'"),
    ],
)
def test_a_message_that_may_not_be_said_is_passed_over_with_its_reason(make, inputs, changes, reason):
    messages = {"fine": make.message("fine"), "odd": make.message("odd", weight=5, **changes)}
    chosen = report(make, inputs, [20] * 24, messages=messages).chosen
    assert chosen.message == "fine"
    [told] = [other for other in chosen.others if other.startswith("odd")]
    assert re.search(reason, told)


def test_a_message_whose_trend_cannot_be_said_is_passed_over(make, inputs):
    messages = {"fine": make.message("fine"), "odd": make.message("odd", weight=5, why="Changed by {change}.")}
    own = [20.0] * 24
    rows = np.array([own, *[[level] * 24 for level in range(1, 22)]])
    arrays = make.arrays(rows * 5000)
    arrays.numerator[0, 12:17] = np.nan
    chosen = make_report(inputs(arrays, messages=messages), arrays.sites[0], arm="plain-arm").chosen
    assert "odd: needs figures that cannot be said" in chosen.others


def test_uncertain_signals_leave_the_messages_that_ask_for_certainty_unsaid(make, inputs):
    own = [7.5 - (-1) ** month * 3 for month in range(24)]
    assert "gap-small: the gap may be noise" in report(make, inputs, own).chosen.others


def test_where_nothing_may_be_said_the_plain_words_are_used(make, inputs):
    only = {"trend": make.message("trend", signal="trend")}
    found = report(make, inputs, [7] * 24, messages=only)
    assert found.chosen.message == ""
    assert found.chosen.signal is None
    assert found.headline == "Opioids: 7.0 mg per registered patient a month at Surgery A. The target is 6.0."
    assert found.why == only["trend"].why
    unsure = report(make, inputs, [7.5 - (-1) ** month * 3 for month in range(24)], messages=only)
    assert "No gap to the target can be told from chance" in unsure.headline
    reached = report(make, inputs, [5] * 24, messages=only)
    assert "As far as can be told, that is at the target" in reached.headline


def test_a_choice_is_the_same_whatever_the_order_of_messages(make, inputs):
    arrays = make.noisy()
    backwards = dict(reversed(make.messages().items()))
    arms = dict.fromkeys(arrays.sites, "plain-arm")
    assert make_reports(inputs(arrays), arms) == make_reports(inputs(arrays, messages=backwards), arms)


def test_an_arm_that_the_protocol_lacks_is_refused(make):
    with pytest.raises(ValueError, match="got arm 'odd'"):
        allowed_components(make.protocol(), make.strategies(), "odd")


def test_months_that_had_not_ended_are_left_out(make, inputs):
    arrays = make.noisy()
    early = make_report(inputs(arrays, sent_on=date(2025, 5, 20)), arrays.sites[0], arm="plain-arm")
    assert early.issue.last_month == "2025-04"
    assert early.trend.months[-1] == "2025-04"
    assert early.issue.data_age_days == 20
