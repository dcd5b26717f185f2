"""List sizes between extracts."""

from __future__ import annotations

from collections.abc import Callable

from enginehouse.data.list_sizes import read_list_sizes
from enginehouse.data.snapshot import Snapshot

Load = Callable[..., Snapshot]


def listed(snapshot: Snapshot) -> list[tuple[str, str, float, str]]:
    table = read_list_sizes(snapshot)
    columns = (table.column(name).to_pylist() for name in ("site", "month", "patients", "quality"))
    return [
        (site.removeprefix("site:"), f"{month:%m}", size, quality)
        for site, month, size, quality in zip(*columns, strict=True)
    ]


def test_quarterly_counts_are_carried_and_say_so(load: Load) -> None:
    snapshot = load("list-sizes", "site,month,patients\nx,2017-01,100\nx,2017-04,110\n")
    assert listed(snapshot) == [
        ("x", "01", 100, "ok"), ("x", "02", 100, "carried"), ("x", "03", 100, "carried"),
        # After the last extract its quarter is completed, no more.
        ("x", "04", 110, "ok"), ("x", "05", 110, "carried"), ("x", "06", 110, "carried"),
    ]  # fmt: skip


def test_a_practice_that_the_next_extract_lacks_is_not_carried_past_it(load: Load) -> None:
    snapshot = load("list-sizes", "site,month,patients\nx,2017-01,100\ny,2017-01,50\nx,2017-04,110\n")
    assert [entry for entry in listed(snapshot) if entry[0] == "y"] == [
        ("y", "01", 50, "ok"), ("y", "02", 50, "carried"), ("y", "03", 50, "carried"),
    ]  # fmt: skip


def test_a_practice_that_one_extract_forgot_is_carried_to_its_next(load: Load) -> None:
    snapshot = load(
        "list-sizes", "site,month,patients\nx,2017-01,1\nx,2017-03,3\ny,2017-01,1\ny,2017-02,2\ny,2017-03,3\n"
    )
    assert listed(snapshot)[:3] == [("x", "01", 1, "ok"), ("x", "02", 1, "carried"), ("x", "03", 3, "ok")]


def test_a_published_total_is_preferred_to_the_sum_of_its_parts(load: Load) -> None:
    head = "EXTRACT_DATE,ORG_TYPE,ORG_CODE,SEX,AGE_GROUP_5,NUMBER_OF_PATIENTS\n"
    parts = "01SEP2017,GP,{0},FEMALE,0_4,10\n01SEP2017,GP,{0},MALE,0_4,12\n01SEP2017,GP,{0},MALE,5_9,8\n"
    total = "01SEP2017,GP,x,ALL,ALL,31\n"
    sizes = {
        entry[0]: entry[2] for entry in listed(load("list-sizes", head + parts.format("x") + total + parts.format("y")))
    }
    assert sizes == {"x": 31, "y": 10 + 12 + 8}
