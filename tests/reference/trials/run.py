"""Every case of a file through its topic's function, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tests.reference.trials.cases import Case, Group
from tests.reference.trials.compare import gaps
from tests.reference.trials.tables import Data
from tests.reference.trials.topics import Answer, topic_function

NO_FUNCTION = "no topic function"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A case's worst number: its error over its tolerance, where it is, and what is wrong with it if anything is.

    `numbers` counts what was compared, `rows` the rows of a grid (1 for a single case).
    """

    id: str
    topic: str
    source: str
    ratio: float
    where: str
    problem: str
    numbers: int
    rows: int

    @property
    def within(self) -> bool:
        return not self.problem and self.ratio <= 1

    def to_record(self) -> dict[str, Any]:
        """Plain values; an error without bound is `null`."""
        return {**asdict(self), "ratio": self.ratio if math.isfinite(self.ratio) else None}


def outcome(group: Group, data: Data, *, answer: Answer | None = None) -> Outcome:
    """What came of one case, or of the worst row of a grid; what a topic raises is passed on."""
    answer = answer or topic_function(group.topic)
    if answer is None:
        return _of(group, math.inf, "", NO_FUNCTION, 0)
    found = [(gap, case) for case in group.cases for gap in gaps(answer(case, data), case.expected, case.tolerance)]
    gap, case = max(found, key=lambda pair: pair[0].ratio)
    where = f"{case.id} {gap.where}" if group.is_grid else gap.where
    return _of(group, gap.ratio, where, gap.problem, len(found))


def outcomes(
    groups: Iterable[Group], data: Data, *, report: Callable[[Outcome], None] = lambda _: None
) -> Iterator[Outcome]:
    """What came of each; a topic that raises fails its case and no other."""
    for group in groups:
        try:
            result = outcome(group, data)
        except Exception as error:
            result = _of(group, math.inf, "", f"{type(error).__name__}: {error}", 0)
        report(result)
        yield result


def _of(group: Group, ratio: float, where: str, problem: str, numbers: int) -> Outcome:
    return Outcome(
        id=group.id,
        topic=group.topic,
        source=_source(group.cases[0]),
        ratio=ratio,
        where=where,
        problem=problem,
        numbers=numbers,
        rows=len(group.cases),
    )


def _source(case: Case) -> str:
    if case.package == "none":
        return case.call
    return " ".join(str(part) for part in (case.package, case.source.get("version")) if part)


def line(result: Outcome) -> str:
    """One line of the report."""
    if result.problem:
        return f"{result.id:<44} FAIL  {' '.join(part for part in (result.where, result.problem) if part)}"
    verdict = "ok  " if result.within else "FAIL"
    rows = f"  ({result.rows} rows)" if result.rows > 1 else ""
    return f"{result.id:<44} {verdict}  {result.ratio:9.2e}  {result.where}{rows}"


def summary(results: Iterable[Mapping[str, Any] | Outcome]) -> str:
    """The last line of the report."""
    good = [r.within if isinstance(r, Outcome) else not r["problem"] and (r["ratio"] or 0) <= 1 for r in results]
    return f"{sum(good)} of {len(good)} cases within tolerance"
