"""Numbers as people read them."""

import pytest

from enginehouse.priorities.wording import Words, chance, change, years


@pytest.fixture
def words():
    return Words(currency="GBP", price_year=2025, site_noun="practice", unit="mg", lower_is_better=True)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(1_234_567, "£1,230,000"), (999.6, "£1,000"), (12.3, "£12"), (-45_678, "\N{MINUS SIGN}£45,700"), (0, "£0")],
)
def test_money_has_three_digits(words, amount, text):
    assert words.money(amount) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(0.0094, "£0.00940"), (4, "£4.00"), (150, "£150"), (0, "£0"), (0.5, "£0.500")]
)
def test_prices_of_one_unit_may_be_small(words, amount, text):
    assert words.price(amount) == text


def test_another_currency_is_named_by_its_code():
    swiss = Words(currency="CHF", price_year=2025, site_noun="ward", unit="items", lower_is_better=True)
    assert (swiss.money(1200), swiss.price(0.5)) == ("CHF 1,200", "CHF 0.500")
    assert (swiss.sites(1), swiss.sites(2)) == ("1 ward", "2 wards")


def test_chances_are_never_certain():
    assert [chance(p) for p in (0.0, 0.004, 0.5, 0.996)] == ["less than 1%", "less than 1%", "50%", "more than 99%"]


def test_changes_and_years():
    assert [change(x) for x in (-0.031, 0.02, 0.0001)] == ["a fall of 3.1%", "a rise of 2.0%", "no change"]
    assert [years(x) for x in (1, 2.5)] == ["1 year", "2.5 years"]
