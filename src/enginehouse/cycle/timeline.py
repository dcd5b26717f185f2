"""Step: the programme's timeline, from the record: what was done to improve care, and what to learn from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.files import write_whole
from enginehouse.core.months import Period
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.workspace import Workspace
from enginehouse.governance.stages import Act, Stage
from enginehouse.governance.state import CycleState
from enginehouse.programme.protocol import Protocol
from enginehouse.reports.content import Link
from enginehouse.reports.html import render_html
from enginehouse.reports.messages import say
from enginehouse.reports.timeline import TimelineEntry, timeline_document


@dataclass(frozen=True, slots=True)
class WrittenTimeline:
    """The page and what stands on it."""

    html: Path
    entries: tuple[TimelineEntry, ...]


def write_timeline(workspace: Workspace) -> WrittenTimeline:
    """Write the timeline of every registered cycle into the output folder."""
    entries = tuple(entry for cycle in workspace.programme.protocols for entry in _cycle_entries(workspace, cycle))
    settings = workspace.programme.settings
    document = timeline_document(
        entries, programme=settings.title, synthetic=settings.synthetic, links=tuple(_links(workspace))
    )
    page = workspace.output / "timeline.html"
    write_whole(page, render_html(document))
    return WrittenTimeline(page, entries)


def _cycle_entries(workspace: Workspace, cycle: str) -> Iterator[TimelineEntry]:
    state = workspace.state(cycle)
    if state.stage is Stage.DRAFT:
        return
    protocol = read_locked(workspace, cycle, state).protocol
    lane = protocol.exposure.title if protocol.exposure else protocol.title
    yield _span(lane, "improvement", say("timeline.lane.campaign"), protocol.design.follow_up)
    yield _span(lane, "evaluation", say("timeline.lane.baseline"), protocol.design.baseline)
    yield from _acts(lane, state, protocol)


def _span(lane: str, kind: str, label: str, period: Period) -> TimelineEntry:
    assert kind in ("improvement", "evaluation")
    return TimelineEntry(
        lane=lane, kind=kind, label=label, start=str(period.start.first_day), end=str(period.end.first_day)
    )


def _acts(lane: str, state: CycleState, protocol: Protocol) -> Iterator[TimelineEntry]:
    shown = {Act.REGISTER, Act.AMEND, Act.FREEZE, Act.EVALUATE, Act.DECIDE}
    for done in state.history:
        if done.act in shown:
            detail = {Act.EVALUATE: state.verdict, Act.DECIDE: state.decision and state.decision.decision}.get(done.act)
            label = say(f"timeline.acts.{done.act.value}") + (f": {detail}" if detail else "")
            yield TimelineEntry(lane=lane, kind="evaluation", label=label, start=str(done.effective_on))


def _links(workspace: Workspace) -> Iterator[Link]:
    for cycle, protocol in workspace.programme.protocols.items():
        if (workspace.output / f"{cycle}-dossier.html").exists():
            yield Link(label=protocol.title, href=f"{cycle}-dossier.html")
