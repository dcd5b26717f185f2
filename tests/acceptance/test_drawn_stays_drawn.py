"""After the allocation: what an amendment may no longer change, and when the files of an audit may lie about."""

from __future__ import annotations

import pytest

import enginehouse as eh
from enginehouse.core.errors import NotAllowed

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
    trial.do("amend", "manager", "2025-06-01", reason="No postage in April.")
    assert trial.state.amendments[0].after_allocation


def test_the_files_of_an_audit_are_not_written_before_the_freeze(trial_at):
    trial = trial_at("delivering")
    workspace = trial.workspace
    with pytest.raises(NotAllowed, match="tell the arm of every site"):
        eh.write_audit(workspace, trial.cycle, by=eh.acting(workspace, "manager"))
    with pytest.raises(NotAllowed, match="may not read the allocation"):
        eh.write_audit(workspace, trial.cycle, by=eh.acting(workspace, "auditor"))
    assert not (trial.folder / "output" / "facilitation-audit").exists()
