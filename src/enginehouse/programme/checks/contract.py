"""What must hold in a decision contract: something follows from every verdict, and forecasts can be scored."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.programme.checks.names import Fault, Known, repeated, unknown
from enginehouse.programme.contract import Contract, Forecast
from enginehouse.programme.enums import Summary, Verdict
from enginehouse.programme.explain_words import and_list
from enginehouse.programme.hashing import decimal_text
from enginehouse.programme.positions import Path
from enginehouse.programme.protocol import Protocol

# Sums of decimals such as 0.1 + 0.2 are not exact; whoever means 1 comes nearer than this.
TOLERANCE = 1e-6


def check_contract(contract: Contract, protocol: Protocol | None, known: Known) -> Iterator[Fault]:
    """`protocol` is that of the same cycle; `None` where it is broken, which is said there."""
    missing = [verdict.value for verdict in Verdict if verdict not in contract.under]
    if missing:
        what = f"nothing follows from {and_list([f"'{name}'" for name in missing])}; expected every verdict."
        yield Fault(("under",), what, "Add what will be bought, changed or stopped then.")
    people = [forecast.person for forecast in contract.forecasts]
    for fault in repeated(("forecasts",), people, noun="person", remedy="Write one forecast for each person."):
        yield Fault((*fault.path, "person"), fault.what, fault.remedy)
    for number, forecast in enumerate(contract.forecasts):
        yield from _forecast(("forecasts", number), forecast, protocol, known)


def _forecast(path: Path, forecast: Forecast, protocol: Protocol | None, known: Known) -> Iterator[Fault]:
    if known.people is not None and forecast.person not in known.people:
        add = "Add the person to people.csv."
        yield unknown((*path, "person"), forecast.person, known.people, noun="person", add=add)
    if not forecast.low <= forecast.effect <= forecast.high:
        what = f"got {forecast.effect:g}, which is not between low ({forecast.low:g}) and high ({forecast.high:g})."
        yield Fault((*path, "effect"), what, "Check the three numbers.")
    if protocol is not None and protocol.estimand.summary is Summary.RATIO:
        for key in ("effect", "low", "high"):
            if (value := getattr(forecast, key)) <= 0:
                remedy = "Write 0.98 for a fall of 2%, 1.02 for a rise of 2%."
                yield Fault((*path, key), f"got {value:g}; the effect is a ratio, and a ratio is above 0.", remedy)
    total = sum(forecast.verdicts.values())
    if abs(total - 1) > TOLERANCE:
        what = f"the probabilities add up to {decimal_text(round(total, 6))}; expected 1."
        yield Fault((*path, "verdicts"), what, "A verdict that is left out has the probability 0.")
