"""The auditor's script, run as an auditor runs it: in a Python of its own that cannot see the package."""

import hashlib
import json
import subprocess
import sys

import pytest

from enginehouse.trials.auditor import SCRIPT_NAME, auditor_script
from enginehouse.trials.draw import draw
from enginehouse.trials.seeds import seed_of_two

SEEDS = ("a seed nobody could guess", "another of another person")
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


def audit_files(plan, seeds, allocation):
    """As `enginehouse allocate audit` writes them, apart from how their JSON is laid out."""
    return {
        SCRIPT_NAME: auditor_script(),
        "plan.json": json.dumps(plan.to_record(), indent=1).encode(),
        "seeds.txt": f"{seeds[0]}\n{seeds[1]}\n".encode(),
        "allocation.json": json.dumps(allocation.to_record(), indent=1).encode(),
    }


@pytest.fixture(params=PLANS)
def files(request, protocol_of, plan_of):
    protocol = protocol_of(allocation=PLANS[request.param], **CHANGES.get(request.param, {}))
    plan = plan_of(protocol)
    assert request.param != "enumerated" or plan.acceptance.enumerated
    return audit_files(plan, SEEDS, draw(plan, seed_of_two(*SEEDS)))


def audit(folder, files):
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return subprocess.run(
        [sys.executable, "-I", SCRIPT_NAME, "plan.json", "seeds.txt", "allocation.json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_allocation_is_made_again_and_one_that_was_changed_is_found(files, tmp_path):
    done = audit(tmp_path, files)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "OK: plan and seeds give this allocation."
    allocation = json.loads(files["allocation.json"])
    arms = allocation["arm_of_site"]
    first, other = 0, next(i for i, arm in enumerate(arms) if arm != arms[0])
    arms[first], arms[other] = arms[other], arms[first]
    done = audit(tmp_path, {**files, "allocation.json": json.dumps(allocation).encode()})
    assert done.returncode == 1
    assert allocation["sites"][first] in done.stdout
    assert done.stdout.splitlines()[-1] == "NOT the allocation that plan and seeds give."


@pytest.fixture(scope="module")
def one(protocol_of, plan_of):
    protocol = protocol_of(allocation={"schemes": 150, "accepted_share": 0.3})
    plan = plan_of(protocol)
    return audit_files(plan, SEEDS, draw(plan, seed_of_two(*SEEDS)))


@pytest.mark.parametrize("place", [0, 1])
def test_another_seed_of_either_person_is_found(one, tmp_path, place):
    seeds = [*SEEDS]
    seeds[place] = "another seed altogether"
    done = audit(tmp_path, {**one, "seeds.txt": "\n".join(seeds).encode()})
    assert done.returncode == 1
    assert "the allocation was drawn with another seed than these two make" in done.stdout


def test_the_hash_of_the_first_seed_is_printed_to_be_compared(one, tmp_path):
    done = audit(tmp_path, one)
    commitment = hashlib.sha256(b"a seed nobody could guess").hexdigest()
    assert done.stdout.splitlines()[0].endswith(f"to be compared with the record: {commitment}")


def test_line_ends_of_another_system_change_nothing(one, tmp_path):
    seeds = one["seeds.txt"].replace(b"\n", b"\r\n")
    assert audit(tmp_path, {**one, "seeds.txt": seeds}).returncode == 0


def test_one_seed_alone_is_too_few(one, tmp_path):
    done = audit(tmp_path, {**one, "seeds.txt": b"a seed nobody could guess\n"})
    assert done.returncode == 1
    assert "seeds.txt holds 1 lines: the first person's seed and the second's are one line each" in done.stderr


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
    assert "usage: python3 audit_allocation.py plan.json seeds.txt allocation.json" in done.stderr
