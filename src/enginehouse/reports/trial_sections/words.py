"""Phrases that several sections share: money that may not be known, effects as cells, arms and attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from enginehouse.reports import format as fmt
from enginehouse.reports.effects import attribute_words, effect_words, margin_words, page_words, plain_name
from enginehouse.reports.messages import say
from enginehouse.reports.trial_facts import AllocationFact
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.stats.results import Estimated, NotEstimable

_PART = re.compile(r"^(?P<attribute>.+)_(?P<part>half|third|quintile|quarter)$")


def money_words(amount: float | NotEstimable, currency: str) -> str:
    """An amount, or that it is not known."""
    return say("trial.not_known") if isinstance(amount, NotEstimable) else fmt.pounds(amount, currency)


def estimated_words(estimate: Estimated, *, scale: int = 1) -> str:
    """The effect with its interval, or the reason why there is none."""
    if isinstance(estimate, NotEstimable):
        return f"{say('page.cannot_be_estimated')}: {page_words(estimate.detail)}"
    return effect_words(estimate, scale=scale)


def probability_words(share: float | NotEstimable) -> str:
    """A probability, or that it is not known."""
    return say("trial.not_known") if isinstance(share, NotEstimable) else fmt.probability(share)


def margin(basis: TrialBasis, value: float) -> str:
    """A margin, or any effect on the protocol's scale, as a change."""
    return margin_words(value, is_ratio=basis.is_ratio, scale=basis.scale)


def group_words(attribute: str) -> str:
    """An attribute in parts: `imd_2015_score_third` as `deprivation (IMD 2015 score), in thirds`."""
    found = _PART.match(attribute)
    if found is None:
        return attribute_words(attribute)
    parts = {"half": "halves", "third": "thirds", "quintile": "fifths", "quarter": "quarters"}
    return f"{attribute_words(found['attribute'])}, in {parts[found['part']]}"


def named_words(basis: TrialBasis, text: str) -> str:
    """A sentence made elsewhere as pages write it, with what is known of sites by its words and not its names."""
    names = [row.name for row in basis.balance.rows] if basis.balance is not None else []
    names += [covariate.name for covariate in basis.roster.covariates] if basis.roster is not None else []
    for name in sorted(set(names), key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", attribute_words(name), text)
    return page_words(text)


def added_words(basis: TrialBasis) -> str:
    """What the arm adds to its comparator, in words; empty where it is another thing and not an addition."""
    arms = basis.protocol.arms
    arm, over = set(arms[basis.contrast.arm]), set(arms[basis.contrast.over])
    if not over < arm:
        return ""
    return joined(strategy_words(basis, name) for name in arms[basis.contrast.arm] if name not in over)


def strategy_words(basis: TrialBasis, name: str) -> str:
    """A strategy's title, or its id in words."""
    strategy = basis.facts.strategies.get(name)
    return plain_name(name) if strategy is None else strategy.title


def joined(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    known = list(parts)
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}" if known else ""


def seeds_words(fact: AllocationFact) -> dict[str, str]:
    """How either of the two secret numbers came about: whoever chose one could have known the other."""
    return {
        name: say(f"trial.registered.{'by_hand' if by_hand else 'by_system'}")
        for name, by_hand in (("first_how", fact.seed_by_hand), ("second_how", fact.second_by_hand))
    }


def dates_words(days: Iterable[str]) -> str:
    """Days in words, joined."""
    return joined(fmt.date_words(day) for day in dict.fromkeys(days))
