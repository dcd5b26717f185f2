"""The table of transitions: complete, leading somewhere, and the same as the matrix written by hand (`acts.csv`)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from enginehouse.governance.stages import (
    ALL_DESIGNS,
    ALONGSIDE,
    ENDS,
    NOT_ALLOCATED,
    NOT_TRANSITIONS,
    RANDOMISED,
    STEPS_THAT_STAY,
    TRANSITIONS,
    Act,
    Move,
    Stage,
    act_of,
    acts_alongside,
    acts_in,
    mermaid_diagram,
    path_for,
    payload_of,
    sources_of,
    transition,
)
from enginehouse.ledger.events import EVENTS
from enginehouse.programme.enums import DesignType


@pytest.mark.parametrize("design", DesignType)
@pytest.mark.parametrize("act", [act for act in Act if act not in NOT_TRANSITIONS])
def test_the_table_is_the_matrix_written_by_hand(act: Act, design: DesignType, matrix) -> None:
    not_allocated = design in ("controlled-its", "staggered")
    expected = matrix[act].not_allocated if not_allocated else matrix[act].allocated
    assert set(sources_of(act, design=design)) == expected
    assert list(sources_of(act, design=design)) == sorted(expected, key=list(Stage).index)


def test_the_matrix_names_every_act(matrix) -> None:
    assert set(matrix) == set(Act)


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


def test_acts_that_leave_the_stage_as_it_is_are_steps_or_go_alongside() -> None:
    stays = {row.act for row in TRANSITIONS if row.target is Move.STAYS}
    assert stays == STEPS_THAT_STAY | ALONGSIDE
    assert not STEPS_THAT_STAY & ALONGSIDE
    assert {Act.RECORD_APPROVAL, Act.RECORD_OPT_OUT, Act.LOG_CONTACTS, Act.MONITOR, Act.PROPOSE} <= ALONGSIDE


@pytest.mark.parametrize("stage", Stage)
def test_a_step_is_not_alongside_and_nothing_is_forgotten(stage: Stage) -> None:
    steps = acts_in(stage, design=DesignType.PARALLEL)
    beside = acts_alongside(stage, design=DesignType.PARALLEL)
    assert set(beside) <= ALONGSIDE
    possible = {act for act in Act if transition(act, stage, design=DesignType.PARALLEL)}
    assert {*steps, *beside} == possible


def test_the_diagram_shows_every_stage_and_every_step_and_not_what_goes_alongside() -> None:
    diagram = mermaid_diagram()
    assert diagram.startswith("stateDiagram-v2\n")
    assert '    state "following up" as following_up\n' in diagram
    assert "    registered --> frozen: freeze (not allocated)\n" in diagram
    assert "    following_up --> frozen: freeze (allocated)\n" in diagram
    assert "    recruiting --> allocated: allocate (allocated)\n" in diagram
    assert "    delivering --> delivering: send wave (allocated)\n" in diagram
    assert "    suspended --> delivering: resume\n" in diagram
    assert "    evaluated --> evaluated: appraise\n" in diagram
    assert "    closed --> [*]\n" in diagram
    for stage in Stage:
        assert stage.value.replace("-", "_") in diagram
    for row in TRANSITIONS:
        assert (f": {row.act.words}" in diagram) == (row.act not in ALONGSIDE)
