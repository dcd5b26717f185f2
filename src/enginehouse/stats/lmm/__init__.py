"""Linear mixed models of clusters by sums over blocks.

`structures` has what may be chosen, `fit` the fit, `freedom` and `kenward_roger` the small-sample tests, `profile` the
intervals by profile likelihood, `correlation` ICC and CAC, `prediction` the clusters' own levels and residuals,
`influence` what happens without one cluster. Counts are in `glmm`; which columns a trial has is the callers' business.
"""
