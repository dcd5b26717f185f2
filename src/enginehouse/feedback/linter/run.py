"""Runs every rule on one report: once before it is drawn and once after."""

from __future__ import annotations

from dataclasses import replace

from enginehouse.feedback.content import RenderFacts, ReportContent
from enginehouse.feedback.linter.context import LintContext
from enginehouse.feedback.linter.judged import Judged, Part
from enginehouse.feedback.linter.report import Finding, LintReport, Outcome
from enginehouse.feedback.linter.rules import RULES
from enginehouse.feedback.linter.sender_rules import techniques


def lint(content: ReportContent, facts: RenderFacts | None = None, *, context: LintContext) -> LintReport:
    """Every rule on one report. Without `facts` the rules about the drawing are listed as `after-drawing`."""
    findings = tuple(
        _finding(number, part, _judge(part, content, facts, context))
        for number, rule in RULES.items()
        for part in rule.parts
    )
    return LintReport(
        site=content.site,
        wave=content.issue.wave,
        findings=findings,
        design_attributes=design_attributes(content, findings),
    )


def lint_drawing(before: LintReport, content: ReportContent, facts: RenderFacts, *, context: LintContext) -> LintReport:
    """What `lint` says with `facts`, given what it said of the same content and context without them.

    Only the rules about the drawing are judged: the others see nothing but the content, which is as it was.
    """
    if (before.site, before.wave) != (content.site, content.issue.wave):
        raise ValueError(f"got what was found about {before.site}, wave {before.wave}, for another report")
    parts = [(number, part) for number, rule in RULES.items() for part in rule.parts]
    findings = tuple(
        _finding(number, part, _judge(part, content, facts, context)) if part.needs_facts else found
        for (number, part), found in zip(parts, before.findings, strict=True)
    )
    return replace(before, findings=findings, design_attributes=design_attributes(content, findings))


def _judge(part: Part, content: ReportContent, facts: RenderFacts | None, context: LintContext) -> Judged:
    if part.needs_facts and facts is None:
        return Judged(Outcome.AFTER_DRAWING)
    if part.drawn is not None and facts is not None:
        return part.drawn(content, facts, context)
    assert part.check is not None, "a part has one of two checks"
    return part.check(content, context)


def _finding(number: int, part: Part, judged: Judged) -> Finding:
    return Finding(
        rule=number,
        part=part.name,
        level=part.level,
        outcome=judged.outcome,
        words=judged.words,
        where=judged.where,
    )


def design_attributes(content: ReportContent, findings: tuple[Finding, ...]) -> dict[str, str]:
    """What the report's design is, for the evidence: rules 5 and 29, the schedule, the recipient, the channel."""
    is_automatic = any(f.rule == 5 and f.outcome is Outcome.PASSED for f in findings)
    return {
        "automatic": "yes" if is_automatic else "no",
        "components": ", ".join(sorted(content.components)),
        "techniques": ", ".join(techniques(content)),
        "issues": str(content.issue.of),
        "recipient": content.recipient.value,
        "channel": content.channel,
        "comparator": "" if content.comparator is None else content.comparator.target_title,
        "offer": "yes" if content.facilitation_words else "no",
    }
