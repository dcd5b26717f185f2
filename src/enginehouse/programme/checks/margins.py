"""Margins and assumed effects: on the right side of no difference, and none that contradicts another."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.programme.checks.names import Fault, Known
from enginehouse.programme.enums import Direction, Summary
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Protocol

NO_DIFFERENCE = {Summary.RATIO: 1.0, Summary.DIFFERENCE: 0.0}


def check_margins(protocol: Protocol, known: Known) -> Iterator[Fault]:
    ratio = protocol.estimand.summary is Summary.RATIO
    refused = {path: value for path, value in _values(protocol) if ratio and value <= 0}
    for path, value in refused.items():
        yield Fault(path, f"got {value:g}; a ratio is above 0.", "Write 0.98 for a fall of 2%, 1.02 for a rise of 2%.")
    indicator = known.indicator(protocol.indicator)
    if indicator is not None and indicator.direction is not Direction.NONE:
        yield from (fault for fault in _sides(protocol, indicator) if fault.path not in refused)
    if not refused:
        yield from _equivalence(protocol)


def _values(protocol: Protocol) -> Iterator[tuple[Path, float]]:
    """Every number on the scale of the effect."""
    for number, value in enumerate(protocol.analysis.equivalence or ()):
        yield ("analysis", "equivalence", number), value
    yield from ((path, value) for path, value, _, _ in _sided(protocol))


def _sided(protocol: Protocol) -> Iterator[tuple[Path, float, bool, str]]:
    """Numbers that belong on one side of no difference: whether it is that of improvement, and what they are."""
    analysis = protocol.analysis
    yield ("analysis", "worthwhile"), analysis.worthwhile, True, "a margin"
    if analysis.non_inferiority is not None:
        yield ("analysis", "non_inferiority"), analysis.non_inferiority, False, "a margin"
    if protocol.power is not None:
        yield ("power", "effect"), protocol.power.effect, True, "an effect"


def _sides(protocol: Protocol, indicator: Indicator) -> Iterator[Fault]:
    """A worthwhile effect, and one to be found, is an improvement; a margin of harm is a worsening."""
    null = NO_DIFFERENCE[protocol.estimand.summary]
    low_is_good = indicator.direction is Direction.LOWER_IS_BETTER
    why = f"For '{indicator.id}' {'lower' if low_is_good else 'higher'} is better, and no difference is {null:g}."
    for path, value, improves, noun in _sided(protocol):
        below = improves == low_is_good
        if not (value < null if below else value > null):
            yield Fault(path, f"got {value:g}; expected {noun} {'below' if below else 'above'} {null:g}.", why)


def _equivalence(protocol: Protocol) -> Iterator[Fault]:
    equivalence, worthwhile = protocol.analysis.equivalence, protocol.analysis.worthwhile
    summary = protocol.estimand.summary
    null = NO_DIFFERENCE[summary]
    if equivalence is None:
        return
    low, high = equivalence
    if not low < null < high:
        yield Fault(
            ("analysis", "equivalence"),
            f"got [{low:g}, {high:g}]; expected one margin below {null:g} and one above it.",
            f"For a {summary}, no difference is {null:g}.",
        )
    elif low < worthwhile < high:
        yield Fault(
            ("analysis", "worthwhile"),
            f"got {worthwhile:g}, which lies inside the equivalence margins [{low:g}, {high:g}]: one result could be "
            "both worthwhile and as good as none.",
            "Write a margin of a worthwhile effect that is on an equivalence margin or beyond it.",
        )
