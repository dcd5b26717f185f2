"""Each kind of source by a file of a few lines: what is read, what is set aside, and the message for each bad shape."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from enginehouse.core.errors import DataError
from enginehouse.data.snapshot import Snapshot
from enginehouse.data.sources import SOURCES
from enginehouse.data.totals import read_totals
from enginehouse.indicators.panel import FIXED_COLUMNS
from enginehouse.programme.checks.definitions import COLUMNS_OF_TOTALS
from enginehouse.programme.enums import SourceKind

Rows = Callable[[Snapshot], list[dict[str, Any]]]
Quarantine = Callable[[Snapshot], list[tuple[str, int, str, str]]]
Load = Callable[..., Snapshot]

SEPTEMBER = date(2017, 9, 1)
EPD = "YEAR_MONTH,{tier}_NAME,{tier}_CODE,PRACTICE_CODE,BNF_CODE,QUANTITY,ITEMS,TOTAL_QUANTITY,ADQUSAGE,NIC,ACTUAL_COST,UNIDENTIFIED\n"


def test_no_kind_of_source_is_missing() -> None:
    assert set(SOURCES) == set(SourceKind)


# Totals


def test_totals_with_a_fixed_indicator_and_mapped_columns(load: Load, rows: Rows) -> None:
    text = "practice,month,num,den\nA81001,2017-09,3,100\nods:A81002,201710,4.5,200\n"
    columns = {"site": "practice", "numerator": "num", "denominator": "den"}
    snapshot = load("totals", text, columns=columns, values={"indicator": "opioids"}, site_scheme="ods")
    assert [tuple(row.values())[:5] for row in rows(snapshot)] == [
        ("opioids", "ods:A81001", SEPTEMBER, 3.0, 100.0),
        ("opioids", "ods:A81002", date(2017, 10, 1), 4.5, 200.0),
    ]


def test_totals_by_group_of_patients(load: Load, quarantine: Quarantine) -> None:
    text = (
        "indicator,site,month,AGE,numerator,denominator\na,x,2017-09,under 65,3,100\na,x,2017-09,65 and over,5,40\n"
        "a,y,2017-09,,1,100\na,z,2017-09,under 65,1,100\na,z,2017-09,under 65,2,100\n"
    )
    snapshot = load("totals", text, patient_groups={"age": "AGE"})
    assert [tuple(row.values()) for row in read_totals(snapshot).to_pylist()] == [
        ("a", "site:x", SEPTEMBER, 3.0, 100.0, "ok", "under 65"),
        ("a", "site:x", SEPTEMBER, 5.0, 40.0, "ok", "65 and over"),
    ]
    assert read_totals(snapshot).column_names[-1] == "age"
    assert [(row, reason) for _, row, reason, _ in quarantine(snapshot)] == [
        (4, "group:age is missing"),
        (5, "contradicts another row of the same indicator, site, month and group:age"),
        (6, "contradicts another row of the same indicator, site, month and group:age"),
    ]


def test_divisions_of_patients_cannot_be_named_like_a_column_of_the_panel() -> None:
    assert set(COLUMNS_OF_TOTALS) == set(FIXED_COLUMNS)


def test_totals_negative_counts_and_blank_cells(load: Load, quarantine: Quarantine) -> None:
    text = "indicator,site,month,numerator,denominator\na,x,2017-09,-3,100\na,y,2017-09,,100\na,z,2017-09,1,-1\na,w,2017-09,1,0\n"
    snapshot = load("totals", text)
    assert [(row, reason) for _, row, reason, _ in quarantine(snapshot)] == [
        (2, "numerator is negative"),
        (3, "numerator is missing"),
        (4, "denominator is negative"),
    ]
    assert snapshot.rows == 1  # a denominator of zero is a month without any opportunity


def test_totals_duplicates(load: Load, rows: Rows, quarantine: Quarantine) -> None:
    text = (
        "indicator,site,month,numerator,denominator\n"
        "a,x,2017-09,1,10\na,x,2017-09,1,10\n"  # the same twice: one stays
        "a,y,2017-09,1,10\na,y,2017-09,2,10\n"  # two values: neither can be chosen
        "a,z,2017-09,5,10\n"
    )
    snapshot = load("totals", text)
    assert [row["site"] for row in rows(snapshot)] == ["site:x", "site:z"]
    assert [(row, reason) for _, row, reason, _ in quarantine(snapshot)] == [
        (3, "repeats an earlier row of the same indicator, site and month"),
        (4, "contradicts another row of the same indicator, site and month"),
        (5, "contradicts another row of the same indicator, site and month"),
    ]
    assert "ordinal" not in rows(snapshot)[0]


def test_totals_renamed_columns(load: Load) -> None:
    with pytest.raises(DataError) as caught:
        load("totals", "indicator,site,month,Numerators,denominator\na,x,2017-09,1,2\n")
    message = str(caught.value)
    assert "source.csv\n  the file lacks the column(s) numerator." in message
    assert "Expected: indicator, site, month, numerator, denominator." in message
    assert "Found: indicator, site, month, Numerators, denominator." in message
    assert "columns: {numerator: Numerators}" in message


def test_a_mapped_column_that_is_not_there(load: Load) -> None:
    with pytest.raises(DataError, match=r"lacks the column\(s\) praktice \(site\)"):
        load("totals", "indicator,practice,month,numerator,denominator\n", columns={"site": "praktice"})


@pytest.mark.parametrize("key", ["columns", "values"])
def test_a_name_that_the_kind_does_not_have(load: Load, key: str) -> None:
    with pytest.raises(DataError, match=rf"got 'numerater' under {key}.*Did you mean 'numerator'"):
        load("totals", "indicator,site,month,numerator,denominator\n", **{key: {"numerater": "x"}})


# Prescribing


def test_the_middle_tier_was_renamed_and_it_does_not_matter(load: Load, rows: Rows) -> None:
    line = ",X,Q1,A81001,0407010H0AAAMAM,10,2,20,0,1.5,1.4,N\n"
    files = {
        f"{tier}.csv": EPD.format(tier=tier) + f"{month}{line}"
        for tier, month in (("AREA_TEAM", "201709"), ("STP", "2019_10"), ("ICB", "2023-01"))
    }
    snapshot = load("prescribing", files, site_scheme="ods")
    assert {file.layout for file in snapshot.files} == {"EPD version 2"}
    assert sorted(row["month"] for row in rows(snapshot)) == [SEPTEMBER, date(2019, 10, 1), date(2023, 1, 1)]
    assert snapshot.months == {"2017-09": 1, "2019-10": 1, "2023-01": 1}


def test_quantity_is_the_total_in_every_layout(load: Load, rows: Rows) -> None:
    epd = EPD.format(tier="STP") + "201709,X,Q1,A81001,0407010H0AAAMAM,10,2,20,0,1.5,1.4,N\n"
    pdpi = (
        " SHA,PCT,PRACTICE,BNF CODE,BNF NAME          ,ITEMS  ,NIC        ,ACT COST   ,QUANTITY,PERIOD,\n"
        "Q44,RXA,A81001,0407010H0AAAMAM,Paracetamol       ,0000002,00000001.50,00000001.40,0000020,201409,\n"
    )
    for kind in (epd, pdpi):
        [row] = rows(load("prescribing", kind, site_scheme="ods"))
        assert (row["items"], row["quantity"], row["nic"], row["actual_cost"]) == (2, 20.0, 1.5, 1.4)


def test_equal_rows_with_different_snomed_codes_all_count(load: Load, rows: Rows) -> None:
    head = "YEAR_MONTH,PRACTICE_CODE,BNF_PRESENTATION_CODE,QUANTITY,ITEMS,TOTAL_QUANTITY,ADQ_USAGE,NIC,ACTUAL_COST,UNIDENTIFIED,SNOMED_CODE\n"
    line = '"2026-01","A81001","0407010H0AAAMAM","28.",3,"84.","0.","1.5","1.4","N",{}\n'
    snapshot = load("prescribing", head + line.format(1) + line.format('"2"'), site_scheme="ods")
    assert [row["items"] for row in rows(snapshot)] == [3, 3]
    assert snapshot.files[0].layout == "EPD with SNOMED"


def test_a_renamed_column_of_prescribing_names_the_nearest_layout(load: Load) -> None:
    text = EPD.format(tier="STP").replace("ADQUSAGE", "ADQ-USAGE")
    with pytest.raises(DataError) as caught:
        load("prescribing", text + "201709,X,Q1,A81001,0407010H0AAAMAM,10,2,20,0,1.5,1.4,N\n")
    assert "lacks the column(s) ADQUSAGE (adq_usage). The nearest layout is 'EPD version 2'." in str(caught.value)
    assert "columns: {adq_usage: ADQ-USAGE}" in str(caught.value)


# Registers


def test_sites_with_levels_attributes_and_validity(load: Load, rows: Rows) -> None:
    text = "code,title,area,area_name,list,from,to\nx,One,N,North,100,,2018-03-31\nx,One,S,South,,2018-04-01,\n"
    snapshot = load(
        "sites",
        text,
        columns={"site": "code", "name": "title", "valid_from": "from", "valid_to": "to"},
        levels={"area": "area"},
        attributes={"list_size": "list"},
    )
    found = [
        (r["level:area"], r["area_name"], r["attribute:list_size"], r["valid_from"], r["valid_to"])
        for r in rows(snapshot)
    ]
    # 31 March is inside the month: the first month without is April.
    assert found == [("N", "North", 100.0, None, date(2018, 4, 1)), ("S", "South", None, date(2018, 4, 1), None)]


def test_sites_twice(load: Load, quarantine: Quarantine) -> None:
    snapshot = load("sites", "site,name\nx,One\nx,Another\ny,Two\n")
    assert [reason for _, _, reason, _ in quarantine(snapshot)] == ["contradicts another row of the same site"] * 2


def epraccur_line(code: str, setting: str, closed: str = "") -> str:
    cells = [
        code,
        f"Surgery {code}",
        "Y54",
        "Q74",
        *[""] * 6,
        "19740401",
        closed,
        "A",
        "B",
        "00K",
        "20130401",
        "",
        *[""] * 8,
        setting,
        "",
    ]
    return ",".join(f'"{cell}"' for cell in cells)


def test_epraccur_keeps_general_practices_and_counts_the_rest(load: Load, rows: Rows) -> None:
    text = "\n".join(
        [epraccur_line("A81001", "4", "20171031"), epraccur_line("A81002", "9"), epraccur_line("A81003", "")]
    )
    snapshot = load("epraccur", text, site_scheme="ods")
    [row] = rows(snapshot)
    assert (row["site"], row["name"], row["closed"]) == ("ods:A81001", "Surgery A81001", date(2017, 11, 1))
    assert (row["level:commissioner"], row["valid_from"]) == ("00K", date(2013, 4, 1))
    assert (snapshot.set_aside, snapshot.quarantined) == (2, 0)
    assert "general practice (4)" in snapshot.set_aside_because


def test_epraccur_other_settings_on_request(load: Load) -> None:
    text = "\n".join([epraccur_line("A81001", "4"), epraccur_line("A81002", "9"), epraccur_line("A81003", "8")])
    assert load("epraccur", text, values={"settings": "4, 9"}).rows == 2
    assert load("epraccur", text, values={"settings": "all"}).rows == 3


def test_epraccur_with_a_column_missing(load: Load) -> None:
    with pytest.raises(DataError, match="got 26 columns; this file has no header and must have 27"):
        load("epraccur", epraccur_line("A81001", "4")[:-3])


def test_practice_map_in_the_published_names(load: Load, rows: Rows) -> None:
    text = "PRACTICE_CODE,PRACTICE_NAME,CCG_CODE,CCG_NAME,STP_CODE,COMM_REGION_CODE\nA81001,One,00K,NHS K,E1,Y54\n"
    [row] = rows(load("practice-map", text, site_scheme="ods"))
    assert (row["level:ccg"], row["ccg_name"], row["level:stp"], row["level:region"]) == ("00K", "NHS K", "E1", "Y54")


def test_successors(load: Load, rows: Rows) -> None:
    [row] = rows(load("successors", "practice,successor,from\nA81001,A81002,2017-09\n", site_scheme="ods"))
    assert row == {"site": "ods:A81001", "successor": "ods:A81002", "from": SEPTEMBER}


# List sizes and deprivation


@pytest.mark.parametrize(
    ("head", "line", "layout"),
    [
        ("PUBLICATION,EXTRACT_DATE,TYPE,CCG_CODE,ONS_CCG_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS",
         "GP_PRAC_PAT_LIST,01SEP2017,GP,00L,E38,A81001,X,ALL,ALL,5903", "gp-reg-pat-prac-all"),
        ("PUBLICATION,EXTRACT_DATE,TYPE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS",
         "GP_PRAC_PAT_LIST,01-Sep-17,GP,00L,E38,A81001,X,ALL,ALL,5903", "gp-reg-pat-prac-all"),
        ("PUBLICATION,EXTRACT_DATE,ORG_TYPE,ORG_CODE,ONS_CODE,POSTCODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS",
         "GP_PRAC_PAT_LIST,01SEP2017,GP,A81001,,X,ALL,ALL,5903", "gp-reg-pat-prac-quin-age"),
        ("practice,month,total_list_size", "A81001,2017-09,5903", "one row for a practice and a month"),
    ],
)  # fmt: skip
def test_list_sizes_in_old_and_new_names(load: Load, rows: Rows, head: str, line: str, layout: str) -> None:
    snapshot = load("list-sizes", f"{head}\n{line}\n", site_scheme="ods")
    [row] = rows(snapshot)
    assert (row["site"], row["month"], row["patients"]) == ("ods:A81001", SEPTEMBER, 5903)
    assert snapshot.files[0].layout == layout


def test_list_sizes_totals_of_commissioners_are_set_aside(load: Load) -> None:
    head = "PUBLICATION,EXTRACT_DATE,ORG_TYPE,ORG_CODE,ONS_CODE,POSTCODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS\n"
    text = head + "P,01SEP2017,CCG,00L,,,ALL,ALL,*\nP,01SEP2017,GP,A81001,,X,ALL,ALL,10\n"
    snapshot = load("list-sizes", text, site_scheme="ods")
    assert (snapshot.rows, snapshot.set_aside, snapshot.quarantined) == (1, 1, 0)


def test_deprivation_plain_and_from_fingertips(load: Load, rows: Rows) -> None:
    plain = rows(load("deprivation", "practice,imd_2015_score\nA81001,29.1\nA81002,\n", site_scheme="ods"))
    assert [row["score"] for row in plain] == [29.1, None]
    head = (
        "Indicator ID,Indicator Name,Parent Code,Parent Name,Area Code,Area Name,Area Type,Sex,Age,Time period,Value\n"
    )
    fingertips = head + (
        "93553,Deprivation score (IMD 2019),E1,N,A81001,One,GPs,Persons,All,2019,32.4\n"
        "93553,Deprivation score (IMD 2019),E1,N,E92000001,England,England,Persons,All,2019,21.7\n"
        "91872,Something else,E1,N,A81001,One,GPs,Persons,All,2019,5\n"
    )
    snapshot = load("deprivation", fingertips, site_scheme="ods")
    [row] = rows(snapshot)
    assert (row["site"], row["score"], row["period"], snapshot.set_aside) == ("ods:A81001", 32.4, "2019", 2)


def test_deprivation_with_several_scores(load: Load, rows: Rows) -> None:
    [row] = rows(load("deprivation", "practice,a,b\nA81001,1,2\n", attributes={"imd": "a", "income": "b"}))
    assert (row["attribute:imd"], row["attribute:income"]) == (1.0, 2.0)


def test_fingertips_with_another_indicator_only(load: Load) -> None:
    head = "Indicator ID,Area Code,Area Type,Time period,Value\n"
    with pytest.raises(DataError, match="not one of the 1 rows is of use: rows that are not indicator 93553"):
        load("deprivation", head + "91872,A81001,GPs,2019,5\n")


def test_names_in_latin_1_and_in_utf_8(load: Load, rows: Rows) -> None:
    text = "site,name\nx,Café Surgery\n"
    for encoding in ("latin-1", "utf-8", "utf-8-sig"):
        [row] = rows(load("sites", text.encode(encoding)))
        assert row["name"] == "Café Surgery"


def test_two_maps_of_the_same_month(load: Load) -> None:
    text = "practice,region\na,{}\n"
    with pytest.raises(DataError, match=r"one.csv and two.csv both hold site site:a\."):
        load("practice-map", {"one.csv": text.format("X"), "two.csv": text.format("Y")}, levels={"region": "region"})


def test_months_count_the_rows_that_stay(load: Load) -> None:
    head = "indicator,site,month,numerator,denominator\n"
    snapshot = load("totals", head + "a,x,2017-09,1,10\na,x,2017-09,1,10\na,y,2017-10,1,10\na,z,2017-10,bad,10\n")
    assert snapshot.months == {"2017-09": 1, "2017-10": 1}
