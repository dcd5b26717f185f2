"""Without random allocation: who got which arm, who they are compared with, and how places drift apart."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.programme.checks.names import Fault, Known, unknown_level
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Exposure, Protocol, Sites
from enginehouse.programme.trial import Eligibility
from enginehouse.programme.wording import did_you_mean, one_of


def check_exposure(protocol: Protocol, known: Known) -> Iterator[Fault]:
    exposure = protocol.exposure
    if exposure is not None:
        yield from _exposure(exposure, protocol)
        yield from site_levels(("exposure", "sites"), exposure.sites, known)
        for number, comparator in enumerate(exposure.comparators):
            yield from site_levels(("exposure", "comparators", number, "sites"), comparator.sites, known)
    yield from _drift(protocol, known)


def _exposure(exposure: Exposure, protocol: Protocol) -> Iterator[Fault]:
    if exposure.arm not in protocol.arms:
        yield Fault(
            ("exposure", "arm"),
            f"got the arm '{exposure.arm}'; expected {one_of(protocol.arms)}.",
            did_you_mean(exposure.arm, protocol.arms),
        )
    if not exposure.comparators:
        yield Fault(("exposure", "comparators"), "got none; expected at least one.", "Say who is compared with.")
    if not exposure.sites.within:
        yield Fault(("exposure", "sites"), "got every site as exposed.", "Name a level and its groups under within.")
    yield from _comparators(exposure)


def _comparators(exposure: Exposure) -> Iterator[Fault]:
    names = [comparator.name for comparator in exposure.comparators]
    for number, comparator in enumerate(exposure.comparators):
        path = ("exposure", "comparators", number)
        if names.index(comparator.name) != number:
            yield Fault((*path, "name"), f"got the comparator '{comparator.name}' twice.", "Give each its own name.")
        if comparator.sites == exposure.sites:
            yield Fault(
                (*path, "sites"), "got the same sites as the exposed.", "Compare with sites that did not get it."
            )


def site_levels(path: Path, sites: Sites | Eligibility, known: Known) -> Iterator[Fault]:
    """Levels that the hierarchy does not have."""
    for key in ("within", "outside"):
        for level in getattr(sites, key):
            yield from unknown_level((*path, key, level), level, known)


def _drift(protocol: Protocol, known: Known) -> Iterator[Fault]:
    drift = protocol.analysis.drift
    if drift is None:
        return
    path: Path = ("analysis", "drift")
    yield from unknown_level((*path, "cluster"), drift.cluster, known)
    yield from unknown_level((*path, "within"), drift.within, known)
    if drift.cluster == drift.within:
        yield Fault(
            (*path, "within"),
            f"got '{drift.within}' for both levels; a placebo area is compared with others inside a larger group.",
            "Name the larger level, for example region.",
        )
