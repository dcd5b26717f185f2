"""Whom the expected net benefit favours, beside the verdict, and why the two may differ.

The verdict follows from the interval of the effect and the registered margins; a decision follows from what the effect
is expected to be worth. Both are right, and they answer different questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter

from enginehouse.core.money import Money
from enginehouse.economics.net_benefit import NetBenefit
from enginehouse.programme.enums import Verdict
from enginehouse.stats.results import NotEstimable


class Favours(StrEnum):
    """Whom the expected net benefit favours."""

    ARM = "arm"
    COMPARATOR = "comparator"
    NEITHER = "neither"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideVerdict:
    """The expected net benefit beside the verdict.

    Attributes
    ----------
    verdict
        The word of the registered contrast.
    favours
        Whom the expected net benefit favours.
    differ
        Whether the two point different ways, or only one of them points anywhere.
    sentence
        What the expected net benefit says.
    why
        Why the two agree or differ.
    """

    verdict: Verdict
    favours: Favours
    differ: bool
    sentence: str
    why: str


LEANS: Mapping[Verdict, Favours] = {
    Verdict.WORTHWHILE: Favours.ARM,
    Verdict.BETTER: Favours.ARM,
    Verdict.EQUIVALENT: Favours.COMPARATOR,
    Verdict.WORSE: Favours.COMPARATOR,
    Verdict.INCONCLUSIVE: Favours.NEITHER,
    Verdict.CANNOT_BE_ESTIMATED: Favours.NEITHER,
}
"""Which way a verdict points: an arm that adds nothing is not kept for nothing."""

_SAME = "Verdict and expected net benefit point the same way."
_UNKNOWN = (
    "The verdict stands without the sums: it follows from the effect and the registered margins. Without a cost and a "
    "value nothing can be said of net benefit."
)
_NO_BALANCE = "Value and cost are expected to be equal, so that the verdict is all there is to go by."

WHY: Mapping[Verdict, Mapping[Favours, str]] = {
    Verdict.WORTHWHILE: {
        Favours.ARM: _SAME,
        Favours.COMPARATOR: (
            "The effect is as large as was registered to be worthwhile, but at this price and cost it is expected to "
            "be worth less than it costs: the margin was set without these sums, or in view of benefits that they "
            "leave out."
        ),
    },
    Verdict.BETTER: {
        Favours.ARM: _SAME,
        Favours.COMPARATOR: (
            "There is an effect, but it is expected to be worth less than it costs. The verdict asks whether there is "
            "an effect, the net benefit whether it pays."
        ),
    },
    Verdict.EQUIVALENT: {
        Favours.COMPARATOR: _SAME,
        Favours.ARM: (
            "The effect is as good as none by the registered margins, and yet so little effect is expected to be "
            "worth more than it costs, because it costs so little. The margins say what matters to care; the sums "
            "count money alone."
        ),
    },
    Verdict.WORSE: {
        Favours.COMPARATOR: _SAME,
        Favours.ARM: (
            "The effect goes the wrong way, and the sums favour it only because it costs less than its comparator. "
            "Money saved does not make worse care better."
        ),
    },
    Verdict.INCONCLUSIVE: {
        Favours.ARM: (
            "The interval is too wide for a verdict. A decision cannot wait for ever: if one must be made now, the "
            "expected net benefit is the best guide there is, and it leaves out what another evaluation would be worth."
        ),
        Favours.COMPARATOR: (
            "The interval is too wide for a verdict. If a decision must be made now, the expected net benefit speaks "
            "against paying for more; it leaves out what another evaluation would be worth."
        ),
    },
    Verdict.CANNOT_BE_ESTIMATED: {Favours.ARM: _UNKNOWN, Favours.COMPARATOR: _UNKNOWN},
}
"""Why a verdict and the favour of the net benefit agree or differ, where the net benefit favours one side."""


def beside_verdict(
    verdict: Verdict,
    net: NetBenefit | NotEstimable,
    *,
    arm: str,
    over: str,
    currency: str,
    price_year: int,
    nothing_incurred: bool = False,
) -> BesideVerdict:
    """Whom the expected net benefit favours, with the reason why that may not be what the verdict says.

    Parameters
    ----------
    verdict
        The word for the registered contrast.
    net
        The net benefit that the decision goes by.
    arm, over
        What pages call the two arms.
    currency, price_year
        The money of the sums.
    nothing_incurred
        Whether nothing was done at all (a rehearsal).
    """
    favours = _favours(net)
    return BesideVerdict(
        verdict=verdict,
        favours=favours,
        differ=favours is not Favours.NOT_KNOWN and favours is not LEANS[verdict],
        sentence=_sentence(net, favours, {"arm": arm, "over": over}, currency, price_year),
        why="In a rehearsal nothing is done and nothing follows." if nothing_incurred else _why(verdict, favours),
    )


def _favours(net: NetBenefit | NotEstimable) -> Favours:
    if isinstance(net, NotEstimable) or isinstance(net.expected, NotEstimable):
        return Favours.NOT_KNOWN
    if net.expected == 0:
        return Favours.NEITHER
    return Favours.ARM if net.expected > 0 else Favours.COMPARATOR


def _why(verdict: Verdict, favours: Favours) -> str:
    if favours is Favours.NOT_KNOWN:
        return _UNKNOWN
    return _NO_BALANCE if favours is Favours.NEITHER else WHY[verdict][favours]


SENTENCES: Mapping[Favours, str] = {
    Favours.ARM: (
        "For each site and year, {arm} over {over} is expected to be worth {amount} more than it costs; the "
        "probability that it is worth more than it costs is {probability}."
    ),
    Favours.COMPARATOR: (
        "For each site and year, {arm} over {over} is expected to cost {amount} more than it is worth; the "
        "probability that it is worth more than it costs is {probability}."
    ),
    Favours.NEITHER: (
        "{arm} over {over} is expected to be worth what it costs; the probability that it is worth more is "
        "{probability}."
    ),
    Favours.NOT_KNOWN: "The net benefit of {arm} over {over} is not known. {detail}",
}


def _sentence(
    net: NetBenefit | NotEstimable, favours: Favours, names: Mapping[str, str], currency: str, price_year: int
) -> str:
    text = SENTENCES[favours]
    if isinstance(net, NotEstimable):
        return text.format(**names, detail=net.detail)
    if isinstance(net.expected, NotEstimable):
        return text.format(**names, detail=net.expected.detail)
    for_each = abs(net.expected) / (net.sites * net.years)
    probability = "not known" if isinstance(net.probability, NotEstimable) else _percent(net.probability)
    filled = {**names, "amount": str(Money.of(for_each, currency, price_year)), "probability": probability}
    return text.format(**{name: filled[name] for _, name, _, _ in Formatter().parse(text) if name})


def _percent(probability: float) -> str:
    """A probability in per cent, never 0 or 100: belief from one trial is not certainty."""
    percent = round(100 * probability)
    return "more than 99%" if percent >= 100 else "less than 1%" if percent <= 0 else f"{percent}%"
