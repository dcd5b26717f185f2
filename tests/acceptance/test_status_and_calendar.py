"""What `status` says is due on a day stands in the calendar on that day, at each step of a trial."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import enginehouse as eh
from enginehouse.cycle.export_calendar import calendar_entries
from enginehouse.cycle.status import people_for

DAYS = {
    "built": "2025-04-05",
    "registered": "2025-04-12",
    "recruiting": "2025-05-03",
    "prepared": "2025-05-19",
    "allocated": "2025-05-21",
    "approved": "2025-06-12",
    "delivering": "2025-06-13",
}
LOOKS = "harm_looks: [2025-11]"


@pytest.mark.parametrize("stage", DAYS)
def test_every_day_that_is_due_is_in_the_calendar(trial_at, stage):
    trial = trial_at(stage)
    if stage == "built":
        trial.edit("cycles/facilitation/protocol.yaml", LOOKS, "harm_looks: [2025-10]")
    workspace, on = trial.workspace, date.fromisoformat(DAYS[stage])
    (standing,) = (each for each in eh.status(workspace, on=on) if each.cycle == trial.cycle)
    entries = calendar_entries(workspace, trial.cycle)
    due = {item.by for item in standing.due if item.by is not None}
    assert standing.due
    assert due <= {entry.on for entry in entries}
    if stage == "built":
        assert (date(2025, 11, 1), "facilitation: registered look at harms") in {(e.on, e.title) for e in entries}


def test_the_deadline_that_sites_were_told_holds_in_both(trial_at):
    trial = trial_at("recruiting")
    path = "cycles/facilitation/protocol.yaml"
    trial.edit(path, "opt_out_by: 2025-05-16", "opt_out_by: 2025-05-09")
    trial.do("amend", "statistician", "2025-05-04", reason="The printers are quick.")
    (waiting,) = (item for item in eh.status(trial.workspace, on=date(2025, 5, 4))[0].due if "second" in item.what)
    assert waiting.what == "A second person: amend, which 'statistician' proposed"
    trial.do("amend", "manager", "2025-05-05", reason="The printers are quick.")
    (standing,) = (each for each in eh.status(trial.workspace, on=date(2025, 5, 6)) if each.cycle == trial.cycle)
    closes = [entry.on for entry in calendar_entries(trial.workspace, trial.cycle) if "opt-out" in entry.title]
    assert closes == [date(2025, 5, 16)]
    assert date(2025, 5, 16) in {item.by for item in standing.due}
    assert date(2025, 5, 9) + timedelta(days=7) == closes[0]


def test_nobody_is_named_for_an_act_that_shows_what_they_may_not_see(trial_at):
    """`me` has every role, so also one that reads outcomes."""
    trial = trial_at("approved")
    (standing,) = (s for s in eh.status(trial.workspace, on=date(2025, 6, 12)) if s.cycle == trial.cycle)
    (wave,) = (item for item in standing.due if "Feedback 1 of 6" in item.what)
    assert people_for(trial.workspace, wave, standing.stage) == ("manager", "second-manager")
