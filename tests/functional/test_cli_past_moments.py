"""Any past moment: what held on a day (`--as-of`), and what had been written down by its end (`--as-known`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

DAYS = {
    "2025-04-09": (None, "draft"),
    "2025-04-11": ("register", "registered"),
    "2025-05-20": ("allocate", "allocated"),
    "2025-06-12": ("send the first wave", "delivering"),
}


@pytest.fixture(scope="module")
def folder(trial_standing):
    return str(trial_standing("delivering"))


def events(run, folder, *words):
    return [event["type"] for event in run("ledger", "show", "--json", "-p", folder, *words).json]


@pytest.mark.parametrize("day", DAYS)
def test_status_of_a_past_day(day, run, folder):
    shown = run("status", "--as-of", day, "--json", "-p", folder).json
    assert (shown["on"], shown["cycles"][0]["stage"]) == (day, DAYS[day][1])


def test_what_was_due_on_a_past_day_is_overdue_only_later(run, folder):
    """The second feedback is due on 12 August 2025: on that day it is due, on the next it is late."""
    for day, overdue in (("2025-08-12", False), ("2025-08-13", True)):
        (cycle,) = run("status", "--as-of", day, "--json", "-p", folder).json["cycles"]
        (second,) = [item for item in cycle["due"] if item["what"].startswith("Feedback 2 of 6")]
        assert (second["by"], second["overdue"]) == ("2025-08-12", overdue)
        assert second["people"] == ["manager", "second-manager"]


def test_the_record_of_a_past_day(run, folder):
    before = events(run, folder, "--as-of", "2025-04-10")
    assert before[-1] == "act-proposed"
    assert "cycle-registered" not in before
    assert events(run, folder, "--as-of", "2025-04-11")[len(before) :] == ["cycle-registered"]
    assert events(run, folder, "--as-of", "2025-06-12") == events(run, folder)


def test_the_record_as_it_was_known(run, folder):
    """All was written down today (in UTC, or a little before midnight), whenever it held."""
    today = datetime.now(UTC).date()
    assert events(run, folder, "--as-known", str(today)) == events(run, folder)
    assert events(run, folder, "--as-known", str(today - timedelta(days=2))) == []


def test_the_timeline_of_a_past_day_is_a_page_of_its_own(run, trial_at):
    trial = trial_at("delivering")
    words = ("timeline", "--json", "-p", str(trial.folder))
    assert run(*words, "--as-of", "2025-04-10").json == [], "nothing was registered yet"
    words_said = run(*(word for word in words if word != "--json"), "--as-of", "2025-04-10").out
    assert words_said.startswith("Nothing was registered by then. The page is ")
    past, now = run(*words, "--as-of", "2025-05-19").json, run(*words).json
    new = [entry["start"] for entry in now if entry not in past]
    assert sorted(new) == ["2025-05-20", "2025-06-12"], "drawn by lot, and the first feedback"
    pages = {path.name for path in (trial.folder / "output").glob("timeline*.html")}
    assert pages == {"timeline.html", "timeline-as-of-2025-04-10.html", "timeline-as-of-2025-05-19.html"}


@pytest.mark.parametrize("option", ["--as-of", "--as-known"])
def test_a_past_moment_goes_with_showing_alone(option, run, folder):
    refused = run("ledger", "verify", option, "2025-05-01", "-p", folder)
    assert refused.code == 2
    assert f"got {option}, which 'verify' does not use. It goes with 'show'." in refused.err
    assert run("ledger", "show", option, "in May", "-p", folder).code == 2
