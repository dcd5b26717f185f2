"""Every kind of mistake in a definition, in plain words at its line."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from enginehouse.core.errors import Problems
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.positions import read_yaml
from enginehouse.programme.translate import parse

PROTOCOL = "cycles/first/protocol.yaml"
SLUG = "lower-case words joined by hyphens, for example west-yorkshire"


def test_the_layout_of_a_message(spoil: Callable[..., str]):
    assert spoil(PROTOCOL, "type: controlled-its", "type: step-wedge") == (
        "cycles/first/protocol.yaml:32  design.type\n"
        "  got 'step-wedge'; expected one of: parallel, factorial, incomplete-block, stepped-wedge, crossover, smart, "
        "staggered, controlled-its. Did you mean 'stepped-wedge'?"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("schema: 1", "schema: true", "schema\n  got true; expected 1."),
        ("schema: 1", "schema: 2", "schema\n  got 2; expected 1."),
        ("starts: 2024-04", "starts: 2024-13", "design.starts\n  got '2024-13'; expected a month written YYYY-MM"),
        ("starts: 2024-04", "starts: 202404", "design.starts\n  got 202404, which YAML reads as a number; expected a month"),
        ("starts: 2024-04", "starts: 2024-04-15", "design.starts\n  got 2024-04-15, which YAML reads as a date; expected a month"),
        ("baseline_months: 24", "baseline_months: 0", "got 0; expected a whole number of at least 1."),
        ("baseline_months: 24", "baseline_months: 024", "got 024, which YAML reads as the number 20; expected a whole number of at least 1. Write digits and a point alone: 24."),
        ("baseline_months: 24", "baseline_months: 24.0", "got 24.0; expected a whole number of at least 1. Write 24."),
        ("baseline_months: 24", "baseline_months: '24'", "got '24'; expected a whole number of at least 1. Take off the quotes: 24."),
        ("worthwhile: 0.97", "worthwhile: yes", "analysis.worthwhile\n  got yes, which YAML reads as true; expected a number."),
        ("worthwhile: 0.97", "worthwhile: .nan", "analysis.worthwhile\n  got .nan; expected a number."),
        ("worthwhile: 0.97", "worthwhile: 97%", "got '97%'; expected a number. Write digits and a point alone: 97."),
        ("worthwhile: 0.97", "worthwhile: 9.7e-1x", "got '9.7e-1x'; expected a number."),
        ("worthwhile: 0.97", "worthwhile: 1e0", "got '1e0'; expected a number. Write it in full: 1."),
        ("worthwhile: 0.97", "worthwhile: '0.97'", "got '0.97'; expected a number. Take off the quotes: 0.97."),
        ("worthwhile: 0.97", "worthwhile:", "analysis.worthwhile\n  got nothing; expected a number."),
        ("  worthwhile: 0.97\n", "", "analysis.worthwhile\n  is missing; expected a number."),
        ("equivalence: [0.97, 1.03]", "equivalence: [0.97]", "analysis.equivalence[2]\n  is missing; expected a number."),
        ("equivalence: [0.97, 1.03]", "equivalence: [0.97, 1, 2]", "analysis.equivalence\n  got a list of 3; expected a list of 2 entries"),
        ("equivalence: [0.97, 1.03]", "equivalence: 0.97", "got 0.97; expected a list of 2 entries, each a number."),
        ("minimum_share: 0.25", "minimum_share: 25", "analysis.drift.minimum_share\n  got 25; expected a number above 0 and at most 1."),
        ("checks: [placebo-dates,", "checks: [placebo-date,", "analysis.checks[1]\n  got 'placebo-date'; expected one of: placebo-dates, pre-trend, leave-one-area-out, untargeted-outcome, alternative-span, other-average, cluster-level, permutation, unadjusted. Did you mean 'placebo-dates'?"),
        ("subgroups: [list_size, deprivation]", "subgroups: list_size", "analysis.subgroups\n  got 'list_size'; expected a list, each entry text. Write it as a list: [list_size]."),
        ("opt_outs: none", "opt_outs: no", "estimand.opt_outs\n  got no, which YAML reads as false; expected one of: kept-where-data-allow, excluded, none. Did you mean 'none'?"),
        ("  closures: until-closed\n", "", "estimand.closures\n  is missing; expected one of: until-closed, excluded."),
        ("indicator: metered-dose-inhaler-share", "indicator: Metered dose", f"indicator\n  got 'Metered dose'; expected {SLUG}."),
        ("indicator: metered-dose-inhaler-share", "indicator: no", f"indicator\n  got no, which YAML reads as false; expected {SLUG}. Put it in quotes: 'no'."),
        ("usual-care: []", "usual care: []", f"arms.usual care\n  got the name 'usual care'; expected {SLUG}."),
        ("usual-care: []", "usual-care:", "arms.usual-care\n  got nothing; expected a list"),
        ("arms:\n", "arms: none\nignored:\n", "arms\n  got 'none'; expected names, each with a value (name: value)."),
        ("sites: {within: {area: Ashdale}}", "sites: {within: {area: 7}}", "exposure.sites.within.area\n  got 7, which YAML reads as a number; expected text or a list, each entry text. Put it in quotes: '7'."),
        ("sites: {within: {area: Ashdale}}", "sites: {within: {area: [Ashdale, 12]}}", "exposure.sites.within.area[2]\n  got 12, which YAML reads as a number; expected text. Put it in quotes: '12'."),
        ("decision:\n", "decision: later\nignored:\n", "decision\n  got 'later'; expected the keys if_worthwhile, if_equivalent, otherwise."),
        ("title: Ashdale", "title: ''", "exposure.title\n  got ''; expected text."),
        ("title: Ashdale", "title: 2024-04-01", "exposure.title\n  got 2024-04-01, which YAML reads as a date; expected text. Put it in quotes: '2024-04-01'."),
        ("estimand:\n", "estimand:\n  starts: 2024-04\n", "estimand.starts\n  got the key 'starts'; expected one of: average, summary, window, mergers, closures, opt_outs. It belongs under 'design'."),
    ],
)  # fmt: skip
def test_mistakes_in_a_protocol(old: str, new: str, said: str, spoil: Callable[..., str]):
    message = spoil(PROTOCOL, old, new)
    assert said in message
    assert "pydantic" not in message
    assert "Input should" not in message


def test_an_unknown_key_is_one_problem_not_two(spoil: Callable[..., str]):
    """The key that was meant is missing only because it is misspelt."""
    message = spoil(PROTOCOL, "prior_knowledge: >-", "prior_knowlege: >-")
    assert message.count("\n") == 1
    assert "got the key 'prior_knowlege'" in message
    assert message.endswith("Did you mean 'prior_knowledge'?")


def test_all_problems_are_told_in_the_order_of_the_lines(spoil: Callable[..., str]):
    message = spoil(
        PROTOCOL, "  average: patients\n  summary: ratio\n", "  average: patient\n  summary: odds\n  average: x\n"
    )
    assert [line.split("  ")[1] for line in message.splitlines()[::2]] == ["estimand.average"] * 2 + [
        "estimand.summary"
    ]


INDICATOR = """\
schema: 1
from: {prescribing: {numerator: {sum: item, bnf_codes: [0407020, '0408']}, denominator: {list_size: 1, x: 2}}}
evidence: 3
date_reviewed: 2016-4-1
next_review: yes
is_proportion: maybe
"""


def test_mistakes_in_an_indicator():
    value, problems = parse(read_yaml(INDICATOR.encode(), path="i.yaml"), Indicator)
    said = [str(problem) for problem in problems]
    assert value is None
    for expected in (
        "i.yaml:1  id\n  is missing; expected lower-case words",
        "i.yaml:2  from.prescribing.numerator.sum\n  got 'item'; expected one of: items, quantity",
        "i.yaml:2  from.prescribing.numerator.bnf_codes[1]\n  got 0407020, which YAML reads as the number 134672; "
        "expected text. Put it in quotes: '0407020'.",
        "i.yaml:2  from.prescribing.denominator.list_size\n  got 1; expected true.",
        "i.yaml:2  from.prescribing.denominator.x\n  got the key 'x'; expected 'list_size'.",
        "i.yaml:3  evidence\n  got 3, which YAML reads as a number; expected text or a list, each entry text. Put it in quotes: '3'.",
        "i.yaml:4  date_reviewed\n  got '2016-4-1'; expected a day written YYYY-MM-DD, for example 2026-03-31.",
        "i.yaml:5  next_review\n  got yes, which YAML reads as true; expected a day written YYYY-MM-DD",
        "i.yaml:6  is_proportion\n  got 'maybe'; expected true or false.",
    ):
        assert any(text.startswith(expected) for text in said), expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a", "i.yaml:1\n  got a list of 1; expected the keys schema, id,"),
        ("hello", "i.yaml:1\n  got 'hello'; expected the keys schema, id,"),
        ("schema: 1\nfrom: {prescribing: {denominator: 3}}", "from.prescribing.denominator\n  got 3; expected the keys sum, bnf_codes"),
        ("schema: 1\nfrom: {prescribing: {denominator: {}}}", "from.prescribing.denominator.sum\n  is missing; expected one of: items"),
    ],
)  # fmt: skip
def test_a_file_of_the_wrong_shape(text: str, said: str):
    _, problems = parse(read_yaml(text.encode(), path="i.yaml"), Indicator)
    assert said in str(Problems(problems))


def test_no_mistake_gets_the_library_s_words():
    """Whatever is put under whichever key, the message is made of our words."""
    values = ["", "x", "0", "-1", "1.5", "true", "[]", "[[1]]", "{}", "{a: {b: 1}}", "~", "2016-01-01", "0x1", ".inf"]
    for key in (field.alias or name for name, field in Indicator.model_fields.items()):
        for value in values:
            _, problems = parse(read_yaml(f"{key}: {value}".encode(), path="i.yaml"), Indicator)
            for problem in problems:
                words = f"{problem.what} {problem.remedy}"
                assert words.startswith(("got ", "is missing; expected ")), words
                assert "Input" not in words
                assert "http" not in words


def test_the_models_do_say_it_in_their_own_words_when_used_directly():
    with pytest.raises(ValidationError):
        Indicator.model_validate({})
