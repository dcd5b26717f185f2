"""The verdict, and what was to follow from it; what would change it is in `change`."""

from __future__ import annotations

from enginehouse.programme.enums import Verdict
from enginehouse.programme.protocol import DecisionRule
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Callout, Paragraph, Section
from enginehouse.reports.effects import effect_words, page_words
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.stats.results import Estimate


def verdict_section(basis: Basis) -> Section:
    blocks: list[Block] = [_by_the_margins(basis)]
    if basis.evaluation.verdict.non_inferiority is not None:
        blocks.append(Paragraph(text=page_words(basis.evaluation.verdict.non_inferiority.sentence)))
    blocks.append(Paragraph(text=_say("rule", rule=rule_text(basis.protocol.decision, basis.evaluation.verdict.word))))
    blocks += [Paragraph(text=text) for text in _decision(basis)]
    return Section(id="verdict", title=_say("title"), blocks=tuple(blocks))


def finding_callout(basis: Basis) -> Callout:
    """The word, what it means in plain words, and then the numbers."""
    verdict, estimate = basis.evaluation.verdict, basis.result.with_drift
    means = _say(f"word.{verdict.word.value}.means")
    if not isinstance(estimate, Estimate):
        return Callout(title=headline(verdict.word), text=f"{means} {estimate.detail}", tone="finding")
    numbers = _say(
        "numbers",
        effect=effect_words(estimate, scale=basis.scale),
        window=basis.window,
        comparator=basis.comparison.title,
    )
    return Callout(title=headline(verdict.word), text=f"{means} {numbers}", tone="finding")


def headline(word: Verdict) -> str:
    """The verdict as a headline."""
    return _say(f"word.{word.value}.headline")


def rule_text(rule: DecisionRule, word: Verdict) -> str:
    """What the protocol said would follow from this verdict."""
    return {Verdict.WORTHWHILE: rule.if_worthwhile, Verdict.EQUIVALENT: rule.if_equivalent}.get(word, rule.otherwise)


def decision_words(decision: str) -> str:
    """A decision as a page prints it: `evaluate further`."""
    return _say(f"decision_word.{decision}")


def _by_the_margins(basis: Basis) -> Callout:
    """The word again, with the margins that give it and nothing else."""
    verdict = basis.evaluation.verdict
    small = f" {_say('small')}" if verdict.addition else ""
    text = f"{page_words(after_word(verdict.sentence))}{small}"
    return Callout(title=headline(verdict.word), text=text, tone="finding")


def after_word(sentence: str) -> str:
    """The sentence without the word before its colon, which the headline already says."""
    _, _, rest = sentence.partition(": ")
    return rest[:1].upper() + rest[1:] if rest[:1].isalpha() else rest or sentence


def _decision(basis: Basis) -> list[str]:
    decision = basis.facts.decision
    if decision is None:
        return [_say("no_decision")]
    said = [
        _say(
            "decision",
            date=fmt.date_words(decision.on),
            person=decision.by,
            decision=decision_words(decision.decision),
            reason=decision.reason,
        )
    ]
    return said + ([_say("dissent", dissent=decision.dissent)] if decision.dissent else [])


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.verdict.{key}", **values)
