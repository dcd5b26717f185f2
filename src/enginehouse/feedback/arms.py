"""What an arm of a protocol allows its reports to contain. The names of arms never leave this room in a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from enginehouse.core.errors import UserError, did_you_mean
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSpec:
    """The components that every report of an arm has, exactly; and the strategies with contacts that it may offer.

    `components` are those of the arm's strategies that send a report. `offers` are the arm's strategies that consist of
    contacts with the site: only these may be offered in words. `withheld` are components that the reports of another
    arm of the protocol have and these do not.
    """

    arm: str
    components: frozenset[str]
    offers: tuple[Strategy, ...]
    sends_report: bool
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Component:
    """A component that the room knows: its technique's number in the taxonomy, and the fields in which it stands."""

    technique: str
    fields: tuple[str, ...]


def allowed_components(protocol: Protocol, strategies: Mapping[str, Strategy], arm: str) -> ArmSpec:
    """What the reports of `arm` contain, by the protocol and its strategies.

    Raises
    ------
    UserError
        The protocol has no such arm.
    """
    if arm not in protocol.arms:
        raise UserError(f"got arm '{arm}'.", where="feedback", remedy=did_you_mean(arm, protocol.arms))
    own = _of_reports(protocol, strategies, arm)
    others = frozenset[str]().union(*(_of_reports(protocol, strategies, other) for other in protocol.arms))
    named = [strategies[name] for name in protocol.arms[arm]]
    return ArmSpec(
        arm=arm,
        components=own,
        offers=tuple(strategy for strategy in named if strategy.contact is not None),
        sends_report=any(strategy.sends_report for strategy in named),
        withheld=others - own,
    )


def _of_reports(protocol: Protocol, strategies: Mapping[str, Strategy], arm: str) -> frozenset[str]:
    named = (strategies[name] for name in protocol.arms[arm])
    return frozenset(part for strategy in named if strategy.sends_report for part in strategy.components)


@cache
def known_components() -> Mapping[str, Component]:
    """Components by name, from `components.yaml`."""
    text = (files("enginehouse.feedback") / "components.yaml").read_text(encoding="utf-8")
    return {name: Component(entry["technique"], tuple(entry["fields"])) for name, entry in yaml.safe_load(text).items()}


def withheld_fields(spec: ArmSpec) -> frozenset[str]:
    """Fields of a report that must stay empty in this arm, since another arm is to differ from it in them."""
    known = known_components()
    has = {field for part in spec.components if part in known for field in known[part].fields}
    lacks = {field for part in spec.withheld if part in known for field in known[part].fields}
    return frozenset(lacks - has)
