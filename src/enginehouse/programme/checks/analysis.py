"""The registered analysis: what it names must exist, be measured, and be known of every site."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.programme.checks.names import Fault, Known, repeated, unknown_attribute
from enginehouse.programme.enums import Check, Direction
from enginehouse.programme.grouping import COMPUTED, grouping
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Engaged
from enginehouse.programme.wording import did_you_mean, one_of

# Without random allocation sites are cut into no other groups.
GROUPS_OF_A_SERIES = (3, 5)


def outcomes(protocol: Protocol) -> tuple[str, ...]:
    """Every indicator that the protocol measures, the primary first."""
    return (protocol.indicator, *protocol.secondary, *protocol.untargeted, *protocol.balancing)


def measured(path: Path, name: str, names: tuple[str, ...]) -> Iterator[Fault]:
    """The fault of an indicator that is not among those that the protocol measures."""
    if name not in names:
        yield Fault(
            path,
            f"got '{name}', which this protocol does not measure; expected {one_of(names)}.",
            did_you_mean(name, names) or "Add it to secondary.",
        )


def check_analysis(protocol: Protocol, known: Known) -> Iterator[Fault]:
    analysis = protocol.analysis
    for name in analysis.practice_models:
        yield from measured(("analysis", "practice_models", name), name, outcomes(protocol))
    yield from _subgroups(protocol, known)
    yield from repeated(("analysis", "checks"), analysis.checks, noun="check")
    if Check.UNTARGETED_OUTCOME in analysis.checks and not protocol.untargeted:
        yield Fault(
            ("analysis", "checks", analysis.checks.index(Check.UNTARGETED_OUTCOME)),
            "got untargeted-outcome, but the protocol names no untargeted indicator.",
            "Add untargeted: [...], or remove the check.",
        )
    trial = analysis.embedded_trial
    if trial is not None and trial.quoted_std_error is not None and not trial.source:
        yield Fault(("analysis", "embedded_trial"), "got quoted_std_error without its source.", "Add source.")
    if analysis.inequality is not None:
        yield from unknown_attribute(("analysis", "inequality"), analysis.inequality, known, computed=())
    if analysis.engaged is not None:
        yield from _engaged(analysis.engaged, protocol, known)
    yield from _harm_looks(protocol, known)


def _harm_looks(protocol: Protocol, known: Known) -> Iterator[Fault]:
    """Looks at arms before the end: at something that must not get worse, in months that have arms to compare."""
    path, looks, period = ("analysis", "harm_looks"), protocol.analysis.harm_looks, protocol.design.follow_up
    yield from repeated(path, [str(month) for month in looks], noun="month")
    if looks and not protocol.balancing:
        what = "got looks at harms, but the protocol names nothing that must not get worse."
        yield Fault(path, what, "Add balancing: [...], or remove harm_looks.")
    for number, month in enumerate(looks):
        if month not in period:
            what = f"got {month}, which is outside the follow-up ({period.start} to {period.last})."
            yield Fault((*path, number), what, "Name the last month of data of each look.")
    for name in protocol.balancing if looks else ():
        indicator = known.indicator(name)
        if indicator is not None and indicator.direction is Direction.NONE:
            what = f"got looks at harms, and '{name}' has no direction: nothing says which way is worse."
            yield Fault(path, what, f"Give indicators/{name}.yaml a direction, or make it a secondary indicator.")


def _subgroups(protocol: Protocol, known: Known) -> Iterator[Fault]:
    names = protocol.analysis.subgroups
    is_trial = protocol.design.type.is_randomised
    yield from repeated(("analysis", "subgroups"), names, noun="attribute")
    for number, name in enumerate(names):
        path, group = ("analysis", "subgroups", number), grouping(name)
        if known.attributes is not None and name in known.attributes:
            continue
        yield from unknown_attribute(path, group.attribute, known, computed=COMPUTED if is_trial else ())
        if not is_trial and group.groups not in (None, *GROUPS_OF_A_SERIES):
            what = f"got '{name}'; in a {protocol.design.type} subgroups are thirds or fifths."
            yield Fault(path, what, f"Write {group.attribute}_third or {group.attribute}_quintile.")


def _engaged(engaged: Engaged, protocol: Protocol, known: Known) -> Iterator[Fault]:
    """Some contrast must have the component in its arm alone."""
    path, name = ("analysis", "engaged", "strategy"), engaged.strategy
    known_arms = [c for c in protocol.contrasts if c.arm in protocol.arms and c.over in protocol.arms]
    having = [contrast for contrast in known_arms if name in protocol.arms[contrast.arm]]
    if known_arms and not having:
        judged = sorted({strategy for contrast in known_arms for strategy in protocol.arms[contrast.arm]})
        what = f"got '{name}', which no arm that is judged has; expected {one_of(judged) if judged else 'nothing'}."
        yield Fault(path, what, did_you_mean(name, judged))
    elif having and all(name in protocol.arms[contrast.over] for contrast in having):
        what = f"got '{name}', which the comparator {having[0].over} gets too."
        yield Fault(path, what, "Name a component that the comparator cannot receive, or remove engaged.")
    strategy = known.strategy(name)
    if strategy is not None and strategy.contact is None and strategy.delivered_by is None:
        what = f"got '{name}', but nothing is logged of who received it."
        yield Fault(path, what, f"Add contact or delivered_by in strategies/{name}.yaml, or remove engaged.")
