"""The strictest rule of the sources that an indicator's numbers come from."""

from __future__ import annotations

from pathlib import Path

import pytest

import enginehouse as eh
from enginehouse.cycle.disclosure import rule_for, rule_with_sites
from enginehouse.programme.enums import Disclosure

OME = "opioids-ome-per-patient"


def programme(folder: Path, template: str, changes: dict[str, str]):
    """A template with other disclosure rules: source -> rule."""
    eh.new_programme(folder, template=template)
    path = folder / "programme.yaml"
    text = path.read_text("utf-8")
    for source, rule in changes.items():
        head, tail = text.split(f"\n  {source}:\n")
        text = f"{head}\n  {source}:\n" + tail.replace("disclosure: none", f"disclosure: {rule}", 1)
    path.write_text(text, "utf-8")
    return eh.load_programme(folder)


@pytest.mark.parametrize(
    ("changes", "numbers", "with_sites"),
    [
        ({}, Disclosure.NONE, Disclosure.NONE),
        ({"prescribing": "midpoint-6"}, Disclosure.MIDPOINT_6, Disclosure.MIDPOINT_6),
        ({"list-sizes": "round-and-suppress"}, Disclosure.ROUND_AND_SUPPRESS, Disclosure.ROUND_AND_SUPPRESS),
        ({"deprivation": "round-and-suppress"}, Disclosure.NONE, Disclosure.ROUND_AND_SUPPRESS),
        (
            {"prescribing": "midpoint-6", "list-sizes": "round-and-suppress"},
            Disclosure.ROUND_AND_SUPPRESS,
            Disclosure.ROUND_AND_SUPPRESS,
        ),
    ],
)
def test_an_indicator_per_patient_from_prescribing_rows(tmp_path, changes, numbers, with_sites):
    found = programme(tmp_path / "p", "synthetic-region", changes)
    assert rule_for(found, found.indicators[OME]) is numbers
    assert rule_with_sites(found, found.indicators[OME]) is with_sites


def test_list_sizes_do_not_matter_where_no_patient_is_counted(tmp_path):
    found = programme(tmp_path / "p", "synthetic-region", {"list-sizes": "round-and-suppress"})
    assert rule_for(found, found.indicators["trimethoprim-share"]) is Disclosure.NONE


def test_totals_have_the_rule_of_their_own_source(tmp_path):
    found = programme(tmp_path / "p", "opioid-campaign", {"areas": "round-and-suppress"})
    assert rule_for(found, found.indicators[OME]) is Disclosure.NONE
    found = programme(tmp_path / "q", "opioid-campaign", {"areas-by-month": "midpoint-6"})
    assert rule_for(found, found.indicators[OME]) is Disclosure.MIDPOINT_6
