"""`enginehouse appraise`: costs and savings beside the effect."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from enginehouse.cli.arguments import acting_for, add_acting, add_cycle, add_programme, dry_run_note, open_for
from enginehouse.cli.output import Output

if TYPE_CHECKING:
    from enginehouse.economics.appraise import Appraisal
    from enginehouse.economics.trial_appraisal import AnyAppraisal, TrialAppraisal

EXAMPLES = ("enginehouse appraise first", "enginehouse appraise first --json")


def configure(parser: argparse.ArgumentParser) -> None:
    add_cycle(parser)
    add_programme(parser)
    add_acting(parser)


def run(args: argparse.Namespace) -> Output:
    from enginehouse.cycle.appraise import appraise_cycle
    from enginehouse.reports.effects import page_words

    workspace = open_for(args)
    found = appraise_cycle(workspace, args.cycle, by=acting_for(args, workspace), dry_run=args.dry_run)
    return Output(text="\n".join(map(page_words, _said(found))) + dry_run_note(args), record=found.to_record())


def _said(found: AnyAppraisal) -> Iterator[str]:
    from enginehouse.economics.trial_appraisal import TrialAppraisal

    return _trial_lines(found) if isinstance(found, TrialAppraisal) else _lines(found)


def _trial_lines(found: TrialAppraisal) -> Iterator[str]:
    from enginehouse.reports import format as fmt
    from enginehouse.stats.results import NotEstimable

    for cost in found.costs:
        total = cost.total
        words = total.detail if isinstance(total, NotEstimable) else fmt.pounds(total, found.currency)
        yield f"Cost of {found.titles.get(cost.arm, cost.arm)}: {words}."
    benefits = [("within the trial", found.within_trial), ("over the horizon", found.horizon)]
    if found.horizon_years is not None and found.horizon_years > 1 and not isinstance(found.horizon, NotEstimable):
        benefits.append(("over the horizon, every year counted in full", found.undiscounted))
    for label, benefit in benefits:
        if isinstance(benefit, NotEstimable):
            yield f"Net benefit {label}: {benefit.detail}"
        elif not isinstance(benefit.net, NotEstimable) and not isinstance(benefit.probability, NotEstimable):
            limits = benefit.net
            point, low, high = (fmt.pounds(value, found.currency) for value in (limits.point, limits.low, limits.high))
            yield (
                f"Net benefit {label}: {point} (95% interval {low} to {high}); probability that it is above 0: "
                f"{fmt.probability(benefit.probability)}."
            )
    yield found.beside_verdict.sentence
    yield found.beside_verdict.why
    yield from found.notes


def _lines(found: Appraisal) -> Iterator[str]:
    from enginehouse.reports import format as fmt
    from enginehouse.stats.results import NotEstimable

    if isinstance(found.saving, NotEstimable):
        yield found.saving.detail
    else:
        limits = found.saving.headline.range
        point, low, high = (fmt.pounds(value, found.currency) for value in (limits.point, limits.low, limits.high))
        yield f"Saving, {found.saving.label}: {point} (95% interval {low} to {high})."
    for mark in found.marks:
        chance = "not known" if isinstance(mark.probability, NotEstimable) else fmt.probability(mark.probability)
        yield f"Probability that it paid, {mark.label}: {chance}."
    yield from found.notes
