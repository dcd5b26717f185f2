"""The estimand and the windows in words and numbers: what the protocol asks for, before any data."""

from __future__ import annotations

from enginehouse.programme.enums import Average, Summary, Window
from enginehouse.programme.indicator import Indicator
from enginehouse.programme.protocol import Protocol
from enginehouse.stats.results import Scale
from enginehouse.stats.segmented import WindowKind

SCALES: dict[Summary, Scale] = {Summary.RATIO: "log-ratio", Summary.DIFFERENCE: "difference"}
WINDOW_KINDS: dict[Window, WindowKind] = {Window.FOLLOW_UP: "average", Window.LAST_MONTH: "last-month"}

_AVERAGE = {
    Average.PATIENTS: "every {one} counts the same, so a site counts by its size",
    Average.SITES: "every site counts the same, whatever its size",
}
_SUMMARY = {Summary.RATIO: "as a ratio", Summary.DIFFERENCE: "as a difference"}
_MERGERS = {
    "as-randomised": "merged sites stay in the arm they were allocated to",
    "as-of-membership-month": "sites belong where they belonged in {month}",
    "follow-successor": "a merged site goes on as its successor",
}
_CLOSURES = {
    "until-closed": "sites that closed count until they closed",
    "excluded": "only sites with every month are counted",
}
_OPT_OUTS = {
    "kept-where-data-allow": "sites that opted out are kept where their data allow it",
    "excluded": "sites that opted out are left out",
    "none": "no site could opt out",
}


def window_words(protocol: Protocol, window: Window) -> str:
    """The months of a window in words, inclusive."""
    period = protocol.design.follow_up
    if window is Window.LAST_MONTH:
        return f"in {period.last}"
    return f"averaged over {period.start} to {period.last}"


def _one(per: str) -> str:
    """One of a denominator's noun: `registered patient`, `regular opioid item`."""
    return per[:-1] if per.endswith("s") and not per.endswith("ss") else per


def estimand_words(protocol: Protocol, indicator: Indicator) -> str:
    """The registered estimand as one sentence."""
    estimand = protocol.estimand
    exposed = protocol.exposure.title if protocol.exposure else "the exposed sites"
    comparator = protocol.exposure.comparators[0].title if protocol.exposure else "the comparator"
    average = _AVERAGE[estimand.average].format(one=_one(indicator.per))
    mergers = _MERGERS[estimand.mergers].format(month=protocol.membership_as_of)
    return (
        f"{indicator.title} in {exposed} compared with {comparator} {_SUMMARY[estimand.summary]}, "
        f"{window_words(protocol, estimand.window)}, set against what it would have been had the difference between "
        f"them kept its course; {average}; {mergers}; {_CLOSURES[estimand.closures]}; "
        f"{_OPT_OUTS[estimand.opt_outs]}."
    )


def trial_estimand_words(protocol: Protocol, indicator: Indicator, arm: str, over: str) -> str:
    """The registered estimand of a trial as one sentence; `arm` and `over` as pages call them."""
    estimand = protocol.estimand
    average = _AVERAGE[estimand.average].format(one=_one(indicator.per))
    mergers = _MERGERS[estimand.mergers].format(month=protocol.membership_as_of)
    return (
        f"{indicator.title} with {arm} compared with {over} {_SUMMARY[estimand.summary]}, "
        f"{window_words(protocol, estimand.window)}, for the sites as they were allocated, whatever they received; "
        f"{average}; {mergers}; {_CLOSURES[estimand.closures]}; {_OPT_OUTS[estimand.opt_outs]}."
    )
