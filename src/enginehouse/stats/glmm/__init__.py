"""Mixed models of counts by site and month, and of events out of trials, by Laplace's approximation or quadrature.

`model` fits and `fit` is what comes out; `families` and `mean_families` hold the densities, `rows` the data by cluster,
`smoother` the algebra of a cluster's effects, `laplace` and `quadrature` the likelihood with its gradient, `curvature`
second derivatives, `start` and `search` the way to the maximum. `profile`, `correlation` and `bootstrap` take a fit
further. Linear mixed models and estimating equations do not live here.
"""

from enginehouse.stats.glmm.families import Family
from enginehouse.stats.glmm.fit import Convergence, MixedFit
from enginehouse.stats.glmm.mean_families import Link
from enginehouse.stats.glmm.model import binomial_mixed, fit_glmm, negative_binomial_mixed, poisson_mixed

__all__ = [
    "Convergence",
    "Family",
    "Link",
    "MixedFit",
    "binomial_mixed",
    "fit_glmm",
    "negative_binomial_mixed",
    "poisson_mixed",
]
