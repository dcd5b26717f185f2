"""Patterns of codes, renamed codes and weight tables."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from enginehouse.core.errors import DataError
from enginehouse.indicators.codes import CodePatterns, apply_code_changes
from enginehouse.indicators.weight_tables import join_key, weight_table, weight_table_names

CODES = pa.array(["0407020A0AAAFAF", "0407020A0BBABAF", "0407020A0AAAEAE", "0407020Q0AAAHAH", "0501080W0AAAEAE"])


@pytest.mark.parametrize(
    ("patterns", "taken"),
    [
        (["0407020A0"], [1, 1, 1, 0, 0]),  # a prefix
        (["0407020A0%AF"], [1, 1, 0, 0, 0]),  # a wild card in the middle: generic and brand of one strength
        (["0407020A0AAAFAF"], [1, 0, 0, 0, 0]),  # one code
        (["0407020A0%A"], [0, 0, 0, 0, 0]),  # a pattern with a wild card is anchored at its end
        (["0407020A0%A%"], [1, 1, 1, 0, 0]),
        (["0407020_0AAA_A_"], [1, 0, 1, 1, 0]),  # exactly one character each
        (["04", "~0407020Q0"], [1, 1, 1, 0, 0]),
        (["~0407020A0%AF", "04"], [0, 0, 1, 1, 0]),  # order does not matter
        (["0407020A0", "05"], [1, 1, 1, 0, 1]),
        (["06"], [0, 0, 0, 0, 0]),
    ],
)
def test_patterns(patterns: list[str], taken: list[int]) -> None:
    assert CodePatterns.parse(patterns).matches(CODES).tolist() == [bool(t) for t in taken]


def test_patterns_that_match_nothing_are_named() -> None:
    patterns = CodePatterns.parse(["0407020A0", "0407020A0%ZZ", "~09"])
    assert patterns.without_match(CODES) == ("0407020A0%ZZ", "~09")


@pytest.mark.parametrize("bad", ["0407020a0", "04 07", "", "~", "04*", "~~04", "0407.020"])
def test_a_character_that_no_code_has_is_refused(bad: str) -> None:
    with pytest.raises(DataError, match=r"got the code pattern .*Use digits, capital letters"):
        CodePatterns.parse(["0407", bad], where="indicator x")


def test_only_taking_out_is_refused() -> None:
    with pytest.raises(DataError, match="take nothing in"):
        CodePatterns.parse(["~0407"])


def test_code_changes_use_the_longest_old_prefix() -> None:
    changes = {"0407010": "0407020", "0407010H0": "0407030H0", "0501015P0AAABAB": "0501015P0AAACAC"}
    codes = ["0407010A0AAAAAA", "0407010H0AAAMAM", "0501015P0AAABAB", "0501015P0AAADAD"]
    assert apply_code_changes(codes, changes) == [
        "0407020A0AAAAAA",
        "0407030H0AAAMAM",
        "0501015P0AAACAC",
        "0501015P0AAADAD",
    ]


def test_a_table_is_joined_on_substance_and_strength() -> None:
    assert join_key("0407010F0BSAAAH") == join_key("0407010F0AAAHAH") == "0407010F0AH"
    weights = weight_table("ome").of(["0407010F0BSAAAH", "0407020A0AAAEAE", "0407010H0AAAMAM"])
    assert weights[:2].tolist() == [3.0, 180.0]
    assert math.isnan(weights[2])


def test_the_dated_override() -> None:
    table = weight_table("ome")
    assert table.of(["0407020A0AABWBW"]).tolist() == [30.0]
    (override,) = table.overrides
    assert override.decided_on == "2020-01-23"
    assert "270 mg" in override.reason


def test_an_unknown_table_is_named_with_the_nearest() -> None:
    with pytest.raises(DataError, match=r"got weights 'omes'.*Did you mean 'ome'"):
        weight_table("omes")
    assert weight_table_names() == ("gabapentinoid-ddd", "ome")


def test_the_table_holds_the_facts_of_its_source(shared_file: Callable[[str], Path]) -> None:
    """Every row of the source with a conversion, by the key that it is joined on."""
    with open(shared_file("data/reference/opioid_ome_by_presentation.csv"), encoding="utf-8", newline="") as file:
        source = {join_key(r["bnf_code"]): float(r["ome_dose"]) for r in csv.DictReader(file) if r["ome_dose"]}
    ours = dict(weight_table("ome").weights)
    overridden = {o.key for o in weight_table("ome").overrides}
    assert len(source) == 356
    assert {k: v for k, v in ours.items() if k not in overridden} == {
        k: v for k, v in source.items() if k not in overridden
    }
    assert {k: source[k] for k in overridden} == {"0407020A0BW": 270.0}
    assert np.all(np.array(list(ours.values())) > 0)
