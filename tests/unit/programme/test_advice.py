"""What is worth knowing although nothing is wrong."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

import enginehouse
from enginehouse.programme.advice import MADE_UP, TRIAL_SITES, advice
from enginehouse.programme.load import load_programme
from enginehouse.programme.people import first_people_file

PROGRAMMES = Path(enginehouse.__file__).parent / "programmes"
PROTOCOL = "cycles/first/protocol.yaml"
INDICATOR = "indicators/metered-dose-inhaler-share.yaml"


@pytest.fixture
def whole(folder: Path) -> Path:
    """The starter programme with its people and without what is always said."""
    (folder / "people.csv").write_text(first_people_file(), "utf-8")
    spoil(folder / PROTOCOL, "  equivalence: [0.97, 1.03]\n", "")
    spoil(folder / PROTOCOL, "  embedded_trial: {baseline_months: 12, follow_up_months: 12}\n", "")
    return folder


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def said(folder: Path, today: date = date(2026, 6, 1)) -> list[str]:
    return [str(entry).replace(f"{folder}/", "") for entry in advice(load_programme(folder), today=today)]


def test_nothing_to_say(whole: Path) -> None:
    assert said(whole) == []


def test_people_that_are_missing_or_faulty(whole: Path) -> None:
    (whole / "people.csv").write_text("id,name,roles\nann,Ann,analist\n", "utf-8")
    assert said(whole)[0].startswith("people.csv:2  roles\n  got 'analist'; expected one of: analyst,")
    (whole / "people.csv").unlink()
    assert said(whole)[0].startswith("people.csv\n  there is no such file. It says who may act. Write it, with the")


def test_a_source_whose_file_is_not_there(whole: Path) -> None:
    (whole / "data/sites.csv").unlink()
    [entry] = said(whole)
    assert entry.startswith("programme.yaml:25  sources.sites.path\n  no file found for 'data/sites.csv'")
    assert "data holds: measurements.csv. Correct the path, or put the file there." in entry


def test_a_variable_that_is_not_set(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENGINEHOUSE_SITES", raising=False)
    spoil(whole / "programme.yaml", "path: data/sites.csv", "path: ${ENGINEHOUSE_SITES}/sites.csv")
    [entry] = said(whole)
    assert "needs the environment variable ENGINEHOUSE_SITES, which is not set." in entry


def test_a_review_that_is_overdue(whole: Path) -> None:
    assert said(whole, date(2028, 1, 15)) == []
    [entry] = said(whole, date(2028, 1, 16))
    assert "next_review\n  the review of 'metered-dose-inhaler-share' was due on 2028-01-15." in entry


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (12, []),
        (11, ["got 11 months before the start: less than a year shows no season and a trend poorly."]),
        (7, ["a trend poorly, and the check of placebo dates takes 8."]),
    ],
)
def test_a_short_baseline(whole: Path, months: int, expected: list[str]) -> None:
    spoil(whole / PROTOCOL, "baseline_months: 24", f"baseline_months: {months}")
    entries = said(whole)
    assert len(entries) == len(expected)
    assert all(words in entry for words, entry in zip(expected, entries, strict=True))


def test_what_cannot_be_known_yet(folder: Path) -> None:
    (folder / "people.csv").write_text(first_people_file(), "utf-8")
    equivalence, trial = said(folder)
    assert "analysis.equivalence\n  how likely this design is to find 'equivalent'" in equivalence
    assert "analysis.embedded_trial\n  it is computed only if at least 10 exposed sites have data" in trial
    old = "embedded_trial: {"
    spoil(folder / PROTOCOL, old, f"{old}quoted_std_error: 0.01, source: a paper, ")
    assert said(folder) == [equivalence]


def test_a_region_that_has_not_been_made_up(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PROGRAMMES / "synthetic-region", tmp_path / "region"))
    entries = [entry for entry in said(folder) if "sources" in entry]
    assert entries == [
        "programme.yaml:10  sources\n  the data are made up, and have not been made yet: there is no folder raw. Run: "
        "enginehouse data synthesise."
    ]


def test_the_numbers_are_those_of_the_rooms_above() -> None:
    from enginehouse.cycle.synthesise import RAW_FOLDER
    from enginehouse.evaluation.embedded_trial import FEWEST_SITES

    assert (MADE_UP, TRIAL_SITES) == (RAW_FOLDER, FEWEST_SITES)
