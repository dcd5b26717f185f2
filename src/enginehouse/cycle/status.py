"""Where each cycle of a programme stands on a day, what is due, and from whom. Nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from enginehouse.cycle.act import rules_for
from enginehouse.cycle.workspace import Workspace
from enginehouse.governance.due import Due, due
from enginehouse.governance.policies import next_step
from enginehouse.governance.stages import Stage
from enginehouse.governance.state import CycleState, as_of, cycle_state
from enginehouse.governance.visibility import OPENS, may_read


@dataclass(frozen=True, slots=True)
class Standing:
    """One cycle on one day. `people` are those who could do what is due, by the roles in people.csv."""

    cycle: str
    title: str
    stage: Stage
    since: date | None
    next_step: str
    due: tuple[Due, ...]
    amendments: int
    verdict: str


def status(workspace: Workspace, *, on: date, as_of_day: date | None = None) -> tuple[Standing, ...]:
    """Every cycle, as it stands (or stood on `as_of_day`)."""
    return tuple(_standing(workspace, cycle, on, as_of_day) for cycle in workspace.programme.protocols)


def people_for(workspace: Workspace, item: Due, stage: Stage) -> tuple[str, ...]:
    """Who could do it: those named by the record, else everybody with the role who may see what the act shows."""
    if item.people:
        return item.people
    shown = OPENS.get(item.act) if item.act is not None else None
    return tuple(
        sorted(
            person.id
            for person in workspace.people.values()
            if person.roles & item.roles and (shown is None or may_read(shown, stage=stage, roles=person.roles))
        )
    )


def _standing(workspace: Workspace, cycle: str, on: date, as_of_day: date | None) -> Standing:
    events = tuple(workspace.record.store.events(cycle=cycle))
    state = cycle_state(events if as_of_day is None else as_of(events, as_of_day))
    rules = rules_for(workspace, cycle, state)
    return Standing(
        cycle=cycle,
        title=workspace.protocol(cycle).title,
        stage=state.stage,
        since=_since(state),
        next_step=next_step(state, design=rules.design, rules=rules),
        due=due(state, rules, as_of_day or on),
        amendments=len(state.amendments),
        verdict=state.verdict or "",
    )


def _since(state: CycleState) -> date | None:
    """The day on which it came to the stage in which it stands."""
    found: date | None = None
    for done in state.history:
        if done.stage is state.stage:
            found = found or done.effective_on
        else:
            found = None
    return found


def overdue(standings: Iterable[Standing], on: date) -> int:
    """How many things should have been done by now."""
    return sum(item.is_overdue(on) for standing in standings for item in standing.due)
