"""Linear regression of one series: ordinary least squares, Newey-West, and AR(1) errors by restricted likelihood.

What the columns of a design mean, and which contrast is the answer, is `segmented.py`'s business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from enginehouse.stats.results import Estimate, NotEstimable, Scale
from enginehouse.stats.search import grid_maximum

Array = npt.NDArray[np.float64]
DegreesOfFreedom = Literal["residual", "effective", "normal"]

# The search for phi stays inside (-0.9999, 0.9999); a result above NEAR_BOUNDARY is reported as inseparable from trend.
_LARGEST_ATANH = math.atanh(0.9999)
NEAR_BOUNDARY = 0.95
BOUNDARY_NOTE = "The autocorrelation is so high that trend and autocorrelation cannot be separated."


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LinearFit:
    """Coefficients of a linear model with their covariance.

    Attributes
    ----------
    coefficients, covariance
        Shape (p,) and (p, p), in the order of the design's columns.
    fitted, residuals
        Shape (n,); residuals are on the scale of the outcome, not whitened.
    sigma
        Residual standard deviation (the marginal one for AR(1)).
    phi
        Lag-one autocorrelation of the errors; 0 for least squares.
    log_likelihood
        Restricted for `ar1-reml` (nlme's convention); `nan` where the method has none.
    """

    coefficients: Array
    covariance: Array
    fitted: Array
    residuals: Array
    sigma: float
    phi: float
    log_likelihood: float
    method: str
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return len(self.residuals)

    @property
    def std_errors(self) -> Array:
        return np.sqrt(np.diag(self.covariance))

    def df(self, kind: DegreesOfFreedom = "residual") -> float:
        """Degrees of freedom: n - p; or max(2, (n - p)(1 - phi^2)/(1 + phi^2)); or infinite."""
        residual = float(self.n - len(self.coefficients))
        if kind == "normal":
            return math.inf
        if kind == "residual":
            return residual
        return max(2.0, residual * (1 - self.phi**2) / (1 + self.phi**2))

    def contrast(self, weights: Array, *, scale: Scale, df: DegreesOfFreedom = "residual") -> Estimate:
        """The weighted sum of coefficients with its standard error."""
        variance = float(weights @ self.covariance @ weights)
        return Estimate(
            value=float(weights @ self.coefficients),
            std_error=math.sqrt(max(variance, 0.0)),
            df=self.df(df),
            scale=scale,
            method=self.method,
            notes=self.notes,
            numbers={"months": float(self.n), "phi": self.phi, "sigma": self.sigma},
        )


def ordinary_least_squares(outcome: Array, design: Array) -> LinearFit | NotEstimable:
    """Coefficients of a linear model with independent errors of equal variance.

    Parameters
    ----------
    outcome : array, shape (n,)
    design : array, shape (n, p)
        Full column rank, n > p.

    Returns
    -------
    LinearFit or NotEstimable
        Not estimable when there are no more rows than columns or the columns are collinear.

    Notes
    -----
    b = (X'X)^-1 X'y; V = s^2 (X'X)^-1 with s^2 = r'r/(n - p).

    Examples
    --------
    >>> import numpy as np
    >>> fit = ordinary_least_squares(np.array([1.0, 3.0, 5.0, 8.0]), np.column_stack([np.ones(4), np.arange(4.0)]))
    >>> fit.coefficients.round(2).tolist()
    [0.8, 2.3]
    """
    problem = _cannot_fit(outcome, design)
    if problem is not None:
        return problem
    coefficients, bread = _solve(outcome, design)
    residuals = outcome - design @ coefficients
    variance = float(residuals @ residuals) / (len(outcome) - design.shape[1])
    return _fit(outcome, design, coefficients, variance * bread, math.sqrt(variance), method="ordinary-least-squares")


def newey_west(outcome: Array, design: Array, *, lag: int) -> LinearFit | NotEstimable:
    """Least-squares coefficients with a covariance robust to autocorrelation up to `lag`.

    Parameters
    ----------
    outcome : array, shape (n,)
    design : array, shape (n, p)
    lag : int
        0 or more; 0 is the heteroscedasticity-robust HC1.

    Returns
    -------
    LinearFit or NotEstimable

    Notes
    -----
    V = n/(n-p) (X'X)^-1 [G0 + sum_{l=1..L} (1 - l/(L+1))(Gl + Gl')] (X'X)^-1 with Gl = sum_t x_t r_t r_{t-l} x_{t-l}',
    the small-sample factor of Stata's `newey`. Too narrow below about 100 points: a cross-check, not a default.

    References
    ----------
    Newey WK, West KD. Econometrica 1987;55:703-708. Linden A. Stata Journal 2015;15:480-500.
    """
    problem = _cannot_fit(outcome, design)
    if problem is not None:
        return problem
    coefficients, bread = _solve(outcome, design)
    residuals = outcome - design @ coefficients
    scores = design * residuals[:, None]
    meat = scores.T @ scores
    for step in range(1, lag + 1):
        cross = scores[step:].T @ scores[:-step]
        meat += (1 - step / (lag + 1)) * (cross + cross.T)
    n, p = design.shape
    covariance = bread @ meat @ bread * n / (n - p)
    sigma = math.sqrt(float(residuals @ residuals) / (n - p))
    return _fit(outcome, design, coefficients, covariance, sigma, method=f"newey-west-lag-{lag}")


def ar1_reml(
    outcome: Array, design: Array, *, series: Array | None = None, phi: float | None = None
) -> LinearFit | NotEstimable:
    """Coefficients of a linear model whose errors follow a stationary AR(1), by restricted maximum likelihood.

    Parameters
    ----------
    outcome : array, shape (n,)
        Equally spaced in time.
    design : array, shape (n, p)
    series : array, shape (n,), optional
        Labels of independent series that share phi and sigma; rows of one series are adjacent and in order,
        at least two to a series.
    phi : float, optional
        In (-1, 1): fixes the autocorrelation instead of estimating it (generalised least squares).

    Returns
    -------
    LinearFit or NotEstimable
        `phi` may be negative. A note says when it is so near 1 that trend and autocorrelation cannot be separated.

    Notes
    -----
    With R the AR(1) correlation and profile over sigma, phi maximises
    -1/2 {log|R| + log|X'R^-1 X| + (n - p) log r'R^-1 r}. R^-1 is tridiagonal, (1 - phi^2) R^-1 = I - phi B + phi^2 C
    (B: neighbours, C: interior points), so the likelihood at any phi needs only three p+1 square cross-products: a
    search in one dimension with closed forms inside. A grid on atanh(phi) finds the highest mode, refinement the rest.
    The covariance does not carry the uncertainty of phi; t intervals with n - p degrees of freedom cover 0.90 to 0.93
    at 24 to 48 points (the simulation tests print it).

    References
    ----------
    Pinheiro JC, Bates DM. Mixed-Effects Models in S and S-PLUS. Springer 2000, section 5.2.
    Turner SL et al. BMC Med Res Methodol 2021;21:181.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([0.1, -0.2, 0.3, -0.1, 0.2, -0.3, 0.1, -0.2])
    >>> ar1_reml(y, np.ones((8, 1))).phi < 0
    True
    """
    problem = _cannot_fit(outcome, design)
    if problem is not None:
        return problem
    # Taking a combination of the columns off the outcome leaves the restricted likelihood as it is. Without it the
    # cross-products would lose, to the level of a series, the digits that its variation is made of.
    start, _ = _solve(outcome, design)
    profile = _Profile.of(outcome - design @ start, design, series)
    phi = profile.best() if phi is None else phi
    change, information, quadratic, log_likelihood = profile.at(phi)
    coefficients = start + change
    sigma = math.sqrt(quadratic / profile.df)
    covariance = sigma**2 * np.linalg.inv(information)
    notes = (BOUNDARY_NOTE,) if phi > NEAR_BOUNDARY else ()
    return _fit(
        outcome,
        design,
        coefficients,
        covariance,
        sigma,
        method="ar1-reml",
        phi=phi,
        log_likelihood=log_likelihood,
        notes=notes,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Profile:
    """The restricted likelihood of phi, from cross-products of [X, y]: all points, neighbours, interior points."""

    every: Array
    neighbours: Array
    interior: Array
    n: int
    n_series: int

    @classmethod
    def of(cls, outcome: Array, design: Array, series: Array | None) -> _Profile:
        both = np.column_stack([design, outcome])
        n = len(outcome)
        joined = np.ones(n - 1, dtype=bool) if series is None else np.asarray(series[1:] == series[:-1])
        lagged = both[1:][joined].T @ both[:-1][joined]
        # A point is interior as often as it has neighbours on both sides.
        inside = np.concatenate([[False], joined]) & np.concatenate([joined, [False]])
        middle = both[inside].T @ both[inside]
        return cls(both.T @ both, lagged + lagged.T, middle, n, 1 + int(np.count_nonzero(~joined)))

    @property
    def df(self) -> int:
        return self.n - (len(self.every) - 1)

    def best(self) -> float:
        """The phi of the highest restricted likelihood."""
        return math.tanh(
            grid_maximum(lambda grid: self.log_likelihoods(np.tanh(grid)), -_LARGEST_ATANH, _LARGEST_ATANH)
        )

    def log_likelihoods(self, phi: Array) -> Array:
        """The restricted log-likelihood at each phi, shape (k,)."""
        products = self._products(phi)
        p = products.shape[1] - 1
        cross = products[:, :p, p]
        slopes = np.linalg.solve(products[:, :p, :p], cross[:, :, None])[:, :, 0]
        quadratic = products[:, p, p] - np.einsum("kp,kp->k", cross, slopes)
        log_determinant = np.linalg.slogdet(products[:, :p, :p])[1]
        return self._assemble(phi, np.maximum(quadratic, np.finfo(float).tiny), log_determinant)

    def at(self, phi: float) -> tuple[Array, Array, float, float]:
        """Coefficients, X'R^-1 X, r'R^-1 r and the log-likelihood at one phi."""
        products = self._products(np.array([phi]))[0]
        p = len(products) - 1
        information, cross = products[:p, :p], products[:p, p]
        coefficients = np.linalg.solve(information, cross)
        quadratic = max(float(products[p, p] - cross @ coefficients), np.finfo(float).tiny)
        log_likelihood = float(self.log_likelihoods(np.array([phi]))[0])
        return coefficients, information, quadratic, log_likelihood

    def _products(self, phi: Array) -> Array:
        k = phi[:, None, None]
        return (self.every - k * self.neighbours + k**2 * self.interior) / (1 - k**2)

    def _assemble(self, phi: Array, quadratic: Array, log_determinant: Array) -> Array:
        df = self.df
        constant = 0.5 * df * (math.log(df) - math.log(2 * math.pi) - 1)
        log_r = (self.n - self.n_series) * np.log1p(-(phi**2))
        return np.asarray(constant - 0.5 * (log_r + log_determinant + df * np.log(quadratic)))


def _cannot_fit(outcome: Array, design: Array) -> NotEstimable | None:
    n, p = design.shape
    if len(outcome) != n:
        raise ValueError(f"{len(outcome)} outcomes and {n} rows of the design")
    if not (np.all(np.isfinite(outcome)) and np.all(np.isfinite(design))):
        return NotEstimable(reason="missing-values", detail="The series has months without a value.")
    if n <= p:
        return NotEstimable(
            reason="too-few-months", detail=f"There are {n} months for a model with {p} coefficients; more are needed."
        )
    if np.linalg.matrix_rank(design) < p:
        return NotEstimable(reason="collinear", detail="The columns of the model repeat one another over these months.")
    return None


def _solve(outcome: Array, design: Array) -> tuple[Array, Array]:
    q, r = np.linalg.qr(design)
    inverse = np.linalg.inv(r)
    return inverse @ (q.T @ outcome), inverse @ inverse.T


def _fit(
    outcome: Array,
    design: Array,
    coefficients: Array,
    covariance: Array,
    sigma: float,
    *,
    method: str,
    phi: float = 0.0,
    log_likelihood: float = math.nan,
    notes: tuple[str, ...] = (),
) -> LinearFit:
    fitted = design @ coefficients
    return LinearFit(
        coefficients=coefficients,
        covariance=covariance,
        fitted=fitted,
        residuals=outcome - fitted,
        sigma=sigma,
        phi=phi,
        log_likelihood=log_likelihood,
        method=method,
        notes=notes,
    )
