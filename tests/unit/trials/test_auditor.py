"""The auditor's script, run as an auditor runs it: in a Python of its own that cannot see the package."""

import json
import subprocess
import sys

import pytest

from enginehouse.trials.auditor import SCRIPT_NAME, auditor_script
from enginehouse.trials.draw import draw

SEED = "a seed nobody could guess"
PLANS = {
    "sampled": {"schemes": 200, "strata": ["imd_half"]},
    "enumerated": {"schemes": 2000, "strata": []},
    "networks": {"schemes": 200, "unit": "network", "network_level": "network"},
    "blocks": {"method": "stratified-blocks", "balance": [], "strata": ["area"], "block_sizes": [2, 4]},
    "three arms": {"schemes": 150, "strata": ["area"], "accepted_share": 0.5},
}
CHANGES = {
    "enumerated": {"eligibility": {"within": {"area": ["a1", "a3"]}}},
    "three arms": {
        "arms": {"letters": [], "calls": [], "visits": []},
        "contrasts": [{"arm": "calls", "over": "letters"}],
    },
}


def audit_files(plan, seed, allocation):
    """As `enginehouse allocate audit` writes them, apart from how their JSON is laid out."""
    return {
        SCRIPT_NAME: auditor_script(),
        "plan.json": json.dumps(plan.to_record(), indent=1).encode(),
        "seed.txt": f"{seed}\n".encode(),
        "allocation.json": json.dumps(allocation.to_record(), indent=1).encode(),
    }


@pytest.fixture(params=PLANS)
def files(request, protocol_of, plan_of):
    protocol = protocol_of(allocation=PLANS[request.param], **CHANGES.get(request.param, {}))
    plan = plan_of(protocol)
    assert request.param != "enumerated" or plan.acceptance.enumerated
    return audit_files(plan, SEED, draw(plan, SEED))


def audit(folder, files):
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return subprocess.run(
        [sys.executable, "-I", SCRIPT_NAME, "plan.json", "seed.txt", "allocation.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_allocation_is_made_again_and_one_that_was_changed_is_found(files, tmp_path):
    done = audit(tmp_path, files)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "OK: plan and seed give this allocation."
    allocation = json.loads(files["allocation.json"])
    arms = allocation["arm_of_site"]
    first, other = 0, next(i for i, arm in enumerate(arms) if arm != arms[0])
    arms[first], arms[other] = arms[other], arms[first]
    done = audit(tmp_path, {**files, "allocation.json": json.dumps(allocation).encode()})
    assert done.returncode == 1
    assert allocation["sites"][first] in done.stdout
    assert done.stdout.splitlines()[-1] == "NOT the allocation that plan and seed give."


@pytest.fixture(scope="module")
def one(protocol_of, plan_of):
    protocol = protocol_of(allocation={"schemes": 150, "accepted_share": 0.3})
    plan = plan_of(protocol)
    return audit_files(plan, SEED, draw(plan, SEED))


def test_another_seed_is_found(one, tmp_path):
    done = audit(tmp_path, {**one, "seed.txt": b"another seed altogether\n"})
    assert done.returncode == 1
    assert "the seed is not the one that was committed to" in done.stdout


def test_a_plan_that_was_changed_is_found(one, tmp_path):
    plan = json.loads(one["plan.json"])
    plan["balance"][0][0] += 10_000_000
    done = audit(tmp_path, {**one, "plan.json": json.dumps(plan).encode()})
    assert done.returncode == 1
    assert "the allocation names another plan" in done.stdout


def test_a_plan_laid_out_otherwise_is_the_same_plan(one, tmp_path):
    plan = json.dumps(json.loads(one["plan.json"]), indent=4, ensure_ascii=False).encode()
    assert audit(tmp_path, {**one, "plan.json": plan}).returncode == 0


def test_the_script_uses_nothing_but_the_standard_library(one):
    imported = {
        line.split()[1].split(".")[0]
        for line in one[SCRIPT_NAME].decode().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert imported <= sys.stdlib_module_names


def test_wrong_arguments_get_the_usage(tmp_path, one):
    (tmp_path / SCRIPT_NAME).write_bytes(one[SCRIPT_NAME])
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT_NAME], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "usage: python3 audit_allocation.py plan.json seed.txt allocation.json" in done.stderr
