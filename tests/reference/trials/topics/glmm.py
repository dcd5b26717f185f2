"""Generalised linear mixed models as lme4 and glmmTMB print them: in their order of terms and under their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy.special import ndtr
from tests.reference.trials.cases import Case
from tests.reference.trials.formula import Model, read_model
from tests.reference.trials.formula import RandomTerm as Written
from tests.reference.trials.tables import Data
from tests.reference.trials.topics.lmm import lme4_order

from enginehouse.stats.glmm import Family, Link, MixedFit, fit_glmm
from enginehouse.stats.lmm.structures import RandomTerm, RandomTerms

FAMILIES: Mapping[str, Family] = {
    "binomial": Family.BINOMIAL,
    "poisson": Family.POISSON,
    "nbinom1": Family.NEGATIVE_BINOMIAL_LINEAR,
    "nbinom2": Family.NEGATIVE_BINOMIAL,
    "betabinomial": Family.BETA_BINOMIAL,
}
"""By R's names."""
DEFAULT_LINKS: Mapping[Family, Link] = {Family.BINOMIAL: Link.LOGIT, Family.BETA_BINOMIAL: Link.LOGIT}


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """Fixed effects, standard deviations of random effects and the likelihood, as the case's program prints them."""
    given, known = case.inputs, case.expected.get("fixed") or {}
    model = read_model(given["model"], data.table(case.data or ""), names=tuple(known))
    fit = _fit(model, given)
    names = {frozenset(name.split(":")): name for name in known}
    titles = [names.get(frozenset(name.split(":")), name) for name in model.names]
    # lme4's likelihood by quadrature leaves out what a model that fits every row would have.
    minus2 = fit.relative_deviance if fit.nodes > 1 else -2 * fit.log_likelihood
    found: dict[str, Any] = {
        "minus2loglik": minus2,
        "fixed": {title: _row(fit, name) for title, name in zip(titles, fit.names, strict=True)},
        "dispersion": fit.dispersion,
    }
    found["random_sd"] = (
        list(_lme4_sds(fit, model)) if isinstance(case.expected.get("random_sd"), list) else _sds(fit, model)
    )
    return {key: value for key, value in found.items() if key in case.expected}


def _fit(model: Model, given: Mapping[str, Any]) -> MixedFit:
    word, _, link = re.sub(r"[\s)\"']", "", given["family"]).partition("(")
    family = FAMILIES[word]
    outermost = min(model.random, key=lambda term: len(term.levels))
    outcome, trials = model.outcome, None
    if outcome.ndim == 2:
        outcome, trials = outcome[:, 0], outcome.sum(axis=1)
    parts = tuple(RandomTerm(groups=t.members, columns=t.columns, name=t.group, effects=t.names) for t in model.random)
    fit = fit_glmm(
        outcome,
        model.design,
        clusters=outermost.members,
        family=family,
        structure=RandomTerms(parts),
        link=Link(link.removeprefix("link=")) if link else DEFAULT_LINKS.get(family),
        trials=trials,
        offset=model.offset,
        names=model.names,
        nodes=int(given.get("nAGQ") or 1),
    )
    if not isinstance(fit, MixedFit):
        raise ValueError(fit.detail)
    return fit


def _row(fit: MixedFit, name: str) -> dict[str, float]:
    found = fit.contrast({name: 1.0})
    z = found.value / found.std_error
    return {"Estimate": found.value, "Std. Error": found.std_error, "z value": z, "Pr(>|z|)": 2 * float(ndtr(-abs(z)))}


def _covariance(fit: MixedFit, term: Written) -> np.ndarray:
    """Of one term's effects."""
    places = [place for place, (name, _) in enumerate(fit.data.effects) if name == term.group]
    places = [place for place in places if fit.data.effects[place][1] in term.names]
    if not places:
        return np.array([[(fit.inner_sd or 0.0) ** 2]])
    return fit.random_covariance[np.ix_(places, places)]


def _sds(fit: MixedFit, model: Model) -> dict[str, dict[str, float]]:
    """glmmTMB's: by group and effect."""
    found: dict[str, dict[str, float]] = {}
    for term in model.random:
        sds = np.sqrt(np.diag(_covariance(fit, term)))
        found.setdefault(term.group, {}).update(zip(term.names, map(float, sds), strict=True))
    return found


def _lme4_sds(fit: MixedFit, model: Model) -> Iterator[dict[str, Any]]:
    """lme4's: standard deviations of each term, then correlations; a group that comes again gets a number."""
    seen: dict[str, int] = {}
    for term in lme4_order(model.random):
        again = seen[term.group] = seen.get(term.group, -1) + 1
        group = f"{term.group}.{again}" if again else term.group
        covariance = _covariance(fit, term)
        sds = np.sqrt(np.diag(covariance))
        size = len(term.names)
        for one in range(size):
            yield {"group": group, "var1": term.names[one], "var2": None, "sd": float(sds[one])}
        for one, two in ((j, k) for j in range(size) for k in range(j + 1, size)):
            both = float(sds[one] * sds[two])
            correlation = float(covariance[one, two]) / both if both > 0 else float("nan")
            yield {"group": group, "var1": term.names[one], "var2": term.names[two], "sd": correlation}
