"""What the cases of estimating equations have in common: family and link, working correlation, rows of a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.reference.trials.cases import Case
from tests.reference.trials.formula import Model, read_model
from tests.reference.trials.tables import Data, Table

from enginehouse.stats.gee import (
    Autoregressive,
    Exchangeable,
    GeeFamily,
    GeeFit,
    Independence,
    Link,
    Moments,
    Structure,
    gee,
)

Array = npt.NDArray[np.float64]
FAMILIES = {
    "binomial": GeeFamily.BINOMIAL,
    "binary": GeeFamily.BINOMIAL,
    "poisson": GeeFamily.POISSON,
    "quasipoisson": GeeFamily.POISSON,
    "gaussian": GeeFamily.GAUSSIAN,
    "continuous": GeeFamily.GAUSSIAN,
}


@dataclass(frozen=True, slots=True)
class Rows:
    """The model's columns, the clusters of its rows, and how its mean is modelled."""

    model: Model
    table: Table
    clusters: Array
    family: GeeFamily
    link: Link | None

    def fit(self, correlation: Structure, moments: Moments, **options: Any) -> GeeFit:
        """The fit; one that cannot be estimated fails the case with its reason."""
        outcome, trials = _outcome(self.model.outcome)
        found = gee(
            outcome,
            self.model.design,
            clusters=self.clusters,
            family=self.family,
            link=self.link,
            correlation=correlation,
            moments=moments,
            names=self.model.names,
            offset=self.model.offset,
            trials=trials,
            **options,
        )
        if not isinstance(found, GeeFit):
            raise ValueError(f"{found.reason}: {found.detail}")
        return found

    def named(self, values: Any) -> dict[str, float]:
        """One value for each coefficient, by R's names."""
        return dict(zip(self.model.names, (float(value) for value in values), strict=True))


def _outcome(values: Array) -> tuple[Array, Array | None]:
    if values.ndim == 1:
        return values, None
    return values[:, 0], values.sum(axis=1)


def rows_of(case: Case, data: Data) -> Rows:
    """The rows of a case that names its model, family and cluster."""
    table = data.table(case.data or "")
    model = read_model(case.inputs["model"], table)
    family, link = family_of(case.inputs["family"])
    return Rows(model, table, table.labels(case.inputs["cluster"])[model.rows], family, link)


def family_of(text: str) -> tuple[GeeFamily, Link | None]:
    """`binomial(logit)`, `poisson(log) on a binary outcome: ...`, `continuous`."""
    found = re.match(r"([a-z]+)(?:\((\w+)\))?", text)
    if found is None or found[1] not in FAMILIES:
        raise ValueError(f"no family {text!r}")
    return FAMILIES[found[1]], Link(found[2]) if found[2] else None


def correlation_of(inputs: Mapping[str, Any], clusters: Array) -> Structure:
    """The working correlation by its first word, at the `alpha` of the case if it has one; rows are one unit apart."""
    alpha = inputs.get("alpha")
    match re.split(r"[ (:]", inputs["correlation"].lower())[0]:
        case "independence":
            return Independence()
        case "exchangeable":
            return Exchangeable(alpha=alpha)
        case "ar1" | "ar-m":
            return Autoregressive(times=positions(clusters), alpha=alpha)
    raise ValueError(f"no working correlation {inputs['correlation']!r}")


def positions(clusters: Array) -> Array:
    """The place of each row among those of its cluster."""
    order = np.argsort(clusters, kind="stable")
    starts = np.searchsorted(clusters[order], clusters[order])
    found = np.empty(len(order))
    found[order] = np.arange(len(order)) - starts
    return found


def errors(fit: GeeFit, correction: Any) -> list[float]:
    """A standard error for each coefficient."""
    return [fit.std_error(row, correction) for row in np.eye(len(fit.names))]
