"""Linear mixed models as lme4, lmerTest and pbkrtest print them: in their order of terms and under their names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import stdtr
from tests.reference.trials.cases import Case
from tests.reference.trials.formula import Model, read_model
from tests.reference.trials.formula import RandomTerm as Written
from tests.reference.trials.tables import Data

from enginehouse.stats.lmm.fit import LmmFit, fit_lmm
from enginehouse.stats.lmm.freedom import DfMethod
from enginehouse.stats.lmm.profile import profile_interval, variance_intervals
from enginehouse.stats.lmm.structures import RandomTerm, RandomTerms
from enginehouse.stats.results import Interval, NotEstimable

TABLES: Mapping[str, DfMethod] = {
    "fixed_satterthwaite": DfMethod.SATTERTHWAITE,
    "fixed_kenward_roger": DfMethod.KENWARD_ROGER,
}


def answer(case: Case, data: Data) -> Mapping[str, Any]:
    """Every table that the case has, each only if it is asked for."""
    expected = case.expected
    known = next((expected[key] for key in (*TABLES, "ml_fixed") if expected.get(key)), {})
    model = read_model(case.inputs["model"], data.table(case.data or ""), names=tuple(known))
    terms = lme4_order(_nested_names(model.random, case.inputs["model"]))
    names = {frozenset(name.split(":")): name for name in known}
    titles = [names.get(frozenset(name.split(":")), name) for name in model.names]
    fits = {reml: _fit(model, terms, titles, reml=reml) for reml in (True, False)}
    found: dict[str, Any] = {
        "reml": fits[True].deviance,
        "varcomp": list(_components(fits[True], terms)),
        "ml_minus2loglik": fits[False].deviance,
        "ml_fixed": {name: _row(fits[False], name, None) for name in titles},
        "ml_varcomp": list(_components(fits[False], terms)),
    }
    for key, method in TABLES.items():
        if key in expected:
            found[key] = {name: _row(fits[True], name, method) for name in titles}
    if "ml_profile_ci95" in expected:
        found["ml_profile_ci95"] = _profiles(fits[False])
    return found


def _nested_names(terms: tuple[Written, ...], formula: str) -> tuple[Written, ...]:
    """lme4 calls the inner group of `a/b` `b:a`."""
    inner = {f"{a}:{b}": f"{b}:{a}" for a, b in re.findall(r"\|\s*([\w.]+)\s*/\s*([\w.]+)\s*\)", formula)}
    return tuple(replace(term, group=inner.get(term.group, term.group)) for term in terms)


def lme4_order(terms: tuple[Written, ...]) -> list[Written]:
    """By falling numbers of members; where the terms are not so already, equal ones change places."""
    counts = [len(term.levels) for term in terms]
    if counts == sorted(counts, reverse=True):
        return list(terms)
    return [term for _, term in sorted(zip(counts, terms, strict=True), key=lambda pair: pair[0])][::-1]


def _fit(model: Model, terms: list[Written], names: list[str], *, reml: bool) -> LmmFit:
    parts = tuple(RandomTerm(groups=t.members, columns=t.columns, name=t.group, effects=t.names) for t in terms)
    outermost = min(terms, key=lambda term: len(term.levels))
    fit = fit_lmm(
        model.outcome,
        model.design,
        clusters=outermost.members,
        structure=RandomTerms(parts),
        names=names,
        reml=reml,
        offset=model.offset,
    )
    if isinstance(fit, NotEstimable):
        raise ValueError(fit.detail)
    return fit


def _row(fit: LmmFit, name: str, method: DfMethod | None) -> dict[str, float]:
    found = fit.estimate({name: 1.0}, method=method or DfMethod.NORMAL)
    t = found.value / found.std_error
    row = {"Estimate": found.value, "Std. Error": found.std_error, "t value": t}
    return row if method is None else {**row, "df": found.df, "Pr(>|t|)": 2 * float(stdtr(found.df, -abs(t)))}


def _components(fit: LmmFit, terms: list[Written]) -> Iterator[dict[str, Any]]:
    """Variances, then covariances of each term; a group that comes again gets a number."""
    seen: dict[str, int] = {}
    for number, term in enumerate(terms):
        again = seen[term.group] = seen.get(term.group, -1) + 1
        group = f"{term.group}.{again}" if again else term.group
        covariance = fit.random_covariance(number)
        size = len(term.names)
        pairs = [(k, k) for k in range(size)] + [(j, k) for j in range(size) for k in range(j + 1, size)]
        for one, two in pairs:
            other = None if one == two else term.names[two]
            yield {"group": group, "var1": term.names[one], "var2": other, "vcov": float(covariance[one, two])}
    yield {"group": "Residual", "var1": None, "var2": None, "vcov": fit.residual_variance}


def _profiles(fit: LmmFit) -> dict[str, list[float]]:
    variances = variance_intervals(fit)
    assert not isinstance(variances, NotEstimable)
    *others, residual = variances
    found = {f".sig{number:02d}": one.interval for number, one in enumerate(others, start=1)}
    found[".sigma"] = residual.interval
    for name in fit.names:
        interval = profile_interval(fit, {name: 1.0})
        assert isinstance(interval, Interval)
        found[name] = interval
    return {name: [_number(one.low), _number(one.high)] for name, one in found.items()}


def _number(end: float) -> float:
    return float(np.nan_to_num(end, posinf=math.inf, neginf=-math.inf))
