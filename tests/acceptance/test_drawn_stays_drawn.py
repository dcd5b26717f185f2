"""After the allocation: what an amendment may no longer change, and when the files of an audit may lie about."""

from __future__ import annotations

import pytest

import enginehouse as eh
from enginehouse.core.errors import NotAllowed
from enginehouse.cycle.sealed import seal

PROTOCOL = "cycles/facilitation/protocol.yaml"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("accepted_share: 0.1", "accepted_share: 0.2", "got other allocation than"),
        (
            "  feedback: [bimonthly-feedback]\n",
            "  feedback: [bimonthly-feedback]\n  letters: [bimonthly-feedback, letter]\n",
            "got other arms than",
        ),
    ],
)
def test_an_amendment_after_the_allocation_leaves_the_allocation_alone(trial_at, old, new, named):
    trial = trial_at("allocated")
    trial.edit(PROTOCOL, old, new)
    with pytest.raises(NotAllowed, match=named):
        trial.do("amend", "manager", "2025-06-01", reason="Better so.")
    assert trial.state.amendments == ()


def test_what_an_arm_gets_may_change_openly(trial_at):
    trial = trial_at("allocated")
    trial.edit(PROTOCOL, "waves: 6", "waves: 5")
    first = trial.do("amend", "manager", "2025-06-01", reason="No postage in April.")
    assert first.proposed
    assert trial.state.amendments == ()
    with pytest.raises(NotAllowed, match="'manager' proposed to amend this already, on 2025-06-01"):
        trial.do("amend", "manager", "2025-06-02", reason="I agree with myself.")
    with pytest.raises(NotAllowed, match="the files no longer say what was registered"):
        trial.do("prepare_wave", "manager", "2025-06-02", 1)
    second = trial.do("amend", "statistician", "2025-06-02", reason="No postage in April.")
    assert not second.proposed
    assert trial.state.amendments[0].after_allocation


def test_an_amendment_that_was_changed_after_it_was_proposed_is_proposed_anew(trial_at):
    trial = trial_at("registered")
    trial.edit(PROTOCOL, "waves: 6", "waves: 5")
    trial.do("amend", "manager", "2025-04-12", reason="No postage in April.")
    trial.edit(PROTOCOL, "waves: 5", "waves: 4")
    assert trial.do("amend", "statistician", "2025-04-13", reason="Nor in February.").proposed
    assert trial.state.amendments == ()
    assert not trial.do("amend", "manager", "2025-04-14", reason="Nor in February.").proposed
    assert trial.state.amendments[0].changes == ("delivery.waves: was 6, is now 4",)


def test_the_files_of_an_audit_are_not_written_before_the_freeze(trial_at):
    trial = trial_at("delivering")
    workspace = trial.workspace
    with pytest.raises(NotAllowed, match="tell the arm of every site"):
        eh.write_audit(workspace, trial.cycle, by=eh.acting(workspace, "manager"))
    with pytest.raises(NotAllowed, match="may not read the allocation"):
        eh.write_audit(workspace, trial.cycle, by=eh.acting(workspace, "auditor"))
    assert not (trial.folder / "output" / "facilitation-audit").exists()


def test_a_seed_is_its_owner_s_alone_and_outlasts_a_preparation_that_was_not_recorded(trial_at):
    """A second preparation seals its seed and is killed before its event: the first one can still be drawn."""
    trial = trial_at("prepared")
    workspace = trial.workspace
    (kept,) = (trial.folder / ".enginehouse" / "sealed" / "facilitation").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    seal(workspace, trial.cycle, "a seed of a preparation that was killed")
    trial.step("allocated")
    assert (trial.state.seed, trial.state.second_seed) == ("a seed that was fixed first", "a seed that came second")
    assert not kept.parent.exists()
