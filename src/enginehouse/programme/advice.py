"""What is worth knowing about a programme although nothing in it is wrong: short baselines, reviews overdue, what this
version does not compute, people and files that are not there yet. Of trials in `advice_trial.py`; what is wrong is in
`load.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from enginehouse.core.errors import DataError, Problem, Problems
from enginehouse.core.words import counted
from enginehouse.programme.advice_trial import trial_advice
from enginehouse.programme.enums import Check, DesignType
from enginehouse.programme.folder import Folder, read_folder
from enginehouse.programme.paths import find_files
from enginehouse.programme.people import load_people
from enginehouse.programme.programme import Programme

SHORT_BASELINE_MONTHS = 12
PLACEBO_DATES_MONTHS = 8
TRIAL_SITES = 10
MADE_UP = "raw"
"""The folder that a synthetic region's files are written to."""


def advice(programme: Programme, *, today: date | None = None) -> tuple[Problem, ...]:
    """Everything worth knowing, in the order of the files; nothing of it stops a command by itself."""
    found = read_folder(programme.folder)
    return (
        *_people(programme),
        *_sources(programme, found),
        *_reviews(programme, found, today or date.today()),
        *_protocols(programme, found),
        *trial_advice(programme, found),
    )


def _people(programme: Programme) -> Iterator[Problem]:
    try:
        load_people(programme.folder)
    except Problems as error:
        yield from error.problems


def _sources(programme: Programme, found: Folder) -> Iterator[Problem]:
    """Files may come later, and a variable may be set on another machine."""
    settings, document = programme.settings, found.settings.document
    if settings.synthetic and not (programme.folder / MADE_UP).exists() and _made_up(programme):
        yield document.problem(
            ("sources",),
            f"the data are made up, and have not been made yet: there is no folder {MADE_UP}.",
            "Run: enginehouse data synthesise.",
        )
        return
    for name, source in settings.sources.items():
        for pattern in source.path:
            try:
                find_files([pattern], base=programme.folder)
            except DataError as error:
                yield document.problem(("sources", name, "path"), error.what, error.remedy)


def _made_up(programme: Programme) -> bool:
    paths = (path for source in programme.settings.sources.values() for path in source.path)
    return any(path.startswith(f"{MADE_UP}/") for path in paths)


def _reviews(programme: Programme, found: Folder, today: date) -> Iterator[Problem]:
    for name, indicator in programme.indicators.items():
        if indicator.next_review < today:
            yield found.indicators[name].document.problem(
                ("next_review",),
                f"the review of '{name}' was due on {indicator.next_review}.",
                "Have the definition checked, then write date_reviewed and next_review anew.",
            )


def _protocols(programme: Programme, found: Folder) -> Iterator[Problem]:
    for name, protocol in programme.protocols.items():
        document, analysis = found.protocols[name].document, protocol.analysis
        months = protocol.design.baseline_months
        if months < SHORT_BASELINE_MONTHS:
            dates = f", and the check of placebo dates takes {PLACEBO_DATES_MONTHS}"
            yield document.problem(
                ("design", "baseline_months"),
                f"got {counted(months, 'month')} before the start: less than a year shows no season and a trend poorly"
                + (dates if Check.PLACEBO_DATES in analysis.checks and months < PLACEBO_DATES_MONTHS else "")
                + ".",
                "Take 12 or more, where the data reach so far back.",
            )
        if analysis.equivalence is not None and protocol.design.type is DesignType.CONTROLLED_ITS:
            yield document.problem(
                ("analysis", "equivalence"),
                "how likely this design is to find 'equivalent' when there is no difference is not computed in this "
                "version.",
                "Do not read 'inconclusive' as 'no effect'.",
            )
        if analysis.embedded_trial is not None and analysis.embedded_trial.quoted_std_error is None:
            yield document.problem(
                ("analysis", "embedded_trial"),
                f"it is computed only if at least {TRIAL_SITES} exposed sites have data of their own, which cannot be "
                "known before the data are loaded.",
                "Give quoted_std_error with its source where the data are totals of areas.",
            )
