"""What an arm of a protocol allows its reports to contain. The names of arms never leave this room in a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.programme.protocol import Protocol
from enginehouse.programme.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSpec:
    """The components that every report of an arm has, exactly; and the strategies with contacts that it may offer.

    `components` are those of the arm's strategies that send a report. `offers` are the arm's strategies that consist of
    contacts with the site: only these may be offered in words.
    """

    arm: str
    components: frozenset[str]
    offers: tuple[Strategy, ...]
    sends_report: bool


def allowed_components(protocol: Protocol, strategies: Mapping[str, Strategy], arm: str) -> ArmSpec:
    """What the reports of `arm` contain, by the protocol and its strategies."""
    raise NotImplementedError
