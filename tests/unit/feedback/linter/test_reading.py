"""Syllables of words that dictionaries divide, and the grade by its equation."""

import pytest

from enginehouse.feedback.linter.reading import reading_grade, syllables

DIVIDED = {
    1: "the is a of cat sat on mat made times asked health change dose pain through risk high",
    2: "hybrid mammal creature patient practice doctor table houses wanted area's target quarter needed review tablet",
    3: "australian platypus seemingly reptilian prescribing opioid registered dependence reduction medicines similar",
    4: "equivalence prescription's information palliative anaesthetic",
}


@pytest.mark.parametrize(("count", "word"), [(n, w) for n, words in DIVIDED.items() for w in words.split()])
def test_syllables_are_near_those_of_a_dictionary(count, word):
    assert abs(syllables(word) - count) <= 1


def test_nine_words_in_ten_are_right():
    pairs = [(n, w) for n, words in DIVIDED.items() for w in words.split()]
    assert sum(syllables(word) == count for count, word in pairs) / len(pairs) >= 0.9


def test_a_known_sentence_has_its_grade():
    """13 words with 24 syllables, as published with a reading ease of 37.5 (206.835 - 1.015 x 13 - 84.6 x 24/13)."""
    text = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature."
    assert sum(syllables(word.strip(".")) for word in text.split()) == 24
    assert reading_grade(text) == pytest.approx(0.39 * 13 + 11.8 * 24 / 13 - 15.59)


def test_words_of_one_syllable_are_below_the_first_grade():
    assert reading_grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)


def test_points_of_numbers_end_no_sentence_and_addresses_are_no_words():
    one = reading_grade("You are at 4.5 now, see https://www.nice.org.uk/guidance or a.b@c.org for more.")
    assert one == pytest.approx(reading_grade("You are at now, see or for more."))


def test_no_words_have_no_grade():
    assert reading_grade("") == 0
    assert reading_grade("12.5 %") == 0
