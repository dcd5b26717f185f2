"""What the sites' past says, in words: how months hang together, seasons, trend, and how unequal sites are."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import counted
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Bullets, Paragraph, Section
from enginehouse.reports.effects import page_words
from enginehouse.reports.messages import say
from enginehouse.stats.results import NotEstimable
from enginehouse.trials.components import Components, Measured
from enginehouse.trials.design_report import DesignReport

_PERCENT = ("season", "size_cv", "between_cv")


def history_section(report: DesignReport, noun: str) -> Section:
    """One bullet for each thing that the past says, or why it cannot say it."""
    items = tuple(dict.fromkeys(_items(report, noun)))
    return Section(
        id="history",
        title=_say("history"),
        blocks=(Paragraph(text=_say("history_note")), Bullets(items=items)),
        aside=True,
    )


def _items(report: DesignReport, noun: str) -> Iterator[str]:
    found = report.history
    if isinstance(found, NotEstimable):
        yield _cannot(found)
        return
    yield from _months(found.components)
    shape = found.shape
    for name in ("season", "trend", "dispersion", "size_cv", "between_cv"):
        measured: Measured | NotEstimable = getattr(shape, name)
        if isinstance(measured, NotEstimable):
            yield _cannot(measured)
        else:
            who = {"noun": noun} if name == "between_cv" else {}
            yield _say(f"history_{name}", **_numbers(name, measured), **who)


def _months(found: Components | NotEstimable) -> Iterator[str]:
    if isinstance(found, NotEstimable):
        yield _cannot(found)
        return
    both = found.nested_deviance is not None and found.decay_deviance is not None
    yield _say(f"history_form_{found.form if both else 'one'}", months=counted(found.months, "month"))
    if found.icc is not None:
        yield _say("history_icc", **_numbers("icc", found.icc))
    if found.cac is not None:
        key = "history_cac_decay" if found.form == "decay" else "history_cac"
        yield _say(key, **_numbers("cac", found.cac))


def _numbers(name: str, found: Measured) -> dict[str, str]:
    return {part: _number(name, getattr(found, part)) for part in ("value", "low", "high")}


def _number(name: str, value: float) -> str:
    if name == "trend":
        return fmt.percent(value, sign=True)
    return fmt.percent(value) if name in _PERCENT else fmt.number(value, 3 if name in ("icc", "cac") else 1)


def _cannot(found: NotEstimable) -> str:
    return _say("history_cannot", reason=page_words(found.detail))


def _say(key: str, **values: str | int) -> str:
    return say(f"design.{key}", **values)
