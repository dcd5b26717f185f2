"""Definitions as they are locked: one canonical document of a protocol's indicators and strategies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from enginehouse.ledger.canonical import canonical_json
from enginehouse.programme.hashing import definition_bytes
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.load import Programme
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.read import indicator_from_json, strategy_from_json
from enginehouse.programme.strategy import Strategy


def definitions_document(programme: Programme, indicators: Iterable[str], strategies: Iterable[str] = ()) -> bytes:
    """The named definitions as canonical JSON."""
    return canonical_json(
        {
            "indicators": {
                name: json.loads(definition_bytes(programme.indicators[name])) for name in sorted(set(indicators))
            },
            "strategies": {
                name: json.loads(definition_bytes(programme.strategies[name])) for name in sorted(set(strategies))
            },
        }
    )


def indicators_from_document(document: bytes) -> Mapping[str, Indicator]:
    return {
        name: indicator_from_json(canonical_json(spec)) for name, spec in json.loads(document)["indicators"].items()
    }


def strategies_from_document(document: bytes) -> Mapping[str, Strategy]:
    return {name: strategy_from_json(canonical_json(spec)) for name, spec in json.loads(document)["strategies"].items()}


def indicators_of(protocol: Protocol) -> tuple[str, ...]:
    """Every indicator that the protocol names, the primary first."""
    return (protocol.indicator, *protocol.secondary, *protocol.untargeted, *protocol.balancing)


def strategies_of(protocol: Protocol) -> tuple[str, ...]:
    return tuple(sorted({strategy for arm in protocol.arms.values() for strategy in arm}))
