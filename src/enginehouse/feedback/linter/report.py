"""What the linter found: one finding for each part of a rule, and the report that adds them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from enginehouse.stats.records import from_plain, to_plain


class Level(StrEnum):
    """What follows when a rule is not met."""

    BLOCK = "block"
    WARN = "warn"
    LOG = "log"


class Outcome(StrEnum):
    """What came of a rule. `after-drawing` waits for the drawn document."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not-applicable"
    AFTER_DRAWING = "after-drawing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part of one rule: what came of it, in words, and which field of the content (or of the drawing) it is about.

    `words` say what is wrong, or why the rule does not apply; empty where it passed.
    """

    rule: int
    part: str
    level: Level
    outcome: Outcome
    words: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """Every finding about one report, in the order of the rules.

    `design_attributes` are what the logged rules say about the report's design: moderators of its effect.
    """

    site: str
    wave: int
    findings: tuple[Finding, ...]
    design_attributes: Mapping[str, str]

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What blocks: the report may not be sent."""
        return self._at(Level.BLOCK)

    @property
    def blocked(self) -> bool:
        """Whether the report may not be sent."""
        return bool(self.failed)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What a person should look at before approving."""
        return self._at(Level.WARN)

    @property
    def waiting(self) -> tuple[Finding, ...]:
        """What can only be judged on the drawn document."""
        return tuple(f for f in self.findings if f.outcome is Outcome.AFTER_DRAWING)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `lint_from_record` is the inverse."""
        record = to_plain(self)
        assert isinstance(record, dict)
        return record

    def _at(self, level: Level) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.outcome is Outcome.FAILED and f.level is level)


def lint_from_record(record: Mapping[str, Any]) -> LintReport:
    """Read back what `LintReport.to_record` wrote."""
    found = from_plain(LintReport, record)
    assert isinstance(found, LintReport)
    return found
