"""Whether published sums about one campaign can all hold: net, gross, cost, and a return that may mean two things.

It never picks the figure that is right; it says what each pair implies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from scipy.optimize import linprog

from enginehouse.core.money import Money


class ReturnDefinition(StrEnum):
    """What a figure such as *tenfold return* can mean."""

    BENEFIT_OVER_COST = "benefit-over-cost"
    NET_OVER_COST = "net-over-cost"

    @property
    def words(self) -> str:
        """How a sentence says it."""
        return {"benefit-over-cost": "gross saving over cost", "net-over-cost": "net saving over cost"}[self.value]


class ConsistencyFinding(StrEnum):
    """What came out of setting the figures against each other."""

    CONSISTENT = "consistent"
    CONTRADICTORY = "contradictory"
    TOO_FEW_FIGURES = "too-few-figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Implication:
    """The cost, and both returns, that two of the figures imply.

    Attributes
    ----------
    figures
        The names of the two figures.
    definition
        How the return must be read for it; `None` where no return is among the two.
    cost, gross, net
        The sums that follow; they may be impossible (a negative cost).
    """

    figures: tuple[str, str]
    definition: ReturnDefinition | None
    cost: float
    gross: float
    net: float

    @property
    def benefit_cost_ratio(self) -> float | None:
        """Gross over cost, where there is a cost."""
        return self.gross / self.cost if self.cost > 0 else None

    @property
    def return_on_investment(self) -> float | None:
        """Net over cost, where there is a cost."""
        return self.net / self.cost if self.cost > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """What published sums imply, and whether they can all hold.

    Attributes
    ----------
    finding
        Consistent, contradictory, or too few figures to tell.
    possible_definitions
        The readings of the return under which all figures hold (both, where no return is given and the rest holds).
    implications
        What each pair of figures implies.
    sentences
        The same for people.
    """

    finding: ConsistencyFinding
    possible_definitions: tuple[ReturnDefinition, ...]
    implications: tuple[Implication, ...]
    sentences: tuple[str, ...]


def check_consistency(
    *,
    net: float | None = None,
    gross: float | None = None,
    cost: float | None = None,
    ratio: float | None = None,
    currency: str = "GBP",
    rounding: float = 0.05,
) -> Consistency:
    """Whether a net saving, a gross saving, a cost and a return can all hold.

    Parameters
    ----------
    net, gross, cost
        Sums in one currency at one price year; `None` where not given.
    ratio
        A return for each unit of money spent, whichever of the two definitions was meant.
    currency
        For the sentences.
    rounding
        How far each figure may be from its true value (0.05: 5% either way), as published figures are rounded.

    Notes
    -----
    net = gross - cost always; ratio = gross / cost, or (gross - cost) / cost. The figures hold together when some
    gross and some cost, 0 or more, meet all of them within their rounding: a linear programme in two unknowns.

    Examples
    --------
    >>> found = check_consistency(net=700_000, gross=900_000, ratio=10)
    >>> found.finding.value
    'contradictory'
    >>> print(found.sentences[0])
    A net saving of £700,000 and a gross saving of £900,000 imply a cost of £200,000: \
a return of 4.5 (gross saving over cost) or 3.5 (net saving over cost).
    """
    figures = {"net": net, "gross": gross, "cost": cost, "ratio": ratio}
    given = {name: value for name, value in figures.items() if value is not None}
    possible = tuple(d for d in ReturnDefinition if _can_hold(given, d, rounding))
    implications = tuple(i for pair in combinations(given, 2) for i in _implied(pair, given))
    finding = _finding(given, possible)
    sentences = (*_sentences(given, implications, currency), _conclusion(given, finding, possible))
    return Consistency(finding=finding, possible_definitions=possible, implications=implications, sentences=sentences)


def _finding(given: Mapping[str, float], possible: Sequence[ReturnDefinition]) -> ConsistencyFinding:
    if not possible:
        return ConsistencyFinding.CONTRADICTORY
    return ConsistencyFinding.CONSISTENT if len(given) >= 3 else ConsistencyFinding.TOO_FEW_FIGURES


# Each figure as a linear form (coefficient of gross, coefficient of cost).
_FORMS: Mapping[str, tuple[float, float]] = {"net": (1.0, -1.0), "gross": (1.0, 0.0), "cost": (0.0, 1.0)}


def _can_hold(given: Mapping[str, float], definition: ReturnDefinition, rounding: float) -> bool:
    """Whether a gross and a cost exist that meet every figure within its rounding."""
    rows, bounds = [], []
    for name, value in given.items():
        low, high = sorted((value * (1 - rounding), value * (1 + rounding)))
        if name == "ratio":
            extra = 1.0 if definition is ReturnDefinition.NET_OVER_COST else 0.0
            rows += [(-1.0, low + extra), (1.0, -(high + extra))]
            bounds += [0.0, 0.0]
        else:
            gross, cost = _FORMS[name]
            rows += [(gross, cost), (-gross, -cost)]
            bounds += [high, -low]
    if not rows:
        return True
    scale = max((abs(v) for n, v in given.items() if n != "ratio"), default=1.0) or 1.0
    # The unit of money must not matter to the solver's tolerance.
    return bool(linprog((0, 0), A_ub=rows, b_ub=[b / scale for b in bounds], bounds=[(0, None), (0, None)]).success)


def _implied(pair: tuple[str, str], given: Mapping[str, float]) -> list[Implication]:
    if "ratio" not in pair:
        return [_solved(pair, given)]
    return [i for d in ReturnDefinition if (i := _solved_with_ratio(pair, d, given)) is not None]


def _solved(pair: tuple[str, str], given: Mapping[str, float]) -> Implication:
    """Two of net, gross and cost give the third."""
    cost = given["cost"] if "cost" in pair else given["gross"] - given["net"]
    gross = given["gross"] if "gross" in pair else given["net"] + given["cost"]
    return Implication(figures=pair, definition=None, cost=cost, gross=gross, net=gross - cost)


def _solved_with_ratio(
    pair: tuple[str, str], definition: ReturnDefinition, given: Mapping[str, float]
) -> Implication | None:
    """One sum and a return give the cost; nothing follows from a net saving and a gross return of 1."""
    (name,) = set(pair) - {"ratio"}
    gross_ratio = given["ratio"] + (1.0 if definition is ReturnDefinition.NET_OVER_COST else 0.0)
    cost_in_sum = {"net": gross_ratio - 1, "gross": gross_ratio, "cost": 1.0}[name]
    if cost_in_sum == 0:
        return None
    cost = given[name] / cost_in_sum
    return Implication(
        figures=pair, definition=definition, cost=cost, gross=gross_ratio * cost, net=(gross_ratio - 1) * cost
    )


_YEAR_NOT_PRINTED = 0
_NAMES = {"net": "a net saving of {}", "gross": "a gross saving of {}", "cost": "a cost of {}"}


def _sentences(given: Mapping[str, float], implications: Sequence[Implication], currency: str) -> list[str]:
    pairs = list(dict.fromkeys(i.figures for i in implications))
    return [_sentence(pair, [i for i in implications if i.figures == pair], given, currency) for pair in pairs]


def _sentence(pair: tuple[str, str], implied: Sequence[Implication], given: Mapping[str, float], currency: str) -> str:
    start = " and ".join(_figure(name, given[name], currency) for name in pair)
    start = start[0].upper() + start[1:]
    first = implied[0]
    if first.definition is None:
        if first.cost <= 0 or first.benefit_cost_ratio is None:
            return f"{start} cannot both hold: a cost is more than 0."
        sums = f"a cost of {_money(first.cost, currency)}" if "cost" not in pair else _other_sum(pair, first, currency)
        return (
            f"{start} imply {sums}: a return of {first.benefit_cost_ratio:.3g} (gross saving over cost) "
            f"or {first.return_on_investment:.3g} (net saving over cost)."
        )
    readings = [f"{_implied_sum(pair, i, currency)} if it is {i.definition.words}" for i in implied if i.definition]
    return f"{start} imply {', or '.join(readings)}."


def _implied_sum(pair: tuple[str, str], implied: Implication, currency: str) -> str:
    if "cost" in pair:
        return f"a net saving of {_money(implied.net, currency)}"
    return f"a cost of {_money(implied.cost, currency)}"


def _other_sum(pair: tuple[str, str], implied: Implication, currency: str) -> str:
    other = "gross" if "net" in pair else "net"
    return _figure(other, implied.gross if other == "gross" else implied.net, currency)


def _figure(name: str, value: float, currency: str) -> str:
    return f"a return of {value:g}" if name == "ratio" else _NAMES[name].format(_money(value, currency))


def _money(value: float, currency: str) -> str:
    return str(Money.of(value, currency, _YEAR_NOT_PRINTED))


def _conclusion(given: Mapping[str, float], finding: ConsistencyFinding, possible: Sequence[ReturnDefinition]) -> str:
    if finding is ConsistencyFinding.CONTRADICTORY:
        either = ", whichever way the return is defined" if "ratio" in given else ""
        return f"These figures cannot all hold{either}."
    if finding is ConsistencyFinding.TOO_FEW_FIGURES:
        return "Too few figures to check them against each other."
    if "ratio" in given and len(possible) == 1:
        return f"These figures can all hold, if the return is {possible[0].words}."
    return "These figures can all hold."
