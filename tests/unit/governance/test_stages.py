"""The table of transitions: complete, leading somewhere, and the same as the matrices written out here by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from enginehouse.governance.stages import (
    ALL_DESIGNS,
    ENDS,
    NOT_ALLOCATED,
    NOT_TRANSITIONS,
    RANDOMISED,
    TRANSITIONS,
    Act,
    Move,
    Stage,
    act_of,
    acts_in,
    mermaid_diagram,
    path_for,
    payload_of,
    sources_of,
    transition,
)
from enginehouse.ledger.events import EVENTS
from enginehouse.programme.enums import DesignType

STAGES = tuple(Stage)

# One letter a stage, in the order draft, Registered, reCruiting, Allocated, deLivering, following-Up, Frozen, Evaluated,
# deCided, closed, Suspended, Withdrawn; x: possible.
#                          d r c a l u f e c x s w
ALLOCATED_ACTS = {
    Act.REGISTER: "        x . . . . . . . . . . .",
    Act.AMEND: "           . x x x x x . . . . . .",
    Act.OPEN_RECRUITMENT: ". x . . . . . . . . . .",
    Act.ALLOCATE: "        . . x . . . . . . . . .",
    Act.START_DELIVERY: "  . . . x . . . . . . . .",
    Act.START_FOLLOW_UP: " . . . . x . . . . . . .",
    Act.FREEZE: "          . . . . . x . . . . . .",
    Act.EVALUATE: "        . . . . . . x . . . . .",
    Act.APPRAISE: "        . . . . . . . x x . . .",
    Act.DECIDE: "          . . . . . . . x . . . .",
    Act.CLOSE: "           . . . . . . . . x . . .",
    Act.SUSPEND: "         . x x x x x x . . . . .",
    Act.RESUME: "          . . . . . . . . . . x .",
    Act.WITHDRAW: "        . x x x x x x . . . x .",
}
NOT_ALLOCATED_ACTS = {
    **ALLOCATED_ACTS,
    Act.AMEND: "           . x . . . . . . . . . .",
    Act.SUSPEND: "         . x . . . . x . . . . .",
    Act.WITHDRAW: "        . x . . . . x . . . x .",
    Act.OPEN_RECRUITMENT: ". . . . . . . . . . . .",
    Act.ALLOCATE: "        . . . . . . . . . . . .",
    Act.START_DELIVERY: "  . . . . . . . . . . . .",
    Act.START_FOLLOW_UP: " . . . . . . . . . . . .",
    Act.FREEZE: "          . x . . . . . . . . . .",
}


@pytest.mark.parametrize("design", DesignType)
@pytest.mark.parametrize("act", [act for act in Act if act not in NOT_TRANSITIONS])
def test_the_table_is_the_matrix_written_by_hand(act: Act, design: DesignType) -> None:
    matrix = NOT_ALLOCATED_ACTS if design in ("controlled-its", "staggered") else ALLOCATED_ACTS
    marks = matrix[act].split()
    expected = tuple(stage for stage, mark in zip(STAGES, marks, strict=True) if mark == "x")
    assert sources_of(act, design=design) == expected


@pytest.mark.parametrize("design", [DesignType.CONTROLLED_ITS, DesignType.STAGGERED])
def test_a_cycle_without_allocation_goes_from_registered_to_frozen(design: DesignType) -> None:
    assert path_for(design) == ("draft", "registered", "frozen", "evaluated", "decided", "closed")


@pytest.mark.parametrize("design", sorted(RANDOMISED))
def test_an_allocated_cycle_passes_every_stage(design: DesignType) -> None:
    assert path_for(design) == tuple(s for s in Stage if s not in ("suspended", "withdrawn"))


@pytest.mark.parametrize("design", DesignType)
def test_each_path_ends_and_each_step_of_it_is_one_act(design: DesignType) -> None:
    path = path_for(design)
    assert path[-1] is Stage.CLOSED
    for here, there in pairwise(path):
        steps = {row.act for a in Act if (row := transition(a, here, design=design)) and row.target is there}
        assert len(steps) == 1


def test_every_design_is_placed() -> None:
    assert RANDOMISED | NOT_ALLOCATED == frozenset(DesignType) == ALL_DESIGNS
    assert not RANDOMISED & NOT_ALLOCATED


def test_every_act_is_recorded_as_one_payload_and_every_payload_records_one_act() -> None:
    recorded = {act: payload_of(act) for act in Act}
    assert set(recorded.values()) == set(EVENTS.values())
    assert len(set(recorded.values())) == len(Act)
    assert all(EVENTS[payload.type] is payload for payload in recorded.values())
    assert all(act_of(payload) is act for act, payload in recorded.items())


def test_an_act_is_either_a_transition_or_declared_not_to_be_one() -> None:
    assert {row.act for row in TRANSITIONS} | set(NOT_TRANSITIONS) == set(Act)
    assert not {row.act for row in TRANSITIONS} & set(NOT_TRANSITIONS)


def test_one_act_has_one_payload_whatever_the_design() -> None:
    assert len({(row.act, row.payload) for row in TRANSITIONS}) == len({row.act for row in TRANSITIONS})


@pytest.mark.parametrize("design", DesignType)
def test_no_act_leads_to_two_places_from_one_stage(design: DesignType) -> None:
    for act in Act:
        for stage in Stage:
            rows = [r for r in TRANSITIONS if r.act == act and stage in r.sources and design in r.designs]
            assert len(rows) <= 1


@pytest.mark.parametrize("design", DesignType)
@pytest.mark.parametrize("stage", Stage)
def test_every_stage_but_the_ends_can_be_left(stage: Stage, design: DesignType) -> None:
    if stage in path_for(design) or stage is Stage.SUSPENDED:
        assert bool(acts_in(stage, design=design)) == (stage not in ENDS)


def test_the_step_forward_is_named_first() -> None:
    assert acts_in(Stage.REGISTERED, design=DesignType.CONTROLLED_ITS) == (
        Act.FREEZE,
        Act.AMEND,
        Act.SUSPEND,
        Act.WITHDRAW,
    )
    assert acts_in(Stage.EVALUATED, design=DesignType.PARALLEL) == (Act.DECIDE, Act.APPRAISE)


def test_amending_and_appraising_leave_the_stage_as_it_is() -> None:
    assert {row.act for row in TRANSITIONS if row.target is Move.STAYS} == {Act.AMEND, Act.APPRAISE}


def test_the_diagram_shows_every_stage_and_every_act() -> None:
    diagram = mermaid_diagram()
    assert diagram.startswith("stateDiagram-v2\n")
    assert '    state "following up" as following_up\n' in diagram
    assert "    registered --> frozen: freeze (not allocated)\n" in diagram
    assert "    following_up --> frozen: freeze (allocated)\n" in diagram
    assert "    suspended --> delivering: resume\n" in diagram
    assert "    evaluated --> evaluated: appraise\n" in diagram
    assert "    closed --> [*]\n" in diagram
    for stage in Stage:
        assert stage.value.replace("-", "_") in diagram
    for row in TRANSITIONS:
        assert f": {row.act.words}" in diagram
