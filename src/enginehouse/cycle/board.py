"""Step: the one page for the board, in plain words, from the record and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from enginehouse.core.errors import NotAllowed
from enginehouse.core.files import write_whole
from enginehouse.cycle.dossier import basis_of
from enginehouse.cycle.pages import cycle_page, pages_beside, write_page
from enginehouse.cycle.weigh_priorities import last_priorities
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.governance.policies import next_step
from enginehouse.programme.enums import Priority
from enginehouse.reports.board import render_board
from enginehouse.reports.messages import say

_TO_DO = (Priority.IMPLEMENT, Priority.IMPLEMENT_WITH_EVALUATION, Priority.EVALUATE_ONLY)
_MOST_NEXT = 2


@dataclass(frozen=True, slots=True)
class WrittenBoard:
    """Where the page is."""

    html: Path
    pdf: Path


def write_board(workspace: Workspace, cycle: str, *, by: Acting) -> WrittenBoard:
    """Write the board's page of an evaluated trial: asked, done, found, spent, decided, next."""
    state = workspace.state(cycle)
    if not state.is_allocated or state.evaluation is None:
        raise NotAllowed(
            f"The cycle is {state.stage.words}: there is no result of a trial to tell the board.",
            where="board",
            remedy="The page is written once a trial is evaluated. "
            + next_step(state, design=workspace.protocol(cycle).design.type),
        )
    pages = pages_beside(workspace, "board", cycle=cycle) | {"board-pdf": cycle_page(cycle, "board-pdf")}
    page = render_board(basis_of(workspace, cycle, by=by), next_steps=next_steps(workspace), pages=pages)
    html, pdf = (workspace.output / cycle_page(cycle, kind) for kind in ("board", "board-pdf"))
    write_whole(pdf, page.pdf)
    write_page(workspace, html, page.html)
    return WrittenBoard(html, pdf)


def next_steps(workspace: Workspace) -> tuple[str, ...]:
    """What the newest weighing says should be done next, the most valuable first."""
    priorities = last_priorities(workspace)
    if priorities is None:
        return ()
    chosen = [weighed for weighed in priorities.ranked if weighed.priority in _TO_DO]
    return tuple(
        say("board.next", title=weighed.title, answer=weighed.priority.value, reason=weighed.because)
        for weighed in chosen[:_MOST_NEXT]
    )
