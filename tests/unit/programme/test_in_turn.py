"""Who has which arm when: a stepped wedge, a crossover with a washout month and a SMART, month by month by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from enginehouse.core.months import Month
from enginehouse.programme.in_turn import arm_in, arms_in_turn, drawn_names, is_settled
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.read import from_yaml

CONTRASTS = "contrasts:\n  - {arm: letter-and-visits, over: letter}\n"
SEQUENCES = """\
sequences:
  early: [{starts: 2026-05, arm: letter}, {starts: 2026-07, arm: letter-and-visits}]
  late: [{starts: 2026-05, arm: letter}, {starts: 2026-09, arm: letter-and-visits}]
"""
SECOND = """\
second_stage:
  decide_on: 2026-10-15
  starts: 2026-11
  response: {indicator: metered-dose-inhaler-share, months: 3, compared_with: baseline, ratio: 0.95, unmeasured: responder, expected_lag_months: 2}
  again: {letter: [letter, letter-and-visits]}
  regimes:
    stay: {first: letter, then: letter, title: letters throughout}
    step-up: {first: letter, then: letter-and-visits, title: letters and then visits}
"""


@pytest.fixture
def protocol() -> str:
    path = Path(__file__).parent / "trial" / "cycles" / "visits" / "protocol.yaml"
    return path.read_text("utf-8")


def read(text: str) -> Protocol:
    return from_yaml(text.encode(), Protocol, path="protocol.yaml")


def months(*texts: str) -> list[Month]:
    return [Month.parse(text) for text in texts]


def test_arms_are_drawn_with_the_comparator_first(protocol: str):
    found = read(protocol)
    assert drawn_names(found) == ("letter", "letter-and-visits")
    assert [arm_in(found, "letter", month) for month in months("2026-05", "2027-04")] == ["letter", "letter"]
    assert is_settled(found, "letter", Month.parse("2026-05"))


def test_a_sequence_gives_its_arms_in_turn(protocol: str):
    text = protocol.replace(CONTRASTS, CONTRASTS + SEQUENCES)
    text = text.replace("follow_up_months: 12", "follow_up_months: 12\n  transition_months: 1")
    found = read(text)
    assert drawn_names(found) == ("early", "late")
    assert arms_in_turn(found, "late") == ("letter", "letter-and-visits")
    span = months("2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09")
    assert [arm_in(found, "early", month) for month in span] == ["letter"] * 3 + ["letter-and-visits"] * 3
    # The first month of the arm that the site did not have before is left out, and so is the first with any at all.
    assert [is_settled(found, "early", month) for month in span] == [True, False, True, False, True, True]
    usual = read(text.replace("  letter: [feedback-letter]", "  letter: []"))
    assert is_settled(usual, "early", Month.parse("2026-05"))  # who has nothing yet has not changed


def test_who_is_drawn_again_changes_with_the_second_stage(protocol: str):
    found = read(protocol.replace(CONTRASTS, SECOND + "contrasts:\n  - {arm: step-up, over: stay}\n"))
    assert drawn_names(found) == ("letter",)
    assert arms_in_turn(found, "letter") == ("letter", "letter-and-visits")
    october, november = months("2026-10", "2026-11")
    assert arm_in(found, "letter", october, second="letter-and-visits") == "letter"
    assert arm_in(found, "letter", november, second="letter-and-visits") == "letter-and-visits"
    assert arm_in(found, "letter", november, second="letter") == "letter"
    assert arm_in(found, "letter", november) == "letter"
