"""What must hold inside a protocol, and between it and the other definitions, before it can be registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from enginehouse.programme.crosschecks import Fault, Known, add_indicator, unknown
from enginehouse.programme.enums import Check, DesignType, Direction, Summary
from enginehouse.programme.indicator import Indicator, Status
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Claim, Exposure, Protocol, Sites
from enginehouse.programme.wording import did_you_mean, one_of

# The other designs need allocation and delivery, which a protocol cannot state yet: better refused than half read.
RUNNABLE_DESIGNS = (DesignType.CONTROLLED_ITS,)
# A level and a slope with correlated errors; with fewer months no interval would mean anything.
FEWEST_BASELINE_MONTHS = 6
NO_DIFFERENCE = {Summary.RATIO: 1.0, Summary.DIFFERENCE: 0.0}


def check_protocol(protocol: Protocol, known: Known) -> Iterator[Fault]:
    """Every fault, from every check of the two tables at the end of this file."""
    for alone in ALONE:
        yield from alone(protocol)
    for check in WITH_OTHERS:
        yield from check(protocol, known)


def outcomes(protocol: Protocol) -> tuple[str, ...]:
    """Every indicator that the protocol measures, the primary first."""
    return (protocol.indicator, *protocol.secondary, *protocol.untargeted, *protocol.balancing)


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
        yield Fault(("arms",), f"got {len(protocol.arms)} arm(s); expected at least 2.", "Add usual-care: [].")
    for arm, strategies in protocol.arms.items():
        for number, name in enumerate(strategies):
            if name not in known.strategies:
                add = f"Write strategies/{name}.yaml, or use another name."
                yield unknown(("arms", arm, number), name, known.strategies, noun="strategy", add=add)


def _design(protocol: Protocol) -> Iterator[Fault]:
    design = protocol.design.type
    if design not in RUNNABLE_DESIGNS:
        yield Fault(
            ("design", "type"),
            f"got '{design}', which this release cannot run; it runs {one_of(RUNNABLE_DESIGNS)}.",
            "Keep this protocol outside the folder cycles until then.",
        )
    elif protocol.exposure is None:
        yield Fault(("exposure",), f"is missing; {design} must say which sites got which arm.", "Add it.")
    months = protocol.design.baseline_months
    if design is DesignType.CONTROLLED_ITS and months < FEWEST_BASELINE_MONTHS:
        yield Fault(
            ("design", "baseline_months"),
            f"got {months}; the trend before the start takes at least {FEWEST_BASELINE_MONTHS} months.",
            "Take 12 or more, where the data reach so far back.",
        )


def _exposure(protocol: Protocol) -> Iterator[Fault]:
    exposure = protocol.exposure
    if exposure is None:
        return
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


def _levels(protocol: Protocol, known: Known) -> Iterator[Fault]:
    allowed = known.levels
    if allowed is None:
        return
    for path, level in _named_levels(protocol):
        if level not in allowed:
            add = "Declare it under levels of a source of kind sites in programme.yaml."
            yield unknown(path, level, allowed, noun="level", add=add)


def _named_levels(protocol: Protocol) -> Iterator[tuple[Path, str]]:
    if protocol.exposure is not None:
        yield from _site_levels(("exposure", "sites"), protocol.exposure.sites)
        for number, comparator in enumerate(protocol.exposure.comparators):
            yield from _site_levels(("exposure", "comparators", number, "sites"), comparator.sites)
    drift = protocol.analysis.drift
    if drift is not None:
        yield ("analysis", "drift", "cluster"), drift.cluster
        yield ("analysis", "drift", "within"), drift.within


def _site_levels(path: Path, sites: Sites) -> Iterator[tuple[Path, str]]:
    for key in ("within", "outside"):
        for level in getattr(sites, key):
            yield (*path, key, level), level


def _drift(protocol: Protocol) -> Iterator[Fault]:
    drift = protocol.analysis.drift
    if drift is not None and drift.cluster == drift.within:
        yield Fault(
            ("analysis", "drift", "within"),
            f"got '{drift.within}' for both levels; a placebo area is compared with others inside a larger group.",
            "Name the larger level, for example region.",
        )


def _margins(protocol: Protocol, known: Known) -> Iterator[Fault]:
    summary = protocol.estimand.summary
    positive = [(path, value) for path, value in _margin_values(protocol) if summary is Summary.RATIO and value <= 0]
    for path, value in positive:
        yield Fault(path, f"got {value:g}; a ratio is above 0.", "Write 0.98 for a fall of 2%, 1.02 for a rise of 2%.")
    refused = {path for path, _ in positive}
    indicator = known.indicator(protocol.indicator)
    if indicator is not None and indicator.direction is not Direction.NONE:
        yield from (fault for fault in _sides(protocol, indicator) if fault.path not in refused)
    equivalence = protocol.analysis.equivalence
    null = NO_DIFFERENCE[summary]
    if equivalence is not None and not equivalence[0] < null < equivalence[1] and not refused:
        yield Fault(
            ("analysis", "equivalence"),
            f"got [{equivalence[0]:g}, {equivalence[1]:g}]; expected one margin below {null:g} and one above it.",
            f"For a {summary}, no difference is {null:g}.",
        )
    elif equivalence is not None and not refused and equivalence[0] < protocol.analysis.worthwhile < equivalence[1]:
        yield Fault(
            ("analysis", "worthwhile"),
            f"got {protocol.analysis.worthwhile:g}, which lies inside the equivalence margins "
            f"[{equivalence[0]:g}, {equivalence[1]:g}]: one result could be both worthwhile and as good as none.",
            "Write a margin of a worthwhile effect that is on an equivalence margin or beyond it.",
        )


def _margin_values(protocol: Protocol) -> Iterator[tuple[Path, float]]:
    analysis = protocol.analysis
    yield ("analysis", "worthwhile"), analysis.worthwhile
    for number, value in enumerate(analysis.equivalence or ()):
        yield ("analysis", "equivalence", number), value
    if analysis.non_inferiority is not None:
        yield ("analysis", "non_inferiority"), analysis.non_inferiority


def _sides(protocol: Protocol, indicator: Indicator) -> Iterator[Fault]:
    """A worthwhile effect is an improvement; a margin of harm is a worsening."""
    null = NO_DIFFERENCE[protocol.estimand.summary]
    low_is_good = indicator.direction is Direction.LOWER_IS_BETTER
    worthwhile, harm = protocol.analysis.worthwhile, protocol.analysis.non_inferiority
    why = f"for '{indicator.id}' {'lower' if low_is_good else 'higher'} is better, and no difference is {null:g}"
    for key, value, below in (("worthwhile", worthwhile, low_is_good), ("non_inferiority", harm, not low_is_good)):
        if value is not None and not (value < null if below else value > null):
            side = "below" if below else "above"
            yield Fault(("analysis", key), f"got {value:g}; expected a margin {side} {null:g}.", _sentence(why))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _analysis(protocol: Protocol, known: Known) -> Iterator[Fault]:
    measured = outcomes(protocol)
    for name in protocol.analysis.practice_models:
        yield from _measured(("analysis", "practice_models", name), name, measured)
    attributes = known.attributes
    for number, name in enumerate(protocol.analysis.subgroups):
        if attributes is not None and name not in attributes:
            add = "Declare it under attributes of a source of kind sites in programme.yaml."
            yield unknown(("analysis", "subgroups", number), name, attributes, noun="attribute", add=add)
    if Check.UNTARGETED_OUTCOME in protocol.analysis.checks and not protocol.untargeted:
        number = protocol.analysis.checks.index(Check.UNTARGETED_OUTCOME)
        yield Fault(
            ("analysis", "checks", number),
            "got untargeted-outcome, but the protocol names no untargeted indicator.",
            "Add untargeted: [...], or remove the check.",
        )
    trial = protocol.analysis.embedded_trial
    if trial is not None and trial.quoted_std_error is not None and not trial.source:
        yield Fault(("analysis", "embedded_trial"), "got quoted_std_error without its source.", "Add source.")


def _measured(path: Path, name: str, measured: tuple[str, ...]) -> Iterator[Fault]:
    if name not in measured:
        yield Fault(
            path,
            f"got '{name}', which this protocol does not measure; expected {one_of(measured)}.",
            did_you_mean(name, measured) or "Add it to secondary.",
        )


def _economics(protocol: Protocol, known: Known) -> Iterator[Fault]:
    if protocol.economics is None:
        return
    price = protocol.economics.price
    path = ("economics", "price")
    yield from _measured((*path, "indicator"), price.indicator, (protocol.indicator, *protocol.secondary))
    if not price.low <= price.per_unit <= price.high:
        yield Fault(
            (*path, "per_unit"),
            f"got {price.per_unit:g}, which is not between low ({price.low:g}) and high ({price.high:g}).",
            "Check the three prices.",
        )
    if known.settings is not None and price.price_year != known.settings.price_year:
        yield Fault(
            (*path, "price_year"),
            f"got {price.price_year}; the programme's price_year is {known.settings.price_year}.",
            "Convert the price, or change price_year in programme.yaml.",
        )


def _claims(protocol: Protocol) -> Iterator[Fault]:
    for number, claim in enumerate(protocol.claims):
        yield from _claim(("claims", number), claim, outcomes(protocol))


def _claim(path: Path, claim: Claim, measured: tuple[str, ...]) -> Iterator[Fault]:
    if (claim.indicator is None) == (not claim.not_testable):
        got = "neither" if claim.indicator is None else "both"
        yield Fault(
            path,
            f"got {got} of indicator and not_testable.",
            "Name the indicator that tests the claim, or say under not_testable why nothing here can.",
        )
    if claim.indicator is not None:
        yield from _measured((*path, "indicator"), claim.indicator, measured)
    elif claim.ratio is not None:
        yield Fault((*path, "ratio"), "got a ratio without the indicator that tests it.", "Add indicator.")


def _truth(protocol: Protocol, known: Known) -> Iterator[Fault]:
    if protocol.truth and known.settings is not None and not known.settings.synthetic:
        yield Fault(
            ("truth",),
            "got a planted effect, but programme.yaml does not say 'synthetic: true'.",
            "Remove it: of real data nobody knows the truth.",
        )
    for number, truth in enumerate(protocol.truth):
        yield from _measured(("truth", number, "indicator"), truth.indicator, outcomes(protocol))


ALONE: tuple[Callable[[Protocol], Iterator[Fault]], ...] = (_design, _exposure, _drift, _claims)
WITH_OTHERS: tuple[Callable[[Protocol, Known], Iterator[Fault]], ...] = (
    _indicators,
    _direction,
    _arms,
    _levels,
    _margins,
    _analysis,
    _economics,
    _truth,
)
