"""Three steps beside the path: make a cycle stand still, let it go on, end it early. The reason stays in the record.

A cycle that has been evaluated cannot be stopped: a null result is a result, and it is decided on.
"""

from __future__ import annotations

from enginehouse.core.errors import UserError
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.stages import Act
from enginehouse.ledger.events import CycleResumed, CycleSuspended, CycleWithdrawn

type Stopping = CycleSuspended | CycleResumed | CycleWithdrawn


def suspend(workspace: Workspace, cycle: str, *, by: Acting, reason: str, dry_run: bool = False) -> CycleSuspended:
    """Make the cycle stand still until it is resumed."""
    event = CycleSuspended(reason=reason.strip())
    _record(workspace, Act.SUSPEND, event, cycle, by, dry_run)
    return event


def resume(workspace: Workspace, cycle: str, *, by: Acting, reason: str, dry_run: bool = False) -> CycleResumed:
    """Let a suspended cycle go on from the stage in which it stood."""
    event = CycleResumed(reason=reason.strip())
    _record(workspace, Act.RESUME, event, cycle, by, dry_run)
    return event


def withdraw(workspace: Workspace, cycle: str, *, by: Acting, reason: str, dry_run: bool = False) -> CycleWithdrawn:
    """End the cycle early; its record stays, and nothing follows."""
    event = CycleWithdrawn(reason=reason.strip())
    _record(workspace, Act.WITHDRAW, event, cycle, by, dry_run)
    return event


def _record(workspace: Workspace, act: Act, event: Stopping, cycle: str, by: Acting, dry_run: bool) -> None:
    authorise(workspace, act, cycle, by)
    if not event.reason:
        raise UserError("no reason was given.", where="--reason", remedy="Say in a sentence why.")
    if not dry_run:
        record_act(workspace, act, event, cycle=cycle, by=by)
