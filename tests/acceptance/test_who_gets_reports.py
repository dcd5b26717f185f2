"""Waves in a trial of usual care; what an opt-out of data use reaches before the freeze; what the proofs show."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

import enginehouse as eh
from enginehouse.core.errors import NotAllowed
from enginehouse.cycle.build_indicators import current_panel
from enginehouse.delivery.bundle import Bundle

PROTOCOL = "cycles/facilitation/protocol.yaml"
NO_DATA = "ods:Z90022"


@pytest.fixture(scope="module")
def usual_care(trial_standing, trial_in, tmp_path_factory):
    """Reports and visits against nothing at all, up to the second wave."""
    trial = trial_in(shutil.copytree(trial_standing("built"), tmp_path_factory.mktemp("usual") / "programme"))
    trial.edit(PROTOCOL, "  feedback: [bimonthly-feedback]\n", "  feedback: []\n")
    for stage in ("registered", "recruiting", "prepared", "allocated", "approved", "delivering"):
        trial.step(stage)
    return trial


def test_an_arm_without_reports_gets_none_and_the_other_all_of_them(usual_care):
    arms = usual_care.arms()
    treated = {site for site, arm in arms.items() if arm == "feedback-plus-facilitation"}
    (wave,) = usual_care.state.waves
    assert wave.sent == treated - {"ods:Z90007"}
    manifest = json.loads(usual_care.document(wave.manifest))
    reasons = {entry["site"]: entry["reason"] for entry in manifest["withheld"]}
    assert {site for site, reason in reasons.items() if reason == "its arm gets no reports"} == set(arms) - treated


def test_monitoring_expects_no_report_of_an_arm_that_gets_none(usual_care):
    report = usual_care.do("monitor", "me", "2025-06-20").report
    counted = report.inputs.waves[0]
    assert counted.due == counted.sent == len(usual_care.state.waves[0].sent)


def test_the_record_as_shown_names_no_site_that_was_sent_a_report(usual_care, capsys):
    """Where an arm gets none, a list of who got one is a list of the arms."""
    from enginehouse.cli.main import main

    assert main(["ledger", "show", "--cycle", "facilitation", "-p", str(usual_care.folder), "--json"]) == 0
    shown = capsys.readouterr().out
    sent = [event for event in json.loads(shown) if event["type"] == "reports-sent"]
    assert sent
    assert not any(site in shown for site in usual_care.state.waves[0].sent)


def test_what_an_opt_out_of_data_use_reaches_before_the_freeze(trial_at, monkeypatch):
    """Its data are in nobody's comparison and in no pooled figure; its missing months are not missed."""
    trial = trial_at("delivering")
    before = trial.do("monitor", "me", "2025-06-20").report
    trial.do("record_opt_out", "governance", "2025-07-20", NO_DATA, scope=eh.OptOutScope.DATA_USE)
    seen = []
    module = sys.modules["enginehouse.cycle.prepare_wave"]
    make = module.make_reports
    monkeypatch.setattr(module, "make_reports", lambda inputs, arms: seen.append(inputs.pool) or make(inputs, arms))
    wave = trial.do("prepare_wave", "manager", "2025-07-28", 2, formats=("text",))
    assert NO_DATA not in seen[0]
    assert len(seen[0]) > 50
    reasons = {each.site: each.reason for each in wave.manifest.withheld}
    assert reasons[NO_DATA] == "opted out of feedback, or of the use of its data"
    after = trial.do("monitor", "me", "2025-07-29").report
    was, now = before.inputs.pooled[0], after.inputs.pooled[0]
    assert (was.expected - now.expected, was.sites - now.sites) == (1, 1)
    panel = current_panel(trial.workspace).arrays(now.indicator).of_sites([NO_DATA])
    column = [str(month) for month in panel.months].index(now.month)
    assert was.numerator - now.numerator == pytest.approx(panel.numerator[0, column])


def test_one_person_with_two_roles_cannot_make_reports(trial_at):
    trial = trial_at("allocated")
    trial.edit("people.csv", "manager,The programme manager,programme-manager\n", "")
    with (trial.folder / "people.csv").open("a", encoding="utf-8") as file:
        file.write("manager,The programme manager,programme-manager;analyst\n")
    with pytest.raises(NotAllowed, match="'manager' can read the panel, and outcomes joined with arms stay closed"):
        trial.do("prepare_wave", "manager", "2025-06-12", 1)


def test_proofs_show_every_arm_in_an_order_that_tells_none_and_no_proof_of_before(trial_at):
    trial = trial_at("approved")
    folder = trial.folder / "output" / "proofs" / "facilitation-wave-01"
    (folder / "proof-99-report.html").write_text("of an earlier preparation", "utf-8")
    done = trial.do("prepare_wave", "manager", "2025-06-12", 1, formats=("text",))
    assert {path.name for path in folder.iterdir()} == {path.name for path in done.proofs}
    texts = [path.read_bytes() for path in done.proofs]
    bundle = Bundle(trial.document(done.event.bundle))
    shown = [site for site in done.manifest.sites if bundle.files(site)["report.txt"] in texts]
    assert [bundle.files(site)["report.txt"] for site in shown] == texts
    assert {trial.arms()[site] for site in shown} == {"feedback", "feedback-plus-facilitation"}
