"""The stream by hand, and many streams at once against one at a time."""

import hashlib

import numpy as np
import pytest
from scipy.stats import chisquare

from enginehouse.core.errors import UserError
from enginehouse.trials.sampler import Stream, integer_table, shuffle_columns

# From a shell: printf 'seed/0' | sha256sum
DIGEST = hashlib.sha256(b"seed/0").hexdigest()


def test_words_are_the_digest_in_fours_and_then_the_next_block():
    stream = Stream("seed")
    words = [stream.word() for _ in range(9)]
    assert words[:8] == [int(DIGEST[8 * i : 8 * i + 8], 16) for i in range(8)]
    assert words[8] == int(hashlib.sha256(b"seed/1").hexdigest()[:8], 16)


def test_a_word_that_would_favour_small_integers_is_refused():
    n = 2**31 + 1  # only one word in two is below the limit, 2^31 + 1
    raw, stream = Stream("refuse"), Stream("refuse")
    kept = [word for word in (raw.word() for _ in range(200)) if word < n]
    assert [stream.below(n) for _ in range(50)] == kept[:50]


def test_integers_are_uniform():
    stream = Stream("uniform")
    counts = np.bincount([stream.below(7) for _ in range(7000)], minlength=7)
    assert chisquare(counts).pvalue > 0.001


def test_every_permutation_of_three_is_as_likely_as_another():
    stream = Stream("orders")
    found: dict[tuple[int, ...], int] = {}
    for _ in range(6000):
        order = tuple(stream.shuffle([0, 1, 2]))
        found[order] = found.get(order, 0) + 1
    assert len(found) == 6
    assert chisquare(list(found.values())).pvalue > 0.001


@pytest.mark.parametrize("bounds", [(10, 9, 8, 7, 6, 5, 4, 3, 2), (2**31 + 1, 3, 2**31 + 5, 2), (1, 2**32)])
def test_many_streams_at_once_are_the_streams_one_by_one(bounds):
    keys = [f"key-{i}" for i in range(50)]
    for long in (False, True):
        one_by_one = [[stream.below(n) for n in bounds] for stream in (Stream(key, long=long) for key in keys)]
        assert integer_table(keys, bounds, long=long).T.tolist() == one_by_one


def test_a_long_stream_is_the_bytes_of_shake_128_in_fours():
    stream = Stream("seed", long=True)
    wanted = hashlib.shake_128(b"seed").digest(400)  # more than two blocks
    assert [stream.word() for _ in range(100)] == [int.from_bytes(wanted[i : i + 4], "big") for i in range(0, 400, 4)]


def test_rows_are_shuffled_as_lists_are():
    keys = [f"row-{i}" for i in range(20)]
    integers = integer_table(keys, range(12, 1, -1))
    rows = np.repeat(np.arange(12, dtype=np.int8)[:, None], 20, axis=1)
    shuffle_columns(rows, integers)
    assert rows.T.tolist() == [Stream(key).shuffle(list(range(12))) for key in keys]


def test_no_integers_are_asked_for():
    assert integer_table(["a"], []).shape == (0, 1)


def test_a_seed_is_plain_ascii():
    with pytest.raises(UserError, match="plain ASCII"):
        Stream("sée")
