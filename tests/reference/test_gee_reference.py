"""Estimating equations against R's geepack and gee and against statsmodels, beyond the cases of the runner: weights,
offsets, months that are missing, links that are not canonical.

R's numbers were made by geepack 1.3.9 with `geese.control(epsilon = 1e-10)`, gee 4.13-25 with `tol = 1e-9` and
clubSandwich 0.5.8, on the data sets of the cases: coefficients, Liang-Zeger errors, correlation, dispersion.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.genmod.cov_struct import Exchangeable as TheirExchangeable
from statsmodels.genmod.cov_struct import Independence as TheirIndependence

from enginehouse.stats.gee import (
    Autoregressive,
    ClusterCorrection,
    Exchangeable,
    GeeDf,
    GeeFamily,
    GeeFit,
    Independence,
    Link,
    Moments,
    gee,
)

type Columns = Mapping[str, np.ndarray]

R_DIGITS = 2e-9
"""R's numbers were printed to ten digits."""
STATSMODELS_DIGITS = 1e-6
"""Its default stopping rule leaves about this in the coefficients."""
GEEPACK, GEE = Moments.GEEPACK, Moments.RESIDUAL_DF

WEIGHTED_EXCHANGEABLE = """-1.096346209 0.2281125935 0.01368075589 -0.1892048734 0.08585916739 0.1304421263
 0.01602521929 0.02203821641 0.8512556169 0.03689756871"""
WEIGHTED_AR1 = """-1.3042671 0.482229634 0.05408649193 -0.2765863493 0.1909144079 0.2661473924 0.04238697236
 0.06959104749 0.9799536766 0.04290305542"""
MISSING_MONTHS = """12.2193219 0.355977771 0.1861122614 -0.5516030935 0.284700478 0.4552776256 0.2293151308
 0.2890429724 0.9652894355 3.25519469"""
OFFSET = """-2.103299824 0.1659290959 0.02700987615 -0.1350506325 0.05965358993 0.1030437495 0.025053722
 0.03363844187 0.679516559 47.56055372"""
LINKS = {
    ("y_bin", GeeFamily.BINOMIAL, Link.LOG): """-1.075725802 0.3985523858 0.05861898178 0.1147448951
 0.03118567817 1.005071491""",
    ("y_bin", GeeFamily.BINOMIAL, Link.IDENTITY): """0.3410501306 0.1670008829 0.01999201139 0.05395554396
 0.03118567817 1.005071491""",
    ("y_count", GeeFamily.POISSON, Link.IDENTITY): """1.057724509 0.4281500342 0.1081280466 0.2056563301
 0.1125430067 1.11418749""",
    ("y_cont", GeeFamily.GAUSSIAN, Link.LOG): """3.892200758 0.06231384035 0.02319483888 0.03099573802
 0.2143869156 50.61921808""",
}
GEE_AR1_OHIO = "-1.898157465 -0.114750547 0.243831188 0.1146781244 0.04493527559 0.1798310656 0.3989964411 1.016977321"
GEE_AR1_TOENAIL = "-0.6241441308 -0.1778680865 0.1253916914 0.02410026886 0.6788107735 0.9939119339"
GEE_EXCHANGEABLE_TOENAIL = "-0.5889384796 -0.2050259983 0.1275051733 0.02586519566 0.4234697517 1.088193231"

CLUBSANDWICH_POISSON = """0.1928509978 0.2036502843 0.1036214997 0.003229158584
 13.325855 11.01371809 5.421573906 13.43880949"""
"""Errors and Satterthwaite's degrees of freedom by CR2 of a `glm` with `epsilon = 1e-14`."""


@pytest.fixture(scope="module")
def table(shared_file: Callable[[str], Path]) -> Callable[[str], dict[str, np.ndarray]]:
    def read(name: str) -> dict[str, np.ndarray]:
        with shared_file(f"reference/trials/data/{name}").open() as file:
            rows = list(csv.DictReader(file))
        return {key: np.array([row[key] for row in rows]) for key in rows[0]}

    return read


@pytest.fixture(scope="module")
def panel(table) -> dict[str, np.ndarray]:
    data = {key: values.astype(float) for key, values in table("panel.csv").items()}
    return data | {"share": data["numerator"] / data["denominator"]}


def design_of(data: Columns, *names: str) -> np.ndarray:
    return np.column_stack([np.ones(len(data[names[0]])), *(data[name].astype(float) for name in names)])


def agrees(found, expected: str) -> bool:
    assert isinstance(found, GeeFit), found
    errors = [found.std_error(row, ClusterCorrection.LIANG_ZEGER) for row in np.eye(len(found.names))]
    own = [*found.coefficients, *errors, *found.correlation.values(), found.dispersion]
    return own == pytest.approx([float(word) for word in expected.split()], rel=R_DIGITS)


def test_weighted_proportions_of_months(panel) -> None:
    """What statsmodels with weights gets wrong: it gives the estimate of working independence."""
    design = design_of(panel, "arm", "post", "trt")
    options = {"clusters": panel["practice"], "family": GeeFamily.BINOMIAL, "moments": GEEPACK}
    exchangeable = gee(panel["share"], design, weights=panel["denominator"], correlation=Exchangeable(), **options)
    assert agrees(exchangeable, WEIGHTED_EXCHANGEABLE)
    months = Autoregressive(times=panel["month"])
    assert agrees(
        gee(panel["share"], design, weights=panel["denominator"], correlation=months, **options), WEIGHTED_AR1
    )
    sums = gee(panel["numerator"], design, trials=panel["denominator"], correlation=Exchangeable(), **options)
    assert agrees(sums, WEIGHTED_EXCHANGEABLE)


def test_statsmodels_ignores_its_correlation_where_there_are_weights(panel) -> None:
    """Kept as evidence for the page of methods: when this fails, the library was mended."""
    design = design_of(panel, "arm", "post", "trt")
    found = [
        sm.GEE(
            panel["share"],
            design,
            groups=panel["practice"],
            family=sm.families.Binomial(),
            cov_struct=structure(),
            weights=panel["denominator"],
        )
        .fit()
        .params
        for structure in (TheirExchangeable, TheirIndependence)
    ]
    assert found[0] == pytest.approx(found[1], abs=1e-7)
    assert abs(found[0][3] - float(WEIGHTED_EXCHANGEABLE.split()[3])) > 5e-4


def test_an_autoregressive_correlation_over_missing_months(panel) -> None:
    absent = np.isin(panel["month"], (3, 7, 8)) & (panel["practice"] % 2 == 0)
    data = {key: values[~absent] for key, values in panel.items()}
    found = gee(
        data["mean_dose"],
        design_of(data, "arm", "post", "trt"),
        clusters=data["practice"],
        family=GeeFamily.GAUSSIAN,
        correlation=Autoregressive(times=data["month"]),
        moments=GEEPACK,
    )
    assert agrees(found, MISSING_MONTHS)


def test_counts_with_an_offset(panel) -> None:
    found = gee(
        panel["items"],
        design_of(panel, "arm", "post", "trt"),
        clusters=panel["practice"],
        offset=np.log(panel["person_time"]),
        correlation=Exchangeable(),
        moments=GEEPACK,
    )
    assert agrees(found, OFFSET)


@pytest.mark.parametrize("model", LINKS, ids=lambda model: f"{model[0]}-{model[2].value}")
def test_links_that_are_not_canonical(model, table) -> None:
    outcome, family, link = model
    data = table("crt.csv")
    found = gee(
        data[outcome].astype(float),
        design_of(data, "arm"),
        clusters=data["practice"],
        family=family,
        link=link,
        correlation=Exchangeable(),
        moments=GEEPACK,
    )
    assert agrees(found, LINKS[model])


def test_the_autoregressive_correlation_of_rs_gee(table) -> None:
    data = table("ohio.csv")
    times = np.tile(np.arange(4), len(data["id"]) // 4)
    options = {"family": GeeFamily.BINOMIAL, "moments": GEE}
    found = gee(
        data["resp"].astype(float),
        design_of(data, "age", "smoke"),
        clusters=data["id"],
        correlation=Autoregressive(times=times),
        **options,
    )
    assert agrees(found, GEE_AR1_OHIO)


def test_clusters_of_many_sizes(table) -> None:
    data = table("toenail.csv")
    order = np.lexsort((data["visit"].astype(int), data["patientID"].astype(int)))
    patients, outcome = data["patientID"][order], (data["outcome"] == "moderate or severe")[order].astype(float)
    design = np.column_stack([np.ones(len(order)), data["time"][order].astype(float)])
    options = {"family": GeeFamily.BINOMIAL, "moments": GEE}
    assert agrees(
        gee(outcome, design, clusters=patients, correlation=Exchangeable(), **options), GEE_EXCHANGEABLE_TOENAIL
    )
    _, codes, sizes = np.unique(patients, return_inverse=True, return_counts=True)
    kept = sizes[codes] > 1
    places = np.concatenate([np.arange(np.count_nonzero(patients == one)) for one in dict.fromkeys(patients[kept])])
    found = gee(
        outcome[kept], design[kept], clusters=patients[kept], correlation=Autoregressive(times=places), **options
    )
    assert agrees(found, GEE_AR1_TOENAIL)


def test_clubsandwich_where_rows_of_a_cluster_vary_differently(table) -> None:
    """The cases have columns of whole clusters only, where CR2 is Kauermann and Carroll's correction."""
    data = table("crt.csv")
    design = design_of(data, "arm", "list_size_z", "age")
    fit = gee(data["y_count"].astype(float), design, clusters=data["practice"])
    assert isinstance(fit, GeeFit)
    found = [
        fit.contrast(row, correction=ClusterCorrection.BELL_MCCAFFREY, df_method=GeeDf.SATTERTHWAITE)
        for row in np.eye(4)
    ]
    own = [*(one.std_error for one in found), *(one.df for one in found)]
    assert own == pytest.approx([float(word) for word in CLUBSANDWICH_POISSON.split()], rel=1e-7)
    kauermann = fit.std_error(np.eye(4)[1], ClusterCorrection.KAUERMANN_CARROLL)
    assert abs(kauermann / own[1] - 1) > 1e-4


@pytest.mark.parametrize("data", ["crt.csv", "crt_small.csv"])
@pytest.mark.parametrize(
    ("outcome", "family", "theirs"),
    [
        ("y_bin", GeeFamily.BINOMIAL, sm.families.Binomial()),
        ("y_count", GeeFamily.POISSON, sm.families.Poisson()),
        ("y_cont", GeeFamily.GAUSSIAN, sm.families.Gaussian()),
    ],
)
def test_statsmodels_agrees_without_weights(data: str, outcome: str, family: GeeFamily, theirs, table) -> None:
    rows = table(data)
    design = design_of(rows, "arm", "list_size_z", "age")
    values, clusters = rows[outcome].astype(float), rows["practice"].astype(int)
    fit = gee(values, design, clusters=clusters, family=family, correlation=Independence())
    assert isinstance(fit, GeeFit)
    model = sm.GEE(values, design, groups=clusters, family=theirs, cov_struct=TheirIndependence())
    for cov_type, correction in (
        ("robust", ClusterCorrection.LIANG_ZEGER),
        ("bias_reduced", ClusterCorrection.MANCL_DEROUEN),
    ):
        own = [fit.std_error(row, correction) for row in np.eye(len(fit.names))]
        assert own == pytest.approx(model.fit(cov_type=cov_type).bse, rel=STATSMODELS_DIGITS)
