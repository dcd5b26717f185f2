"""Whole trials on made-up practices: two in a row, one in which nothing was planted, one that waits for a late month,
and one that is withdrawn. What is asserted is planted, or can be computed by hand.
"""

from __future__ import annotations

import json
import math
import shutil
from datetime import date

import pytest

import enginehouse as eh
from enginehouse.core.errors import DataError, NotAllowed, UserError
from enginehouse.evaluation.records import any_evaluation_from_record

PROTOCOL = "cycles/{}/protocol.yaml"
QUESTION = "facilitation-on-opioids"
NULL_SEED = "the seed of a trial without effect"
PLANTED = math.log(0.9)
SHORT = (
    ("  follow_up_months: 12", "  follow_up_months: 3"),
    ("waves: 6", "waves: 2"),
    ("  harm_looks: [2025-11]\n", ""),
)
AGAIN = (
    ("title: Does facilitation add to feedback", "title: Does facilitation still add to feedback"),
    ("membership_as_of: 2025-03", "membership_as_of: 2025-08"),
    ("opt_out_by: 2025-05-16", "opt_out_by: 2025-11-15"),
    ("starts: 2025-06", "starts: 2025-12"),
    ("first: 2025-06-12", "first: 2025-12-10"),
)


def edited(trial, exchanges):
    for old, new in exchanges:
        trial.edit(PROTOCOL.format(trial.cycle), old, new)


def evaluation_of(trial):
    return any_evaluation_from_record(json.loads(trial.document(trial.state.evaluation)))


def prior_of(trial, on):
    """What the weighing of the day expects of facilitation."""
    me = eh.acting(trial.workspace, "me", date.fromisoformat(on))
    return eh.weigh_priorities(trial.workspace, by=me).priorities.candidate(QUESTION).prior


def to_recruitment(trial, month):
    """From the draft to the contract that all have signed, within a month (YYYY-MM)."""
    for approval in ("data-protection", "research-ethics-screening"):
        given = date.fromisoformat(f"{month}-01")
        trial.do("record_approval", "governance", f"{month}-02", approval, reference="X", given_on=given)
    trial.do("register", "statistician", f"{month}-03")
    trial.do("register", "manager", f"{month}-04")
    for person in ("board", "clinical-lead", "chief-pharmacist"):
        trial.do("sign_contract", person, f"{month}-05")


def draw(trial, told_on, day, seed):
    """Tell the sites, and draw once none can opt out any more."""
    trial.do("open_recruitment", "manager", told_on)
    trial.do("prepare_allocation", "statistician", day, seed=seed)
    trial.do("allocate", "second-statistician", day, seed=f"{seed}, of the second person")


def first_wave(trial, day):
    trial.do("prepare_wave", "manager", day, 1, formats=("text",))
    trial.do("approve_wave", "second-manager", day, 1)
    trial.do("send_wave", "manager", day, 1)


def to_result(trial, day):
    trial.do("start_follow_up", "manager", day)
    trial.do("freeze", "me", day)
    trial.do("evaluate_cycle", "statistician", day)


def to_end(trial, day):
    trial.do("decide", "board", day, decision=eh.DecisionWord.EVALUATE_FURTHER, reason="Ask again.")
    trial.do("score_cycle", "me", day)
    posted = trial.do("post_evidence", "me", day).study
    trial.do("close", "board", day)
    return posted


@pytest.fixture(scope="module")
def row(trial_standing, trial_in, tmp_path_factory):
    """Two cycles of three months one after the other; what was seen on the way is in `seen`."""
    first = trial_in(shutil.copytree(trial_standing("built"), tmp_path_factory.mktemp("row") / "programme"))
    seen = {"first": first, "before": prior_of(first, "2025-04-03")}
    edited(first, SHORT)
    to_recruitment(first, "2025-04")
    draw(first, "2025-04-06", "2025-05-20", "the seed of the first cycle")
    first_wave(first, "2025-06-12")
    first.load("2025-08", "2025-09-30")
    to_result(first, "2025-10-01")
    second = trial_in(first.folder, "again")
    shutil.copytree(first.folder / "cycles" / "facilitation", first.folder / "cycles" / "again")
    edited(second, AGAIN)
    seen["second"] = second
    to_recruitment(second, "2025-10")
    with pytest.raises(UserError) as taken:
        draw(second, "2025-10-06", "2025-11-20", "the seed of the second cycle")
    seen["taken"] = str(taken.value)
    seen["posted"] = [to_end(first, "2025-10-07")]
    seen["between"] = prior_of(second, "2025-10-08")
    draw(second, "2025-10-09", "2025-11-20", "the seed of the second cycle")
    first_wave(second, "2025-12-10")
    second.load("2026-02", "2026-04-01")
    to_result(second, "2026-04-02")
    seen["posted"].append(to_end(second, "2026-04-10"))
    seen["after"] = prior_of(second, "2026-04-11")
    return seen


def by_hand(mean, sd, effect, std_error):
    """Precisions add; the mean is weighted by them."""
    weights = 1 / sd**2, 1 / std_error**2
    return (mean * weights[0] + effect * weights[1]) / sum(weights), sum(weights) ** -0.5


def test_the_prior_of_the_second_cycle_is_the_posterior_of_the_first(row):
    """`candidates.yaml` expects a log ratio of -0.03 with a standard deviation of 0.06; each result updates it."""
    first, second = row["posted"]
    believed = by_hand(-0.03, 0.06, first.effect, first.std_error)
    between = row["between"]
    assert (between.mean, between.sd) == pytest.approx(believed, rel=1e-12)
    update = row["after"].own[1]
    assert (update.study, update.before) == ("own-again", between.normal)
    after = by_hand(*believed, second.effect, second.std_error)
    assert (row["after"].mean, row["after"].sd) == pytest.approx(after, rel=1e-12)
    assert [own.study for own in row["after"].own] == ["own-facilitation", "own-again"]


def test_what_was_posted_is_what_was_estimated_and_holds_what_was_planted(row):
    for trial, posted in zip((row["first"], row["second"]), row["posted"], strict=True):
        estimate = evaluation_of(trial).headline
        assert (posted.effect, posted.std_error) == (estimate.value, estimate.std_error)
        assert abs(posted.effect - PLANTED) < 2.01 * posted.std_error  # t with 54 degrees of freedom: 2.005
    pooled = row["after"]
    assert abs(pooled.mean - PLANTED) < 1.96 * pooled.sd


def test_a_site_is_in_one_running_cycle_only(row):
    """Until the first was closed its 59 sites were not free for the second; then they were."""
    assert "none of the 60 sites assessed is eligible (takes part in another cycle: 59;" in row["taken"]
    arms = [set(trial.arms()) for trial in (row["first"], row["second"])]
    assert len(arms[0]) == 59
    assert len(arms[0] & arms[1]) > 50


def test_the_second_allocation_owes_nothing_to_the_first(row):
    """With two arms and independent draws about half of the sites change: 57 sites, so 28.5 with an error of 4."""
    first, second = row["first"].arms(), row["second"].arms()
    changed = sum(first[site] != second[site] for site in first if site in second)
    assert abs(changed - 28.5) < 3 * 4


def test_the_timeline_of_a_past_day_knows_nothing_that_came_later(row):
    workspace = row["second"].workspace
    now = eh.write_timeline(workspace)
    past = eh.write_timeline(workspace, as_of_day=date(2025, 7, 1))
    lanes = ["Does facilitation add to feedback in reducing opioid prescribing?"]
    assert {entry.lane for entry in past.entries} == set(lanes)
    assert {entry.lane for entry in now.entries} == {*lanes, lanes[0].replace(" add ", " still add ")}
    assert max(entry.start for entry in past.entries if not entry.end) == "2025-06-12", "the first feedback"
    assert max(entry.start for entry in now.entries if not entry.end) == "2026-04-10", "the second decision"
    assert past.html.name == "timeline-as-of-2025-07-01.html"
    assert now.html.read_bytes() != past.html.read_bytes()


@pytest.fixture(scope="module")
def null(trial_standing, trial_in, tmp_path_factory):
    """Nothing is planted, and the margins are as wide as 60 practices can show: a ratio of 0.85 to 1.18."""
    trial = trial_in(shutil.copytree(trial_standing("built"), tmp_path_factory.mktemp("null") / "programme"))
    edited(
        trial,
        (
            *SHORT,
            ("  equivalence: [0.95, 1.05]", "  equivalence: [0.85, 1.18]"),
            ("  worthwhile: 0.95", "  worthwhile: 0.85"),
            ("    ratio: 0.9\n    reached: 0.85\n    spread: 0.05\n", "    ratio: 1.0\n    reached: 0.85\n"),
            ("    ratio: 0.9\n    note: The same", "    ratio: 1.0\n    note: The same"),
        ),
    )
    to_recruitment(trial, "2025-04")
    draw(trial, "2025-04-06", "2025-05-20", NULL_SEED)
    first_wave(trial, "2025-06-12")
    trial.load("2025-08", "2025-09-30")
    to_result(trial, "2025-10-01")
    trial.do("appraise_cycle", "me", "2025-10-02")
    return trial


def test_where_nothing_was_planted_the_verdict_is_equivalent(null):
    """The 90% interval lies within the margins, by hand: t with 54 degrees of freedom is 1.674."""
    found = evaluation_of(null)
    estimate = found.headline
    low, high = (math.exp(estimate.value + sign * 1.674 * estimate.std_error) for sign in (-1, 1))
    assert 0.85 < low < 1 < high < 1.18
    assert null.state.verdict == found.verdict.word.value == "equivalent"
    assert {each.indicator: each.ratio for each in found.truth}["opioids-ome-per-patient"] == 1.0


def test_an_equivalent_result_is_told_whole(null):
    page = null.do("write_dossier", "me", "2025-10-03").html.read_text("utf-8")
    assert "added nothing worthwhile" in page
    assert "cannot say whether" in page
    board = null.do("write_board", "me", "2025-10-03").html.read_text("utf-8")
    assert "added nothing that matters to feedback alone" in board
    assert "Whether feedback alone itself works is another question, which this could not answer." in board


def test_a_late_month_is_waited_for(trial_at):
    trial = trial_at("following-up")
    late = trial.folder / "raw" / "EPD_SNOMED_202603.csv"
    content = late.read_bytes()
    late.unlink()
    trial.load_raw("2026-07-01")
    with pytest.raises(DataError) as refused:
        trial.do("freeze", "me", "2026-07-02")
    assert "no data for 1 of the 24 registered months: 2026-03" in str(refused.value)
    assert "Load them and run: enginehouse indicators" in str(refused.value)
    assert trial.state.stage.value == "following-up"
    late.write_bytes(content)
    trial.load_raw("2026-07-10")
    trial.do("freeze", "me", "2026-07-11")
    frozen = trial.events("data-frozen")[0].payload
    assert frozen.last_month == "2026-05"


def test_a_withdrawn_cycle_keeps_its_record_and_frees_its_sites(trial_at, trial_in):
    trial = trial_at("delivering")
    sent = trial.state.waves[0].sent
    trial.do("withdraw", "governance", "2025-07-01", reason="Two facilitators left.")
    for step, words in (("prepare_wave", (2,)), ("send_wave", (1,))):
        with pytest.raises(NotAllowed, match="The cycle is withdrawn: nothing follows; register a new cycle to go on"):
            trial.do(step, "manager", "2025-07-02", *words)
    with pytest.raises(NotAllowed, match="The cycle is withdrawn: to evaluate it must be frozen"):
        trial.do("evaluate_cycle", "statistician", "2025-07-02")
    (standing,) = eh.status(trial.workspace, on=date(2025, 7, 3))
    assert (standing.stage.value, standing.due) == ("withdrawn", ())
    assert eh.export_calendar(trial.workspace, on=date(2025, 7, 3)).entries == ()
    assert "Cycle withdrawn" in {entry.label for entry in eh.write_timeline(trial.workspace).entries}
    assert eh.verify(trial.workspace.record).ok
    assert trial.state.waves[0].sent == sent
    assert len(sent) == 57
    other = trial_in(trial.folder, "another")
    shutil.copytree(trial.folder / "cycles" / "facilitation", trial.folder / "cycles" / "another")
    edited(
        other,
        (
            ("  baseline_months: 9\n", "  baseline_months: 6\n"),
            ("opt_out_by: 2025-05-16", "opt_out_by: 2025-08-16"),
            ("starts: 2025-06", "starts: 2025-09"),
            ("first: 2025-06-12", "first: 2025-09-12"),
        ),
    )
    to_recruitment(other, "2025-07")
    assert other.do("open_recruitment", "manager", "2025-07-06").event.sites == 59


def test_as_of_a_day_status_and_stage_are_those_of_that_day(trial_at):
    workspace = trial_at("evaluated").workspace
    stages = {
        "2025-04-09": "draft",
        "2025-04-10": "draft",  # proposed by the first of two people
        "2025-04-11": "registered",
        "2025-04-15": "recruiting",
        "2025-05-20": "allocated",
        "2025-06-12": "delivering",
        "2026-05-31": "following-up",
        "2026-07-20": "frozen",
        "2026-07-21": "evaluated",
    }
    for text, stage in stages.items():
        day = date.fromisoformat(text)
        (standing,) = eh.status(workspace, on=day, as_of_day=day)
        assert standing.stage.value == stage, text
