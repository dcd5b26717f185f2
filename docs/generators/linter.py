"""The page of the thirty rules for feedback reports, from the table that the linter runs."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.feedback.linter.judged import Part
from enginehouse.feedback.linter.report import Level
from enginehouse.feedback.linter.rules import RULES

INTRO = """# The thirty rules of a feedback report

Every report is held against these rules twice: its words before it is drawn, and the page afterwards. A rule that
**blocks** stops the wave until it is met; one that **warns** asks a person to look before the wave is released; one
that **logs** is noted with the report's design, for later evidence on which designs work. Where a rule cannot apply to
a report, the linter says why; nothing is passed over in silence.

They come from what reviews and trials of audit and feedback found or recommend. Written for a practice, they say: one
page, one message, your own figure beside that of similar practices, what to do and how to find the patients, no blame,
and nothing called a difference that chance could make.
"""
LEVELS = {Level.BLOCK: "blocks", Level.WARN: "warns", Level.LOG: "logs"}
_PLAIN = ("content", "drawing")
SOURCES = {
    "Br": "Suggestion of Brehaut JC and others. Practice feedback interventions: 15 suggestions for optimizing "
    "effectiveness. Annals of Internal Medicine 2016;164:435-441",
    "CP-FIT": "Hypothesis of Brown B and others. Clinical Performance Feedback Intervention Theory. Implementation "
    "Science 2019;14:40",
    "BCT": "Technique of Michie S and others. The behavior change technique taxonomy (v1). Annals of Behavioral "
    "Medicine 2013;46:81-95",
    "Cochrane 2012": "Ivers N and others. Audit and feedback. Cochrane Database of Systematic Reviews 2012;6:CD000259",
    "Ivers 2014": "Ivers NM and others. No more 'business as usual' with audit and feedback interventions. "
    "Implementation Science 2014;9:14",
    "CROP": "Campaign to Reduce Opioid Prescribing: Alderson SL and others. PLoS Medicine 2021;18:e1003796",
    "3i-O": "Study NIHR155714: feedback by characteristics of practices and of patients, and what it does to gaps",
    "Michie 2013": "As BCT",
    "ASPIRE": "Willis TA and others. PLoS Medicine 2020;17:e1003045",
    "arm specification": "The protocol: what the site's arm gets, exactly",
}


def page() -> str:
    return "\n".join([INTRO, *_rules(), *_sources()]) + "\n"


def _rules() -> Iterator[str]:
    yield "| | rule | when it is not met | source |"
    yield "|---|---|---|---|"
    for number, rule in RULES.items():
        met = "; ".join(_part(part) for part in rule.parts)
        yield f"| {number} | {rule.title} | {met} | {', '.join(rule.source)} |"


def _part(part: Part) -> str:
    """What one part of a rule does, and whether it looks at the words or at the drawn page."""
    where = "page" if part.needs_facts else "words"
    about = "" if part.name in _PLAIN else f", {part.name.replace('-', ' ')}"
    return f"{LEVELS[part.level]} ({where}{about})"


def _sources() -> Iterator[str]:
    yield "\n## Sources\n"
    yield "| mark | what it is |"
    yield "|---|---|"
    yield from (f"| {mark} | {meaning} |" for mark, meaning in SOURCES.items())
    used = {source for rule in RULES.values() for source in rule.source}
    unknown = [source for source in used if not any(source.startswith(mark) for mark in SOURCES)]
    if unknown:
        raise ValueError(f"no meaning for the sources {sorted(unknown)}: docs/generators/linter.py")
    yield (
        "\nHow figures are worked out is on [its page](../methods/feedback-figures.md). The table is "
        "[`feedback/linter/rules.py`](../../src/enginehouse/feedback/linter/rules.py); the texts are beside it."
    )
