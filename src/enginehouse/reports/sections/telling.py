"""Which check moves the answer most, in one plain sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from enginehouse.evaluation.results import CheckResult
from enginehouse.programme.enums import Check
from enginehouse.reports.effects import page_words, point_words
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.stats.results import Estimate, Estimated


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A check, how far it moves the estimate (in the estimate's scale), and the sentence that says so."""

    check: CheckResult
    distance: float
    words: str


def most_telling(basis: Basis) -> Telling | None:
    """The check of the primary outcome under which the estimate moves farthest; none where none can be done."""
    own = [check for check in basis.evaluation.checks if check.indicator == basis.primary.indicator and check.done]
    found = [telling for check in own if check.check in _READERS for telling in _READERS[check.check](basis, check)]
    return max(found, key=lambda telling: telling.distance, default=None)


def _pre_trend(basis: Basis, check: CheckResult) -> Iterator[Telling]:
    """Items: slope before the start, level and slope (registered), level only."""
    estimates = [item.estimate for item in check.items[:3]]
    if len(estimates) == 3:
        yield from _told(basis, check, "pre_trend", of=estimates[2], instead_of=estimates[1])


def _leave_one_out(basis: Basis, check: CheckResult) -> Iterator[Telling]:
    for item in check.items:
        yield from _told(
            basis, check, "leave_one_out", of=item.estimate, instead_of=basis.result.months_only, area=item.label
        )


def _alternative_span(basis: Basis, check: CheckResult) -> Iterator[Telling]:
    """Items: the registered span, the longer span with drift, the same from months alone."""
    if len(check.items) > 1:
        label = page_words(check.items[1].label.partition(",")[0])
        first, second = check.items[1].estimate, check.items[0].estimate
        yield from _told(basis, check, "alternative_span", of=first, instead_of=second, span=label)


_READERS: Mapping[Check, Callable[[Basis, CheckResult], Iterator[Telling]]] = {
    Check.PRE_TREND: _pre_trend,
    Check.LEAVE_ONE_AREA_OUT: _leave_one_out,
    Check.ALTERNATIVE_SPAN: _alternative_span,
}


def _told(
    basis: Basis, check: CheckResult, key: str, *, of: Estimated | None, instead_of: Estimated | None, **values: str
) -> Iterator[Telling]:
    if isinstance(of, Estimate) and isinstance(instead_of, Estimate):
        words = _say(
            key,
            estimate=point_words(of, scale=basis.scale),
            registered=point_words(instead_of, scale=basis.scale),
            **values,
        )
        yield Telling(check=check, distance=abs(of.value - instead_of.value), words=words)


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.checks.telling.{key}", **values)
