"""A trial, its contract and what is worth knowing about both, in plain words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path

import pytest

from enginehouse.programme import explain_words as words
from enginehouse.programme.advice import advice
from enginehouse.programme.diff import diff, programme_changes
from enginehouse.programme.enums import AllocationMethod, AllocationUnit, DecisionWord, Verdict
from enginehouse.programme.explain import explain_protocol
from enginehouse.programme.explain_told import attribute_words
from enginehouse.programme.hashing import definition_bytes
from enginehouse.programme.load import load_programme
from enginehouse.programme.read import candidates_from_json, contract_from_json, message_from_json, study_from_json

PROTOCOL = "cycles/visits/protocol.yaml"
CONTRACT = "cycles/visits/contract.yaml"
VISITS = "strategies/visits.yaml"


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("table", "members"),
    [
        (words.ALLOCATIONS, AllocationMethod),
        (words.UNITS, AllocationUnit),
        (words.VERDICTS, Verdict),
        (words.DECISIONS, DecisionWord),
    ],
)
def test_every_member_has_its_words(table: dict[StrEnum, str], members: type[StrEnum]):
    assert set(table) == set(members)


@pytest.fixture
def explained(trial: Path) -> Callable[..., str]:
    """Change the folder's files, then explain the trial as one line of text."""

    def explain(*edits: tuple[str, str, str]) -> str:
        for file, old, new in edits:
            replace(trial / file, old, new)
        return " ".join(explain_protocol(load_programme(trial), "visits").split())

    return explain


BLOCKS = (
    PROTOCOL,
    "  method: covariate-constrained\n  strata: [area, list_size_half]\n  balance: [list_size, deprivation, baseline]\n",
    "  method: stratified-blocks\n  strata: [area]\n  block_sizes: [4, 6]\n",
)
REHEARSAL = (
    (
        PROTOCOL,
        "delivery: {waves: 6, every_months: 2, first: 2026-05-12}\napprovals: [data-protection]\n",
        "rehearsal: true\n",
    ),
    (PROTOCOL, "  engaged: {strategy: visits, comparator_could_not_receive: true}\n", ""),
)


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ((), "Every practice in the region North. - List size: at least 1,000 and at most 30,000. - It has data for at least 9 of the 12 months before the start."),
        ((), "can say no until the day before 31 March 2026: to the feedback, to being drawn, or to the use of its data"),
        ((), "- letter-and-visits: a feedback letter and a visit by a pharmacist."),
        ((), "Chance decides for each practice by itself. In each combination of area and half of list size the arms are kept equal in number."),
        ((), "10,000 ways of dividing them are drawn and compared. The 10% of them that balance best are kept, and chance picks one. What is balanced: list size, deprivation and its own value before."),
        ((), "This decides: letter-and-visits compared with letter. Chance decides who gets which arm"),
        ((), "Reports: 6 waves, every 2 months, the first on 12 May 2026; none with data older than 120 days."),
        ((), "- Whether the effect differs by fifth of deprivation and third of list size. - Whether the gap by deprivation narrows or widens more in one arm. - What it did in those who were reached: A visit by a pharmacist, at least once."),
        ((), "drawn anew 1,000 times, with an effect of 8% lower put into 85% of one arm"),
        ((), "What each arm costs is worked out from what is logged while it runs. Dry powder costs more. The effect is valued over 3 years after the follow-up. Years after the first count for less: by 3.5% a year for costs and 3.5% for what the effect is worth (NICE health technology evaluations: the manual (PMG36), reference case). This turn costs £2,000 beside its strategies, of which £1,200 because it is evaluated."),
        ((), "none of them may have expired: - data protection Registering, allocating and sending reports each take two people. No practice is in another cycle"),
        ((), "- If the effect is worthwhile: implement. Fund visits for two years. - If it is as good as none: do not pursue. End the visits."),
        ((), "- If it cannot be estimated: evaluate further. Find out why. What each signatory expects: - board: no difference (7% lower to 2% higher); most likely 'equivalent' (60%)."),
        ((BLOCKS,), "In each area the arms are kept equal in number. The order is drawn in small blocks (4 and 6), so that"),
        (((PROTOCOL, "unit: site", "unit: network\n  network_level: region"),), "Chance decides for each region as a whole, because its practices share staff."),
        (((PROTOCOL, "every_months: 2", "every_months: 1"),), "6 waves, every month, the first"),
        (((PROTOCOL, "comparator_could_not_receive: true", "at_least: 2, comparator_could_not_receive: true"),), "A visit by a pharmacist, at least 2 times."),
        (((PROTOCOL, "comparator_could_not_receive: true", "comparator_could_not_receive: false"),), "cannot be told: the comparator could receive it too (A visit by a pharmacist)."),
        (((PROTOCOL, "horizon_years: 3", "horizon_years: 1"),), "valued over 1 year after the follow-up. This turn"),
        (((PROTOCOL, "horizon_years: 3", "horizon_years: 2\n  discount: {effects: 0.015, source: The Green Book}"),), "by 3.5% a year for costs and 1.5% for what the effect is worth (The Green Book)."),
        (((VISITS, "contact: visit", "contact: visit\ndelivered_by: The network"),), "A pharmacist comes to the practice. (Visit.) By The network."),
        (((PROTOCOL, "[feedback-letter]", "[]"), (PROTOCOL, "  - {arm: letter-and-visits, over: letter}", "  - {arm: letter-and-visits, over: letter}\n  - {arm: letter, over: letter-and-visits}")), "- letter: usual care, nothing added."),
        (((PROTOCOL, "  - {arm: letter-and-visits, over: letter}", "  - {arm: letter-and-visits, over: letter}\n  - {arm: letter, over: letter-and-visits}"),), "Shown beside it: letter compared with letter-and-visits."),
        (REHEARSAL, "This is a rehearsal ------------------- It runs on real history. The arms are made up and were given to nobody, practices appear under made-up names"),
    ],
)  # fmt: skip
def test_sentences_of_a_trial(edits: tuple[tuple[str, str, str], ...], said: str, explained: Callable[..., str]):
    assert said in explained(*edits)


def test_a_rehearsal_offers_nobody_a_choice(explained: Callable[..., str]):
    text = explained(*REHEARSAL)
    for absent in ("can say no", "two people", "Reports:", "What must be in place first"):
        assert absent not in text


def test_two_cycles_at_the_same_time(trial: Path):
    (trial / "cycles/other").mkdir()
    text = (trial / PROTOCOL).read_text("utf-8")
    (trial / "cycles/other/protocol.yaml").write_text(
        text.replace("approvals:", "concurrent_with: [visits]\napprovals:"), "utf-8"
    )
    replace(trial / PROTOCOL, "approvals:", "concurrent_with: [other]\napprovals:")
    told = explain_protocol(load_programme(trial), "visits")
    assert "A practice may be in 'other' at the same time; both protocols allow it." in told
    assert "What was agreed beforehand" not in explain_protocol(load_programme(trial), "other")


def test_sections_of_trials_stay_out_of_other_protocols(folder: Path):
    programme = load_programme(folder)
    told = explain_protocol(programme, "first")
    for heading in ("This is a rehearsal", "Who may take part", "What each arm gets", "Who gets what", "agreed"):
        assert heading not in told


def test_a_protocol_that_lacks_its_parts_is_told_as_far_as_it_goes(trial: Path):
    programme = load_programme(trial)
    nothing = {"eligibility": None, "allocation": None, "delivery": None, "power": None, "economics": None}
    bare = programme.protocols["visits"].model_copy(update={**nothing, "contrasts": (), "approvals": ()})
    told = explain_protocol(dataclasses.replace(programme, protocols={"visits": bare}), "visits")
    assert "Who gets what" not in told
    assert "Costs and savings" not in told


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("list_size", "list size"),
        ("imd_2019_score", "IMD 2019 score"),
        ("imd-quintile", "fifth of IMD"),
        ("baseline_half", "half of its own value before"),
        ("area", "area"),
    ],
)
def test_attributes_in_words(name: str, said: str):
    assert attribute_words(name) == said


def said(folder: Path) -> list[str]:
    return [str(entry).replace(f"{folder}/", "") for entry in advice(load_programme(folder), today=date(2026, 6, 1))]


@pytest.fixture
def whole(trial: Path) -> Path:
    """The trial without what is always said: it has a second indicator to watch."""
    text = (trial / "indicators/metered-dose-inhaler-share.yaml").read_text("utf-8")
    new = text.replace("id: metered-dose-inhaler-share", "id: reliever-items")
    (trial / "indicators/reliever-items.yaml").write_text(new, "utf-8")
    replace(trial / PROTOCOL, "approvals:", "balancing: [reliever-items]\napprovals:")
    return trial


def test_nothing_to_say_about_a_trial(whole: Path):
    assert said(whole) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("balancing: [reliever-items]\n", "", "  balancing\n  no indicator is watched that must not get worse."),
        ("approvals: [data-protection]\n", "", "  approvals\n  no approval is asked for: nothing will keep sites from"),
        (
            "power: {effect: 0.92, fidelity: 0.85, seed: 7}\n",
            "",
            "  power\n  nothing says which effect the design is tried",
        ),
        (
            "permutation, ",
            "",
            "  analysis.checks\n  the allocation does not leave all to chance, and only the permutation test",
        ),
    ],
)
def test_what_a_trial_lacks(whole: Path, old: str, new: str, expected: str):
    replace(whole / PROTOCOL, old, new)
    [entry] = said(whole)
    assert expected in entry


def test_blocks_need_no_permutation_test(whole: Path):
    replace(whole / PROTOCOL, "permutation, ", "")
    replace(whole / PROTOCOL, BLOCKS[1], BLOCKS[2])
    assert said(whole) == []


def test_without_margins_of_equivalence(whole: Path):
    replace(whole / PROTOCOL, "  equivalence: [0.95, 1.05]\n", "")
    replace(whole / CONTRACT, "inconclusive: 0.1, equivalent: 0.1}", "inconclusive: 0.2, equivalent: 0}")
    margins, board = said(whole)
    assert "analysis.equivalence\n  no margins are given inside which an effect is as good as none" in margins
    assert (
        "contract.yaml:10  forecasts[1].verdicts\n  board expects 'equivalent', which the analysis cannot say" in board
    )


def test_without_economics(whole: Path):
    path = whole / PROTOCOL
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("economics:")] + text[text.index("decision:") :], "utf-8")
    [entry] = said(whole)
    assert "  economics\n  no price is given, so nobody can say whether the effect is worth its cost." in entry


def test_without_a_contract(whole: Path):
    (whole / CONTRACT).unlink()
    [entry] = said(whole)
    assert entry.startswith("cycles/visits/protocol.yaml:1\n  nobody has said what will be bought or stopped")


def test_a_rehearsal_needs_no_approval_and_no_contract(whole: Path):
    replace(whole / PROTOCOL, "delivery: {waves: 6, every_months: 2, first: 2026-05-12}\n", "rehearsal: true\n")
    replace(whole / PROTOCOL, "approvals: [data-protection]\n", "")
    replace(whole / PROTOCOL, *REHEARSAL[1][1:])
    [entry] = said(whole)
    assert (
        "contract.yaml:1\n  a contract is signed before an allocation, and in this cycle nothing is allocated" in entry
    )
    (whole / CONTRACT).unlink()
    assert said(whole) == []


def test_what_changed_between_two_versions(trial: Path):
    old = load_programme(trial)
    replace(trial / CONTRACT, "inconclusive: 0.4}", "inconclusive: 0.3, worse: 0.1}")
    replace(trial / CONTRACT, "action: Find out why.", "action: Ask why.")
    replace(trial / PROTOCOL, "waves: 6", "waves: 5")
    replace(trial / "candidates.yaml", "roll_out_cost: 5000", "roll_out_cost: 6000")
    replace(trial / "evidence/library.csv", "-1e-2", "-0.03")
    replace(trial / "messages/gap.yaml", "discussion: Who starts?", "discussion: Who begins?")
    replace(trial / "programme.yaml", "price_year: 2024", "price_year: 2024\nsynthetic: true")
    assert list(programme_changes(old, load_programme(trial))) == [
        "programme, synthetic: was no, is now yes",
        "message gap, discussion: was 'Who starts?', is now 'Who begins?'",
        "study jones-2020, effect: was -0.01, is now -0.03",
        "candidates, candidates 'visits'.roll_out_cost: was 5000, is now 6000",
        "protocol visits, delivery.waves: was 6, is now 5",
        "contract visits, under.cannot be estimated.action: was 'Find out why.', is now 'Ask why.'",
        "contract visits, forecasts 'board'.verdicts.inconclusive: was 0.4, is now 0.3",
        "contract visits, forecasts 'board'.verdicts.worse: added 0.1",
    ]


def test_definitions_that_come_and_go(trial: Path):
    old = load_programme(trial)
    (trial / CONTRACT).unlink()
    (trial / "candidates.yaml").unlink()
    new = load_programme(trial)
    assert list(programme_changes(old, new)) == ["candidates: removed", "contract visits: removed"]
    assert list(programme_changes(new, old)) == ["candidates: added", "contract visits: added"]
    assert list(programme_changes(old, old)) == []


def test_the_record_keeps_them_all(trial: Path):
    programme = load_programme(trial)
    contract, candidates = programme.contracts["visits"], programme.candidates
    assert candidates is not None
    assert contract_from_json(definition_bytes(contract)) == contract
    assert candidates_from_json(definition_bytes(candidates)) == candidates
    assert message_from_json(definition_bytes(programme.messages["gap"])) == programme.messages["gap"]
    assert study_from_json(definition_bytes(programme.studies[0])) == programme.studies[0]


def test_a_contract_is_hashed_by_meaning(trial: Path):
    """Verdicts in another order, or 0.60 for 0.6."""
    contract = load_programme(trial).contracts["visits"]
    replace(trial / CONTRACT, "{equivalent: 0.6, inconclusive: 0.4}", "{inconclusive: 0.40, equivalent: 0.60}")
    lines = (trial / CONTRACT).read_text("utf-8").splitlines(keepends=True)
    (trial / CONTRACT).write_text("".join([lines[0], lines[1], *lines[7:1:-1], *lines[8:]]), "utf-8")
    again = load_programme(trial).contracts["visits"]
    assert definition_bytes(again) == definition_bytes(contract)
    assert diff(contract, again) == ()
    assert b'"cannot be estimated":{' in definition_bytes(contract)


def test_a_comparison_without_a_name_is_told_as_a_whole(trial: Path):
    protocol = load_programme(trial).protocols["visits"]
    (contrast,) = protocol.contrasts
    turned = contrast.model_copy(update={"arm": contrast.over, "over": contrast.arm})
    (change,) = diff(protocol, protocol.model_copy(update={"contrasts": (turned,)}))
    first, second = (f"arm {each.arm}; over {each.over}" for each in (contrast, turned))
    assert str(change) == f"contrasts: was {first}, is now {second}"
