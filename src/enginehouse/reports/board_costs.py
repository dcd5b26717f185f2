"""What the board's page says of costs: what it cost more, whether it pays for itself, what finding out took."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.words import first_upper
from enginehouse.economics.trial_appraisal import TrialAppraisal
from enginehouse.reports import format as fmt
from enginehouse.reports.content import Block, Paragraph
from enginehouse.reports.effects import page_words
from enginehouse.reports.messages import say
from enginehouse.reports.trial_sections.basis import TrialBasis
from enginehouse.reports.trial_sections.question import years_words
from enginehouse.stats.results import NotEstimable


def cost_blocks(basis: TrialBasis) -> tuple[Block, ...]:
    """One paragraph; nothing without an appraisal."""
    if basis.appraisal is None:
        return ()
    return (Paragraph(text=" ".join(_sentences(basis, basis.appraisal))),)


def _sentences(basis: TrialBasis, appraisal: TrialAppraisal) -> Iterator[str]:
    if appraisal.rehearsal:
        yield _say("not_incurred")
        return
    yield _each(basis, appraisal)
    yield from _worth(appraisal)
    if appraisal.turn.lines:
        turn = appraisal.turn
        yield _say("turn", days=_days(turn.days), evaluation=fmt.quantity(turn.evaluation_days))


def _each(basis: TrialBasis, appraisal: TrialAppraisal) -> str:
    incremental = appraisal.incremental
    each = incremental if isinstance(incremental, NotEstimable) else incremental.per_site
    if isinstance(each, NotEstimable):
        return _say("cost_unknown", reason=page_words(each.detail))
    return _say(
        "cost_each",
        arm=first_upper(basis.title(appraisal.arm)),
        over=basis.title(appraisal.over),
        amount=fmt.pounds(each, appraisal.currency),
        noun=basis.noun,
    )


def _worth(appraisal: TrialAppraisal) -> Iterator[str]:
    found = appraisal.decisive
    if isinstance(found, NotEstimable):
        return
    if isinstance(found.net, NotEstimable) or isinstance(found.probability, NotEstimable):
        return
    sign = "loss" if found.net.point < 0 else "gain"
    words: dict[str, str | int] = {
        "net": fmt.pounds(abs(found.net.point), appraisal.currency),
        "probability": fmt.probability(found.probability),
    }
    if appraisal.horizon_years is None:
        yield _say(f"worth_trial_{sign}", **words)
    else:
        later = _say("later_years") if found.years > 1 else ""
        yield _say(f"worth_{sign}", years=f"{years_words(found.years)}{later}", **words)
    if appraisal.price is not None and appraisal.price.is_assumption:
        yield _say("assumption")


def _days(days: float) -> str:
    return f"{fmt.quantity(days)} {'day' if days == 1 else 'days'}"


def _say(key: str, **values: str | int) -> str:
    return say(f"board.{key}", **values)
