"""What is drawn follows from two people's seeds: neither can work it out, or choose it, alone; and the record tells how
either came about, and how often a draw was prepared.
"""

from __future__ import annotations

import hashlib
import re

import pytest

from enginehouse.core.errors import NotAllowed, UserError

FIRST, SECOND = "a seed that was fixed first", "a seed that came second"


def test_who_prepares_does_not_know_what_the_second_person_draws(trial_at):
    """The same preparation, from the same seed, by second persons with seeds of their own: arms differ."""
    drawn = []
    for number in range(3):
        trial = trial_at("prepared", name=f"trial{number}")
        trial.do("allocate", "second-statistician", "2025-05-20", seed=f"of the second person, {number}")
        drawn.append(tuple(trial.arms().values()))
    assert len(set(drawn)) == 3


def test_the_same_two_seeds_draw_the_same_again(trial_at):
    trial = trial_at("prepared")
    trial.do("allocate", "governance", "2025-05-21", seed=SECOND)
    assert trial.arms() == trial_at("allocated", name="other").arms()


def test_the_record_holds_both_seeds_and_who_chose_them(trial_at):
    trial = trial_at("allocated")
    (prepared,) = (event.payload for event in trial.events("allocation-prepared"))
    (drawn,) = (event.payload for event in trial.events("sites-allocated"))
    assert prepared.seed_commitment == drawn.seed_commitment == hashlib.sha256(FIRST.encode()).hexdigest()
    assert (drawn.seed, drawn.second_seed) == (FIRST, SECOND)
    assert (prepared.seed_by_hand, drawn.second_by_hand) == (True, True)
    both = hashlib.sha256(f"{FIRST}\n{SECOND}\n".encode()).hexdigest()
    assert f'"seed": "{both}"' in trial.document(drawn.allocation).decode()


def test_without_a_seed_the_system_draws_256_bits_for_each_person(trial_at):
    trial = trial_at("recruiting")
    for _ in range(2):
        trial.do("prepare_allocation", "statistician", "2025-05-19")
    trial.do("allocate", "second-statistician", "2025-05-20")
    once, again = (event.payload for event in trial.events("allocation-prepared"))
    (drawn,) = (event.payload for event in trial.events("sites-allocated"))
    assert once.seed_commitment != again.seed_commitment == drawn.seed_commitment
    assert all(re.fullmatch("[0-9a-f]{64}", seed) for seed in (drawn.seed, drawn.second_seed))
    assert drawn.seed != drawn.second_seed
    assert (again.seed_by_hand, drawn.second_by_hand) == (False, False)
    assert len(trial.state.preparations) == 2


def test_a_trial_run_of_the_draw_settles_nothing(trial_at):
    trial = trial_at("prepared")
    trial.do("allocate", "second-statistician", "2025-05-20", seed="a seed of a trial run", dry_run=True)
    assert trial.state.allocation is None
    trial.do("allocate", "second-statistician", "2025-05-20", seed=SECOND)
    assert trial.state.second_seed == SECOND


def test_a_draw_that_is_refused_leaves_no_allocation_behind(trial_at):
    trial = trial_at("prepared")
    before = set((trial.folder / ".enginehouse" / "documents").iterdir())
    for dry_run in (True, False):
        with pytest.raises(NotAllowed, match="'statistician' did prepare allocation and so may not allocate as well"):
            trial.do("allocate", "statistician", "2025-05-20", seed=SECOND, dry_run=dry_run)
    assert set((trial.folder / ".enginehouse" / "documents").iterdir()) == before


def test_both_people_with_the_same_seed(trial_at):
    trial = trial_at("prepared")
    before = set((trial.folder / ".enginehouse" / "documents").iterdir())
    with pytest.raises(UserError, match="both people gave the same seed"):
        trial.do("allocate", "second-statistician", "2025-05-20", seed=FIRST)
    assert trial.state.allocation is None
    assert set((trial.folder / ".enginehouse" / "documents").iterdir()) == before


def test_the_dossier_tells_how_either_seed_came_about(trial_at):
    trial = trial_at("evaluated")
    page = trial.do("write_dossier", "me", "2026-08-01").html.read_text("utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "committed to a secret number, chosen by hand; " in text
    assert "added a second one, chosen by hand. What was drawn follows from both. The draw was prepared once." in text
    assert f"The first secret number is {FIRST} (chosen by hand), the second {SECOND} (chosen by hand)" in text
