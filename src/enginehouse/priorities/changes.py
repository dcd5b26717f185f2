"""What became of each candidate between two weighings, and why: evidence, panel, prices or rule.

Both weighings hold their inputs, so each kind of input is put into the earlier one by itself to see whether it alone
would have given the new answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from enginehouse.priorities.judge import judge
from enginehouse.priorities.results import (
    ChangedInput,
    ChangeKind,
    GateValues,
    LocalFacts,
    Prices,
    Priorities,
    PriorityChange,
    Weighed,
)
from enginehouse.programme.enums import EvidenceScale, Priority
from enginehouse.stats.gaussian import Normal


def what_changed(before: Priorities, after: Priorities) -> tuple[PriorityChange, ...]:
    """Each candidate of either weighing: its answers, the inputs that differ, and which of them were enough.

    Parameters
    ----------
    before, after : Priorities
        Two weighings, the earlier first.

    Returns
    -------
    tuple of PriorityChange
        In the order of the later weighing, then those that are no longer weighed.
    """
    old = {weighed.candidate: weighed for weighed in before.weighed}
    new = {weighed.candidate: weighed for weighed in after.weighed}
    names = [*new, *(name for name in old if name not in new)]
    return tuple(_change(old.get(name), new.get(name)) for name in names)


def _change(before: Weighed | None, after: Weighed | None) -> PriorityChange:
    either = after or before
    assert either is not None, "a candidate is in one of the two"
    inputs = tuple(_differences(before, after)) if before and after else ()
    enough = tuple(_enough(before, after)) if before and after else ()
    return PriorityChange(
        candidate=either.candidate,
        title=either.title,
        before=before.priority if before else None,
        after=after.priority if after else None,
        inputs=inputs,
        enough=enough,
        sentence=_sentence(before, after, inputs, enough),
        numbers=_numbers(before, after),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    prior: Normal
    local: LocalFacts
    prices: Prices
    gates: GateValues


def _inputs(weighed: Weighed) -> _Inputs | None:
    if weighed.triage is None or weighed.prior is None or weighed.local is None or weighed.prices is None:
        return None
    return _Inputs(prior=weighed.prior.normal, local=weighed.local, prices=weighed.prices, gates=weighed.gates)


_SWAPPED: Mapping[ChangeKind, Callable[[_Inputs, _Inputs], _Inputs]] = {
    ChangeKind.EVIDENCE: lambda old, new: replace(old, prior=new.prior),
    ChangeKind.PANEL: lambda old, new: replace(old, local=new.local),
    ChangeKind.PRICES: lambda old, new: replace(old, prices=new.prices),
    ChangeKind.RULE: lambda old, new: replace(old, gates=new.gates),
}


def _enough(before: Weighed, after: Weighed) -> Iterator[ChangeKind]:
    """The kinds of input of which each alone gives the new answer."""
    old, new = _inputs(before), _inputs(after)
    if old is None or new is None or before.priority is after.priority or before.scale is not after.scale:
        return
    for kind, swap in _SWAPPED.items():
        mixed = swap(old, new)
        if mixed != old and _answer(mixed, after) is after.priority:
            yield kind


def _answer(inputs: _Inputs, weighed: Weighed) -> Priority:
    judged = judge(inputs.prior, scale=weighed.scale, local=inputs.local, prices=inputs.prices, gates=inputs.gates)
    return judged.triage.priority


def _differences(before: Weighed, after: Weighed) -> Iterator[ChangedInput]:
    yield from _evidence(before, after)
    for kind, lines in ((ChangeKind.PANEL, _PANEL), (ChangeKind.PRICES, _PRICES), (ChangeKind.RULE, _RULE)):
        for what, read in lines.items():
            old, new = _read(read, before), _read(read, after)
            if old != new:
                yield ChangedInput(kind=kind, what=what, before=old, after=new)


def _evidence(before: Weighed, after: Weighed) -> Iterator[ChangedInput]:
    if before.scale is not after.scale:
        yield ChangedInput(
            kind=ChangeKind.EVIDENCE, what="scale of the evidence", before=before.scale.value, after=after.scale.value
        )
    old, new = _prior_words(before), _prior_words(after)
    if old != new:
        yield ChangedInput(kind=ChangeKind.EVIDENCE, what="expected effect", before=old, after=new)
    gone, come = sorted(_studies(before) - _studies(after)), sorted(_studies(after) - _studies(before))
    if gone or come:
        yield ChangedInput(
            kind=ChangeKind.EVIDENCE,
            what="studies",
            before=f"{len(_studies(before))}" + (f", with {', '.join(gone)}" if gone else ""),
            after=f"{len(_studies(after))}" + (f", with {', '.join(come)}" if come else ""),
        )


def _prior_words(weighed: Weighed) -> str:
    if weighed.prior is None:
        return _NOT_KNOWN
    mean, sd = weighed.prior.mean, weighed.prior.sd
    if weighed.scale is EvidenceScale.LOG_RATIO:
        return f"{math.expm1(mean):+.1%}, give or take {math.expm1(sd):.1%}"
    return f"{mean:.4g}, give or take {sd:.4g}"


def _studies(weighed: Weighed) -> set[str]:
    if weighed.prior is None:
        return set()
    pooled = weighed.prior.pooled.studies if weighed.prior.pooled else ()
    return {study.id for study in pooled} | {update.study for update in weighed.prior.own}


_NOT_KNOWN = "not known"
_PANEL: Mapping[str, Callable[[Weighed], object]] = {
    "baseline value": lambda w: w.local and f"{w.local.baseline:.4g}",
    "denominator": lambda w: w.local and f"{w.local.denominator:,.0f}",
    "sites": lambda w: w.local and w.local.sites,
    "sites that could be in a trial": lambda w: w.local and w.local.sites_available,
    "standard error of the largest trial": lambda w: (
        w.local and w.local.trial_sizes and f"{w.local.trial_sizes[-1].std_error:.4g}"
    ),
}
_PRICES: Mapping[str, Callable[[Weighed], object]] = {
    "value of a unit": lambda w: w.prices and f"{w.prices.value:g}",
    "lowest value of a unit": lambda w: w.prices and f"{w.prices.value_low:g}",
    "highest value of a unit": lambda w: w.prices and f"{w.prices.value_high:g}",
    "cost of roll-out": lambda w: w.prices and f"{w.prices.roll_out_cost:g}",
    "cost per site and year": lambda w: w.prices and f"{w.prices.cost_per_site_year:g}",
    "fixed cost of a trial": lambda w: w.prices and w.prices.trial_fixed,
    "cost of a trial per site": lambda w: w.prices and w.prices.trial_per_site,
    "years until a trial reports": lambda w: w.prices and w.prices.trial_years,
    "horizon in years": lambda w: w.prices and f"{w.prices.horizon_years:g}",
    "discount rate": lambda w: w.prices and f"{w.prices.discount_rate:g}",
    "discounting": lambda w: w.prices and w.prices.discounting.value,
}
_RULE: Mapping[str, Callable[[Weighed], object]] = {
    "gate to implement": lambda w: f"{w.gates.implement_at:g}",
    "gate to drop": lambda w: f"{w.gates.drop_at:g}",
    "least gain of a trial": lambda w: f"{w.gates.least_gain:g}",
}


def _read(read: Callable[[Weighed], object], weighed: Weighed) -> str:
    found = read(weighed)
    return _NOT_KNOWN if found is None or found == () else str(found)


def _sentence(
    before: Weighed | None,
    after: Weighed | None,
    inputs: tuple[ChangedInput, ...],
    enough: tuple[ChangeKind, ...],
) -> str:
    if before is None or after is None:
        return f"Newly weighed: {after.priority.value}." if after else "No longer weighed."
    kinds = tuple(dict.fromkeys(item.kind for item in inputs))
    if before.priority is after.priority:
        why = f"; {_list(kinds)} differ" if len(kinds) > 1 else f"; the {kinds[0].value} differ" if kinds else ""
        return f"Still {after.priority.value}{_verb(why, kinds)}."
    start = f"From '{before.priority.value}' to '{after.priority.value}'"
    if enough:
        alone = f"{_list(enough)} alone" if len(enough) == 1 else f"{_list(enough)}, each by itself,"
        return f"{start}: {alone} would have been enough."
    if len(kinds) == 1:
        return f"{start}, because of the {kinds[0].value}."
    return f"{start}, because of {_list(kinds)} together." if kinds else f"{start}."


def _verb(why: str, kinds: tuple[ChangeKind, ...]) -> str:
    """`the evidence differs`, `the prices differ`."""
    singular = len(kinds) == 1 and kinds[0] is not ChangeKind.PRICES
    return why.replace(" differ", " differs") if singular else why


def _list(kinds: tuple[ChangeKind, ...]) -> str:
    return " and ".join(f"the {kind.value}" for kind in kinds)


def _numbers(before: Weighed | None, after: Weighed | None) -> dict[str, float]:
    found: dict[str, float] = {}
    for when, weighed in (("before", before), ("after", after)):
        if weighed is not None and weighed.triage is not None:
            found[f"net_benefit_{when}"] = weighed.triage.net_benefit
            found[f"prob_cost_effective_{when}"] = weighed.triage.prob_cost_effective
            if weighed.triage.enbs is not None:
                found[f"enbs_{when}"] = weighed.triage.enbs
    return found
