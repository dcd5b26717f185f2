"""Contacts, what became of reports, and exposure, as people hand them in: each fault by line and column."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from enginehouse.core.errors import Problems
from enginehouse.delivery.contacts import contacts_document, contacts_from_document, read_contacts
from enginehouse.delivery.exposure import exposure_document, exposure_from_document, read_exposure, site_list
from enginehouse.delivery.states import Mark, furthest, marks_document, marks_from_document, reached, read_marks
from enginehouse.programme.enums import ContactKind, DeliveryState

SITES = ("ods:Z1", "ods:Z2")
FIRST, LAST = date(2026, 5, 1), date(2027, 4, 30)


def written(folder: Path, *lines: str) -> Path:
    path = folder / "handed-in.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def contacts(folder: Path, *lines: str):
    path = written(folder, "site,kind,on,programme_minutes,site_minutes,people,note", *lines)
    return read_contacts(path, sites=SITES, first=FIRST, last=LAST)


def test_a_visit_has_minutes_on_both_sides(tmp_path):
    (visit,) = contacts(tmp_path, 'Z1,visit,2026-06-03,90,120,3,"Plan made, to be seen again"')
    assert (visit.site, visit.kind, visit.programme_minutes, visit.site_minutes) == (
        "ods:Z1", ContactKind.VISIT, 90, 120,
    )  # fmt: skip
    assert contacts_from_document(contacts_document([visit])) == (visit,)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Z9,visit,2026-06-03,90,120,3,", r"handed-in\.csv:2  site\n  got 'Z9', which is not a site of this cycle"),
        ("Z1,tea,2026-06-03,90,120,3,", r"kind\n  got 'tea'; expected one of: visit, webinar, call"),
        ("Z1,visit,2026-04-30,90,120,3,", "outside the cycle's delivery"),
        ("Z1,visit,2027-05-01,90,120,3,", "outside the cycle's delivery"),
        ("Z1,visit,2026-06-03,-5,120,3,", "got '-5'; expected a number of at least 0"),
        ("Z1,visit,2026-06-03,90,120,2.5,", r"people\n  got '2\.5'; expected a whole number of at least 0"),
        ("Z1,visit,2026-06-03,,120,3,", "programme_minutes\n  got nothing"),
    ],
)
def test_a_faulty_contact_is_refused(tmp_path, line: str, said: str):
    with pytest.raises(Problems, match=said):
        contacts(tmp_path, line)


def test_every_fault_is_told_at_once(tmp_path):
    with pytest.raises(Problems) as found:
        contacts(tmp_path, "Z9,visit,2026-06-03,90,120,3,", "Z1,tea,2026-04-30,90,120,3,")
    assert len(found.value.problems) == 3


def test_people_and_note_may_be_left_out_and_nothing_else(tmp_path):
    path = written(tmp_path, "site,kind,on,programme_minutes", "Z1,visit,2026-06-03,90")
    with pytest.raises(Problems) as found:
        read_contacts(path, sites=SITES, first=FIRST, last=LAST)
    assert [problem.what for problem in found.value.problems] == ["the column 'site_minutes' is missing."]


def test_marks_go_up_the_ladder_and_never_down():
    marks = [
        Mark(site="ods:Z1", state=DeliveryState.ACTED, on="2026-06-01"),
        Mark(site="ods:Z1", state=DeliveryState.OPENED, on="2026-06-02"),
        Mark(site="ods:Z2", state=DeliveryState.BOUNCED, on="2026-06-02"),
    ]
    assert furthest([*SITES, "ods:Z3"], marks) == {
        "ods:Z1": DeliveryState.ACTED,
        "ods:Z2": DeliveryState.BOUNCED,
        "ods:Z3": DeliveryState.SENT,
    }
    assert reached(1, [*SITES, "ods:Z3"], marks).counts == {
        "sent": 3, "opened": 1, "discussed": 1, "planned": 1, "acted": 1,
    }  # fmt: skip
    assert reached(1, [*SITES, "ods:Z3"], marks).bounced == 1
    assert marks_from_document(marks_document(marks)) == tuple(marks)


def test_a_report_that_bounced_and_was_opened_later_counts_as_opened():
    marks = [
        Mark(site="ods:Z1", state=DeliveryState.BOUNCED, on="2026-06-01"),
        Mark(site="ods:Z1", state=DeliveryState.OPENED, on="2026-06-02"),
    ]
    assert furthest(["ods:Z1"], marks) == {"ods:Z1": DeliveryState.OPENED}


def test_only_what_follows_sending_is_noted_by_hand(tmp_path):
    with pytest.raises(Problems, match="got 'approved'"):
        read_marks(written(tmp_path, "site,state,on", "Z1,approved,2026-06-01"), sent=SITES)


def test_exposure_reads_back_and_refuses_a_period_twice(tmp_path):
    path = written(tmp_path, "site,count,from,to", "Z1,12,2026-05-01,2026-05-31")
    found = read_exposure(path, sites=SITES)
    assert exposure_from_document(exposure_document(found)) == found
    path = written(tmp_path, "site,count,from,to", *["Z1,12,2026-05-01,2026-05-31"] * 2)
    with pytest.raises(Problems, match="got Z1 twice for one period"):
        read_exposure(path, sites=SITES)
    path = written(tmp_path, "site,count,from,to", "Z1,12,2026-05-31,2026-05-01")
    with pytest.raises(Problems, match="which is before"):
        read_exposure(path, sites=SITES)
    path = written(tmp_path, "site,count,from,to", "Z1,12,2026-05-31,May")
    with pytest.raises(Problems) as found:
        read_exposure(path, sites=SITES)
    assert len(found.value.problems) == 1


def test_a_list_of_sites_says_nothing_but_the_sites():
    assert site_list({"ods:Z2": "B", "ods:Z1": "A"}) == b"site,name\nZ1,A\nZ2,B\n"
    assert site_list({"ods:Z2": "B", "site:Z2": "A"}) == b"site,name\nods:Z2,B\nsite:Z2,A\n"
