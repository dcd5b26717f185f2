"""The bundle of a wave and the outbox that mirrors the record."""

from __future__ import annotations

import hashlib
from itertools import product

import pytest

from enginehouse.core.errors import IntegrityError
from enginehouse.core.files import PARTIAL
from enginehouse.delivery.bundle import Bundle, write_bundle
from enginehouse.delivery.manifest import Manifest, ManifestEntry, Withheld, mailing_list, manifest_from_bytes
from enginehouse.delivery.outbox import Outbox
from enginehouse.delivery.sending import next_batches

REPORTS = {f"ods:Z{n}": {"report.html": f"<p>{n}</p>".encode(), "report.txt": str(n).encode()} for n in range(1, 8)}


@pytest.fixture
def manifest() -> Manifest:
    return Manifest(
        cycle="c", wave=1, of=6, due_on="2026-05-04", data_to="2026-03", panel="p",
        entries=tuple(
            ManifestEntry(
                site=site, name=site, message="gap", warnings=(),
                files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
            )
            for site, files in REPORTS.items()
        ),
        withheld=(Withheld(site="ods:Z9", name="Nine", reason="opted out of feedback"),),
    )  # fmt: skip


def test_the_same_reports_give_the_same_bundle_whatever_their_order():
    assert write_bundle(REPORTS) == write_bundle(dict(reversed(REPORTS.items())))
    assert Bundle(write_bundle(REPORTS)).files("ods:Z3") == REPORTS["ods:Z3"]


def test_a_site_without_a_report_is_not_invented():
    with pytest.raises(IntegrityError, match="no report for Z99"):
        Bundle(write_bundle(REPORTS)).files("ods:Z99")


def test_a_manifest_reads_back(manifest: Manifest):
    assert manifest_from_bytes(manifest.to_bytes()) == manifest


def test_batches_leave_out_who_was_sent_one_and_who_opted_out(manifest: Manifest):
    found = list(next_batches(manifest, sent=["ods:Z1"], held_back=["ods:Z4"], size=2))
    assert found == [("ods:Z2", "ods:Z3"), ("ods:Z5", "ods:Z6"), ("ods:Z7",)]


def test_placing_twice_writes_once(tmp_path, manifest: Manifest):
    outbox, bundle = Outbox(tmp_path), Bundle(write_bundle(REPORTS))
    assert outbox.place(manifest, bundle, ["ods:Z1", "ods:Z2"]) == 4
    assert outbox.place(manifest, bundle, ["ods:Z1", "ods:Z2"]) == 0
    assert (tmp_path / "wave-01" / "ods_Z1" / "report.txt").read_bytes() == b"1"


def test_the_outbox_is_made_to_show_what_the_record_says(tmp_path, manifest: Manifest):
    outbox, bundle = Outbox(tmp_path), Bundle(write_bundle(REPORTS))
    outbox.place(manifest, bundle, ["ods:Z1", "ods:Z6"])
    outbox.mirror(manifest, bundle, {"ods:Z1": "2026-05-04", "ods:Z2": "2026-05-04"})
    assert outbox.placed(1) == {"ods_Z1", "ods_Z2"}
    listed = (tmp_path / "wave-01" / "manifest.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in listed[1:]] == ["Z1", "Z1", "Z2", "Z2"]


def test_what_a_killed_run_left_half_written_is_removed(tmp_path, manifest: Manifest):
    outbox, bundle = Outbox(tmp_path), Bundle(write_bundle(REPORTS))
    outbox.place(manifest, bundle, ["ods:Z1"])
    for folder in ("ods_Z1", "."):
        (tmp_path / "wave-01" / folder / f".report.html.0a1b2c3d{PARTIAL}").write_bytes(b"<p")
    outbox.mirror(manifest, bundle, {"ods:Z1": "2026-05-04"})
    found = {path.name for path in (tmp_path / "wave-01").rglob("*") if path.is_file()}
    assert found == {"report.html", "report.txt", "manifest.csv"}


def test_a_report_that_is_not_the_approved_one_does_not_leave(tmp_path, manifest: Manifest):
    changed = Bundle(write_bundle({**REPORTS, "ods:Z1": {"report.html": b"other", "report.txt": b"1"}}))
    with pytest.raises(IntegrityError, match=r"report\.html of Z1 is not the report that was approved"):
        Outbox(tmp_path).place(manifest, changed, ["ods:Z1"])


def test_the_mailing_list_names_sent_reports_only(manifest: Manifest):
    rows = mailing_list(manifest, {"ods:Z2": "2026-05-04"}).decode().splitlines()
    assert [row.split(",")[:4] for row in rows[1:]] == [
        ["Z2", "ods:Z2", "2026-05-04", f"ods_Z2/{name}"] for name in ("report.html", "report.txt")
    ]


def test_whatever_was_sent_before_each_site_leaves_once(manifest: Manifest):
    for size, kept in product((1, 2, 3, 50), (0, 3, 7)):
        sent = list(manifest.sites[:kept])
        for batch in next_batches(manifest, sent=sent, size=size):
            sent += batch
        assert sorted(sent) == sorted(manifest.sites)
