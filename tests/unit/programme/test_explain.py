"""`explain`: the wording of every closed list is there, and the sentences follow the definition."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

import enginehouse
from enginehouse.core.errors import UserError
from enginehouse.core.months import Month
from enginehouse.programme import explain_words as words
from enginehouse.programme.enums import Check, DesignType, Direction, Method, NumeratorKind, Window
from enginehouse.programme.explain import explain_indicator, explain_protocol
from enginehouse.programme.indicator import Status
from enginehouse.programme.load import load_programme
from enginehouse.programme.protocol import Estimand, Sites

STARTER = Path(enginehouse.__file__).parent / "programmes" / "starter"
PROTOCOL = "cycles/first/protocol.yaml"
INDICATOR = "indicators/metered-dose-inhaler-share.yaml"


@pytest.mark.parametrize(
    ("table", "members"),
    [
        (words.DESIGNS, DesignType),
        (words.METHODS, Method),
        (words.CHECKS, Check),
        (words.DIRECTIONS, Direction),
        (words.KINDS, NumeratorKind),
        (words.WINDOWS, Window),
        (words.STATUSES, Status),
    ],
)
def test_every_member_has_its_sentence(table: dict[StrEnum, str], members: type[StrEnum]):
    assert set(table) == set(members)


@pytest.mark.parametrize(
    ("table", "key"), [(words.MERGERS, "mergers"), (words.CLOSURES, "closures"), (words.OPT_OUTS, "opt_outs")]
)
def test_every_choice_of_the_estimand_has_its_sentence(table: dict[str, str], key: str):
    assert set(table) == set(get_args(Estimand.model_fields[key].annotation))


@pytest.fixture
def explained(folder: Path) -> Callable[..., str]:
    """Change the folder's files, then explain the cycle as one line of text."""

    def explain(*edits: tuple[str, str, str]) -> str:
        for file, old, new in edits:
            text = (folder / file).read_text(encoding="utf-8")
            assert text.count(old) == 1, old
            (folder / file).write_text(text.replace(old, new), encoding="utf-8")
        return " ".join(explain_protocol(load_programme(folder), "first").split())

    return explain


def test_the_sections_are_the_questions_a_commissioner_asks(explained: Callable[..., str]):
    text = explained()
    headings = [
        "The question",
        "Who",
        "Compared with whom",
        "When",
        "What is measured",
        "What counts as worthwhile",
        "What was known before",
        "What is checked",
        "What happens next",
    ]
    places = [text.index(f"{heading} {'-' * len(heading)}") for heading in headings]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ((), "Ashdale: every practice in the area Ashdale. They got: - A feedback letter every two months."),
        ((), "The rest of the North: every practice in the region North outside the area Ashdale. This is the comparison that counts."),
        ((), "Before: April 2022 to March 2024 (24 months). After: April 2024 to March 2025 (12 months)."),
        ((), "Worthwhile: 3% lower or better, with the whole 95% interval beyond that mark."),
        ((), "the 90% interval lies wholly between 3% lower and 3% higher."),
        ((), "each other area with at least 25% as many sites had been treated, and comparing it with the rest of its own region"),
        ((), "It is a count: metered-dose inhaler items per inhaler item, shown as a percentage. Lower is better."),
        ((), "The data were made by a computer."),
        (((PROTOCOL, "  equivalence: [0.97, 1.03]\n", ""),), "the result cannot say that there is none."),
        (((PROTOCOL, "worthwhile: 0.97", "worthwhile: 0.97\n  non_inferiority: 1.02"),), "harm beyond 2% higher is ruled out."),
        (((PROTOCOL, "  drift: {cluster: area, within: region, minimum_share: 0.25}\n", ""),), "so the interval leaves that doubt out."),
        (((PROTOCOL, "average: patients", "average: sites"),), "Every practice counts the same, large or small."),
        (((PROTOCOL, "window: follow-up", "window: last-month"),), "The result is the average over the last month alone."),
        (((PROTOCOL, "feedback: [feedback-letter]", "feedback: []"),), "They got: - usual care, nothing added."),
        (((PROTOCOL, "feedback: [feedback-letter]\n", "feedback: [feedback-letter]\n"), (PROTOCOL, "  checks:", "  practice_models: {metered-dose-inhaler-share: [quasi-poisson-fixed-effects, log-linear-fixed-effects]}\n  checks:")), "2 models of single practices stand beside it."),
        (((PROTOCOL, "decision:\n", "truth: [{indicator: metered-dose-inhaler-share, ratio: 0.92, note: Multiplied.}]\ndecision:\n"),), "an effect (8% lower) was put in. Multiplied."),
        (((PROTOCOL, "decision:\n", "truth: [{indicator: metered-dose-inhaler-share, ratio: 1, note: Left alone.}]\ndecision:\n"),), "no effect was put in. Left alone."),
        (((PROTOCOL, "decision:\n", "claims:\n- {text: It fell., source: A paper, not_testable: No ages.}\n- {text: It rose., source: B, indicator: metered-dose-inhaler-share}\ndecision:\n"),), "- It fell. (A paper.) Cannot be tested here: No ages. - It rose. (B.) Tested here by Metered-dose"),
        (((PROTOCOL, "decision:\n", "economics:\n  price: {indicator: metered-dose-inhaler-share, per_unit: 4.5, low: 4, high: 5, price_year: 2024, source: Tariff., is_assumption: false}\n  substitution_note: Dry powder costs more.\n  campaign_cost: 360\ndecision:\n"),), "one unit (metered-dose inhaler items) costs 4.5 GBP (4 to 5, prices of 2024). Tariff. The campaign cost £360. Dry powder costs more."),
        (((INDICATOR, "is_proportion: true\n", "scale: 1000\n"),), "metered-dose inhaler items per inhaler item, shown for each 1,000. Lower"),
        (((PROTOCOL, "summary: ratio", "summary: difference"), (PROTOCOL, "worthwhile: 0.97", "worthwhile: -0.02"), (PROTOCOL, "equivalence: [0.97, 1.03]", "equivalence: [-0.01, 0.01]")), "Worthwhile: 0.02 metered-dose inhaler items per inhaler item lower or better"),
    ],
)  # fmt: skip
def test_sentences(edits: tuple[tuple[str, str, str], ...], said: str, explained: Callable[..., str]):
    assert said in explained(*edits)


def test_an_area_that_is_itself_the_site():
    programme = load_programme(STARTER.parent / "opioid-campaign")
    text = " ".join(explain_protocol(programme, "west-yorkshire").split())
    assert "West Yorkshire: the area west-yorkshire. They got:" in text
    assert "every area in the region North East and Yorkshire except west-yorkshire." in text
    assert "is assumed to cost 0.017 GBP (0.014 to 0.03, prices of 2017)." in text
    assert "The campaign's cost is not known: no return is worked out" in text


def test_an_indicator_from_prescribing_rows():
    programme = load_programme(STARTER.parent / "synthetic-region")
    text = " ".join(explain_indicator(programme, "opioids-ome-per-patient").split())
    assert "From prescribing rows: quantity of BNF codes like" in text
    assert "each weighed by the table 'ome'; per registered patients of the month." in text


def test_who_stands_for_an_indicator():
    text = explain_indicator(load_programme(STARTER), "metered-dose-inhaler-share")
    assert "- Reviewed on 15 January 2026; next review by 15 January 2028" in text
    assert "- It is published and can be used in a cycle." in text


def test_an_indicator_with_a_conversion_and_balancing_indicators(folder: Path):
    path = folder / INDICATOR
    text = path.read_text(encoding="utf-8")
    other = text.replace("id: metered-dose-inhaler-share", "id: other").replace(
        "title: Metered", "title: Other metered"
    )
    (folder / "indicators/other.yaml").write_text(other, encoding="utf-8")
    more = "balancing: [other]\nconversion: {patients_per_unit: 0.1, source: A survey}\n"
    path.write_text(text + more, encoding="utf-8")
    said = " ".join(explain_indicator(load_programme(folder), "metered-dose-inhaler-share").split())
    assert "About 0.1 patients for one of these metered-dose inhaler items (source: A survey)." in said
    assert "What must not get worse ----------------------- - Other metered-dose inhalers" in said


def test_no_line_is_wider_than_a_terminal():
    for name in ("starter", "opioid-campaign"):
        programme = load_programme(STARTER.parent / name)
        for cycle in programme.protocols:
            assert max(map(len, explain_protocol(programme, cycle).splitlines())) <= 96


def test_names_that_do_not_exist():
    programme = load_programme(STARTER)
    with pytest.raises(UserError, match=r"got the cycle 'frist'.*Did you mean 'first'"):
        explain_protocol(programme, "frist")
    with pytest.raises(UserError, match="got the indicator 'inhalers'"):
        explain_indicator(programme, "inhalers")


def test_months_are_english_wherever_it_runs():
    assert words.long_month(Month(2016, 4)) == "April 2016"
    assert words.counted(1, "month") == "1 month"


def test_a_protocol_without_exposure_says_nothing_of_it():
    programme = load_programme(STARTER)
    bare = programme.protocols["first"].model_copy(update={"exposure": None})
    text = explain_protocol(dataclasses.replace(programme, protocols={"first": bare}), "first")
    assert "Compared with whom" not in text


def test_sites_by_nothing_are_all_sites():
    programme = load_programme(STARTER)
    protocol = programme.protocols["first"]
    assert protocol.exposure is not None
    everyone = protocol.exposure.comparators[0].model_copy(update={"sites": Sites()})
    exposure = protocol.exposure.model_copy(update={"comparators": (everyone,)})
    told = dataclasses.replace(programme, protocols={"first": protocol.model_copy(update={"exposure": exposure})})
    assert "The rest of the North: every practice. This is the comparison" in " ".join(
        explain_protocol(told, "first").split()
    )
