"""Numbers, money, dates and probabilities as people read them: a real minus sign, no more digits than they carry."""

from __future__ import annotations

import math
from datetime import date

from enginehouse.core.money import Money
from enginehouse.core.months import Month

MINUS = "\N{MINUS SIGN}"
EN_DASH = "\N{EN DASH}"
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_CURRENCIES = {"GBP": "£", "USD": "$", "EUR": "€"}


def number(value: float, decimals: int = 0, *, sign: bool = False) -> str:
    """`1,234.5`, with a minus sign, and no sign on a number that rounds to zero."""
    text = f"{abs(value):,.{decimals}f}"
    if not any(character in "123456789" for character in text):
        return text
    return f"{MINUS if value < 0 else '+' if sign else ''}{text}"


def significant(value: float, digits: int = 3) -> str:
    """`value` to so many significant digits, never with an exponent: `0.0123`, `1,230`."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else EN_DASH
    rounded = float(f"{value:.{digits - 1}e}")
    return number(rounded, max(0, digits - 1 - math.floor(math.log10(abs(rounded)))))


def percent(fraction: float, decimals: int = 1, *, sign: bool = False) -> str:
    """A fraction of one as per cent: `-0.011` is `−1.1%`."""
    return f"{number(fraction * 100, decimals, sign=sign)}%"


def percent_change(ratio: float, decimals: int = 1) -> str:
    """A ratio as a change in per cent: `0.989` is `−1.1%`."""
    return percent(ratio - 1.0, decimals)


def interval_words(low: str, high: str, level: float = 0.95) -> str:
    """`95% interval −3.7% to 1.5%` from two finished numbers."""
    return f"{number(level * 100)}% interval {low} to {high}"


def p_value(p: float) -> str:
    """`0.39`, `0.012`, `below 0.001`: two digits that can be told from zero and one."""
    if p < 0.001:
        return "below 0.001"
    return f"{p:.3f}" if p < 0.095 else f"{min(p, 1.0):.2f}"


def probability(share: float) -> str:
    """A probability as whole per cent, never a false certainty: `below 1%`, `72%`, `above 99%`."""
    if share < 0.01:
        return "below 1%"
    return "above 99%" if share > 0.99 else percent(share, 0)


def big_number(value: float) -> str:
    """`1.92 million`, `15,000`, `820`: about three digits, with words from a million on."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(value) >= size * 0.9995:
            return f"{significant(value / size)} {word}"
    return significant(value) if abs(value) >= 100 else significant(value, 2)


def money(amount: Money) -> str:
    """`£70,000`, `−£1.23 million`: rounded to about three digits; the price year is said beside it."""
    return pounds(float(amount.amount), amount.currency)


def pounds(amount: float, currency: str = "GBP") -> str:
    """An amount in a currency, rounded to about three digits."""
    text = big_number(abs(amount)) if abs(amount) >= 100 else f"{abs(amount):.2f}".removesuffix(".00")
    return f"{MINUS if amount < 0 and text.strip('0.') else ''}{currency_symbol(currency)}{text}"


def currency_symbol(currency: str) -> str:
    """`£` for GBP; a currency without a sign of its own keeps its code."""
    return _CURRENCIES.get(currency, f"{currency} ")


def quantity(value: float) -> str:
    """A number of things as it was given: `20`, `1.5`, `2,500`."""
    return f"{value:,.10g}".replace("-", MINUS)


def count(value: int) -> str:
    """`1,120`."""
    return number(value)


_UP_TO_TEN = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(value: int) -> str:
    """A small count as a word: `three`; above ten in figures."""
    return _UP_TO_TEN[value] if 0 <= value < len(_UP_TO_TEN) else number(value)


def about(value: float) -> str:
    """An expected count in words: `less than one`, `about one`, `about three`, `about 12`."""
    if value < 0.75:
        return "less than one"
    return f"about {in_words(round(value))}"


def month_words(month: Month | str) -> str:
    """`2016-04` as `April 2016`."""
    text = str(month)
    return f"{_MONTHS[int(text[5:7]) - 1]} {text[:4]}"


def date_words(day: date | str) -> str:
    """`2016-04-01` as `1 April 2016`."""
    text = str(day)
    return f"{int(text[8:10])} {month_words(text)}"
