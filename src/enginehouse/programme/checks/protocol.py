"""What must hold inside a protocol, and between it and the other definitions, before it can be registered.

The names that it uses and its arms are looked at here; each further theme has a module of its own (see the table).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from enginehouse.core.words import counted
from enginehouse.programme.checks.analysis import check_analysis
from enginehouse.programme.checks.calendar import check_calendar
from enginehouse.programme.checks.designs import check_design
from enginehouse.programme.checks.exposure import check_exposure
from enginehouse.programme.checks.margins import check_margins
from enginehouse.programme.checks.money import check_money
from enginehouse.programme.checks.names import Fault, Known, add_indicator, repeated, unknown, unknown_strategy
from enginehouse.programme.checks.reports import check_reports
from enginehouse.programme.checks.schedule import check_schedule
from enginehouse.programme.checks.trial import check_trial
from enginehouse.programme.enums import Direction
from enginehouse.programme.indicator import Status
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.wording import did_you_mean, one_of


def check_protocol(name: str, protocol: Protocol, known: Known) -> Iterator[Fault]:
    """Every fault, from every check of the table at the end of this file; `name` is the cycle's."""
    for check in CHECKS:
        yield from check(protocol, known)
    yield from _concurrent(name, protocol, known)


def _outcome_paths(protocol: Protocol) -> Iterator[tuple[Path, str]]:
    yield ("indicator",), protocol.indicator
    for key in ("secondary", "untargeted", "balancing"):
        for number, name in enumerate(getattr(protocol, key)):
            yield (key, number), name


def _indicators(protocol: Protocol, known: Known) -> Iterator[Fault]:
    seen: dict[str, Path] = {}
    for path, name in _outcome_paths(protocol):
        if name in seen:
            yield Fault(path, f"got the indicator '{name}' a second time.", "Name each indicator once.")
        seen.setdefault(name, path)
        if name not in known.indicators:
            yield unknown(path, name, known.indicators, noun="indicator", add=add_indicator(name))
        indicator = known.indicator(name)
        if indicator is not None and indicator.status is not Status.PUBLISHED:
            yield Fault(
                path,
                f"got '{name}', whose status is {indicator.status}; a protocol can use published indicators only.",
                f"Have it checked and write 'status: published' in indicators/{name}.yaml, or name another.",
            )


def _direction(protocol: Protocol, known: Known) -> Iterator[Fault]:
    indicator = known.indicator(protocol.indicator)
    if indicator is not None and indicator.direction is Direction.NONE:
        yield Fault(
            ("indicator",),
            f"got '{indicator.id}', which has no direction; without one there is no better or worse.",
            "Make it a secondary indicator and name another here.",
        )


def _arms(protocol: Protocol, known: Known) -> Iterator[Fault]:
    if len(protocol.arms) < 2:
        yield Fault(("arms",), f"got {counted(len(protocol.arms), 'arm')}; expected at least 2.", "Add usual-care: [].")
    for arm, strategies in protocol.arms.items():
        yield from repeated(("arms", arm), strategies, noun="strategy")
        for number, name in enumerate(strategies):
            yield from unknown_strategy(("arms", arm, number), name, known)
    for arm in protocol.arm_titles:
        if arm not in protocol.arms:
            yield unknown(("arm_titles", arm), arm, protocol.arms, noun="arm", add="Name it under arms first.")


def _concurrent(own: str, protocol: Protocol, known: Known) -> Iterator[Fault]:
    """Sites are in two cycles at once only if both protocols say so."""
    others = [name for name in known.folder.protocols if name != own]
    yield from repeated(("concurrent_with",), protocol.concurrent_with, noun="cycle")
    for number, name in enumerate(protocol.concurrent_with):
        path = ("concurrent_with", number)
        if name == own:
            yield Fault(path, f"got '{name}', which is this cycle.", "Remove it.")
        elif name not in others:
            what = f"got the cycle '{name}'; expected {one_of(others)}." if others else f"got the cycle '{name}'."
            yield Fault(path, what, did_you_mean(name, others) or f"There is no cycles/{name}.")
        else:
            other = known.folder.protocols[name].value
            if other is not None and own not in other.concurrent_with:
                what = f"got '{name}', whose protocol does not let its sites be in this cycle at the same time."
                yield Fault(path, what, f"Write 'concurrent_with: [{own}]' in cycles/{name}/protocol.yaml too.")


CHECKS: tuple[Callable[[Protocol, Known], Iterator[Fault]], ...] = (
    check_design,
    _indicators,
    _direction,
    _arms,
    check_exposure,
    check_trial,
    check_schedule,
    check_calendar,
    check_reports,
    check_margins,
    check_analysis,
    check_money,
)
