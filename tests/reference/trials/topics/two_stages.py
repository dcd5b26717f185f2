"""The first stage of a two-stage analysis, and means of clusters: for cluster-level analyses and permutation tests."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from tests.reference.trials.formula import read_model
from tests.reference.trials.tables import Table

from enginehouse.stats.gee import GeeFamily, GeeFit, gee

Array = npt.NDArray[np.float64]
FAMILIES = {"logistic": GeeFamily.BINOMIAL, "Poisson": GeeFamily.POISSON, "linear": GeeFamily.GAUSSIAN}

MEANS = {GeeFamily.BINOMIAL: expit, GeeFamily.POISSON: np.exp, GeeFamily.GAUSSIAN: np.asarray}


@dataclass(frozen=True, slots=True, eq=False)
class FirstStage:
    """What each cluster had, what a model without the arm expects of it, and its rows."""

    observed: Array
    expected: Array
    rows: Array


def cluster_means(table: Table, column: str, cluster: str = "practice") -> Array:
    clusters = table.labels(cluster)
    return np.bincount(clusters, table.numbers(column)) / np.bincount(clusters)


def first_stage(text: str, outcome: str, table: Table, cluster: str = "practice") -> FirstStage:
    """The model that a text names: `logistic regression on a + b without arm`, `logistic y~a+b`."""
    family = next(kind for word, kind in FAMILIES.items() if word.lower() in text.lower())
    terms = re.split(r"regression on |~\s*", text, maxsplit=1)[1]
    terms = re.split(r" without | \((?!.*\+)", terms, maxsplit=1)[0]
    model = read_model(f"{outcome} ~ {terms}", table)
    clusters = table.labels(cluster)
    fit = gee(table.numbers(outcome), model.design, clusters=clusters, family=family)
    assert isinstance(fit, GeeFit), fit
    return FirstStage(
        np.bincount(clusters, table.numbers(outcome)),
        np.bincount(clusters, MEANS[family](model.design @ fit.coefficients)),
        np.bincount(clusters).astype(float),
    )
