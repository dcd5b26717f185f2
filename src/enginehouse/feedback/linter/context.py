"""What a report is held against: the programme's words and limits, the registered schedule, the arm's specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.feedback.arms import ArmSpec
from enginehouse.programme.programme import FeedbackSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class LintContext:
    """What the rules need to know beside the report itself.

    Attributes
    ----------
    priorities
        Indicators that are registered goals: the report's must be one of them.
    waves, data_age_days
        The registered number of issues, and the greatest age of the newest month.
    arm
        What the report's arm allows.
    arm_names
        Names of all arms of the protocol: none of them may be read off a report.
    banned_words
        The programme's own, beside those that the linter knows.
    reading_grade
        The highest Flesch-Kincaid grade of the running text.
    least_room
        The least gap, as a share of the own value, that is worth asking for.
    """

    priorities: frozenset[str]
    waves: int
    data_age_days: int
    arm: ArmSpec
    arm_names: tuple[str, ...]
    banned_words: tuple[str, ...] = ()
    reading_grade: float = 12.0
    least_room: float = 0.02


def lint_context(
    protocol: Protocol, strategies: Mapping[str, Strategy], settings: FeedbackSettings, *, arm: str
) -> LintContext:
    """The context of the reports of one arm."""
    raise NotImplementedError
