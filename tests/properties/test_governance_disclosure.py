"""Nothing that is released tells what was suppressed: not a total, not a ratio, not a measure."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from enginehouse.governance.disclosure import (
    SUPPRESSED,
    ReleasedTable,
    count,
    label,
    measure,
    midpoint_6,
    ratio,
    release,
    round_and_suppress,
    sum_of,
)
from enginehouse.programme.enums import Disclosure

COLUMNS = [
    label("area"),
    count("a"),
    count("b"),
    sum_of("both", ["a", "b"]),
    ratio("share", numerator="a", denominator="both"),
    ratio("odds", numerator="a", denominator="b"),
    measure("cost", of="a"),
]
COUNT = st.one_of(st.integers(0, 7), st.integers(0, 40), st.integers(0, 10_000))
TABLE = st.lists(st.tuples(COUNT, COUNT), min_size=1, max_size=6)


def released(cells: list[tuple[int, int]], rule: Disclosure, cost_of: dict[int, float] | None = None) -> ReleasedTable:
    rows = [{"area": str(i), "a": a, "b": b, "cost": (cost_of or {}).get(i, 1.0)} for i, (a, b) in enumerate(cells)]
    return release(COLUMNS, rows, rule=rule, total_label="all")


@given(TABLE, st.data())
def test_a_table_with_suppressed_counts_is_the_same_whatever_they_were(cells, data):
    """The strongest form of *totals cannot reveal a suppressed cell*: any 0 to 7 in its place gives the same table."""
    other = [tuple(data.draw(st.integers(0, 7)) if cell <= 7 else cell for cell in row) for row in cells]
    costs = {i: data.draw(st.floats(0, 1e6)) for i, (a, _) in enumerate(cells) if a <= 7}
    assert released(cells, Disclosure.ROUND_AND_SUPPRESS) == released(other, Disclosure.ROUND_AND_SUPPRESS, costs)


@given(TABLE, st.data())
def test_a_midpoint_table_is_the_same_for_every_count_of_its_six(cells, data):
    other = [
        tuple(data.draw(st.integers(6 * ((c - 1) // 6) + 1, 6 * ((c - 1) // 6) + 6)) if c else 0 for c in row)
        for row in cells
    ]
    assert released(cells, Disclosure.MIDPOINT_6) == released(other, Disclosure.MIDPOINT_6)


@given(TABLE)
def test_every_small_count_and_every_total_of_one_is_hidden(cells):
    table = released(cells, Disclosure.ROUND_AND_SUPPRESS)
    for (a, b), row in zip(cells, table.rows, strict=False):
        assert (row[1] == SUPPRESSED) == (a <= 7)
        assert (row[2] == SUPPRESSED) == (b <= 7)
        assert (row[3] == SUPPRESSED) == (a <= 7 or b <= 7)
    assert (table.rows[-1][1] == SUPPRESSED) == any(a <= 7 for a, _ in cells)
    assert (table.rows[-1][3] == SUPPRESSED) == any(min(pair) <= 7 for pair in cells)
    assert table.suppressed == sum(cell == SUPPRESSED for row in table.rows for cell in row)


@given(TABLE, st.sampled_from(Disclosure))
def test_no_released_count_lies_between_1_and_2_or_is_exact_by_rule(cells, rule):
    for row in released(cells, rule).rows:
        for cell in (row[1], row[2], row[3]):
            if rule is Disclosure.ROUND_AND_SUPPRESS and cell != SUPPRESSED:
                assert cell % 5 == 0
                assert cell >= 10
            if rule is Disclosure.MIDPOINT_6:
                assert cell % 3 == 0


@given(st.integers(8, 10**9))
def test_rounding_moves_a_count_by_two_at_most(number):
    rounded = round_and_suppress(number)
    assert rounded is not None
    assert abs(rounded - number) <= 2


@given(st.integers(1, 10**9))
def test_a_midpoint_is_within_three(number):
    middle = midpoint_6(number)
    assert middle is not None
    assert -3 <= middle - number <= 2


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_proportion_stays_one(numerator, more):
    """Both rules keep the order of two counts, so a numerator never passes its denominator."""
    denominator = numerator + more
    assert (midpoint_6(numerator) or 0) <= (midpoint_6(denominator) or 0)
    if numerator > 7:
        assert (round_and_suppress(numerator) or 0) <= (round_and_suppress(denominator) or 0)
