"""The evidence library: studies from files, and the programme's own results as they are posted to the record.

What was known on a day is asked here. Pooling is in `pooling`, the prior of the next cycle in `predictive`; studies are
put on another scale in `conversion` only, by someone who means it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from enginehouse.core.errors import Problem, Problems, UserError
from enginehouse.programme.enums import EvidenceScale, StudyDesign
from enginehouse.programme.study import Study
from enginehouse.stats.records import from_plain, to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryStudy:
    """One study of a strategy, as the library holds it.

    Attributes
    ----------
    id, strategy, over, target, scale, effect, std_error, lower_is_better, design, setting, completed, sites, baseline
        As in `programme.study.Study`: ratios and odds as natural logarithms.
    source
        Where it was published; for an own result, the cycle and its document.
    indicator
        The programme's own indicator, for results of the programme itself.
    cycle, posted_on, evaluation
        The cycle, the day (ISO) on which it was posted, and the hash of the evaluation; None for studies from files.
    follow_up_months
        Over how many months the effect was measured.
    components
        What the report or visit contained.
    moderators
        Numbers by name that may explain differences between studies (deprivation, fidelity, size).
    """

    id: str
    strategy: str
    over: str
    target: str
    scale: EvidenceScale
    effect: float
    std_error: float
    lower_is_better: bool
    design: StudyDesign
    setting: str
    completed: int
    source: str
    sites: int | None = None
    baseline: float | None = None
    indicator: str | None = None
    cycle: str | None = None
    posted_on: str | None = None
    evaluation: str | None = None
    follow_up_months: int | None = None
    components: tuple[str, ...] = ()
    moderators: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_file(cls, study: Study) -> LibraryStudy:
        """A row of `evidence/*.csv`."""
        return cls(**{name: getattr(study, name) for name in Study.model_fields})

    @property
    def is_own(self) -> bool:
        """Whether the programme itself found it."""
        return self.cycle is not None

    def known_on(self, day: date) -> bool:
        """Own results from the day they were posted on; others from the year in which they were completed on."""
        if self.posted_on is not None:
            return date.fromisoformat(self.posted_on) <= day
        return self.completed <= day.year

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `study_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def study_from_record(record: Mapping[str, Any]) -> LibraryStudy:
    """Read back what `LibraryStudy.to_record` wrote."""
    study: LibraryStudy = from_plain(LibraryStudy, record)
    return study


class EvidenceOnAnotherScale(UserError):
    """Studies on different scales cannot be pooled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The studies of one question in the library: those that can be used, and those on another scale."""

    used: tuple[LibraryStudy, ...]
    on_another_scale: tuple[LibraryStudy, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """Every study that is known, in a fixed order."""

    studies: tuple[LibraryStudy, ...] = ()

    @classmethod
    def of(cls, files: Iterable[Study] = (), posted: Iterable[LibraryStudy] = ()) -> Library:
        """The studies of the programme's files and those posted to the record.

        Raises
        ------
        Problems
            Two studies have the same id, or an own result does not say when it was posted.
        """
        studies = (*(LibraryStudy.from_file(study) for study in files), *posted)
        problems = [*_repeated(studies), *_undated(studies)]
        if problems:
            raise Problems(problems)
        return cls(tuple(sorted(studies, key=lambda study: (study.completed, study.posted_on or "", study.id))))

    def as_of(self, day: date) -> Library:
        """What the library held on that day."""
        return Library(tuple(study for study in self.studies if study.known_on(day)))

    def about(self, *, strategy: str, over: str, scale: EvidenceScale) -> Found:
        """The studies of a strategy over a comparator: on the scale, and on another."""
        meant = [study for study in self.studies if (study.strategy, study.over) == (strategy, over)]
        return Found(
            used=tuple(study for study in meant if study.scale is scale),
            on_another_scale=tuple(study for study in meant if study.scale is not scale),
        )

    @property
    def identity(self) -> str:
        """SHA-256 of the studies' canonical JSON."""
        text = json.dumps(self.to_record(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_record(self) -> dict[str, Any]:
        """Plain JSON values; `library_from_record` is the inverse."""
        record: dict[str, Any] = to_plain(self)
        return record


def library_from_record(record: Mapping[str, Any]) -> Library:
    """Read back what `Library.to_record` wrote."""
    library: Library = from_plain(Library, record)
    return library


def check_scale(studies: Iterable[LibraryStudy], scale: EvidenceScale) -> None:
    """Refuse studies on another scale.

    Raises
    ------
    EvidenceOnAnotherScale
        Names each of them.
    """
    others = [study for study in studies if study.scale is not scale]
    if others:
        named = ", ".join(f"{study.id} ({study.scale.value})" for study in others)
        raise EvidenceOnAnotherScale(
            f"got evidence on another scale than {scale.value}: {named}.",
            where="evidence",
            remedy="Studies on different scales are not pooled. Convert the effect and its standard error at a stated "
            "baseline, write the formula in the source, or leave the study out.",
        )


def _repeated(studies: Iterable[LibraryStudy]) -> list[Problem]:
    counts = Counter(study.id for study in studies)
    return [
        Problem("evidence", f"got {count} studies with the id '{name}'.", "Give each study an id of its own.")
        for name, count in sorted(counts.items())
        if count > 1
    ]


def _undated(studies: Iterable[LibraryStudy]) -> list[Problem]:
    return [
        Problem("evidence", f"the own result '{study.id}' does not say when it was posted.", "Say the day.")
        for study in studies
        if study.is_own and study.posted_on is None
    ]


STUDY_FIELDS = tuple(item.name for item in fields(LibraryStudy))
