"""What a linear mixed model reports: fixed effects, variance components, deviance, boundary fits; the fit itself.

Degrees of freedom are in `freedom` and `kenward_roger`, intervals of profile likelihood in `profile`, correlations of
clusters in `correlation`, predictions in `prediction` and influence in `influence`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enginehouse.stats.fits import Array, Coefficients, weight_vector
from enginehouse.stats.lmm.deviance import Derivatives, Deviance, Solved
from enginehouse.stats.lmm.freedom import DfMethod, JointTest, joint_test, moments, recommended
from enginehouse.stats.lmm.model import LmmModel, prepare_lmm
from enginehouse.stats.lmm.search import EXACT, Optimum, find_minimum
from enginehouse.stats.lmm.structures import Decay, Structure, Term
from enginehouse.stats.results import Estimate, NotEstimable, Scale

NONE_LEFT = 1e-20
"""A share of the outcome's sum of squares below this is rounding."""
RESIDUAL = "residual"
EDGE = 1e-4
"""A part of an effect of its own smaller than this share is none: a correlation of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponent:
    """A variance (`other` is None) or a covariance of two effects of a term, in the units of the data."""

    term: str
    effect: str
    other: str | None
    value: float


@dataclass(frozen=True, kw_only=True, eq=False)
class LmmFit:
    """A fitted linear mixed model.

    Attributes
    ----------
    names, fixed_effects, covariance
        Of shapes (p,), (p,), (p, p).
    residual_variance
        Of one row of weight 1, given its cluster.
    deviance
        Minus twice the restricted log-likelihood (lme4's `REMLcrit`) or, with `reml` False, the log-likelihood;
        constants included.
    boundary
        One sentence for each term whose variance was estimated as zero, or whose effects as perfectly correlated.
    converged, steps
        Whether the search ended at a minimum, and after how many steps.
    """

    names: tuple[str, ...]
    fixed_effects: Array
    covariance: Array
    residual_variance: float
    deviance: float
    reml: bool
    boundary: tuple[str, ...]
    converged: bool
    steps: int
    rows: int
    clusters: int
    model: LmmModel
    outcome: Array
    objective: Deviance
    solved: Solved
    derivatives: Derivatives

    @property
    def std_errors(self) -> Array:
        """Standard errors of the fixed effects, shape (p,), without a small-sample correction."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def residual_sd(self) -> float:
        return math.sqrt(self.residual_variance)

    @property
    def on_boundary(self) -> bool:
        """Whether some variance (or combination) was estimated as zero."""
        return bool(self.boundary)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must be told."""
        failed = (
            () if self.converged else ("The search stopped before its tolerance; digits beyond the third may change.",)
        )
        return (*self.boundary, *failed)

    def random_covariance(self, term: int = 0) -> Array:
        """The covariance of one member's effects of a term, in the units of the data, shape (q, q)."""
        factor = self.objective.factors(self.solved.theta)[term]
        scale = self.model.terms[term].scale
        return self.residual_variance * (factor @ factor.T) / np.outer(scale, scale)

    def components(self) -> tuple[VarianceComponent, ...]:
        """Variances and covariances of every term, then the residual variance; for decay one variance."""
        found: list[VarianceComponent] = []
        for number, term in enumerate(self.model.terms):
            found += _components(term, self.random_covariance(number))
        return (*found, VarianceComponent(term=RESIDUAL, effect=RESIDUAL, other=None, value=self.residual_variance))

    @property
    def decay(self) -> float | None:
        """The correlation of a cluster's levels one unit of time apart; None without a decay structure."""
        for covariance, part in zip(self.objective.covariances, self.objective.split(self.solved.theta), strict=True):
            if isinstance(covariance, Decay):
                return covariance.correlation(part)
        return None

    def weights(self, weights: Sequence[float] | Array | Mapping[str, float]) -> Array:
        """Weights of a contrast as an array in the order of the fixed effects."""
        return weight_vector(Coefficients(self.names, self.fixed_effects, self.covariance), weights)

    def estimate(
        self,
        weights: Sequence[float] | Array | Mapping[str, float],
        *,
        method: DfMethod | None = None,
        scale: Scale = "difference",
    ) -> Estimate:
        """The weighted sum of fixed effects, `weights` by position or by name.

        Parameters
        ----------
        weights
            Shape (p,), or weights of named effects.
        method
            Where the degrees of freedom come from; by default Kenward and Roger's with fewer than 60 clusters, which
            also adjusts the standard error, and Satterthwaite's otherwise. The estimate's notes say which.
        scale
            Of the outcome: logarithms or values.
        """
        vector, chosen = self.weights(weights), method or recommended(self)
        found = moments(self, vector, chosen)
        return Estimate(
            value=float(vector @ self.fixed_effects),
            std_error=math.sqrt(found.variance),
            df=found.df,
            scale=scale,
            method="linear-mixed-model",
            notes=(chosen.sentence, *self.notes),
            numbers=self.numbers,
        )

    def joint_test(self, weights: npt.ArrayLike, *, method: DfMethod | None = None) -> JointTest:
        """F test that several weighted sums of fixed effects, shape (k, p), are all zero.

        Raises
        ------
        ValueError
            One of the sums follows from the others.
        """
        return joint_test(self, np.atleast_2d(np.asarray(weights, dtype=float)), method or recommended(self))

    @property
    def numbers(self) -> dict[str, float]:
        """Numbers of the fit by name: rows, clusters, and standard deviations of what varies."""
        found = {"rows": float(self.rows), "clusters": float(self.clusters), "residual_sd": self.residual_sd}
        for term, factor in zip(self.model.terms, self.objective.factors(self.solved.theta), strict=True):
            sds = self.residual_sd * np.sqrt((factor**2).sum(axis=1)) / term.scale
            effects = ("level",) if isinstance(term.covariance, Decay) else term.effects
            for effect, sd in zip(effects, sds.tolist(), strict=False):
                found[f"{term.name} {effect} sd".replace(" ", "_")] = sd
        return found


def _components(term: Term, covariance: Array) -> list[VarianceComponent]:
    if isinstance(term.covariance, Decay):
        return [VarianceComponent(term=term.name, effect="level", other=None, value=float(covariance[0, 0]))]
    names = term.effects
    variances = [
        VarianceComponent(term=term.name, effect=name, other=None, value=float(covariance[at, at]))
        for at, name in enumerate(names)
    ]
    pairs = [(one, two) for one in range(len(names)) for two in range(one + 1, len(names))]
    return variances + [
        VarianceComponent(term=term.name, effect=names[one], other=names[two], value=float(covariance[one, two]))
        for one, two in pairs
    ]


def fit_lmm(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    structure: Structure | None = None,
    names: Sequence[str] | None = None,
    reml: bool = True,
    weights: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None,
) -> LmmFit | NotEstimable:
    """Fixed effects and variance components of a linear mixed model by restricted or plain maximum likelihood.

    Parameters
    ----------
    outcome
        Shape (n,), finite.
    design
        Shape (n, p) of full rank; an intercept is a column of ones.
    clusters
        Label of each row's cluster, shape (n,).
    structure
        How rows of a cluster hang together; `RandomIntercept()` by default.
    names
        Names of the columns.
    reml
        Restricted likelihood (the default, for estimates) or plain likelihood (to compare models, for profiles).
    weights
        Prior weights, shape (n,), above zero: the residual variance of a row is divided by its weight.
    offset
        Known part of the mean, shape (n,).

    Returns
    -------
    LmmFit or NotEstimable
        Reasons: `aliased-columns`, `too-few-clusters`, `too-few-rows`, `no-residual-freedom`,
        `no-freedom-between-clusters`, `no-variation`, `not-converged`.

    Raises
    ------
    ValueError
        Shapes do not match, or something is not finite.

    Notes
    -----
    y = X b + Z u + e, u ~ N(0, s^2 G), e ~ N(0, s^2 W^-1). With b and s profiled out, the deviance depends on the
    parameters of G only. It is computed with exact first and second derivatives from cross-products of each block of
    rows that random terms link, and minimised by Newton's steps. Assumes normal effects and errors that are independent
    between blocks; with many clusters the fixed effects need only the right mean.

    References
    ----------
    Bates D, Maechler M, Bolker B, Walker S. J Stat Softw 2015;67(1), section 3. Lindstrom MJ, Bates DM. J Am Stat Assoc
    1988;83:1014-1022.

    Examples
    --------
    Two clusters in each of two arms, two rows each: the effect is the difference of the arms' means.

    >>> fit = fit_lmm([1, 2, 3, 5, 6, 7, 9, 9], [[1, 0]] * 4 + [[1, 1]] * 4, clusters=[1, 1, 2, 2, 3, 3, 4, 4])
    >>> round(float(fit.fixed_effects[1]), 3)
    5.0
    """
    model = prepare_lmm(design, clusters=clusters, structure=structure, names=names, weights=weights)
    return model if isinstance(model, NotEstimable) else fit_outcome(model, outcome, reml=reml, offset=offset)


def fit_outcome(
    model: LmmModel,
    outcome: npt.ArrayLike,
    *,
    reml: bool = True,
    offset: npt.ArrayLike | None = None,
    like: LmmFit | None = None,
) -> LmmFit | NotEstimable:
    """The same for an outcome of a design that was made ready by `prepare_lmm`.

    The search begins at the covariances of `like`, a fit of the same model to a similar outcome, if there is one.
    """
    values = np.asarray(outcome, dtype=float)
    shift = 0.0 if offset is None else np.asarray(offset, dtype=float)
    if values.shape != (model.rows,) or np.shape(shift) not in ((), values.shape):
        raise ValueError(f"outcome {values.shape} and offset {np.shape(shift)} do not match {model.rows} rows")
    values = values - shift
    if not np.all(np.isfinite(values)):
        raise ValueError("outcome and offset must be finite: leave out the rows without a value")
    start, left = model.least_squares(values)
    whole = float(values @ values)
    if float(left @ left) <= NONE_LEFT * max(whole, 1e-300):
        return _nothing_varies()
    objective = model.deviance(left, reml=reml)
    try:
        optimum = find_minimum(objective, start=None if like is None else like.solved.theta)
    except np.linalg.LinAlgError:
        return _nothing_varies()
    if optimum.solved.quadratic <= EXACT * float(objective.sums.whole[-1, -1]):
        return _nothing_varies()
    return _result(model, values, start, objective, optimum)


def _nothing_varies() -> NotEstimable:
    return NotEstimable(
        reason="no-variation",
        detail="The model fits every value (nearly) exactly; nothing is left to vary within clusters.",
    )


def _result(model: LmmModel, outcome: Array, start: Array, objective: Deviance, optimum: Optimum) -> LmmFit:
    solved = optimum.solved
    half = model.turn @ solved.inverse.T
    variance = solved.residual_variance
    return LmmFit(
        names=model.names,
        fixed_effects=model.turn @ (start + solved.coefficients),
        covariance=variance * half @ half.T,
        residual_variance=variance,
        deviance=solved.value,
        reml=objective.reml,
        boundary=_boundary(model.terms, objective, solved),
        converged=optimum.converged,
        steps=optimum.steps,
        rows=model.rows,
        clusters=len(model.labels),
        model=model,
        outcome=outcome,
        objective=objective,
        solved=solved,
        derivatives=optimum.derivatives,
    )


def _boundary(terms: Sequence[Term], objective: Deviance, solved: Solved) -> tuple[str, ...]:
    """What was estimated at the edge of what is possible, a sentence for each term."""
    found = []
    for term, factor in zip(terms, objective.factors(solved.theta), strict=True):
        sizes = np.sqrt((factor**2).sum(axis=1))
        if not np.all(sizes > 0):
            gone = " and ".join(name for name, size in zip(term.effects, sizes, strict=True) if size == 0)
            what = "level" if isinstance(term.covariance, Decay) else gone
            found.append(f"The variance of the {what} between members of {term.name} was estimated as zero.")
        elif abs(np.diag(factor) / sizes).min() < EDGE:
            what = "periods" if isinstance(term.covariance, Decay) else "effects"
            found.append(f"The {what} of {term.name} were estimated as perfectly correlated.")
    return tuple(found)
