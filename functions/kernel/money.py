"""Money: integer minor units of one currency, never a float."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Money:
    """`amount` in minor units (cents), `currency` as three capital letters (ISO 4217).

    Raises ValueError for a currency of another form, and for a sum across two currencies.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise ValueError("currency must be three capital letters")

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError("one sum, one currency")
        return Money(self.amount + other.amount, self.currency)

    def plain(self) -> dict[str, int | str]:
        """The amount and the currency, as JSON and table items hold them."""
        return {"amount": self.amount, "currency": self.currency}

    def times(self, quantity: int) -> "Money":
        return Money(self.amount * quantity, self.currency)
