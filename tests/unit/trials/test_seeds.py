"""Two people's seeds: the one that draws follows from both, by a rule that anyone can follow with `sha256sum`."""

import hashlib

import pytest

from enginehouse.core.errors import UserError
from enginehouse.trials.seeds import check_seed, seed_of_two

FIRST, SECOND = "the first person's", "the second person's"


def test_the_seed_of_two_is_the_hash_of_a_file_with_two_lines():
    """The number is what GNU `sha256sum` prints of these two lines."""
    lines = b"aaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbb\n"
    assert seed_of_two("a" * 16, "b" * 16) == hashlib.sha256(lines).hexdigest()
    assert seed_of_two("a" * 16, "b" * 16) == "4140cd727c96fc78519909820281663bee4e7c11a9f556a83a305e38394dc5aa"


def test_each_of_the_two_decides_and_so_does_whose_it_is():
    both = seed_of_two(FIRST, SECOND)
    assert (
        len({both, seed_of_two(SECOND, FIRST), seed_of_two(FIRST, SECOND + "!"), seed_of_two(FIRST + "!", SECOND)}) == 4
    )


@pytest.mark.parametrize(
    "seed", ["short", "", "fifteen letters", "a line\nand another one", "sixteen bytes \u00e9 or so"]
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_seed_that_is_short_or_no_plain_line_is_refused(seed, place):
    seeds = [FIRST, SECOND]
    seeds[place] = seed
    with pytest.raises(UserError, match=rf"got a seed of {len(seed)} characters\. Give at least 16 plain characters"):
        seed_of_two(*seeds)


def test_two_people_with_one_seed():
    with pytest.raises(UserError, match=r"both people gave the same seed.*\. Let the second person's be drawn"):
        seed_of_two(FIRST, FIRST)


def test_a_seed_comes_back_as_it_was_given():
    assert check_seed(f" {FIRST} ") == f" {FIRST} "
