"""What must hold in the settings, the indicators and the strategies of a programme."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.programme.checks.names import Fault, Known, add_indicator, same_id, unknown, unknown_attribute
from enginehouse.programme.enums import CostedPer, SourceKind
from enginehouse.programme.grouping import COMPUTED, grouping
from enginehouse.programme.indicator import Codes, Indicator, Prescribing
from enginehouse.programme.positions import Path
from enginehouse.programme.programme import FeedbackSettings, ProgrammeSettings
from enginehouse.programme.sources import Source
from enginehouse.programme.strategy import Activity, Strategy

COLUMNS_OF_TOTALS = ("indicator", "site", "month", "numerator", "denominator", "quality")


def check_settings(settings: ProgrammeSettings, known: Known) -> Iterator[Fault]:
    for name, source in settings.sources.items():
        yield from _patient_groups(("sources", name, "patient_groups"), source)
    if settings.feedback is not None:
        yield from _feedback(settings.feedback, known)


def _patient_groups(path: Path, source: Source) -> Iterator[Fault]:
    if source.patient_groups and source.kind is not SourceKind.TOTALS:
        what = f"got divisions of patients for a source of kind {source.kind}; only totals may come by group."
        yield Fault(path, what, "Remove it, or give the numerators and denominators as totals.")
    for name in source.patient_groups:
        if name in COLUMNS_OF_TOTALS:
            what = f"got '{name}' for a division of patients, which every file of totals has already."
            yield Fault((*path, name), what, "Name what divides the patients: age, sex, deprivation.")


def _feedback(feedback: FeedbackSettings, known: Known) -> Iterator[Fault]:
    if not feedback.signed_by:
        yield Fault(
            ("feedback", "signed_by"), "got nobody.", "Name at least one person in whose name reports are sent."
        )
    for number, name in enumerate(feedback.similar_by):
        path = ("feedback", "similar_by", number)
        yield from unknown_attribute(path, grouping(name).attribute, known, computed=COMPUTED)


def check_strategy(name: str, strategy: Strategy) -> Iterator[Fault]:
    yield from same_id(name, strategy.id)
    if strategy.sends_report and strategy.delivered_by is not None:
        yield Fault(
            ("delivered_by",),
            f"got '{strategy.delivered_by}' for a strategy that sends reports; reports are sent from here.",
            "Remove it, or make two strategies of it.",
        )
    if strategy.sends_report and not strategy.components:
        yield Fault(
            ("components",), "got none; a report may contain the components of its strategy alone.", "Name them."
        )
    for number, activity in enumerate(strategy.activities):
        yield from _counted(("activities", number, "per"), activity, strategy)


def _counted(path: Path, activity: Activity, strategy: Strategy) -> Iterator[Fault]:
    """What units are counted for must be something that the strategy has."""
    if activity.per is CostedPer.REPORT and not strategy.sends_report:
        yield Fault(path, "got 'report', but this strategy sends none.", "Write 'sends_report: true', or use another.")
    if activity.per in (CostedPer.CONTACT, CostedPer.CONTACT_MINUTE) and strategy.contact is None:
        yield Fault(
            path,
            f"got '{activity.per}', but the strategy does not say which contacts are logged.",
            "Add contact (visit, webinar or call), or use another.",
        )


def check_indicator(name: str, indicator: Indicator, known: Known) -> Iterator[Fault]:
    yield from same_id(name, indicator.id)
    yield from _one_way(indicator, known)
    for number, other in enumerate(indicator.balancing):
        path = ("balancing", number)
        if other == indicator.id:
            yield Fault(path, "an indicator cannot balance itself.", "Name another, or remove it.")
        elif other not in known.indicators:
            yield unknown(path, other, known.indicators, noun="indicator", add=add_indicator(other))
    if indicator.next_review <= indicator.date_reviewed:
        yield Fault(
            ("next_review",), f"got {indicator.next_review}, which is not after date_reviewed.", "Write a later day."
        )


def _one_way(indicator: Indicator, known: Known) -> Iterator[Fault]:
    totals, prescribing = indicator.measured_from.totals, indicator.measured_from.prescribing
    if (totals is None) == (prescribing is None):
        got = "neither of them" if totals is None else "both"
        yield Fault(("from",), f"got {got}; expected either totals or prescribing.", "Give exactly one.")
    if totals is not None:
        yield from _totals_source(totals.source, known)
    if prescribing is not None:
        yield from _prescribing(prescribing, known)


def _totals_source(name: str, known: Known) -> Iterator[Fault]:
    path = ("from", "totals", "source")
    allowed = known.sources(SourceKind.TOTALS)
    if allowed is None or name in allowed:
        return
    assert known.settings is not None
    if name in known.settings.sources:
        kind = known.settings.sources[name].kind
        yield Fault(path, f"got '{name}', a source of kind {kind}; expected a source of kind totals.", "Name another.")
    else:
        add = f"Declare it under sources in programme.yaml: {name}: {{kind: totals, path: ...}}."
        yield unknown(path, name, allowed, noun="source", add=add)


def _prescribing(prescribing: Prescribing, known: Known) -> Iterator[Fault]:
    path = ("from", "prescribing")
    yield from _needs(SourceKind.PRESCRIBING, path, known)
    yield from _patterns(prescribing.numerator, (*path, "numerator"))
    if isinstance(prescribing.denominator, Codes):
        yield from _patterns(prescribing.denominator, (*path, "denominator"))
    else:
        yield from _needs(SourceKind.LIST_SIZES, (*path, "denominator"), known)


def _needs(kind: SourceKind, path: Path, known: Known) -> Iterator[Fault]:
    if known.sources(kind) == []:
        yield Fault(path, f"programme.yaml has no source of kind {kind}.", "Declare one under sources.")


def _patterns(codes: Codes, path: Path) -> Iterator[Fault]:
    """`~` alone takes codes out of nothing."""
    if not any(not pattern.startswith("~") for pattern in codes.bnf_codes):
        yield Fault((*path, "bnf_codes"), "got no pattern that takes codes in.", "Write at least one without '~'.")
