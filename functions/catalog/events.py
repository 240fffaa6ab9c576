"""The facts that catalog publishes about a product, each with its full state.

A reader needs only the latest of them, in whatever order they arrive.
"""

from kernel.events import Event
from kernel.money import Money


class ProductListed(Event):
    """The product is for sale."""

    sku: str
    name: str
    price: Money


class PriceChanged(Event):
    """The product costs `price` from now on."""

    sku: str
    name: str
    price: Money


class ProductRetired(Event):
    """The product is no longer for sale and never will be again."""

    sku: str
    name: str
    price: Money
