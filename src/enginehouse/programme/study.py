"""`evidence/*.csv`: studies of strategies, one row each. Pooling them is the business of `evidence`."""

from __future__ import annotations

from pydantic import Field

from enginehouse.programme.enums import EvidenceScale, StudyDesign
from enginehouse.programme.spec import NotNegative, Number, Positive, Slug, Spec, Text


class Study(Spec):
    """The effect of a strategy in one study."""

    id: Slug
    """The study's id, unique in the library."""
    strategy: Slug
    """The strategy that was studied, by the id it has here."""
    over: Slug
    """What it was compared with: a strategy's id, or `usual-care`."""
    target: Text
    """What was to change, in the study's words."""
    scale: EvidenceScale = Field(strict=False)
    """The scale of the effect. Only effects on one scale are pooled."""
    effect: Number
    """The effect; for ratios and odds its natural logarithm."""
    std_error: Positive
    """Its standard error, on the same scale."""
    lower_is_better: bool
    """Whether a negative effect is an improvement."""
    design: StudyDesign = Field(strict=False)
    """How the study was designed."""
    setting: Text
    """Where it was done."""
    completed: int = Field(ge=1950, le=2100)
    """The year in which it was completed."""
    sites: int | None = Field(default=None, ge=1)
    """How many sites took part, if it is known."""
    baseline: NotNegative | None = None
    """The outcome at the start, if it is known."""
    source: Text
    """Where it was published."""
