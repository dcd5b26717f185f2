"""What must hold of any panel."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from enginehouse.core.months import Month
from enginehouse.indicators.panel import Panel

UNHURRIED = settings(deadline=None, max_examples=60)
"""A shared machine has slow moments; no test is about time."""

ROWS = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([f"s:{n}" for n in range(5)]), st.integers(0, 6)),
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    min_size=1,
)
Rows = dict[tuple[str, str, int], tuple[int, int]]


def panel(rows: list[tuple[tuple[str, str, int], tuple[int, int]]]) -> Panel:
    return Panel.from_columns(
        indicator=[key[0] for key, _ in rows],
        site=[key[1] for key, _ in rows],
        month=[Month(2020, 1) + key[2] for key, _ in rows],
        numerator=[float(value[0]) for _, value in rows],
        denominator=[float(value[1]) for _, value in rows],
    )


@UNHURRIED
@given(ROWS, st.randoms())
def test_identity_does_not_depend_on_the_order_of_rows(rows: Rows, random: st.DataObject) -> None:
    one = list(rows.items())
    other = one[:]
    random.shuffle(other)  # type: ignore[attr-defined]
    assert panel(one).identity == panel(other).identity


@UNHURRIED
@given(ROWS, st.data())
def test_identity_tells_any_change(rows: Rows, data: st.DataObject) -> None:
    changed = data.draw(st.sampled_from(sorted(rows)))
    numerator, denominator = rows[changed]
    assert (
        panel(list(rows.items())).identity
        != panel(list((rows | {changed: (numerator + 1, denominator)}).items())).identity
    )


@UNHURRIED
@given(ROWS)
def test_matrices_hold_every_row_once(rows: Rows) -> None:
    whole = panel(list(rows.items()))
    for indicator in whole.indicators:
        arrays = whole.arrays(indicator)
        mine = [value for key, value in rows.items() if key[0] == indicator]
        assert int(np.isfinite(arrays.numerator).sum()) == len(mine)
        assert np.nansum(arrays.numerator) == sum(top for top, _ in mine)
        assert np.nansum(arrays.denominator) == sum(bottom for _, bottom in mine)


@UNHURRIED
@given(ROWS)
def test_reading_what_was_written_gives_the_same_panel(rows: Rows) -> None:
    whole = panel(list(rows.items()))
    assert Panel.from_table(pq.read_table(io.BytesIO(whole.to_bytes()))).identity == whole.identity


@UNHURRIED
@given(ROWS, st.data())
def test_identity_is_the_hash_of_the_columns_as_text(rows: Rows, data: st.DataObject) -> None:
    """Written out value by value, which takes longer."""
    whole = panel(list(rows.items()))
    missing = data.draw(st.integers(0, len(rows) - 1))
    quality = [None if number == missing else "ok" for number in range(len(rows))]
    table = whole.table.set_column(whole.table.column_names.index("quality"), "quality", [quality])
    digest = hashlib.sha256()
    for name in table.column_names:
        values = table.column(name).to_pylist()
        digest.update(f"{name}\n".encode())
        if name in ("numerator", "denominator"):
            digest.update(np.array(values, "<f8").tobytes())
        else:
            digest.update("\n".join(str(value) for value in values).encode())
    assert Panel(table).identity == digest.hexdigest()
