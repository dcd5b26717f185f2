"""What must hold of patterns, classes and the cube, whatever the codes and rows."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from enginehouse.indicators.codes import CodePatterns
from enginehouse.indicators.cube import UNUSED, Cube, code_classes, slot_sums
from enginehouse.programme.indicator import Codes, Summand

UNHURRIED = settings(deadline=None, max_examples=60)
"""A shared machine has slow moments; no test is about time."""

CODE = st.text("01A", min_size=1, max_size=5)
PATTERN = st.text("01A%_", min_size=1, max_size=5)
CODE_LIST = st.lists(CODE, min_size=1, max_size=20, unique=True)
PATTERNS = st.tuples(st.lists(PATTERN, min_size=1, max_size=4), st.lists(PATTERN, max_size=3)).map(
    lambda both: [*both[0], *(f"~{p}" for p in both[1])]
)
SLOTS = st.lists(
    st.builds(
        lambda total, patterns: Codes.model_validate({"sum": total, "bnf_codes": patterns}),
        st.sampled_from(["items", "quantity"]),
        PATTERNS,
    ),
    min_size=1,
    max_size=5,
)


def naive(pattern: str, code: str) -> bool:
    """The second implementation: a regular expression, one code at a time."""
    if not set(pattern) & {"%", "_"}:
        return code.startswith(pattern)
    return re.fullmatch("".join({"%": ".*", "_": "."}.get(c, c) for c in pattern), code) is not None


def takes(patterns: list[str] | tuple[str, ...], code: str) -> bool:
    include = any(naive(p, code) for p in patterns if not p.startswith("~"))
    return include and not any(naive(p[1:], code) for p in patterns if p.startswith("~"))


@UNHURRIED
@given(PATTERNS, CODE_LIST)
def test_patterns_agree_with_regular_expressions(patterns: list[str], codes: list[str]) -> None:
    found = CodePatterns.parse(patterns).matches(pa.array(codes))
    assert found.tolist() == [takes(patterns, code) for code in codes]


@UNHURRIED
@given(PATTERNS, CODE_LIST, st.randoms())
def test_the_order_of_patterns_does_not_matter(patterns: list[str], codes: list[str], random: object) -> None:
    other = patterns[:]
    random.shuffle(other)  # type: ignore[attr-defined]
    table = pa.array(codes)
    assert CodePatterns.parse(patterns).matches(table).tolist() == CodePatterns.parse(other).matches(table).tolist()


@UNHURRIED
@given(SLOTS, CODE_LIST)
def test_a_class_treats_its_codes_alike(slots: list[Codes], codes: list[str]) -> None:
    classes = code_classes(pa.array(codes), slots)
    for code, number in zip(codes, classes.class_of, strict=True):
        expected = [float(takes(slot.bnf_codes, code)) for slot in slots]
        assert classes.weights[number].tolist() == expected
        assert (number == UNUSED) == (not any(expected))
    used = {tuple(row) for row in classes.weights.tolist()}
    assert len(used) == classes.count  # no two classes are alike


@UNHURRIED
@given(SLOTS, CODE_LIST, st.data())
def test_the_cube_gives_what_adding_up_row_by_row_gives(
    slots: list[Codes], codes: list[str], data: st.DataObject
) -> None:
    row = st.tuples(
        st.integers(0, 2),
        st.integers(17000, 17001),
        st.integers(0, len(codes) - 1),
        st.integers(0, 99),
        st.integers(0, 10**6),
    )
    rows = data.draw(st.lists(row, min_size=1, max_size=30))
    classes = code_classes(pa.array(codes), slots)
    columns = np.array(rows, dtype=np.int64).T
    cube = Cube(
        practice=columns[0],
        month=columns[1],
        code_class=classes.class_of[columns[2]].astype(np.int64),
        sums={Summand.ITEMS: columns[3], Summand.QUANTITY: columns[4]},
    )
    found = slot_sums(cube, classes)
    for place, (practice, month) in enumerate(zip(found.practice, found.month, strict=True)):
        for number, slot in enumerate(slots):
            unit, which = (1, 3) if slot.sum is Summand.ITEMS else (100_000, 4)
            mine = [r[which] for r in rows if (r[0], r[1]) == (practice, month) and takes(slot.bnf_codes, codes[r[2]])]
            assert abs(found.values[place, number] - sum(mine) / unit) < 1e-6
    assert {(int(p), int(m)) for p, m in zip(found.practice, found.month, strict=True)} == {(r[0], r[1]) for r in rows}
