"""Two people's seeds make the one that draws, so that neither of them can work out, or choose, the draw alone.

The first person's is committed to by its SHA-256 before the second person's exists. When each comes into being, and who
gives it, is for `cycle`.
"""

from __future__ import annotations

import hashlib

from enginehouse.core.errors import UserError

FEWEST_CHARACTERS = 16


def seed_of_two(first: str, second: str) -> str:
    """The seed of the draw: the SHA-256, in hexadecimal, of the two seeds, each followed by a line feed.

    Parameters
    ----------
    first
        The seed that was committed to before the second was known.
    second
        The seed of the person who draws.

    Raises
    ------
    UserError
        One of them could not be a line of a file, or could be guessed; or they are the same.

    Notes
    -----
    `sha256sum` of a file that holds the two seeds as its two lines gives the same.
    """
    if first == second:
        raise UserError(
            "both people gave the same seed: the draw would be in the hands of one.",
            where="seed",
            remedy="Let the second person's be drawn by the system, or give one that the first does not know.",
        )
    lines = "".join(f"{check_seed(seed)}\n" for seed in (first, second))
    return hashlib.sha256(lines.encode("ascii")).hexdigest()


def check_seed(seed: str, *, where: str = "seed") -> str:
    """The seed as it came, if it is long enough and plain."""
    if len(seed) < FEWEST_CHARACTERS or not seed.isascii() or not seed.isprintable():
        raise UserError(
            f"got a seed of {len(seed)} characters.",
            where=where,
            remedy=f"Give at least {FEWEST_CHARACTERS} plain characters, or none: then random bits are taken.",
        )
    return seed
