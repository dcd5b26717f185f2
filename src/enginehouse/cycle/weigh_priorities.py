"""Steps: weigh the candidates with the evidence and the panel of the day; record where people decide otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.core.months import Month
from enginehouse.cycle.act import authorise_for_programme
from enginehouse.cycle.build_indicators import newest_panel_event, panel_of
from enginehouse.cycle.evidence import library_of
from enginehouse.cycle.local_facts import local_facts
from enginehouse.cycle.pages import PRIORITIES, pages_beside, write_page
from enginehouse.cycle.workspace import Acting, Workspace, person_name
from enginehouse.evidence.studies import Library
from enginehouse.governance.stages import Act
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import PrioritiesWeighed, PriorityOverridden
from enginehouse.priorities.changes import what_changed
from enginehouse.priorities.results import Priorities, PriorityChange, priorities_from_record
from enginehouse.priorities.weigh import weigh
from enginehouse.programme.candidates import Candidates
from enginehouse.programme.enums import Priority
from enginehouse.reports.html import render_html
from enginehouse.reports.priorities import OverrideFact, priorities_document


@dataclass(frozen=True, slots=True)
class WeighedPriorities:
    """The answers, what changed since the weighing before, and the page."""

    priorities: Priorities
    changes: tuple[PriorityChange, ...]
    page: Path


def weigh_priorities(workspace: Workspace, *, by: Acting, dry_run: bool = False) -> WeighedPriorities:
    """Weigh every candidate of `candidates.yaml`; the page says why, and what changed since last time."""
    authorise_for_programme(Act.WEIGH_PRIORITIES, by)
    built, library = newest_panel_event(workspace), library_of(workspace)
    panel, settings = panel_of(workspace, built), workspace.programme.settings
    found = weigh(
        candidates_of(workspace),
        library,
        local_facts(workspace, panel, before=Month.of(by.on)),
        as_of=by.on,
        currency=settings.currency,
        price_year=settings.price_year,
        site_noun=settings.site_noun,
    )
    before = last_priorities(workspace)
    differing = what_changed(before, found) if before is not None else ()
    content, evidence = _document(found), _document(library.as_of(by.on))
    event = PrioritiesWeighed(priorities=sha256_hex(content), evidence=sha256_hex(evidence), panel=built.panel)
    page = workspace.output / PRIORITIES
    if not dry_run:
        workspace.record.record(event, actor=by.actor, effective_on=by.on, documents=(content, evidence))
        write_page(workspace, page, _page(workspace, found, differing))
    return WeighedPriorities(found, differing, page)


def candidates_of(workspace: Workspace) -> Candidates:
    """The candidates of the programme."""
    candidates = workspace.programme.candidates
    if candidates is None:
        raise UserError(
            "there are no candidates to weigh.",
            where=f"{workspace.programme.folder}/candidates.yaml",
            remedy="Write the file: targets, strategies, prices, and what trying them would cost.",
        )
    return candidates


def last_priorities(workspace: Workspace) -> Priorities | None:
    """The newest weighing on record."""
    event = _last_weighing(workspace)
    return (
        None if event is None else priorities_from_record(json.loads(workspace.record.documents.get(event.priorities)))
    )


def override_priority(
    workspace: Workspace, candidate: str, chosen: Priority, *, by: Acting, reason: str, dry_run: bool = False
) -> PriorityOverridden:
    """Record that people decided otherwise than the rule, and why. The computed answer stays beside it."""
    authorise_for_programme(Act.OVERRIDE_PRIORITY, by)
    weighing, priorities = _last_weighing(workspace), last_priorities(workspace)
    if weighing is None or priorities is None:
        raise UserError("nothing was weighed yet.", where="priorities", remedy="Run: enginehouse priorities weigh.")
    known = [weighed.candidate for weighed in priorities.weighed]
    if candidate not in known:
        raise UserError(f"got candidate '{candidate}'.", where="priorities", remedy=did_you_mean(candidate, known))
    if not reason.strip():
        raise UserError("no reason was given.", where="--reason", remedy="Say in a sentence why.")
    event = PriorityOverridden(
        candidate=candidate,
        computed=priorities.candidate(candidate).priority.value,
        chosen=chosen.value,
        reason=reason.strip(),
        priorities=weighing.priorities,
    )
    if not dry_run:
        workspace.record.record(event, actor=by.actor, effective_on=by.on)
        write_page(workspace, workspace.output / PRIORITIES, _page(workspace, priorities, ()))
    return event


def _page(workspace: Workspace, found: Priorities, differing: tuple[PriorityChange, ...]) -> bytes:
    settings = workspace.programme.settings
    document = priorities_document(
        found,
        programme=settings.title,
        changes=differing,
        overrides=tuple(_overrides(workspace)),
        synthetic=settings.synthetic,
        pages=pages_beside(workspace, "priorities"),
    )
    return render_html(document)


def _overrides(workspace: Workspace) -> Iterator[OverrideFact]:
    for event in workspace.record.store.events():
        if isinstance(event.payload, PriorityOverridden):
            yield OverrideFact(
                candidate=event.payload.candidate,
                computed=event.payload.computed,
                chosen=event.payload.chosen,
                reason=event.payload.reason,
                by=person_name(workspace, event.actor),
                on=str(event.effective_on),
            )


def _last_weighing(workspace: Workspace) -> PrioritiesWeighed | None:
    found = None
    for event in workspace.record.store.events():
        if isinstance(event.payload, PrioritiesWeighed):
            found = event.payload
    return found


def _document(result: Priorities | Library) -> bytes:
    return json.dumps(result.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
