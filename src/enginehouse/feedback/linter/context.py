"""What a report is held against: the programme's words and limits, the registered schedule, the arm's specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from enginehouse.feedback.arms import ArmSpec, allowed_components
from enginehouse.feedback.signals import LEAST_ROOM
from enginehouse.programme.programme import FeedbackSettings
from enginehouse.programme.protocol import Protocol
from enginehouse.programme.strategy import Strategy

DATA_AGE_DAYS = 120
"""Where no calendar of delivery says otherwise."""


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
        Names and titles of all arms of the protocol, words joined by hyphens: none of them may be read off a report.
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
    least_room: float = LEAST_ROOM


def lint_context(
    protocol: Protocol, strategies: Mapping[str, Strategy], settings: FeedbackSettings, *, arm: str
) -> LintContext:
    """The context of the reports of one arm."""
    return LintContext(
        priorities=frozenset({protocol.indicator}),
        waves=protocol.delivery.waves if protocol.delivery else 1,
        data_age_days=protocol.delivery.data_age_days if protocol.delivery else DATA_AGE_DAYS,
        arm=allowed_components(protocol, strategies, arm),
        arm_names=(*protocol.arms, *(title.replace(" ", "-") for title in protocol.arm_titles.values())),
        banned_words=tuple(settings.banned_words),
    )
