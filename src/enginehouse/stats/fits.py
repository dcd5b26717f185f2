"""What a regression returns, and the pieces every regression needs: names, checks of rank, small-sample factors.

The fitting is in `glm`, `fixed_effects` and `glmm`. Nothing here knows which model it serves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import Estimate, NotEstimable, Scale

type Array = npt.NDArray[np.float64]
type Codes = npt.NDArray[np.intp]

RANK_TOLERANCE = 1e-7
"""A column whose part outside the earlier columns is smaller than this share of it is aliased (as in R's `lm`)."""


class SmallSample(StrEnum):
    """The factor by which a cluster-robust covariance is multiplied; G clusters, n rows, k coefficients."""

    NONE = "none"
    CLUSTERS = "clusters: G/(G-1)"
    COEFFICIENTS = "coefficients: G/(G-k)"
    CLUSTERS_AND_ROWS = "clusters and rows: G/(G-1) x (n-1)/(n-k)"


def small_sample_factor(correction: SmallSample, *, clusters: int, rows: int, coefficients: int) -> float:
    """The multiplier of the covariance that `correction` names."""
    by_clusters = clusters / (clusters - 1)
    return {
        SmallSample.NONE: 1.0,
        SmallSample.CLUSTERS: by_clusters,
        SmallSample.COEFFICIENTS: clusters / max(clusters - coefficients, 1),
        SmallSample.CLUSTERS_AND_ROWS: by_clusters * (rows - 1) / (rows - coefficients),
    }[correction]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegressionFit:
    """Coefficients of a regression with their covariance, and all that a reader must know of how it was made.

    Attributes
    ----------
    names
        One name for each coefficient.
    coefficients, covariance
        Arrays of shape (k,) and (k, k); log ratios where the link is the log.
    df
        Degrees of freedom of the t distribution of the intervals; `inf` means normal.
    dispersion
        Pearson chi-square over its degrees of freedom: 1 where counts vary as Poisson says. Of a log-linear fit, the
        residual variance of the logs.
    correction
        The small-sample factor inside `covariance`; `none` where it is not cluster-robust.
    """

    method: str
    names: tuple[str, ...]
    coefficients: Array
    covariance: Array
    df: float
    dispersion: float
    rows: int
    clusters: int | None = None
    correction: SmallSample = SmallSample.NONE
    notes: tuple[str, ...] = ()
    scale: Scale = "log-ratio"

    @property
    def std_errors(self) -> Array:
        """Standard errors of the coefficients, shape (k,)."""
        return np.sqrt(np.diag(self.covariance))

    def contrast(self, weights: Sequence[float] | Array | Mapping[str, float]) -> Estimate:
        """The weighted sum of coefficients, `weights` by position or by name, as an estimate."""
        numbers: dict[str, float] = {"rows": self.rows, "dispersion": self.dispersion}
        if self.clusters is not None:
            numbers["clusters"] = self.clusters
        return contrast_estimate(
            Coefficients(self.names, self.coefficients, self.covariance),
            weights,
            template=Estimate(
                value=0.0,
                std_error=0.0,
                df=self.df,
                scale=self.scale,
                method=self.method,
                notes=self.notes,
                numbers=numbers,
            ),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Named coefficients and their covariance."""

    names: tuple[str, ...]
    values: Array
    covariance: Array
    index: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {name: place for place, name in enumerate(self.names)})


def contrast_estimate(
    coefficients: Coefficients, weights: Sequence[float] | Array | Mapping[str, float], *, template: Estimate
) -> Estimate:
    """`template` with the value and the standard error of the weighted sum of `coefficients`."""
    vector = weight_vector(coefficients, weights)
    return Estimate(
        value=float(vector @ coefficients.values),
        std_error=math.sqrt(float(vector @ coefficients.covariance @ vector)),
        df=template.df,
        scale=template.scale,
        method=template.method,
        notes=template.notes,
        numbers=template.numbers,
    )


def weight_vector(coefficients: Coefficients, weights: Sequence[float] | Array | Mapping[str, float]) -> Array:
    """Weights as an array in the order of the coefficients; a name or a length that does not fit is an error."""
    if isinstance(weights, Mapping):
        vector = np.zeros(len(coefficients.names))
        for name, weight in weights.items():
            vector[coefficients.index[name]] = weight
    else:
        vector = np.asarray(weights, dtype=float)
    if vector.shape != coefficients.values.shape:
        raise ValueError(f"got {vector.shape[0]} weights for {len(coefficients.names)} coefficients")
    if not np.any(vector):
        raise ValueError("a contrast needs a weight that is not zero")
    return vector


def name_columns(names: Sequence[str] | None, columns: int) -> tuple[str, ...]:
    """The names given, or `x1`, `x2`, ...; as many as there are columns and all different."""
    chosen = tuple(names) if names is not None else tuple(f"x{place}" for place in range(1, columns + 1))
    if len(chosen) != columns or len(set(chosen)) != columns:
        raise ValueError(f"got {len(chosen)} names ({len(set(chosen))} different) for {columns} columns")
    return chosen


def as_rows(outcome: npt.ArrayLike, design: npt.ArrayLike, offset: npt.ArrayLike | None) -> tuple[Array, Array, Array]:
    """Outcome (n,), design (n, k) and offset (n,) as finite float arrays of matching length; outcomes not negative."""
    values = np.asarray(outcome, dtype=float)
    columns = np.asarray(design, dtype=float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    shift = np.zeros(values.shape) if offset is None else np.asarray(offset, dtype=float)
    if values.ndim != 1 or columns.shape[:1] != values.shape or shift.shape != values.shape:
        raise ValueError(f"outcome {values.shape}, design {columns.shape} and offset {shift.shape} do not match")
    if not all(np.all(np.isfinite(part)) for part in (values, columns, shift)):
        raise ValueError("outcome, design and offset must be finite: leave out the rows without a value")
    if np.any(values < 0):
        raise ValueError("an outcome must not be negative")
    return values, columns, shift


def codes_of(labels: npt.ArrayLike, rows: int) -> tuple[Codes, int]:
    """Labels of clusters as integers from 0 in sorted order, and how many there are."""
    values, codes = np.unique(np.asarray(labels), return_inverse=True)
    if codes.shape != (rows,):
        raise ValueError(f"got {codes.size} cluster labels for {rows} rows")
    return codes.astype(np.intp), len(values)


def aliased(design: Array, names: Sequence[str], *, size: Array | None = None) -> NotEstimable | None:
    """The answer *cannot be estimated* where a column is a combination of the columns before it.

    Parameters
    ----------
    design
        Shape (n, k).
    size
        Norms (k,) against which the remainder of each column is held; by default those of the columns themselves.
        Columns from which fixed effects were swept pass the norms they had before.
    """
    norms = np.linalg.norm(design, axis=0) if size is None else size
    empty = norms == 0
    triangle = np.linalg.qr(design / np.where(empty, 1.0, norms), mode="r")
    remainders = np.zeros(design.shape[1])
    remainders[: min(design.shape)] = np.abs(np.diag(triangle))
    dependent = [name for name, left in zip(names, remainders, strict=True) if left < RANK_TOLERANCE]
    if not dependent:
        return None
    return NotEstimable(
        reason="aliased-columns",
        detail=f"{', '.join(dependent)} cannot be told apart from the other terms of the model in these data.",
    )


def no_events(outcome: Array) -> NotEstimable | None:
    """The answer *cannot be estimated* where nothing was counted at all."""
    if np.any(outcome > 0):
        return None
    return NotEstimable(reason="no-events", detail="No site has any event in these months.")


def too_few_clusters(clusters: int, *, needed: int) -> NotEstimable | None:
    """The answer *cannot be estimated* where there are fewer than `needed` clusters."""
    if clusters >= needed:
        return None
    return NotEstimable(
        reason="too-few-clusters",
        detail=f"The standard error needs at least {needed} clusters; there are {clusters}.",
    )
