"""Acts of a trial that are done once, by two people or by a role: the message, and that nothing was recorded."""

from __future__ import annotations

import shutil

CYCLE = "facilitation"
PROTOCOL = f"cycles/{CYCLE}/protocol.yaml"


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
    # Nor is the second person's.
    done = run(
        "allocate", "prepare", "again", "--seed", "a seed that came second", "-p", str(again.folder),
        "--as", "statistician", "--on", "2025-05-31",
    )  # fmt: skip
    assert "this seed was used already, in the cycle 'facilitation' on 2025-05-20." in done.err
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
        "Prepare the allocation again (enginehouse allocate prepare",
    )  # fmt: skip
    assert told(trial, f"opt-out {CYCLE} Z90031 --of randomisation", "governance", "2025-05-20").code == 0
    refused(
        trial, f"allocate draw {CYCLE}", "governance", "2025-05-20",
        "Sites opted out after the allocation was prepared: Z90031. Prepare the allocation again",
    )  # fmt: skip
    again = told(trial, f"allocate prepare {CYCLE}", "statistician", "2025-05-20")
    assert "It is prepared 2 times now in this cycle: the dossier will say so." in again.out
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


def test_one_person_amending_a_trial(trial_at, refused, told):
    """From the lock on; another person's agreement is to exactly what the first proposed."""
    trial = trial_at("allocated")
    trial.edit(PROTOCOL, "waves: 6", "waves: 5")
    amend = ("--amend", "No postage in April.")
    first = told(trial, f"register {CYCLE}", "manager", "2025-05-30", *amend)
    assert first.out.splitlines() == [
        f"Proposed to amend {CYCLE}:",
        "  delivery.waves: was 6, is now 5",
        "It takes two people: until a second one agrees, the protocol stays locked as it was.",
        f"Next, by another person: enginehouse register {CYCLE} --amend 'No postage in April.'",
    ]
    refused(
        trial, f"register {CYCLE} --amend Alone.", "manager", "2025-05-31",
        "'manager' proposed to amend this already, on 2025-05-30.",
        "It takes a second person (statistician or programme manager), with an id of their own",
    )  # fmt: skip
    refused(trial, f"register {CYCLE} --amend Mine.", "governance", "2025-05-31", "'governance'", "may not amend")
    second = told(trial, f"register {CYCLE}", "statistician", "2025-05-31", *amend)
    assert second.out.startswith(f"Amended {CYCLE}:\n  delivery.waves: was 6, is now 5\nLocked as ")
    (amendment,) = trial.state.amendments
    assert (amendment.proposed_by, amendment.actor) == ("asserted:manager", "asserted:statistician")


def test_one_person_doing_the_act_of_two(trial_at, refused, told):
    draft = trial_at("built", "draft")
    assert "It takes two people: nothing is locked yet." in told(draft, f"register {CYCLE}", "me", "2025-04-10").out
    refused(
        draft, f"register {CYCLE}", "me", "2025-04-10",
        "'me' proposed to register this already, on 2025-04-10.",
        "It takes a second person (statistician or programme manager), with an id of their own: enginehouse register",
    )  # fmt: skip
    prepared = trial_at("prepared")
    refused(
        prepared, f"allocate draw {CYCLE} --seed a-seed-of-one-person", "statistician", "2025-05-20",
        "'statistician' did prepare allocation and so may not allocate as well. It takes a second person",
    )  # fmt: skip
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
    assert told(again, "recruit again", "manager", "2025-05-21").out.startswith("1 site is eligible.")
    refused(
        again, "allocate prepare again", "statistician", "2025-05-31",
        "got 1 unit to allocate to 2 arms. At least 4 are needed", code=2,
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
        "got site 'Z99999', which the register does not have. Did you mean Z90", code=2,
    )  # fmt: skip
    refused(
        trial, f"opt-out {CYCLE} Z90004 --of randomisation", "governance", "2025-05-10",
        "Z90004 opted out of randomisation already, on 2025-05-01.",
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
