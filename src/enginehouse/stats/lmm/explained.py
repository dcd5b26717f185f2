"""How much of an outcome's variance a linear mixed model explains, with and without its random terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from enginehouse.stats.lmm.fit import LmmFit
from enginehouse.stats.lmm.prediction import row_variances


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedVariance:
    """Variances of the fixed part, of the random terms (mean over rows) and of the residuals, in squared units."""

    fixed: float
    random: float
    residual: float

    @property
    def marginal(self) -> float:
        """The share of the fixed effects."""
        return self.fixed / (self.fixed + self.random + self.residual)

    @property
    def conditional(self) -> float:
        """The share of fixed effects and random terms together."""
        return (self.fixed + self.random) / (self.fixed + self.random + self.residual)


def explained_variance(fit: LmmFit) -> ExplainedVariance:
    """The marginal and conditional R2 of a linear mixed model.

    Notes
    -----
    Variance of X b over rows (n - 1), mean over rows of the random terms' variance, and residual variance; with prior
    weights the residual variance of a row of weight 1.

    References
    ----------
    Nakagawa S, Schielzeth H. Methods Ecol Evol 2013;4:133-142. Johnson PCD. Methods Ecol Evol 2014;5:944-946 (slopes).
    """
    fitted = fit.model.design @ fit.fixed_effects
    return ExplainedVariance(
        fixed=float(np.var(fitted, ddof=1)),
        random=float(row_variances(fit).mean()),
        residual=fit.residual_variance,
    )
