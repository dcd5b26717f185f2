"""A registered look at harms as a step: who may, which looks, once each, nothing unrecorded; what the dossier tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

import enginehouse as eh
from enginehouse.cli.main import main
from enginehouse.core.errors import DataError, NotAllowed, UserError
from enginehouse.evaluation.parallel.harms import harms_from_record
from enginehouse.reports.text import render_text


@pytest.fixture
def running(trial_at: Callable[..., Any]) -> Callable[..., Any]:
    """The small trial at a stage, with looks that an open amendment put in place of the registered one."""

    def make(looks: str, *, stage: str = "following-up", on: str = "2026-05-31") -> Any:
        trial = trial_at(stage)
        path = trial.folder / "cycles" / trial.cycle / "protocol.yaml"
        text = path.read_text("utf-8")
        path.write_text(text.replace("  harm_looks: [2025-11]\n", f"  harm_looks: {looks}\n"), "utf-8")
        for person in ("statistician", "manager"):
            trial.do("amend", person, on, reason="The board asked for looks at harms.")
        return trial

    return make


@pytest.fixture
def trial(running: Callable[..., Any]) -> Any:
    """In its follow-up, with the data to May 2026."""
    return running("[2025-11, 2026-01]")


def look(trial: Any, person: str = "governance", on: str = "2026-06-01", **options: Any) -> Any:
    return trial.do("look_at_harms_of", person, on, **options)


def test_a_look_is_recorded_with_its_report(trial):
    done = look(trial)
    (event,) = trial.events("harms-looked")
    assert (event.payload.last_month, event.payload.reason) == ("2025-11", "As registered.")
    assert event.effective_on == date(2026, 6, 1)
    content = trial.workspace.record.documents.get(event.payload.report)
    assert harms_from_record(json.loads(content)) == done.report
    assert done.page == trial.folder / "output" / "harms" / "facilitation-2025-11.html"
    assert "Keep this page closed" in done.page.read_text("utf-8")
    assert trial.state.stage == "following-up"


def test_its_numbers_are_sums_of_the_panel_by_arm_and_hold_no_primary(trial):
    """Added up here from the panel and from the document of the allocation."""
    report = look(trial).report
    arms, protocol = trial.arms(), trial.workspace.programme.protocols[trial.cycle]
    assert [outcome.indicator for outcome in report.outcomes] == list(protocol.balancing)
    for outcome in report.outcomes:
        arrays = eh.current_panel(trial.workspace).arrays(outcome.indicator)
        months = [eh.Month.parse("2025-06") <= month <= eh.Month.parse("2025-11") for month in arrays.months]
        assert sum(months) == 6
        for arm in outcome.arms:
            rows = [arms.get(site) == arm.arm for site in arrays.sites]
            top, bottom = (np.nansum(part[np.ix_(rows, months)]) for part in (arrays.numerator, arrays.denominator))
            assert arm.follow_up_value == pytest.approx(top / bottom)
    assert protocol.indicator not in json.dumps(report.to_record())


def test_the_next_look_is_taken_and_none_twice(trial):
    assert [look(trial).report.last_month for _ in range(2)] == ["2025-11", "2026-01"]
    with pytest.raises(NotAllowed, match=r"every registered look at harms was taken\..*by an open amendment"):
        look(trial)
    with pytest.raises(
        NotAllowed, match="the look at harms with the data up to 2025-11 was taken already, on 2026-06-01"
    ):
        look(trial, month=eh.Month.parse("2025-11"))
    assert len(trial.events("harms-looked")) == 2


def test_a_look_that_is_not_registered_is_refused(trial):
    with pytest.raises(NotAllowed, match="up to 2025-12 is not registered; the registered looks are: 2025-11, 2026-01"):
        look(trial, month=eh.Month.parse("2025-12"))
    assert trial.events("harms-looked") == []


def test_without_registered_looks_there_is_none(running):
    trial = running("[]")
    with pytest.raises(NotAllowed, match="no look at harms is registered"):
        look(trial)


@pytest.mark.parametrize("person", ["statistician", "manager", "board", "auditor"])
def test_only_the_governance_officer_may_look(trial, person: str):
    with pytest.raises(NotAllowed, match="governance officer"):
        look(trial, person)


def test_whoever_reads_the_panel_may_not_look_with_another_role(trial):
    with pytest.raises(NotAllowed, match="'me' can read the panel"):
        look(trial, "me")


def test_a_month_that_is_not_loaded_yet_is_waited_for(running):
    trial = running("[2025-09]", stage="delivering", on="2025-06-13")
    with pytest.raises(DataError, match=r"up to 2025-09, and .* has data up to 2025-03\..*Load the month and run"):
        look(trial, on="2025-06-20")
    assert trial.events("harms-looked") == []


def test_before_the_allocation_there_is_no_look(trial_at):
    with pytest.raises(NotAllowed, match="There are no arms to look at before sites are allocated"):
        look(trial_at("registered", name="registered"), on="2025-04-20")


def test_a_trial_run_shows_nothing_and_a_reason_can_be_given(trial):
    done = look(trial, dry_run=True)
    assert done.report is None
    assert not done.page.exists()
    assert trial.events("harms-looked") == []
    look(trial, reason="  A practice reported falls. ")
    assert trial.events("harms-looked")[0].payload.reason == "A practice reported falls."


def test_the_command_tells_each_finding_in_a_sentence(trial, capsys):
    words = ("harms", trial.cycle, "-p", str(trial.folder), "--on", "2026-06-01")
    assert main((*words, "--as", "governance", "--dry-run")) == 0
    assert capsys.readouterr().out == "The look can be taken.\nNothing was recorded (--dry-run).\n"
    assert main((*words, "--as", "governance", "--month", "2025-11")) == 0
    said = capsys.readouterr().out
    assert said.startswith("With the data up to 2025-11:\n")
    assert said.count("compared with feedback alone") == 2
    assert "keep it closed until the result is known" in said
    assert main((*words, "--as", "governance", "--month", "2025-13")) != 0
    assert "Write a month as YYYY-MM" in capsys.readouterr().err


def test_the_dossier_shows_every_look_and_names_those_not_taken(trial):
    findings = look(trial).report.findings
    trial.do("freeze", "me", "2026-07-20")
    with pytest.raises(NotAllowed):
        look(trial, on="2026-07-20")
    trial.do("evaluate_cycle", "statistician", "2026-07-21")
    workspace = trial.workspace
    document = eh.dossier_of(workspace, trial.cycle, by=eh.acting(workspace, "statistician"))
    text = " ".join(render_text(document).split())
    assert "Looks at harms by arm before the end, recorded: 1 June 2026." in text
    assert (
        "What a registered look had found on 1 June 2026 (The governance officer), with the data up to November 2025"
        in text
    )
    assert "Registered looks at harms that were not taken: with the data up to January 2026." in text
    for finding in findings:
        assert finding.sentence.split(",")[0] in text


def test_another_definition_of_what_is_measured_is_refused(trial):
    path = trial.folder / "indicators" / "nsaid-items-per-patient.yaml"
    path.write_text(path.read_text("utf-8").replace("version: 1", "version: 2", 1), "utf-8")
    with pytest.raises(UserError, match="no longer say what was registered"):
        look(trial)
