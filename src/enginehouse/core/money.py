"""Money that knows its currency and the year of its prices, so that unlike sums cannot be added."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from enginehouse.core.errors import UserError

_SYMBOL = {"GBP": "£", "USD": "$", "EUR": "€"}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency at the prices of one year."""

    amount: Decimal
    currency: str
    price_year: int

    @classmethod
    def of(cls, amount: Decimal | int | str | float, currency: str, price_year: int) -> Money:
        return cls(Decimal(str(amount)), currency, price_year)

    def __add__(self, other: Money) -> Money:
        self._check_like(other)
        return Money(self.amount + other.amount, self.currency, self.price_year)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency, self.price_year)

    def __mul__(self, factor: Decimal | int | float) -> Money:
        return Money(self.amount * Decimal(str(factor)), self.currency, self.price_year)

    def __str__(self) -> str:
        pounds = self.amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)
        sign = "-" if pounds < 0 else ""
        return f"{sign}{_SYMBOL.get(self.currency, self.currency + ' ')}{abs(pounds):,}"

    def _check_like(self, other: Money) -> None:
        if (self.currency, self.price_year) != (other.currency, other.price_year):
            raise UserError(
                f"got {self.currency} at {self.price_year} prices and {other.currency} at {other.price_year} prices.",
                remedy="Convert both to one currency and one price year before adding them.",
            )
