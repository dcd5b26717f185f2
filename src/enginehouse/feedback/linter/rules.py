"""The thirty rules as a table: number, source, and each part's level and check.

Sources: Br = Brehaut 2016, suggestion; CP-FIT = Brown 2019, hypothesis; BCT = technique of the taxonomy v1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from enginehouse.feedback.linter import data_rules as data
from enginehouse.feedback.linter import goal_rules as goal
from enginehouse.feedback.linter import reading_rules as reading
from enginehouse.feedback.linter import sender_rules as sender
from enginehouse.feedback.linter.judged import Check, DrawnCheck, Part, Rule
from enginehouse.feedback.linter.report import Level

B, W, LOG = Level.BLOCK, Level.WARN, Level.LOG


def _now(level: Level, check: Check, name: str = "content") -> Part:
    return Part(name=name, level=level, check=check)


def _drawn(level: Level, check: DrawnCheck, name: str = "drawing") -> Part:
    return Part(name=name, level=level, drawn=check)


def _rule(number: int, source: tuple[str, ...], *parts: Part) -> Rule:
    return Rule(number=number, source=source, parts=parts)


_ALL = (
    _rule(1, ("Br1", "CP-FIT 1"), _now(B, goal.priority)),
    _rule(2, ("Br2", "CP-FIT 2", "CP-FIT 8"), _now(B, goal.control_and_room)),
    _rule(3, ("Br3", "BCT 1.4", "BCT 4.1"), _now(B, goal.specific_actions)),
    _rule(4, ("CP-FIT 3",), _now(W, goal.fits_role)),
    _rule(5, ("CP-FIT 4", "CP-FIT 5"), _now(LOG, data.automatic)),
    _rule(6, ("Br4", "Ivers 2014"), _now(B, data.repeated)),
    _rule(7, ("Br5", "CP-FIT 11"), _now(B, data.timely), _drawn(B, data.date_shown)),
    _rule(8, ("Br6",), _now(B, data.own_value)),
    _rule(9, ("CP-FIT 9",), _now(W, goal.way_to_patients)),
    _rule(10, ("Br7", "CP-FIT 13"), _now(B, goal.comparison)),
    _rule(11, ("Cochrane 2012", "BCT 1.1", "BCT 1.3", "BCT 1.6"), _now(B, goal.explicit_target)),
    _rule(12, ("CP-FIT 12",), _now(W, data.trend_months), _drawn(W, data.trend_drawn)),
    _rule(13, ("Br8",), _now(B, data.words_and_data), _drawn(B, data.chart_and_data)),
    _rule(14, ("Br9", "Cochrane 2012"), _drawn(W, reading.modes)),
    _rule(
        15,
        ("Br10", "CP-FIT 15"),
        _drawn(B, reading.one_page, "pages"),
        _drawn(W, reading.drawing),
        _now(W, reading.plain_words),
    ),
    _rule(16, ("Br11", "CP-FIT 34"), _now(W, goal.barriers)),
    _rule(17, ("Br12",), _now(B, reading.short_headline), _drawn(B, reading.headline_first)),
    _rule(18, ("Br13", "CP-FIT 6", "CP-FIT 17"), _now(B, sender.credible)),
    _rule(19, ("Br14", "CP-FIT 16"), _now(B, reading.no_blame, "banned-words"), _now(W, reading.tone, "tone")),
    _rule(20, ("Br15", "CP-FIT 19", "CP-FIT 26", "CP-FIT 33"), _now(W, reading.team_talk)),
    _rule(21, ("Cochrane 2012", "CP-FIT 35", "BCT 1.4"), _now(W, goal.plan_slot)),
    _rule(22, ("CP-FIT 7",), _now(W, data.exceptions)),
    _rule(23, ("CP-FIT 14",), _now(B, sender.one_message)),
    _rule(24, ("CP-FIT 18",), _now(B, sender.delivered)),
    _rule(25, ("Ivers 2014", "CP-FIT 17"), _now(W, sender.signed)),
    _rule(26, ("CROP",), _now(W, goal.balancing)),
    _rule(27, ("Br13",), _now(B, data.noise)),
    _rule(28, ("3i-O",), _now(W, data.equity)),
    _rule(29, ("Michie 2013", "ASPIRE"), _now(LOG, sender.tagged)),
    _rule(30, ("arm specification",), _now(B, sender.exact_arm), _drawn(B, sender.arm_not_drawn)),
)

RULES: Final[Mapping[int, Rule]] = {rule.number: rule for rule in _ALL}
"""Every rule by its number."""
