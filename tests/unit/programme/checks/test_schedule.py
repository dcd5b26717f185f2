"""Sequences, pooled arms and the second stage of a SMART: each mistake, and what is then said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from enginehouse.core.errors import Problems
from enginehouse.programme.checks.schedule import compared_names, factor_contrasts
from enginehouse.programme.load import load_programme
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.read import from_yaml

PROTOCOL = "cycles/visits/protocol.yaml"
ARMS = "arms:\n  letter: [feedback-letter]\n  letter-and-visits: [feedback-letter, visits]\n"
CONTRASTS = "contrasts:\n  - {arm: letter-and-visits, over: letter}\n"
STEPS = """\
sequences:
  first: [{starts: 2026-05, arm: letter-and-visits}]
  second: [{starts: 2026-05, arm: letter}, {starts: 2026-09, arm: letter-and-visits}]
  third: [{starts: 2026-05, arm: letter}, {starts: 2027-01, arm: letter-and-visits}]
"""
FACTORIAL_ARMS = """\
arms:
  neither: []
  letter: [feedback-letter]
  visits: [visits]
  both: [feedback-letter, visits]
pooled_arms: {with-letter: [letter, both], no-letter: [neither, visits], with-visits: [visits, both], no-visits: [neither, letter]}
"""
FACTORS = "contrasts:\n  - {arm: with-letter, over: no-letter}\n  - {arm: with-visits, over: no-visits}\n"
SMART_ARMS = """\
arms:
  letter: [feedback-letter]
  letter-and-visits: [feedback-letter, visits]
  usual-care: []
second_stage:
  decide_on: 2026-10-15
  starts: 2026-11
  response: {indicator: metered-dose-inhaler-share, months: 3, compared_with: baseline, ratio: 0.95, unmeasured: non-responder, expected_lag_months: 2}
  again: {letter: [letter, letter-and-visits]}
  strata: list_size_half
  regimes:
    stay: {first: letter, then: letter, title: letters throughout}
    step-up: {first: letter, then: letter-and-visits, title: letters and then visits where they do not help}
"""
REGIMES = "contrasts:\n  - {arm: step-up, over: stay}\n"


@pytest.fixture
def said(trial: Path) -> Callable[..., str]:
    """What is said of the trial with another design, after each text is replaced by another."""

    def of(design: str, *changes: tuple[str, str]) -> str:
        path = trial / PROTOCOL
        text = path.read_text("utf-8").replace("type: parallel", f"type: {design}")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path.write_text(text, "utf-8")
        with pytest.raises(Problems) as found:
            load_programme(trial)
        return str(found.value).replace(f"{trial}/", "")

    return of


def stepped(said: Callable[..., str], old: str, new: str) -> str:
    return said("stepped-wedge", (CONTRASTS, CONTRASTS + STEPS.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[{starts: 2026-05, arm: letter-and-visits}]", "[]", "sequences.first\n  got no turns. Say which arm its sites have from which month on."),
        ("first: [{starts: 2026-05", "first: [{starts: 2026-06", "sequences.first[1].starts\n  got 2026-06; the first turn starts with the follow-up (2026-05). Write 2026-05."),
        ("2026-09", "2026-05", "sequences.second[2].starts\n  got 2026-05, which is not after 2026-05. Give turns in their order."),
        ("2027-01", "2027-05", "sequences.third[2].starts\n  got 2027-05, after the follow-up has ended (2027-04). Begin it earlier."),
        ("2027-01", "2026-09", "sequences.third\n  got the same turns as 'second'. Keep one of the two."),
        ("first: [{starts: 2026-05, arm: letter-and-visits}]", "first: [{starts: 2026-05, arm: visit}]", "sequences.first[1].arm\n  got the arm 'visit'; expected one of: letter, letter-and-visits."),
        ("first: [{starts: 2026-05, arm: letter-and-visits}]", "first: [{starts: 2026-05, arm: letter-and-visits}, {starts: 2026-07, arm: letter}]", "sequences.first\n  got the arms letter-and-visits, letter; in a stepped wedge a site changes once, from letter to letter-and-visits."),
    ],
)  # fmt: skip
def test_sequences_that_do_not_fit(said: Callable[..., str], old: str, new: str, words: str):
    assert words in stepped(said, old, new)


def test_one_sequence_is_no_draw(said: Callable[..., str]):
    one = "sequences:\n  only: [{starts: 2026-05, arm: letter}, {starts: 2026-09, arm: letter-and-visits}]\n"
    assert "sequences\n  got 1 sequence; expected at least 2. Chance decides between sequences." in said(
        "crossover", (CONTRASTS, CONTRASTS + one)
    )


def test_transition_months_leave_something_of_each_turn(said: Callable[..., str]):
    heard = said(
        "stepped-wedge",
        (CONTRASTS, CONTRASTS + STEPS),
        ("follow_up_months: 12", "follow_up_months: 12\n  transition_months: 4"),
    )
    assert "sequences.second[2].starts\n  got 2026-09: after the transition months no month is left" in heard


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("no-visits: [neither, letter]", "no-visits: [neither]", "contrasts\n  got 1 comparison of one half of the arms with the other; a 2x2 factorial has 2."),
        ("  both: [feedback-letter, visits]\n", "", "arms\n  got 3 arms; a 2x2 factorial has 4: neither component, each alone, both."),
        ("with-letter: [letter, both], no-letter: [neither, visits]", "with-letter: [visits, both], no-letter: [neither, letter]", "pooled_arms\n  got two components that do not cross"),
        ("with-letter: [letter, both]", "letter: [letter, both]", "pooled_arms.letter\n  got 'letter', which is an arm. Use a name of its own."),
        ("with-letter: [letter, both]", "with-letter: [letter, leter]", "pooled_arms.with-letter[2]\n  got the arm 'leter'; expected one of: both, letter, neither, visits. Did you mean 'letter'?"),
        ("with-letter: [letter, both]", "with-letter: []", "pooled_arms.with-letter\n  got no arms. Name those that are taken together."),
    ],
)  # fmt: skip
def test_factors_that_do_not_fit(said: Callable[..., str], old: str, new: str, words: str):
    assert FACTORIAL_ARMS.count(old) == 1
    assert words in said("factorial", (ARMS, FACTORIAL_ARMS.replace(old, new)), (CONTRASTS, FACTORS))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("starts: 2026-11", "starts: 2027-05", "second_stage.starts\n  got 2027-05, which is not inside the follow-up (2026-05 to 2027-04)."),
        ("2026-10-15", "2026-11-02", "second_stage.decide_on\n  got 2026-11-02; the decision falls between the start (2026-05) and the second stage (2026-11)."),
        ("indicator: metered-dose-inhaler-share", "indicator: inhalers", "second_stage.response.indicator\n  got the indicator 'inhalers'; expected"),
        ("[letter, letter-and-visits]}", "[letter]}", "second_stage.again.letter\n  got 1 arm; expected at least 2 to draw from. Add going on as it is."),
        ("[letter, letter-and-visits]}", "[letter, visit]}", "second_stage.again.letter[2]\n  got the arm 'visit'; expected one of: letter, letter-and-visits, usual-care."),
        ("then: letter-and-visits", "then: usual-care", "second_stage.regimes.step-up.then\n  got 'usual-care', which nobody gets after 'letter'; expected one of: letter, letter-and-visits."),
        ("    stay: {first: letter, then: letter, title: letters throughout}\n", "", "second_stage.regimes\n  got 1 regime; expected at least 2 to compare."),
        ("    stay:", "    letter:", "second_stage.regimes.letter\n  got 'letter', which is an arm. Use a name of its own."),
        ("list_size_half", "list_sise_half", "second_stage.strata[1]\n  got the attribute 'list_sise'"),
    ],
)  # fmt: skip
def test_second_stages_that_do_not_fit(said: Callable[..., str], old: str, new: str, words: str):
    assert SMART_ARMS.count(old) == 1
    assert words in said("smart", (ARMS, SMART_ARMS.replace(old, new)), (CONTRASTS, REGIMES))


def test_a_comparison_is_about_an_outcome_of_the_protocol(said: Callable[..., str]):
    other = "contrasts:\n  - {arm: letter-and-visits, over: letter, indicator: inhaler-items}\n"
    assert (
        "contrasts[1].indicator\n  got 'inhaler-items'; the first comparison gives the verdict on the primary indicator "
        "'metered-dose-inhaler-share'. Remove it, or exchange the two indicators."
    ) in said("parallel", (CONTRASTS, other))


def test_a_parallel_design_has_no_turns(said: Callable[..., str]):
    assert "sequences\n  got sequences, but here a site has one arm throughout. Remove it." in said(
        "parallel", (CONTRASTS, CONTRASTS + STEPS)
    )


def test_what_may_be_compared(trial: Path):
    text = (trial / PROTOCOL).read_text("utf-8")
    of = {
        "parallel": text,
        "factorial": text.replace(ARMS, FACTORIAL_ARMS).replace(CONTRASTS, FACTORS),
        "smart": text.replace(ARMS, SMART_ARMS).replace(CONTRASTS, REGIMES),
    }
    read = {name: from_yaml(each.encode(), Protocol, path="p.yaml") for name, each in of.items()}
    assert compared_names(read["parallel"]) == ("letter", "letter-and-visits")
    assert compared_names(read["factorial"])[4:] == ("with-letter", "no-letter", "with-visits", "no-visits")
    assert compared_names(read["smart"]) == ("stay", "step-up")
    assert factor_contrasts(read["factorial"]) == (0, 1)
    assert factor_contrasts(read["parallel"]) == ()
