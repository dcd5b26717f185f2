"""Made-up data of a trial: history first, the follow-up after the allocation, the effect in the arm's practices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import enginehouse as eh
from enginehouse.core.errors import NotAllowed, UserError
from enginehouse.core.months import Month
from enginehouse.cycle.synthesise import (
    planted_effects,
    reached_sites,
    recorded_allocations,
    region_of,
    region_parameters,
    synthesise,
)

ARM = "feedback-plus-facilitation"
ALLOCATION = {f"ods:Z{90001 + number}": ("feedback", ARM)[number % 2] for number in range(24)}
BEFORE, STARTS = Month(2025, 5), Month(2025, 6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return eh.new_programme(tmp_path / "p", template="head-to-head")


def months(folder: Path) -> list[str]:
    return list(json.loads((folder / "raw" / "truth.json").read_text())["months"])


def test_the_region_is_what_the_trial_needs(folder: Path):
    region = region_parameters(eh.load_programme(folder))
    assert (region.practices, region.first_month, region.period.last) == (300, Month(2023, 6), Month(2026, 5))
    assert region.first_month + region.events_from == Month(2025, 8)


def test_without_an_allocation_only_the_history_is_written(folder: Path):
    truth = synthesise(folder, region_of(folder, practices=24))
    assert months(folder)[-1] == str(BEFORE)
    assert truth.effects == ()
    assert len(truth.months) == 24


def test_the_follow_up_waits_for_the_allocation(folder: Path):
    with pytest.raises(NotAllowed) as caught:
        synthesise(folder, region_of(folder, practices=24), until=Month(2025, 7))
    text = str(caught.value)
    assert "cycles/facilitation/protocol.yaml" in text
    assert "got 2025-07, but the cycle 'facilitation' has an effect to plant from 2025-06 on" in text
    assert "Write until 2025-05, allocate, and then write the months that follow." in text


def test_after_the_allocation_the_next_months_are_added(folder: Path):
    synthesise(folder, region_of(folder, practices=24), until=BEFORE)
    before = {path.name: path.read_bytes() for path in (folder / "raw").glob("EPD_*.csv")}
    truth = synthesise(folder, until=Month(2025, 7), allocations={"facilitation": ALLOCATION})
    assert truth.months == (STARTS, Month(2025, 7))
    (effect,) = truth.effects
    assert effect.practices == tuple(f"Z{90002 + number}" for number in range(0, 24, 2))
    assert (effect.section, effect.from_month, effect.ratio) == ("4.7", STARTS, 0.9)
    assert before.items() < {path.name: path.read_bytes() for path in (folder / "raw").glob("EPD_*.csv")}.items()
    assert region_of(folder).practices == 24  # remembered


def test_a_month_that_was_drawn_from_something_else_is_written_again(folder: Path):
    small = region_of(folder, practices=24)
    synthesise(folder, small, until=STARTS, allocations={"facilitation": ALLOCATION})
    other = {site: ("feedback" if arm == ARM else ARM) for site, arm in ALLOCATION.items()}
    truth = synthesise(folder, until=STARTS, allocations={"facilitation": other})
    assert truth.months == (STARTS,)
    again = synthesise(folder, region_of(folder, seed=7), until=STARTS, allocations={"facilitation": other})
    assert len(again.months) == 25


def test_where_nothing_was_planted_nothing_waits(tmp_path: Path):
    folder = eh.new_programme(tmp_path / "null", template="head-to-head-null")
    truth = synthesise(folder, region_of(folder, practices=24))
    assert truth.effects == ()
    assert months(folder)[-1] == "2026-05"


def test_effect_or_none_the_region_is_the_same(folder: Path, tmp_path: Path):
    null = eh.new_programme(tmp_path / "null", template="head-to-head-null")
    for each in (folder, null):
        synthesise(each, region_of(each, practices=24), until=Month(2023, 8))
    name = "EPD_SNOMED_202307.csv"
    assert (folder / "raw" / name).read_bytes() == (null / "raw" / name).read_bytes()
    assert reached_sites(folder, "facilitation", ALLOCATION) == reached_sites(null, "facilitation", ALLOCATION)


def test_the_sites_that_are_reached_are_in_the_arm(folder: Path):
    reached = reached_sites(folder, "facilitation", ALLOCATION)
    assert 6 <= len(reached) <= 12
    assert {ALLOCATION[site] for site in reached} == {ARM}


def test_no_record_is_begun_to_look_for_allocations(folder: Path):
    assert recorded_allocations(folder) == {}
    assert not (folder / ".enginehouse").exists()


def test_nothing_is_planted_before_the_allocation(folder: Path):
    assert planted_effects(eh.load_programme(folder)) == ()


def test_a_month_that_the_region_does_not_have(folder: Path):
    with pytest.raises(UserError, match="got 2030-01; this region has the months 2023-06 to 2026-05"):
        synthesise(folder, region_of(folder, practices=24), until=Month(2030, 1))


def test_real_data_are_never_made_up(tmp_path: Path):
    folder = eh.new_programme(tmp_path / "real", template="rehearsal")
    with pytest.raises(NotAllowed, match="this programme is not marked synthetic"):
        synthesise(folder)
