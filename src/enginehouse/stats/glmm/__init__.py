"""Mixed models of counts by site and month: Poisson, negative binomial and binomial, by Laplace's approximation.

`fit` holds what callers use; `families` the densities, `rows` the data by cluster, `laplace` the likelihood and its
exact gradient, `search` the way to its maximum. Linear mixed models and estimating equations do not live here.
"""

from enginehouse.stats.glmm.families import Family
from enginehouse.stats.glmm.fit import (
    Convergence,
    MixedFit,
    binomial_mixed,
    negative_binomial_mixed,
    poisson_mixed,
)

__all__ = ["Convergence", "Family", "MixedFit", "binomial_mixed", "negative_binomial_mixed", "poisson_mixed"]
