"""Each check finds its fault, counts it, and stays silent on sound data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from enginehouse.core.months import Month
from enginehouse.data.checks import CHECKS, DataCheck, DataQuality, Severity, check_data
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.programme import ProgrammeSettings

Check = Callable[..., DataQuality]
TOTALS = "indicator,site,month,numerator,denominator\n"
MONTHS = [Month(2017, 1) + n for n in range(12)]


def totals(sites: Sequence[str] = ("a", "b", "c", "d"), months: Sequence[Month] = MONTHS, indicator: str = "x") -> str:
    return "".join(f"{indicator},{site},{month},10,100\n" for site in sites for month in months)


@pytest.fixture
def check(tmp_path: Path, warehouse: Warehouse, settings_of: Callable[..., ProgrammeSettings]) -> Check:
    """`check({"name": {"kind": ..., "text": ...}})`; a source without text is declared but not loaded."""

    def run(sources: Mapping[str, Mapping[str, Any]], **options: Any) -> DataQuality:
        settings = settings_of(
            {n: {k: v for k, v in s.items() if k != "text"} | {"path": f"{n}.csv"} for n, s in sources.items()}
        )
        for name, source in sources.items():
            if "text" in source:
                (tmp_path / f"{name}.csv").write_text(source["text"])
                warehouse.load(name, settings.sources[name], base=tmp_path)
        return check_data(warehouse, settings, **options)

    return run


def only(quality: DataQuality, check: DataCheck) -> Any:
    [finding] = [finding for finding in quality.findings if finding.check is check]
    assert finding.remedy
    return finding


def test_every_check_has_a_function() -> None:
    assert set(CHECKS) == set(DataCheck)


def test_sound_data_have_no_findings(check: Check) -> None:
    quality = check(
        {
            "sites": {"kind": "sites", "text": "site,name\na,A\nb,B\nc,C\nd,D\n"},
            "data": {"kind": "totals", "text": TOTALS + totals()},
            "lists": {
                "kind": "list-sizes",
                "text": "site,month,patients\n" + "".join(f"{s},{m},1000\n" for s in "abcd" for m in MONTHS),
            },
        }
    )
    assert quality.findings == ()
    assert [(s.source, s.rows, s.first_month, s.last_month) for s in quality.sources] == [
        ("sites", 4, "", ""), ("data", 48, "2017-01", "2017-12"), ("lists", 48, "2017-01", "2017-12"),
    ]  # fmt: skip


def test_a_source_that_is_not_loaded_comes_first(check: Check) -> None:
    quality = check(
        {
            "data": {"kind": "totals", "text": TOTALS + totals(("a",), MONTHS[:2]) + "x,b,2017-01,0,0\n"},
            "later": {"kind": "totals"},
        }
    )
    assert quality.findings[0].check is DataCheck.NOT_LOADED
    assert quality.errors == quality.findings[:1]


def test_quarantined_rows_by_what_is_wrong(check: Check) -> None:
    text = (
        TOTALS
        + "x,a,2017-01,1,2\nx,a,2017-01,1,2\nx,b,2017-01,1,2\nx,b,2017-01,2,2\nx,c,2017-01,-1,2\nx,d,soon,1,2\nx,e,never,1,2\n"
    )
    found = [f for f in check({"data": {"kind": "totals", "text": text}}).findings if f.check is DataCheck.QUARANTINED]
    assert [(f.severity, f.what, f.count) for f in found] == [
        (Severity.ERROR, "2 rows left out: another row of the same site and month says otherwise.", 2),
        (Severity.WARNING, "1 row left out: a count is negative.", 1),
        (Severity.WARNING, "2 rows left out: they do not fit (month is not a month: 2).", 2),
        (Severity.NOTE, "1 row left out: they repeat an earlier row.", 1),
    ]  # fmt: skip
    assert found[2].examples == (
        "data.csv row 7: month: 'soon' is not a month: write YYYY-MM",
        "data.csv row 8: month: 'never' is not a month: write YYYY-MM",
    )


def test_missing_and_late_months(check: Check) -> None:
    quality = check(
        {
            "gap": {"kind": "totals", "text": TOTALS + totals(months=MONTHS[:3] + MONTHS[5:])},
            "short": {"kind": "totals", "text": TOTALS + totals(months=MONTHS[:9], indicator="y")},
        }
    )
    missing = only(quality, DataCheck.MISSING_MONTHS)
    assert (missing.severity, missing.count, missing.examples) == (Severity.ERROR, 2, ("2017-04", "2017-05"))
    assert missing.what == "2 months are missing between 2017-01 and 2017-12: 2017-04 to 2017-05."
    assert (
        only(quality, DataCheck.LATE_MONTHS).what
        == "The source ends in 2017-09; the newest of the programme reaches 2017-12."
    )


def test_quarterly_lists_are_not_missing_months(check: Check) -> None:
    def lists(*months: str) -> dict[str, Any]:
        return {
            "lists": {"kind": "list-sizes", "text": "site,month,patients\n" + "".join(f"a,{m},1000\n" for m in months)}
        }

    assert check(lists("2017-01", "2017-04", "2017-07")).findings == ()
    assert only(check(lists("2017-01", "2017-07")), DataCheck.MISSING_MONTHS).count == 5


def test_a_month_in_which_few_sites_report(check: Check) -> None:
    sites = [f"s{n}" for n in range(10)]
    text = TOTALS + totals(sites, MONTHS[:-1]) + totals(sites[:8], MONTHS[-1:])
    finding = only(check({"data": {"kind": "totals", "text": text}}), DataCheck.COVERAGE)
    assert finding.examples == ("x, 2017-12: 8 of 10 sites",)


def test_sites_unknown_closed_and_taken_over_by_nobody(check: Check) -> None:
    quality = check(
        {
            "sites": {"kind": "sites", "text": "site,name,closed,successor\na,A,2017-06,\nb,B,,\nc,C,2018-01,q\n"},
            "data": {"kind": "totals", "text": TOTALS + totals()},
        }
    )
    unknown = only(quality, DataCheck.UNKNOWN_SITES)
    assert (unknown.severity, unknown.examples) == (Severity.WARNING, ("site:d",))
    assert unknown.what == (
        "1 site is in the data but not in the register. They count among all sites, but in no area, arm or group by an "
        "attribute."
    )
    closed = only(quality, DataCheck.CLOSED_BUT_ACTIVE)
    assert closed.examples == ("site:a closed in 2017-06, reports in 2017-12",)  # c closes after its last month
    assert only(quality, DataCheck.SUCCESSORS).examples == ("site:c > site:q",)


def test_zero_denominators_and_numerators_above(check: Check) -> None:
    text = TOTALS + "x,a,2017-01,0,0\nx,b,2017-01,3,0\nx,c,2017-01,7,5\ny,c,2017-01,7,5\n"
    sources = {"data": {"kind": "totals", "text": text}}
    quality = check(sources)
    zero = only(quality, DataCheck.ZERO_DENOMINATORS)
    assert (zero.severity, zero.count) == (Severity.WARNING, 2)
    assert zero.what == "2 rows have a denominator of zero, 1 of them with a numerator above it."
    assert not any(f.check is DataCheck.NUMERATOR_ABOVE for f in quality.findings)  # nobody said that it cannot be
    above = only(check(sources, cannot_exceed={"y"}), DataCheck.NUMERATOR_ABOVE)
    assert (above.severity, above.examples) == (Severity.ERROR, ("y, site:c in 2017-01: 7 of 5",))


def test_jumps_of_a_value(check: Check) -> None:
    text = TOTALS + totals(("a",), MONTHS[:-1]) + "x,a,2017-12,1000,100\n"
    assert only(check({"data": {"kind": "totals", "text": text}}), DataCheck.JUMPS).examples == (
        "site:a in 2017-12: 1,000, usually 10",
    )


def test_lists_that_jump_merge_and_are_empty(check: Check) -> None:
    lists = {"gains": (3000, 5000), "ends": (2000, None), "shrinks": (4000, 2000), "far": (2000, None), "empty": (0, 0)}
    text = "site,month,patients\n" + "".join(
        f"{site},{MONTHS[n]},{sizes[n > 5]}\n"
        for site, sizes in lists.items()
        for n in range(12)
        if sizes[n > 5] is not None
    )
    sites = "site,name,area\n" + "".join(f"{site},S,{'south' if site == 'far' else 'north'}\n" for site in lists)
    quality = check(
        {
            "sites": {"kind": "sites", "text": sites, "levels": {"area": "area"}},
            "lists": {"kind": "list-sizes", "text": text},
        }
    )
    merged, alone = sorted(
        (f for f in quality.findings if f.check is DataCheck.LIST_SIZE_JUMPS), key=lambda f: f.severity
    )
    assert (merged.severity, merged.examples) == (
        Severity.NOTE, ("site:gains in 2017-07: 3,000 to 5,000, when site:ends ended",),
    )  # fmt: skip
    assert (alone.severity, alone.examples) == (Severity.WARNING, ("site:shrinks in 2017-07: 4,000 to 2,000",))
    assert only(quality, DataCheck.ZERO_LISTS).count == 12


def test_rows_set_aside_and_unidentified_prescribers(check: Check) -> None:
    head = "YEAR_MONTH,PRACTICE_CODE,BNF_CODE,ITEMS,TOTAL_QUANTITY,ADQUSAGE,NIC,ACTUAL_COST,UNIDENTIFIED\n"
    rows = "201709,A1,X1,1,10,0,1,1,N\n201709,-,X1,4,10,0,1,1,Y\n"
    lists = "EXTRACT_DATE,TYPE,CODE,SEX,AGE,NUMBER_OF_PATIENTS\n01SEP2017,GP,A1,ALL,ALL,1000\n01SEP2017,CCG,00K,ALL,ALL,1000\n"
    quality = check(
        {"epd": {"kind": "prescribing", "text": head + rows}, "lists": {"kind": "list-sizes", "text": lists}}
    )
    assert only(quality, DataCheck.UNIDENTIFIED).what.startswith("1 row with 4 items could not be attributed")
    aside = only(quality, DataCheck.SET_ASIDE)
    assert (aside.source, aside.what) == ("lists", "1 row set aside: totals of organisations that are not practices.")
