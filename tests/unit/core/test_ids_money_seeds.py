"""Ids, money and seeds."""

import uuid

import pytest

from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.core.ids import check_slug, new_event_id, plain_codes, site_code, site_codes, site_id
from enginehouse.core.money import Money
from enginehouse.core.seeds import derive_seed


def test_a_slug_is_lower_case_words_joined_by_hyphens():
    assert check_slug("west-yorkshire-2") == "west-yorkshire-2"
    for wrong in ("West", "a--b", "-a", "a_b", ""):
        with pytest.raises(UserError, match="lower-case words joined by hyphens"):
            check_slug(wrong)


def test_a_site_carries_its_scheme_once():
    assert site_id("B85010", scheme="ods") == "ods:B85010"
    assert site_id("ods:B85010", scheme="other") == "ods:B85010"
    with pytest.raises(UserError, match="scheme:code"):
        site_id("", scheme="ods")


def test_people_see_the_code_that_they_gave():
    assert site_code("ods:B85010") == site_code("B85010") == "B85010"
    assert site_codes(["site:P04", "site:P12"]) == "P04, P12"
    assert plain_codes(["site:P04", "site:P12"]) == {"site:P04": "P04", "site:P12": "P12"}
    assert plain_codes(["site:P04", "ods:P04"]) == {"site:P04": "site:P04", "ods:P04": "ods:P04"}


def test_event_ids_are_version_7_and_sort_by_time():
    first = new_event_id()
    later = [new_event_id() for _ in range(50)]
    assert uuid.UUID(first).version == 7
    assert uuid.UUID(first).variant == uuid.RFC_4122
    assert all(first[:8] <= other[:8] for other in later)
    assert len({first, *later}) == 51


def test_money_adds_only_like_with_like():
    campaign = Money.of(700_000, "GBP", 2017)
    assert str(campaign + Money.of("0.50", "GBP", 2017)) == "£700,001"
    assert str(campaign * 0.1) == "£70,000"
    assert str(Money.of(5, "GBP", 2017) - Money.of(8, "GBP", 2017)) == "-£3"
    with pytest.raises(UserError, match="one currency and one price year"):
        campaign + Money.of(1, "GBP", 2018)


def test_money_without_a_known_symbol_shows_its_code():
    assert str(Money.of(-1234, "NOK", 2024)) == "-NOK 1,234"
    assert str(Money.of(1234, "EUR", 2024)) == "€1,234"


def test_seeds_differ_by_name_and_stay_the_same():
    # The first 16 bytes of SHA-256("7/drift/1"), computed with the sha256sum command.
    assert derive_seed(7, "drift", 1) == int("6085cef652a08f6f9c3cecc431912489", 16)
    assert derive_seed(7, "drift", 1) != derive_seed(7, "drift", 2)


def test_the_nearest_name_is_offered():
    assert did_you_mean("step-wedge", ["stepped-wedge", "parallel"]) == (
        "Expected one of: parallel, stepped-wedge. Did you mean 'stepped-wedge'?"
    )
    assert "Did you mean" not in did_you_mean("zzz", ["parallel"])
