"""Numbers as people read them."""

from __future__ import annotations

import pytest

from enginehouse.core.money import Money
from enginehouse.core.months import Month
from enginehouse.reports import format as fmt
from enginehouse.reports.effects import (
    attribute_words,
    attribution_words,
    cell_words,
    display_effect,
    effect_words,
    margin_words,
    method_words,
    page_words,
    scaled_per,
    table_cells,
    title_name,
    value_format,
)
from enginehouse.reports.inline import Run, plain, runs
from enginehouse.stats.results import Estimate, NotEstimable

CAMPAIGN = Estimate(value=-0.011035346424, std_error=0.012810447251, df=27, scale="log-ratio", method="test")


def test_the_campaigns_effect_reads_as_its_readme_prints_it() -> None:
    assert effect_words(CAMPAIGN) == "−1.1% (95% interval −3.7% to 1.5%)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (fmt.number(-1234.56, 1), "−1,234.6"),
        (fmt.number(-0.04, 1), "0.0"),
        (fmt.number(2, sign=True), "+2"),
        (fmt.significant(0.01234), "0.0123"),
        (fmt.significant(1234567), "1,230,000"),
        (fmt.significant(0), "0"),
        (fmt.percent(-0.011), "−1.1%"),
        (fmt.p_value(0.392857), "0.39"),
        (fmt.p_value(0.0123), "0.012"),
        (fmt.p_value(0.0001), "below 0.001"),
        (fmt.p_value(1.0), "1.00"),
        (fmt.probability(0.723), "72%"),
        (fmt.probability(0.001), "below 1%"),
        (fmt.probability(0.999), "above 99%"),
        (fmt.big_number(1_923_000), "1.92 million"),
        (fmt.big_number(999_960), "1.00 million"),
        (fmt.big_number(15_000), "15,000"),
        (fmt.big_number(-13_000_000), "−13.0 million"),
        (fmt.pounds(0), "£0"),
        (fmt.pounds(17), "£17"),
        (fmt.pounds(6.4), "£6.40"),
        (fmt.pounds(-309_123), "−£309,000"),
        (fmt.pounds(12, "CHF"), "CHF 12"),
        (fmt.money(Money.of(700_000, "GBP", 2017)), "£700,000"),
        (fmt.count(1120), "1,120"),
        (fmt.quantity(1.5), "1.5"),
        (fmt.quantity(2500), "2,500"),
        (fmt.month_words(Month(2016, 4)), "April 2016"),
        (fmt.date_words("2016-04-01"), "1 April 2016"),
    ],
)
def test_formats(text: str, expected: str) -> None:
    assert text == expected


def test_what_cannot_be_estimated_is_a_dash_and_a_reason() -> None:
    answer = NotEstimable(reason="few", detail="Too few areas.")
    assert cell_words(answer) == ("–", "Too few areas.")
    assert table_cells(answer) == ("–", "cannot be estimated")
    assert table_cells(CAMPAIGN) == ("−1.1%", "−3.7% to 1.5%")


def test_a_difference_is_shown_for_its_scale() -> None:
    estimate = Estimate(value=-0.002, std_error=0.001, df=float("inf"), scale="difference", method="test")
    effect = display_effect(estimate, scale=1000)
    assert effect.value == pytest.approx(-2.0)
    assert effect.low == pytest.approx(-2.0 - 1.959964, abs=1e-5)
    assert margin_words(-0.002, is_ratio=False, scale=1000) == "−2.00"
    assert margin_words(0.98, is_ratio=True) == "−2.0%"


def test_sentences_made_elsewhere_get_the_signs_of_a_page() -> None:
    assert page_words("-1.1% (-3.7% to +1.5%) in 2016-04, -£5") == "−1.1% (−3.7% to 1.5%) in April 2016, −£5"


def test_denominators_read_well() -> None:
    assert scaled_per("registered patient", 1) == "registered patient"
    assert scaled_per("registered patient", 1000) == "1,000 registered patients"
    assert scaled_per("registered patients", 1000) == "1,000 registered patients"


def test_decimals_follow_the_size() -> None:
    assert value_format([1234.0]) == "{:,.0f}"
    assert value_format([40.3, None]) == "{:,.1f}"
    assert value_format([0.05], is_percent=True) == "{:,.3f}%"


def test_running_text_knows_one_mark() -> None:
    assert runs("a **b** c") == (Run("a "), Run("b", strong=True), Run(" c"))
    assert runs("2 ** 3") == (Run("2 ** 3"),)
    assert plain("a **b** c") == "a b c"


def test_names_are_printed_as_words() -> None:
    assert attribute_words("imd_2015_score") == "deprivation (IMD 2015 score)"
    assert attribute_words("rural_share") == "rural share"
    assert title_name("areas-by-month") == "Areas by month"
    assert method_words("poisson-random-slope") == "Poisson, random slope"


def test_months_and_days_are_printed_as_words_and_codes_are_left_alone() -> None:
    assert page_words("to 2018-03 and on 2016-04-01") == "to March 2018 and on 1 April 2016"
    assert page_words("raw-2018-03 and 12018-03") == "raw-2018-03 and 12018-03"


def test_an_attribution_stands_once() -> None:
    given = ["Synthetic.", "Synthetic, in the layout of X.", "Open data.", "Open data."]
    assert attribution_words(given) == "Synthetic, in the layout of X. Open data."
