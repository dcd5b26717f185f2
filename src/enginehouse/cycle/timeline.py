"""Step: the programme's timeline, from the record: what was done to improve care, and what to learn from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from enginehouse.core.months import Period
from enginehouse.cycle.appraise import exposed_strategies
from enginehouse.cycle.pages import TIMELINE, dossier_pages, pages_beside, write_page
from enginehouse.cycle.register import read_locked
from enginehouse.cycle.workspace import Workspace
from enginehouse.governance.stages import Act, Stage
from enginehouse.governance.state import CycleState, as_of, cycle_state
from enginehouse.reports.content import Link
from enginehouse.reports.html import render_html
from enginehouse.reports.messages import say
from enginehouse.reports.sections.verdict import decision_words
from enginehouse.reports.timeline import TimelineEntry, timeline_document

_TOLD = frozenset(
    {
        Act.REGISTER,
        Act.AMEND,
        Act.OPEN_RECRUITMENT,
        Act.ALLOCATE,
        Act.FREEZE,
        Act.POST_EVIDENCE,
        Act.SUSPEND,
        Act.RESUME,
        Act.WITHDRAW,
    }
)


@dataclass(frozen=True, slots=True)
class WrittenTimeline:
    """The page and what stands on it."""

    html: Path
    entries: tuple[TimelineEntry, ...]


def write_timeline(workspace: Workspace, *, as_of_day: date | None = None) -> WrittenTimeline:
    """Write the timeline of every registered cycle into the output folder; that of a past day to a page of its own."""
    states = {cycle: _state(workspace, cycle, as_of_day) for cycle in workspace.cycles}
    entries = tuple(entry for cycle, state in states.items() for entry in _cycle_entries(workspace, cycle, state))
    settings = workspace.programme.settings
    document = timeline_document(
        entries,
        programme=settings.title,
        today=str(as_of_day or date.today()),
        synthetic=settings.synthetic,
        links=tuple(_links(workspace, states)),
        pages=pages_beside(workspace, "timeline"),
    )
    page = workspace.output / (TIMELINE if as_of_day is None else f"timeline-as-of-{as_of_day}.html")
    write_page(workspace, page, render_html(document))
    return WrittenTimeline(page, entries)


def _state(workspace: Workspace, cycle: str, as_of_day: date | None) -> CycleState:
    if as_of_day is None:
        return workspace.state(cycle)
    return cycle_state(as_of(workspace.record.store.events(cycle=cycle), as_of_day))


def _cycle_entries(workspace: Workspace, cycle: str, state: CycleState) -> Iterator[TimelineEntry]:
    if state.stage is Stage.DRAFT:
        return
    found = read_locked(workspace, cycle, state)
    protocol = found.protocol
    lane = protocol.exposure.title if protocol.exposure else protocol.title
    for strategy in exposed_strategies(found):
        yield _span(lane, "improvement", strategy.title, protocol.design.follow_up)
    yield _span(lane, "evaluation", say("timeline.spans.baseline"), protocol.design.baseline)
    yield _span(lane, "evaluation", say("timeline.spans.follow_up"), protocol.design.follow_up)
    for wave in state.waves:
        if wave.batches:
            on = str(min(batch.effective_on for batch in wave.batches))
            yield TimelineEntry(lane=lane, kind="improvement", label=say("timeline.wave", number=wave.number), start=on)
    for done in state.history:
        label = _act_words(done.act, state)
        if label:
            yield TimelineEntry(lane=lane, kind="evaluation", label=label, start=str(done.effective_on))


def _span(lane: str, kind: Literal["improvement", "evaluation"], label: str, period: Period) -> TimelineEntry:
    last_day = period.end.first_day - timedelta(days=1)
    return TimelineEntry(lane=lane, kind=kind, label=label, start=str(period.start.first_day), end=str(last_day))


def _act_words(act: Act, state: CycleState) -> str:
    """How the timeline calls an act; empty for what it leaves out."""
    if act is Act.EVALUATE and state.verdict:
        return say("timeline.acts.evaluate_verdict", verdict=state.verdict)
    if act is Act.DECIDE and state.decision:
        return say("timeline.acts.decide", decision=decision_words(state.decision.decision))
    return say(f"timeline.acts.{act.value}") if act in _TOLD else ""


def _links(workspace: Workspace, states: Mapping[str, CycleState]) -> Iterator[Link]:
    for cycle, state in states.items():
        page = dossier_pages(cycle)["dossier"]
        if state.is_locked and (workspace.output / page).exists():
            yield Link(label=read_locked(workspace, cycle, state).protocol.title, href=page)
