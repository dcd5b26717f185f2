"""Step: record an approval (research ethics, data protection), with its reference and the day on which it expires."""

from __future__ import annotations

from datetime import date

from enginehouse.core.errors import UserError
from enginehouse.core.ids import check_slug
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.stages import Act
from enginehouse.ledger.events import ApprovalRecorded


def record_approval(
    workspace: Workspace,
    cycle: str,
    approval: str,
    *,
    by: Acting,
    reference: str,
    given_on: date,
    expires_on: date | None = None,
    dry_run: bool = False,
) -> ApprovalRecorded:
    """Record that an approval was given. `expires_on` is the first day without it; None when it does not expire."""
    authorise(workspace, Act.RECORD_APPROVAL, cycle, by)
    if not reference.strip():
        raise UserError("no reference was given.", where="--reference", remedy="Say under which number it was given.")
    if given_on > by.on:
        raise UserError(
            f"got {given_on} as the day on which it was given, which is after {by.on}.",
            where="--given-on",
            remedy="Record an approval once it is there.",
        )
    if expires_on is not None and expires_on <= given_on:
        raise UserError(
            f"got {expires_on} as its end, which is not after {given_on}.",
            where="--expires-on",
            remedy="The end is the first day on which it no longer holds.",
        )
    event = ApprovalRecorded(
        approval=check_slug(approval, where="approval"),
        reference=reference.strip(),
        given_on=str(given_on),
        expires_on=str(expires_on or ""),
    )
    if not dry_run:
        record_act(workspace, Act.RECORD_APPROVAL, event, cycle=cycle, by=by)
    return event
