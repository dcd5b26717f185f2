"""Spans of belonging, in sequence and inherited."""

from __future__ import annotations

from enginehouse.core.months import Month
from enginehouse.data.hierarchy import Span, in_sequence, memberships

MARCH, APRIL, JULY = Month(2018, 3), Month(2018, 4), Month(2018, 7)


def test_a_later_map_ends_an_earlier_one_and_the_first_holds_before() -> None:
    spans = [Span("b", APRIL), Span("a", MARCH)]
    assert in_sequence(spans, always=True) == [Span("a", None, APRIL), Span("b", APRIL, None)]
    assert in_sequence(spans) == [Span("a", MARCH, APRIL), Span("b", APRIL, None)]


def test_equal_neighbours_are_one() -> None:
    assert in_sequence([Span("a", None, APRIL), Span("a", APRIL, JULY)]) == [Span("a", None, JULY)]


def test_a_gap_stays_a_gap() -> None:
    assert in_sequence([Span("a", None, MARCH), Span("b", APRIL)]) == [Span("a", None, MARCH), Span("b", APRIL)]


def test_an_area_gives_its_sites_what_it_belongs_to_in_the_months_they_share() -> None:
    own = {
        ("s", "ccg"): [Span("c1", None, APRIL), Span("c2", APRIL)],
        ("t", "ccg"): [Span("c1")],
        ("t", "stp"): [Span("own")],
    }
    areas = {("ccg", "c1", "stp"): [Span("x", None, MARCH), Span("y", MARCH)], ("ccg", "c2", "stp"): [Span("z", None)]}
    found = {(m.site, m.group, m.start, m.end) for m in memberships(own, areas, {"s", "t"}) if m.level == "stp"}
    assert found == {
        ("s", "x", None, MARCH),
        ("s", "y", MARCH, APRIL),
        ("s", "z", APRIL, None),
        ("t", "own", None, None),  # what a site says of itself is not overruled
    }


def test_sites_that_are_not_there_have_no_memberships() -> None:
    assert memberships({("s", "ccg"): [Span("c1")]}, {}, set()) == ()
