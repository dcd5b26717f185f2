"""Steps: tell eligible sites, and record what they opt out of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from enginehouse.core.errors import UserError
from enginehouse.core.ids import site_code, site_id
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.pages import cycle_page, write_page
from enginehouse.cycle.register import Locked, locked
from enginehouse.cycle.roster import eligible, register_of_sites
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.stages import Act
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import OptOutRecorded, RecruitmentOpened
from enginehouse.programme.enums import OptOutScope
from enginehouse.reports.content import Document
from enginehouse.reports.html import render_html
from enginehouse.reports.messages import say
from enginehouse.reports.notice import notice_document


@dataclass(frozen=True, slots=True)
class OpenedRecruitment:
    """The event, and where the notice is that sites get."""

    event: RecruitmentOpened
    notice: Path


def open_recruitment(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> OpenedRecruitment:
    """Write the notice to the eligible sites; from now until the deadline they can opt out of being allocated.

    In a rehearsal nobody is told of anything: the record says so in place of a notice.
    """
    state = authorise(workspace, Act.OPEN_RECRUITMENT, cycle, by)
    registered = locked(workspace, cycle, state)
    assert registered.protocol.eligibility is not None, "a protocol with allocation says who is eligible"
    roster = eligible(workspace, cycle, registered, state)
    rehearsal = registered.protocol.rehearsal
    notice = say("notice.rehearsal").encode() if rehearsal else render_html(notice_of(workspace, registered, by))
    event = RecruitmentOpened(
        opt_out_by=str(registered.protocol.eligibility.opt_out_by),
        notice=sha256_hex(notice),
        sites=0 if rehearsal else len(roster.sites),
    )
    page = workspace.output / cycle_page(cycle, "notice")
    if not dry_run:
        record_act(workspace, Act.OPEN_RECRUITMENT, event, cycle=cycle, by=by, documents=(notice,))
        if not rehearsal:
            write_page(workspace, page, notice)
    return OpenedRecruitment(event, page)


def notice_of(workspace: Workspace, registered: Locked, by: Acting) -> Document:
    """What the notice says."""
    settings = workspace.programme.settings
    if settings.feedback is None:
        raise UserError(
            "nobody is named who sends the notice.",
            where=f"{workspace.programme.folder}/programme.yaml  feedback",
            remedy="Say who sends feedback, and how sites answer and opt out.",
        )
    return notice_document(
        registered.protocol,
        settings=settings,
        indicators=registered.indicators,
        strategies=registered.strategies,
        on=by.on,
    )


def record_opt_out(
    workspace: Workspace,
    cycle: str,
    site: str,
    *,
    by: Acting,
    scope: OptOutScope,
    reason: str = "",
    dry_run: bool = False,
) -> OptOutRecorded:
    """Record that a site opted out of one thing. It need give no reason."""
    authorise(workspace, Act.RECORD_OPT_OUT, cycle, by)
    known = register_of_sites(workspace).sites
    name = site_id(site, scheme=site_scheme(workspace))
    if name not in known:
        raise UserError(
            f"got site '{site}', which the register does not have.", where="site", remedy=_nearest(site, known)
        )
    event = OptOutRecorded(site=name, scope=scope.value, reason=reason.strip())
    if not dry_run:
        record_act(workspace, Act.RECORD_OPT_OUT, event, cycle=cycle, by=by)
    return event


def _nearest(site: str, known: Iterable[str]) -> str:
    """The codes that look most like the one that was typed."""
    near = get_close_matches(site_code(site.upper()), [site_code(name) for name in known], n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(near)}?" if near else "Check its code in the source of sites."


def site_scheme(workspace: Workspace) -> str:
    """The scheme of this programme's site codes, for what people type without one."""
    schemes = {source.site_scheme for source in workspace.programme.settings.sources.values()}
    return min(schemes) if schemes else "ods"
