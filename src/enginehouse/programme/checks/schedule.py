"""What must hold of sequences, pooled arms, the second stage of a SMART and the comparisons that are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from enginehouse.core.words import counted
from enginehouse.programme.checks.names import Fault, Known, add_indicator, repeated, unknown, unknown_attribute
from enginehouse.programme.enums import DesignType, Direction
from enginehouse.programme.grouping import COMPUTED, grouping
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.schedule import SecondStage, Turn
from enginehouse.programme.wording import did_you_mean, one_of

FACTORS = 2


def check_schedule(protocol: Protocol, known: Known) -> Iterator[Fault]:
    """Every fault of the parts that `programme.schedule` defines; each part only where the protocol has it."""
    yield from _sequences(protocol)
    yield from _pooled(protocol)
    if protocol.second_stage is not None:
        yield from _second_stage(protocol.second_stage, protocol, known)


def _arm(path: Path, name: str, protocol: Protocol) -> Iterator[Fault]:
    if name not in protocol.arms:
        yield unknown(path, name, protocol.arms, noun="arm", add="Name it under arms first.")


def _sequences(protocol: Protocol) -> Iterator[Fault]:
    for name, turns in protocol.sequences.items():
        path: Path = ("sequences", name)
        if not turns:
            yield Fault(path, "got no turns.", "Say which arm its sites have from which month on.")
            continue
        for number, turn in enumerate(turns):
            yield from _arm((*path, number, "arm"), turn.arm, protocol)
        yield from _turn_months(path, turns, protocol)
    if len(protocol.sequences) == 1:
        yield Fault(("sequences",), "got 1 sequence; expected at least 2.", "Chance decides between sequences.")
    yield from _same_turns(protocol.sequences)
    if protocol.sequences and protocol.design.type is DesignType.STEPPED_WEDGE:
        yield from _one_way(protocol)


def _turn_months(path: Path, turns: tuple[Turn, ...], protocol: Protocol) -> Iterator[Fault]:
    span = protocol.design.follow_up
    if turns[0].starts != span.start:
        what = f"got {turns[0].starts}; the first turn starts with the follow-up ({span.start})."
        yield Fault((*path, 0, "starts"), what, f"Write {span.start}.")
    for number, (before, turn) in enumerate(pairwise(turns), start=1):
        where: Path = (*path, number, "starts")
        if turn.starts <= before.starts:
            yield Fault(where, f"got {turn.starts}, which is not after {before.starts}.", "Give turns in their order.")
        elif turn.starts >= span.end:
            yield Fault(where, f"got {turn.starts}, after the follow-up has ended ({span.last}).", "Begin it earlier.")
        elif turn.starts - before.starts <= protocol.design.transition_months and before.arm != turn.arm:
            what = f"got {turn.starts}: after the transition months no month is left of the turn before."
            yield Fault(where, what, "Let turns last longer, or leave out fewer months.")


def _same_turns(sequences: Mapping[str, tuple[Turn, ...]]) -> Iterator[Fault]:
    seen: dict[tuple[Turn, ...], str] = {}
    for name, turns in sequences.items():
        if turns and turns in seen:
            yield Fault(("sequences", name), f"got the same turns as '{seen[turns]}'.", "Keep one of the two.")
        seen.setdefault(turns, name)


def _one_way(protocol: Protocol) -> Iterator[Fault]:
    """In a stepped wedge sites change from the comparator to the arm that is judged, once."""
    if not protocol.contrasts:
        return
    order = (protocol.contrasts[0].over, protocol.contrasts[0].arm)
    for name, turns in protocol.sequences.items():
        arms = tuple(turn.arm for turn in turns)
        if arms not in (order, order[:1], order[1:]):
            once = f"a site changes once, from {order[0]} to {order[1]}"
            what = f"got the arms {', '.join(arms)}; in a stepped wedge {once}."
            yield Fault(("sequences", name), what, "Give it these two turns, or one of them.")


def _pooled(protocol: Protocol) -> Iterator[Fault]:
    for name, arms in protocol.pooled_arms.items():
        path: Path = ("pooled_arms", name)
        if name in protocol.arms:
            yield Fault(path, f"got '{name}', which is an arm.", "Use a name of its own.")
        if not arms:
            yield Fault(path, "got no arms.", "Name those that are taken together.")
        yield from repeated(path, arms, noun="arm")
        for number, arm in enumerate(arms):
            yield from _arm((*path, number), arm, protocol)
    if protocol.design.type is DesignType.FACTORIAL:
        yield from _factors(protocol)


def factor_contrasts(protocol: Protocol) -> tuple[int, ...]:
    """Positions of the comparisons of a factorial that divide all its arms into two sides: the main effects."""
    whole = set(protocol.arms)
    sides = [[set(protocol.pooled_arms.get(n, ())) for n in (c.arm, c.over)] for c in protocol.contrasts]
    return tuple(place for place, (a, b) in enumerate(sides) if a and b and not a & b and a | b == whole)


def _factors(protocol: Protocol) -> Iterator[Fault]:
    if len(protocol.arms) != FACTORS**2:
        what = f"got {counted(len(protocol.arms), 'arm')}; a 2x2 factorial has 4: neither component, each alone, both."
        yield Fault(("arms",), what, "Name the four.")
        return
    mains = factor_contrasts(protocol)
    if len(mains) != FACTORS:
        what = f"got {counted(len(mains), 'comparison')} of one half of the arms with the other; a 2x2 factorial has 2."
        yield Fault(("contrasts",), what, "Pool the arms with and without each component, and compare the two.")
        return
    first, second = (set(protocol.pooled_arms[protocol.contrasts[place].arm]) for place in mains)
    if len(first) != FACTORS or len(second) != FACTORS or len(first & second) != 1:
        what = "got two components that do not cross: one arm must have both, one neither, and one each alone."
        yield Fault(("pooled_arms",), what, "Look again at which arms have which component.")


def _second_stage(stage: SecondStage, protocol: Protocol, known: Known) -> Iterator[Fault]:
    yield from _decision(stage, protocol)
    yield from _response(stage, known)
    for first, arms in stage.again.items():
        path: Path = ("second_stage", "again", first)
        yield from _arm(path, first, protocol)
        yield from repeated(path, arms, noun="arm")
        for number, arm in enumerate(arms):
            yield from _arm((*path, number), arm, protocol)
        if len(set(arms)) < 2:
            what = f"got {counted(len(set(arms)), 'arm')}; expected at least 2 to draw from."
            yield Fault(path, what, "Add going on as it is.")
    for number, name in enumerate(stage.strata):
        if grouping(name).groups is not None:
            path = ("second_stage", "strata", number)
            yield from unknown_attribute(path, grouping(name).attribute, known, computed=COMPUTED)
    yield from _regimes(stage, protocol)


def _decision(stage: SecondStage, protocol: Protocol) -> Iterator[Fault]:
    span = protocol.design.follow_up
    if not span.start < stage.starts < span.end:
        what = f"got {stage.starts}, which is not inside the follow-up ({span.start} to {span.last})."
        yield Fault(
            ("second_stage", "starts"), what, "Leave months of the first stage before it and of the second after."
        )
    if not span.start.first_day < stage.decide_on <= stage.starts.first_day:
        what = f"got {stage.decide_on}; the decision falls between the start ({span.start}) and the second stage "
        what += f"({stage.starts})."
        yield Fault(("second_stage", "decide_on"), what, "Decide in the weeks before the second stage starts.")


def _response(stage: SecondStage, known: Known) -> Iterator[Fault]:
    path: Path = ("second_stage", "response", "indicator")
    name = stage.response.indicator
    if name not in known.indicators:
        yield unknown(path, name, known.indicators, noun="indicator", add=add_indicator(name))
    indicator = known.indicator(name)
    if indicator is not None and indicator.direction is Direction.NONE:
        yield Fault(path, f"got '{name}', which has no direction: nothing says what a response is.", "Name another.")


def _regimes(stage: SecondStage, protocol: Protocol) -> Iterator[Fault]:
    for name, regime in stage.regimes.items():
        path: Path = ("second_stage", "regimes", name)
        if name in protocol.arms:
            yield Fault(path, f"got '{name}', which is an arm.", "Use a name of its own.")
        yield from _arm((*path, "first"), regime.first, protocol)
        options = stage.again.get(regime.first, (regime.first,))
        if regime.then not in options:
            what = f"got '{regime.then}', which nobody gets after '{regime.first}'; expected {one_of(options)}."
            yield Fault((*path, "then"), what, did_you_mean(regime.then, options))
    if len(stage.regimes) < 2:
        what = f"got {counted(len(stage.regimes), 'regime')}; expected at least 2 to compare."
        yield Fault(("second_stage", "regimes"), what, "Name what is done first, and what follows without response.")


def compared_names(protocol: Protocol) -> tuple[str, ...]:
    """What a contrast of this protocol may name."""
    if protocol.second_stage is not None:
        return tuple(protocol.second_stage.regimes)
    return (*protocol.arms, *protocol.pooled_arms)
