"""Steps of a trial out of order: the message, the exit code, and that nothing was recorded."""

from __future__ import annotations

CYCLE = "facilitation"


def test_allocation_before_the_lock(trial_at, refused):
    trial = trial_at("built")
    refused(
        trial, f"allocate prepare {CYCLE}", "statistician", "2025-05-19",
        "The cycle is draft: to prepare allocation it must be recruiting.",
        "Sites are told first, and may opt out until the protocol's deadline.",
        "Next possible step: register (enginehouse register facilitation).",
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
        "The allocation is not prepared: no seed was committed to. Prepare the allocation first (enginehouse allocate prepare facilitation).",
    )  # fmt: skip
    assert told(trial, f"allocate prepare {CYCLE} --dry-run", "statistician", "2025-05-16").code == 0


def test_recruitment_when_nobody_could_say_no_any_more(trial_at, refused):
    refused(
        trial_at("registered"), f"recruit {CYCLE}", "manager", "2025-05-16",
        "The deadline for opting out (2025-05-16) has passed on 2025-05-16: no site could say no.",
        "Set a later eligibility.opt_out_by by an open amendment first (enginehouse register facilitation --amend REASON).",
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
        "wave 1 is not approved.", "A second person looks at the proofs and releases it (enginehouse wave approve facilitation 1).",
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
        "57 reports of wave 1 left already: it cannot be made anew.",
    )  # fmt: skip


def test_reports_with_data_that_are_too_old(trial_at, refused):
    """From the end of March to 29 July are 120 days, as many as the protocol allows; one more is too old."""
    done = refused(
        trial_at("delivering"), f"wave prepare {CYCLE} 2", "manager", "2025-07-30",
        "report of Z90001 and 56 more, rule 7\n  The newest month was 121 days old; the limit is 120.", code=2,
    )  # fmt: skip
    assert done.err.count("rule 7") == 1


def test_delivery_and_its_end_out_of_order(trial_at, refused):
    trial = trial_at("allocated")
    refused(trial, f"delivery end {CYCLE}", "manager", "2025-06-12", "to start follow up it must be delivering")
    refused(
        trial, f"delivery start {CYCLE}", "manager", "2025-06-12",
        "this cycle sends feedback: its delivery starts with the first wave. Send it (enginehouse wave send facilitation WAVE).",
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
