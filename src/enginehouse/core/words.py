"""Counts, nouns and titles in sentences: `1 site`, `39 sites`, `1 site is`. The only place that makes a plural.

Numbers with decimals, money and dates are written in `reports/format.py`.
"""

from __future__ import annotations


def plural(noun: str) -> str:
    """The plural of an English noun that follows the rules; what is plural already stays as it is."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    if noun.endswith(("ss", "us", "x", "ch", "sh")):
        return f"{noun}es"
    return noun if noun.endswith("s") else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """`1 month`, `12 months`, `1,440 rows`, `0 sites`."""
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def agreeing(number: int, noun: str, one: str = "is", many: str = "are") -> str:
    """A count with the verb that fits it: `1 site is`, `39 sites are`."""
    return f"{counted(number, noun)} {one if number == 1 else many}"


def lower_first(title: str) -> str:
    """A title as it stands within a sentence; an abbreviation keeps its capitals."""
    return title[:1].lower() + title[1:] if title[1:2].islower() or title[1:2] == " " else title


def first_upper(text: str) -> str:
    """A text as it begins a sentence."""
    return text[:1].upper() + text[1:]
