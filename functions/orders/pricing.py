"""Prices a checkout: today's prices for the lines that a customer wants, or a refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from kernel.errors import Refusal
from kernel.money import Money


class UnknownProduct(Refusal):
    """At least one product is not for sale."""

    status = 422


class MixedCurrencies(Refusal):
    """One order is paid in one currency."""

    status = 422


class TotalMismatch(Refusal):
    """The order costs something else than expected."""


@dataclass(frozen=True)
class Wanted:
    """A line of a customer's checkout, before it has a price."""

    sku: str
    quantity: int


@dataclass(frozen=True)
class Price:
    """What one unit of a SKU costs, and whether it is for sale."""

    sku: str
    price: Money
    for_sale: bool


@dataclass(frozen=True)
class Line:
    """A SKU, how many units of it are ordered, and what one unit costs."""

    sku: str
    quantity: int
    unit_price: Money


def price(wanted: Sequence[Wanted], prices: Mapping[str, Price]) -> tuple[Line, ...]:
    """The lines with today's prices. Raises UnknownProduct with the SKUs, and MixedCurrencies."""
    missing = [line.sku for line in wanted if line.sku not in prices or not prices[line.sku].for_sale]
    if missing:
        raise UnknownProduct(skus=missing)
    if len({prices[line.sku].price.currency for line in wanted}) > 1:
        raise MixedCurrencies
    return tuple(Line(line.sku, line.quantity, prices[line.sku].price) for line in wanted)


def total_of(lines: Sequence[Line], *, expected: Money | None) -> Money:
    """The sum of the lines. Raises TotalMismatch with that sum when another total was expected."""
    total = reduce(Money.__add__, (line.unit_price.times(line.quantity) for line in lines))
    if expected is not None and expected != total:
        raise TotalMismatch(total=total.plain())
    return total
