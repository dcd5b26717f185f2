"""What words claim, and whether the numbers bear it out."""

import pytest

from enginehouse.feedback.claims import JUDGE, ClaimKind, Standing, agrees, claims_in, says_average, unexplained
from enginehouse.feedback.content import Change, Value

OWN = Value(value=40, low=38, high=42)
RISEN = Change(months=12, amount=5, low=1, high=9, share=0.14, certain=True)


def standing(**changes):
    facts = {"own": OWN, "typical": 35.0, "target": 30.0, "change": RISEN}
    return Standing(site_name="High Street Surgery", sign=1, **(facts | changes))


def test_every_kind_of_claim_is_judged():
    assert set(JUDGE) == set(ClaimKind)


@pytest.mark.parametrize(
    ("text", "kind", "holds", "certain"),
    [
        ("Your value is above 35.", ClaimKind.ABOVE, True, True),
        ("Your value, 40, is higher than 30.", ClaimKind.ABOVE, True, True),
        ("You are below similar practices.", ClaimKind.BELOW, False, False),
        ("High Street Surgery is worse than 35.", ClaimKind.WORSE, True, True),
        ("You do better than most.", ClaimKind.BETTER, False, False),
        ("Your figure has risen.", ClaimKind.RISING, True, True),
        ("Your figure has fallen by 14%.", ClaimKind.FALLING, False, False),
        ("You have improved.", ClaimKind.IMPROVING, False, False),
        ("Your figure is worsening.", ClaimKind.WORSENING, True, True),
        ("Your practice is among the best quarter.", ClaimKind.ACHIEVED, False, False),
    ],
)
def test_a_claim_is_held_against_the_data(text, kind, holds, certain):
    [claim] = claims_in(text, standing())
    assert (claim.kind, claim.holds, claim.certain) == (kind, holds, certain)


@pytest.mark.parametrize(
    "text",
    [
        "Half of 34 similar practices are below 35.",  # not about the site
        "You could get below 30.",  # a wish
        "Your value cannot be told to be above 35.",  # a doubt
        "To reach the best quarter, your practice is at work.",
        "Your figure varies by more than what lies between.",
        "Write down who is seen.",
    ],
)
def test_what_is_no_claim_is_none(text):
    assert claims_in(text, standing()) == ()


def test_the_number_that_follows_says_what_is_compared():
    near = standing(own=Value(value=33, low=31, high=36))
    [with_typical] = claims_in("You are above 35.", near)
    [with_target] = claims_in("You are above 30.", near)
    [with_either] = claims_in("You are above the others.", near)
    assert (with_typical.holds, with_target.holds, with_either.holds) == (False, True, True)
    assert with_target.certain


def test_noise_is_told_from_a_difference():
    noisy = standing(own=Value(value=40, low=29, high=51))
    [claim] = claims_in("You are above 35.", noisy)
    assert claim.holds
    assert not claim.certain


def test_without_numbers_no_claim_holds():
    empty = standing(own=None, typical=None, target=None, change=None)
    for text in ("You are above others.", "Your figure has risen.", "You are among the best."):
        [claim] = claims_in(text, empty)
        assert not claim.holds


@pytest.mark.parametrize(
    ("printed", "value", "same"),
    [
        ("40.2", 40.249, True),
        ("40.2", 40.26, False),
        ("12,000", 11_870, True),
        ("12,000", 12_600, False),
        ("100", 104, True),
        ("100", 106, False),
        ("40", 36, False),
        ("0", 0.4, True),
        ("5", -5, True),
    ],
)
def test_a_printed_number_is_the_value_rounded(printed, value, same):
    assert agrees(printed, value) is same


def test_numbers_that_the_data_do_not_give_are_found():
    text = "Practice 12 has 40 per 1,000 patients; 3 in 4 are lower."
    assert unexplained(text, [40.0], names=["Practice 12", "per 1,000 patients"]) == ("3", "4")


def test_comfort_is_found_only_where_it_speaks_of_the_site():
    assert says_average("You are about average.", standing())
    assert not says_average("The average of similar practices is 35.", standing())
