"""What must hold in the evidence library: names of strategies, and one row for each study in all of its files."""

from __future__ import annotations

from collections.abc import Iterator

from enginehouse.core.errors import Problem
from enginehouse.programme.checks.names import Fault, Known, located, unknown_strategy
from enginehouse.programme.study import Study


def check_evidence(known: Known) -> Iterator[Problem]:
    """Every problem of every file: its own, its rows', and what does not fit with the other definitions."""
    first: dict[str, str] = {}
    for table in known.folder.evidence.values():
        yield from table.problems
        for row in table.rows:
            yield from row.problems
            if row.value is not None:
                yield from located(row.document, (*_repeated(row.value, first), *_study(row.value, known)))
                first.setdefault(row.value.id, row.document.where(()))


def _repeated(study: Study, first: dict[str, str]) -> Iterator[Fault]:
    if study.id in first:
        what = f"got the study '{study.id}' a second time; it is first at {first[study.id]}."
        yield Fault(("id",), what, "Give each study one row, and each effect of a study its own id.")


def _study(study: Study, known: Known) -> Iterator[Fault]:
    yield from unknown_strategy(("strategy",), study.strategy, known)
    yield from unknown_strategy(("over",), study.over, known, or_usual_care=True)
    if study.strategy == study.over:
        yield Fault(("over",), f"got '{study.over}' for both sides.", "Say what the strategy was compared with.")
