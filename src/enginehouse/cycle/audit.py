"""Step: write what an auditor needs to draw the allocation again, with a script that shares no code with this package.

Only whoever may open the allocation gets it, and nobody before the freeze.
"""

from __future__ import annotations

from pathlib import Path

from enginehouse.core.errors import NotAllowed
from enginehouse.core.files import write_whole
from enginehouse.cycle.documents import named
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.commands import command
from enginehouse.governance.stages import Act
from enginehouse.governance.visibility import DocumentKind, check_may_read
from enginehouse.trials.auditor import SCRIPT_NAME, auditor_script


def audit_files(workspace: Workspace, cycle: str) -> dict[str, bytes]:
    """The script, both seeds, plan and allocation; these two byte for byte as recorded: their SHA-256 is their name."""
    state, documents = workspace.state(cycle), workspace.record.documents
    return {
        SCRIPT_NAME: auditor_script(),
        "plan.json": documents.get(named(state.plan)),
        "seeds.txt": f"{named(state.seed)}\n{named(state.second_seed)}\n".encode("ascii"),
        "allocation.json": documents.get(named(state.allocation)),
    }


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
            f"needs ({command(Act.EXPORT_LISTS)}).",
        )
    folder = workspace.output / f"{cycle}-audit"
    for name, content in audit_files(workspace, cycle).items():
        write_whole(folder / name, content)
    return folder
