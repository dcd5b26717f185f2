"""The register put together from several sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from enginehouse.core.errors import DataError
from enginehouse.core.months import Month
from enginehouse.data.duck import read_rows
from enginehouse.data.register import build_register
from enginehouse.data.sites import Site, SiteRegister, register_from_record
from enginehouse.data.warehouse import Warehouse
from enginehouse.programme.programme import ProgrammeSettings

Make = Callable[[Mapping[str, Mapping[str, Any]]], SiteRegister]


@pytest.fixture
def register(tmp_path: Path, warehouse: Warehouse, settings_of: Callable[..., ProgrammeSettings]) -> Make:
    """Write each source's `text`, load it, and build the register."""

    def make(sources: Mapping[str, Mapping[str, Any]]) -> SiteRegister:
        for name, source in sources.items():
            (tmp_path / f"{name}.csv").write_text(source["text"])
        settings = settings_of(
            {n: {k: v for k, v in s.items() if k != "text"} | {"path": f"{n}.csv"} for n, s in sources.items()}
        )
        for name, source in settings.sources.items():
            warehouse.load(name, source, base=tmp_path)
        return build_register(warehouse, settings)

    return make


def test_a_register_of_the_programmes_own(register: Make) -> None:
    found = register(
        {
            "sites": {
                "kind": "sites",
                "text": "id,title,area,area_name,size,shut\na,Alpha,N,North,10,\nb,Beta,S,South,,2018-03-15\n",
                "columns": {"site": "id", "name": "title", "closed": "shut"},
                "levels": {"area": "area"},
                "attributes": {"list_size": "size"},
            }
        }
    )
    # Closed on 15 March: open in March, the first month without is April.
    assert found.sites == {
        "site:a": Site("site:a", "Alpha"),
        "site:b": Site("site:b", "Beta", closed=Month(2018, 4)),
    }
    assert found.groups("area", as_of=Month(2018, 1)) == {"site:a": "N", "site:b": "S"}
    assert found.group_name("area", "N") == "North"
    np.testing.assert_array_equal(found.attribute("list_size", ["site:a", "site:b"]), [10.0, np.nan])
    assert register_from_record(found.to_record()).to_record() == found.to_record()


def test_a_table_without_names_describes_but_adds_no_site(register: Make) -> None:
    found = register(
        {
            "practices": {"kind": "sites", "text": "site,name\na,Alpha\n"},
            "more": {"kind": "sites", "text": "site,imd\na,12\nz,99\n", "attributes": {"imd": "imd"}},
        }
    )
    assert set(found.sites) == {"site:a"}
    assert found.attributes == {"imd": {"site:a": 12.0}}


def test_a_table_without_names_is_the_register_when_there_is_no_other(register: Make) -> None:
    found = register({"more": {"kind": "sites", "text": "site,imd\na,12\n", "attributes": {"imd": "imd"}}})
    assert found.sites == {"site:a": Site("site:a", "a")}


def test_without_any_register_the_totals_say_who_there_is(register: Make) -> None:
    text = "indicator,site,month,numerator,denominator\nx,a,2017-09,1,2\nx,b,2017-09,1,2\n"
    assert set(register({"totals": {"kind": "totals", "text": text}}).sites) == {"site:a", "site:b"}


def test_maps_of_two_months_and_the_attributes_of_other_sources(register: Make) -> None:
    found = register(
        {
            "map": {
                "kind": "practice-map",
                "text": "practice,as_at,ccg\na,2018-01,N\na,2019-12,S\nb,2018-01,N\n",
                "levels": {"ccg": "ccg"},
            },
            "areas": {
                "kind": "practice-map",
                "text": "ccg,stp,stp_name\nN,E1,Big North\nS,E2,Big South\n",
                "columns": {"member": "ccg"},
                "values": {"member_level": "ccg"},
                "levels": {"stp": "stp"},
            },
            "imd": {"kind": "deprivation", "text": "practice,score\na,20\nb,\n"},
            "lists": {
                "kind": "list-sizes",
                "text": "practice,month,patients\na,2018-01,10\na,2018-02,12\nb,2018-01,0\n",
            },
        }
    )
    assert found.groups("ccg", as_of=Month(2015, 1)) == {"site:a": "N", "site:b": "N"}
    assert found.groups("ccg", as_of=Month(2019, 12)) == {"site:a": "S", "site:b": "N"}
    assert found.groups("stp", as_of=Month(2020, 1)) == {"site:a": "E2", "site:b": "E1"}
    assert found.group_name("stp", "E1") == "Big North"
    # A blank score and a list of nobody are not known, not zero.
    assert found.attributes == {"imd": {"site:a": 20.0}, "list_size": {"site:a": 12.0}}


def test_a_list_size_as_of_a_month_and_the_registers_own_wins(register: Make) -> None:
    lists = {
        "kind": "list-sizes",
        "text": "practice,month,patients\na,2018-01,10\na,2018-02,12\nb,2018-01,5\n",
        "as_of": "2018-01",
    }
    sites = {"kind": "sites", "text": "site,name,size\na,A,\nb,B,77\n", "attributes": {"list_size": "size"}}
    assert register({"sites": sites, "lists": lists}).attributes["list_size"] == {"site:a": 10.0, "site:b": 77.0}


def test_the_source_declared_last_decides_a_level(register: Make) -> None:
    found = register(
        {
            "one": {"kind": "practice-map", "text": "practice,region\na,X\nb,X\n", "levels": {"region": "region"}},
            "two": {"kind": "practice-map", "text": "practice,region\na,Y\n", "levels": {"region": "region"}},
        }
    )
    assert found.groups("region", as_of=Month(2018, 1)) == {"site:a": "Y", "site:b": "X"}


def test_successors_close_a_site_unless_it_says_when(register: Make) -> None:
    found = register(
        {
            "sites": {"kind": "sites", "text": "site,name,closed\na,A,\nb,B,2017-01\nc,C,\n"},
            "successors": {"kind": "successors", "text": "practice,successor,from\na,c,2018-04\nb,c,2018-04\n"},
        }
    )
    assert found.sites["site:a"] == Site("site:a", "A", closed=Month(2018, 4), successor="site:c")
    assert found.sites["site:b"].closed == Month(2017, 1)


def test_successors_in_a_circle(register: Make) -> None:
    with pytest.raises(DataError, match="successors run in a circle: site:a > site:b > site:a"):
        register(
            {
                "sites": {"kind": "sites", "text": "site,name\na,A\nb,B\n"},
                "successors": {"kind": "successors", "text": "practice,successor,from\na,b,2018-04\nb,a,2018-04\n"},
            }
        )


def test_a_source_that_was_not_loaded(warehouse: Warehouse, settings_of: Callable[..., ProgrammeSettings]) -> None:
    settings = settings_of({"sites": {"kind": "sites", "path": "x.csv"}})
    with pytest.raises(DataError, match=r"the source\(s\) sites have not been loaded. Run: enginehouse data load"):
        build_register(warehouse, settings)


def test_a_register_that_was_put_together_before_is_that_of_the_same_content_alone(
    tmp_path: Path, warehouse: Warehouse, settings_of: Callable[..., ProgrammeSettings]
) -> None:
    """New rows, or another way to read them, are seen at once; the same rows in another warehouse are the same."""
    source = {"kind": "sites", "path": "sites.csv", "columns": {"site": "id", "name": "title"}}
    settings = settings_of({"sites": source})

    def names(text: str, into: Warehouse) -> list[str]:
        (tmp_path / "sites.csv").write_text(text)
        into.load("sites", settings.sources["sites"], base=tmp_path)
        return [site.name for site in build_register(into, settings).sites.values()]

    first, other = "id,title\na,Alpha\nb,Beta\n", "id,title\na,Alpha\nb,Gamma\n"
    assert names(first, warehouse) == ["Alpha", "Beta"]
    assert names(other, warehouse) == ["Alpha", "Gamma"]
    assert names(first, Warehouse(tmp_path / "another")) == ["Alpha", "Beta"]
    assert build_register(warehouse, settings).sites["site:b"].name == "Gamma"


def test_the_month_for_which_a_source_holds_counts_too(
    tmp_path: Path, warehouse: Warehouse, settings_of: Callable[..., ProgrammeSettings]
) -> None:
    (tmp_path / "lists.csv").write_text("practice,patients,month\na,10,2018-01\na,20,2018-04\n")
    found = {}
    for as_of in ("2018-02", "2018-05", "2018-02"):
        columns = {"site": "practice", "patients": "patients", "month": "month"}
        source = {"kind": "list-sizes", "path": "lists.csv", "columns": columns, "as_of": as_of}
        settings = settings_of({"lists": source})
        warehouse.load("lists", settings.sources["lists"], base=tmp_path)
        found[as_of] = build_register(warehouse, settings).attributes["list_size"]
    assert [list(sizes.values()) for sizes in found.values()] == [[10.0], [20.0]]


def test_threads_put_the_same_register_together(
    tmp_path: Path, warehouse: Warehouse, settings_of: Callable[..., ProgrammeSettings]
) -> None:
    (tmp_path / "sites.csv").write_text("id,title\n" + "".join(f"s{n},Site {n}\n" for n in range(50)))
    settings = settings_of(
        {"sites": {"kind": "sites", "path": "sites.csv", "columns": {"site": "id", "name": "title"}}}
    )
    warehouse.load("sites", settings.sources["sites"], base=tmp_path)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: build_register(warehouse, settings).to_record(), range(12)))
    assert all(each == found[0] for each in found)
    assert len(build_register(warehouse, settings).sites) == 50


def test_queries_at_the_same_time_see_their_own_rows(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.parquet" for number in range(8)]
    for number, path in enumerate(paths):
        pq.write_table(pa.table({"x": [number] * 1000}), path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda path: read_rows([path], "SELECT DISTINCT x FROM rows"), paths * 4))
    assert [table.column("x").to_pylist() for table in found] == [[number] for number in range(8)] * 4


def test_a_file_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    for value in range(3):
        pq.write_table(pa.table({"x": [value]}), tmp_path / "rows.parquet")
        assert read_rows([tmp_path / "rows.parquet"]).column("x").to_pylist() == [value]
