"""The verdict, what was to follow from it, and what would change it."""

from __future__ import annotations

import math

from enginehouse.evaluation.results import ClaimMark
from enginehouse.programme.enums import Direction, Verdict
from enginehouse.programme.protocol import DecisionRule
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Bullets, Callout, Paragraph, Section
from enginehouse.reports.effects import margin_words, with_page_signs
from enginehouse.reports.messages import say
from enginehouse.reports.sections.basis import Basis
from enginehouse.reports.sections.cluster import half_words, trial_half_width
from enginehouse.stats.results import Estimate


def verdict_section(basis: Basis) -> Section:
    blocks: list[Block] = [verdict_callout(basis)]
    if basis.evaluation.verdict.non_inferiority is not None:
        blocks.append(Paragraph(text=with_page_signs(basis.evaluation.verdict.non_inferiority.sentence)))
    blocks.append(Paragraph(text=_say("rule", rule=rule_text(basis.protocol.decision, basis.evaluation.verdict.word))))
    blocks += [Paragraph(text=text) for text in _decision(basis)]
    return Section(id="verdict", title=_say("title"), blocks=tuple(blocks))


def verdict_callout(basis: Basis) -> Callout:
    """The word, the sentence that holds the numbers, and what it means."""
    verdict = basis.evaluation.verdict
    small = f" {_say('small')}" if verdict.addition else ""
    text = f"{with_page_signs(_after_word(verdict.sentence))}{small} {_say(f'word.{verdict.word.value}.means')}"
    return Callout(title=headline(verdict.word), text=text, tone="finding")


def headline(word: Verdict) -> str:
    """The verdict as a headline."""
    return _say(f"word.{word.value}.headline")


def rule_text(rule: DecisionRule, word: Verdict) -> str:
    """What the protocol said would follow from this verdict."""
    return {Verdict.WORTHWHILE: rule.if_worthwhile, Verdict.EQUIVALENT: rule.if_equivalent}.get(word, rule.otherwise)


def change_section(basis: Basis) -> Section:
    items = [text for text in (_trial(basis), _size(basis), *_more(basis), _records(basis), _cost(basis)) if text]
    return Section(id="what-would-change-it", title=_change("title"), blocks=(Bullets(items=tuple(items)),))


def _after_word(sentence: str) -> str:
    """The sentence without the word before its colon, which the headline already says."""
    _, _, rest = sentence.partition(": ")
    return rest[:1].upper() + rest[1:] if rest[:1].isalpha() else rest or sentence


def _decision(basis: Basis) -> list[str]:
    decision = basis.facts.decision
    if decision is None:
        return [_say("no_decision")]
    word = _say(f"decision_word.{decision.decision}")
    said = [
        _say("decision", date=fmt.date_words(decision.on), person=decision.by, decision=word, reason=decision.reason)
    ]
    return said + ([_say("dissent", dissent=decision.dissent)] if decision.dissent else [])


def _trial(basis: Basis) -> str:
    if trial_half_width(basis) is None:
        return ""
    return _change("trial", half=half_words(basis), noun=basis.facts.noun)


def _size(basis: Basis) -> str:
    """The least effect that this interval would have let be called worthwhile."""
    estimate, verdict = basis.result.with_drift, basis.evaluation.verdict
    if not isinstance(estimate, Estimate):
        return _change("estimable", reason=estimate.detail)
    if verdict.word is Verdict.WORTHWHILE:
        return ""
    half = estimate.interval().high - estimate.value
    side = -1.0 if basis.primary.direction is Direction.LOWER_IS_BETTER else 1.0
    margin = math.log(verdict.worthwhile) if basis.is_ratio else verdict.worthwhile
    needed = margin + side * half
    return _change(
        "size",
        needed=margin_words(math.exp(needed) if basis.is_ratio else needed, is_ratio=basis.is_ratio, scale=basis.scale),
    )


def _more(basis: Basis) -> tuple[str, ...]:
    return () if basis.placebo is None else (_change("more_months"), _change("more_areas"))


def _records(basis: Basis) -> str:
    untested = sum(claim.mark is ClaimMark.CANNOT_BE_TESTED for claim in basis.evaluation.claims)
    return _change("records", count=untested) if untested else ""


def _cost(basis: Basis) -> str:
    economics = basis.protocol.economics
    return _change("cost") if economics is not None and economics.campaign_cost is None else ""


def _say(key: str, **values: str | int) -> str:
    return say(f"dossier.verdict.{key}", **values)


def _change(key: str, **values: str | int) -> str:
    return say(f"dossier.change.{key}", **values)
