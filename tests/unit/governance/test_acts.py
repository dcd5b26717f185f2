"""Every role with every act in every stage of every design: who may do what when, against `acts.csv`."""

from __future__ import annotations

from datetime import date

import pytest

from enginehouse.governance.permissions import may
from enginehouse.governance.policies import can_act
from enginehouse.governance.stages import ASIDE, Act, Stage, path_for
from enginehouse.programme.enums import DesignType, Role

TODAY = date(2026, 6, 1)
NOT_ALLOCATED = (DesignType.CONTROLLED_ITS, DesignType.STAGGERED)


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("stage", Stage)
def test_an_act_takes_the_role_and_the_stage_of_the_matrix(stage: Stage, act: Act, matrix, standing, someone):
    row, state = matrix[act], standing(stage)
    for design in DesignType:
        stages = row.not_allocated if design in NOT_ALLOCATED else row.allocated
        if stage not in {*path_for(design), *ASIDE}:
            continue
        possible = can_act(state, act, design=design, effective_on=TODAY, today=TODAY)
        for role in Role:
            done = possible and may(act, someone("p", role))
            assert done == (role in row.roles and stage in stages), (design, role)


@pytest.mark.parametrize("act", Act)
def test_an_auditor_changes_nothing(act: Act, matrix):
    assert (Role.AUDITOR in matrix[act].roles) == (act is Act.WRITE_DOSSIER)
