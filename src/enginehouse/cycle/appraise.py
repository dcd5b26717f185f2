"""Step: set costs and savings beside the effect, by the protocol's own prices."""

from __future__ import annotations

import json

from enginehouse.core.errors import UserError
from enginehouse.cycle.act import authorise, record_act
from enginehouse.cycle.evaluate import named, recorded_evaluation
from enginehouse.cycle.register import Locked, locked
from enginehouse.cycle.workspace import Acting, Workspace
from enginehouse.economics.appraise import Appraisal, appraisal_from_record, appraise
from enginehouse.economics.costing import campaign_cost
from enginehouse.governance.stages import Act
from enginehouse.governance.state import CycleState
from enginehouse.ledger.canonical import sha256_hex
from enginehouse.ledger.events import CycleAppraised
from enginehouse.programme.strategy import Strategy


def appraise_cycle(workspace: Workspace, cycle: str, *, by: Acting, dry_run: bool = False) -> Appraisal:
    """What the registered effect saved, what it cost as far as is known, and how likely it was to pay.

    The same appraisal again is not recorded again.
    """
    state = authorise(workspace, Act.APPRAISE, cycle, by)
    registered = locked(workspace, cycle, state)
    economics = registered.protocol.economics
    if economics is None:
        raise UserError(
            "the registered protocol has no economics.",
            where=f"cycles/{cycle}/protocol.yaml",
            remedy="A price and the costs are registered with the protocol; without them nothing can be appraised.",
        )
    evaluation = recorded_evaluation(workspace, state)
    settings = workspace.programme.settings
    outcome = evaluation.outcome(economics.price.indicator)
    absolute = outcome.registered.registered_window.absolute
    result = appraise(
        economics,
        effect=outcome.headline,
        counterfactual_quantity=absolute.counterfactual if absolute else 0.0,
        strategy_costs=campaign_cost(exposed_strategies(registered)),
        currency=settings.currency,
        price_year=settings.price_year,
    )
    content = json.dumps(result.to_record(), sort_keys=True, allow_nan=False, ensure_ascii=False).encode()
    event = CycleAppraised(appraisal=sha256_hex(content), evaluation=named(state.evaluation))
    if event.appraisal != state.appraisal and not dry_run:
        record_act(workspace, Act.APPRAISE, event, cycle=cycle, by=by, documents=(content,))
    return result


def recorded_appraisal(workspace: Workspace, state: CycleState) -> Appraisal | None:
    """The appraisal that the record names, if there is one."""
    if state.appraisal is None:
        return None
    return appraisal_from_record(json.loads(workspace.record.documents.get(state.appraisal)))


def exposed_strategies(registered: Locked) -> tuple[Strategy, ...]:
    """What the exposed sites got, which is what the campaign cost is made of."""
    exposure = registered.protocol.exposure
    names = registered.protocol.arms[exposure.arm] if exposure else ()
    return tuple(registered.strategies[name] for name in names)
