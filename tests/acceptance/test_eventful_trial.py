"""A trial in which much happens: amended before and after the allocation, suspended, practices that close, merge and
opt out after it, a wave that stops half-way. What is asserted is planted, or counted from the raw files.
"""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
from datetime import date

import pyarrow.compute as pc
import pytest

import enginehouse as eh
from enginehouse.core.errors import NotAllowed
from enginehouse.core.ids import site_code
from enginehouse.cycle.build_indicators import current_panel
from enginehouse.cycle.synthesise_contacts import synthesise_visits
from enginehouse.evaluation.records import any_evaluation_from_record
from enginehouse.indicators.panel import Panel

PROTOCOL = "cycles/facilitation/protocol.yaml"
NO_MORE_REPORTS, NO_MORE_TRIAL, NO_MORE_DATA = "ods:Z90020", "ods:Z90021", "ods:Z90022"
STOPPED_AFTER = 20


class Stopped(RuntimeError):
    """Whatever ends a run half-way."""


def stop(*_):
    raise Stopped


@pytest.fixture(scope="module")
def eventful(trial_standing, trial_in, tmp_path_factory):
    """The whole story; what was seen on the way is in `seen`."""
    trial = trial_in(shutil.copytree(trial_standing("registered"), tmp_path_factory.mktemp("eventful") / "programme"))
    trial.seen = {}
    trial.edit(PROTOCOL, "accepted_share: 0.1", "accepted_share: 0.2")
    trial.do("amend", "statistician", "2025-04-12", reason="More schemes, so that none is foreseeable.")
    trial.do("amend", "manager", "2025-04-12", reason="More schemes, so that none is foreseeable.")
    for stage in ("recruiting", "prepared", "allocated"):
        trial.step(stage)
    trial.seen["arms"] = trial.arms()
    trial.edit(PROTOCOL, "waves: 6", "waves: 5")
    trial.do("amend", "manager", "2025-05-31", reason="No postage in April.")
    trial.do("amend", "statistician", "2025-06-01", reason="No postage in April.")
    trial.step("approved")
    with pytest.raises(Stopped):
        trial.do("send_wave", "manager", "2025-06-12", 1, batch=STOPPED_AFTER, progress=stop)
    trial.seen["half-way"] = trial.state
    trial.seen["due"] = eh.status(trial.workspace, on=date.fromisoformat("2025-06-13"))[0].due
    trial.do("suspend", "governance", "2025-06-13", reason="The postal service strikes.")
    with pytest.raises(NotAllowed) as refused:
        trial.do("send_wave", "manager", "2025-06-14", 1)
    trial.seen["refused"] = str(refused.value)
    trial.do("resume", "governance", "2025-06-16", reason="It is over.")
    trial.seen["rest"] = trial.do("send_wave", "manager", "2025-06-16", 1)
    for site, scope in (
        (NO_MORE_REPORTS, eh.OptOutScope.FEEDBACK),
        (NO_MORE_TRIAL, eh.OptOutScope.RANDOMISATION),
        (NO_MORE_DATA, eh.OptOutScope.DATA_USE),
    ):
        trial.do("record_opt_out", "governance", "2025-07-20", site, scope=scope)
    trial.do("prepare_wave", "manager", "2025-07-28", 2, formats=("text",))
    trial.do("approve_wave", "second-manager", "2025-07-28", 2)
    trial.seen["second"] = trial.do("send_wave", "manager", "2025-07-29", 2)
    trial.load("2026-05", "2026-05-29")
    trial.do("log_contacts", "manager", "2026-05-29", visits_of(trial))
    trial.seen["ended"] = trial.do("start_follow_up", "manager", "2026-05-31")
    trial.step("evaluated")
    trial.do("appraise_cycle", "me", "2026-07-22")
    trial.do("decide", "board", "2026-07-30", decision=eh.DecisionWord.EVALUATE_FURTHER, reason="Ask again.")
    trial.seen["dossier"] = trial.do("write_dossier", "me", "2026-08-01").html.read_text("utf-8")
    trial.seen["evaluation"] = evaluation_of(trial)
    return trial


def visits_of(trial):
    return synthesise_visits(trial.workspace, trial.cycle, until=date(2026, 5, 29))


def evaluation_of(trial):
    return any_evaluation_from_record(json.loads(trial.document(trial.state.evaluation)))


def plain(page):
    """A page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def rows(path):
    with path.open(newline="", encoding="latin-1") as file:  # as the organisation register is
        return list(csv.reader(file))


def arms_of(trial, sites):
    arms = [trial.seen["arms"][site] for site in sites if site in trial.seen["arms"]]
    return {arm: arms.count(arm) for arm in ("feedback", "feedback-plus-facilitation")}


def test_the_numbers_of_sites_are_those_of_the_raw_files(eventful):
    """59 practices are open and have a thousand patients, one of them opted out of being drawn by lot: 29 in each arm."""
    raw = eventful.folder / "raw"
    first = sorted(raw.glob("gp-reg-pat-prac-all_*.csv"))[0]
    large = {f"ods:{row[5]}" for row in rows(first)[1:] if int(row[-1]) >= 1000}
    assert set(eventful.seen["arms"]) == large - {"ods:Z90004"}
    assert arms_of(eventful, eventful.seen["arms"]) == {"feedback": 29, "feedback-plus-facilitation": 29}


def test_who_merged_and_closed_stays_in_the_arm_that_it_was_allocated_to(eventful):
    raw = eventful.folder / "raw"
    merged = {f"ods:{practice}" for practice, _, _ in rows(raw / "successors.csv")[1:]}
    closed = {f"ods:{row[0]}" for row in rows(raw / "epraccur.csv") if row[11]} - merged
    assert (len(merged), len(closed)) == (2, 1)
    flow = {each.arm: each for each in eventful.seen["evaluation"].flow}
    assert {arm: each.merged for arm, each in flow.items()} == arms_of(eventful, merged)
    assert {arm: each.closed for arm, each in flow.items()} == arms_of(eventful, closed)
    assert eventful.arms() == eventful.seen["arms"], "what was drawn is never drawn anew"


def test_who_opts_out_after_the_allocation_is_kept_as_far_as_was_registered(eventful):
    """Out of reports or of the trial: kept as randomised. Out of the use of data: nothing is left to analyse.

    The site that had opted out of reports before the allocation is no loss of the trial.
    """
    flow = {each.arm: each for each in eventful.seen["evaluation"].flow}
    after = arms_of(eventful, [NO_MORE_REPORTS, NO_MORE_TRIAL, NO_MORE_DATA])
    assert {arm: each.opted_out for arm, each in flow.items()} == after
    assert {arm: each.excluded for arm, each in flow.items()} == arms_of(eventful, [NO_MORE_DATA])
    assert sum(each.analysed for each in flow.values()) == 58 - 1
    assert sum(after.values()) == 3


def test_data_whose_use_was_refused_are_not_in_what_was_frozen(eventful):
    """One row a month for each indicator of the protocol: what the panel that was built still has, and no more."""
    (event,) = eventful.events("data-frozen")
    frozen, built = Panel.from_bytes(eventful.document(event.payload.panel)), current_panel(eventful.workspace)
    assert event.payload.withdrawn == (NO_MORE_DATA,)
    assert set(built.sites) - set(frozen.sites) == {NO_MORE_DATA}
    theirs = built.only(frozen.indicators).table.filter(
        pc.equal(built.only(frozen.indicators).table["site"], NO_MORE_DATA)
    )
    assert event.payload.withdrawn_rows == theirs.num_rows > 0
    assert frozen.table.num_rows + theirs.num_rows == built.only(frozen.indicators).table.num_rows
    register = json.loads(eventful.document(event.payload.sites))
    assert NO_MORE_DATA in {site[0] for site in register["sites"]}, (
        "who they are, and when they closed, is accounted for"
    )
    assert register["attributes"]
    assert not any(NO_MORE_DATA in values for values in register["attributes"].values())
    words = f"{theirs.num_rows:,} rows were cut out, of {site_code(NO_MORE_DATA)}: opted out of the use of their data"
    assert words in plain(eventful.seen["dossier"])


def test_reports_go_on_to_those_who_did_not_opt_out_of_them(eventful):
    """58 on the roster; one had opted out of reports before the first wave, two more sites before the second."""
    first, second = eventful.state.waves
    assert first.sent == set(eventful.seen["arms"]) - {"ods:Z90007"}
    assert second.sent == first.sent - {NO_MORE_REPORTS, NO_MORE_DATA}
    assert NO_MORE_TRIAL in second.sent
    assert eventful.seen["second"].sent_now == 58 - 3
    placed = {
        path.name for path in (eventful.folder / "outbox" / "facilitation" / "wave-02").iterdir() if path.is_dir()
    }
    assert len(placed) == 58 - 3
    assert not {path for path in placed if any(site[-6:] in path for site in (NO_MORE_REPORTS, NO_MORE_DATA))}


def test_a_wave_that_stopped_half_way_says_what_is_left_and_goes_on_from_there(eventful):
    (wave,) = eventful.seen["half-way"].waves
    assert len(wave.sent) == STOPPED_AFTER
    assert eventful.seen["due"][0].what == "Feedback 1 of 5: send wave (37 reports are left)"  # 57 - 20
    rest = eventful.seen["rest"]
    assert (rest.sent_before, rest.sent_now) == (STOPPED_AFTER, 57 - STOPPED_AFTER)
    named = [
        site for event in eventful.events("reports-sent") if event.payload.wave == 1 for site in event.payload.sites
    ]
    assert sorted(named) == sorted(set(named))
    assert len(named) == 57


def test_a_suspended_cycle_refuses_and_names_the_way_on(eventful):
    assert "The cycle is suspended (it stood in delivering)" in eventful.seen["refused"]
    assert "Next possible step: resume" in eventful.seen["refused"]
    page = plain(eventful.seen["dossier"])
    assert "Suspended on 13 June 2025 by The governance officer. Reason: The postal service strikes." in page
    assert "Resumed on 16 June 2025 by The governance officer. Reason: It is over." in page


def test_amendments_before_and_after_the_allocation_mark_the_dossier(eventful):
    before, after = eventful.state.amendments
    assert (before.after_allocation, after.after_allocation) == (False, True)
    assert (after.proposed_by, after.actor) == ("asserted:manager", "asserted:statistician")
    page = plain(eventful.seen["dossier"])
    assert "The protocol was amended after it was locked, on 12 April 2025 and 1 June 2025" in page
    assert "allocation.accepted_share: was 0.1, is now 0.2. Reason: More schemes, so that none is foreseeable." in page
    assert "delivery.waves: was 6, is now 5. Reason: No postage in April." in page


def test_waves_that_were_never_sent_are_told(eventful):
    assert [wave.number for wave in eventful.state.waves] == [1, 2]
    assert eventful.seen["ended"].never_sent == (3, 4, 5)
    assert eventful.seen["ended"].halfway == ()


def test_the_estimate_is_no_further_from_what_was_planted_than_chance_takes_it(eventful):
    """One draw in twenty leaves its 95% interval, and one in a thousand leaves this one: t with 52 df is 3.49."""
    estimate = eventful.seen["evaluation"].headline
    low, high = (estimate.value + sign * 3.49 * estimate.std_error for sign in (-1, 1))
    assert low < math.log(0.9) < high


def test_the_verdict_follows_from_the_interval(eventful):
    """U is above 1 and the 90% interval leaves the margin of equivalence: no word but *inconclusive* fits."""
    estimate = eventful.seen["evaluation"].headline
    assert math.exp(estimate.value + 2.007 * estimate.std_error) > 1
    assert math.exp(estimate.value - 1.675 * estimate.std_error) < 0.95
    assert eventful.state.verdict == "inconclusive"


def test_nobody_was_visited_but_those_who_were_to_be(eventful):
    fidelity = {(each.arm, each.component): each for each in eventful.seen["evaluation"].fidelity}
    visits = {row[0] for row in rows(eventful.folder / "raw" / "visits-facilitation.csv")[1:]}
    reached = {arm: fidelity[arm, "facilitation"].reached for arm in ("feedback", "feedback-plus-facilitation")}
    assert reached == arms_of(eventful, visits)
    assert reached["feedback"] == 0


def test_the_record_is_whole_after_all_that(eventful):
    record = eventful.workspace.record
    assert eh.verify(record).ok
