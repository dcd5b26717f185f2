"""The register put together from several sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enginehouse.core.errors import DataError
from enginehouse.core.months import Month
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
