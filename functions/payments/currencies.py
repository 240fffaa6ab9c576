"""Amounts at the processor, whose unit of some currencies is not the minor unit of ISO 4217.

https://docs.stripe.com/currencies#special-cases
"""

from collections.abc import Mapping

from kernel.errors import Refusal
from kernel.money import Money

# So many of the processor's units are one minor unit.
FINER: Mapping[str, int] = {"ISK": 100, "UGX": 100}
# So many minor units are one of the processor's.
COARSER: Mapping[str, int] = {"MGA": 100}
# The processor takes only multiples of this, in its own units: the last of three decimals must be zero.
STEPS: Mapping[str, int] = {"BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10}


class AmountUnrepresentable(Refusal):
    """The processor has no such amount in this currency."""


def units_of(money: Money) -> int:
    """The amount in the processor's units. Raises AmountUnrepresentable when there is none."""
    amount, left = divmod(money.amount * FINER.get(money.currency, 1), COARSER.get(money.currency, 1))
    if left or amount % STEPS.get(money.currency, 1):
        raise AmountUnrepresentable
    return amount


def money_of(amount: int, currency: str) -> Money:
    """The money that the processor's amount is. Raises AmountUnrepresentable for a part of a minor unit."""
    name = currency.upper()
    minor, left = divmod(amount * COARSER.get(name, 1), FINER.get(name, 1))
    if left:
        raise AmountUnrepresentable
    return Money(minor, name)
