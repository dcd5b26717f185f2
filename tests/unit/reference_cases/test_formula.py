"""R's formulas as columns; what R makes of them is known from its documentation and, where said, from its output."""

import numpy as np
import pytest
from tests.reference.trials.formula import read_model
from tests.reference.trials.tables import Table, level_name

TABLE = Table(
    {
        "y": np.array([1.0, 2.0, 3.0, 4.0]),
        "n": np.array([5.0, 5.0, 5.0, 8.0]),
        "x": np.array([0.5, 1.0, 2.0, 4.0]),
        "period": np.array([1.0, 2.0, 3.0, 1.0]),
        "arm": np.array(["b", "A", "b", "A"]),
        "herd": np.array([7.0, 7.0, 9.0, 9.0]),
    }
)


def names(text, **options):
    return read_model(text, TABLE, **options).names


def test_a_factor_has_treatment_contrasts():
    model = read_model("y ~ factor(period) + x", TABLE)
    assert model.names == ("(Intercept)", "factor(period)2", "factor(period)3", "x")
    assert model.design.tolist() == [[1, 0, 0, 0.5], [1, 1, 0, 1], [1, 0, 1, 2], [1, 0, 0, 4]]


def test_texts_are_factors_by_the_alphabet():
    assert names("y ~ arm") == ("(Intercept)", "armb")


def test_without_an_intercept_the_first_factor_has_all_levels():
    assert names("y ~ 0 + arm + factor(period)") == ("armA", "armb", "factor(period)2", "factor(period)3")
    assert names("y ~ arm - 1") == ("armA", "armb")


def test_interactions_come_after_main_effects():
    assert names("y ~ arm * x + period") == ("(Intercept)", "armb", "x", "period", "armb:x")
    assert names("y ~ x + arm:period") == ("(Intercept)", "x", "armA:period", "armb:period")
    assert names("y ~ (arm + x + period)^2") == (
        "(Intercept)",
        "armb",
        "x",
        "period",
        "armb:x",
        "armb:period",
        "x:period",
    )


def test_the_first_factor_of_an_interaction_runs_fastest():
    made = names("y ~ factor(period) * arm")
    assert made == (
        "(Intercept)",
        "factor(period)2",
        "factor(period)3",
        "armb",
        "factor(period)2:armb",
        "factor(period)3:armb",
    )


def test_terms_can_be_taken_out():
    assert names("y ~ arm * x - arm:x") == ("(Intercept)", "armb", "x")


def test_an_outcome_of_two_columns_and_an_offset():
    model = read_model("cbind(y, n - y) ~ x + offset(log(n)) + (1 | herd)", TABLE)
    assert model.outcome.tolist() == [[1, 4], [2, 3], [3, 2], [4, 4]]
    assert model.names == ("(Intercept)", "x")
    assert model.offset == pytest.approx(np.log([5, 5, 5, 8]))


def test_random_terms():
    model = read_model("y ~ x + (x | herd) + (1 | herd:arm)", TABLE)
    one, other = model.random
    assert (one.group, one.names, one.members.tolist(), one.levels) == (
        "herd",
        ("(Intercept)", "x"),
        [0, 0, 1, 1],
        ("7", "9"),
    )
    assert (other.group, other.levels) == ("herd:arm", ("7:A", "7:b", "9:A", "9:b"))


def test_two_bars_make_terms_that_do_not_correlate():
    terms = read_model("y ~ x + (x || herd)", TABLE).random
    assert [term.names for term in terms] == [("(Intercept)",), ("x",)]
    assert [term.names for term in read_model("y ~ x + (0 + x | herd)", TABLE).random] == [("x",)]


def test_a_slash_nests():
    assert [term.group for term in read_model("y ~ x + (1 | herd/arm)", TABLE).random] == ["herd", "herd:arm"]


def test_names_known_beforehand_say_which_numbers_are_levels():
    known = ("(Intercept)", "period2", "period3")
    assert names("y ~ period", names=known) == known
    assert names("y ~ period", names=("(Intercept)", "period")) == ("(Intercept)", "period")


def test_incomplete_rows_are_left_out():
    table = TABLE.with_columns(x=np.array([0.5, np.nan, 2.0, 4.0]))
    model = read_model("y ~ x + (1 | herd)", table)
    assert model.rows.tolist() == [0, 2, 3]
    assert model.outcome.tolist() == [1, 3, 4]


def test_conventional_columns():
    panel = Table({"month": np.array([0.0, 6.0]), "arm": np.array([2.0, 2.0]), "post": np.array([0.0, 1.0])})
    assert read_model("a2 ~ fm", panel).names == ("(Intercept)", "fm6")
    assert read_model("a2 ~ 1", panel).outcome.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ x +", "ends too early"),
        ("y ~ x & z", "did not understand"),
        ("y ~ (x", "is missing"),
        ("y ~ x) ", "did not understand"),
        ("arm ~ x", "is a factor where a number is needed"),
        ("y ~ poly(x, 2)", "'poly' is not known"),
    ],
)
def test_what_is_not_a_formula_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        read_model(text, TABLE)


def test_a_column_that_is_not_there():
    with pytest.raises(KeyError, match="no column 'z'; there are y, n, x"):
        read_model("y ~ z", TABLE)


def test_levels_are_named_as_in_r():
    assert [level_name(value) for value in (1.0, 0.5, "A")] == ["1", "0.5", "A"]
