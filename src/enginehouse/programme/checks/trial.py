"""With random allocation: who may take part, how arms are drawn, and which arms are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from enginehouse.core.words import counted
from enginehouse.programme.checks.exposure import site_levels
from enginehouse.programme.checks.names import Fault, Known, repeated, unknown, unknown_attribute
from enginehouse.programme.checks.schedule import compared_names
from enginehouse.programme.enums import AllocationMethod, AllocationUnit
from enginehouse.programme.grouping import COMPUTED, LIST_SIZE, grouping, plain_name
from enginehouse.programme.in_turn import drawn_names
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.trial import Allocation, Contrast, Eligibility, Range
from enginehouse.programme.wording import did_you_mean, one_of


def check_trial(protocol: Protocol, known: Known) -> Iterator[Fault]:
    if protocol.eligibility is not None:
        yield from _eligibility(protocol.eligibility, protocol, known)
    if protocol.allocation is not None:
        yield from _unit(protocol.allocation, known)
        yield from _strata(protocol.allocation, known)
        yield from _balance(protocol.allocation, known)
        yield from _listed(protocol.allocation)
        yield from _METHODS[protocol.allocation.method](protocol.allocation, len(drawn_names(protocol)))
    yield from _contrasts(protocol)
    yield from _different_arms(protocol)


def _eligibility(eligibility: Eligibility, protocol: Protocol, known: Known) -> Iterator[Fault]:
    path: Path = ("eligibility",)
    yield from site_levels(path, eligibility, known)
    for name, limits in eligibility.attributes.items():
        yield from unknown_attribute((*path, "attributes", name), name, known)
        yield from _range((*path, "attributes", name), limits)
    months = protocol.design.baseline_months
    if eligibility.baseline_months > months:
        what = f"got {eligibility.baseline_months}, more than the {months} months of the baseline."
        yield Fault((*path, "baseline_months"), what, f"Write {months} or fewer.")


def _range(path: Path, limits: Range) -> Iterator[Fault]:
    low, high = limits.at_least, limits.at_most
    if low is None and high is None:
        yield Fault(path, "got neither at_least nor at_most.", "Give at least one, or remove the attribute.")
    elif low is not None and high is not None and low > high:
        yield Fault(path, f"got at_least {low:g}, which is above at_most {high:g}.", "Exchange the two.")


def _unit(allocation: Allocation, known: Known) -> Iterator[Fault]:
    path, level = ("allocation", "network_level"), allocation.network_level
    if allocation.unit is AllocationUnit.NETWORK and level is None:
        what = "is missing; the unit is a network, and nothing says whose groups the networks are."
        yield Fault(path, what, "Name a level of the hierarchy.")
    elif allocation.unit is AllocationUnit.SITE and level is not None:
        yield Fault(path, f"got '{level}', but the unit is a site.", "Write 'unit: network', or remove it.")
    elif level is not None and known.levels is not None and level not in known.levels:
        add = "Declare it under levels of a source of kind sites in programme.yaml."
        yield unknown(path, level, known.levels, noun="level", add=add)


def _strata(allocation: Allocation, known: Known) -> Iterator[Fault]:
    yield from repeated(("allocation", "strata"), allocation.strata, noun="stratum")
    for number, name in enumerate(allocation.strata):
        path = ("allocation", "strata", number)
        if known.levels is None or name in known.levels:
            if name == allocation.network_level:
                what = f"got '{name}', which is what is allocated: each stratum would hold one network."
                yield Fault(path, what, "Name a larger level, or remove it.")
            continue
        group = grouping(name)
        if group.groups is None:
            yield _uncut(path, name, known)
        else:
            yield from unknown_attribute(path, group.attribute, known, computed=COMPUTED)


def _uncut(path: Path, name: str, known: Known) -> Fault:
    """A stratum that is no level and no attribute in groups."""
    assert known.levels is not None
    what = (
        f"got the stratum '{name}'; expected a level ({', '.join(sorted(known.levels)) or 'this programme has none'}) "
    )
    what += f"or an attribute in groups, for example {LIST_SIZE}_half."
    is_attribute = name in COMPUTED or (known.attributes is not None and name in known.attributes)
    return Fault(
        path, what, f"Write {name}_half or {name}_third." if is_attribute else did_you_mean(name, known.levels)
    )


def _balance(allocation: Allocation, known: Known) -> Iterator[Fault]:
    yield from repeated(("allocation", "balance"), allocation.balance, noun="attribute")
    in_groups = allocation.method is AllocationMethod.MINIMISATION
    for number, name in enumerate(allocation.balance):
        if in_groups and (known.levels is None or name in known.levels):
            continue
        attribute = grouping(name).attribute if in_groups and grouping(name).groups is not None else name
        yield from unknown_attribute(("allocation", "balance", number), attribute, known, computed=COMPUTED)


def _listed(allocation: Allocation) -> Iterator[Fault]:
    """Weights and bounds are of what is balanced; a key that another method alone reads is a mistake."""
    balanced = {plain_name(name) for name in allocation.balance}
    for key in ("weights", "bounds"):
        for name in getattr(allocation, key):
            if plain_name(name) not in balanced:
                what = f"got '{name}', which is not balanced; expected {one_of(allocation.balance)}."
                yield Fault(("allocation", key, name), what, "Name it under balance too, or remove it.")
    for key, methods in _READ_BY.items():
        if key in allocation.model_fields_set and allocation.method not in methods:
            what = f"got {key}, which {allocation.method} does not use."
            yield Fault(("allocation", key), what, f"Remove it, or use {' or '.join(methods)}.")


def _blocks(allocation: Allocation, arms: int) -> Iterator[Fault]:
    path: Path = ("allocation", "block_sizes")
    if not allocation.block_sizes:
        what = "is missing; stratified-blocks needs the sizes of its blocks."
        yield Fault(path, what, f"Write for example [{2 * arms}, {3 * arms}]: multiples of the {arms} arms.")
    for number, size in enumerate(allocation.block_sizes):
        if size < 1 or size % max(arms, 1):
            yield Fault((*path, number), f"got {size}; expected a multiple of the number of arms ({arms}).", "")
    if allocation.balance:
        what = "got attributes to balance; stratified-blocks keeps arms equal inside strata and balances nothing else."
        yield Fault(
            ("allocation", "balance"), what, "Make strata of them (list_size_half), or use covariate-constrained."
        )


_READ_BY: Final[Mapping[str, tuple[AllocationMethod, ...]]] = {
    "accepted_at_least": (AllocationMethod.COVARIATE_CONSTRAINED,),
    "score": (AllocationMethod.COVARIATE_CONSTRAINED,),
    "bounds": (AllocationMethod.COVARIATE_CONSTRAINED,),
    "weights": (AllocationMethod.COVARIATE_CONSTRAINED, AllocationMethod.MINIMISATION),
    "distance": (AllocationMethod.MINIMISATION,),
    "probability": (AllocationMethod.MINIMISATION,),
}
"""Which methods read a key that not all of them read."""


def _constrained(allocation: Allocation, arms: int) -> Iterator[Fault]:  # noqa: ARG001  (called like its neighbour)
    if not allocation.balance:
        what = "is missing; covariate-constrained chooses among schemes by how well they balance something."
        yield Fault(("allocation", "balance"), what, f"Name attributes, for example [{', '.join(COMPUTED)}].")
    if allocation.block_sizes:
        what = "got block sizes; covariate-constrained draws no blocks."
        yield Fault(("allocation", "block_sizes"), what, "Remove them, or use stratified-blocks.")


def _minimised(allocation: Allocation, arms: int) -> Iterator[Fault]:
    if not allocation.balance:
        what = "is missing; minimisation gives each site the arm that keeps the arms alike in something."
        yield Fault(
            ("allocation", "balance"), what, f"Name levels or attributes in groups, for example {LIST_SIZE}_third."
        )
    if allocation.strata:
        what = "got strata; minimisation balances one factor beside another, without combinations."
        yield Fault(("allocation", "strata"), what, "Name them under balance, or use covariate-constrained.")
    if allocation.block_sizes:
        what = "got block sizes; minimisation draws no blocks."
        yield Fault(("allocation", "block_sizes"), what, "Remove them, or use stratified-blocks.")
    if arms > 1 and allocation.probability * arms <= 1:
        among = f"among {counted(arms, 'arm')} the best one would be no likelier than another"
        what = f"got {allocation.probability:g}; {among}."
        yield Fault(("allocation", "probability"), what, "Write 0.8, or a share from 0.7 to 0.9.")


_METHODS: Final[Mapping[AllocationMethod, Callable[[Allocation, int], Iterator[Fault]]]] = {
    AllocationMethod.STRATIFIED_BLOCKS: _blocks,
    AllocationMethod.COVARIATE_CONSTRAINED: _constrained,
    AllocationMethod.MINIMISATION: _minimised,
}


def _contrasts(protocol: Protocol) -> Iterator[Fault]:
    seen: set[Contrast] = set()
    allowed = compared_names(protocol)
    for number, contrast in enumerate(protocol.contrasts):
        path = ("contrasts", number)
        for key in ("arm", "over"):
            if (name := getattr(contrast, key)) not in allowed:
                what = f"got the arm '{name}'; expected {one_of(allowed)}."
                yield Fault((*path, key), what, did_you_mean(name, allowed))
        yield from _about(protocol, contrast, number)
        if contrast.arm == contrast.over:
            yield Fault((*path, "over"), f"got '{contrast.over}' on both sides.", "Name the arm to compare with.")
        elif _same_strategies(protocol, contrast) and not protocol.rehearsal:
            what = f"got '{contrast.arm}' over '{contrast.over}', which get the same strategies."
            yield Fault(path, what, "Compare arms that differ in what they get.")
        if contrast in seen:
            yield Fault(path, f"got '{contrast.arm}' over '{contrast.over}' a second time.", "Remove one.")
        seen.add(contrast)


def _about(protocol: Protocol, contrast: Contrast, number: int) -> Iterator[Fault]:
    """The first comparison is about the primary indicator; the others about outcomes of this protocol."""
    path, name = ("contrasts", number, "indicator"), contrast.indicator
    outcomes = (protocol.indicator, *protocol.secondary)
    if name is None:
        return
    if number == 0 and name != protocol.indicator:
        what = f"got '{name}'; the first comparison gives the verdict on the primary indicator '{protocol.indicator}'."
        yield Fault(path, what, "Remove it, or exchange the two indicators.")
    elif name not in outcomes:
        what = f"got '{name}'; expected {one_of(outcomes)}."
        yield Fault(path, what, did_you_mean(name, outcomes) or "Name it under secondary too.")


def _same_strategies(protocol: Protocol, contrast: Contrast) -> bool:
    arm, over = (protocol.arms.get(name) for name in (contrast.arm, contrast.over))
    return arm is not None and over is not None and set(arm) == set(over)


def _different_arms(protocol: Protocol) -> Iterator[Fault]:
    """In a rehearsal arms are made up and may be the same; elsewhere there must be something to compare."""
    if not protocol.design.type.is_randomised or protocol.rehearsal or len(protocol.arms) < 2:
        return
    if len({frozenset(strategies) for strategies in protocol.arms.values()}) < 2:
        yield Fault(("arms",), "got the same strategies in every arm.", "Give at least one arm something else.")
