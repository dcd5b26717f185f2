"""A contract in which nobody has said what they expect is signed by nobody, and so nothing is allocated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enginehouse.core.errors import NotAllowed
from enginehouse.governance.due import due
from enginehouse.governance.signatures import check_signature, lacking_signatures
from enginehouse.governance.stages import Act, Stage
from enginehouse.governance.state import CycleState


def test_no_signatory_is_not_the_same_as_all_have_signed(rules):
    bare = replace(rules, signatories=())
    (lack,) = lacking_signatures(CycleState(), bare)
    assert lack.what == "The decision contract names no signatory: nobody has said what they expect."
    assert "Add a forecast of each signatory to contract.yaml" in lack.remedy
    assert list(lacking_signatures(CycleState(), replace(bare, needs_contract=False))) == []


def test_nobody_can_sign_it(rules):
    with pytest.raises(NotAllowed, match="Its signatories are those with a forecast: nobody"):
        check_signature(CycleState(), replace(rules, signatories=()), "asserted:board")


def test_the_forecasts_are_due(rules):
    state = CycleState(stage=Stage.REGISTERED, protocol_hash="h")
    items = due(state, replace(rules, signatories=()), rules.opt_out_by)
    assert "Add a forecast of each signatory to the decision contract and have it signed" in [
        item.what for item in items if item.act is Act.SIGN_CONTRACT
    ]
