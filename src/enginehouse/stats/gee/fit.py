"""Generalised estimating equations for clusters: the mean is modelled, rows of a cluster may hang together.

Mixed models are in `glmm` and `lmm`; the analysis of one trial, with its covariates and offset, is in
`patient_average`; proportions of cluster-periods with the correlation of patients are in `cluster_period`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from enginehouse.stats.fits import Coefficients, aliased, codes_of, name_columns, no_events, weight_vector
from enginehouse.stats.gee.corrections import (
    Array,
    ClusterCorrection,
    ClusterScores,
    JointTest,
    joint_test,
    standard_error,
    too_few,
)
from enginehouse.stats.gee.correlation import Independence, Structure, named
from enginehouse.stats.gee.degrees import GeeDf, RootFinder, Saddlepoint, degrees_of_freedom, exact_root, saddlepoint
from enginehouse.stats.gee.diagonal import DiagonalRows
from enginehouse.stats.gee.families import SCALES, GeeFamily, Link, Mean, mean_of
from enginehouse.stats.gee.layout import Layout, layout_of, tall_product
from enginehouse.stats.gee.moments import Moments
from enginehouse.stats.gee.second_equations import PAIRED
from enginehouse.stats.gee.solve import SINGULAR, Problem, Solution, solve
from enginehouse.stats.glm import separated
from enginehouse.stats.results import Estimate, NotEstimable, Scale

INDEPENDENCE = Independence()
FELL_BACK = (
    "The residuals ask for a correlation that clusters of this size cannot have; working independence was used instead."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GeeFit:
    """Solved estimating equations, before a contrast is asked for.

    Attributes
    ----------
    names, coefficients
        Of shape (p,): log rate, risk or odds ratios, or differences, by the link.
    parts
        Scores and information of the clusters, from which any correction's covariance follows.
    correction, df_method
        The small-sample correction and the degrees of freedom that `contrast` uses unless others are asked for.
    dispersion
        Phi of the working variance phi x v(mu) / weight.
    structure, correlation
        Name of the working correlation, and its parameters by name.
    """

    family: GeeFamily
    link: Link
    names: tuple[str, ...]
    coefficients: Array
    parts: ClusterScores
    correction: ClusterCorrection
    df_method: GeeDf
    dispersion: float
    rows: int
    structure: str
    correlation: Mapping[str, float]
    notes: tuple[str, ...] = ()
    _covariances: dict[ClusterCorrection, tuple[Array, ...]] = field(default_factory=dict)

    @property
    def clusters(self) -> int:
        return self.parts.clusters

    @property
    def df(self) -> float:
        """Degrees of freedom of tests of several contrasts at once: clusters less coefficients."""
        return float(self.clusters - len(self.coefficients) + self.parts.within)

    @property
    def scale(self) -> Scale:
        return SCALES[self.link]

    @property
    def method(self) -> str:
        """What results call it."""
        return f"{self.structure}-gee"

    def covariances(self, correction: ClusterCorrection | None = None) -> tuple[Array, ...]:
        """The covariance of the coefficients; two where standard errors are averaged."""
        chosen = correction or self.correction
        if chosen not in self._covariances:
            self._covariances[chosen] = self.parts.covariances(chosen)
        return self._covariances[chosen]

    def model_covariance(self, *, dispersion: float | None = None) -> Array:
        """The covariance that holds if the working covariance is right, phi (sum D'V^-1 D)^-1, shape (p, p)."""
        return np.asarray((self.dispersion if dispersion is None else dispersion) * self.parts.bread)

    def std_error(self, weights: Array, correction: ClusterCorrection | None = None) -> float:
        """The standard error of a weighted sum of coefficients."""
        return standard_error(self.covariances(correction), weights)

    def degrees_of_freedom(
        self, weights: Array, *, method: GeeDf | None = None, correction: ClusterCorrection | None = None
    ) -> float:
        """Degrees of freedom of a weighted sum of coefficients."""
        return degrees_of_freedom(
            self.parts, weights, method=method or self.df_method, correction=correction or self.correction
        )

    def saddlepoint(
        self,
        weights: Array,
        *,
        correction: ClusterCorrection | None = None,
        find_root: RootFinder = exact_root,
    ) -> Saddlepoint:
        """A saddlepoint p value of a weighted sum of coefficients."""
        statistic = float(weights @ self.coefficients) / self.std_error(weights, correction)
        return saddlepoint(
            self.parts,
            weights,
            t_statistic=statistic,
            correction=correction or self.correction,
            find_root=find_root,
        )

    def contrast(
        self,
        weights: Sequence[float] | Array | Mapping[str, float],
        *,
        correction: ClusterCorrection | None = None,
        df_method: GeeDf | None = None,
    ) -> Estimate:
        """The weighted sum of coefficients, `weights` by position or by name, as an estimate."""
        names = Coefficients(self.names, self.coefficients, np.zeros((0, 0)))
        vector = weight_vector(names, weights)
        value = float(vector @ self.coefficients)
        return self.estimate(value, vector, scale=self.scale, correction=correction, df_method=df_method)

    def estimate(
        self,
        value: float,
        gradient: Array,
        *,
        scale: Scale,
        correction: ClusterCorrection | None = None,
        df_method: GeeDf | None = None,
    ) -> Estimate:
        """A function of the coefficients by the delta method, its `gradient` of shape (p,)."""
        return Estimate(
            value=value,
            std_error=self.std_error(gradient, correction),
            df=self.degrees_of_freedom(gradient, method=df_method, correction=correction),
            scale=scale,
            method=self.method,
            notes=self.notes,
            numbers={
                "rows": float(self.rows),
                "units": float(self.clusters),
                "dispersion": self.dispersion,
                **self.correlation,
            },
        )

    def joint_test(self, contrasts: Array) -> JointTest:
        """A Wald F test that every row of `contrasts`, shape (q, p), is zero."""
        return joint_test(self.coefficients, self.covariances(), contrasts, df=self.df)


def gee(
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike,
    family: GeeFamily = GeeFamily.POISSON,
    link: Link | None = None,
    correlation: Structure = INDEPENDENCE,
    weights: npt.ArrayLike | None = None,
    trials: npt.ArrayLike | None = None,
    offset: npt.ArrayLike | None = None,
    moments: Moments = Moments.RESIDUAL_DF,
    correction: ClusterCorrection = ClusterCorrection.KC_MD_AVERAGE,
    df_method: GeeDf = GeeDf.CLUSTERS_LESS_COEFFICIENTS,
    within: int = 0,
    names: Sequence[str] | None = None,
) -> GeeFit | NotEstimable:
    """Population-averaged effects (log rate, risk or odds ratios, or differences) with a cluster-robust error.

    Parameters
    ----------
    outcome
        Shape (n,): counts or quantities; of the binomial family 0/1, proportions, or events where `trials` are given;
        any number of the gaussian.
    design
        Shape (n, p); an intercept is a column of ones.
    clusters
        Label of each row's unit of allocation, shape (n,).
    family, link
        Working variance, which need not be right, and link; the family's own link by default.
    correlation
        Working correlation of the rows of a cluster, which need not be right either.
    weights
        Prior weights, shape (n,), above zero: the variance of a row is dispersion x v(mu) / weight, whatever the
        correlation.
    trials
        Of binomial rows, how many trials each one counts, shape (n,).
    offset
        Shape (n,), on the scale of the link: with the log link the log of the denominator.
    moments
        How dispersion and correlation are estimated.
    correction, df_method
        Small-sample correction of the sandwich, and degrees of freedom of its t statistics.
    within
        How many of the columns every cluster has all values of, such as effects of months: the number of clusters is
        not set against them.
    names
        Names of the columns.

    Returns
    -------
    GeeFit or NotEstimable
        Reasons: `no-events`, `aliased-columns`, `separation`, `too-few-clusters`, `leverage`, `mean-at-edge`,
        `singular-correlation`, `not-converged`.

    Raises
    ------
    ValueError
        Where shapes do not match or a value is impossible.

    Notes
    -----
    sum_i D_i' V_i^-1 (y_i - mu_i) = 0 with V_i = A_i^1/2 R_i A_i^1/2, A = diag(v(mu) / w); covariance
    B (sum_i D_i'V_i^-1 C_i r_i r_i' C_i' V_i^-1 D_i) B, B = (sum D_i'V_i^-1 D_i)^-1, H_i = D_i B D_i' V_i^-1 and
    C_i = I (LZ), (I - H_i)^-1/2 (KC), (I - H_i)^-1 (MD); FG divides the scores by the root of
    1 - min(0.75, diag(D_i'V_i^-1 D_i B)). The default is the mean of the KC and MD standard errors: KC alone is too
    small where cluster sizes vary much, MD alone too large (the simulation page has the sizes of the tests). Assumes
    independent clusters and a right model of the mean; with arms allocated at random the arm effect is valid even where
    the covariates' part is wrong. An estimated correlation that is impossible is replaced by independence,
    with a note; one that is given is refused. With a correlation other than independence the average is no longer one
    over patients where the effect differs between large and small clusters.

    References
    ----------
    Liang KY, Zeger SL. Biometrika 1986;73:13-22. Kauermann G, Carroll RJ. J Am Stat Assoc 2001;96:1387-1396.
    Mancl LA, DeRouen TA. Biometrics 2001;57:126-134. Fay MP, Graubard BI. Biometrics 2001;57:1198-1206. Morel JG,
    Bokossa MC, Neerchal NK. Biom J 2003;45:395-409. Ford WP, Westgate PM. Biom J 2017;59:478-495.

    Examples
    --------
    Two sites in each arm, 100 patients each: 10 and 20 events against 20 and 40.

    >>> fit = gee([10, 20, 20, 40], [[1, 0], [1, 0], [1, 1], [1, 1]], clusters=[1, 2, 3, 4],
    ...           offset=np.log([100.0] * 4), names=["constant", "arm"])
    >>> round(fit.contrast({"arm": 1}).ratio, 6)
    2.0
    """
    mean = mean_of(family, link)
    given = _checked(mean, outcome, design, offset=offset, weights=weights, trials=trials, moments=moments)
    labels = name_columns(names, given.design.shape[1])
    codes, count = codes_of(clusters, len(given.outcome))
    refusal = _refusal(given, labels, count, within)
    if refusal is not None:
        return refusal
    problem = given.sorted(layout_of(codes, count, _key(correlation, len(codes))))
    notes: tuple[str, ...] = ()
    solution = solve(problem, correlation, moments)
    if solution is SINGULAR and correlation.known is None:
        correlation, moments, notes = INDEPENDENCE, Moments.RESIDUAL_DF, (FELL_BACK,)
        solution = solve(problem, correlation, moments)
    if isinstance(solution, NotEstimable):
        return solution
    parts = parts_of(problem.layout, solution, nuisance=_nuisance(mean, correlation, moments), within=within)
    refusal = parts.refusal()
    if refusal is not None:
        return refusal
    return GeeFit(
        family=family,
        link=mean.link,
        names=labels,
        coefficients=solution.beta,
        parts=parts,
        correction=correction,
        df_method=df_method,
        dispersion=solution.dispersion,
        rows=len(codes),
        structure=correlation.name,
        correlation=named(correlation, solution.parameters),
        notes=notes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """Checked input in the order of the user."""

    mean: Mean
    outcome: Array
    design: Array
    offset: Array
    weights: Array

    def sorted(self, layout: Layout) -> Problem:
        order = layout.order
        if np.array_equal(order, np.arange(len(order))):
            return Problem(self.mean, layout, self.outcome, self.design, self.offset, self.weights)
        return Problem(
            self.mean, layout, self.outcome[order], self.design[order], self.offset[order], self.weights[order]
        )


def _checked(
    mean: Mean,
    outcome: npt.ArrayLike,
    design: npt.ArrayLike,
    *,
    offset: npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
    trials: npt.ArrayLike | None,
    moments: Moments,
) -> _Given:
    values, columns = np.asarray(outcome, dtype=float), np.asarray(design, dtype=float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    prior = np.ones(values.shape) if weights is None else np.asarray(weights, dtype=float)
    tried = np.ones(values.shape) if trials is None else np.asarray(trials, dtype=float)
    shift = np.zeros(values.shape) if offset is None else np.asarray(offset, dtype=float)
    shapes = {values.shape, columns.shape[:1], prior.shape, tried.shape, shift.shape}
    if values.ndim != 1 or len(shapes) != 1:
        raise ValueError(f"outcome {values.shape}, design {columns.shape}, weights, trials and offset do not match")
    if not all(np.all(np.isfinite(part)) for part in (values, columns, prior, tried, shift)):
        raise ValueError("outcome, design, weights, trials and offset must be finite: leave out rows without a value")
    if np.any(prior <= 0) or np.any(tried <= 0):
        raise ValueError("weights and trials must be above zero: leave out rows that do not count")
    if trials is not None and mean.family is not GeeFamily.BINOMIAL:
        raise ValueError("trials belong to the binomial family; a denominator of counts is an offset")
    if moments in PAIRED and np.any(prior * tried != 1):
        raise ValueError("pairs need a row for each patient, without weights; see cluster_period_gee for sums")
    _check_range(mean, values / tried)
    return _Given(mean, values / tried, columns, shift, prior * tried)


def _check_range(mean: Mean, values: Array) -> None:
    if mean.family is not GeeFamily.GAUSSIAN and np.any(values < 0):
        raise ValueError("an outcome must not be negative")
    if mean.family is GeeFamily.BINOMIAL and np.any(values > 1):
        raise ValueError("outcomes of the binomial family lie between 0 and 1, or are no more than their trials")


def _key(correlation: Structure, rows: int) -> Array | None:
    key = correlation.key
    if key is not None and key.shape != (rows,):
        raise ValueError(f"the {correlation.name} correlation has {key.size} labels for {rows} rows")
    return key


def _refusal(given: _Given, labels: tuple[str, ...], count: int, within: int) -> NotEstimable | None:
    if count <= given.design.shape[1] - within:
        return too_few(count, given.design.shape[1] - within)
    if given.mean.family is GeeFamily.GAUSSIAN:
        return aliased(given.design, labels)
    return no_events(given.outcome) or aliased(given.design, labels) or _separation(given, labels)


def _separation(given: _Given, labels: tuple[str, ...]) -> NotEstimable | None:
    """Only rows at an edge can separate: where there are none, nothing needs to be looked at."""
    if given.mean.link is Link.IDENTITY:
        return None
    ceiling = np.ones(len(given.outcome)) if given.mean.link is Link.LOGIT else None
    if ceiling is None and np.all(given.outcome > 0):
        return None
    return separated(given.outcome, given.design, labels, ceiling=ceiling)


def _nuisance(mean: Mean, correlation: Structure, moments: Moments) -> int:
    known = correlation.known is not None
    has_dispersion = moments not in PAIRED or mean.family is GeeFamily.GAUSSIAN
    return int(has_dispersion) + (0 if known else len(correlation.parameters))


def parts_of(layout: Layout, solution: Solution, *, nuisance: int, within: int = 0) -> ClusterScores:
    """Scores and information by cluster, plain sums of products of whitened rows."""
    rows, residuals, variances = solution.whitened, solution.residuals, solution.variances
    is_single = layout.common_size == 1
    return ClusterScores(
        scores=layout.sums(rows * residuals[:, None]),
        whitened=rows if is_single else None,
        products=None if is_single else layout.products(rows, rows),
        bread=np.linalg.inv(tall_product(rows, rows)),
        rows=len(rows),
        nuisance=nuisance,
        within=within,
        dispersion=solution.dispersion,
        diagonal=None if variances is None else DiagonalRows(layout, rows, residuals, variances),
    )
