"""What is locked: the protocol's own indicators and strategies, as one canonical document that reads back."""

from __future__ import annotations

from enginehouse.cycle.definitions import (
    definitions_document,
    indicators_from_document,
    indicators_of,
    strategies_from_document,
    strategies_of,
)
from enginehouse.programme.load import load_programme
from enginehouse.programme.templates import new_programme


def test_definitions_read_back_as_they_were(tmp_path):
    programme = load_programme(new_programme(tmp_path / "p", template="opioid-campaign"))
    protocol = programme.protocols["west-yorkshire"]
    names = indicators_of(protocol)
    assert names[0] == "opioids-ome-per-patient"
    assert "trimethoprim-share" in names
    document = definitions_document(programme, names, strategies_of(protocol))
    assert indicators_from_document(document) == {name: programme.indicators[name] for name in sorted(names)}
    assert strategies_from_document(document) == dict(programme.strategies)


def test_the_document_does_not_depend_on_order_or_repetition(tmp_path):
    programme = load_programme(new_programme(tmp_path / "p", template="opioid-campaign"))
    names = sorted(programme.indicators)
    assert definitions_document(programme, names) == definitions_document(programme, [*reversed(names), names[0]])
