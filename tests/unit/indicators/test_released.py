"""An indicator's numbers under each disclosure rule: counts are rounded, quantities held back where people are few."""

from __future__ import annotations

import pytest

from enginehouse.core.months import Month
from enginehouse.governance.disclosure import SUPPRESSED, release
from enginehouse.indicators.panel import Panel
from enginehouse.indicators.released import release_rows, value_cells, value_columns
from enginehouse.programme.enums import Disclosure, NumeratorKind
from enginehouse.programme.load import load_programme
from enginehouse.programme.templates import new_programme


def released(kind: NumeratorKind, rule: Disclosure, numerator: float, denominator: float) -> tuple[object, ...]:
    rows = [value_cells(numerator, denominator, kind, rule)]
    (row,) = release(value_columns(kind, rule), rows, rule=rule).rows
    return row


@pytest.mark.parametrize(
    ("kind", "rule", "numbers", "shown"),
    [
        (NumeratorKind.COUNT, Disclosure.NONE, (3, 12), (3, 12, 3 / 12)),
        (NumeratorKind.COUNT, Disclosure.NONE, (0.5, 12.5), (0.5, 12.5, 0.5 / 12.5)),
        (NumeratorKind.COUNT, Disclosure.ROUND_AND_SUPPRESS, (8, 103), (10, 105, 10 / 105)),
        (NumeratorKind.COUNT, Disclosure.ROUND_AND_SUPPRESS, (7, 103), (SUPPRESSED, 105, SUPPRESSED)),
        (NumeratorKind.PATIENTS, Disclosure.ROUND_AND_SUPPRESS, (0, 103), (SUPPRESSED, 105, SUPPRESSED)),
        # Items shared between two practices: 11.6 is 12 before the rule, which makes it 10.
        (NumeratorKind.COUNT, Disclosure.ROUND_AND_SUPPRESS, (11.6, 103.2), (10, 105, 10 / 105)),
        (NumeratorKind.COUNT, Disclosure.MIDPOINT_6, (8, 103), (9, 105, 9 / 105)),
        (NumeratorKind.QUANTITY, Disclosure.ROUND_AND_SUPPRESS, (2.5, 103), (2.5, 105, 2.5 / 103)),
        (NumeratorKind.MONEY, Disclosure.ROUND_AND_SUPPRESS, (900.0, 7), (SUPPRESSED, SUPPRESSED, SUPPRESSED)),
    ],
)
def test_each_kind_under_each_rule(kind, rule, numbers, shown):
    assert released(kind, rule, *numbers) == shown


@pytest.mark.parametrize("rule", Disclosure)
def test_a_ratio_of_nothing_is_empty_and_not_zero(rule):
    assert released(NumeratorKind.COUNT, rule, 0, 0)[2] in ("", SUPPRESSED)


def test_rows_of_a_panel_keep_their_order_and_strata(tmp_path):
    programme = load_programme(new_programme(tmp_path / "p"))
    (indicator,) = programme.indicators.values()
    panel = Panel.from_columns(
        indicator=[indicator.id] * 2,
        site=["site:B", "site:A"],
        month=[Month(2024, 5), Month(2024, 5)],
        numerator=[40.0, 3.0],
        denominator=[101.0, 99.0],
        strata={"sex": ["f", "m"]},
    )
    table = release_rows(panel.table, indicator, Disclosure.ROUND_AND_SUPPRESS)
    assert table.header == ("site", "month", "sex", "numerator", "denominator", "value", "quality")
    assert table.rows == (
        ("site:A", "2024-05", "m", SUPPRESSED, 100, SUPPRESSED, "ok"),
        ("site:B", "2024-05", "f", 40, 100, 40 / 100, "ok"),
    )
    assert table.suppressed == 2
