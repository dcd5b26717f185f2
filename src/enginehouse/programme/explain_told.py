"""What every section of `explain` is told from, and the wording that several of them share."""

from __future__ import annotations

from dataclasses import dataclass

from enginehouse.programme.checks.margins import NO_DIFFERENCE
from enginehouse.programme.enums import Summary
from enginehouse.programme.explain_words import or_list
from enginehouse.programme.grouping import BASELINE, grouping
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.programme import Programme
from enginehouse.programme.protocol import Protocol, Sites
from enginehouse.programme.trial import Eligibility


@dataclass(frozen=True, slots=True)
class Told:
    """A protocol beside the programme that it belongs to; `name` is the cycle's."""

    programme: Programme
    name: str
    protocol: Protocol

    def indicator(self, name: str) -> Indicator:
        return self.programme.indicators[name]

    @property
    def noun(self) -> str:
        """What one site is called."""
        return self.programme.settings.site_noun

    @property
    def is_trial(self) -> bool:
        """Whether chance decides who gets what."""
        return self.protocol.design.type.is_randomised


def sites_words(sites: Sites | Eligibility, noun: str) -> str:
    """Sites by their place in the hierarchy: *every practice in the area Ashdale*."""
    within = [f"in the {level} {or_list(groups)}" for level, groups in sites.within.items() if level != noun]
    named = [or_list(groups) for level, groups in sites.within.items() if level == noun]
    outside = [f"{_not_in(level, noun)} {or_list(groups)}" for level, groups in sites.outside.items()]
    first = f"the {noun} {named[0]}" if named else f"every {noun}"
    return " ".join([first, " and ".join(within), *outside]).replace("  ", " ").strip()


def _not_in(level: str, noun: str) -> str:
    return "except" if level == noun else f"outside the {level}"


_GROUPS = {2: "half", 3: "third", 5: "fifth"}


def attribute_words(name: str) -> str:
    """`list_size` as *list size*, `list_size_half` as *half of list size*."""
    group = grouping(name)
    words = "its own value before" if group.attribute == BASELINE else _spoken(group.attribute)
    return words if group.groups is None else f"{_GROUPS[group.groups]} of {words}"


def _spoken(name: str) -> str:
    return " ".join("IMD" if word == "imd" else word for word in name.split("_"))


def change_words(told: Told, margin: float) -> str:
    """`0.98` as *2% lower*; a difference in the indicator's own unit."""
    if margin == NO_DIFFERENCE[told.protocol.estimand.summary]:
        return "no difference"
    if told.protocol.estimand.summary is Summary.RATIO:
        return percent(margin)
    indicator = told.indicator(told.protocol.indicator)
    unit = f"{indicator.unit} per {f'{indicator.scale:,} ' if indicator.scale != 1 else ''}{indicator.per}"
    return f"{abs(margin) * indicator.scale:.6g} {unit} {'lower' if margin < 0 else 'higher'}"


def percent(ratio: float) -> str:
    """The margin or effect `0.98` as *2% lower*."""
    return f"{abs(ratio - 1) * 100:.3g}% {'lower' if ratio < 1 else 'higher'}"
