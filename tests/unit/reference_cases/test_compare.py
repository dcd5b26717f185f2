"""Which numbers the runner of reference cases calls near enough."""

import math

import pytest
from tests.reference.trials.compare import gaps

NESTED = {"fixed": {"rel": 1e-4}, "se": {"rel": 1e-3}, "df": {"rel": 0.01}, "varcomp": {"rel": 1e-3}}


def worst(got, want, tolerance):
    return max(gaps(got, want, tolerance), key=lambda gap: gap.ratio)


def test_a_number_is_good_if_it_meets_either_tolerance():
    assert worst({"x": 10.05}, {"x": 10.0}, {"rel": 0.01, "abs": 0.01}).ratio == pytest.approx(0.5)
    assert worst({"x": 0.05}, {"x": 0.0}, {"rel": 0.01, "abs": 0.1}).ratio == pytest.approx(0.5)


def test_nothing_is_asked_nearer_than_doubles_can_be():
    assert worst({"x": 3e-17}, {"x": -4e-17}, {"rel": 1e-6}).ratio < 1e-3


def test_a_missing_key_fails_and_a_key_nobody_asked_for_does_not():
    gap = worst({"b": 1.0}, {"a": 1.0}, {"rel": 1})
    assert (gap.where, gap.problem, gap.ratio) == ("a", "missing", math.inf)
    assert worst({"a": 1.0, "b": 2.0}, {"a": 1.0}, {"rel": 1}).ratio == 0


def test_null_is_no_number_to_compare_with():
    assert worst({"df": [2.0]}, {"df": [None]}, {"rel": 0}).ratio == 0
    assert not list(gaps({}, {"df": None}, {"rel": 0}))


def test_texts_must_be_the_same():
    assert worst({"names": ["arm"]}, {"names": ["arm"]}, {}).ratio == 0
    assert worst({"names": ["arm "]}, {"names": ["arm"]}, {}).problem == "another text"


def test_lists_must_have_the_length_and_a_list_of_one_is_a_number():
    assert worst({"x": [1.0]}, {"x": [1.0, 2.0]}, {"rel": 1}).problem == "1 values instead of 2"
    assert worst({"x": [1.0]}, {"x": 1.0}, {"rel": 1}).ratio == 0
    assert worst({"x": 1.0}, {"x": [1.0]}, {"rel": 1}).ratio == 0


def test_infinity_is_written_as_a_text():
    assert worst({"df": math.inf}, {"df": "Inf"}, {"rel": 0}).ratio == 0
    assert worst({"df": 7.0}, {"df": "Inf"}, {"rel": 0}).ratio == math.inf


def test_what_is_no_number_says_so():
    assert worst({"x": math.nan}, {"x": 1.0}, {"rel": 1}).ratio == math.inf
    assert worst({"x": None}, {"x": 1.0}, {"rel": 1}).problem == "no number"
    assert worst({"x": 1.0}, {"x": {"y": 1.0}}, {"rel": 1}).problem == "a table was expected, this is float"


@pytest.mark.parametrize(
    ("key", "relative"), [("Estimate", 1e-4), ("Std. Error", 1e-3), ("df", 0.01), ("t value", 1.1e-3)]
)
def test_parts_of_a_fit_have_their_own_tolerances(key, relative):
    want = {"arm": {"Estimate": 2.0, "Std. Error": 1.0, "df": 20.0, "t value": 2.0}}
    got = {"arm": {**want["arm"], key: want["arm"][key] * (1 + 0.5 * relative)}}
    assert worst(got, want, NESTED).ratio == pytest.approx(0.5)


def test_a_p_value_may_move_as_far_as_its_t_and_df_may():
    want = {"arm": {"df": 10.0, "t value": 2.0, "Pr(>|t|)": 0.07338803}}
    looser = worst({"arm": {**want["arm"], "Pr(>|t|)": 0.0737}}, want, NESTED)
    assert 0 < looser.ratio < 1
    assert worst({"arm": {**want["arm"], "Pr(>|t|)": 0.075}}, want, NESTED).ratio > 1


def test_the_ends_of_an_interval_have_a_share_of_its_width():
    want = {"ml_profile_ci95": {"arm": [-1.0, 3.0]}}
    assert worst({"ml_profile_ci95": {"arm": [-1.002, 3.0]}}, want, NESTED).ratio == pytest.approx(0.5)
    assert worst({"ml_profile_ci95": {}}, want, NESTED).problem == "missing"


def test_a_standard_deviation_at_its_boundary_may_be_zero():
    want = {"random_sd": {"cluster": {"(Intercept)": 0.26}, "cp": {"(Intercept)": 7.3e-05}}}
    at_zero = worst({"random_sd": {"cluster": {"(Intercept)": 0.26}, "cp": {"(Intercept)": 0.0}}}, want, {"rel": 0.005})
    assert at_zero.ratio == pytest.approx(0.073)
    away = worst({"random_sd": {"cluster": {"(Intercept)": 0.26}, "cp": {"(Intercept)": 0.02}}}, want, {"rel": 0.005})
    assert away.ratio > 1
    other = worst({"random_sd": {"cluster": {"(Intercept)": 0.0}, "cp": {"(Intercept)": 0.0}}}, want, {"rel": 0.005})
    assert other.ratio > 1
