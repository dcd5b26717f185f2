"""Step: set costs and savings beside the effect, by the protocol's own prices."""

from __future__ import annotations

import json

from enginehouse.core.errors import UserError
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.activity import activity_by_arm
from enginehouse.cycle.allocation import read_allocation
from enginehouse.cycle.documents import named
from enginehouse.cycle.evaluate import recorded_its, recorded_trial
from enginehouse.cycle.register import Locked, locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.economics.appraise import Appraisal, appraise
from enginehouse.economics.costing import campaign_cost
from enginehouse.economics.trial_appraisal import (
    AnyAppraisal,
    TrialAppraisal,
    any_appraisal_from_record,
    appraise_trial,
)
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import CycleAppraised
from enginehouse.programme.strategy import Strategy


def appraise_cycle(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> AnyAppraisal:
    """What the registered effect was worth, what it cost as far as is known, and how likely it was to pay.

    The same appraisal again is not recorded again.
    """
    state = authorise(workspace, Act.APPRAISE, cycle, by)
    registered = locked(workspace, cycle, state)
    if registered.protocol.economics is None and not registered.protocol.rehearsal:
        raise UserError(
            "the registered protocol has no economics.",
            where=f"cycles/{cycle}/protocol.yaml",
            remedy="A price and the costs are registered with the protocol; without them nothing can be appraised.",
        )
    appraised = (
        _trial(workspace, cycle, state, registered) if state.is_allocated else _its(workspace, state, registered)
    )
    content = json.dumps(appraised.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = CycleAppraised(appraisal=sha256_hex(content), evaluation=named(state.evaluation))
    if event.appraisal != state.appraisal and not dry_run:
        record_act(workspace, Act.APPRAISE, event, cycle=cycle, by=by, documents=(content,))
    return appraised


def _trial(workspace: Workspace, cycle: str, state: CycleState, registered: Locked) -> TrialAppraisal:
    return appraise_trial(
        registered.protocol,
        recorded_trial(workspace, state),
        activity_by_arm(workspace, cycle, state, read_allocation(workspace, state)),
        registered.strategies,
        workspace.programme.settings,
    )


def _its(workspace: Workspace, state: CycleState, registered: Locked) -> Appraisal:
    economics, settings = registered.protocol.economics, workspace.programme.settings
    assert economics is not None, "asked for before"
    outcome = recorded_its(workspace, state).outcome(economics.price.indicator)
    absolute = outcome.registered.registered_window.absolute
    return appraise(
        economics,
        effect=outcome.headline,
        counterfactual_quantity=absolute.counterfactual if absolute else 0.0,
        strategy_costs=campaign_cost(exposed_strategies(registered)),
        currency=settings.currency,
        price_year=settings.price_year,
    )


def recorded_appraisal(workspace: Workspace, state: CycleState) -> AnyAppraisal | None:
    """The appraisal that the record names, if there is one."""
    if state.appraisal is None:
        return None
    return any_appraisal_from_record(json.loads(workspace.record.documents.get(state.appraisal)))


def exposed_strategies(registered: Locked) -> tuple[Strategy, ...]:
    """What the exposed sites got, which is what the campaign cost is made of; with allocation, what any arm got."""
    protocol, exposure = registered.protocol, registered.protocol.exposure
    arms = (protocol.arms[exposure.arm],) if exposure else tuple(protocol.arms.values())
    names = dict.fromkeys(name for arm in arms for name in arm)
    return tuple(registered.strategies[name] for name in names)
