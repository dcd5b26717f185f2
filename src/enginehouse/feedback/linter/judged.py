"""What a check of one part of a rule returns, and the small questions that several rules ask of a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from enginehouse.feedback.arms import withheld_fields
from enginehouse.feedback.claims import Standing
from enginehouse.feedback.content import RenderFacts, ReportContent
from enginehouse.feedback.linter.context import LintContext
from enginehouse.feedback.linter.report import Level, Outcome
from enginehouse.feedback.texts import say
from enginehouse.programme.enums import Direction


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a check, in words, and where."""

    outcome: Outcome
    words: str = ""
    where: str = ""


PASSED = Judged(Outcome.PASSED)

type Check = Callable[[ReportContent, LintContext], Judged]
type DrawnCheck = Callable[[ReportContent, RenderFacts, LintContext], Judged]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a rule. Exactly one of the checks is there; `drawn` needs the drawn document."""

    name: str
    level: Level
    check: Check | None = None
    drawn: DrawnCheck | None = None

    @property
    def needs_facts(self) -> bool:
        return self.drawn is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its number, where it comes from, and its parts. `title` is in the texts."""

    number: int
    source: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def title(self) -> str:
        """The rule in a few words."""
        return say(f"lint.{self.number}.title")


def failed(key: str, where: str, **values: str | int) -> Judged:
    """Not met, with the text `lint.<key>`."""
    return Judged(Outcome.FAILED, say(f"lint.{key}", **values), where)


def not_applicable(key: str, where: str = "", **values: str | int) -> Judged:
    """Does not apply, with the reason in the text `lint.<key>`."""
    return Judged(Outcome.NOT_APPLICABLE, say(f"lint.{key}", **values), where)


def need(holds: object, key: str, where: str, **values: str | int) -> Judged:
    """Passed where `holds`; else failed."""
    return PASSED if holds else failed(key, where, **values)


def unsaid(content: ReportContent, context: LintContext, where: str) -> Judged:
    """Why a part of the figures is absent: the design withholds it, or nothing can be said; failed where neither."""
    if where in withheld_fields(context.arm):
        return not_applicable("withheld", where)
    if content.cannot_be_said:
        return not_applicable("not_said", where, reason=content.cannot_be_said)
    return failed("8.silent", where)


def falls_short(content: ReportContent) -> bool:
    """Whether there is a gap to the target, certain or not."""
    return content.gap is not None and content.gap.amount > 0


def standing_of(content: ReportContent) -> Standing:
    """The numbers of the report that its words are held against."""
    other = content.comparator
    return Standing(
        site_name=content.site_name,
        sign=-1.0 if content.direction is Direction.HIGHER_IS_BETTER else 1.0,
        own=content.own,
        typical=None if other is None else other.typical,
        target=None if other is None else other.target,
        change=content.trend.change,
    )
