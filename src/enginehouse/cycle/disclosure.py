"""Which disclosure rule holds for numbers of an indicator: the strictest of the sources that they come from."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.governance.disclosure import strictest
from enginehouse.programme.enums import Disclosure, SourceKind
from enginehouse.programme.indicator import Indicator, ListSize
from enginehouse.programme.load import Programme
from enginehouse.programme.sources import Source

NUMBERS = frozenset({SourceKind.TOTALS, SourceKind.PRESCRIBING, SourceKind.LIST_SIZES})
"""Kinds of sources that an indicator's numbers come from; the others describe sites."""


def rule_for(programme: Programme, indicator: Indicator) -> Disclosure:
    """The rule for numerators and denominators by site."""
    return strictest(source.disclosure for source in _measured(programme, indicator))


def rule_with_sites(programme: Programme, indicator: Indicator) -> Disclosure:
    """The rule for tables that also say something of the sites, such as groups by deprivation."""
    describing = (s for s in programme.settings.sources.values() if s.kind not in NUMBERS)
    return strictest(source.disclosure for source in (*_measured(programme, indicator), *describing))


def _measured(programme: Programme, indicator: Indicator) -> Iterator[Source]:
    sources, ready = programme.settings.sources, indicator.measured_from.totals
    if ready is not None:
        yield sources[ready.source]
        return
    prescribing = indicator.measured_from.prescribing
    assert prescribing is not None, "an indicator is measured in one of two ways"
    kinds = {SourceKind.PRESCRIBING}
    if isinstance(prescribing.denominator, ListSize):
        kinds.add(SourceKind.LIST_SIZES)
    yield from (source for source in sources.values() if source.kind in kinds)
