"""Files of a trial that cannot be meant: the message, the exit code, and that nothing was recorded."""

from __future__ import annotations

import pytest

CYCLE = "facilitation"
PROTOCOL = f"cycles/{CYCLE}/protocol.yaml"
CONTACTS = "site,kind,on,programme_minutes,site_minutes\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "  worthwhile: 0.95",
            "  worthwhile: 1.05",
            "analysis.worthwhile\n  got 1.05; expected a margin below 1. For 'opioids-ome-per-patient' lower is better",
        ),
        (
            "equivalence: [0.95, 1.05]",
            "equivalence: [1.05, 0.95]",
            "analysis.equivalence\n  got [1.05, 0.95]; expected one margin below 1 and one above it.",
        ),
        ("  average: patients\n", "", "estimand.average\n  is missing; expected one of: patients, sites."),
        ("  opt_outs: kept-where-data-allow\n", "", "estimand.opt_outs\n  is missing; expected one of:"),
        (
            "{arm: feedback-plus-facilitation",
            "{arm: facilitation",
            "contrasts[1].arm\n  got the arm 'facilitation'; expected one of: feedback, feedback-plus-facilitation.",
        ),
        (
            "opt_out_by: 2025-05-16",
            "opt_out_by: 2025-06-16",
            "eligibility.opt_out_by\n  got 2025-06-16, which is not before the start (2025-06).",
        ),
        (
            "membership_as_of: 2025-03",
            "membership_as_of: 2025-07",
            "membership_as_of\n  got 2025-07, which is after the start (2025-06).",
        ),
        (
            "first: 2025-06-12",
            "first: 2025-05-12",
            "delivery.first\n  got 2025-05-12, which is before sites can no longer opt out (2025-05-16).",
        ),
    ],
    ids=["margin", "margins", "average", "opt-outs", "arm", "opt-out day", "membership", "first wave"],
)  # fmt: skip
def test_a_protocol_that_cannot_be_meant(trial_at, run, edit, old, new, said):
    """Told by `check` with file and line, and refused by every step."""
    trial = trial_at("built")
    edit(trial.folder / PROTOCOL, old, new)
    done = run("check", "-p", str(trial.folder))
    assert done.code == 2
    assert said in done.out + done.err
    assert f"{PROTOCOL}:" in done.out + done.err
    done = run("register", CYCLE, "-p", str(trial.folder), "--as", "statistician", "--on", "2025-04-10")
    assert done.code == 2
    assert said in done.err


def test_arms_and_strategies_that_the_protocol_does_not_know(trial_at, refused):
    trial = trial_at("allocated")
    refused(
        trial, f"lists export {CYCLE} facilitaton", "manager", "2025-06-12",
        "got strategy 'facilitaton', which no arm of this cycle has.", "Did you mean 'facilitation'?", code=2,
    )  # fmt: skip
    refused(
        trial_at("evaluated", "done"), f"analyse {CYCLE} Why --reason Because --contrast facilitation:feedback",
        "me", "2026-07-22", "Choose two of: feedback, feedback-plus-facilitation.", code=2,
    )  # fmt: skip


def test_contacts_outside_the_cycle(trial_at, refused, told, tmp_path):
    """On days before and after delivery, with a site that is not in the cycle; all rows are told at once."""
    trial, file = trial_at("delivering"), tmp_path / "visits.csv"
    file.write_text(
        f"{CONTACTS}Z90001,visit,2025-06-11,60,60\nZ90002,visit,2025-07-02,60,60\nZ90004,visit,2025-06-20,60,60\n"
        "Z90005,lunch,2025-06-20,60,60\nZ90006,visit,2025-06-20,60,60\n"
    )
    refused(
        trial, f"contacts {CYCLE} {file}", "manager", "2025-07-01",
        f"{file}:2  on\n  got 2025-06-11, which is outside the cycle's delivery (2025-06-12 to 2025-07-01).",
        f"{file}:3  on\n  got 2025-07-02, which is outside",
        f"{file}:4  site\n  got 'Z90004', which is not a site of this cycle.",
        f"{file}:5  kind\n  got 'lunch'; expected one of: visit, webinar, call.",
        code=2,
    )  # fmt: skip
    trial.do("start_follow_up", "manager", "2025-07-01")
    file.write_text(f"{CONTACTS}Z90001,visit,2025-07-01,60,60\nZ90002,visit,2025-07-02,60,60\n")
    refused(
        trial, f"contacts {CYCLE} {file}", "manager", "2025-08-01",
        f"{file}:3  on\n  got 2025-07-02, which is outside the cycle's delivery (2025-06-12 to 2025-07-01).", code=2,
    )  # fmt: skip
    file.write_text(f"{CONTACTS}Z90001,visit,2025-07-01,60,60\n")
    assert told(trial, f"contacts {CYCLE} {file}", "manager", "2025-08-01").out == "Logged 1 contact.\n"
    again = told(trial, f"contacts {CYCLE} {file}", "manager", "2025-08-01")
    assert again.out == "Logged 0 contacts. 1 were logged before.\n"


def test_contacts_before_delivery(trial_at, refused, tmp_path):
    refused(
        trial_at("allocated"), f"contacts {CYCLE} {tmp_path / 'none.csv'}", "manager", "2025-06-11",
        "Contacts belong to the cycle's delivery.",
    )  # fmt: skip


def test_evidence_on_another_scale(trial_at, run, told):
    """Kept apart, never mixed: the candidate that asks for a ratio is not weighed by a difference."""
    trial = trial_at("evaluated")
    weighed = told(trial, "priorities weigh --json", "me", "2026-08-01").json
    assert weighed["candidates"]["decision-support-on-high-doses"] == "not yet evaluable"
    text = told(trial, "priorities weigh --dry-run", "me", "2026-08-01").out
    line = next(line for line in text.splitlines() if line.startswith("Prompts about high doses"))
    assert "another scale" in line
    studies = trial.folder / "evidence" / "studies.csv"
    studies.write_text(studies.read_text("utf-8").replace("log-ratio,-0.0578", "log-rate,-0.0578"), "utf-8")
    done = run("check", "-p", str(trial.folder))
    assert done.code == 2
    assert (
        "studies.csv:2  scale\n  got 'log-rate'; expected one of: log-ratio, log-odds-ratio, difference"
        in done.err + done.out
    )


def test_a_note_on_a_wave_of_which_no_report_has_left(trial_at, refused):
    trial = trial_at("delivering")
    refused(
        trial, f"wave note {CYCLE} 3 none.csv", "manager", "2025-07-01",
        "got wave 3, of which no report has left. Reports have left of: 1.",
    )  # fmt: skip
