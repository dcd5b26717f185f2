"""Bad input in a trial as a user meets it: the message, the exit code, and that nothing was recorded."""

from __future__ import annotations

import shutil

import pytest

CYCLE = "facilitation"
PROTOCOL = f"cycles/{CYCLE}/protocol.yaml"
CONTACTS = "site,kind,on,programme_minutes,site_minutes\n"


@pytest.fixture
def told(run):
    """Run a command by a person on a day; what it printed."""

    def go(trial, command: str, person: str, on: str, *words: str):
        done = run(*command.split(), *words, "-p", str(trial.folder), "--as", person, "--on", on)
        assert "Traceback" not in done.err
        return done

    return go


@pytest.fixture
def refused(told):
    """Run a command that must be refused with an exit code and these words, and must record nothing."""

    def go(trial, command: str, person: str, on: str, *said: str, code: int = 4):
        before = len(list(trial.workspace.record.store.events()))
        done = told(trial, command, person, on)
        assert done.code == code, done.out + done.err
        for words in said:
            assert words in done.err
        assert len(list(trial.workspace.record.store.events())) == before
        return done

    return go


# ---- out of order


def test_allocation_before_the_lock(trial_at, refused):
    trial = trial_at("built")
    refused(
        trial, f"allocate prepare {CYCLE}", "statistician", "2025-05-19",
        "The cycle is draft: to prepare allocation it must be recruiting.",
        "Sites are told first, and may opt out until the protocol's deadline.",
        "Next possible step: register.",
    )  # fmt: skip
    refused(
        trial, f"allocate draw {CYCLE}", "governance", "2025-05-19",
        "The protocol is locked and sites are told before anyone is allocated.",
    )  # fmt: skip
    refused(trial, f"recruit {CYCLE}", "manager", "2025-04-15", "The cycle is draft: to open recruitment it must be")
    refused(trial, f"contract {CYCLE}", "board", "2025-04-15", "The contract belongs to a locked protocol.")


def test_allocation_before_the_opt_out_deadline(trial_at, refused, told):
    trial = trial_at("recruiting")
    refused(
        trial, f"allocate prepare {CYCLE}", "statistician", "2025-05-15",
        "Sites may opt out until 2025-05-16, and the day is 2025-05-15. Wait until 2025-05-16.",
    )  # fmt: skip
    refused(
        trial, f"allocate draw {CYCLE}", "governance", "2025-05-16",
        "The allocation is not prepared: no seed was committed to. Prepare the allocation first.",
    )  # fmt: skip
    assert told(trial, f"allocate prepare {CYCLE} --dry-run", "statistician", "2025-05-16").code == 0


def test_recruitment_when_nobody_could_say_no_any_more(trial_at, refused):
    refused(
        trial_at("registered"), f"recruit {CYCLE}", "manager", "2025-05-16",
        "The deadline for opting out (2025-05-16) has passed on 2025-05-16: no site could say no.",
        "Set a later eligibility.opt_out_by by an open amendment first.",
    )  # fmt: skip


def test_allocation_without_approval_or_signatures(trial_at, refused, told, edit):
    trial = trial_at("registered")
    assert told(trial, f"recruit {CYCLE}", "manager", "2025-04-15").code == 0
    assert told(trial, f"contract {CYCLE}", "board", "2025-04-15").code == 0
    assert told(trial, f"allocate prepare {CYCLE}", "statistician", "2025-05-19").code == 0
    refused(
        trial, f"allocate draw {CYCLE}", "governance", "2025-05-20",
        "The decision contract is not signed by clinical-lead, chief-pharmacist.",
    )  # fmt: skip
    edit(trial.folder / f"cycles/{CYCLE}/contract.yaml", "for two more years", "for three more years")
    refused(
        trial, f"allocate draw {CYCLE}", "governance", "2025-05-20",
        "not signed by board, clinical-lead, chief-pharmacist (board signed an earlier version: it was changed since).",
    )  # fmt: skip


def test_an_approval_that_has_expired_stops_allocation_and_sending(trial_at, refused, told):
    trial = trial_at("approved")
    words = ("--reference", "X2", "--given-on", "2025-05-30", "--expires-on", "2025-06-10")
    assert told(trial, f"approval {CYCLE} data-protection", "governance", "2025-06-12", *words).code == 0
    assert told(trial, f"wave send {CYCLE} 1 --dry-run", "manager", "2025-06-12").code == 0, "the first still holds"
    draft = trial_at("built", "draft")
    refused(
        draft, f"approval {CYCLE} data-protection --reference X --given-on 2025-04-09", "governance", "2025-04-08",
        "got 2025-04-09 as the day on which it was given, which is after 2025-04-08.", code=2,
    )  # fmt: skip
    refused(
        draft, f"approval {CYCLE} ethics --reference X --given-on 2025-04-01", "governance", "2025-04-08",
        "got 'ethics', which is not an approval that the protocol requires.",
        "Expected one of: data-protection, research-ethics-screening.",
    )  # fmt: skip
    refused(
        draft,
        f"approval {CYCLE} data-protection --reference X --given-on 2025-04-01 --expires-on 2025-04-01",
        "governance", "2025-04-08", "got 2025-04-01 as its end, which is not after 2025-04-01.", code=2,
    )  # fmt: skip
    for approval, end in (("data-protection", "2025-05-20"), ("research-ethics-screening", "2027-05-20")):
        words = ("--reference", "X", "--given-on", "2025-04-01", "--expires-on", end)
        assert told(draft, f"approval {CYCLE} {approval}", "governance", "2025-04-08", *words).code == 0
    for command, person in (("register", "statistician"), ("register", "manager"), ("recruit", "manager")):
        assert told(draft, f"{command} {CYCLE}", person, "2025-04-15").code == 0
    refused(
        draft, f"allocate prepare {CYCLE}", "statistician", "2025-05-20",
        "On 2025-05-20 the approval 'data-protection' expired on 2025-05-20: nothing is allocated or sent without it.",
        "Record the approval with its reference once it is given",
    )  # fmt: skip


def test_evaluation_before_the_freeze(trial_at, refused):
    trial = trial_at("following-up")
    refused(
        trial, f"evaluate {CYCLE}", "statistician", "2026-07-20",
        "The cycle is following up: to evaluate it must be frozen. No estimate exists before the data are frozen.",
        "Next possible step: freeze",
    )  # fmt: skip
    refused(trial, f"appraise {CYCLE}", "me", "2026-07-20", "An appraisal needs an evaluation.")
    refused(trial, f"evidence post {CYCLE}", "me", "2026-07-20", "There is no result to post.")
    refused(trial, f"forecasts {CYCLE}", "me", "2026-07-20", "There is no result to hold forecasts against.")
    refused(trial, f"board {CYCLE}", "board", "2026-07-20", "there is no result of a trial to tell the board")
    refused(
        trial, f"analyse {CYCLE} Now --reason Impatience", "me", "2026-07-20", "The registered analysis comes first."
    )


def test_a_report_without_approval(trial_at, refused):
    trial = trial_at("allocated")
    refused(trial, f"wave send {CYCLE} 1", "manager", "2025-06-12", "wave 1 is not prepared.")
    refused(trial, f"wave approve {CYCLE} 1", "second-manager", "2025-06-12", "No wave is prepared.")
    trial.do("prepare_wave", "manager", "2025-06-12", 1, formats=("text",))
    refused(
        trial, f"wave send {CYCLE} 1", "manager", "2025-06-12",
        "wave 1 is not approved.", "A second person looks at the proofs and runs: enginehouse wave approve",
    )  # fmt: skip
    assert not (trial.folder / "outbox").exists()
    refused(trial, f"wave note {CYCLE} 1 x.csv", "manager", "2025-06-12", "No report has left yet")


def test_a_wave_that_is_not_in_the_calendar_or_not_the_next(trial_at, refused):
    trial = trial_at("approved")
    for number in ("0", "7"):
        refused(
            trial, f"wave prepare {CYCLE} {number}", "manager", "2025-06-12", f"got wave {number}; the protocol has 6"
        )
    done = refused(
        trial, f"wave prepare {CYCLE} 2", "manager", "2025-06-12",
        "got wave 2; before delivery has started only wave 1 can be prepared.",
    )  # fmt: skip
    assert "drawing" not in done.err, "it is refused before any report is made"
    trial.step("delivering")
    refused(
        trial, f"wave prepare {CYCLE} 1", "manager", "2025-06-13",
        "57 report(s) of wave 1 have left already: it cannot be made anew.",
    )  # fmt: skip


def test_reports_with_data_that_are_too_old(trial_at, refused):
    """From the end of March to 29 July are 120 days, as many as the protocol allows; one more is too old."""
    done = refused(
        trial_at("delivering"), f"wave prepare {CYCLE} 2", "manager", "2025-07-30",
        "report of ods:Z90001 and 56 more, rule 7\n  The newest month was 121 days old; the limit is 120.", code=2,
    )  # fmt: skip
    assert done.err.count("rule 7") == 1


def test_delivery_and_its_end_out_of_order(trial_at, refused):
    trial = trial_at("allocated")
    refused(trial, f"delivery end {CYCLE}", "manager", "2025-06-12", "to start follow up it must be delivering")
    refused(
        trial, f"delivery start {CYCLE}", "manager", "2025-06-12",
        "this cycle sends feedback: its delivery starts with the first wave. Run: enginehouse wave send.",
    )  # fmt: skip
    over = trial_at("following-up", "over")
    refused(over, f"wave send {CYCLE} 1", "manager", "2026-06-12", "Delivery has ended. Next possible step: freeze")
    refused(over, f"wave prepare {CYCLE} 2", "manager", "2026-06-12", "Delivery has ended.")


def test_dates_out_of_order(trial_at, refused):
    trial = trial_at("recruiting")
    refused(
        trial, f"allocate prepare {CYCLE}", "statistician", "2025-04-14",
        "got 2025-04-14 as the day from which it holds, which is before the cycle's last transition (2025-05-02).",
        "Use 2025-05-02 or a later day with --on.",
    )  # fmt: skip
    refused(
        trial, f"allocate prepare {CYCLE}", "statistician", "2999-01-01",
        "got 2999-01-01 as the day from which it holds, which is after today",
    )  # fmt: skip


# ---- files


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
    assert told(trial, f"contacts {CYCLE} {file}", "manager", "2025-08-01").out == "Logged 1 contacts.\n"
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


# ---- once, and by two


def test_a_seed_is_used_once(trial_at, trial_in, refused, run):
    """In another cycle, even if the first was withdrawn."""
    trial = trial_at("allocated")
    trial.do("withdraw", "governance", "2025-05-21", reason="Two facilitators left.")
    shutil.copytree(trial.folder / "cycles" / CYCLE, trial.folder / "cycles" / "again")
    again = trial_in(trial.folder, "again")
    again.edit("cycles/again/protocol.yaml", "opt_out_by: 2025-05-16", "opt_out_by: 2025-05-30")
    again.step("registered")
    again.do("open_recruitment", "manager", "2025-05-21")
    before = len(again.events("allocation-prepared"))
    done = run(
        "allocate", "prepare", "again", "--seed", "a seed that was fixed first", "-p", str(again.folder),
        "--as", "statistician", "--on", "2025-05-31",
    )  # fmt: skip
    assert done.code == 4
    assert "this seed was used already, in the cycle 'facilitation' on 2025-05-19." in done.err
    assert "Take a new seed: each allocation has its own" in done.err
    assert len(again.events("allocation-prepared")) == before
    refused(
        again, "allocate prepare again --seed short", "statistician", "2025-05-31",
        "got a seed of 5 characters. Give at least 16 plain characters", code=2,
    )  # fmt: skip


def test_an_allocation_asked_twice_is_the_same_and_says_so(trial_at, told):
    trial = trial_at("allocated")
    before, arms = trial.state.allocation, trial.arms()
    again = told(trial, f"allocate draw {CYCLE}", "governance", "2025-06-20")
    assert again.code == 0
    assert again.out.startswith("They were allocated already, on 2025-05-20: this is the same allocation. 58 sites are")
    assert told(trial, f"allocate draw {CYCLE} --json", "governance", "2025-06-20").json == {
        "cycle": CYCLE, "sites": 58, "arms": 2, "on": "2025-05-20", "again": True,
    }  # fmt: skip
    assert (trial.state.allocation, trial.arms()) == (before, arms)
    assert len(trial.events("sites-allocated")) == 1


def test_the_roster_changes_between_preparing_and_drawing(trial_at, refused, told, edit):
    trial = trial_at("prepared")
    assert told(trial, f"opt-out {CYCLE} Z90030 --of feedback", "governance", "2025-05-19").code == 0
    assert told(trial, f"allocate draw {CYCLE} --dry-run", "governance", "2025-05-20").code == 0, (
        "it stays on the roster"
    )
    edit(trial.folder / "raw" / "deprivation.csv", "Z90030,", "Z90099,")
    assert told(trial, "data load deprivation", "me", "2025-05-19").code == 0
    refused(
        trial, f"allocate draw {CYCLE}", "governance", "2025-05-20",
        "the roster is not the one that was prepared (what is known of its sites changed).",
        "Prepare the allocation again: enginehouse allocate prepare.",
    )  # fmt: skip
    assert told(trial, f"opt-out {CYCLE} Z90031 --of randomisation", "governance", "2025-05-20").code == 0
    refused(
        trial, f"allocate draw {CYCLE}", "governance", "2025-05-20",
        "Sites opted out after the allocation was prepared: ods:Z90031. Prepare the allocation again",
    )  # fmt: skip
    assert told(trial, f"allocate prepare {CYCLE}", "statistician", "2025-05-20").code == 0
    assert told(trial, f"allocate draw {CYCLE}", "governance", "2025-05-20").code == 0
    assert len(trial.arms()) == 57


def test_a_roster_that_was_changed_after_the_allocation(trial_at, run, told):
    """Whoever writes into the record's documents is found out before anything is done with them."""
    trial = trial_at("following-up")
    roster = trial.folder / ".enginehouse" / "documents" / trial.state.roster
    roster.chmod(0o600)
    roster.write_bytes(roster.read_bytes().replace(b"Z90030", b"Z90031", 1))
    done = told(trial, f"monitor {CYCLE}", "me", "2026-06-01")
    assert done.code == 5
    assert trial.state.roster[:12] in done.err
    assert run("ledger", "verify", "-p", str(trial.folder)).code == 5


def test_one_person_doing_the_act_of_two(trial_at, refused, told):
    draft = trial_at("built", "draft")
    assert "It takes two people: nothing is locked yet." in told(draft, f"register {CYCLE}", "me", "2025-04-10").out
    refused(
        draft, f"register {CYCLE}", "me", "2025-04-10",
        "'me' proposed to register this already, on 2025-04-10.",
        "It takes a second person (statistician or programme manager), with an id of their own.",
    )  # fmt: skip
    prepared = trial_at("prepared")
    refused(
        prepared, f"allocate draw {CYCLE}", "statistician", "2025-05-20",
        "'statistician' did prepare allocation and so may not allocate as well. It takes a second person",
    )  # fmt: skip
    prepared.step("allocated")
    prepared.do("prepare_wave", "manager", "2025-06-12", 1, formats=("text",))
    refused(
        prepared, f"wave approve {CYCLE} 1", "manager", "2025-06-12",
        "'manager' did prepare wave and so may not approve wave as well. It takes a second person",
    )  # fmt: skip


def test_what_was_agreed_on_by_two_is_what_is_locked(trial_at, told, edit):
    """A file that was changed between the proposal and the second person's act is proposed anew."""
    trial = trial_at("built")
    assert told(trial, f"register {CYCLE}", "statistician", "2025-04-10").code == 0
    edit(trial.folder / PROTOCOL, "waves: 6", "waves: 5")
    assert told(trial, f"register {CYCLE} --json", "manager", "2025-04-11").json["proposed"] is True
    assert trial.state.stage.value == "draft"
    done = told(trial, f"register {CYCLE}", "statistician", "2025-04-11")
    assert done.out.startswith("Registered facilitation (before its outcomes).")
    assert "no data" not in done.out, "months that are still to come are no surprise"


def test_who_is_no_signatory_or_signs_twice(trial_at, refused, told):
    trial = trial_at("registered")
    refused(
        trial, f"contract {CYCLE}", "manager", "2025-04-14",
        "'manager' is not a signatory of the decision contract. Its signatories are those with a forecast: board,",
    )  # fmt: skip
    signed = told(trial, f"contract {CYCLE} --json", "board", "2025-04-14").json
    assert signed["still_to_sign"] == ["clinical-lead", "chief-pharmacist"]
    refused(trial, f"contract {CYCLE}", "board", "2025-04-14", "'board' signed this contract already.")


def beside(trial, trial_in, *, concurrent: bool):
    """A second cycle in the trial's folder, two weeks later; it lets its sites be in the first as well, or not."""
    shutil.copytree(trial.folder / "cycles" / CYCLE, trial.folder / "cycles" / "again")
    again = trial_in(trial.folder, "again")
    again.edit("cycles/again/protocol.yaml", "opt_out_by: 2025-05-16", "opt_out_by: 2025-05-30")
    if concurrent:
        again.edit("cycles/again/protocol.yaml", "title: Does", "concurrent_with: [facilitation]\ntitle: Does")
    return again


def test_a_site_in_two_cycles_at_once(trial_at, trial_in, told, refused):
    trial = trial_at("allocated")
    again = beside(trial, trial_in, concurrent=False)
    again.step("registered")
    assert told(again, "recruit again", "manager", "2025-05-21").out.startswith("1 sites are eligible.")
    refused(
        again, "allocate prepare again", "statistician", "2025-05-31",
        "there are 1 unit(s) to allocate to 2 arms. At least 4 are needed", code=2,
    )  # fmt: skip


def test_a_site_in_two_cycles_at_once_where_one_protocol_allows_it(trial_at, trial_in, run):
    trial = trial_at("allocated")
    beside(trial, trial_in, concurrent=True)
    done = run("check", "-p", str(trial.folder))
    assert done.code == 2
    assert "got 'facilitation', whose protocol does not let its sites be in this cycle at the same time." in done.out
    assert "Write 'concurrent_with: [again]' in cycles/facilitation/protocol.yaml too." in done.out


def test_a_site_in_two_cycles_at_once_where_both_protocols_allow_it(trial_at, trial_in, told):
    trial = trial_at("built")
    again = beside(trial, trial_in, concurrent=True)
    trial.edit(PROTOCOL, "title: Does", "concurrent_with: [again]\ntitle: Does")
    for stage in ("registered", "recruiting", "prepared", "allocated"):
        trial.step(stage)
    again.step("registered")
    assert told(again, "recruit again", "manager", "2025-05-21").out.startswith("59 sites are eligible.")


def test_an_opt_out_of_a_site_that_is_not_there_or_twice(trial_at, refused):
    trial = trial_at("recruiting")
    refused(
        trial, f"opt-out {CYCLE} Z99999 --of feedback", "governance", "2025-05-10",
        "got site 'Z99999', which the register does not have.", code=2,
    )  # fmt: skip
    refused(
        trial, f"opt-out {CYCLE} Z90004 --of randomisation", "governance", "2025-05-10",
        "ods:Z90004 opted out of randomisation already, on 2025-05-01.",
    )  # fmt: skip


def test_whoever_has_not_the_role_is_told_whose_act_it_is(trial_at, refused):
    trial = trial_at("allocated")
    for command, person, said in (
        (f"wave prepare {CYCLE} 1", "statistician", "'statistician' (statistician) may not prepare wave."),
        (f"monitor {CYCLE}", "board", "'board' (commissioner) may not monitor."),
        (f"opt-out {CYCLE} Z90001 --of feedback", "statistician", "may not record opt out."),
        (f"allocate draw {CYCLE}", "manager", "'manager' (programme manager) may not allocate."),
        (f"suspend {CYCLE} --reason x", "board", "It takes the role programme manager or governance officer"),
    ):
        refused(trial, command, person, "2025-06-12", said)


def test_what_is_done_once_is_done_once(trial_at, refused, told):
    trial = trial_at("evaluated")
    assert told(trial, f"evidence post {CYCLE}", "me", "2026-07-22").code == 0
    refused(trial, f"evidence post {CYCLE}", "me", "2026-07-22", "the evidence was posted already.")
    assert told(trial, f"forecasts {CYCLE}", "me", "2026-07-22").code == 0
    refused(trial, f"forecasts {CYCLE}", "me", "2026-07-22", "the forecasts were scored already.")
    refused(
        trial, f"withdraw {CYCLE} --reason x", "governance", "2026-07-22",
        "A result exists, whatever it is: it is decided on and closed, not withdrawn.",
    )  # fmt: skip
    refused(trial, f"close {CYCLE}", "board", "2026-07-22", "A result is decided on before its cycle is closed.")
