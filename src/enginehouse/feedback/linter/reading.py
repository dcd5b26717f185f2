"""How hard a text is to read: Flesch and Kincaid's grade, with syllables counted by rule.

grade = 0.39 words / sentences + 11.8 syllables / words - 15.59 (Kincaid and others, Naval Technical Training Command
Research Branch Report 8-75, 1975). Rules for syllables are right for about nine English words in ten.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
_STOP = re.compile(r"(?<!\d)[.!?]+(?=\s|$)|(?<=\d)[.!?]+(?=\s+[A-Z]|$)|[:;](?=\s)")
_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
_VOWELS = re.compile(r"[aeiouy]+")
_SPLIT = re.compile(r"ia(?!l\b|n\b|ns\b)|io(?!n|us)|iu|ua(?!r)|eo|[^gq]ua(?=l)|ism\b")


def reading_grade(text: str) -> float:
    """The years of school that the text asks for; 0 for an empty one. Addresses and numbers are not words."""
    plain = _ADDRESS.sub(" ", text)
    words = _WORD.findall(plain)
    if not words:
        return 0.0
    count = max(1, len(_STOP.findall(f"{plain} ")))
    return 0.39 * len(words) / count + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@lru_cache(maxsize=8192)
def syllables(word: str) -> int:
    """Groups of vowels, less a silent e at the end, more where two vowels are said apart; at least one."""
    plain = word.lower().replace("'", "")
    count = len(_VOWELS.findall(plain)) + len(_SPLIT.findall(plain))
    if len(plain) > 3 and _silent_end(plain):
        count -= 1
    return max(1, count)


def _silent_end(word: str) -> bool:
    """Whether the last e is not spoken: `made`, `times`, `asked`; but `table`, `houses`, `wanted` speak it."""
    if word.endswith("e"):
        return not re.search(r"[^aeiouy]le$|[aeiouy]e$", word)
    if word.endswith("es"):
        return not re.search(r"([sxzc]|ch|sh|g)es$|[^aeiouy]les$|[aeiouy]es$", word)
    return word.endswith("ed") and not re.search(r"[td]ed$|[^aeiouy]led$|[aeiouy]ed$", word)
