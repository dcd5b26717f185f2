"""Prices in order, each cost counted once, claims tested or a reason why not, planted effects in made-up data alone."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.programme.checks.analysis import measured, outcomes
from enginehouse.programme.checks.names import Fault, Known
from enginehouse.programme.enums import ContactKind
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import RATE, RATE_SOURCE, Claim, DiscountRates, Economics, Protocol


def check_money(protocol: Protocol, known: Known) -> Iterator[Fault]:
    if protocol.economics is not None:
        yield from _economics(protocol.economics, protocol, known)
    if protocol.design.type.is_randomised and not protocol.rehearsal:
        yield from _counted_once(protocol, known)
    for number, claim in enumerate(protocol.claims):
        yield from _claim(("claims", number), claim, outcomes(protocol))
    yield from _truth(protocol, known)


def _economics(economics: Economics, protocol: Protocol, known: Known) -> Iterator[Fault]:
    price, path = economics.price, ("economics", "price")
    yield from measured((*path, "indicator"), price.indicator, (protocol.indicator, *protocol.secondary))
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
    yield from _rates(economics.discount)
    if protocol.design.type.is_randomised and economics.horizon_years is None:
        what = "is missing; without it nothing is said of the years after the trial."
        yield Fault(("economics", "horizon_years"), what, "Add over how many years the effect is valued.")


def _rates(rates: DiscountRates) -> Iterator[Fault]:
    """Other rates than the usual ones are somebody's, and pages say whose."""
    if (rates.costs, rates.effects) != (RATE, RATE) and rates.source == RATE_SOURCE:
        what = f"is missing; {rates.costs:.1%} for costs and {rates.effects:.1%} for effects are not the rates of NICE."
        remedy = "Say who sets them, for example: HM Treasury, The Green Book (costs 3.5%, health 1.5%)."
        yield Fault(("economics", "discount", "source"), what, remedy)


def _counted_once(protocol: Protocol, known: Known) -> Iterator[Fault]:
    """The log of contacts names their kind and the record says who was sent a report: neither names the strategy."""
    for arm, names in protocol.arms.items():
        first: dict[str, str] = {}
        for number, name in enumerate(names):
            strategy = known.strategy(name)
            if strategy is None or name in names[:number]:
                continue
            logs = (strategy.contact, "report" if strategy.sends_report else None)
            for kind in (str(log) for log in logs if log is not None):
                if kind in first:
                    yield _counted_twice(("arms", arm, number), name, first[kind], kind)
                first.setdefault(kind, name)


def _counted_twice(path: Path, name: str, other: str, kind: str) -> Fault:
    what = (
        f"got '{name}' beside '{other}': both consist of {kind}s, and nothing says which of the two a {kind} was for."
    )
    what += " Each would be counted, and its cost charged, twice."
    if kind == "report":
        return Fault(path, what, "Make one strategy of the two, or send only one of them as a report.")
    kinds = ", ".join(each for each in ContactKind if each != kind)
    return Fault(path, what, f"Make one strategy of the two, or log the contacts of one as another kind ({kinds}).")


def _claim(path: Path, claim: Claim, names: tuple[str, ...]) -> Iterator[Fault]:
    if (claim.indicator is None) == (not claim.not_testable):
        got = "neither" if claim.indicator is None else "both"
        yield Fault(
            path,
            f"got {got} of indicator and not_testable.",
            "Name the indicator that tests the claim, or say under not_testable why nothing here can.",
        )
    if claim.indicator is not None:
        yield from measured((*path, "indicator"), claim.indicator, names)
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
        yield from measured(("truth", number, "indicator"), truth.indicator, outcomes(protocol))
        if not protocol.design.type.is_randomised and (truth.reached < 1 or truth.spread):
            what = "got an effect that varies between sites, but it is planted in every exposed site alike."
            yield Fault(("truth", number), what, "Remove reached and spread.")
