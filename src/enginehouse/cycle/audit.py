"""Step: write what an auditor needs to draw the allocation again, with a script that shares no code with this package.

Only whoever may open the allocation gets it, and nobody before the freeze.
"""

from __future__ import annotations

from pathlib import Path

from enginehouse.core.errors import NotAllowed
from enginehouse.core.files import write_whole
from enginehouse.cycle.allocation import read_allocation, read_plan
from enginehouse.cycle.documents import named
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.visibility import DocumentKind, check_may_read
from enginehouse.trials.auditor import audit_files as files_for_audit


def audit_files(workspace: Workspace, cycle: str) -> dict[str, bytes]:
    """The files by name: the plan, the seed, the allocation as recorded, and the script."""
    state = workspace.state(cycle)
    return files_for_audit(read_plan(workspace, state), named(state.seed), read_allocation(workspace, state))


def write_audit(workspace: Workspace, cycle: str, *, by: Acting) -> Path:
    """Write them into the output folder."""
    workspace.protocol(cycle)
    state = workspace.state(cycle)
    check_may_read(DocumentKind.ALLOCATION, state=state, person=by.person)
    if not state.is_frozen:
        raise NotAllowed(
            "the files of an audit tell the arm of every site, and lie where all other pages lie.",
            where="allocate audit",
            remedy="They are written once the data are frozen. Until then a list for each strategy is all that anybody "
            "needs: enginehouse lists export.",
        )
    folder = workspace.output / f"{cycle}-audit"
    for name, content in audit_files(workspace, cycle).items():
        write_whole(folder / name, content)
    return folder
